/* What the parts of _kernel share, see _kernel.c. */

#include "_arrays.h"
#include "_postings.h"

#include <math.h>
#include <stdlib.h>

#define FIELDS 4   /* text fields of an article, see ranking.TEXT_FIELDS */
#define BLOCK 64   /* postings that are looked at together, see lists.py */
#define CHUNK 1024 /* articles whose boosts have a common ceiling, see kernel.py */
#define SORTED_CHUNK 64 /* the same in an order other than relevance */
#define SLACK (1 + 1e-9)

typedef struct { double score; uint32_t doc; } Row;

/* ---- lists of scored articles ---- */

static inline int has_bit(const Array *bits, int64_t doc) {
    return doc >> 6 < bits->length && ((const uint64_t *)bits->data)[doc >> 6] >> (doc & 63) & 1;
}

/* A bit for every article, in words of 64. */
static inline int bits_open(Array *bits, PyObject *object) {
    if (array_open(bits, object) < 0) return -1;
    if (bits->type == I64) return 0;
    PyErr_SetString(PyExc_TypeError, "bits in words of 64 are expected here");
    return -1;
}

/* The postings of a segment, and the number of its first article. */
typedef struct {
    Array doc, code, language; /* without languages, all articles are of one */
    int64_t start, articles;
} Postings;

typedef struct {
    Postings *each;
    Py_ssize_t count;
    struct Room *room; /* for the next search, or NULL, see _kernel_by_segment.c */
} AllPostings;

typedef struct {
    Array doc, value;
    Array bits, ranks, tops; /* see kernel.Part; not always open */
    AllPostings *postings; /* of a kernel.InPlace, whose `doc` tells the length alone; or NULL */
    const FormRange *ranges;
    Py_ssize_t range_count;
    double unit, best;
    double rest; /* what it and the lists that are looked up after it can add: a sum from which nothing was taken */
    Py_ssize_t at;
} List;

/* Opens a kernel.InPlace; -1 with an exception. Its length is not set. */
int in_place_open(List *list, PyObject *ranges, PyObject *opened);

/* Go on to the ranges of the segment of an article, or of the next one that has any. */
void in_place_seek(List *list, int64_t doc);

/* The place of the first posting of a form whose article is not below one of the segment. */
Py_ssize_t in_place_from(const Postings *segment, const FormRange *range, int64_t number_);

/* As `value_of`. Within a segment, articles may be asked for in any order. */
double in_place_value(List *list, int64_t doc);

/* Add at least what the list has for each article to the sums of a segment, that of articles from `start` on; `at` must
 * be there. The forms of a word weigh less together than one by one. */
void in_place_add(const List *list, int64_t start, float *text);

/* From a sequence of Part; NULL with an exception where one is not as it should be. */
List *lists_open(PyObject *parts, Py_ssize_t *count);
void lists_close(List *lists, Py_ssize_t count);

/* The value of an article, 0 where the list does not have it. Articles must be asked for in rising order. */
static inline double value_of(List *list, int64_t doc) {
    if (list->bits.is_open) {
        if (!has_bit(&list->bits, doc)) return 0;
        const uint64_t before = ((const uint64_t *)list->bits.data)[doc >> 6] & (((uint64_t)1 << (doc & 63)) - 1);
        const Py_ssize_t at = (Py_ssize_t)((const uint32_t *)list->ranks.data)[doc >> 6] + bits_set(before);
        return at < list->value.length ? number(&list->value, at) : 0;
    }
    if (list->postings) return in_place_value(list, doc);
    list->at = seek(&list->doc, list->at, doc);
    return list->at < list->doc.length && article(&list->doc, list->at) == doc ? number(&list->value, list->at) : 0;
}

/* Those of some places, counted from `start`, whose articles a list with bits has. Nothing branches on the answer. */
static inline int keep_held(const List *list, const Array *doc, Py_ssize_t start, int count, uint8_t *places) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
        const uint8_t place = places[i];
        places[kept] = place;
        kept += has_bit(&list->bits, article(doc, start + place));
    }
    return kept;
}

/* ---- results whose length is not known before ---- */

/* Room for so many numbers, which becomes the result itself: a long one would take long to copy, and twice the memory. What
 * is never written takes none. NULL with an exception. */
static inline PyObject *results_open(Py_ssize_t most, size_t size, void **room) {
    PyObject *results = PyByteArray_FromStringAndSize(NULL, most * (Py_ssize_t)size);
    *room = results ? PyByteArray_AsString(results) : NULL;
    return results;
}

/* Keep the first ones alone; -1 with an exception. Where much room is left, they are copied after all: the C library may
 * not give it back. */
static inline int results_end(PyObject **results, Py_ssize_t count, size_t size) {
    const Py_ssize_t used = count * (Py_ssize_t)size, room = PyByteArray_Size(*results);
    if (room - used <= room / 8) return PyByteArray_Resize(*results, used);
    PyObject *kept = PyBytes_FromStringAndSize(PyByteArray_AsString(*results), used);
    Py_DECREF(*results);
    *results = kept;
    return kept ? 0 : -1;
}

/* ---- the functions of the module ---- */

extern const char any_of_doc[], begun_doc[], best_codes_doc[], best_complete_doc[], best_partial_doc[], by_length_doc[],
    common_doc[], count_any_doc[], count_doc[], counted_doc[], exact_doc[], foremost_doc[], held_by_doc[], holds_doc[],
    in_field_doc[], merged_doc[], near_doc[], numbered_doc[], one_edit_doc[], places_of_doc[], postings_doc[],
    scan_doc[], scores_doc[], similar_doc[], together_doc[], united_doc[];
PyObject *best_complete(PyObject *module, PyObject *args);
PyObject *best_partial(PyObject *module, PyObject *args);
PyObject *places_of(PyObject *module, PyObject *args);
PyObject *postings(PyObject *module, PyObject *args);
PyObject *foremost(PyObject *module, PyObject *args);
PyObject *scores(PyObject *module, PyObject *args);
PyObject *holds(PyObject *module, PyObject *args);
PyObject *common(PyObject *module, PyObject *args);
PyObject *count_(PyObject *module, PyObject *args);
PyObject *count_any(PyObject *module, PyObject *args);
PyObject *counted(PyObject *module, PyObject *args);
PyObject *best_codes(PyObject *module, PyObject *args);
PyObject *together(PyObject *module, PyObject *args);
PyObject *begun(PyObject *module, PyObject *args);
PyObject *exact(PyObject *module, PyObject *args);
PyObject *similar(PyObject *module, PyObject *args);
PyObject *near(PyObject *module, PyObject *args);
PyObject *merged(PyObject *module, PyObject *args);
PyObject *by_length(PyObject *module, PyObject *args);
PyObject *scan(PyObject *module, PyObject *args);
PyObject *united(PyObject *module, PyObject *args);
PyObject *in_field(PyObject *module, PyObject *args);
PyObject *one_edit(PyObject *module, PyObject *args);
PyObject *any_of(PyObject *module, PyObject *args);
PyObject *held_by(PyObject *module, PyObject *args);
PyObject *numbered(PyObject *module, PyObject *args);
