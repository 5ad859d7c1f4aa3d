/* Texts as UTF-8, in their order, and as hashes: the functions of these names in building.py. */

#include "_building.h"

/* Whether it failed, then with an exception. */
int failed_to(int failed) {
    if (failed && !PyErr_Occurred()) PyErr_NoMemory();
    return failed;
}

/* The UTF-8 of a text, which lives as long as `*owner`; lone surrogates are passed on as they are. */
const char *utf8(PyObject *text, Py_ssize_t *length, PyObject **owner) {
    *owner = NULL;
    const char *data = PyUnicode_AsUTF8AndSize(text, length);
    if (data || !PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return data;
    PyErr_Clear();
    *owner = PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass");
    if (!*owner) return NULL;
    *length = PyBytes_Size(*owner);
    return PyBytes_AsString(*owner);
}

int bytes_add_text(Bytes *bytes, PyObject *text) {
    PyObject *owner;
    Py_ssize_t length;
    const char *data = utf8(text, &length, &owner);
    const int failed = !data || failed_to(bytes_add(bytes, data, (size_t)length) < 0);
    Py_XDECREF(owner);
    return -failed;
}

Span *spans_of(PyObject *texts, Py_ssize_t *count, PyObject **owners) {
    *owners = NULL;
    if (!PyList_Check(texts)) { PyErr_SetString(PyExc_TypeError, "a list of texts is expected here"); return NULL; }
    *owners = PyList_GetSlice(texts, 0, PyList_Size(texts));
    *count = *owners ? PyList_Size(*owners) : 0;
    Span *spans = malloc((size_t)(*count + 1) * sizeof *spans);
    int failed = failed_to(!*owners || !spans);
    for (Py_ssize_t i = 0; !failed && i < *count; i++) {
        PyObject *owner;
        Py_ssize_t length;
        spans[i].data = utf8(PyList_GetItem(*owners, i), &length, &owner);
        failed = !spans[i].data || (owner && PyList_Append(*owners, owner) < 0);
        Py_XDECREF(owner);
        spans[i].length = (size_t)length;
    }
    if (!failed) return spans;
    free(spans);
    Py_CLEAR(*owners);
    return NULL;
}

/* ---- sorted texts ---- */

typedef struct {
    uint64_t begin; /* the first bytes, as a number that sorts as they do */
    const Span *span;
} Key;

static int compare(const void *left, const void *right) {
    const Key *a = left, *b = right;
    if (a->begin != b->begin) return a->begin < b->begin ? -1 : 1;
    const size_t shorter = a->span->length < b->span->length ? a->span->length : b->span->length;
    const int order = memcmp(a->span->data, b->span->data, shorter);
    if (order || a->span->length == b->span->length) return order;
    return a->span->length < b->span->length ? -1 : 1;
}

const char sorted_texts_doc[] =
    "sorted_texts(texts): the numbers of different texts in their order, their UTF-8, and where each begins there.";

PyObject *sorted_texts(PyObject *module, PyObject *texts) {
    Py_ssize_t count;
    PyObject *owners;
    Span *spans = spans_of(texts, &count, &owners);
    if (!spans) return NULL;
    size_t total = 0;
    for (Py_ssize_t i = 0; i < count; i++) total += spans[i].length;
    Key *order = malloc((size_t)(count + 1) * sizeof *order);
    PyObject *numbers = PyBytes_FromStringAndSize(NULL, count * 8);
    PyObject *utf8 = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)total);
    PyObject *starts = PyBytes_FromStringAndSize(NULL, (count + 1) * 8), *found = NULL;
    if (!failed_to(!order || !numbers || !utf8 || !starts)) {
        int64_t *number = (int64_t *)PyBytes_AsString(numbers), *start = (int64_t *)PyBytes_AsString(starts);
        char *data = PyBytes_AsString(utf8);
        PyThreadState *state = PyEval_SaveThread();
        for (Py_ssize_t i = 0; i < count; i++) {
            order[i].span = &spans[i];
            order[i].begin = 0;
            for (size_t j = 0; j < 8; j++)
                order[i].begin = order[i].begin << 8 | (j < spans[i].length ? (uint8_t)spans[i].data[j] : 0);
        }
        qsort(order, (size_t)count, sizeof *order, compare);
        start[0] = 0;
        for (Py_ssize_t i = 0; i < count; i++) {
            number[i] = order[i].span - spans;
            memcpy(data + start[i], order[i].span->data, order[i].span->length);
            start[i + 1] = start[i] + (int64_t)order[i].span->length;
        }
        PyEval_RestoreThread(state);
        found = PyTuple_Pack(3, numbers, utf8, starts);
    }
    Py_XDECREF(numbers);
    Py_XDECREF(utf8);
    Py_XDECREF(starts);
    free(order);
    free(spans);
    Py_DECREF(owners);
    return found;
}

/* ---- hashes: BLAKE2b with a digest of 8 bytes and no key (RFC 7693) ---- */

static const uint64_t blake_start[8] = {
    0x6a09e667f3bcc908u, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu, 0xa54ff53a5f1d36f1u,
    0x510e527fade682d1u, 0x9b05688c2b3e6c1fu, 0x1f83d9abfb41bd6bu, 0x5be0cd19137e2179u,
};
static const uint8_t blake_order[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static uint64_t little_endian(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) value = value << 8 | bytes[i];
    return value;
}

static inline uint64_t turned(uint64_t value, int by) { return value >> by | value << (64 - by); }

#define MIX(a, b, c, d, x, y)                                \
    v[a] += v[b] + (x); v[d] = turned(v[d] ^ v[a], 32);      \
    v[c] += v[d];       v[b] = turned(v[b] ^ v[c], 24);      \
    v[a] += v[b] + (y); v[d] = turned(v[d] ^ v[a], 16);      \
    v[c] += v[d];       v[b] = turned(v[b] ^ v[c], 63);

static void blake_block(uint64_t state[8], const uint8_t block[128], uint64_t counted, int is_last) {
    uint64_t v[16], m[16];
    for (int i = 0; i < 16; i++) m[i] = little_endian(block + 8 * i);
    memcpy(v, state, 64);
    memcpy(v + 8, blake_start, 64);
    v[12] ^= counted;
    if (is_last) v[14] = ~v[14];
#pragma GCC unroll 12 /* so that the order is known when this is compiled: twice as fast */
    for (int round = 0; round < 12; round++) {
        const uint8_t *s = blake_order[round % 10];
        MIX(0, 4, 8, 12, m[s[0]], m[s[1]])
        MIX(1, 5, 9, 13, m[s[2]], m[s[3]])
        MIX(2, 6, 10, 14, m[s[4]], m[s[5]])
        MIX(3, 7, 11, 15, m[s[6]], m[s[7]])
        MIX(0, 5, 10, 15, m[s[8]], m[s[9]])
        MIX(1, 6, 11, 12, m[s[10]], m[s[11]])
        MIX(2, 7, 8, 13, m[s[12]], m[s[13]])
        MIX(3, 4, 9, 14, m[s[14]], m[s[15]])
    }
    for (int i = 0; i < 8; i++) state[i] ^= v[i] ^ v[i + 8];
}

uint64_t blake2b_64(const char *data, size_t length) {
    uint64_t state[8];
    uint8_t last[128] = {0};
    memcpy(state, blake_start, sizeof state);
    state[0] ^= 0x01010008u;
    size_t at = 0;
    for (; length - at > 128; at += 128) blake_block(state, (const uint8_t *)data + at, at + 128, 0);
    memcpy(last, data + at, length - at);
    blake_block(state, last, length, 1);
    return state[0]; /* its bytes, read as a little-endian number, are the digest */
}

int hash_text(PyObject *text, uint64_t *hash) {
    PyObject *owner;
    Py_ssize_t length;
    const char *data = utf8(text, &length, &owner);
    if (!data) return -1;
    *hash = blake2b_64(data, (size_t)length);
    Py_XDECREF(owner);
    return 0;
}

const char hash_keys_doc[] = "hash_keys(texts): hash_key of each of a list of texts.";

PyObject *hash_keys(PyObject *module, PyObject *texts) {
    Py_ssize_t count;
    PyObject *owners;
    Span *spans = spans_of(texts, &count, &owners);
    if (!spans) return NULL;
    PyObject *found = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(uint64_t));
    uint64_t *hashes = found ? (uint64_t *)PyBytes_AsString(found) : NULL;
    PyThreadState *state = PyEval_SaveThread();
    for (Py_ssize_t i = 0; hashes && i < count; i++) hashes[i] = blake2b_64(spans[i].data, spans[i].length);
    PyEval_RestoreThread(state);
    free(spans);
    Py_DECREF(owners);
    return found;
}
