/* The inner loops of a search, compiled. Each function does exactly what the one of its name in kernel.py does with
 * numpy, to the last bit of a score; that one is also what runs where no compiler was at hand.
 *
 * This is the module; its rooms are _kernel_best.c, _kernel_sorted.c and _kernel_top.c, _kernel_lists.c, _kernel_codes.c,
 * _kernel_slots.c, _kernel_field.c, _kernel_tables.c, _kernel_together.c, _kernel_words.c, _kernel_near.c and
 * _kernel_edits.c. */

#include "_kernel.h"

#include "_module.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

static const char give_back_doc[] = "give_back(): give memory that was freed back to the system, where the C library keeps it.";

static PyObject *give_back(PyObject *module, PyObject *args) {
#ifdef __GLIBC__
    Py_BEGIN_ALLOW_THREADS
    malloc_trim(0);
    Py_END_ALLOW_THREADS
#endif
    return Py_NewRef(Py_None);
}

static PyMethodDef methods[] = {
    {"any_of", any_of, METH_VARARGS, any_of_doc},
    {"best_complete", best_complete, METH_VARARGS, best_complete_doc},
    {"best_partial", best_partial, METH_VARARGS, best_partial_doc},
    {"places_of", places_of, METH_VARARGS, places_of_doc},
    {"postings", postings, METH_VARARGS, postings_doc},
    {"foremost", foremost, METH_VARARGS, foremost_doc},
    {"one_edit", one_edit, METH_VARARGS, one_edit_doc},
    {"numbered", numbered, METH_VARARGS, numbered_doc},
    {"held_by", held_by, METH_VARARGS, held_by_doc},
    {"common", common, METH_VARARGS, common_doc},
    {"count", count_, METH_VARARGS, count_doc},
    {"count_any", count_any, METH_VARARGS, count_any_doc},
    {"counted", counted, METH_VARARGS, counted_doc},
    {"best_codes", best_codes, METH_VARARGS, best_codes_doc},
    {"together", together, METH_VARARGS, together_doc},
    {"begun", begun, METH_VARARGS, begun_doc},
    {"exact", exact, METH_VARARGS, exact_doc},
    {"similar", similar, METH_VARARGS, similar_doc},
    {"near", near, METH_VARARGS, near_doc},
    {"merged", merged, METH_VARARGS, merged_doc},
    {"by_length", by_length, METH_VARARGS, by_length_doc},
    {"holds", holds, METH_VARARGS, holds_doc},
    {"in_field", in_field, METH_VARARGS, in_field_doc},
    {"scores", scores, METH_VARARGS, scores_doc},
    {"scan", scan, METH_VARARGS, scan_doc},
    {"united", united, METH_VARARGS, united_doc},
    {"give_back", give_back, METH_NOARGS, give_back_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_kernel", "The inner loops of a search, compiled; see kernel.py.", 0, methods,
};

static const Constant constants[] = {
    CONSTANT(FIELDS), CONSTANT(BLOCK), CONSTANT(CHUNK), CONSTANT(SORTED_CHUNK), CONSTANT(PARTS), CONSTANT(K1),
};

PyMODINIT_FUNC PyInit__kernel(void) {
    return module_with(PyModule_Create(&definition), constants, sizeof constants / sizeof *constants);
}
