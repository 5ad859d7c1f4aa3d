/* The first articles in an order other than relevance: `foremost` of kernel.py. */

#include "_kernel_top.h"
#include "_spread.h"

typedef struct {
    Array docs, ceilings; /* the highest key of every SORTED_CHUNK articles, or not open */
    PyObject *held[2];
    const Spread *values, *flags;
    int known, is_falling; /* the bit of a flag that tells that there is a value, and whether the highest comes first */
    double least;          /* a value below it is unknown */
} Sort;

static int sort_open(Sort *sort, PyObject *docs, PyObject *values, PyObject *flags, PyObject *ceilings) {
    if (articles_open(&sort->docs, docs) < 0 || (ceilings != Py_None && array_open(&sort->ceilings, ceilings) < 0) || !(sort->values = spread_of(values, &sort->held[0])) ||
        !(sort->flags = spread_of(flags, &sort->held[1])))
        return -1;
    const Py_ssize_t count = sort->values->count;
    int is_fitting = sort->docs.type == U32 && sort->flags->count == count &&
                     (!sort->ceilings.is_open || sort->ceilings.type == F64);
    for (Py_ssize_t i = 0; is_fitting && i < count; i++)
        is_fitting = sort->values->starts[i + 1] == sort->flags->starts[i + 1] && sort->flags->parts[i].type != F64;
    if (is_fitting) return 0;
    PyErr_SetString(PyExc_TypeError, "articles of type uint32, and a value and a flag of each article are expected here");
    return -1;
}

static void sort_close(Sort *sort) {
    array_close(&sort->docs);
    array_close(&sort->ceilings);
    Py_XDECREF(sort->held[0]);
    Py_XDECREF(sort->held[1]);
}

#define VALUES(TYPE, NUMBER)                                                                                         \
    case TYPE:                                                                                                       \
        for (int i = 0; i < count; i++) keys[i] = (double)((const NUMBER *)values->data)[docs[i] - start];           \
        break;

/* The keys of some articles of one segment, the highest of which comes first, as far as the values tell. */
static void keys_of(const Sort *sort, Py_ssize_t part, const uint32_t *docs, int count, double *keys) {
    const Array *values = &sort->values->parts[part];
    const int64_t start = sort->values->starts[part];
    switch (values->type) {
        VALUES(U8, uint8_t)
        VALUES(U16, uint16_t)
        VALUES(U32, uint32_t)
        VALUES(I32, int32_t)
        VALUES(I64, int64_t)
        VALUES(F64, double)
        default: break;
    }
    for (int i = 0; i < count; i++) keys[i] = !(keys[i] >= sort->least) ? -INFINITY : sort->is_falling ? keys[i] : -keys[i];
}

/* The places of those keys that reach the threshold. */
static int sift_keys(const double *keys, int count, double least, uint8_t *places) {
    int any = 0, kept = 0;
    for (int i = 0; i < count; i++) any |= keys[i] >= least;
    for (int i = 0; any && i < count; i++) {
        places[kept] = (uint8_t)i;
        kept += keys[i] >= least;
    }
    return kept;
}

/* Those of some articles whose ceilings reach the threshold; returns how many these are. */
static int keep_likely(const Sort *sort, double least, const uint32_t *docs, int count, uint32_t *kept_) {
    const double *ceilings = sort->ceilings.data;
    int kept = 0;
    for (int i = 0; i < count; i++) {
        const Py_ssize_t chunk = (Py_ssize_t)(docs[i] / SORTED_CHUNK);
        kept_[kept] = docs[i];
        kept += chunk >= sort->ceilings.length || ceilings[chunk] >= least;
    }
    return kept;
}

/* Add those of a block of articles of one segment that reach the threshold. */
static int add_block(Best *best, const Sort *sort, Py_ssize_t part, const uint32_t *docs, int count) {
    const int64_t start = sort->values->starts[part], size = sort->values->starts[part + 1] - start;
    const double least = threshold(best);
    double keys[BLOCK];
    uint32_t likely[BLOCK];
    uint8_t places[BLOCK];
    for (int i = 0; i < count; i++) best->is_outside |= docs[i] - start < 0 || docs[i] - start >= size;
    if (best->is_outside) return -1;
    if (sort->ceilings.is_open && least > -INFINITY) {
        count = keep_likely(sort, least, docs, count, likely);
        docs = likely;
    }
    keys_of(sort, part, docs, count, keys);
    const int kept = sift_keys(keys, count, least, places);
    for (int i = 0; i < kept; i++) {
        const uint32_t doc = docs[places[i]];
        if (keys[places[i]] < threshold(best)) continue;
        /* Flags are read of those alone whose value matters. */
        const int64_t flag = integer(&sort->flags->parts[part], (Py_ssize_t)(doc - start));
        const double key = flag & sort->known ? keys[places[i]] : -INFINITY;
        if (key >= threshold(best) && best_add(best, key, doc) < 0) return -1;
    }
    return 0;
}

static int add_sorted(Best *best, const Sort *sort) {
    const uint32_t *docs = sort->docs.data;
    for (Py_ssize_t at = 0, part = -1; at < sort->docs.length;) {
        if ((part = spread_find(sort->values, docs[at], part)) < 0) { best->is_outside = 1; return -1; }
        const Py_ssize_t end = seek_u32(docs, sort->docs.length, at, sort->values->starts[part + 1]);
        for (; at < end; at += BLOCK) {
            const int count = end - at < BLOCK ? (int)(end - at) : BLOCK;
            if (add_block(best, sort, part, docs + at, count) < 0) return -1;
            looked_at(best, count);
        }
        at = end;
    }
    return 0;
}

const char foremost_doc[] =
    "foremost(docs, visible, passes, values, flags, known, least, falling, ceilings, wanted, first): of some articles those\n"
    "of the first values, their keys, and how many of them come before place `first`.";

PyObject *foremost(PyObject *module, PyObject *args) {
    PyObject *docs, *visible, *passes, *values, *flags, *ceilings, *found = NULL;
    Py_ssize_t wanted, first;
    Sort sort = {0};
    Best best = {0};
    if (!PyArg_ParseTuple(args, "OOOOOidpOnn", &docs, &visible, &passes, &values, &flags, &sort.known, &sort.least,
                          &sort.is_falling, &ceilings, &wanted, &first))
        return NULL;
    if (sort_open(&sort, docs, values, flags, ceilings) < 0 || best_open(&best, visible, passes, wanted) < 0) goto done;
    if (add_sorted(&best, &sort) < 0) goto done;
    hold(&best);
    const Py_ssize_t skipped = best_from(&best, first);
    PyObject *numbers = skipped < 0 ? NULL : PyBytes_FromStringAndSize(NULL, best.count * (Py_ssize_t)sizeof(uint32_t));
    PyObject *keys = numbers ? PyBytes_FromStringAndSize(NULL, best.count * (Py_ssize_t)sizeof(double)) : NULL;
    if (keys) {
        uint32_t *doc = (uint32_t *)PyBytes_AsString(numbers);
        double *key = (double *)PyBytes_AsString(keys);
        for (Py_ssize_t i = 0; i < best.count; i++) {
            doc[i] = best.rows[i].doc;
            key[i] = best.rows[i].score;
        }
        found = Py_BuildValue("OOn", numbers, keys, skipped);
    }
    Py_XDECREF(numbers);
    Py_XDECREF(keys);
done:
    hold(&best);
    if (best.is_outside) out_of_range();
    sort_close(&sort);
    best_close(&best);
    return found;
}
