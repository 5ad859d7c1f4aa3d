/* Groups joined by centroid linkage, compiled: what linkage.py does round by round in numpy.
 *
 * A sum of floating-point numbers depends on their order. Pairs are therefore stored, taken and summed in the order of
 * linkage.py. */

#include "_arrays.h"

#include "_module.h"

#include <math.h>
#include <stdlib.h>

/* See linkage.py. */
#define COHESION 0.12
#define MAX_COHESION 0.35
#define MAX_ARTICLES 16777216

#define BLOCK 1024
#define DIGIT 11 /* pairs are sorted by this many bits of their keys at a time */

typedef struct {
    uint64_t key; /* the smaller group, then the larger one */
    double likeness;
} Pair;

typedef struct {
    Pair *pairs;
    Py_ssize_t count, room;
} Pairs;

typedef struct {
    Py_ssize_t at; /* the place of a pair */
    double closeness;
} Joinable;

typedef struct {
    uint32_t count;         /* of the articles; no group has this number, which marks a pair that was taken */
    int bits;               /* of the number of a group */
    double threshold;
    int64_t *label;         /* the group of each article */
    double *within, *bulk, *nearest, *inside; /* of each group, as are the next four */
    int64_t *size;
    uint32_t *best, *to;
    uint8_t *is_touched;
    uint32_t *one, *other;  /* the groups of each pair; the next is their similarity */
    double *likeness;
    Py_ssize_t pairs, room, gone;
    Joinable *joinable;     /* in the order of their places */
    Py_ssize_t joinables, joinable_room;
    Pairs taken, spare;
} Linkage;

/* Make room for so many elements of an array. Returns 0 without memory. Python's own functions would need the
 * interpreter's lock. */
static int grown(void **array, Py_ssize_t *room, Py_ssize_t wanted, size_t size) {
    if (wanted <= *room) return 1;
    const Py_ssize_t more = wanted + wanted / 2 + 64;
    void *found = realloc(*array, (size_t)more * size);
    if (!found) return 0;
    *array = found;
    *room = more;
    return 1;
}

static int has_room(Linkage *linkage, Py_ssize_t wanted) {
    Py_ssize_t room = linkage->room;
    if (!grown((void **)&linkage->one, &room, wanted, sizeof(uint32_t))) return 0;
    room = linkage->room;
    if (!grown((void **)&linkage->other, &room, wanted, sizeof(uint32_t))) return 0;
    return grown((void **)&linkage->likeness, &linkage->room, wanted, sizeof(double));
}

static int take(Linkage *linkage, uint32_t one, uint32_t other, double likeness) {
    Pairs *taken = &linkage->taken;
    if (!grown((void **)&taken->pairs, &taken->room, taken->count + 1, sizeof(Pair))) return 0;
    const uint64_t low = one < other ? one : other, high = one < other ? other : one;
    taken->pairs[taken->count++] = (Pair){low << linkage->bits | high, likeness};
    return 1;
}

/* Sort the taken pairs by their keys. Those of one key keep their order, in which they are summed. */
static int sort_taken(Linkage *linkage) {
    Pairs *taken = &linkage->taken, *spare = &linkage->spare;
    Py_ssize_t first = 1;
    while (first < taken->count && taken->pairs[first - 1].key <= taken->pairs[first].key) first++;
    if (first >= taken->count) return 1;
    if (!grown((void **)&spare->pairs, &spare->room, taken->count, sizeof(Pair))) return 0;
    for (int shift = 0; shift < 2 * linkage->bits; shift += DIGIT) {
        Py_ssize_t starts[(1 << DIGIT) + 1] = {0};
        const uint64_t mask = (1 << DIGIT) - 1;
        for (Py_ssize_t i = 0; i < taken->count; i++) starts[(taken->pairs[i].key >> shift & mask) + 1]++;
        for (int digit = 0; digit < 1 << DIGIT; digit++) starts[digit + 1] += starts[digit];
        for (Py_ssize_t i = 0; i < taken->count; i++)
            spare->pairs[starts[taken->pairs[i].key >> shift & mask]++] = taken->pairs[i];
        spare->count = taken->count;
        const Pairs sorted = *spare;
        *spare = *taken;
        *taken = sorted;
    }
    return 1;
}

/* How close two groups are; 0 if they may not be joined. */
static double closeness(const Linkage *linkage, uint32_t one, uint32_t other, double likeness) {
    const double both = linkage->bulk[one] + linkage->bulk[other];
    const double mean = both > 1 ? COHESION * sqrt(both) : COHESION;
    const double least = mean < MAX_COHESION ? mean : MAX_COHESION;
    if (likeness < least * (double)(linkage->size[one] * linkage->size[other])) return 0;
    const double found = likeness / sqrt(linkage->within[one] * linkage->within[other]);
    return found < linkage->threshold ? 0 : found;
}

/* Sum the taken pairs of the same groups, and append each sum as a pair. */
static int add_taken(Linkage *linkage) {
    const Pairs *taken = &linkage->taken;
    if (!sort_taken(linkage) || !has_room(linkage, linkage->pairs + taken->count)) return 0;
    const uint64_t mask = ((uint64_t)1 << linkage->bits) - 1;
    for (Py_ssize_t i = 0; i < taken->count;) {
        const uint64_t key = taken->pairs[i].key;
        double likeness = 0;
        for (; i < taken->count && taken->pairs[i].key == key; i++) likeness += taken->pairs[i].likeness;
        const uint32_t one = (uint32_t)(key >> linkage->bits), other = (uint32_t)(key & mask);
        const double close = closeness(linkage, one, other, likeness);
        if (close > 0) {
            if (!grown((void **)&linkage->joinable, &linkage->joinable_room, linkage->joinables + 1, sizeof(Joinable)))
                return 0;
            linkage->joinable[linkage->joinables++] = (Joinable){linkage->pairs, close};
        }
        linkage->one[linkage->pairs] = one;
        linkage->other[linkage->pairs] = other;
        linkage->likeness[linkage->pairs++] = likeness;
    }
    linkage->taken.count = 0;
    return 1;
}

/* The closest group of each group, with ties going to the smallest; `count` if there is none. */
static void find_best(Linkage *linkage) {
    for (uint32_t group = 0; group < linkage->count; group++) {
        linkage->nearest[group] = 0;
        linkage->best[group] = linkage->count;
    }
    for (Py_ssize_t i = 0; i < linkage->joinables; i++) {
        const Joinable *each = &linkage->joinable[i];
        double *one = &linkage->nearest[linkage->one[each->at]], *other = &linkage->nearest[linkage->other[each->at]];
        if (each->closeness > *one) *one = each->closeness;
        if (each->closeness > *other) *other = each->closeness;
    }
    for (Py_ssize_t i = 0; i < linkage->joinables; i++) {
        const Joinable *each = &linkage->joinable[i];
        const uint32_t one = linkage->one[each->at], other = linkage->other[each->at];
        if (each->closeness == linkage->nearest[one] && other < linkage->best[one]) linkage->best[one] = other;
        if (each->closeness == linkage->nearest[other] && one < linkage->best[other]) linkage->best[other] = one;
    }
}

/* Join the groups that are each other's closest. Returns how many pairs of groups were joined. */
static uint32_t join(Linkage *linkage) {
    uint32_t joined = 0;
    for (uint32_t group = 0; group < linkage->count; group++) {
        linkage->to[group] = group;
        linkage->inside[group] = 0;
        linkage->is_touched[group] = 0;
    }
    for (uint32_t group = 0; group < linkage->count; group++) {
        const uint32_t best = linkage->best[group];
        if (best == linkage->count || group >= best || linkage->best[best] != group) continue;
        linkage->to[best] = group;
        linkage->is_touched[group] = linkage->is_touched[best] = 1;
        linkage->within[group] += linkage->within[best];
        linkage->bulk[group] += linkage->bulk[best];
        linkage->size[group] += linkage->size[best];
        joined++;
    }
    for (uint32_t i = 0; i < linkage->count; i++) linkage->label[i] = linkage->to[linkage->label[i]];
    return joined;
}

/* Take a pair, one of whose groups was joined, as a pair of its new groups. */
static int take_pair(Linkage *linkage, Py_ssize_t at) {
    const uint32_t one = linkage->to[linkage->one[at]], other = linkage->to[linkage->other[at]];
    linkage->one[at] = linkage->other[at] = linkage->count;
    linkage->gone++;
    if (one != other) return take(linkage, one, other, linkage->likeness[at]);
    linkage->inside[one] += linkage->likeness[at];
    return 1;
}

/* Take all pairs, one of whose groups was joined. The scan does not branch on which these are: the processor could not
 * predict it. */
static int take_touched(Linkage *linkage) {
    const uint8_t *is_touched = linkage->is_touched;
    Py_ssize_t touched[BLOCK];
    for (Py_ssize_t start = 0; start < linkage->pairs; start += BLOCK) {
        const Py_ssize_t end = start + BLOCK < linkage->pairs ? start + BLOCK : linkage->pairs;
        int found = 0;
        for (Py_ssize_t i = start; i < end; i++) {
            touched[found] = i;
            found += is_touched[linkage->one[i]] | is_touched[linkage->other[i]];
        }
        for (int i = 0; i < found; i++) {
            if (!take_pair(linkage, touched[i])) return 0;
        }
    }
    for (uint32_t group = 0; group < linkage->count; group++) linkage->within[group] += 2 * linkage->inside[group];
    Py_ssize_t left = 0;
    for (Py_ssize_t i = 0; i < linkage->joinables; i++) {
        if (linkage->one[linkage->joinable[i].at] < linkage->count) linkage->joinable[left++] = linkage->joinable[i];
    }
    linkage->joinables = left;
    return 1;
}

/* Close the gaps that taken pairs have left. */
static void close_up(Linkage *linkage) {
    Py_ssize_t left = 0, next = 0;
    for (Py_ssize_t i = 0; i < linkage->pairs; i++) {
        if (linkage->one[i] == linkage->count) continue;
        if (next < linkage->joinables && linkage->joinable[next].at == i) linkage->joinable[next++].at = left;
        linkage->one[left] = linkage->one[i];
        linkage->other[left] = linkage->other[i];
        linkage->likeness[left++] = linkage->likeness[i];
    }
    linkage->pairs = left;
    linkage->gone = 0;
}

static int join_all(Linkage *linkage) {
    if (!add_taken(linkage)) return 0;
    while (linkage->joinables) {
        find_best(linkage);
        if (!join(linkage)) break;
        if (!take_touched(linkage)) return 0;
        if (2 * linkage->gone > linkage->pairs) close_up(linkage);
        if (!add_taken(linkage)) return 0;
    }
    return 1;
}

/* Check all that is used as an index into an array. */
static int check(const Array *given, double threshold) {
    const Array *one = &given[0], *other = &given[1], *likeness = &given[2], *together = &given[3], *bulk = &given[4];
    const Py_ssize_t count = together->length;
    if (one->type != U32 || other->type != U32 || together->type != I64 || likeness->type != F64 || bulk->type != F64 ||
        one->length != other->length || one->length != likeness->length || bulk->length != count ||
        count > MAX_ARTICLES || !(threshold > 0))
        return 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (integer(together, i) < 0 || integer(together, i) >= count) return 0;
    }
    for (Py_ssize_t i = 0; i < one->length; i++) {
        if (((const uint32_t *)one->data)[i] >= count || ((const uint32_t *)other->data)[i] >= count) return 0;
    }
    return 1;
}

static int open_linkage(Linkage *linkage, const Array *given, double threshold) {
    const size_t count = (size_t)given[3].length;
    linkage->count = (uint32_t)count;
    linkage->threshold = threshold;
    while ((uint64_t)1 << linkage->bits < count) linkage->bits++;
    linkage->label = calloc(count + 1, sizeof(int64_t));
    linkage->size = calloc(count + 1, sizeof(int64_t));
    linkage->within = calloc(count + 1, sizeof(double));
    linkage->bulk = calloc(count + 1, sizeof(double));
    linkage->nearest = calloc(count + 1, sizeof(double));
    linkage->inside = calloc(count + 1, sizeof(double));
    linkage->best = calloc(count + 1, sizeof(uint32_t));
    linkage->to = calloc(count + 1, sizeof(uint32_t));
    linkage->is_touched = calloc(count + 1, 1);
    return linkage->label && linkage->size && linkage->within && linkage->bulk && linkage->nearest && linkage->inside &&
           linkage->best && linkage->to && linkage->is_touched;
}

/* Fill the groups to begin with, and take the pairs of articles as pairs of these groups. */
static int begin(Linkage *linkage, const Array *given) {
    const uint32_t *one = given[0].data, *other = given[1].data;
    const int64_t *together = given[3].data;
    const double *likeness = given[2].data, *bulk = given[4].data;
    for (uint32_t i = 0; i < linkage->count; i++) {
        linkage->label[i] = together[i];
        linkage->within[together[i]] += 1;
        linkage->size[together[i]]++;
        linkage->bulk[together[i]] += bulk[i];
    }
    for (Py_ssize_t i = 0; i < given[0].length; i++) {
        const int64_t left = together[one[i]], right = together[other[i]];
        if (left == right)
            linkage->inside[left] += likeness[i];
        else if (!take(linkage, (uint32_t)left, (uint32_t)right, likeness[i]))
            return 0;
    }
    for (uint32_t group = 0; group < linkage->count; group++) linkage->within[group] += 2 * linkage->inside[group];
    return 1;
}

static void close_linkage(Linkage *linkage) {
    void *arrays[] = {linkage->label,  linkage->size,    linkage->within, linkage->bulk,       linkage->nearest,
                      linkage->inside, linkage->best,    linkage->to,     linkage->is_touched, linkage->one,
                      linkage->other,  linkage->likeness, linkage->joinable, linkage->taken.pairs, linkage->spare.pairs};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++) free(arrays[i]);
}

static PyObject *linked(PyObject *module, PyObject *arguments) {
    (void)module;
    PyObject *objects[5], *result = NULL;
    double threshold;
    if (!PyArg_ParseTuple(arguments, "OOOOOd", &objects[0], &objects[1], &objects[2], &objects[3], &objects[4],
                          &threshold))
        return NULL;
    Array given[5];
    memset(given, 0, sizeof(given));
    Linkage linkage = {0};
    for (int i = 0; i < 5; i++) {
        if (array_open(&given[i], objects[i]) < 0) goto done;
    }
    if (!check(given, threshold)) {
        PyErr_SetString(PyExc_ValueError, "these pairs and groups do not fit together");
        goto done;
    }
    int is_done = open_linkage(&linkage, given, threshold);
    RELEASED(is_done ? given[0].length : 0)
    is_done = is_done && begin(&linkage, given) && join_all(&linkage);
    REGAINED
    if (is_done)
        result = PyBytes_FromStringAndSize((char *)linkage.label, (Py_ssize_t)(linkage.count * sizeof(int64_t)));
    else
        PyErr_NoMemory();
done:
    for (int i = 0; i < 5; i++) array_close(&given[i]);
    close_linkage(&linkage);
    return result;
}

static PyMethodDef methods[] = {
    {"linked", linked, METH_VARARGS,
     "linked(one, other, likeness, together, bulk, threshold): the group of each article (int64), see linkage.py."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_linkage", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__linkage(void) {
    static const Constant constants[] = {CONSTANT(COHESION), CONSTANT(MAX_COHESION), CONSTANT(MAX_ARTICLES)};
    return module_with(PyModule_Create(&definition), constants, sizeof(constants) / sizeof(*constants));
}
