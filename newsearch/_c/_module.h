/* What every compiled module tells of itself, so that newsearch/_compiled.py can refuse one that is stale. */

#include <Python.h>

#ifndef SOURCE
#error "setup.py builds this, and defines SOURCE: the fingerprint of these files"
#endif

typedef struct {
    const char *name;
    double value;
} Constant;

#define CONSTANT(name) {#name, name}

/* Adds SOURCE and CONSTANTS to a module, which stand in Python, too. Returns -1 with an exception where that fails. */
static int module_tells(PyObject *module, const Constant *constants, size_t count) {
    PyObject *told = PyDict_New();
    int failed = !told;
    for (size_t i = 0; !failed && i < count; i++) {
        PyObject *value = PyFloat_FromDouble(constants[i].value);
        failed = !value || PyDict_SetItemString(told, constants[i].name, value) < 0;
        Py_XDECREF(value);
    }
    PyObject *source = PyLong_FromUnsignedLong(SOURCE);
    failed = failed || !source || PyModule_AddObjectRef(module, "SOURCE", source) < 0 ||
             PyModule_AddObjectRef(module, "CONSTANTS", told) < 0;
    Py_XDECREF(source);
    Py_XDECREF(told);
    return -failed;
}

/* A module that is ready but for what it tells; the reference to it is taken over. */
static PyObject *module_with(PyObject *module, const Constant *constants, size_t count) {
    if (module && module_tells(module, constants, count) < 0) Py_CLEAR(module);
    return module;
}
