/* What the parts of _lookup share, see _lookup.c. */

#include "_arrays.h"
#include "_postings.h"
#include "_cells.h"

#include <stdlib.h>

#define MAX_ARTICLES (1 << 16) /* of a segment, see form.py */
#define FIELDS 4               /* text fields of an article, see ranking.TEXT_FIELDS */

static inline int damaged(const char *what) {
    PyErr_SetString(PyExc_ValueError, what);
    return -1;
}

#define ARRAYS 12

typedef struct {
    union {
        Array arrays[ARRAYS];
        struct {
            Array text, text_at;                /* the exact forms, see postings.py */
            Array stem_hash, stem_ref, stem_at; /* without stem_at, all stems are of the first language */
            Array group_at, group;
            Array post_at, doc, code;
            Array language;                     /* without it, all articles are of one language */
            Array dead;                         /* the articles that are not live, sorted */
        };
    };
    uint64_t *is_dead;          /* a bit for each article, or NULL if all are live */
    Py_ssize_t start, articles; /* the number of the first one, and how many there are */
} SegmentArrays;

/* Bits for the first digits of all hashes of stems in a language: one that is not set rules out a stem in all segments. */
typedef struct { uint64_t *bits; int shift; } StemBits;

typedef struct {
    SegmentArrays *each;
    Py_ssize_t count;
    Cells *cells; /* for the next search, or NULL, see _lookup_words.c */
    Py_ssize_t searches;
    StemBits stems[LANGUAGES]; /* without bits for most stems, and before many searches */
} AllSegments;

/* All segments, from what `opened` returns; NULL with an exception if it is something else. */
AllSegments *segments_of(PyObject *opened);

/* Where the part of this number begins and ends in an array of this length; -1 with an exception if it is not there. */
static inline int part_of(const Array *at, int64_t part, Py_ssize_t length, int64_t *start, int64_t *end) {
    if (part < 0 || part >= at->length - 1) return damaged("what is looked up leads out of the dictionary");
    *start = integer(at, part);
    *end = integer(at, part + 1);
    if (*start < 0 || *end < *start || *end > length) return damaged("a word's place lies outside the dictionary");
    return 0;
}

/* The number of an exact form, -1 where there is none, -2 with an exception. */
int64_t exact_form(const SegmentArrays *segment, const char *form, Py_ssize_t length);

/* ---- the forms of a term ---- */

/* A form, a bit for every language in which it is one, and the posting that was read last. */
typedef struct { uint32_t form; uint64_t spoken; Py_ssize_t read; } Place;

/* The forms of a segment, among the places of all, and how many postings they have together. */
typedef struct { Py_ssize_t first, count; int64_t exact, postings; int has_exact; } Forms;

typedef struct {
    AllSegments *all;
    const char *term;
    Py_ssize_t length;
    struct { int language; int64_t hash; } stems[LANGUAGES];
    Py_ssize_t languages;
    PyObject *is_stem; /* from a language and a form to whether that shares the stem */
    int is_exact;      /* whether only the very term is wanted */
    int64_t exact;     /* its number in the segment at hand, or -1 */
    Place *places;     /* of all segments, one after the other */
    Py_ssize_t count, room;
    Forms *forms;      /* of each segment */
} Search;

/* Take the term and its stems in each language from (opened, term, stems, is_stem, ...); -1 with an exception. */
int search_open(Search *search, PyObject *capsule, PyObject *stems);
void search_close(Search *search);

/* Collect the forms of all segments, and their postings. Returns how many these are, -1 with an exception. */
int64_t collect(Search *search);

/* ---- where words stand ---- */

#define POSITION_ARRAYS (4 + FIELDS)

typedef struct {
    union {
        Array arrays[POSITION_ARRAYS];
        struct {
            Array pos;                       /* the first position of each posting */
            Array more_at, more_doc, more_pos; /* the further ones of each form, see postings.py */
            Array length[FIELDS];            /* the words of each field of every article */
        };
    };
} Positions;

typedef struct {
    Positions *each;
    Py_ssize_t count;
} AllPositions;

/* From what `placed` returns; NULL with an exception if it is something else. */
const AllPositions *positions_of(PyObject *placed, const AllSegments *segments);

typedef struct { int64_t first, last; } Range;

/* The postings of a form in a segment, and its further positions, both as far as they have been read. */
typedef struct {
    Range posts, more;
} Reading;

/* The first postings of a form; none if its number is negative. -1 with an exception. */
int reading_open(const SegmentArrays *segment, const Positions *places, int64_t form, Reading *reading);

/* A list of articles; -1 with an exception where it is something else. */
int docs_open(Array *docs, PyObject *given);

/* ---- the functions of the module ---- */

extern const char bound_doc[], find_doc[], held_doc[], in_place_doc[], live_doc[], neighbours_doc[], placed_doc[], together_doc[],
    weighed_doc[], where_doc[];
PyObject *bound(PyObject *module, PyObject *args);
PyObject *find(PyObject *module, PyObject *args);
PyObject *held(PyObject *module, PyObject *args);
PyObject *in_place(PyObject *module, PyObject *args);
PyObject *live(PyObject *module, PyObject *args);
PyObject *neighbours(PyObject *module, PyObject *args);
PyObject *placed(PyObject *module, PyObject *args);
PyObject *together(PyObject *module, PyObject *args);
PyObject *weighed(PyObject *module, PyObject *args);
PyObject *where(PyObject *module, PyObject *args);
