/* Lists of articles and their bitmaps: `union`, `ranked` and `numbers` of sieve.py. */

#include "_sieve.h"

const char union_doc[] =
    "union(lists, articles): a bit for every article, in words of 64, whether any of the lists holds it.";

/* Neighbours are collected in a register: to read back what was just written takes longer than all else here. */
#define DEFINE_MARK(NAME, NUMBER)                                                                                    \
    static int NAME(const NUMBER *doc, Py_ssize_t length, uint64_t *bits, Py_ssize_t articles) {                     \
        uint64_t word = 0;                                                                                           \
        Py_ssize_t at = 0;                                                                                           \
        for (Py_ssize_t i = 0; i < length; i++) {                                                                    \
            const Py_ssize_t number_ = (Py_ssize_t)doc[i];                                                           \
            if (number_ >= articles) return -1;                                                                      \
            if (number_ >> 6 != at) {                                                                                \
                bits[at] |= word;                                                                                    \
                at = number_ >> 6;                                                                                   \
                word = 0;                                                                                            \
            }                                                                                                        \
            word |= (uint64_t)1 << (number_ & 63);                                                                   \
        }                                                                                                            \
        if (length) bits[at] |= word;                                                                                \
        return 0;                                                                                                    \
    }
DEFINE_MARK(mark_u16, uint16_t)
DEFINE_MARK(mark_u32, uint32_t)

PyObject *union_(PyObject *module, PyObject *args) {
    PyObject *lists, *found;
    Py_ssize_t articles;
    if (!PyArg_ParseTuple(args, "O!n", &PyList_Type, &lists, &articles)) return NULL;
    if (articles < 0 || articles > UINT32_MAX) return out_of_range();
    const Py_ssize_t size = (articles + 63) / 64 * 8;
    uint64_t *bits = PyMem_Calloc((size_t)size + 8, 1);
    if (!bits) return PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < PyList_Size(lists); i++) {
        Array doc = {0};
        int outside = 0, failed = articles_open(&doc, PyList_GetItem(lists, i)) < 0;
        RELEASED(failed ? 0 : doc.length)
        if (!failed)
            outside = (doc.type == U16 ? mark_u16(doc.data, doc.length, bits, articles)
                                       : mark_u32(doc.data, doc.length, bits, articles)) < 0;
        REGAINED
        array_close(&doc);
        if (outside) out_of_range();
        if (failed || outside) {
            PyMem_Free(bits);
            return NULL;
        }
    }
    found = PyBytes_FromStringAndSize((const char *)bits, size);
    PyMem_Free(bits);
    return found;
}

/* `bits` of a rising list, and before each word of them, how many of the list stand before it; -1 if one is outside.
 * Nothing branches on whether the next is in the same word, which cannot be foreseen. */
#define DEFINE_RANK(NAME, NUMBER)                                                                                    \
    static int NAME(const NUMBER *doc, Py_ssize_t length, uint64_t *bits, uint32_t *ranks, Py_ssize_t articles) {    \
        const Py_ssize_t words = (articles + 63) / 64;                                                               \
        uint64_t word = 0;                                                                                           \
        Py_ssize_t before = 0;                                                                                       \
        for (Py_ssize_t i = 0; i < length; i++) {                                                                    \
            const Py_ssize_t at = (Py_ssize_t)(doc[i] >> 6);                                                         \
            if (doc[i] >= articles || at < before) return -1;                                                        \
            word = (word & -(uint64_t)(at == before)) | (uint64_t)1 << (doc[i] & 63);                                \
            bits[at] = word;                                                                                         \
            ranks[at] = (uint32_t)(i + 1);                                                                           \
            before = at;                                                                                             \
        }                                                                                                            \
        /* From how many there are up to each word that has any. */                                                 \
        uint32_t last = 0;                                                                                           \
        for (Py_ssize_t i = 0; i < words; i++) {                                                                     \
            const uint32_t up_to = ranks[i];                                                                         \
            ranks[i] = last;                                                                                         \
            last = up_to > last ? up_to : last;                                                                      \
        }                                                                                                            \
        return 0;                                                                                                    \
    }
DEFINE_RANK(rank_u16, uint16_t)
DEFINE_RANK(rank_u32, uint32_t)

const char ranked_doc[] =
    "ranked(doc, articles): `union` of one list, and how many of it stand before each word of the bits (uint32).";

PyObject *ranked(PyObject *module, PyObject *args) {
    PyObject *doc_, *bits_ = NULL, *ranks_ = NULL, *found = NULL;
    Py_ssize_t articles;
    Array doc = {0};
    if (!PyArg_ParseTuple(args, "On", &doc_, &articles)) return NULL;
    if (articles < 0 || articles > UINT32_MAX) return out_of_range();
    if (articles_open(&doc, doc_) < 0) goto done;
    const Py_ssize_t words = (articles + 63) / 64;
    bits_ = PyBytes_FromStringAndSize(NULL, words * (Py_ssize_t)sizeof(uint64_t));
    ranks_ = PyBytes_FromStringAndSize(NULL, words * (Py_ssize_t)sizeof(uint32_t));
    if (!bits_ || !ranks_) goto done;
    uint64_t *bits = (uint64_t *)PyBytes_AsString(bits_);
    uint32_t *ranks = (uint32_t *)PyBytes_AsString(ranks_);
    RELEASED(doc.length)
    memset(bits, 0, (size_t)words * sizeof *bits);
    memset(ranks, 0, (size_t)words * sizeof *ranks);
    const int is_outside = (doc.type == U16 ? rank_u16(doc.data, doc.length, bits, ranks, articles)
                                            : rank_u32(doc.data, doc.length, bits, ranks, articles)) < 0;
    REGAINED
    if (is_outside) out_of_range();
    else found = PyTuple_Pack(2, bits_, ranks_);
done:
    Py_XDECREF(bits_);
    Py_XDECREF(ranks_);
    array_close(&doc);
    return found;
}

const char count_doc[] = "count(bits, among=None): how many bits are set, and also set in a second bitmap, if there is one.";

PyObject *count(PyObject *module, PyObject *args) {
    PyObject *bits_, *among_ = Py_None;
    Array bits = {0}, among = {0};
    if (!PyArg_ParseTuple(args, "O|O", &bits_, &among_) || array_open(&bits, bits_) < 0) return NULL;
    if (among_ != Py_None && array_open(&among, among_) < 0) {
        array_close(&bits);
        return NULL;
    }
    const int is_apart = bits.type == I64 && (!among.is_open || (among.type == I64 && among.length == bits.length));
    Py_ssize_t found = 0;
    if (is_apart) {
        const uint64_t *word = bits.data, *other = among.data;
        RELEASED(bits.length)
        for (Py_ssize_t i = 0; i < bits.length; i++) found += bits_set(other ? word[i] & other[i] : word[i]);
        REGAINED
    }
    array_close(&among);
    array_close(&bits);
    if (is_apart) return PyLong_FromSsize_t(found);
    PyErr_SetString(PyExc_TypeError, "bits in words of 64 are expected here, of the same articles");
    return NULL;
}

const char numbers_doc[] = "numbers(bits): the numbers (uint32) of the articles whose bit is set.";

PyObject *numbers(PyObject *module, PyObject *args) {
    PyObject *bits_, *found = NULL;
    if (!PyArg_ParseTuple(args, "O", &bits_)) return NULL;
    Array bits = {0};
    if (array_open(&bits, bits_) < 0) return NULL;
    /* Bytes are taken for the words that they are made of. */
    const Py_ssize_t words = bits.buffer.len / (Py_ssize_t)sizeof(uint64_t);
    if ((bits.type != I64 && bits.type != U8) || words > UINT32_MAX / 64) {
        PyErr_SetString(PyExc_TypeError, "bits in words of 64 are expected here");
        goto done;
    }
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, (const char *)bits.data + i * 8, 8);
        count += bits_set(word);
    }
    found = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(uint32_t));
    uint32_t *doc = found ? (uint32_t *)PyBytes_AsString(found) : NULL;
    RELEASED(count)
    for (Py_ssize_t i = 0; doc && i < words; i++) {
        uint64_t word;
        memcpy(&word, (const char *)bits.data + i * 8, 8);
        for (; word; word &= word - 1) *doc++ = (uint32_t)(i * 64 + lowest_bit(word));
    }
    REGAINED
done:
    array_close(&bits);
    return found;
}
