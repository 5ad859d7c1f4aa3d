/* Columns whose articles lie in several arrays, compiled: what spread.py does with numpy. */

#include "_arrays.h"

#include "_module.h"
#include "_spread.h"

static void spread_close(Spread *spread) {
    for (Py_ssize_t i = 0; spread->parts && i < spread->count; i++) array_close(&spread->parts[i]);
    PyMem_Free(spread->parts);
    PyMem_Free(spread->starts);
    PyMem_Free(spread);
}

static void capsule_close(PyObject *capsule) { spread_close(PyCapsule_GetPointer(capsule, SPREAD)); }

static const char opened_doc[] =
    "opened(parts): what compiled loops read of the arrays that lie end to end in a list of one array for each segment.";

static PyObject *opened(PyObject *module, PyObject *given) {
    if (!PyList_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "a list of arrays is expected here");
        return NULL;
    }
    Spread *spread = PyMem_Calloc(1, sizeof(Spread));
    if (!spread) return PyErr_NoMemory();
    spread->count = PyList_Size(given);
    spread->parts = PyMem_Calloc((size_t)spread->count + 1, sizeof(Array));
    spread->starts = PyMem_Calloc((size_t)spread->count + 1, sizeof(int64_t));
    if (!spread->parts || !spread->starts) {
        spread_close(spread);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < spread->count; i++) {
        if (array_open(&spread->parts[i], PyList_GetItem(given, i)) < 0) {
            spread_close(spread);
            return NULL;
        }
        spread->starts[i + 1] = spread->starts[i] + spread->parts[i].length;
    }
    PyObject *capsule = PyCapsule_New(spread, SPREAD, capsule_close);
    if (!capsule) spread_close(spread);
    return capsule;
}

/* The values of articles from the first place on that lie in one part. Returns the place of the first one that does not. */
#define TAKE_RUN(TYPE, PART, NUMBER)                                                                                 \
    case TYPE:                                                                                                       \
        for (; i < count && (uint64_t)(docs[i] - start) < length; i++)                                               \
            ((NUMBER *)values)[i] = (NUMBER)((const PART *)part->data)[docs[i] - start];                             \
        return i;

#define DEFINE_TAKE(NAME, NUMBER)                                                                                    \
    static Py_ssize_t NAME(const Array *part, int64_t start, const uint32_t *docs, Py_ssize_t i, Py_ssize_t count,   \
                           void *values) {                                                                           \
        const uint64_t length = (uint64_t)part->length;                                                              \
        switch (part->type) {                                                                                        \
            TAKE_RUN(U8, uint8_t, NUMBER)                                                                            \
            TAKE_RUN(U16, uint16_t, NUMBER)                                                                          \
            TAKE_RUN(U32, uint32_t, NUMBER)                                                                          \
            TAKE_RUN(I32, int32_t, NUMBER)                                                                           \
            TAKE_RUN(I64, int64_t, NUMBER)                                                                           \
            TAKE_RUN(F64, double, NUMBER)                                                                            \
            default: return -1;                                                                                      \
        }                                                                                                            \
    }
DEFINE_TAKE(take_u8, uint8_t)
DEFINE_TAKE(take_u16, uint16_t)
DEFINE_TAKE(take_u32, uint32_t)
DEFINE_TAKE(take_i32, int32_t)
DEFINE_TAKE(take_i64, int64_t)
DEFINE_TAKE(take_f64, double)

typedef Py_ssize_t (*Take)(const Array *, int64_t, const uint32_t *, Py_ssize_t, Py_ssize_t, void *);
static const Take takes[] = {[U8] = take_u8, [U16] = take_u16, [U32] = take_u32, [I32] = take_i32, [I64] = take_i64, [F64] = take_f64};

/* -1 if an article is in no part. Articles that follow each other are mostly in the same one. */
static int take_all(const Spread *spread, const uint32_t *docs, Py_ssize_t count, const Array *values) {
    Py_ssize_t part = -1;
    for (Py_ssize_t i = 0; i < count;) {
        if ((part = spread_find(spread, docs[i], part)) < 0) return -1;
        const Array *from = &spread->parts[part];
        const Py_ssize_t next = takes[values->type](from, spread->starts[part], docs, i, count, values->buffer.buf);
        if (next <= i) return -1;
        i = next;
    }
    return 0;
}

/* The same articles as uint32, in memory to be freed; NULL with an exception if one of them cannot be. */
static uint32_t *narrowed(const Array *docs) {
    uint32_t *numbers = PyMem_Malloc(((size_t)docs->length + 1) * sizeof *numbers);
    if (!numbers) PyErr_NoMemory();
    for (Py_ssize_t i = 0; numbers && i < docs->length; i++) {
        const int64_t doc = integer(docs, i);
        numbers[i] = (uint32_t)doc;
        if (doc >= 0 && doc < UINT32_MAX) continue;
        PyMem_Free(numbers);
        numbers = NULL;
        out_of_range();
    }
    return numbers;
}

static const char take_doc[] =
    "take(opened, docs, values): write the value of each of some articles into an array of a type that holds them all.";

static PyObject *take(PyObject *module, PyObject *args) {
    PyObject *capsule, *docs_, *values_;
    Array docs = {0}, values = {0};
    if (!PyArg_ParseTuple(args, "OOO", &capsule, &docs_, &values_)) return NULL;
    const Spread *spread = PyCapsule_GetPointer(capsule, SPREAD);
    if (!spread || array_open(&docs, docs_) < 0) return NULL;
    if (array_open(&values, values_) < 0) {
        array_close(&docs);
        return NULL;
    }
    uint32_t *narrow = NULL;
    int is_taken = 0;
    if (docs.type == F64 || values.length < docs.length || values.buffer.readonly) {
        PyErr_SetString(PyExc_TypeError, "numbers of articles, and room for their values, are expected here");
    } else if (docs.type == U32 || (narrow = narrowed(&docs))) {
        RELEASED(docs.length)
        is_taken = take_all(spread, narrow ? narrow : docs.data, docs.length, &values) == 0;
        REGAINED
        if (!is_taken) out_of_range();
    }
    PyMem_Free(narrow);
    array_close(&docs);
    array_close(&values);
    if (!is_taken) return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"opened", opened, METH_O, opened_doc},
    {"take", take, METH_VARARGS, take_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_spread", "Columns of several arrays, compiled; see spread.py.", 0, methods,
};

PyMODINIT_FUNC PyInit__spread(void) { return module_with(PyModule_Create(&definition), NULL, 0); }
