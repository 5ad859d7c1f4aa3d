/* The occurrences of forms in the segments, and the lengths of the text fields that they stand in. */

#include "_kernel.h"
#include "_spread.h"

#define NUMBERS 65536 /* articles that a segment can have, and positions of an article */

/* The postings of a form in a segment, or of several, one after the other. */
typedef struct { Array doc, code, pos, more_doc, more_pos; Py_ssize_t start; int is_several; } Form;

static inline void forms_close(Form *forms, Py_ssize_t count) {
    for (Py_ssize_t i = 0; forms && i < count; i++) {
        array_close(&forms[i].doc);
        array_close(&forms[i].code);
        array_close(&forms[i].pos);
        array_close(&forms[i].more_doc);
        array_close(&forms[i].more_pos);
    }
    PyMem_Free(forms);
}

static inline int is_small(const Array *array) { return array->type == U8 || array->type == U16; }

static inline int form_open(Form *form, PyObject *item) {
    PyObject *doc, *code, *pos, *more_doc, *more_pos;
    if (!item || !PyArg_ParseTuple(item, "OOOOOnp", &doc, &code, &pos, &more_doc, &more_pos, &form->start,
                                   &form->is_several)) return -1;
    if (array_open(&form->doc, doc) < 0 || array_open(&form->code, code) < 0 || array_open(&form->pos, pos) < 0 ||
        array_open(&form->more_doc, more_doc) < 0 || array_open(&form->more_pos, more_pos) < 0)
        return -1;
    if (form->doc.type == U16 && form->code.type == U8 && form->more_doc.type == U16 && is_small(&form->pos) &&
        is_small(&form->more_pos) && form->code.length >= form->doc.length && form->pos.length >= form->doc.length &&
        form->more_pos.length >= form->more_doc.length && form->start >= 0 && form->start <= UINT32_MAX - NUMBERS)
        return 0;
    PyErr_SetString(PyExc_ValueError, "these arrays are not the occurrences of a form in a segment");
    return -1;
}

/* How many of the forms, from the first on, are of the same segment. */
static inline Py_ssize_t of_segment(const Form *forms, Py_ssize_t count) {
    Py_ssize_t same = 1;
    while (same < count && forms[same].start == forms->start) same++;
    return same;
}

/* The number of words in each text field, a column for each. */
typedef struct {
    const Spread *fields[FIELDS];
    PyObject *held[FIELDS];
    Py_ssize_t part; /* of the article that was asked for last */
} Lengths;

static inline void lengths_close(Lengths *lengths) {
    for (int i = 0; i < FIELDS; i++) Py_CLEAR(lengths->held[i]);
}

/* From a spread.Table; all of its columns have the same segments. */
static inline int lengths_open(Lengths *lengths, PyObject *table) {
    PyObject *columns = PyObject_GetAttrString(table, "columns");
    int is_fitting = columns && PyTuple_Check(columns) && PyTuple_Size(columns) == FIELDS;
    for (int i = 0; is_fitting && i < FIELDS; i++) {
        const Spread *field = spread_of(PyTuple_GetItem(columns, i), &lengths->held[i]);
        if (!field) break;
        lengths->fields[i] = field;
        is_fitting = field->count == lengths->fields[0]->count &&
                     !memcmp(field->starts, lengths->fields[0]->starts, (size_t)(field->count + 1) * sizeof(int64_t));
        for (Py_ssize_t part = 0; is_fitting && part < field->count; part++) is_fitting = field->parts[part].type != F64;
    }
    Py_XDECREF(columns);
    lengths->part = -1;
    if (!is_fitting && !PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a length for each field is expected here");
    return PyErr_Occurred() ? -1 : 0;
}

/* The end of each field of an article, in words from its start; -1 if there is no such article. */
static inline int find_ends(Lengths *lengths, int64_t doc, int32_t *ends) {
    lengths->part = spread_find(lengths->fields[0], doc, lengths->part);
    if (lengths->part < 0) return -1;
    int64_t end = 0;
    for (int i = 0; i < FIELDS; i++) {
        const Spread *field = lengths->fields[i];
        const int64_t length = integer(&field->parts[lengths->part], (Py_ssize_t)(doc - field->starts[lengths->part]));
        end += length < 0 || length > UINT16_MAX ? UINT16_MAX + 1 : length;
        ends[i] = (int32_t)end;
    }
    return 0;
}
