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

#define TAKE(TYPE, NUMBER)                                                                                           \
    case TYPE:                                                                                                       \
        for (Py_ssize_t i = 0; i < docs->length; i++) {                                                              \
            const int64_t doc = integer(docs, i);                                                                    \
            if ((part = spread_find(spread, doc, part)) < 0) return -1;                                              \
            ((NUMBER *)values)[i] = (NUMBER)integer(&spread->parts[part], (Py_ssize_t)(doc - spread->starts[part])); \
        }                                                                                                            \
        return 0;

static int take_all(const Spread *spread, const Array *docs, Type type, void *values) {
    Py_ssize_t part = -1;
    switch (type) {
        TAKE(U8, uint8_t)
        TAKE(U16, uint16_t)
        TAKE(U32, uint32_t)
        TAKE(I32, int32_t)
        TAKE(I64, int64_t)
        case F64:
            for (Py_ssize_t i = 0; i < docs->length; i++) {
                const int64_t doc = integer(docs, i);
                if ((part = spread_find(spread, doc, part)) < 0) return -1;
                ((double *)values)[i] = number(&spread->parts[part], (Py_ssize_t)(doc - spread->starts[part]));
            }
            return 0;
        default: return -1;
    }
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
    int is_outside = 0, is_fitting = docs.type != F64 && values.length >= docs.length && !values.buffer.readonly;
    if (is_fitting) {
        RELEASED(docs.length)
        is_outside = take_all(spread, &docs, values.type, values.buffer.buf) < 0;
        REGAINED
    } else {
        PyErr_SetString(PyExc_TypeError, "numbers of articles, and room for their values, are expected here");
    }
    array_close(&docs);
    array_close(&values);
    if (is_outside) return out_of_range();
    if (!is_fitting) return NULL;
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
