/* Words that stand together: `together` of lookup.py. */

#include "_lookup.h"

#include "_windows.h"

#define BLOCK 16    /* postings that are looked at together */
#define BLOCKS 4    /* so many of them */
#define MARKED 256  /* articles are marked where each word has so many postings */
#define MUCH 8      /* a word with so many times as many postings as the rarest is sought in its articles */

/* One of the words, and what an article at hand has of it. */
typedef struct {
    Search search;
    Reading *readings; /* of the forms of all segments */
    const Place *forms; /* those of the segment at hand */
    Reading *reading;
    Py_ssize_t count;
    Py_ssize_t *held; /* which of them are in the article */
    Py_ssize_t helds;
    int64_t next; /* if none is: the first article that may have one */
    int64_t first; /* the first position */
    uint8_t code;
} Word;

static void words_close(Word *words, Stands *stands, Py_ssize_t count) {
    for (Py_ssize_t i = 0; words && i < count; i++) {
        search_close(&words[i].search);
        PyMem_Free(words[i].readings);
        PyMem_Free(words[i].held);
    }
    for (Py_ssize_t i = 0; stands && i < count; i++) free(stands[i].positions);
    PyMem_Free(words);
    PyMem_Free(stands);
}

/* From (term, stems, is_stem), with stems if it may be in any form; -1 with an exception. */
static int word_open(Word *word, PyObject *item, PyObject *capsule, const AllPositions *places) {
    PyObject *stems;
    Search *search = &word->search;
    if (!PyTuple_Check(item)) {
        PyErr_SetString(PyExc_TypeError, "words are expected here");
        return -1;
    }
    if (!PyArg_ParseTuple(item, "y#O!O", &search->term, &search->length, &PyList_Type, &stems, &search->is_stem))
        return -1;
    search->is_exact = !PyList_Size(stems);
    if (search_open(search, capsule, stems) < 0 || collect(search) < 0) return -1;
    word->readings = PyMem_Calloc((size_t)search->count + 1, sizeof *word->readings);
    word->held = PyMem_Calloc((size_t)search->count + 1, sizeof *word->held);
    if (!word->readings || !word->held) { PyErr_NoMemory(); return -1; }
    for (Py_ssize_t i = 0; i < search->all->count; i++) {
        const Forms *forms = &search->forms[i];
        for (Py_ssize_t j = forms->first; j < forms->first + forms->count; j++) {
            if (reading_open(&search->all->each[i], &places->each[i], search->places[j].form, &word->readings[j]) < 0)
                return -1;
        }
    }
    return 0;
}

static void word_enter(Word *word, Py_ssize_t segment) {
    const Forms *forms = &word->search.forms[segment];
    word->forms = word->search.places + forms->first;
    word->reading = word->readings + forms->first;
    word->count = forms->count;
}

/* As `seek_u16`, where what is sought is mostly near: how near cannot be foreseen, and nothing branches on it. */
static inline Py_ssize_t seek_near(const uint16_t *sorted, Py_ssize_t length, Py_ssize_t from, int64_t wanted) {
    if (from >= length || sorted[from] >= wanted) return from;
    if (++from >= length || sorted[from] >= wanted) return from;
    for (int i = 0; i < BLOCKS && from + BLOCK <= length; i++) {
        if (sorted[from + BLOCK - 1] >= wanted) {
            int below = 0;
            for (int j = 0; j < BLOCK; j++) below += sorted[from + j] < (uint16_t)wanted;
            return from + below;
        }
        from += BLOCK;
    }
    return seek_u16(sorted, length, from, wanted);
}

/* The first article from the places on that have been reached; MAX_ARTICLES if there is none. */
static int64_t next_article(const Word *word, const uint16_t *doc) {
    int64_t next = MAX_ARTICLES;
    for (Py_ssize_t i = 0; i < word->count; i++) {
        const Range *posts = &word->reading[i].posts;
        if (posts->first < posts->last && doc[posts->first] < next) next = doc[posts->first];
    }
    return next;
}

/* Which forms an article has, and the highest code. Articles must be asked for in rising order. */
static int is_in(Word *word, const SegmentArrays *segment, const Positions *places, uint16_t article) {
    const uint16_t *doc = segment->doc.data;
    word->helds = word->code = 0;
    for (Py_ssize_t i = 0; i < word->count; i++) {
        Range *posts = &word->reading[i].posts;
        posts->first = seek_near(doc, (Py_ssize_t)posts->last, (Py_ssize_t)posts->first, article);
        if (posts->first >= posts->last || doc[posts->first] != article) continue;
        if (!is_spoken(word->forms[i].spoken, segment->language.data, article)) continue;
        const uint8_t code = ((const uint8_t *)segment->code.data)[posts->first];
        const int64_t position = integer(&places->pos, (Py_ssize_t)posts->first);
        word->code = code > word->code ? code : word->code;
        word->first = !word->helds || position < word->first ? position : word->first;
        word->held[word->helds++] = i;
    }
    return word->helds > 0;
}

/* Collect all positions in an article; -1 where there is no memory for them. */
static int word_read(Word *word, const Positions *places, uint16_t article, Stands *stands) {
    const uint16_t *more_doc = places->more_doc.data;
    stands_clear(stands);
    for (Py_ssize_t i = 0; i < word->helds; i++) {
        Reading *reading = &word->reading[word->held[i]];
        Range *more = &reading->more;
        if (stands_add(stands, (uint16_t)integer(&places->pos, (Py_ssize_t)reading->posts.first)) < 0) return -1;
        more->first = seek_near(more_doc, (Py_ssize_t)more->last, (Py_ssize_t)more->first, article);
        for (; more->first < more->last && more_doc[more->first] == article; more->first++) {
            if (stands_add(stands, (uint16_t)integer(&places->more_pos, (Py_ssize_t)more->first)) < 0) return -1;
        }
    }
    stands_sort(stands);
    return 0;
}

typedef struct {
    Word *words;
    Stands *stands;
    Py_ssize_t count;
    int32_t width;
    int is_ordered, field;
    uint32_t *doc;
    uint8_t *code; /* of each word, article by article */
    Py_ssize_t found;
    int are_usual; /* whether they stood together in most articles of the last segment that have the rarest of them */
    uint64_t marks[MAX_ARTICLES / 64], others[MAX_ARTICLES / 64]; /* of the articles of a segment */
} Together;

/* Whether words that are all in an article stand together there; -1 where there is no memory to find out. */
static int stand_together(Together *all, const Positions *places, uint16_t article) {
    int32_t ends[FIELDS];
    int64_t end = 0;
    for (int i = 0; i < FIELDS; i++) {
        const int64_t length = integer(&places->length[i], article);
        end += length < 0 || length > UINT16_MAX ? UINT16_MAX + 1 : length;
        ends[i] = (int32_t)end;
    }
    /* Most that stand side by side at all do so where each is first: no further position is read. */
    const int64_t start = all->words[0].first;
    int is_first = all->width >= all->count - 1 && start >= 0 && start <= UINT16_MAX;
    for (Py_ssize_t i = 1; i < all->count && is_first; i++) is_first = all->words[i].first == start + i;
    if (is_first && within_field(ends, FIELDS, (int32_t)start, (int32_t)(start + all->count - 1), all->field)) return 1;
    for (Py_ssize_t i = 0; i < all->count; i++) {
        if (word_read(&all->words[i], places, article, &all->stands[i]) < 0) return -1;
    }
    return (all->is_ordered ? holds_ordered : holds_near)(all->stands, all->count, all->width, all->field, ends, FIELDS);
}

/* The word with the fewest postings in a segment; -1 if a word has none. */
static Py_ssize_t rarest_of(Together *all, Py_ssize_t segment) {
    Py_ssize_t rarest = 0;
    for (Py_ssize_t i = 0; i < all->count; i++) {
        const Forms *forms = &all->words[i].search.forms[segment];
        if (!forms->count) return -1;
        if (forms->postings < all->words[rarest].search.forms[segment].postings) rarest = i;
    }
    return rarest;
}

/* Append an article that all words are in, if they stand together there. -2 without memory. */
static int add_article(Together *all, const SegmentArrays *segment, const Positions *places, uint16_t article) {
    const int stands = stand_together(all, places, article);
    if (stands < 1) return stands < 0 ? -2 : 0;
    uint8_t *code = all->code + all->found * all->count;
    for (Py_ssize_t i = 0; i < all->count; i++) code[i] = all->words[i].code;
    all->doc[all->found++] = (uint32_t)(segment->start + article);
    return 0;
}

/* Mark the articles that have any form of a word. */
static void mark(uint64_t *bits, const Word *word, const uint16_t *doc) {
    memset(bits, 0, MAX_ARTICLES / 8);
    for (Py_ssize_t i = 0; i < word->count; i++) {
        const Range *posts = &word->reading[i].posts;
        for (int64_t j = posts->first; j < posts->last; j++) bits[doc[j] >> 6] |= (uint64_t)1 << (doc[j] & 63);
    }
}

/* Mark the articles of a segment that have the rarest word and all that are not much more frequent: to mark an article
 * takes far less time than to seek it. Returns 0 if it is better to seek them. */
static int mark_common(Together *all, Py_ssize_t number_, const SegmentArrays *segment, Py_ssize_t rarest) {
    const uint16_t *doc = segment->doc.data;
    const int64_t fewest = all->words[rarest].search.forms[number_].postings;
    int are_marked = 0;
    if (fewest < MARKED || all->are_usual) return 0;
    for (Py_ssize_t i = 0; i < all->count; i++) {
        if (i == rarest || all->words[i].search.forms[number_].postings > MUCH * fewest) continue;
        if (!are_marked) mark(all->marks, &all->words[rarest], doc);
        mark(all->others, &all->words[i], doc);
        for (Py_ssize_t j = 0; j < MAX_ARTICLES / 64; j++) all->marks[j] &= all->others[j];
        are_marked = 1;
    }
    return are_marked;
}

/* Append those of the marked articles in which the words stand together. -1 if one is outside, -2 without memory. */
static int find_marked(Together *all, const SegmentArrays *segment, const Positions *places) {
    for (Py_ssize_t i = 0; i < MAX_ARTICLES / 64; i++) {
        for (uint64_t marks = all->marks[i]; marks; marks &= marks - 1) {
            const Py_ssize_t article = 64 * i + lowest_bit(marks);
            if (article >= segment->articles) return -1;
            int is_all = 1;
            for (Py_ssize_t j = 0; j < all->count && is_all; j++)
                is_all = is_in(&all->words[j], segment, places, (uint16_t)article);
            if (is_all && add_article(all, segment, places, (uint16_t)article) < 0) return -2;
        }
    }
    return 0;
}

/* Append the articles of a segment in which the words stand together. -1 if one is outside, -2 without memory. */
static int find_together(Together *all, Py_ssize_t number_, const SegmentArrays *segment, const Positions *places,
                         Py_ssize_t rarest) {
    const uint16_t *doc = segment->doc.data;
    if (mark_common(all, number_, segment, rarest)) return find_marked(all, segment, places);
    int64_t article = next_article(&all->words[rarest], doc);
    while (article < MAX_ARTICLES) {
        if (article >= segment->articles) return -1;
        int64_t next = article + 1;
        int is_all = is_in(&all->words[rarest], segment, places, (uint16_t)article);
        for (Py_ssize_t i = 0; i < all->count && is_all; i++) {
            if (i == rarest || is_in(&all->words[i], segment, places, (uint16_t)article)) continue;
            const int64_t other = next_article(&all->words[i], doc);
            next = other > next ? other : next;
            is_all = 0;
        }
        if (is_all && add_article(all, segment, places, (uint16_t)article) < 0) return -2;
        if (next >= MAX_ARTICLES) break;
        for (Py_ssize_t i = 0; i < all->words[rarest].count; i++) {
            Range *posts = &all->words[rarest].reading[i].posts;
            posts->first = seek_near(doc, (Py_ssize_t)posts->last, (Py_ssize_t)posts->first, next);
        }
        article = next_article(&all->words[rarest], doc);
    }
    return 0;
}

const char together_doc[] =
    "together(opened, placed, words, width, ordered, field): the numbers (uint32) of the articles in which all of some words\n"
    "stand within `width` positions, and the code of each word in them (uint8), article by article. A word is (term, stems,\n"
    "is_stem), see `find`; without stems, the very term.";

PyObject *together(PyObject *module, PyObject *args) {
    PyObject *capsule, *placed_, *given, *docs = NULL, *codes = NULL, *result = NULL;
    Py_ssize_t width;
    Together all = {0};
    if (!PyArg_ParseTuple(args, "OOO!npi", &capsule, &placed_, &PyList_Type, &given, &width, &all.is_ordered, &all.field))
        return NULL;
    const AllSegments *segments = segments_of(capsule);
    const AllPositions *places = segments ? positions_of(placed_, segments) : NULL;
    if (!places) return NULL;
    all.count = PyList_Size(given);
    if (all.count < 1 || width < 0 || width > 1 << 24) {
        PyErr_SetString(PyExc_TypeError, "some words are expected here");
        return NULL;
    }
    all.width = (int32_t)width;
    all.words = PyMem_Calloc((size_t)all.count, sizeof *all.words);
    all.stands = PyMem_Calloc((size_t)all.count, sizeof *all.stands);
    if (!all.words || !all.stands) { PyErr_NoMemory(); goto done; }
    for (Py_ssize_t i = 0; i < all.count; i++) {
        if (word_open(&all.words[i], PyList_GetItem(given, i), capsule, places) < 0) goto done;
    }
    int64_t most = 0;
    for (Py_ssize_t i = 0; i < segments->count; i++) {
        const Py_ssize_t rarest = rarest_of(&all, i);
        if (rarest >= 0) most += all.words[rarest].search.forms[i].postings;
    }
    /* How many they are is not known before. The pages that are never written take no memory. */
    docs = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)most * (Py_ssize_t)sizeof *all.doc);
    codes = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)most * all.count);
    if (!docs || !codes) goto done;
    all.doc = (uint32_t *)PyByteArray_AsString(docs);
    all.code = (uint8_t *)PyByteArray_AsString(codes);
    int state = 0;
    RELEASED(most)
    for (Py_ssize_t i = 0; i < segments->count && state == 0; i++) {
        const Py_ssize_t rarest = rarest_of(&all, i);
        if (rarest < 0) continue;
        for (Py_ssize_t j = 0; j < all.count; j++) word_enter(&all.words[j], i);
        const Py_ssize_t before = all.found;
        state = find_together(&all, i, &segments->each[i], &places->each[i], rarest);
        all.are_usual = 2 * (all.found - before) > all.words[rarest].search.forms[i].postings;
    }
    REGAINED
    if (state == -1) { out_of_range(); goto done; }
    if (state < 0) { PyErr_NoMemory(); goto done; }
    if (PyByteArray_Resize(docs, all.found * (Py_ssize_t)sizeof *all.doc) < 0 ||
        PyByteArray_Resize(codes, all.found * all.count) < 0)
        goto done;
    result = PyTuple_Pack(2, docs, codes);
done:
    Py_XDECREF(docs);
    Py_XDECREF(codes);
    words_close(all.words, all.stands, all.count);
    return result;
}

const char weighed_doc[] =
    "weighed(codes, units): the scores (float64) of articles from the codes that `together` returns: the sum over the words of\n"
    "each code times the unit of its word.";

PyObject *weighed(PyObject *module, PyObject *args) {
    PyObject *given, *units_, *scores = NULL;
    Array codes = {0}, units = {0};
    if (!PyArg_ParseTuple(args, "OO", &given, &units_)) return NULL;
    if (array_open(&codes, given) < 0 || array_open(&units, units_) < 0) goto done;
    if (codes.type != U8 || units.type != F64 || !units.length || codes.length % units.length) {
        PyErr_SetString(PyExc_TypeError, "a code for each unit is expected here");
        goto done;
    }
    const Py_ssize_t count = codes.length / units.length;
    scores = PyByteArray_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(double));
    if (!scores) goto done;
    const uint8_t *code = codes.data;
    const double *unit = units.data;
    double *score = (double *)PyByteArray_AsString(scores);
    for (Py_ssize_t i = 0; i < count; i++, code += units.length) {
        double sum = 0;
        for (Py_ssize_t j = 0; j < units.length; j++) sum += code[j] * unit[j];
        score[i] = sum;
    }
done:
    array_close(&codes);
    array_close(&units);
    return scores;
}
