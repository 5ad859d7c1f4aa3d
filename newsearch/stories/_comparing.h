/* What the files of _comparing share. Only the limited API of Python is used. */

#include "_arrays.h"

#include <math.h>
#include <stdlib.h>

#define MAX_TERM_LENGTH 64 /* see analysis.py */

/* See wording.py and copies.py. */
#define LEAD 160
#define TERM_WEIGHT 8
#define KEPT_WORDS 3
#define ENDING_WORDS 5
#define DATELINE_CHUNKS 8
#define LABEL_CHUNKS 4
#define GAP 4
#define RUN 2
#define WINDOW 345600.0

/* What a chunk is, and what a term is: see comparing.py. */
enum { CAPITAL = 1, DIGIT = 2, LABEL = 4, COLON = 8, DASH = 16, OPENS = 32, CLOSES = 64, PLACE = 128, SEPARATOR = 256, CUT = 512 };
enum { TERM_DIGIT = 1, TERM_NUMBER = 2, TERM_NEGATION = 4, TERM_POLAR = 8 };

/* Bytes that grow; what fails has run out of memory. */
typedef struct {
    char *data;
    size_t length, room;
} Buffer;

static inline int buffer_add(Buffer *buffer, const void *data, size_t length) {
    if (buffer->length + length > buffer->room) {
        size_t room = buffer->room ? buffer->room : 4096;
        while (room < buffer->length + length) room *= 2;
        char *grown = realloc(buffer->data, room);
        if (!grown) return -1;
        buffer->data = grown;
        buffer->room = room;
    }
    if (length) memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    return 0;
}

/* Distinct texts in UTF-8, numbered as they come. */
typedef struct {
    uint64_t start;
    uint32_t length;
} Text;

typedef struct {
    Buffer bytes, entries; /* the texts one after the other; Text */
    int32_t *numbers;      /* hashed; -1 where the place is free */
    size_t places;         /* a power of two */
    int32_t count;
    uint64_t secret;
} Texts;

static inline const Text *text_at(const Texts *texts, int32_t number) { return (const Text *)texts->entries.data + number; }

typedef struct {
    int weight, kind;
    int32_t value; /* the term for the same number; the term itself otherwise */
} Term;

typedef struct {
    size_t start; /* of its terms */
    int32_t count;
    int kind;
} Chunk;

typedef struct {
    size_t start;
    int32_t count;
} Words;

typedef struct {
    Words title, text, title_terms, text_terms, numbers, common; /* the last four are sorted sets */
    int64_t title_weight, text_weight;
    double tells, time;
    int32_t outlet, title_label, text_label;
    int is_cut;
} Article;

typedef struct {
    Buffer chunks, title, text, numbers, common;
} Read;

typedef struct {
    PyObject_HEAD
    PyObject *tell_chunk, *tell_term; /* what a chunk is, and what a term is */
    PyObject *opposed, *renamed;      /* whether runs of terms contradict each other */
    Texts terms, chunks;
    Buffer term_facts, chunk_facts;   /* Term, Chunk */
    Buffer chunk_terms, words;        /* int32, numbers of terms */
    Buffer articles;                  /* Article */
    Read room;
    int has_told, is_broken, is_at_work;
} Comparer;

typedef struct {
    int32_t x, y, size;
} Block;

typedef struct {
    int32_t x, y;
} Range;

typedef struct {
    Block blocks[LEAD];
    int count;
    int32_t size;
    double held;
} Alignment;

/* The words of an article, as _comparing_words.c stores them. */
static inline const int32_t *words_at(const Comparer *self, Words words) { return (const int32_t *)self->words.data + words.start; }

/* _comparing_words.c */
void texts_free(Texts *texts);
int32_t comparing_term(Comparer *self, const char *data, size_t length);
void comparing_sort(int32_t *numbers, size_t count);
int64_t comparing_weight_of_both(const Comparer *self, Words one, Words other, int *any);
int comparing_add(Comparer *self, const char *title, size_t title_length, const char *text, size_t text_length,
                  int32_t outlet, double time);

/* _comparing_relation.c: as `relation` in copies.py; NaN with an exception. */
double comparing_relation(const Comparer *self, const Article *a, const Article *b);
