/* Words of a dictionary that are one edit away: `by_length` and `near` of kernel.py. */

#include "_kernel_words.h"

#define LENGTHS 4096 /* longer forms than this are none of newsearch's */
#define BEGUN 3      /* letters at the beginning of a term that its first half has, unless the term ends there */
#define ENDING 3     /* bytes of its end by which a form stands among those of its length */

static int64_t letters_in(const uint8_t *form, int64_t size) {
    int64_t count = 0;
    for (int64_t i = 0; i < size; i++) count += (form[i] & 0xC0) != 0x80;
    return count;
}

/* The last byte but so many of a form, 0 where it is shorter. */
static inline int from_end(const uint8_t *form, int64_t size, int back) { return back < size ? form[size - 1 - back] : 0; }

/* Sort numbers by a part of their keys, which has so many values; those of the same part stay in order. */
static void sort_by(const uint64_t *keys, int shift, uint32_t values, const uint32_t *from, uint32_t *to, Py_ssize_t size,
                    Py_ssize_t *places) {
    memset(places, 0, (values + 1) * sizeof *places);
    for (Py_ssize_t i = 0; i < size; i++) places[(keys[i] >> shift & (values - 1)) + 1]++;
    for (uint32_t i = 1; i < values; i++) places[i] += places[i - 1];
    for (Py_ssize_t i = 0; i < size; i++) to[places[keys[from[i]] >> shift & (values - 1)]++] = from[i];
}

const char by_length_doc[] =
    "by_length(bits, text, at): the numbers (uint32) of all forms of a dictionary by length in letters, and of one length\n"
    "by their last bytes, the letter mask (uint32) of each, and where every length starts. `bits` is the letter mask of\n"
    "every byte.";

PyObject *by_length(PyObject *module, PyObject *args) {
    PyObject *bits_, *text_, *at_, *result = NULL, *numbers = NULL, *masks = NULL, *starts = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &bits_, &text_, &at_)) return NULL;
    Array text = {0}, at = {0}, bits = {0};
    Py_ssize_t *places = PyMem_Calloc(LENGTHS + 2, sizeof *places), longest = -1;
    uint64_t *keys = NULL; /* of every form its length, and its last bytes, the very last one highest */
    uint32_t *spare = NULL;
    if (!places) return PyErr_NoMemory();
    if (texts_open(text_, at_, bits_, &text, &at, &bits) < 0) goto done;
    const Py_ssize_t forms = at.length - 1;
    const uint8_t *bytes = text.data;
    numbers = PyBytes_FromStringAndSize(NULL, 4 * forms);
    masks = PyBytes_FromStringAndSize(NULL, 4 * forms);
    keys = PyMem_Malloc((size_t)(forms + 1) * sizeof *keys);
    spare = PyMem_Malloc((size_t)(forms + 1) * sizeof *spare);
    if (!numbers || !masks || !keys || !spare) { PyErr_NoMemory(); goto done; }
    uint32_t *order = (uint32_t *)PyBytes_AsString(numbers), *mask_out = (uint32_t *)PyBytes_AsString(masks);
    int64_t start = integer(&at, 0);
    for (Py_ssize_t i = 0; i < forms; i++) {
        const int64_t end = integer(&at, i + 1);
        const int64_t count = start < 0 || end < start || end > text.length ? LENGTHS : letters_in(bytes + start, end - start);
        if (count >= LENGTHS) { out_of_range(); goto done; }
        keys[i] = (uint64_t)count << 8 * ENDING;
        for (int back = 0; back < ENDING; back++)
            keys[i] |= (uint64_t)from_end(bytes + start, end - start, back) << 8 * (ENDING - 1 - back);
        longest = count > longest ? count : longest;
        spare[i] = (uint32_t)i;
        start = end;
    }
    for (int back = 0; back < ENDING; back++)
        sort_by(keys, 8 * back, 256, back % 2 ? order : spare, back % 2 ? spare : order, forms, places);
    sort_by(keys, 8 * ENDING, LENGTHS, ENDING % 2 ? order : spare, ENDING % 2 ? spare : order, forms, places);
    if (ENDING % 2) memcpy(order, spare, (size_t)forms * sizeof *order);
    starts = PyList_New(longest + 2);
    if (!starts) goto done;
    /* After sorting, the place of a length is where the next one starts. */
    for (Py_ssize_t i = 0; i < longest + 2; i++) PyList_SetItem(starts, i, PyLong_FromSsize_t(i ? places[i - 1] : 0));
    for (Py_ssize_t i = 0; i < forms; i++) {
        start = integer(&at, order[i]);
        mask_out[i] = mask_of(bits.data, bytes + start, integer(&at, order[i] + 1) - start, text.length - start);
    }
    result = PyTuple_Pack(3, numbers, masks, starts);
done:
    Py_XDECREF(numbers);
    Py_XDECREF(masks);
    Py_XDECREF(starts);
    PyMem_Free(places);
    PyMem_Free(keys);
    PyMem_Free(spare);
    array_close(&text);
    array_close(&at);
    array_close(&bits);
    return result;
}

/* ---- one edit: it leaves the first half of a term as it is, or the second, or swaps the letters between the two ---- */

/* A dictionary whose forms are also in the order of `by_length`, and a term that has been cut in two. */
typedef struct {
    Array text, at, numbers, letters;
    Wanted wanted;
    const char *term;
    Py_ssize_t size, half; /* in bytes: of the term, and of its first half, the longer one of a short term */
} Halves;

/* The bytes of a form; NULL with an exception if it lies outside the dictionary. */
static const uint8_t *form_at(const Halves *halves, int64_t number_, Py_ssize_t *size) {
    const int is_there = number_ >= 0 && number_ < halves->at.length - 1;
    const uint8_t *form = is_there ? form_after(&halves->text, &halves->at, (Py_ssize_t)number_, 0, size) : NULL;
    if (!form) out_of_range();
    return form;
}

/* Whether a form may be one edit away: what lies between what begins and what ends alike is then short. */
static int may_be_near(const Halves *halves, const uint8_t *form, Py_ssize_t size, Py_ssize_t alike) {
    const uint8_t *term = (const uint8_t *)halves->term;
    const Py_ssize_t least = size < halves->size ? size : halves->size, most = size + halves->size - least;
    if (most - least > 4) return 0;
    while (alike < least && form[alike] == term[alike]) alike++;
    Py_ssize_t end = 0;
    while (alike + end < least && form[size - 1 - end] == term[halves->size - 1 - end]) end++;
    return most - alike - end <= 8;
}

static int add_begun(const Halves *halves, PyObject *found) {
    const Py_ssize_t first = first_form(&halves->text, &halves->at, 0, halves->term, halves->half, 0);
    const Py_ssize_t last = first < 0 ? -1 : first_form(&halves->text, &halves->at, first, halves->term, halves->half, 1);
    for (Py_ssize_t i = first; i < last; i++) {
        Py_ssize_t size;
        const uint8_t *form = form_at(halves, i, &size);
        if (!form) return -1;
        if (may_be_near(halves, form, size, halves->half) && add_near(&halves->wanted, form, size, i, found) < 0) return -1;
    }
    return last < 0 ? -1 : 0;
}

/* The first place from `low` to `high` whose form does not end below the term, or that ends above it; -1 with an
 * exception. */
static Py_ssize_t bound_of_end(const Halves *halves, Py_ssize_t low, Py_ssize_t high, int count, int is_beyond) {
    while (low < high) {
        const Py_ssize_t middle = low + (high - low) / 2;
        Py_ssize_t size;
        const uint8_t *form = form_at(halves, integer(&halves->numbers, middle), &size);
        if (!form) return -1;
        int order = 0;
        for (int back = 0; back < count && !order; back++)
            order = from_end(form, size, back) - from_end((const uint8_t *)halves->term, halves->size, back);
        if (order < 0 || (order == 0 && is_beyond)) low = middle + 1; else high = middle;
    }
    return low;
}

/* Those of some places, all of one length, that end as the term does but begin otherwise. */
static int add_ended(const Halves *halves, uint32_t mask, Py_ssize_t low, Py_ssize_t high, PyObject *found) {
    const Py_ssize_t rest = halves->size - halves->half;
    const int count = rest < ENDING ? (int)rest : ENDING;
    const Py_ssize_t first = bound_of_end(halves, low, high, count, 0);
    const Py_ssize_t last = first < 0 ? -1 : bound_of_end(halves, first, high, count, 1);
    for (Py_ssize_t block = first; block < last; block += BLOCK) {
        const int size = last - block < BLOCK ? (int)(last - block) : BLOCK;
        uint8_t places[BLOCK];
        const int candidates = sift_letters((const uint32_t *)halves->letters.data + block, size, mask, 1, places);
        for (int candidate = 0; candidate < candidates; candidate++) {
            const int64_t number_ = integer(&halves->numbers, block + places[candidate]);
            Py_ssize_t length;
            const uint8_t *form = form_at(halves, number_, &length);
            if (!form) return -1;
            const int is_begun = length >= halves->half && !memcmp(form, halves->term, (size_t)halves->half);
            const int is_ended = length >= rest && !memcmp(form + length - rest, halves->term + halves->half, (size_t)rest);
            if (is_ended && !is_begun && may_be_near(halves, form, length, 0) &&
                add_near(&halves->wanted, form, length, number_, found) < 0)
                return -1;
        }
    }
    return last < 0 ? -1 : 0;
}

/* Many forms begin with the same two letters, but those that end alike are compared by their letters, many at once. */
static Py_ssize_t begun_letters(Py_ssize_t length) {
    const Py_ssize_t least = length > BEGUN ? BEGUN : length - 1;
    return length / 2 > least ? length / 2 : least;
}

static int is_inside(char byte) { return ((uint8_t)byte & 0xC0) == 0x80; }

/* The term with its last letter before the middle and its first one after it swapped. */
static int add_swapped(const Halves *halves, PyObject *found) {
    Py_ssize_t left = halves->half - 1, right = halves->half + 1;
    while (left > 0 && is_inside(halves->term[left])) left--;
    while (right < halves->size && is_inside(halves->term[right])) right++;
    char *swapped = PyMem_Malloc((size_t)halves->size);
    if (!swapped) { PyErr_NoMemory(); return -1; }
    memcpy(swapped, halves->term, (size_t)halves->size);
    memcpy(swapped + left, halves->term + halves->half, (size_t)(right - halves->half));
    memcpy(swapped + left + right - halves->half, halves->term + left, (size_t)(halves->half - left));
    const Py_ssize_t at = first_form(&halves->text, &halves->at, 0, swapped, halves->size, 0);
    int added = at < 0 ? -1 : 0;
    if (added == 0 && at < halves->at.length - 1 && memcmp(swapped, halves->term, (size_t)halves->size)) {
        Py_ssize_t size;
        const uint8_t *form = form_at(halves, at, &size);
        added = !form ? -1
                : size == halves->size && !memcmp(form, swapped, (size_t)size)
                    ? add_near(&halves->wanted, form, size, at, found) : 0;
    }
    PyMem_Free(swapped);
    return added;
}

const char near_doc[] =
    "near(term, mask, letters, numbers, starts, text, at): what `similar` finds within one edit of a term of two letters or\n"
    "more in a sorted dictionary. `numbers`, `letters` and `starts` are what `by_length` gives.";

PyObject *near(PyObject *module, PyObject *args) {
    PyObject *term, *letters_, *numbers_, *starts, *text_, *at_, *found = NULL;
    unsigned int mask;
    Halves halves = {0};
    if (!PyArg_ParseTuple(args, "UIOOO!OO", &term, &mask, &letters_, &numbers_, &PyList_Type, &starts, &text_, &at_))
        return NULL;
    if (wanted_open(&halves.wanted, term, 1) < 0 || array_open(&halves.letters, letters_) < 0 ||
        array_open(&halves.numbers, numbers_) < 0 || array_open(&halves.text, text_) < 0 ||
        array_open(&halves.at, at_) < 0)
        goto done;
    halves.term = PyUnicode_AsUTF8AndSize(term, &halves.size);
    if (!halves.term) goto done;
    const Py_ssize_t length = halves.wanted.length;
    if (halves.letters.type != U32 || halves.text.type != U8 || halves.at.length < 1 ||
        halves.numbers.length < halves.letters.length || length < 2) {
        PyErr_SetString(PyExc_TypeError, "these arrays are not those of a dictionary");
        goto done;
    }
    for (Py_ssize_t left = begun_letters(length); left; left--) {
        halves.half++;
        while (is_inside(halves.term[halves.half])) halves.half++;
    }
    found = PyList_New(0);
    if (!found || add_begun(&halves, found) < 0 || add_swapped(&halves, found) < 0) { Py_CLEAR(found); goto done; }
    for (Py_ssize_t size = length - 1; size <= length + 1 && size < PyList_Size(starts) - 1; size++) {
        const Py_ssize_t low = PyLong_AsSsize_t(PyList_GetItem(starts, size));
        const Py_ssize_t high = PyLong_AsSsize_t(PyList_GetItem(starts, size + 1));
        if (!PyErr_Occurred() && (low < 0 || high < low || high > halves.letters.length)) out_of_range();
        if (PyErr_Occurred() || add_ended(&halves, mask, low, high, found) < 0) { Py_CLEAR(found); break; }
    }
done:
    wanted_close(&halves.wanted);
    array_close(&halves.letters);
    array_close(&halves.numbers);
    array_close(&halves.text);
    array_close(&halves.at);
    return found;
}
