/* The texts with a part: `with_part` and `beginning` of sieve.py. */

#include "_sieve.h"

/* The first place from `from` on where these bytes stand, or -1. The first two and the last of them are compared in whole
 * blocks: few blocks have all three. */
static int64_t find_bytes(const uint8_t *text, int64_t length, int64_t from, const uint8_t *wanted, int64_t size) {
    const int64_t last = length - size;
    const int64_t next = size > 1;
    const uint8_t first_byte = wanted[0], next_byte = wanted[next], last_byte = wanted[size - 1];
    for (int64_t at = from; at <= last;) {
        const int64_t block = last - at + 1 < 64 ? last - at + 1 : 64;
        if (block == 64) {
            uint8_t any = 0;
            for (int i = 0; i < 64; i++)
                any |= (uint8_t)((text[at + i] == first_byte) & (text[at + i + next] == next_byte) &
                                 (text[at + i + size - 1] == last_byte));
            if (!any) {
                at += 64;
                continue;
            }
        }
        for (int64_t i = at; i < at + block; i++) {
            if (text[i] == first_byte && !memcmp(text + i, wanted, (size_t)size)) return i;
        }
        at += block;
    }
    return -1;
}

/* The number of the part, from `from` on, before whose end a place lies: by doubling steps, then by halving. */
static Py_ssize_t part_with(const Array *at, Py_ssize_t from, int64_t place) {
    Py_ssize_t step = 1, high;
    while ((high = from + step) < at->length && integer(at, high) <= place) {
        from = high;
        step *= 2;
    }
    if (high > at->length) high = at->length;
    while (from + 1 < high) {
        const Py_ssize_t middle = from + (high - from) / 2;
        if (integer(at, middle) <= place) from = middle; else high = middle;
    }
    return from;
}

#define MAX_ARTICLES (1 << 16) /* of a segment */

/* The arrays of a segment that urls.py describes. */
typedef struct {
    Array text, at, post_at, post_doc;
    Py_ssize_t articles;
} Parts;

static void parts_close(Parts *parts) {
    array_close(&parts->text);
    array_close(&parts->at);
    array_close(&parts->post_at);
    array_close(&parts->post_doc);
}

static int parts_open(Parts *parts, PyObject *const *arrays) {
    if (array_open(&parts->text, arrays[0]) < 0 || array_open(&parts->at, arrays[1]) < 0 ||
        array_open(&parts->post_at, arrays[2]) < 0 || array_open(&parts->post_doc, arrays[3]) < 0)
        return -1;
    if (parts->text.type == U8 && parts->post_doc.type == U16 && parts->at.length >= 1 &&
        parts->post_at.length >= parts->at.length && parts->articles >= 0)
        return 0;
    PyErr_SetString(PyExc_TypeError, "these arrays are not the parts of a segment");
    return -1;
}

/* No bits yet, in new bytes: one for each article. */
static uint64_t *no_bits(PyObject **found, Py_ssize_t articles) {
    const Py_ssize_t size = (articles + 63) / 64 * (Py_ssize_t)sizeof(uint64_t);
    *found = PyBytes_FromStringAndSize(NULL, size);
    return *found ? memset(PyBytes_AsString(*found), 0, (size_t)size) : NULL;
}

static uint8_t *no_marks(void) {
    uint8_t *marks = PyMem_Calloc(MAX_ARTICLES, 1);
    if (!marks) PyErr_NoMemory();
    return marks;
}

/* Mark the articles with a part, each in a byte of its own: one that was marked just before need not be waited for. -1 if
 * the part is damaged. */
static int mark(const Parts *parts, Py_ssize_t part, uint8_t *marks) {
    const int64_t first = integer(&parts->post_at, part), last = integer(&parts->post_at, part + 1);
    if (first < 0 || last > parts->post_doc.length) return -1;
    const uint16_t *docs = parts->post_doc.data;
    for (int64_t i = first; i < last; i++) marks[docs[i]] = 1;
    return 0;
}

/* Set the bits of marked articles; -1 if one lies outside the segment. */
static int set_marked(const uint8_t *marks, Py_ssize_t articles, uint64_t *bits) {
    uint8_t any = 0;
    for (Py_ssize_t i = articles; i < MAX_ARTICLES; i++) any |= marks[i];
    for (Py_ssize_t at = 0; at < articles && at < MAX_ARTICLES; at += 8) {
        uint64_t eight;
        memcpy(&eight, marks + at, sizeof eight);
        /* The lowest bits of eight bytes, side by side. */
        const uint64_t byte = (eight * 0x0102040810204080) >> 56;
        bits[at >> 6] |= byte << (at & 63);
    }
    return any ? -1 : 0;
}

const char with_part_doc[] =
    "with_part(text, at, post_at, post_doc, articles, wanted, begins, ends): a bit for every article of a segment, whether\n"
    "any of its parts has these bytes within; where it begins, or ends, if that is asked for.";

PyObject *with_part(PyObject *module, PyObject *args) {
    PyObject *arrays[4], *found = NULL;
    const char *wanted;
    Py_ssize_t size;
    int begins, ends;
    uint8_t *marks = NULL;
    Parts parts = {0};
    if (!PyArg_ParseTuple(args, "OOOOny#pp", &arrays[0], &arrays[1], &arrays[2], &arrays[3], &parts.articles, &wanted, &size,
                          &begins, &ends))
        return NULL;
    if (parts_open(&parts, arrays) < 0) goto done;
    if (size < 1) {
        PyErr_SetString(PyExc_ValueError, "no bytes are sought");
        goto done;
    }
    uint64_t *bits = no_bits(&found, parts.articles);
    if (!bits || !(marks = no_marks())) goto done;
    const Array *text = &parts.text, *at = &parts.at;
    int is_outside = 0;
    Py_ssize_t number_ = 0;
    RELEASED(text->length)
    int64_t place = find_bytes(text->data, text->length, 0, (const uint8_t *)wanted, size);
    while (place >= 0 && !is_outside) {
        number_ = part_with(at, number_, place);
        if (number_ + 1 >= at->length) break;
        const int64_t start = integer(at, number_), end = integer(at, number_ + 1);
        /* A match across two parts is in none. */
        const int fits = place >= start && place + size <= end && (!begins || place == start) && (!ends || place + size == end);
        if (fits) is_outside = mark(&parts, number_, marks) < 0;
        place = find_bytes(text->data, text->length, fits ? end : place + 1, (const uint8_t *)wanted, size);
    }
    is_outside = is_outside || set_marked(marks, parts.articles, bits) < 0;
    REGAINED
    if (is_outside) {
        Py_CLEAR(found);
        out_of_range();
    }
done:
    PyMem_Free(marks);
    parts_close(&parts);
    return found;
}

/* How many pairs of bytes a text can begin with, and how many beginnings are sought at once. */
#define PAIRS (1 << 16)
#define MAX_SOUGHT 1024

typedef struct {
    const uint8_t *bytes;
    Py_ssize_t size;
    int next; /* the one before, of those that begin with the same two bytes, or -1 */
} Sought;

const char beginning_doc[] =
    "beginning(text, at, post_at, post_doc, articles, wanted, ends): a bit for every article of a segment, whether any of its\n"
    "parts begins with any of these texts of two bytes or more, or is one of them, if that is asked for.";

PyObject *beginning(PyObject *module, PyObject *args) {
    PyObject *arrays[4], *wanted, *found = NULL;
    int ends;
    uint8_t *marks = NULL;
    Parts parts = {0};
    if (!PyArg_ParseTuple(args, "OOOOnO!p", &arrays[0], &arrays[1], &arrays[2], &arrays[3], &parts.articles, &PyList_Type,
                          &wanted, &ends))
        return NULL;
    const Py_ssize_t count = PyList_Size(wanted);
    Sought *sought = PyMem_Malloc(MAX_SOUGHT * sizeof *sought);
    int16_t *latest = PyMem_Malloc(PAIRS * sizeof *latest);
    if (!sought || !latest) {
        PyErr_NoMemory();
        goto done;
    }
    if (parts_open(&parts, arrays) < 0) goto done;
    memset(latest, -1, PAIRS * sizeof *latest);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *bytes = PyList_GetItem(wanted, i);
        if (i >= MAX_SOUGHT || !bytes || !PyBytes_Check(bytes) || PyBytes_Size(bytes) < 2) {
            PyErr_SetString(PyExc_ValueError, "a few texts of two bytes or more are expected here");
            goto done;
        }
        const uint8_t *begin = (const uint8_t *)PyBytes_AsString(bytes);
        const int pair = begin[0] << 8 | begin[1];
        sought[i] = (Sought){begin, PyBytes_Size(bytes), latest[pair]};
        latest[pair] = (int16_t)i;
    }
    uint64_t *bits = no_bits(&found, parts.articles);
    if (!bits || !(marks = no_marks())) goto done;
    const uint8_t *text = parts.text.data;
    int is_outside = 0;
    RELEASED(parts.text.length)
    for (Py_ssize_t part = 0; part + 1 < parts.at.length && !is_outside; part++) {
        const int64_t start = integer(&parts.at, part), end = integer(&parts.at, part + 1);
        is_outside = start < 0 || end < start || end > parts.text.length;
        const int64_t size = is_outside ? 0 : end - start;
        int i = size < 2 ? -1 : latest[text[start] << 8 | text[start + 1]];
        while (i >= 0 && ((ends ? size != sought[i].size : size < sought[i].size) ||
                          memcmp(text + start, sought[i].bytes, (size_t)sought[i].size)))
            i = sought[i].next;
        if (i >= 0) is_outside = mark(&parts, part, marks) < 0;
    }
    is_outside = is_outside || set_marked(marks, parts.articles, bits) < 0;
    REGAINED
    if (is_outside) {
        Py_CLEAR(found);
        out_of_range();
    }
done:
    PyMem_Free(sought);
    PyMem_Free(latest);
    PyMem_Free(marks);
    parts_close(&parts);
    return found;
}
