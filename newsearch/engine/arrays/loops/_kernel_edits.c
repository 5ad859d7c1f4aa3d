/* Words of a sorted dictionary that are one edit away, without an order of its forms by length: `one_edit` of kernel.py.
 *
 * Forms that begin as the term does stand together. At each of its letters these are narrowed to those that go on as it
 * does, and every other letter that any of them goes on with is tried: as one more, or in place of the term's. The rest
 * must then be that of the term, and is looked up. */

#include "_kernel_words.h"

#define SHARE 16 /* one in so many forms may be visited; of more, a scan of all takes less time */

typedef struct {
    const Array *text, *at;
    const char *term;
    Py_ssize_t size;      /* in bytes */
    Py_ssize_t *starts;   /* of each letter, and the end of the last */
    Py_ssize_t letters, room, count;
    Py_ssize_t *numbers;  /* of the forms that were found; one may be there twice */
    char *swapped;
    Py_ssize_t left;      /* forms that may still be visited */
} Walk;

/* Forms that begin with the first letters of the term, in so many bytes. */
typedef struct { Py_ssize_t low, high, alike; } Range;

/* The first form of a range that is not below these bytes, see `is_below`; -1 where one lies outside. One that does not
 * begin so is mostly near, and doubling steps find it sooner. */
static Py_ssize_t bound(const Walk *walk, Range range, const char *wanted, Py_ssize_t length, int is_beyond) {
    Py_ssize_t low = range.low, high = range.high;
    for (Py_ssize_t step = 1, next = low; is_beyond && next < range.high; step *= 2, next += step) {
        const int below = is_below(walk->text, walk->at, next, range.alike, wanted, length, is_beyond);
        if (below < 0) return -1;
        if (!below) { high = next; break; }
        low = next + 1;
    }
    while (low < high) {
        const Py_ssize_t middle = low + (high - low) / 2;
        const int below = is_below(walk->text, walk->at, middle, range.alike, wanted, length, is_beyond);
        if (below < 0) return -1;
        if (below) low = middle + 1; else high = middle;
    }
    return low;
}

static int keep(Walk *walk, Py_ssize_t number_) {
    if (walk->count == walk->room) {
        const Py_ssize_t room = walk->room ? 2 * walk->room : 64;
        Py_ssize_t *larger = PyMem_Realloc(walk->numbers, (size_t)room * sizeof *larger);
        if (!larger) { PyErr_NoMemory(); return -1; }
        walk->numbers = larger;
        walk->room = room;
    }
    walk->numbers[walk->count++] = number_;
    return 0;
}

/* Keep the form of a range that goes on with these bytes, and ends there, if there is one; -1 with an exception. */
static int look_up(Walk *walk, Range range, const char *rest, Py_ssize_t length) {
    const Py_ssize_t found = bound(walk, range, rest, length, 0);
    Py_ssize_t size = 0;
    if (found < 0) { out_of_range(); return -1; }
    if (found == range.high) return 0;
    const uint8_t *form = form_after(walk->text, walk->at, found, range.alike, &size);
    if (!form) { out_of_range(); return -1; }
    return size == length && !memcmp(form, rest, (size_t)length) ? keep(walk, found) : 0;
}

/* Those that lack a letter of the term, or have two of them swapped. */
static int look_up_without(Walk *walk, Range range, Py_ssize_t letter) {
    const Py_ssize_t next = walk->starts[letter + 1];
    if (look_up(walk, range, walk->term + next, walk->size - next) < 0) return -1;
    if (letter + 1 == walk->letters) return 0;
    const Py_ssize_t start = walk->starts[letter], after = walk->starts[letter + 2];
    memcpy(walk->swapped, walk->term + next, (size_t)(after - next));
    memcpy(walk->swapped + (after - next), walk->term + start, (size_t)(next - start));
    memcpy(walk->swapped + (after - start), walk->term + after, (size_t)(walk->size - after));
    return look_up(walk, range, walk->swapped, walk->size - start);
}

/* The bytes of the letter that a form goes on with. */
static Py_ssize_t letter_at(const uint8_t *form, Py_ssize_t size) {
    Py_ssize_t length = 1;
    while (length < size && length < 4 && (form[length] & 0xC0) == 0x80) length++;
    return length;
}

/* Those that have another letter in place of the term's, or one more before it; and what remains for the next letter. */
static int look_up_with(Walk *walk, Range range, Py_ssize_t letter, Range *onward) {
    const Py_ssize_t start = walk->starts[letter];
    const Py_ssize_t own = letter < walk->letters ? walk->starts[letter + 1] - start : 0;
    *onward = (Range){0, 0, start + own};
    for (Py_ssize_t at = range.low, end; at < range.high; at = end) {
        Py_ssize_t size;
        const uint8_t *form = form_after(walk->text, walk->at, at, start, &size);
        if (!form) { out_of_range(); return -1; }
        end = at + 1;
        if (--walk->left < 0) return 0;
        if (!size) continue;
        const Py_ssize_t length = letter_at(form, size);
        end = bound(walk, (Range){at, range.high, start}, (const char *)form, length, 1);
        if (end < 0) { out_of_range(); return -1; }
        /* Where the forms are in no order, this one itself may not be there. */
        if (end <= at) end = at + 1;
        const Range among = {at, end, start + length};
        if (look_up(walk, among, walk->term + start, walk->size - start) < 0) return -1;
        if (own == length && !memcmp(form, walk->term + start, (size_t)own)) *onward = among;
        else if (own && look_up(walk, among, walk->term + start + own, walk->size - start - own) < 0) return -1;
    }
    return 0;
}

static int walk_all(Walk *walk) {
    Range range = {0, walk->at->length - 1, 0};
    for (Py_ssize_t letter = 0; range.low < range.high && walk->left >= 0; letter++) {
        Range onward;
        if (letter == walk->letters) {
            if (look_up(walk, range, "", 0) < 0) return -1;
        } else if (look_up_without(walk, range, letter) < 0) {
            return -1;
        }
        if (look_up_with(walk, range, letter, &onward) < 0) return -1;
        if (letter == walk->letters) break;
        range = onward;
    }
    return 0;
}

static int by_number(const void *a, const void *b) {
    const Py_ssize_t left = *(const Py_ssize_t *)a, right = *(const Py_ssize_t *)b;
    return (left > right) - (left < right);
}

/* The forms that the walk came to, by their numbers and each once. */
static PyObject *found_by(Walk *walk, const Wanted *wanted) {
    PyObject *found = PyList_New(0);
    if (walk->count) qsort(walk->numbers, (size_t)walk->count, sizeof *walk->numbers, by_number);
    for (Py_ssize_t i = 0; found && i < walk->count; i++) {
        if (i && walk->numbers[i] == walk->numbers[i - 1]) continue;
        Py_ssize_t size;
        const uint8_t *form = form_after(walk->text, walk->at, walk->numbers[i], 0, &size);
        if (!form || add_near(wanted, form, size, walk->numbers[i], found) < 0) Py_CLEAR(found);
    }
    return found;
}

/* Where each letter of the term starts. */
static int find_letters(Walk *walk) {
    walk->starts = PyMem_Malloc((size_t)(walk->size + 1) * sizeof *walk->starts);
    walk->swapped = PyMem_Malloc((size_t)walk->size + 1);
    if (!walk->starts || !walk->swapped) { PyErr_NoMemory(); return -1; }
    for (Py_ssize_t at = 0; at < walk->size; at += letter_at((const uint8_t *)walk->term + at, walk->size - at))
        walk->starts[walk->letters++] = at;
    walk->starts[walk->letters] = walk->size;
    return 0;
}

const char one_edit_doc[] =
    "one_edit(term, bits, text, at): what `scan` finds within one edit of a term in a sorted dictionary.";

PyObject *one_edit(PyObject *module, PyObject *args) {
    PyObject *term, *bits_, *text_, *at_, *found = NULL;
    if (!PyArg_ParseTuple(args, "UOOO", &term, &bits_, &text_, &at_)) return NULL;
    Array text = {0}, at = {0}, bits = {0};
    Wanted wanted = {0};
    Walk walk = {&text, &at};
    if (wanted_open(&wanted, term, 1) < 0 || texts_open(text_, at_, bits_, &text, &at, &bits) < 0) goto done;
    walk.term = PyUnicode_AsUTF8AndSize(term, &walk.size);
    walk.left = (at.length - 1) / SHARE + 64;
    if (!walk.term) { /* half of a surrogate pair */
        PyErr_Clear();
        found = scanned(&wanted, &text, &at, &bits);
        goto done;
    }
    if (find_letters(&walk) < 0 || walk_all(&walk) < 0) goto done;
    found = walk.left < 0 ? scanned(&wanted, &text, &at, &bits) : found_by(&walk, &wanted);
done:
    wanted_close(&wanted);
    PyMem_Free(walk.starts);
    PyMem_Free(walk.swapped);
    PyMem_Free(walk.numbers);
    array_close(&text);
    array_close(&at);
    array_close(&bits);
    return found;
}
