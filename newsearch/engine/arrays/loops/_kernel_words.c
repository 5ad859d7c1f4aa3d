/* Words of a dictionary that begin alike, or are nearly alike: `begun` and `similar` of kernel.py. */

#include "_kernel.h"

/* Code points of UTF-8; what is not UTF-8 gives code points that no word has. */
static Py_ssize_t decode(const uint8_t *bytes, Py_ssize_t length, uint32_t *letters) {
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < length;) {
        const uint8_t lead = bytes[i++];
        int more = lead < 0xC0 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
        uint32_t letter = more == 0 ? lead : lead & (0x3F >> more);
        for (; more && i < length; more--) letter = letter << 6 | (bytes[i++] & 0x3F);
        letters[count++] = letter;
    }
    return count;
}

/* The optimal string alignment distance, or something above `most`. `rows` has room for three rows of m + 1. */
static int distance(const uint32_t *a, int n, const uint32_t *b, int m, int most, int *rows) {
    if (abs(n - m) > most) return most + 1;
    /* What begins and ends alike needs no edit. */
    while (n && m && a[n - 1] == b[m - 1]) n--, m--;
    while (n && m && *a == *b) a++, b++, n--, m--;
    const int width = m + 1;
    int *before = rows, *above = rows + width, *row = rows + 2 * width;
    for (int j = 0; j <= m; j++) {
        before[j] = most + 1;
        above[j] = j;
    }
    for (int i = 1; i <= n; i++) {
        const int first = i - most > 1 ? i - most : 1, last = i + most < m ? i + most : m;
        int least = most + 1;
        for (int j = 0; j <= m; j++) row[j] = most + 1;
        if (i <= most) row[0] = i;
        for (int j = first; j <= last; j++) {
            int cost = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < cost) cost = above[j] + 1;
            if (row[j - 1] + 1 < cost) cost = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < cost)
                cost = before[j - 2] + 1;
            row[j] = cost;
            if (cost < least) least = cost;
        }
        if (least > most && i > most) return most + 1;
        int *const free_ = before;
        before = above;
        above = row;
        row = free_;
    }
    return above[m];
}

/* The places within a block of forms that can be so near: one edit brings in at most one letter and takes away one. */
static int sift_letters(const uint32_t *letters, int size, uint32_t mask, int most, uint8_t *places) {
    uint32_t left[BLOCK], missing[BLOCK];
    uint8_t fits[BLOCK] = {0};
    int count = 0;
    for (int i = 0; i < size; i++) {
        left[i] = letters[i] & ~mask;
        missing[i] = ~letters[i] & mask;
    }
    for (int edit = 0; edit < most; edit++) {
        for (int i = 0; i < size; i++) {
            left[i] &= left[i] - 1;
            missing[i] &= missing[i] - 1;
        }
    }
    for (int i = 0; i < size; i++) fits[i] = (left[i] | missing[i]) == 0;
    /* Hardly one does, so eight are passed over at once. */
    for (int at = 0; at < size; at += 8) {
        uint64_t eight;
        memcpy(&eight, fits + at, 8);
        for (int i = at; eight && i < at + 8; i++) {
            places[count] = (uint8_t)i;
            count += fits[i];
        }
    }
    return count;
}

const char similar_doc[] =
    "similar(term, edits, mask, letters, numbers, text, at): the exact forms within so many edits of a term, as\n"
    "[(edits, form, number)]. `letters` and `numbers` are those of the forms of fitting length (see Dictionary).";

PyObject *similar(PyObject *module, PyObject *args) {
    PyObject *term, *letters_, *numbers_, *text_, *at_, *found = NULL;
    int most;
    unsigned int mask;
    if (!PyArg_ParseTuple(args, "UiIOOOO", &term, &most, &mask, &letters_, &numbers_, &text_, &at_)) return NULL;
    Array letters = {0}, numbers = {0}, text = {0}, at = {0};
    const Py_ssize_t n = PyUnicode_GetLength(term);
    Py_UCS4 *wanted = PyUnicode_AsUCS4Copy(term);
    uint32_t *decoded = NULL;
    int *rows = NULL;
    if (!wanted) return NULL;
    if (array_open(&letters, letters_) < 0 || array_open(&numbers, numbers_) < 0 || array_open(&text, text_) < 0 ||
        array_open(&at, at_) < 0)
        goto done;
    /* A form of so many bytes has at least a quarter as many letters. */
    const Py_ssize_t longest = 4 * (n + most) + 4;
    if (letters.type != U32 || text.type != U8 || numbers.length < letters.length || n > 4096 || most < 0 || most > 8) {
        PyErr_SetString(PyExc_TypeError, "these arrays are not those of a dictionary");
        goto done;
    }
    decoded = PyMem_Malloc((size_t)longest * sizeof(uint32_t));
    rows = PyMem_Malloc((size_t)(longest + 1) * 3 * sizeof(int));
    if (!decoded || !rows) { PyErr_NoMemory(); goto done; }
    found = PyList_New(0);
    const uint32_t *bits = letters.data;
    for (Py_ssize_t block = 0; found && block < letters.length; block += BLOCK) {
        const int size = letters.length - block < BLOCK ? (int)(letters.length - block) : BLOCK;
        uint8_t places[BLOCK];
        const int candidates = sift_letters(bits + block, size, mask, most, places);
        for (int candidate = 0; found && candidate < candidates; candidate++) {
            const int64_t number_ = integer(&numbers, block + places[candidate]);
            if (number_ < 0 || number_ >= at.length - 1) { Py_CLEAR(found); out_of_range(); break; }
            const int64_t start = integer(&at, number_), end = integer(&at, number_ + 1);
            if (start < 0 || end < start || end > text.length) { Py_CLEAR(found); out_of_range(); break; }
            if (end - start > longest) continue;
            const uint8_t *form = (const uint8_t *)text.data + start;
            const Py_ssize_t m = decode(form, end - start, decoded);
            const int edits = distance(wanted, (int)n, decoded, (int)m, most, rows);
            if (edits > most) continue;
            PyObject *key = PyUnicode_DecodeUTF8((const char *)form, end - start, "strict");
            PyObject *item = key ? Py_BuildValue("iNL", edits, key, (long long)number_) : NULL;
            if (!item || PyList_Append(found, item) < 0) Py_CLEAR(found);
            Py_XDECREF(item);
        }
    }
done:
    PyMem_Free(decoded);
    PyMem_Free(rows);
    PyMem_Free(wanted);
    array_close(&letters);
    array_close(&numbers);
    array_close(&text);
    array_close(&at);
    return found;
}

/* The number of the first form from `low` on that is not below these bytes, or that does not begin so but is above
 * them; -1 with an exception where a place lies outside the dictionary. */
static Py_ssize_t bound(const Array *text, const Array *at, Py_ssize_t low, const char *wanted, Py_ssize_t length,
                        int is_beyond) {
    Py_ssize_t high = at->length - 1;
    while (low < high) {
        const Py_ssize_t middle = low + (high - low) / 2;
        const int64_t start = integer(at, middle), end = integer(at, middle + 1);
        if (start < 0 || end < start || end > text->length) {
            PyErr_SetString(PyExc_ValueError, "a word's place lies outside the dictionary");
            return -1;
        }
        const Py_ssize_t shared = end - start < length ? end - start : length;
        const int order = shared ? memcmp((const char *)text->data + start, wanted, (size_t)shared) : 0;
        const int is_below = order < 0 || (order == 0 && (is_beyond || end - start < length));
        if (is_below) low = middle + 1; else high = middle;
    }
    return low;
}

const char begun_doc[] =
    "begun(text, at, prefix): the number of the first form that is not below these bytes, and that of the first one\n"
    "after it that does not begin so.";

PyObject *begun(PyObject *module, PyObject *args) {
    PyObject *text_, *at_;
    const char *wanted;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "OOy#", &text_, &at_, &wanted, &length)) return NULL;
    Array text = {0}, at = {0};
    PyObject *found = NULL;
    if (array_open(&text, text_) < 0 || array_open(&at, at_) < 0) goto done;
    if (text.type != U8 || at.length < 1) {
        PyErr_SetString(PyExc_TypeError, "these arrays are not those of a dictionary");
        goto done;
    }
    const Py_ssize_t first = bound(&text, &at, 0, wanted, length, 0);
    const Py_ssize_t last = first < 0 ? -1 : bound(&text, &at, first, wanted, length, 1);
    if (last >= 0) found = Py_BuildValue("nn", first, last);
done:
    array_close(&text);
    array_close(&at);
    return found;
}
