/* The inner loops of indexing, compiled. Each function does exactly what the one of its name in building.py does in
 * Python and numpy; that one is also what runs where no compiler was at hand.
 *
 * This is the module; its rooms are _building_texts.c, _building_words.c, _building_postings.c, _building_facts.c,
 * _building_signatures.c and _building_urls.c. */

#include "_building.h"

#include "_module.h"

PyObject *imported(const char *module, const char *name) {
    PyObject *found = PyImport_ImportModule(module);
    PyObject *value = found ? PyObject_GetAttrString(found, name) : NULL;
    Py_XDECREF(found);
    return value;
}

static PyMethodDef methods[] = {
    {"sorted_texts", sorted_texts, METH_O, sorted_texts_doc},
    {"inverted", inverted, METH_VARARGS, inverted_doc},
    {"hash_keys", hash_keys, METH_O, hash_keys_doc},
    {"facts", facts, METH_VARARGS, facts_doc},
    {"plain_records", plain_records, METH_O, plain_records_doc},
    {"signatures", signatures, METH_VARARGS, signatures_doc},
    {"url_parts", url_parts, METH_O, url_parts_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_building", "The inner loops of indexing, compiled; see building.py.", 0, methods,
};

PyMODINIT_FUNC PyInit__building(void) {
    PyObject *module = PyModule_Create(&definition);
    if (module && (words_open(module) < 0 || facts_open() < 0)) Py_CLEAR(module);
    static const Constant constants[] = {
        CONSTANT(FIELDS), CONSTANT(MAX_TERM_LENGTH), CONSTANT(MAX_POSITIONS), CONSTANT(MAX_ARTICLES),
        CONSTANT(PUBLISHED), CONSTANT(DATED), CONSTANT(DATE_ONLY), CONSTANT(HAS_HEAT), CONSTANT(HAS_QUALITY),
        CONSTANT(HAS_IMAGE), CONSTANT(HAS_RELATED), CONSTANT(HAS_BODY), CONSTANT(MODIFIED), CONSTANT(MODIFIED_ONLY),
        CONSTANT(TAGGED), CONSTANT(BITS), CONSTANT(LEAD), CONSTANT(TITLE_SHINGLE), CONSTANT(TITLE_SLOTS),
        CONSTANT(TEXT_SHINGLE), CONSTANT(TEXT_SLOTS), CONSTANT(ENDING_WORDS), CONSTANT(KEPT_WORDS),
        CONSTANT(DATELINE_CHUNKS),
    };
    return module_with(module, constants, sizeof constants / sizeof *constants);
}
