/* What the parts of _building share, see _building.c.
 *
 * Only the limited API of Python is used, so that one build serves every Python from 3.11 on. */

#include "_arrays.h"

#include <stdlib.h>

#define FIELDS 4            /* text fields of an article, see ranking.TEXT_FIELDS */
#define MAX_TERM_LENGTH 64  /* see analysis.py */
#define MAX_POSITIONS 65536 /* that a position can name, see postings.py */
#define MAX_ARTICLES 65536  /* of a segment, see form.py */

/* See stories/wording.py. */
#define ENDING_WORDS 5
#define KEPT_WORDS 3
#define DATELINE_CHUNKS 8

/* See stories/signatures.py. */
#define BITS 21
#define LEAD 64
#define TITLE_SHINGLE 2
#define TITLE_SLOTS 2
#define TEXT_SHINGLE 3
#define TEXT_SLOTS 4

enum { PUBLISHED = 1, DATED = 2, DATE_ONLY = 4, HAS_HEAT = 8, HAS_QUALITY = 16, HAS_IMAGE = 32, HAS_RELATED = 64,
       HAS_BODY = 128, MODIFIED = 256, MODIFIED_ONLY = 512, TAGGED = 1024 }; /* flags of an article, see columns.py */

/* ---- bytes that grow, in memory that needs no interpreter; what fails here has run out of it ---- */

typedef struct {
    char *data;
    size_t length, room;
} Bytes;

static inline int bytes_reserve(Bytes *bytes, size_t more) {
    if (bytes->length + more <= bytes->room) return 0;
    size_t room = bytes->room ? bytes->room : 4096;
    while (room < bytes->length + more) room *= 2;
    char *data = realloc(bytes->data, room);
    if (!data) return -1;
    bytes->data = data;
    bytes->room = room;
    return 0;
}

static inline int bytes_add(Bytes *bytes, const void *data, size_t length) {
    if (bytes_reserve(bytes, length) < 0) return -1;
    if (length) memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
    return 0;
}

static inline int bytes_add_int(Bytes *bytes, int32_t value) { return bytes_add(bytes, &value, sizeof value); }

/* ---- texts as UTF-8, in _building_texts.c ---- */

/* Whether it failed, then with an exception. */
int failed_to(int failed);

/* The UTF-8 of a text, which lives as long as `*owner`; lone surrogates are passed on as they are. */
const char *utf8(PyObject *text, Py_ssize_t *length, PyObject **owner);

int bytes_add_text(Bytes *bytes, PyObject *text);

/* The UTF-8 of many texts, for as long as `owners` lives, which the caller releases: so that they can be read without
 * the interpreter. */
typedef struct {
    const char *data;
    size_t length;
} Span;

Span *spans_of(PyObject *texts, Py_ssize_t *count, PyObject **owners);

/* ---- the functions of the module, and what it opens when it is imported ---- */

extern const char sorted_texts_doc[], hash_keys_doc[], inverted_doc[], facts_doc[], plain_records_doc[],
    signatures_doc[], url_parts_doc[];
PyObject *sorted_texts(PyObject *module, PyObject *texts);
PyObject *hash_keys(PyObject *module, PyObject *texts);
PyObject *inverted(PyObject *module, PyObject *args);
PyObject *facts(PyObject *module, PyObject *args);
PyObject *plain_records(PyObject *module, PyObject *articles);
PyObject *signatures(PyObject *module, PyObject *args);

/* The elements of an array of this type; NULL with an exception. */
const void *array_of(Array *array, PyObject *object, Type type);
PyObject *url_parts(PyObject *module, PyObject *records);

/* Add the class TermNumbering to the module, and find what facts() reads; -1 with an exception. */
int words_open(PyObject *module);
int facts_open(void);

/* A new reference to what a module of Python calls so. */
PyObject *imported(const char *module, const char *name);

/* BLAKE2b with a digest of 8 bytes and no key (RFC 7693), which read as a little-endian number. */
uint64_t blake2b_64(const char *data, size_t length);

int hash_text(PyObject *text, uint64_t *hash);
