/* What the parts of _sieve share, see _sieve.c. */

#include "_arrays.h"

extern const char union_doc[], ranked_doc[], count_doc[], numbers_doc[], with_part_doc[], beginning_doc[], marked_doc[], tally_doc[];
PyObject *union_(PyObject *module, PyObject *args);
PyObject *ranked(PyObject *module, PyObject *args);
PyObject *count(PyObject *module, PyObject *args);
PyObject *numbers(PyObject *module, PyObject *args);
PyObject *with_part(PyObject *module, PyObject *args);
PyObject *beginning(PyObject *module, PyObject *args);
PyObject *marked_(PyObject *module, PyObject *args);
PyObject *tally(PyObject *module, PyObject *args);
