/* Articles by what is known of their outlet, topics and so on: `marked` and `tally` of sieve.py. */

#include "_sieve.h"

typedef struct { Array column, at, known; Py_ssize_t start; } Named; /* `known` is what is known of each name */

static void named_close(Named *segments, Py_ssize_t count) {
    for (Py_ssize_t i = 0; segments && i < count; i++) {
        array_close(&segments[i].column);
        array_close(&segments[i].at);
        array_close(&segments[i].known);
    }
    PyMem_Free(segments);
}

static int named_open(Named *segment, PyObject *item, Type known_type) {
    PyObject *column, *at, *known;
    if (!item || !PyArg_ParseTuple(item, "nOOO", &segment->start, &column, &at, &known)) return -1;
    if (array_open(&segment->column, column) < 0 || (at != Py_None && array_open(&segment->at, at) < 0) ||
        array_open(&segment->known, known) < 0)
        return -1;
    const Array *places = &segment->at;
    if (places->is_open && (!places->length || integer(places, 0) != 0 ||
                            integer(places, places->length - 1) != segment->column.length)) {
        out_of_range();
        return -1;
    }
    if (segment->start >= 0 && segment->known.type == known_type) return 0;
    PyErr_SetString(PyExc_TypeError, "these arrays do not name the articles of a segment");
    return -1;
}

/* From a list of (start, column, at, known); NULL with an exception where one is not as it should be. */
static Named *all_named_open(PyObject *given, Py_ssize_t *count, Type known_type) {
    *count = PyList_Size(given);
    Named *segments = PyMem_Calloc((size_t)*count + 1, sizeof(Named));
    if (!segments) { PyErr_NoMemory(); return NULL; }
    for (Py_ssize_t i = 0; i < *count; i++) {
        if (named_open(&segments[i], PyList_GetItem(given, i), known_type) == 0) continue;
        named_close(segments, *count);
        return NULL;
    }
    return segments;
}

/* The places in the column of the names of an article of a segment; -1 where that leads out of an array. */
static inline int names_of(const Named *segment, int64_t doc, int64_t *first, int64_t *last) {
    *first = doc;
    *last = doc + 1;
    if (doc < 0) return -1;
    if (segment->at.is_open) {
        if (doc + 1 >= segment->at.length) return -1;
        *first = integer(&segment->at, (Py_ssize_t)doc);
        *last = integer(&segment->at, (Py_ssize_t)doc + 1);
    }
    return *first < 0 || *last < *first || *last > segment->column.length ? -1 : 0;
}

#define FEW 256 /* names of a segment that are counted apart */
#define TURNS 4 /* counts of each of them */

/* As `tally_segment`, where each article has one of few names. Most have the same one: a processor that counts it would
 * wait for the count before, so articles take turns. */
static int tally_few(const Named *segment, const uint32_t *docs, Py_ssize_t length, int64_t *counts, Py_ssize_t names) {
    const uint8_t *column = segment->column.data;
    const uint32_t *number_of = segment->known.data;
    uint32_t turns[TURNS][FEW] = {{0}};
    for (Py_ssize_t i = 0; i < length; i++) {
        const int64_t doc = (int64_t)docs[i] - segment->start;
        if (doc < 0 || doc >= segment->column.length) return -1;
        turns[i % TURNS][column[doc]]++;
    }
    for (Py_ssize_t local = 0; local < FEW; local++) {
        int64_t count = 0;
        for (int turn = 0; turn < TURNS; turn++) count += turns[turn][local];
        if (!count) continue;
        if (local >= segment->known.length || number_of[local] >= names) return -1;
        counts[number_of[local]] += count;
    }
    return 0;
}

/* Whether all articles of a segment have the same name. */
static int have_one_name(const Named *segment) {
    const uint8_t *column = segment->column.data;
    uint8_t any = 0;
    if (segment->at.is_open || segment->known.length != 1 || segment->column.type != U8) return 0;
    for (Py_ssize_t i = 0; i < segment->column.length; i++) any |= column[i];
    return !any;
}

#define TALLY(TYPE, NUMBER)                                                                                          \
    case TYPE:                                                                                                       \
        for (Py_ssize_t i = 0; i < length; i++) {                                                                    \
            int64_t first, last;                                                                                     \
            if (names_of(segment, (int64_t)docs[i] - segment->start, &first, &last) < 0) return -1;                  \
            for (int64_t j = first; j < last; j++) {                                                                 \
                const int64_t local = (int64_t)((const NUMBER *)segment->column.data)[j];                            \
                if (local < 0 || local >= segment->known.length || number_of[local] >= names) return -1;             \
                counts[number_of[local]]++;                                                                          \
            }                                                                                                        \
        }                                                                                                            \
        return 0;

/* Count what some articles of a segment are named; -1 where that leads out of an array. */
static int tally_segment(const Named *segment, const uint32_t *docs, Py_ssize_t length, int64_t *counts, Py_ssize_t names) {
    const uint32_t *number_of = segment->known.data;
    if (segment->at.is_open && !segment->column.length) return 0;
    if (length > FEW && have_one_name(segment) && number_of[0] < names) {
        const int64_t first = (int64_t)docs[0] - segment->start, last = (int64_t)docs[length - 1] - segment->start;
        counts[number_of[0]] += length;
        return first >= 0 && last < segment->column.length ? 0 : -1;
    }
    if (segment->column.type == U8 && !segment->at.is_open && length > FEW)
        return tally_few(segment, docs, length, counts, names);
    switch (segment->column.type) {
        TALLY(U8, uint8_t)
        TALLY(U16, uint16_t)
        TALLY(U32, uint32_t)
        TALLY(I32, int32_t)
        TALLY(I64, int64_t)
        default: return -1;
    }
}

#define COUNT_CHOSEN(TYPE, NUMBER)                                                                                   \
    case TYPE:                                                                                                       \
        for (Py_ssize_t i = 0; i < segment->column.length; i++) {                                                    \
            const int64_t local = (int64_t)((const NUMBER *)segment->column.data)[i];                                \
            if (local < 0 || local >= segment->known.length) return -1;                                              \
            before[i] = count;                                                                                       \
            count += chosen[local] != 0;                                                                             \
        }                                                                                                            \
        break;

/* Before each name of a segment, and after the last, how many of them are chosen; -1 where one leads out of an array. */
static int count_chosen(const Named *segment, uint32_t *before) {
    const uint8_t *chosen = segment->known.data;
    uint32_t count = 0;
    switch (segment->column.type) {
        COUNT_CHOSEN(U8, uint8_t)
        COUNT_CHOSEN(U16, uint16_t)
        COUNT_CHOSEN(U32, uint32_t)
        COUNT_CHOSEN(I32, int32_t)
        COUNT_CHOSEN(I64, int64_t)
        default: return -1;
    }
    before[segment->column.length] = count;
    return 0;
}

#define MARK_CHOSEN(TYPE, NUMBER)                                                                                    \
    case TYPE:                                                                                                       \
        for (Py_ssize_t i = 0; i < count;) {                                                                         \
            const int64_t doc = segment->start + i;                                                                  \
            const Py_ssize_t rest = 64 - (Py_ssize_t)(doc & 63), end = count - i < rest ? count : i + rest;          \
            uint64_t word = 0;                                                                                       \
            for (int place = (int)(doc & 63); i < end; i++, place++) {                                               \
                const int64_t local = (int64_t)((const NUMBER *)segment->column.data)[i];                            \
                if (local < 0 || local >= segment->known.length) return -1;                                          \
                word |= (uint64_t)(chosen[local] != 0) << place;                                                     \
            }                                                                                                        \
            bits[doc >> 6] |= word;                                                                                  \
        }                                                                                                            \
        return 0;

/* Set the bits of the articles of a segment whose one name is chosen; -1 where that leads out of an array. */
static int mark_single(const Named *segment, uint64_t *bits, int64_t articles) {
    const uint8_t *chosen = segment->known.data;
    const Py_ssize_t count = segment->column.length;
    if (segment->start + count > articles) return -1;
    switch (segment->column.type) {
        MARK_CHOSEN(U8, uint8_t)
        MARK_CHOSEN(U16, uint16_t)
        MARK_CHOSEN(U32, uint32_t)
        MARK_CHOSEN(I32, int32_t)
        MARK_CHOSEN(I64, int64_t)
        default: return -1;
    }
}

/* Set the bits of the articles of a segment that have a chosen name; -1 where that leads out of an array. How many names
 * an article has, and whether one is chosen, cannot be foreseen: nothing branches on it. `before` has room for a number
 * for each name and one more. */
static int mark_segment(const Named *segment, uint64_t *bits, int64_t articles, uint32_t *before) {
    if (!segment->at.is_open) return mark_single(segment, bits, articles);
    const int64_t count = segment->at.length - 1;
    uint64_t word = 0;
    if (count < 1) return 0;
    if (segment->start + count > articles || count_chosen(segment, before) < 0) return -1;
    int64_t first, last = integer(&segment->at, 0);
    for (int64_t i = 0; i < count; i++) {
        const int64_t doc = segment->start + i;
        first = last;
        last = integer(&segment->at, (Py_ssize_t)i + 1);
        if (first < 0 || last < first || last > segment->column.length) return -1;
        word |= (uint64_t)(before[first] < before[last]) << (doc & 63);
        if ((doc & 63) == 63 || i == count - 1) {
            bits[doc >> 6] |= word;
            word = 0;
        }
    }
    return 0;
}

const char marked_doc[] =
    "marked(segments, articles): from [(start, column, at, chosen)] a bit for every article, in words of 64, whether any of\n"
    "its names is chosen; see sieve.py.";

PyObject *marked_(PyObject *module, PyObject *args) {
    PyObject *given, *found = NULL;
    Py_ssize_t count, articles;
    if (!PyArg_ParseTuple(args, "O!n", &PyList_Type, &given, &articles)) return NULL;
    if (articles < 0 || articles > UINT32_MAX) return out_of_range();
    Named *segments = all_named_open(given, &count, U8);
    if (!segments) return NULL;
    const Py_ssize_t words = (articles + 63) / 64;
    found = PyBytes_FromStringAndSize(NULL, words * (Py_ssize_t)sizeof(uint64_t));
    uint64_t *bits = found ? (uint64_t *)PyBytes_AsString(found) : NULL;
    Py_ssize_t names = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (segments[i].at.is_open && segments[i].column.length > names) names = segments[i].column.length;
    }
    uint32_t *before = bits ? PyMem_Malloc(((size_t)names + 1) * sizeof *before) : NULL;
    if (bits && !before) {
        Py_CLEAR(found);
        PyErr_NoMemory();
    } else if (bits) {
        int is_outside = 0;
        memset(bits, 0, (size_t)words * sizeof *bits);
        RELEASED(articles)
        for (Py_ssize_t i = 0; i < count && !is_outside; i++) is_outside = mark_segment(&segments[i], bits, articles, before) < 0;
        REGAINED
        if (is_outside) {
            Py_CLEAR(found);
            out_of_range();
        }
    }
    PyMem_Free(before);
    named_close(segments, count);
    return found;
}

const char tally_doc[] =
    "tally(docs, segments, names): from articles (uint32, sorted) and [(start, column, at, numbers)], by rising start, how\n"
    "many have each name (int64); see sieve.py.";

PyObject *tally(PyObject *module, PyObject *args) {
    PyObject *docs_, *given, *found = NULL;
    Py_ssize_t names, count;
    if (!PyArg_ParseTuple(args, "OO!n", &docs_, &PyList_Type, &given, &names)) return NULL;
    Array docs = {0};
    Named *segments = all_named_open(given, &count, U32);
    if (!segments) return NULL;
    if (array_open(&docs, docs_) < 0) goto done;
    if (docs.type != U32 || names < 0) {
        PyErr_SetString(PyExc_TypeError, "numbers of articles of type uint32 are expected here");
        goto done;
    }
    found = PyBytes_FromStringAndSize(NULL, names * (Py_ssize_t)sizeof(int64_t));
    int64_t *counts = found ? (int64_t *)PyBytes_AsString(found) : NULL;
    if (!counts) goto done;
    memset(counts, 0, (size_t)names * sizeof *counts);
    int is_outside = 0;
    RELEASED(docs.length)
    const uint32_t *numbers_ = docs.data;
    Py_ssize_t at = 0;
    for (Py_ssize_t i = 0; i < count && !is_outside; i++) {
        const Py_ssize_t end =
            i + 1 < count ? seek_u32(numbers_, docs.length, at, (int64_t)segments[i + 1].start) : docs.length;
        is_outside = tally_segment(&segments[i], numbers_ + at, end - at, counts, names) < 0;
        at = end;
    }
    REGAINED
    if (is_outside) {
        Py_CLEAR(found);
        out_of_range();
    }
done:
    named_close(segments, count);
    array_close(&docs);
    return found;
}
