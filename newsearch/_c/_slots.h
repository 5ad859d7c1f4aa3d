/* The slots of a class, for the compiled modules: by its descriptors, which setattr and getattr look up each time. */

#include <Python.h>

typedef struct {
    PyObject *descriptor;
    descrgetfunc get;
    descrsetfunc set;
} ClassSlot;

/* Finds a slot of a class by its name. Returns -1 with an exception where there is none. */
static int class_slot_open(ClassSlot *slot, PyObject *type, PyObject *name) {
    slot->descriptor = PyObject_GetAttr(type, name);
    if (!slot->descriptor) return -1;
    slot->get = (descrgetfunc)PyType_GetSlot(Py_TYPE(slot->descriptor), Py_tp_descr_get);
    slot->set = (descrsetfunc)PyType_GetSlot(Py_TYPE(slot->descriptor), Py_tp_descr_set);
    if (slot->get && slot->set) return 0;
    PyErr_Format(PyExc_TypeError, "%R of %R is no slot", name, type);
    Py_CLEAR(slot->descriptor);
    return -1;
}
