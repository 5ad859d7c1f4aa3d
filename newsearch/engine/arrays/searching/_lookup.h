/* What the parts of _lookup share, see _lookup.c. */

#include "_arrays.h"

#include <stdlib.h>

#define MAX_ARTICLES (1 << 16) /* of a segment, see form.py */
#define PARTS 4                /* see ranking.PARTS */
#define K1 1.2                 /* see ranking.K1 */
#define FIELDS 4               /* text fields of an article, see ranking.TEXT_FIELDS */

static inline int damaged(const char *what) {
    PyErr_SetString(PyExc_ValueError, what);
    return -1;
}

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

/* ---- the functions of the module ---- */

extern const char bound_doc[], find_doc[], held_doc[], neighbours_doc[], placed_doc[];
PyObject *bound(PyObject *module, PyObject *args);
PyObject *find(PyObject *module, PyObject *args);
PyObject *held(PyObject *module, PyObject *args);
PyObject *neighbours(PyObject *module, PyObject *args);
PyObject *placed(PyObject *module, PyObject *args);
void find_weights(void);
