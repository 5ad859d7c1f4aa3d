/* Words of a dictionary, those that begin alike, and those that are nearly alike: `exact`, `begun`, `similar` and
 * `scan` of kernel.py. */

#include "_kernel_words.h"

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

int sift_letters(const uint32_t *letters, int size, uint32_t mask, int most, uint8_t *places) {
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

void wanted_close(Wanted *wanted) {
    PyMem_Free(wanted->letters);
    PyMem_Free(wanted->decoded);
    PyMem_Free(wanted->rows);
}

int wanted_open(Wanted *wanted, PyObject *term, int most) {
    wanted->length = PyUnicode_GetLength(term);
    wanted->most = most;
    if (wanted->length > 4096 || most < 0 || most > 8) {
        PyErr_SetString(PyExc_ValueError, "no such term or number of edits");
        return -1;
    }
    /* A form of so many bytes has at least a quarter as many letters. */
    wanted->longest = 4 * (wanted->length + most) + 4;
    wanted->letters = PyUnicode_AsUCS4Copy(term);
    wanted->decoded = PyMem_Malloc((size_t)wanted->longest * sizeof(uint32_t));
    wanted->rows = PyMem_Malloc((size_t)(wanted->longest + 1) * 3 * sizeof(int));
    if (wanted->letters && wanted->decoded && wanted->rows) return 0;
    if (wanted->letters) PyErr_NoMemory();
    return -1;
}

int add_near(const Wanted *wanted, const uint8_t *form, Py_ssize_t size, int64_t number_, PyObject *found) {
    if (size > wanted->longest) return 0;
    const Py_ssize_t letters = decode(form, size, wanted->decoded);
    const int edits =
        distance(wanted->letters, (int)wanted->length, wanted->decoded, (int)letters, wanted->most, wanted->rows);
    if (edits > wanted->most) return 0;
    PyObject *key = PyUnicode_DecodeUTF8((const char *)form, size, "strict");
    PyObject *item = key ? Py_BuildValue("iNL", edits, key, (long long)number_) : NULL;
    const int failed = !item || PyList_Append(found, item) < 0;
    Py_XDECREF(item);
    return -failed;
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
    Wanted wanted = {0};
    if (wanted_open(&wanted, term, most) < 0 || array_open(&letters, letters_) < 0 ||
        array_open(&numbers, numbers_) < 0 || array_open(&text, text_) < 0 || array_open(&at, at_) < 0)
        goto done;
    if (letters.type != U32 || text.type != U8 || numbers.length < letters.length) {
        PyErr_SetString(PyExc_TypeError, "these arrays are not those of a dictionary");
        goto done;
    }
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
            if (add_near(&wanted, (const uint8_t *)text.data + start, end - start, number_, found) < 0) Py_CLEAR(found);
        }
    }
done:
    wanted_close(&wanted);
    array_close(&letters);
    array_close(&numbers);
    array_close(&text);
    array_close(&at);
    return found;
}

int texts_open(PyObject *text_, PyObject *at_, PyObject *bits_, Array *text, Array *at, Array *bits) {
    if (array_open(text, text_) < 0 || array_open(at, at_) < 0 || array_open(bits, bits_) < 0) return -1;
    if (text->type == U8 && at->length >= 1 && at->length <= UINT32_MAX && bits->type == U32 && bits->length == 256)
        return 0;
    PyErr_SetString(PyExc_TypeError, "these arrays are not those of a dictionary");
    return -1;
}

static int is_ascii(const uint8_t *bytes, int64_t size) {
    uint8_t all = 0;
    for (int64_t i = 0; i < size; i++) all |= bytes[i];
    return all < 0x80;
}

/* Where so many forms end, from the first on, and before that where that one begins. */
static void read_ends(const Array *at, Py_ssize_t first, int size, int64_t *ends) {
    const uint32_t *places = at->data;
    if (at->type == U32) {
        for (int i = 0; i <= size; i++) ends[i] = places[first + i];
    } else {
        for (int i = 0; i <= size; i++) ends[i] = integer(at, first + i);
    }
}

/* The places of those of some forms, from the first on, that may be near enough by their lengths and their letters; -1
 * where one lies outside the dictionary. Nothing branches on a single form: which ones fit cannot be foreseen. */
static int scan_block(const Wanted *wanted, uint32_t mask, const uint32_t *bit_of, const Array *text, const Array *at,
                      Py_ssize_t first, int size, uint8_t *places) {
    int64_t ends[BLOCK + 1];
    int is_outside = 0, count = 0, kept = 0;
    read_ends(at, first, size, ends);
    for (int i = 0; i < size; i++) is_outside |= ends[i + 1] < ends[i];
    if (is_outside || ends[0] < 0 || ends[size] > text->length) return -1;
    const uint8_t *bytes = text->data;
    /* No letter takes less than a byte, and each of ASCII takes one. */
    const int64_t least = wanted->length - wanted->most;
    const int64_t most =
        is_ascii(bytes + ends[0], ends[size] - ends[0]) ? wanted->length + wanted->most : wanted->longest;
    for (int i = 0; i < size; i++) {
        places[count] = (uint8_t)i;
        count += (ends[i + 1] - ends[i] >= least) & (ends[i + 1] - ends[i] <= most);
    }
    for (int i = 0; i < count; i++) {
        const int64_t start = ends[places[i]];
        const uint32_t letters = mask_of(bit_of, bytes + start, ends[places[i] + 1] - start, text->length - start);
        uint32_t left = letters & ~mask, missing = ~letters & mask;
        for (int edit = 0; edit < wanted->most; edit++) {
            left &= left - 1;
            missing &= missing - 1;
        }
        places[kept] = places[i];
        kept += (left | missing) == 0;
    }
    return kept;
}

PyObject *scanned(const Wanted *wanted, const Array *text, const Array *at, const Array *bits) {
    const uint32_t *bit_of = bits->data;
    uint32_t mask = 0;
    for (Py_ssize_t i = 0; i < wanted->length; i++) mask |= wanted->letters[i] < 0x80 ? bit_of[wanted->letters[i]] : 0;
    PyObject *found = PyList_New(0);
    const Py_ssize_t forms = at->length - 1;
    for (Py_ssize_t block = 0; found && block < forms; block += BLOCK) {
        uint8_t places[BLOCK];
        const int size = forms - block < BLOCK ? (int)(forms - block) : BLOCK;
        const int kept = scan_block(wanted, mask, bit_of, text, at, block, size, places);
        if (kept < 0) { Py_CLEAR(found); out_of_range(); break; }
        for (int i = 0; found && i < kept; i++) {
            const Py_ssize_t number_ = block + places[i];
            const int64_t start = integer(at, number_), end = integer(at, number_ + 1);
            if (add_near(wanted, (const uint8_t *)text->data + start, end - start, number_, found) < 0) Py_CLEAR(found);
        }
    }
    return found;
}

const char scan_doc[] =
    "scan(term, edits, bits, text, at): what `similar` finds among all forms of a dictionary, in their order. `bits` is\n"
    "the letter mask of every byte.";

PyObject *scan(PyObject *module, PyObject *args) {
    PyObject *term, *bits_, *text_, *at_, *found = NULL;
    int most;
    if (!PyArg_ParseTuple(args, "UiOOO", &term, &most, &bits_, &text_, &at_)) return NULL;
    Array text = {0}, at = {0}, bits = {0};
    Wanted wanted = {0};
    if (wanted_open(&wanted, term, most) < 0 || texts_open(text_, at_, bits_, &text, &at, &bits) < 0) goto done;
    found = scanned(&wanted, &text, &at, &bits);
done:
    wanted_close(&wanted);
    array_close(&text);
    array_close(&at);
    array_close(&bits);
    return found;
}

Py_ssize_t first_form(const Array *text, const Array *at, Py_ssize_t low, const char *wanted, Py_ssize_t length,
                      int is_beyond) {
    Py_ssize_t high = at->length - 1;
    while (low < high) {
        const Py_ssize_t middle = low + (high - low) / 2;
        const int below = is_below(text, at, middle, 0, wanted, length, is_beyond);
        if (below < 0) {
            PyErr_SetString(PyExc_ValueError, "a word's place lies outside the dictionary");
            return -1;
        }
        if (below) low = middle + 1; else high = middle;
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
    const Py_ssize_t first = first_form(&text, &at, 0, wanted, length, 0);
    const Py_ssize_t last = first < 0 ? -1 : first_form(&text, &at, first, wanted, length, 1);
    if (last >= 0) found = Py_BuildValue("nn", first, last);
done:
    array_close(&text);
    array_close(&at);
    return found;
}

const char exact_doc[] = "exact(text, at, forms): the number of each of some forms, -1 for those that are not there.";

/* The number of a form, -1 if it is not there, or -2 with an exception. */
static Py_ssize_t number_of(const Array *text, const Array *at, PyObject *form) {
    char *wanted;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(form, &wanted, &length) < 0) return -2;
    const Py_ssize_t number = first_form(text, at, 0, wanted, length, 0);
    if (number < 0) return -2;
    if (number >= at->length - 1) return -1;
    const int64_t start = integer(at, number), end = integer(at, number + 1);
    if (start < 0 || end < start || end > text->length) { out_of_range(); return -2; }
    return end - start == length && !memcmp((const char *)text->data + start, wanted, (size_t)length) ? number : -1;
}

PyObject *exact(PyObject *module, PyObject *args) {
    PyObject *text_, *at_, *forms, *found = NULL;
    if (!PyArg_ParseTuple(args, "OOO!", &text_, &at_, &PyList_Type, &forms)) return NULL;
    Array text = {0}, at = {0};
    if (array_open(&text, text_) < 0 || array_open(&at, at_) < 0) goto done;
    if (text.type != U8 || at.length < 1) {
        PyErr_SetString(PyExc_TypeError, "these arrays are not those of a dictionary");
        goto done;
    }
    const Py_ssize_t count = PyList_Size(forms);
    found = PyList_New(count);
    for (Py_ssize_t i = 0; found && i < count; i++) {
        const Py_ssize_t number = number_of(&text, &at, PyList_GetItem(forms, i));
        PyObject *value = number == -2 ? NULL : PyLong_FromSsize_t(number);
        if (!value || PyList_SetItem(found, i, value) < 0) Py_CLEAR(found);
    }
done:
    array_close(&text);
    array_close(&at);
    return found;
}
