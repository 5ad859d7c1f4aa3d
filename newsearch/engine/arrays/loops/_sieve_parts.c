/* The texts with a part: `with_part` of sieve.py. */

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

const char with_part_doc[] =
    "with_part(text, at, post_at, post_doc, articles, wanted, begins, ends): a bit for every article of a segment, whether\n"
    "any of its parts has these bytes within; where it begins, or ends, if that is asked for.";

PyObject *with_part(PyObject *module, PyObject *args) {
    PyObject *text_, *at_, *post_at_, *post_doc_, *found = NULL;
    const char *wanted;
    Py_ssize_t size, articles;
    int begins, ends;
    if (!PyArg_ParseTuple(args, "OOOOny#pp", &text_, &at_, &post_at_, &post_doc_, &articles, &wanted, &size, &begins,
                          &ends))
        return NULL;
    Array text = {0}, at = {0}, post_at = {0}, post_doc = {0};
    if (array_open(&text, text_) < 0 || array_open(&at, at_) < 0 || array_open(&post_at, post_at_) < 0 ||
        array_open(&post_doc, post_doc_) < 0)
        goto done;
    if (text.type != U8 || post_doc.type != U16 || at.length < 1 || post_at.length < at.length || size < 1 ||
        articles < 0) {
        PyErr_SetString(PyExc_TypeError, "these arrays are not the parts of a segment");
        goto done;
    }
    const Py_ssize_t words = (articles + 63) / 64;
    found = PyBytes_FromStringAndSize(NULL, words * (Py_ssize_t)sizeof(uint64_t));
    uint64_t *bits = found ? (uint64_t *)PyBytes_AsString(found) : NULL;
    if (!bits) goto done;
    memset(bits, 0, (size_t)words * sizeof *bits);
    int is_outside = 0;
    Py_ssize_t number_ = 0;
    RELEASED(text.length)
    int64_t place = find_bytes(text.data, text.length, 0, (const uint8_t *)wanted, size);
    while (place >= 0 && !is_outside) {
        number_ = part_with(&at, number_, place);
        if (number_ + 1 >= at.length) break;
        const int64_t start = integer(&at, number_), end = integer(&at, number_ + 1);
        /* A match across two parts is in none. */
        const int fits = place >= start && place + size <= end && (!begins || place == start) && (!ends || place + size == end);
        if (fits) {
            const int64_t last = integer(&post_at, number_ + 1);
            for (int64_t i = integer(&post_at, number_); i < last && !is_outside; i++) {
                is_outside = i < 0 || i >= post_doc.length || ((const uint16_t *)post_doc.data)[i] >= articles;
                if (!is_outside) {
                    const uint16_t doc = ((const uint16_t *)post_doc.data)[i];
                    bits[doc >> 6] |= (uint64_t)1 << (doc & 63);
                }
            }
        }
        place = find_bytes(text.data, text.length, fits ? end : place + 1, (const uint8_t *)wanted, size);
    }
    REGAINED
    if (is_outside) {
        Py_CLEAR(found);
        out_of_range();
    }
done:
    array_close(&text);
    array_close(&at);
    array_close(&post_at);
    array_close(&post_doc);
    return found;
}
