/* Dot products of sparse vectors, compiled: what likeness.py does block by block in numpy. */

#include "_arrays.h"

#include "_module.h"

#include <stdlib.h>

#define MAX_TERMS 2147483647 /* see likeness.py */

typedef struct {
    uint32_t *one, *other;
    double *product;
    Py_ssize_t count, room;
} Pairs;

static void pairs_free(Pairs *pairs) {
    free(pairs->one);
    free(pairs->other);
    free(pairs->product);
}

static int pairs_add(Pairs *pairs, uint32_t one, uint32_t other, double product) {
    if (pairs->count == pairs->room) {
        const Py_ssize_t room = pairs->room ? 2 * pairs->room : 4096;
        void *grown = realloc(pairs->one, room * sizeof(uint32_t));
        if (!grown) return -1;
        pairs->one = grown;
        if (!(grown = realloc(pairs->other, room * sizeof(uint32_t)))) return -1;
        pairs->other = grown;
        if (!(grown = realloc(pairs->product, room * sizeof(double)))) return -1;
        pairs->product = grown;
        pairs->room = room;
    }
    pairs->one[pairs->count] = one;
    pairs->other[pairs->count] = other;
    pairs->product[pairs->count++] = product;
    return 0;
}

typedef struct {
    uint32_t article;
    double weight;
} Posting;

static int refused(const char *what) {
    PyErr_SetString(PyExc_ValueError, what);
    return -1;
}

/* Each vector's place in order, its terms in order, its horizon: everything that leads into an array is checked. */
static int check(const Array *starts, const Array *terms, const Array *weights, const Array *horizons, int64_t size) {
    const Py_ssize_t count = horizons->length;
    if (starts->type != I64 || terms->type != I64 || horizons->type != I64 || weights->type != F64)
        return refused("these arrays are no vectors");
    const int64_t *at = starts->data, *term = terms->data, *horizon = horizons->data;
    if (starts->length != count + 1 || terms->length != weights->length || count >= UINT32_MAX || size < 0 ||
        size > MAX_TERMS || at[0] != 0 || at[count] != terms->length)
        return refused("these vectors do not fit together");
    for (Py_ssize_t i = 0; i < count; i++) {
        if (at[i + 1] < at[i]) return refused("these vectors overlap");
        if (horizon[i] < 0 || horizon[i] > count) return refused("a horizon lies outside the vectors");
    }
    for (Py_ssize_t i = 0; i < terms->length; i++) {
        if (term[i] < 0 || term[i] >= size) return refused("a term lies outside the vocabulary");
    }
    return 0;
}

/* The pairs of vectors that are alike; -1 without memory. The interpreter's lock is not needed.
 *
 * `first` has, for each term, the place of its first posting; `next` has room for as many; `row` for every vector. */
static int multiply(const Array *starts, const Array *terms, const Array *weights, const Array *horizons, int64_t size,
                    double least, Py_ssize_t *first, Py_ssize_t *next, Posting *postings, double *row, Pairs *pairs) {
    const int64_t *at = starts->data, *term = terms->data, *horizon = horizons->data;
    const double *weight = weights->data;
    const Py_ssize_t count = horizons->length;
    for (Py_ssize_t i = 0; i < terms->length; i++) first[term[i] + 1]++;
    for (int64_t t = 0; t < size; t++) first[t + 1] += first[t];
    memcpy(next, first, size * sizeof(*next));
    for (Py_ssize_t i = 0; i < count; i++) {
        for (int64_t p = at[i]; p < at[i + 1]; p++) {
            postings[next[term[p]]++] = (Posting){(uint32_t)i, weight[p]};
        }
    }
    memcpy(next, first, size * sizeof(*next));
    for (Py_ssize_t i = 0; i < count; i++) {
        const int64_t end = horizon[i];
        for (int64_t p = at[i]; p < at[i + 1]; p++) {
            const double own = weight[p];
            const Posting *later = postings + ++next[term[p]], *stop = postings + first[term[p] + 1];
            for (; later < stop && later->article < end; later++) row[later->article] += own * later->weight;
        }
        for (int64_t j = i + 1; j < end; j++) {
            if (row[j] >= least && pairs_add(pairs, (uint32_t)i, (uint32_t)j, row[j]) < 0) return -1;
            row[j] = 0;
        }
    }
    return 0;
}

static PyObject *alike(PyObject *module, PyObject *arguments) {
    (void)module;
    PyObject *given[4], *result = NULL;
    long long size;
    double least;
    if (!PyArg_ParseTuple(arguments, "OOOOLd", &given[0], &given[1], &given[2], &given[3], &size, &least)) return NULL;
    Array arrays[4];
    memset(arrays, 0, sizeof(arrays));
    Pairs pairs = {0};
    Py_ssize_t *first = NULL, *next = NULL;
    Posting *postings = NULL;
    double *row = NULL;
    int failed = 0;
    for (int i = 0; i < 4; i++) {
        if (array_open(&arrays[i], given[i]) < 0) goto done;
    }
    if (check(&arrays[0], &arrays[1], &arrays[2], &arrays[3], size) < 0) goto done;
    first = calloc((size_t)size + 1, sizeof(*first));
    next = calloc((size_t)size + 1, sizeof(*next));
    postings = calloc((size_t)arrays[1].length + 1, sizeof(*postings));
    row = calloc((size_t)arrays[3].length + 1, sizeof(*row));
    if (!first || !next || !postings || !row) {
        PyErr_NoMemory();
        goto done;
    }
    RELEASED(arrays[1].length)
    failed = multiply(&arrays[0], &arrays[1], &arrays[2], &arrays[3], size, least, first, next, postings, row, &pairs);
    REGAINED
    if (failed) {
        PyErr_NoMemory();
        goto done;
    }
    const Py_ssize_t numbers = pairs.count * (Py_ssize_t)sizeof(uint32_t);
    /* Without a pair there is no memory, and no pointer would become None. */
    result = Py_BuildValue("y#y#y#", pairs.count ? (char *)pairs.one : "", numbers,
                           pairs.count ? (char *)pairs.other : "", numbers, pairs.count ? (char *)pairs.product : "",
                           pairs.count * (Py_ssize_t)sizeof(double));
done:
    for (int i = 0; i < 4; i++) array_close(&arrays[i]);
    pairs_free(&pairs);
    free(first);
    free(next);
    free(postings);
    free(row);
    return result;
}

static PyMethodDef methods[] = {
    {"alike", alike, METH_VARARGS, "The pairs of sparse vectors whose dot product is not small."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_likeness", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__likeness(void) {
    static const Constant constants[] = {CONSTANT(MAX_TERMS)};
    return module_with(PyModule_Create(&definition), constants, sizeof(constants) / sizeof(*constants));
}
