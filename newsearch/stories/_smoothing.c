/* Vectors moved towards those of their neighbours, compiled: what smoothing.py does in numpy.
 *
 * Sums of floating-point numbers depend on their order, which is that of smoothing.py. */

#include "_arrays.h"

#include "_module.h"

#include <math.h>
#include <stdlib.h>

/* See smoothing.py. */
#define SMOOTHING 0.5
#define NEIGHBOURS 16
#define MAX_TERMS 2147483647

typedef struct {
    uint32_t of;
    double share;
    Py_ssize_t place; /* among the neighbours, of which the later ones come first */
} Neighbour;

typedef struct {
    Py_ssize_t count, length, pairs; /* vectors, their postings, and pairs of neighbours */
    int64_t size;
    const int64_t *starts, *terms;
    const double *weights, *likeness;
    const uint32_t *one, *other;
    Py_ssize_t *ends, *backs, *back; /* where those of each vector begin: pairs with later ones; with earlier ones */
    Neighbour *neighbours;           /* of one vector */
    double *sums, *keys;             /* of each term, while a vector is made */
    uint64_t *met;                   /* the terms that have a sum, as bits */
    Py_ssize_t *made;                /* where each vector that was made begins */
    uint32_t *found;                 /* their terms */
    double *sum, most;               /* their weights, and the highest of all */
    Py_ssize_t found_count, found_room;
} Smoothing;

static int by_share(const void *one, const void *other) {
    const Neighbour *left = one, *right = other;
    if (left->share != right->share) return left->share < right->share ? 1 : -1;
    return (left->of > right->of) - (left->of < right->of);
}

static int by_place(const void *one, const void *other) {
    const Neighbour *left = one, *right = other;
    return (left->place > right->place) - (left->place < right->place);
}

/* The neighbours of a vector, and what each lends: the nearest, in the order of their places. Returns how many. */
static Py_ssize_t find_neighbours(Smoothing *smoothing, Py_ssize_t vector) {
    Neighbour *const neighbours = smoothing->neighbours;
    Py_ssize_t count = 0;
    for (Py_ssize_t i = smoothing->ends[vector]; i < smoothing->ends[vector + 1]; i++, count++)
        neighbours[count] = (Neighbour){smoothing->other[i], smoothing->likeness[i], count};
    for (Py_ssize_t i = smoothing->backs[vector]; i < smoothing->backs[vector + 1]; i++, count++) {
        const Py_ssize_t pair = smoothing->back[i];
        neighbours[count] = (Neighbour){smoothing->one[pair], smoothing->likeness[pair], count};
    }
    if (count > NEIGHBOURS) {
        qsort(neighbours, (size_t)count, sizeof(*neighbours), by_share);
        count = NEIGHBOURS;
        qsort(neighbours, (size_t)count, sizeof(*neighbours), by_place);
    }
    double sum = 0;
    for (Py_ssize_t i = 0; i < count; i++) sum += neighbours[i].share;
    for (Py_ssize_t i = 0; i < count; i++) neighbours[i].share *= SMOOTHING / sum;
    return count;
}

static void add(Smoothing *smoothing, Py_ssize_t vector, double share) {
    for (int64_t p = smoothing->starts[vector]; p < smoothing->starts[vector + 1]; p++) {
        const int64_t term = smoothing->terms[p];
        smoothing->sums[term] += share * smoothing->weights[p];
        smoothing->met[term / 64] |= (uint64_t)1 << term % 64;
    }
}

/* Append the sums as a vector, and clear them. Returns 0 without memory. */
static int take_sums(Smoothing *smoothing, Py_ssize_t most) {
    if (smoothing->found_count + most > smoothing->found_room) {
        const Py_ssize_t room = smoothing->found_room + smoothing->found_room / 2 + most + smoothing->length;
        void *grown = realloc(smoothing->found, (size_t)room * sizeof(*smoothing->found));
        if (!grown) return 0;
        smoothing->found = grown;
        if (!(grown = realloc(smoothing->sum, (size_t)room * sizeof(*smoothing->sum)))) return 0;
        smoothing->sum = grown;
        smoothing->found_room = room;
    }
    for (int64_t word = 0; word <= smoothing->size / 64; word++) {
        for (uint64_t left = smoothing->met[word]; left; left &= left - 1) {
            const int64_t term = 64 * word + lowest_bit(left);
            const double sum = smoothing->sums[term];
            smoothing->found[smoothing->found_count] = (uint32_t)term;
            smoothing->sum[smoothing->found_count++] = sum;
            smoothing->sums[term] = 0;
            if (sum > smoothing->most) smoothing->most = sum;
        }
        smoothing->met[word] = 0;
    }
    return 1;
}

static int make(Smoothing *smoothing) {
    for (Py_ssize_t i = 0; i < smoothing->count; i++) {
        const Py_ssize_t count = find_neighbours(smoothing, i);
        Py_ssize_t most = (Py_ssize_t)(smoothing->starts[i + 1] - smoothing->starts[i]);
        add(smoothing, i, 1);
        for (Py_ssize_t j = 0; j < count; j++) {
            const uint32_t of = smoothing->neighbours[j].of;
            add(smoothing, of, smoothing->neighbours[j].share);
            most += (Py_ssize_t)(smoothing->starts[of + 1] - smoothing->starts[of]);
        }
        if (!take_sums(smoothing, most)) return 0;
        smoothing->made[i + 1] = smoothing->found_count;
    }
    return 1;
}

/* Move the `wanted` lowest keys, of more, to the front. */
static void select_lowest(double *keys, Py_ssize_t count, Py_ssize_t wanted) {
    Py_ssize_t low = 0, high = count - 1;
    while (low < high) {
        const double pivot = keys[low + (high - low) / 2];
        Py_ssize_t i = low, j = high;
        while (i <= j) {
            while (keys[i] < pivot) i++;
            while (keys[j] > pivot) j--;
            if (i > j) break;
            const double key = keys[i];
            keys[i++] = keys[j];
            keys[j--] = key;
        }
        if (wanted - 1 <= j) high = j;
        else if (wanted - 1 >= i) low = i;
        else return;
    }
}

/* Keep the strongest terms of each vector, and make its length one. */
static void keep_strongest(Smoothing *smoothing, Py_ssize_t most, int64_t *articles, int64_t *terms, double *weights,
                           Py_ssize_t *total) {
    Py_ssize_t kept = 0;
    for (Py_ssize_t i = 0; i < smoothing->count; i++) {
        const Py_ssize_t first = smoothing->made[i], end = smoothing->made[i + 1], begin = kept;
        double highest = INFINITY;
        Py_ssize_t equal = end - first; /* how many that have the highest key are kept */
        if (end - first > most) {
            for (Py_ssize_t p = first; p < end; p++)
                smoothing->keys[p - first] = 2.0 * (double)i - smoothing->sum[p] / smoothing->most;
            select_lowest(smoothing->keys, end - first, most);
            highest = smoothing->keys[most - 1];
            equal = most;
            for (Py_ssize_t p = 0; p < most; p++) equal -= smoothing->keys[p] < highest;
        }
        double length = 0;
        for (Py_ssize_t p = first; p < end; p++) {
            const double key = end - first > most ? 2.0 * (double)i - smoothing->sum[p] / smoothing->most : 0;
            if (key > highest || (key == highest && equal-- <= 0)) continue;
            articles[kept] = i;
            terms[kept] = smoothing->found[p];
            weights[kept] = smoothing->sum[p];
            length += weights[kept] * weights[kept];
            kept++;
        }
        length = sqrt(length);
        for (Py_ssize_t p = begin; p < kept; p++) weights[p] /= length;
    }
    *total = kept;
}

/* Check all that is used as an index into an array, and that arrays are as long as they must be. */
static int check(const Smoothing *smoothing, const Array *given) {
    static const Type types[] = {I64, I64, F64, U32, U32, F64};
    for (int i = 0; i < 6; i++) {
        if (given[i].type != types[i]) return 0;
    }
    const Py_ssize_t count = smoothing->count;
    if (count < 0 || count >= UINT32_MAX || given[1].length != given[2].length || given[3].length != given[4].length ||
        given[3].length != given[5].length || smoothing->size < 0 || smoothing->size > MAX_TERMS ||
        smoothing->starts[0] != 0 || smoothing->starts[count] != smoothing->length)
        return 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (smoothing->starts[i + 1] < smoothing->starts[i]) return 0;
    }
    for (Py_ssize_t i = 0; i < smoothing->length; i++) {
        if (smoothing->terms[i] < 0 || smoothing->terms[i] >= smoothing->size) return 0;
    }
    for (Py_ssize_t i = 0; i < smoothing->pairs; i++) {
        if (smoothing->one[i] >= count || smoothing->other[i] >= count ||
            (i && smoothing->one[i] < smoothing->one[i - 1]))
            return 0;
    }
    return 1;
}

/* Room for all that is needed, and the pairs of each vector. Returns 0 without memory. */
static int open_smoothing(Smoothing *smoothing) {
    const size_t count = (size_t)smoothing->count, size = (size_t)smoothing->size;
    smoothing->ends = calloc(count + 2, sizeof(*smoothing->ends));
    smoothing->backs = calloc(count + 2, sizeof(*smoothing->backs));
    smoothing->back = calloc((size_t)smoothing->pairs + 1, sizeof(*smoothing->back));
    smoothing->sums = calloc(size + 1, sizeof(*smoothing->sums));
    smoothing->keys = calloc(size + 1, sizeof(*smoothing->keys));
    smoothing->met = calloc(size / 64 + 1, sizeof(*smoothing->met));
    smoothing->made = calloc(count + 1, sizeof(*smoothing->made));
    if (!smoothing->ends || !smoothing->backs || !smoothing->back || !smoothing->sums || !smoothing->keys ||
        !smoothing->met || !smoothing->made)
        return 0;
    for (Py_ssize_t i = 0; i < smoothing->pairs; i++) {
        smoothing->ends[smoothing->one[i] + 1]++;
        smoothing->backs[smoothing->other[i] + 2]++;
    }
    Py_ssize_t most = 0;
    for (size_t i = 0; i < count; i++) {
        const Py_ssize_t neighbours = smoothing->ends[i + 1] + smoothing->backs[i + 2];
        if (neighbours > most) most = neighbours;
        smoothing->ends[i + 1] += smoothing->ends[i];
        smoothing->backs[i + 2] += smoothing->backs[i + 1];
    }
    for (Py_ssize_t i = 0; i < smoothing->pairs; i++) smoothing->back[smoothing->backs[smoothing->other[i] + 1]++] = i;
    smoothing->neighbours = calloc((size_t)most + 1, sizeof(*smoothing->neighbours));
    return smoothing->neighbours != NULL;
}

static void close_smoothing(Smoothing *smoothing) {
    void *arrays[] = {smoothing->ends, smoothing->backs, smoothing->back, smoothing->neighbours, smoothing->sums,
                      smoothing->keys, smoothing->met,   smoothing->made, smoothing->found,      smoothing->sum};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++) free(arrays[i]);
}

static PyObject *smoothed(PyObject *module, PyObject *arguments) {
    (void)module;
    PyObject *objects[6], *result = NULL;
    long long size;
    Py_ssize_t most, kept = 0;
    if (!PyArg_ParseTuple(arguments, "OOOOOOLn", &objects[0], &objects[1], &objects[2], &objects[3], &objects[4],
                          &objects[5], &size, &most))
        return NULL;
    Array given[6];
    memset(given, 0, sizeof(given));
    Smoothing smoothing = {0};
    int64_t *articles = NULL, *terms = NULL;
    double *weights = NULL;
    for (int i = 0; i < 6; i++) {
        if (array_open(&given[i], objects[i]) < 0) goto done;
    }
    smoothing = (Smoothing){.count = given[0].length - 1, .length = given[1].length, .pairs = given[3].length,
                            .size = size, .starts = given[0].data, .terms = given[1].data, .weights = given[2].data,
                            .one = given[3].data, .other = given[4].data, .likeness = given[5].data};
    if (most < 1 || !check(&smoothing, given)) {
        PyErr_SetString(PyExc_ValueError, "these vectors and pairs do not fit together");
        goto done;
    }
    int is_done = open_smoothing(&smoothing);
    RELEASED(is_done ? smoothing.length : 0)
    is_done = is_done && make(&smoothing);
    if (is_done) {
        const size_t room = (size_t)smoothing.found_count + 1;
        articles = malloc(room * sizeof(*articles));
        terms = malloc(room * sizeof(*terms));
        weights = malloc(room * sizeof(*weights));
        is_done = articles && terms && weights;
    }
    if (is_done) keep_strongest(&smoothing, most, articles, terms, weights, &kept);
    REGAINED
    if (is_done)
        result = Py_BuildValue("y#y#y#", (char *)articles, kept * (Py_ssize_t)sizeof(*articles), (char *)terms,
                               kept * (Py_ssize_t)sizeof(*terms), (char *)weights,
                               kept * (Py_ssize_t)sizeof(*weights));
    else
        PyErr_NoMemory();
done:
    for (int i = 0; i < 6; i++) array_close(&given[i]);
    close_smoothing(&smoothing);
    free(articles);
    free(terms);
    free(weights);
    return result;
}

static PyMethodDef methods[] = {
    {"smoothed", smoothed, METH_VARARGS,
     "smoothed(starts, terms, weights, one, other, likeness, size, most): the postings of the vectors, see smoothing.py."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_smoothing", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__smoothing(void) {
    static const Constant constants[] = {CONSTANT(SMOOTHING), CONSTANT(NEIGHBOURS), CONSTANT(MAX_TERMS)};
    return module_with(PyModule_Create(&definition), constants, sizeof(constants) / sizeof(*constants));
}
