/* A word looked up in all segments of an index at once, compiled: what lookup.py does segment by segment. */

#include "_arrays.h"

#include <stdlib.h>

#include "_module.h"

#define LANGUAGES 64                 /* more than analysis.LANGUAGES, so that those of a form fit into a word of bits */
#define COLLISIONS 256               /* so many stems with one crc32 are no accident */
#define MAX_ARTICLES (1 << 16)       /* of a segment, see form.py */
#define PARTS 4                      /* see ranking.PARTS */
#define K1 1.2                       /* see ranking.K1 */
#define TO_WHOLE 6755399441055744.0  /* added and taken away, it leaves a double rounded as rint would, with no call */

static double weight_of[256]; /* see ranking.unsaturate */

static void find_weights(void) {
    for (int code = 0; code < 256; code++) {
        const double known = code < 255 ? code : 254.75;
        weight_of[code] = K1 * known / (255 - known);
    }
}

static int damaged(const char *what) {
    PyErr_SetString(PyExc_ValueError, what);
    return -1;
}

/* ---- the arrays of each segment ---- */

#define ARRAYS 11

typedef struct {
    union {
        Array arrays[ARRAYS];
        struct {
            Array text, text_at;                /* the exact forms, see postings.py */
            Array stem_hash, stem_ref, stem_at; /* without stem_at, all stems are of the first language */
            Array group_at, group;
            Array post_at, doc, code;
            Array language;                     /* without it, all articles are of one language */
        };
    };
    Py_ssize_t start, articles; /* the number of the first one, and how many there are */
} SegmentArrays;

typedef struct {
    SegmentArrays *each;
    Py_ssize_t count;
    /* Of the articles of a segment: which hold a form, and its code; which hold several, and the weight of these. Most
     * hold one, and their codes lie in the processor's nearest memory. What is not marked means nothing. */
    uint64_t held[MAX_ARTICLES / 64], several[MAX_ARTICLES / 64];
    uint8_t code[MAX_ARTICLES];
    double *weight;
} AllSegments;

static const char capsule_name[] = "newsearch.lookup_arrays";

static void segments_close(AllSegments *all) {
    for (Py_ssize_t i = 0; i < all->count; i++) {
        for (Py_ssize_t j = 0; j < ARRAYS; j++) array_close(&all->each[i].arrays[j]);
    }
    PyMem_Free(all->each);
    PyMem_Free(all->weight);
    PyMem_Free(all);
}

static void capsule_close(PyObject *capsule) { segments_close(PyCapsule_GetPointer(capsule, capsule_name)); }

/* Where the part of this number begins and ends in an array of this length; -1 with an exception if it is not there. */
static int part_of(const Array *at, int64_t part, Py_ssize_t length, int64_t *start, int64_t *end) {
    if (part < 0 || part >= at->length - 1) return damaged("what is looked up leads out of the dictionary");
    *start = integer(at, part);
    *end = integer(at, part + 1);
    if (*start < 0 || *end < *start || *end > length) return damaged("a word's place lies outside the dictionary");
    return 0;
}

#define RISES(TYPE, NUMBER)                                                                                          \
    case TYPE: {                                                                                                     \
        const NUMBER *places = at->data;                                                                             \
        int falls = 0;                                                                                               \
        for (Py_ssize_t i = 1; i < at->length; i++) falls |= places[i] < places[i - 1];                              \
        return !falls;                                                                                               \
    }

/* Whether these places never fall, so that what they part does not overlap. */
static int rises(const Array *at) {
    switch (at->type) {
        RISES(U8, uint8_t)
        RISES(U16, uint16_t)
        RISES(U32, uint32_t)
        RISES(I64, int64_t)
        default: return 0;
    }
}

static int segment_open(SegmentArrays *segment, PyObject *given) {
    if (!PyTuple_Check(given) || PyTuple_Size(given) != ARRAYS + 2) {
        PyErr_SetString(PyExc_TypeError, "the arrays of a segment are expected here");
        return -1;
    }
    for (Py_ssize_t j = 0; j < ARRAYS; j++) {
        Array *array = &segment->arrays[j];
        PyObject *object = PyTuple_GetItem(given, j);
        const int is_optional = array == &segment->stem_at || array == &segment->language;
        if (!(is_optional && object == Py_None) && array_open(array, object) < 0) return -1;
    }
    segment->start = PyLong_AsSsize_t(PyTuple_GetItem(given, ARRAYS));
    segment->articles = PyLong_AsSsize_t(PyTuple_GetItem(given, ARRAYS + 1));
    if (PyErr_Occurred()) return -1;
    const SegmentArrays *l = segment;
    if (l->text.type != U8 || l->doc.type != U16 || l->code.type != U8 ||
        (l->language.is_open && l->language.type != U8))
        return damaged("these arrays are not those of a segment");
    if (l->start < 0 || l->articles < 0 || l->articles > MAX_ARTICLES || l->start + l->articles > UINT32_MAX ||
        (l->language.is_open && l->language.length < l->articles) || l->code.length < l->doc.length ||
        l->stem_ref.length < l->stem_hash.length || l->text_at.length < 1 || l->post_at.length < l->text_at.length ||
        !rises(&l->post_at) || integer(&l->post_at, 0) < 0 ||
        integer(&l->post_at, l->post_at.length - 1) > l->doc.length)
        return damaged("the words of a segment are damaged");
    return 0;
}

static const char opened_doc[] =
    "opened(segments): the arrays of all segments (see Segment.lookup_arrays), held open, as `find` takes them.";

static PyObject *opened(PyObject *module, PyObject *args) {
    PyObject *given;
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &given)) return NULL;
    const Py_ssize_t count = PyList_Size(given);
    AllSegments *all = PyMem_Calloc(1, sizeof *all);
    if (!all) return PyErr_NoMemory();
    all->each = PyMem_Calloc((size_t)count + 1, sizeof(SegmentArrays));
    /* The pages that are never written take no memory. */
    all->weight = PyMem_Malloc(MAX_ARTICLES * sizeof(double));
    if (!all->each || !all->weight) { PyErr_NoMemory(); goto fail; }
    while (all->count < count) {
        const Py_ssize_t i = all->count++;
        if (segment_open(&all->each[i], PyList_GetItem(given, i)) < 0) goto fail;
    }
    PyObject *capsule = PyCapsule_New(all, capsule_name, capsule_close);
    if (capsule) return capsule;
fail:
    segments_close(all);
    return NULL;
}

/* ---- which forms a word has ---- */

typedef struct { uint32_t form; uint64_t spoken; } Place; /* a form, and a bit for every language in which it is one */

typedef struct {
    AllSegments *all;
    const char *term;
    Py_ssize_t length;
    struct { int language; int64_t hash; } stems[LANGUAGES];
    Py_ssize_t languages;
    PyObject *is_stem; /* from a language and a form to whether that shares the stem */
    /* in one segment: */
    int64_t exact;     /* the number of the very term, or -1 */
    Place *places;
    Py_ssize_t count, room;
} Search;

static int place_add(Search *search, int64_t form, int language) {
    if (search->count == search->room) {
        const Py_ssize_t room = search->room ? 2 * search->room : 64;
        Place *larger = PyMem_Realloc(search->places, (size_t)room * sizeof(Place));
        if (!larger) { PyErr_NoMemory(); return -1; }
        search->places = larger;
        search->room = room;
    }
    search->places[search->count].form = (uint32_t)form;
    search->places[search->count++].spoken = (uint64_t)1 << language;
    return 0;
}

static int by_form(const void *a, const void *b) {
    const uint32_t left = ((const Place *)a)->form, right = ((const Place *)b)->form;
    return (left > right) - (left < right);
}

/* The number of the very term, -1 where there is none, -2 with an exception. */
static int64_t exact_form(const Search *search, const SegmentArrays *segment) {
    int64_t low = 0, high = segment->text_at.length - 1, start, end;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (part_of(&segment->text_at, middle, segment->text.length, &start, &end) < 0) return -2;
        const Py_ssize_t size = (Py_ssize_t)(end - start), shared = size < search->length ? size : search->length;
        int order = shared ? memcmp((const char *)segment->text.data + start, search->term, (size_t)shared) : 0;
        if (!order) order = (size > search->length) - (size < search->length);
        if (!order) return middle;
        if (order < 0) low = middle + 1; else high = middle;
    }
    return -1;
}

/* 1 where some forms, all of one stem in a language, share that of the term; 0 where not, -1 with an exception. */
static int share_stem(const Search *search, const SegmentArrays *segment, int language, int64_t form, int64_t first,
                      int64_t last) {
    int64_t start, end;
    if (form == search->exact) return 1;
    for (int64_t i = first; i < last && last - first > 1; i++) {
        if (integer(&segment->group, i) == search->exact) return 1;
    }
    if (part_of(&segment->text_at, form, segment->text.length, &start, &end) < 0) return -1;
    const char *bytes = (const char *)segment->text.data + start;
    PyObject *verdict = PyObject_CallFunction(search->is_stem, "iy#", language, bytes, (Py_ssize_t)(end - start));
    const int found = verdict ? PyObject_IsTrue(verdict) : -1;
    Py_XDECREF(verdict);
    return found;
}

/* Collect the forms of a stem: 1 where it is that of the term, 0 where it only has its hash, -1 with an exception. */
static int add_stem(Search *search, const SegmentArrays *segment, int language, int64_t ref) {
    int64_t first = 0, last = 1, before = -1;
    if (ref < 0 && part_of(&segment->group_at, -1 - ref, segment->group.length, &first, &last) < 0) return -1;
    for (int64_t i = first; i < last; i++) {
        const int64_t form = ref < 0 ? integer(&segment->group, i) : ref;
        /* Forms that overlap would have more postings together than there are. */
        if (form <= before || form >= segment->text_at.length - 1) return damaged("the stems are damaged");
        /* Two stems can share a hash: the stem of one of the forms decides. */
        const int shared = i > first ? 1 : share_stem(search, segment, language, form, first, last);
        if (shared < 1) return shared;
        if (place_add(search, form, language) < 0) return -1;
        before = form;
    }
    return last > first;
}

/* Collect the forms of a segment that share the stem of the term in one of the languages. */
static int add_forms(Search *search, const SegmentArrays *segment, int language, int64_t hash) {
    int64_t low = 0, end = segment->stem_hash.length;
    if (segment->stem_at.is_open) {
        if (part_of(&segment->stem_at, language, segment->stem_hash.length, &low, &end) < 0) return -1;
    } else if (language) {
        return 0;
    }
    for (int64_t high = end; low < high;) {
        const int64_t middle = low + (high - low) / 2;
        if (integer(&segment->stem_hash, middle) < hash) low = middle + 1; else high = middle;
    }
    for (int64_t at = low; at < end && integer(&segment->stem_hash, at) == hash; at++) {
        if (at - low >= COLLISIONS) return damaged("the stems are damaged");
        const int added = add_stem(search, segment, language, integer(&segment->stem_ref, at));
        if (added) return added < 0 ? -1 : 0;
    }
    return 0;
}

/* ---- their postings as one list ---- */

typedef struct {
    uint32_t *doc;
    uint16_t *value;
    Py_ssize_t count, room;
} Found;

static int found_room(Found *found, Py_ssize_t more) {
    if (found->count + more <= found->room) return 0;
    const Py_ssize_t room = 2 * found->room + more;
    uint32_t *doc = PyMem_Realloc(found->doc, (size_t)room * sizeof *doc);
    if (doc) found->doc = doc;
    uint16_t *value = PyMem_Realloc(found->value, (size_t)room * sizeof *value);
    if (value) found->value = value;
    if (!doc || !value) { PyErr_NoMemory(); return -1; }
    found->room = room;
    return 0;
}

/* Add the postings of a form to what the segment's articles hold; returns how many held none, -1 if one is outside. */
static Py_ssize_t weigh(AllSegments *all, const SegmentArrays *segment, const Place *place) {
    const int64_t first = integer(&segment->post_at, place->form), last = integer(&segment->post_at, place->form + 1);
    const uint16_t *doc = segment->doc.data;
    const uint8_t *code = segment->code.data, *language = segment->language.data;
    const int in_all = !~place->spoken;
    Py_ssize_t count = 0;
    for (int64_t i = first; i < last; i++) {
        const uint16_t at = doc[i];
        if (at >= segment->articles) { out_of_range(); return -1; }
        if (!in_all && (language[at] >= LANGUAGES || !(place->spoken >> language[at] & 1))) continue;
        const uint64_t bit = (uint64_t)1 << (at & 63);
        if (!(all->held[at >> 6] & bit)) {
            all->held[at >> 6] |= bit;
            all->code[at] = code[i];
            count++;
            continue;
        }
        if (!(all->several[at >> 6] & bit)) {
            all->several[at >> 6] |= bit;
            all->weight[at] = weight_of[all->code[at]];
        }
        all->weight[at] += weight_of[code[i]];
    }
    return count;
}

/* Append the articles of a segment that hold any of the forms that were collected. */
static int unite(Search *search, const SegmentArrays *segment, Found *found) {
    AllSegments *all = search->all;
    const int64_t exact = search->exact;
    Place *places = search->places;
    qsort(places, (size_t)search->count, sizeof(Place), by_form);
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < search->count; i++) {
        if (count && places[count - 1].form == places[i].form) places[count - 1].spoken |= places[i].spoken;
        else places[count++] = places[i];
    }
    int has_exact = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        /* The term itself shares its stem in every language. */
        if (!segment->language.is_open || places[i].form == exact) places[i].spoken = ~(uint64_t)0;
        has_exact |= places[i].form == exact;
    }
    const uint16_t *doc = segment->doc.data;
    const uint8_t *code = segment->code.data;
    const uint32_t start = (uint32_t)segment->start;
    if (count == 1 && !~places[0].spoken) {
        const int64_t first = integer(&segment->post_at, places[0].form);
        const int64_t last = integer(&segment->post_at, places[0].form + 1);
        if (found_room(found, (Py_ssize_t)(last - first)) < 0) return -1;
        for (int64_t i = first; i < last; i++) {
            if (doc[i] >= segment->articles) { out_of_range(); return -1; }
            found->doc[found->count] = start + doc[i];
            found->value[found->count++] = (uint16_t)(code[i] * (has_exact ? PARTS : PARTS - 1));
        }
        return 0;
    }
    const Py_ssize_t words = (segment->articles + 63) / 64;
    Py_ssize_t size = 0;
    memset(all->held, 0, (size_t)words * sizeof *all->held);
    memset(all->several, 0, (size_t)words * sizeof *all->several);
    for (Py_ssize_t i = 0; i < count; i++) {
        const Py_ssize_t fresh = weigh(all, segment, &places[i]);
        if (fresh < 0) return -1;
        size += fresh;
    }
    if (found_room(found, size) < 0) return -1;
    int64_t typed = has_exact ? integer(&segment->post_at, exact) : 0;
    const int64_t typed_end = has_exact ? integer(&segment->post_at, exact + 1) : 0;
    for (Py_ssize_t word = 0; word < words; word++) {
        for (uint64_t bits = all->held[word]; bits; bits &= bits - 1) {
            const uint32_t at = (uint32_t)(word * 64 + lowest_bit(bits));
            /* Alone, a form keeps its code. */
            int whole = all->code[at];
            if (all->several[word] & bits & (~bits + 1)) {
                const double scaled = 255 * all->weight[at] / (K1 + all->weight[at]);
                whole = (int)((scaled + TO_WHOLE) - TO_WHOLE);
                whole = whole < 1 ? 1 : whole > 255 ? 255 : whole;
            }
            int both = (PARTS - 1) * whole;
            if (typed < typed_end && doc[typed] == at) both += code[typed++];
            found->doc[found->count] = start + at;
            found->value[found->count++] = (uint16_t)both;
        }
    }
    return 0;
}

static const char find_doc[] =
    "find(opened, term, stems, is_stem, live): the numbers (uint32) of the articles that hold a term (UTF-8) in any\n"
    "form, its code in each (uint16, see words.Found), the highest of these, and how many are live. `stems` is [(language,\n"
    "crc32 of its stem there)]; is_stem(language, form) says whether a form (bytes) has that stem.";

static PyObject *find(PyObject *module, PyObject *args) {
    PyObject *capsule, *stems, *live_, *docs = NULL, *values = NULL, *result = NULL;
    Search search = {0};
    Found found = {0};
    Array live = {0};
    Py_ssize_t alive = 0;
    int most = 0;
    if (!PyArg_ParseTuple(args, "Oy#O!OO", &capsule, &search.term, &search.length, &PyList_Type, &stems,
                          &search.is_stem, &live_))
        return NULL;
    search.all = PyCapsule_GetPointer(capsule, capsule_name);
    if (!search.all) return NULL;
    search.languages = PyList_Size(stems);
    if (search.languages > LANGUAGES) { damaged("more languages than there are"); return NULL; }
    for (Py_ssize_t i = 0; i < search.languages; i++) {
        int language;
        unsigned int hash;
        PyObject *stem = PyList_GetItem(stems, i);
        if (!PyArg_ParseTuple(stem, "iI", &language, &hash)) return NULL;
        if (language < 0 || language >= LANGUAGES) { damaged("a language that is not there"); return NULL; }
        search.stems[i].language = language;
        search.stems[i].hash = hash;
    }
    for (Py_ssize_t i = 0; i < search.all->count; i++) {
        const SegmentArrays *segment = &search.all->each[i];
        search.count = 0;
        search.exact = exact_form(&search, segment);
        if (search.exact < -1) goto done;
        for (Py_ssize_t j = 0; j < search.languages; j++) {
            if (add_forms(&search, segment, search.stems[j].language, search.stems[j].hash) < 0) goto done;
        }
        if (search.count && unite(&search, segment, &found) < 0) goto done;
    }
    if (live_ != Py_None && array_open(&live, live_) < 0) goto done;
    const uint8_t *is_live = live.is_open ? live.data : NULL;
    for (Py_ssize_t i = 0; i < found.count; i++) {
        if (is_live && (live.type != U8 || found.doc[i] >= live.length)) { out_of_range(); goto done; }
        alive += !is_live || is_live[found.doc[i]];
        most = found.value[i] > most ? found.value[i] : most;
    }
    docs = PyBytes_FromStringAndSize((const char *)found.doc, found.count * (Py_ssize_t)sizeof *found.doc);
    values = PyBytes_FromStringAndSize((const char *)found.value, found.count * (Py_ssize_t)sizeof *found.value);
    if (docs && values) result = Py_BuildValue("OOin", docs, values, most, alive);
done:
    array_close(&live);
    Py_XDECREF(docs);
    Py_XDECREF(values);
    PyMem_Free(found.doc);
    PyMem_Free(found.value);
    PyMem_Free(search.places);
    return result;
}

/* ---- the module ---- */

static PyMethodDef methods[] = {
    {"opened", opened, METH_VARARGS, opened_doc},
    {"find", find, METH_VARARGS, find_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_lookup", "Words looked up in all segments, compiled; see lookup.py.", 0, methods,
};

static const Constant constants[] = {CONSTANT(MAX_ARTICLES), CONSTANT(PARTS), CONSTANT(K1)};

PyMODINIT_FUNC PyInit__lookup(void) {
    find_weights();
    return module_with(PyModule_Create(&definition), constants, sizeof constants / sizeof *constants);
}
