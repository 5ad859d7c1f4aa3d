/* The first articles in an order other than relevance: `foremost` of kernel.py. */

#include "_kernel_top.h"

typedef struct {
    Array docs, values, flags;
    int known, is_falling; /* the bit of a flag that tells that there is a value, and whether the highest comes first */
    double least;          /* a value below it is unknown */
} Sort;

static int sort_open(Sort *sort, PyObject *docs, PyObject *values, PyObject *flags) {
    if (articles_open(&sort->docs, docs) < 0 || array_open(&sort->values, values) < 0 || array_open(&sort->flags, flags) < 0)
        return -1;
    if (sort->docs.type == U32 && sort->flags.type == U16 && sort->values.length == sort->flags.length) return 0;
    PyErr_SetString(PyExc_TypeError, "articles of type uint32, a value of each and a flag of type uint16 are expected here");
    return -1;
}

static void sort_close(Sort *sort) {
    array_close(&sort->docs);
    array_close(&sort->values);
    array_close(&sort->flags);
}

#define VALUES(TYPE, NUMBER)                                                                                         \
    case TYPE:                                                                                                       \
        for (int i = 0; i < count; i++) keys[i] = (double)((const NUMBER *)sort->values.data)[docs[i]];              \
        break;

/* The keys of some articles, the highest of which comes first. Returns -1 where an article is outside. */
static int keys_of(const Sort *sort, const uint32_t *docs, int count, double *keys) {
    const uint16_t *flags = sort->flags.data;
    for (int i = 0; i < count; i++)
        if (docs[i] >= sort->flags.length) return -1;
    switch (sort->values.type) {
        VALUES(U8, uint8_t)
        VALUES(U16, uint16_t)
        VALUES(U32, uint32_t)
        VALUES(I32, int32_t)
        VALUES(I64, int64_t)
        VALUES(F64, double)
    }
    for (int i = 0; i < count; i++) {
        const int is_known = (flags[docs[i]] & sort->known) != 0 && keys[i] >= sort->least;
        keys[i] = !is_known ? -INFINITY : sort->is_falling ? keys[i] : -keys[i];
    }
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
    for (Py_ssize_t block = 0; block < sort.docs.length; block += BLOCK) {
        const int count = sort.docs.length - block < BLOCK ? (int)(sort.docs.length - block) : BLOCK;
        double keys[BLOCK];
        if (keys_of(&sort, numbers + block, count, keys) < 0) { best.is_outside = 1; goto done; }
        for (int i = 0; i < count; i++)
            if (keys[i] >= threshold(&best) && best_add(&best, keys[i], numbers[block + i]) < 0) goto done;
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
