/* The first articles in an order other than relevance: `foremost` of kernel.py. */

#include "_kernel_top.h"
#include "_spread.h"

typedef struct {
    Array docs;
    const Spread *values, *flags;
    PyObject *held_values, *held_flags;
    int known, is_falling; /* the bit of a flag that tells that there is a value, and whether the highest comes first */
    double least;          /* a value below it is unknown */
    Py_ssize_t part, of_flag; /* of the article before */
} Sort;

static int sort_open(Sort *sort, PyObject *docs, PyObject *values, PyObject *flags) {
    sort->part = sort->of_flag = -1;
    if (articles_open(&sort->docs, docs) < 0 || !(sort->values = spread_of(values, &sort->held_values)) ||
        !(sort->flags = spread_of(flags, &sort->held_flags)))
        return -1;
    if (sort->docs.type == U32) return 0;
    PyErr_SetString(PyExc_TypeError, "articles of type uint32 are expected here");
    return -1;
}

static void sort_close(Sort *sort) {
    array_close(&sort->docs);
    Py_CLEAR(sort->held_values);
    Py_CLEAR(sort->held_flags);
}

/* The key of an article, the highest of which comes first. Returns -1 where the article is outside. */
static inline int key_of(Sort *sort, int64_t doc, double *key) {
    const Spread *values = sort->values, *flags = sort->flags;
    sort->part = spread_find(values, doc, sort->part);
    sort->of_flag = spread_find(flags, doc, sort->of_flag);
    if (sort->part < 0 || sort->of_flag < 0) return -1;
    const double value = number(&values->parts[sort->part], (Py_ssize_t)(doc - values->starts[sort->part]));
    const int64_t flag = integer(&flags->parts[sort->of_flag], (Py_ssize_t)(doc - flags->starts[sort->of_flag]));
    const int is_known = (flag & sort->known) != 0 && value >= sort->least;
    *key = !is_known ? -INFINITY : sort->is_falling ? value : -value;
    return 0;
}

const char foremost_doc[] =
    "foremost(docs, values, flags, known, least, falling, wanted, first): of some articles those of the first values, and how\n"
    "many of them come before place `first`.";

PyObject *foremost(PyObject *module, PyObject *args) {
    PyObject *docs, *values, *flags, *found = NULL;
    Py_ssize_t wanted, first;
    Sort sort = {0};
    Best best = {0};
    if (!PyArg_ParseTuple(args, "OOOidpnn", &docs, &values, &flags, &sort.known, &sort.least, &sort.is_falling, &wanted, &first))
        return NULL;
    if (sort_open(&sort, docs, values, flags) < 0 || best_open(&best, Py_None, Py_None, wanted) < 0) goto done;
    const uint32_t *numbers = sort.docs.data;
    let_go(&best, sort.docs.length);
    for (Py_ssize_t i = 0; i < sort.docs.length; i++) {
        double key;
        if (key_of(&sort, numbers[i], &key) < 0) { best.is_outside = 1; goto done; }
        if (key >= threshold(&best) && best_add(&best, key, numbers[i]) < 0) goto done;
    }
    hold(&best);
    const Py_ssize_t skipped = best_from(&best, first);
    PyObject *foremost = skipped < 0 ? NULL : PyBytes_FromStringAndSize(NULL, best.count * (Py_ssize_t)sizeof(uint32_t));
    if (!foremost) goto done;
    uint32_t *out = (uint32_t *)PyBytes_AsString(foremost);
    for (Py_ssize_t i = 0; i < best.count; i++) out[i] = best.rows[i].doc;
    found = Py_BuildValue("Nn", foremost, skipped);
done:
    hold(&best);
    if (best.is_outside) out_of_range();
    sort_close(&sort);
    best_close(&best);
    return found;
}
