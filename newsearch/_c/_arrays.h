/* What the compiled loops share: arrays that Python gave, and numbers of articles in them.
 *
 * Everything that is read here may come from a damaged or hostile file: every number that leads into an array is
 * compared with its length first. Unsorted lists give wrong answers, never wrong memory. Only the limited API of
 * Python is used, so that one build serves every Python from 3.11 on. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stdint.h>
#include <string.h>

/* What every article of an index has by its number is implied, and not stored: the number itself, and a value of 1. */
typedef enum { U8, U16, U32, I32, I64, F64, IMPLIED } Type;

typedef struct {
    Py_buffer buffer;
    const void *data;
    Py_ssize_t length;
    Type type;
    int is_open;
} Array;

static inline void array_close(Array *array) {
    if (array->is_open) PyBuffer_Release(&array->buffer);
    array->is_open = 0;
}

static inline int array_open(Array *array, PyObject *object) {
    if (PyObject_GetBuffer(object, &array->buffer, PyBUF_ND | PyBUF_FORMAT) < 0) return -1;
    array->is_open = 1;
    array->data = array->buffer.buf;
    array->length = array->buffer.itemsize ? array->buffer.len / array->buffer.itemsize : 0;
    const char *format = array->buffer.format ? array->buffer.format : "B";
    const Py_ssize_t size = array->buffer.itemsize;
    if (strlen(format) == 1) {
        if (strchr("B?", *format) && size == 1) { array->type = U8; return 0; }
        if (*format == 'H' && size == 2) { array->type = U16; return 0; }
        if (strchr("IL", *format) && size == 4) { array->type = U32; return 0; }
        if (strchr("il", *format) && size == 4) { array->type = I32; return 0; }
        if (strchr("lqLQ", *format) && size == 8) { array->type = I64; return 0; }
        if (*format == 'd') { array->type = F64; return 0; }
    }
    PyErr_Format(PyExc_TypeError, "no array of type %s is expected here", format);
    return -1;
}

static inline int64_t integer(const Array *array, Py_ssize_t i) {
    switch (array->type) {
        case U8: return ((const uint8_t *)array->data)[i];
        case U16: return ((const uint16_t *)array->data)[i];
        case U32: return ((const uint32_t *)array->data)[i];
        case I32: return ((const int32_t *)array->data)[i];
        case I64: return ((const int64_t *)array->data)[i];
        case IMPLIED: return 1;
        default: return (int64_t)((const double *)array->data)[i];
    }
}

static inline double number(const Array *array, Py_ssize_t i) {
    return array->type == F64 ? ((const double *)array->data)[i] : (double)integer(array, i);
}

/* The first place at or after `from` whose element is not below `wanted`: by doubling steps, then by halving. */
#define DEFINE_SEEK(NAME, NUMBER)                                                                                    \
    static inline Py_ssize_t NAME(const NUMBER *sorted, Py_ssize_t length, Py_ssize_t from, int64_t wanted) {        \
        if (from >= length || sorted[from] >= wanted) return from;                                                   \
        Py_ssize_t low = from, step = 1, high = from + 1;                                                            \
        while (high < length && sorted[high] < wanted) {                                                             \
            low = high;                                                                                              \
            step *= 2;                                                                                               \
            high = low + step;                                                                                       \
        }                                                                                                            \
        if (high > length) high = length;                                                                            \
        while (low + 1 < high) {                                                                                     \
            const Py_ssize_t middle = low + (high - low) / 2;                                                        \
            if (sorted[middle] < wanted) low = middle; else high = middle;                                           \
        }                                                                                                            \
        return high;                                                                                                 \
    }
DEFINE_SEEK(seek_u16, uint16_t)
DEFINE_SEEK(seek_u32, uint32_t)

/* Lists of articles are of two types only. */
static inline int articles_open(Array *array, PyObject *object) {
    if (array_open(array, object) < 0) return -1;
    if (array->type == U16 || array->type == U32) return 0;
    PyErr_SetString(PyExc_TypeError, "numbers of articles of type uint16 or uint32 are expected here");
    return -1;
}

static inline Py_ssize_t seek(const Array *sorted, Py_ssize_t from, int64_t wanted) {
    if (sorted->type == IMPLIED) return wanted < from ? from : wanted < sorted->length ? (Py_ssize_t)wanted : sorted->length;
    return sorted->type == U16 ? seek_u16(sorted->data, sorted->length, from, wanted)
                               : seek_u32(sorted->data, sorted->length, from, wanted);
}

static inline int64_t article(const Array *articles, Py_ssize_t i) {
    if (articles->type == U32) return ((const uint32_t *)articles->data)[i];
    return articles->type == U16 ? ((const uint16_t *)articles->data)[i] : i;
}

static inline int bits_set(uint64_t word) {
    word -= word >> 1 & 0x5555555555555555;
    word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
    return (int)((((word + (word >> 4)) & 0x0F0F0F0F0F0F0F0F) * 0x0101010101010101) >> 56);
}

/* The place of the lowest bit of a word that has any. */
static inline int lowest_bit(uint64_t word) {
#ifdef __GNUC__
    return __builtin_ctzll(word);
#else
    return bits_set((word & (~word + 1)) - 1);
#endif
}

static inline PyObject *out_of_range(void) {
    PyErr_SetString(PyExc_ValueError, "an article's number lies outside the index");
    return NULL;
}

/* A loop over so many postings or more lets other threads run meanwhile. To hand over the interpreter's lock takes 20 us,
 * as long as some ten thousand of them: with a quarter as many, two threads answer fewer short queries than one, and with
 * four times as many they gain nothing from counts and facets. Between the two nothing of Python may be called. */
#define LONG 16384
#define RELEASED(WORK) PyThreadState *const thread_ = (WORK) >= LONG ? PyEval_SaveThread() : NULL;
#define REGAINED if (thread_) PyEval_RestoreThread(thread_);
