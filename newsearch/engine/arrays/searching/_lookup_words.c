/* A word in any of its forms: `find` and `bound` of lookup.py. */

#include "_lookup.h"

#define NEARLY 16 /* a form has nearly all postings if the others have one part in so many */
#define MANY 64   /* dead articles are looked for if there are so many others for each */

static double weight_of[256]; /* see ranking.unsaturate */

void find_weights(void) {
    for (int code = 0; code < 256; code++) weight_of[code] = weight_of_code(code);
}

/* ---- their postings as one list ---- */

/* Other threads run meanwhile: nothing of Python is called from here to `find`. Every article of a segment has a cell, in
 * which its codes are collected, and bits tell which cells are used. Nothing branches on that: most articles hold one form,
 * and which form comes next cannot be foreseen. */

#define CODE_BITS 9 /* a code, and whether it is that of the very term */
#define VERY 256
#define CODES 3        /* as many fit into a cell */
#define WORDS (MAX_ARTICLES / 64)
#define AHEAD 2
#define MORE (1u << 31) /* there are more than fit */

struct Cells {
    uint32_t codes[MAX_ARTICLES]; /* the last one lowest */
    uint64_t used[WORDS];
    uint64_t marks[WORDS / 8]; /* a byte of 1 for each word of `used` that is not 0 */
    /* Of the words that are marked in the segment at hand. */
    uint64_t bits[WORDS + AHEAD];
    uint32_t first[WORDS + AHEAD]; /* the article of the lowest bit */
};

typedef struct { Py_ssize_t at; uint32_t codes; } Several;

typedef struct {
    uint32_t *doc; /* with room for all postings of all forms */
    uint16_t *value;
    Py_ssize_t count, live;
    int most;
    Cells *cells;
    Several *several; /* where articles with several forms stand; with room for all of a segment */
    Py_ssize_t noted;
} Found;

/* The postings of a form. */
typedef struct {
    const uint16_t *doc;
    const uint8_t *code;
    Py_ssize_t count;
    uint32_t very; /* VERY if it is the very term, or 0 */
} Postings;

static Postings postings_of(const SegmentArrays *segment, const Forms *forms, const Place *place) {
    const int64_t first = integer(&segment->post_at, place->form), last = integer(&segment->post_at, place->form + 1);
    return (Postings){(const uint16_t *)segment->doc.data + first, (const uint8_t *)segment->code.data + first,
                      (Py_ssize_t)(last - first), place->form == forms->exact ? VERY : 0};
}

/* -1 if an article of the segment lies outside. */
static int are_inside(const SegmentArrays *segment, const Postings *posts) {
    uint16_t furthest = 0;
    if (segment->articles == MAX_ARTICLES) return 0;
    for (Py_ssize_t i = 0; i < posts->count; i++) furthest = posts->doc[i] > furthest ? posts->doc[i] : furthest;
    return !posts->count || furthest < segment->articles ? 0 : -1;
}

/* The code of one form in an article, as a value: as any form, and more as the very term. */
static inline uint16_t value_of(uint32_t code) { return (uint16_t)((code & 255) * (PARTS - 1 + code / VERY)); }

static inline uint32_t with_code(uint32_t codes, uint32_t code) {
    const uint32_t is_full = codes >> (CODES - 1) * CODE_BITS != 0;
    return codes << CODE_BITS | code | is_full * MORE;
}

/* Put the codes of a form into the cells of its articles. */
static void put_form(Cells *cells, const SegmentArrays *segment, const Place *place, const Postings *posts) {
    const uint8_t *language = segment->language.data;
    for (Py_ssize_t i = 0; i < posts->count; i++) {
        const uint16_t doc = posts->doc[i];
        const uint64_t is_used = (uint64_t)is_spoken(place->spoken, language, doc);
        const uint32_t codes = cells->codes[doc];
        cells->codes[doc] = is_used ? with_code(codes, posts->code[i] | posts->very) : codes;
        cells->used[doc >> 6] |= is_used << (doc & 63);
        ((uint8_t *)cells->marks)[doc >> 6] |= (uint8_t)is_used;
    }
}

/* Append postings [from, to). */
static void append(Found *found, uint32_t start, const Postings *posts, Py_ssize_t from, Py_ssize_t to) {
    const uint16_t *doc = posts->doc + from, times = posts->very ? PARTS : PARTS - 1;
    const uint8_t *code = posts->code + from;
    uint32_t *docs = found->doc + found->count;
    uint16_t *values = found->value + found->count;
    for (Py_ssize_t i = 0; i < to - from; i++) docs[i] = start + doc[i];
    for (Py_ssize_t i = 0; i < to - from; i++) values[i] = (uint16_t)(code[i] * times);
    found->count += to - from;
}

/* Append an article. If it holds several forms, it is noted and gets its value later. */
static inline void append_one(Found *found, uint32_t doc, uint32_t codes) {
    found->doc[found->count] = doc;
    found->value[found->count] = value_of(codes);
    found->several[found->noted] = (Several){found->count++, codes};
    found->noted += codes >> CODE_BITS != 0;
}

/* Collect the words of bits that are used, and empty them. Returns how many these are. */
static Py_ssize_t used_words(Cells *cells) {
    Py_ssize_t count = 0;
    for (uint32_t group = 0; group < WORDS / 8; group++) {
        for (uint64_t marks = cells->marks[group]; marks; marks &= marks - 1) {
            const uint32_t word = group * 8 + (uint32_t)lowest_bit(marks) / 8;
            cells->bits[count] = cells->used[word];
            cells->first[count++] = word * 64;
            cells->used[word] = 0;
        }
        cells->marks[group] = 0;
    }
    for (int i = 0; i < AHEAD; i++) cells->bits[count + i] = cells->first[count + i] = 0;
    return count;
}

/* Append what is in the cells, and empty them. */
static void append_cells(Found *found, uint32_t start) {
    Cells *cells = found->cells;
    const Py_ssize_t words = used_words(cells);
    uint64_t bits = cells->bits[0], next = cells->bits[1];
    for (Py_ssize_t at = 0; at < words;) {
        const uint32_t doc = cells->first[at] + (uint32_t)lowest_bit(bits);
        append_one(found, start + doc, cells->codes[doc]);
        cells->codes[doc] = 0;
        bits &= bits - 1;
        const uint64_t is_over = !bits;
        bits |= next & (0 - is_over);
        at += (Py_ssize_t)is_over;
        next = cells->bits[at + 1];
    }
}

/* As `append_cells`, with the postings of a form that is not in the cells. */
static void append_around(Found *found, uint32_t start, const Postings *posts) {
    Cells *cells = found->cells;
    const Py_ssize_t words = used_words(cells);
    Py_ssize_t at = 0;
    for (Py_ssize_t i = 0; i < words; i++) {
        for (uint64_t bits = cells->bits[i]; bits; bits &= bits - 1) {
            const uint32_t doc = cells->first[i] + (uint32_t)lowest_bit(bits);
            uint32_t codes = cells->codes[doc];
            cells->codes[doc] = 0;
            const Py_ssize_t next = seek_u16(posts->doc, posts->count, at, doc);
            append(found, start, posts, at, next);
            at = next + (next < posts->count && posts->doc[next] == doc);
            /* Of two codes the order makes no difference. */
            if (at > next) codes = with_code(codes, posts->code[next] | posts->very) | (codes >> CODE_BITS ? MORE : 0);
            append_one(found, start + doc, codes);
        }
    }
    append(found, start, posts, at, posts->count);
}

/* The first place in [from, to) of an article that is not below another, by halving: steps that do not branch are fast. */
static Py_ssize_t place_of(const uint16_t *doc, Py_ssize_t from, Py_ssize_t to, uint16_t wanted) {
    for (Py_ssize_t left = to - from; left > 0;) {
        const Py_ssize_t half = (left + 1) / 2;
        from += half * (doc[from + half - 1] < wanted);
        left -= half;
    }
    return from;
}

/* The weight of an article with more forms than fit into a cell, and the code of the very term. The articles that are
 * asked for must rise. */
static double weight_of_many(const SegmentArrays *segment, const Forms *forms, Place *places, uint16_t at, uint32_t *very) {
    const uint16_t *doc = segment->doc.data;
    const uint8_t *code = segment->code.data;
    double weight = 0;
    for (Py_ssize_t i = 0; i < forms->count; i++) {
        Place *place = &places[i];
        const Py_ssize_t last = (Py_ssize_t)integer(&segment->post_at, place->form + 1);
        place->read = place_of(doc, place->read, last, at);
        if (place->read == last || doc[place->read] != at || !is_spoken(place->spoken, segment->language.data, at)) continue;
        weight += weight_of[code[place->read]];
        if (place->form == forms->exact) *very = code[place->read];
    }
    return weight;
}

/* Give the articles with several forms their values. The weights are added up in the order of the forms, as another may
 * round otherwise. */
static void value_several(Found *found, const SegmentArrays *segment, const Forms *forms, Place *places) {
    for (Py_ssize_t i = 0; found->noted && i < forms->count; i++)
        places[i].read = (Py_ssize_t)integer(&segment->post_at, places[i].form);
    for (Py_ssize_t i = 0; i < found->noted; i++) {
        const Several *one = &found->several[i];
        double weight = 0;
        uint32_t very = 0;
        if (one->codes & MORE) {
            weight = weight_of_many(segment, forms, places, (uint16_t)(found->doc[one->at] - segment->start), &very);
        } else {
            for (int shift = (CODES - 1) * CODE_BITS; shift >= 0; shift -= CODE_BITS) {
                const uint32_t code = one->codes >> shift & (2 * VERY - 1);
                weight += weight_of[code & 255];
                very |= code & VERY ? code & 255 : 0;
            }
        }
        found->value[one->at] = (uint16_t)((PARTS - 1) * (uint32_t)code_of(weight) + very);
    }
    found->noted = 0;
}

/* How many of some articles of a segment, which rise, are dead. */
static Py_ssize_t count_dead(const SegmentArrays *segment, const uint32_t *docs, Py_ssize_t count) {
    const uint16_t *dead = segment->dead.data;
    Py_ssize_t found = 0, at = 0;
    if (segment->dead.length <= count / MANY) {
        for (Py_ssize_t i = 0; i < segment->dead.length && at < count; i++) {
            at = seek_u32(docs, count, at, segment->start + dead[i]);
            found += at < count && docs[at] == segment->start + dead[i];
        }
        return found;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        const uint32_t doc = docs[i] - (uint32_t)segment->start;
        found += (Py_ssize_t)(segment->is_dead[doc >> 6] >> (doc & 63) & 1);
    }
    return found;
}

/* Append the articles of a segment that hold any of its forms; -1 if one is outside. */
static int unite(Found *found, const SegmentArrays *segment, const Forms *forms, Place *places) {
    const Py_ssize_t before = found->count;
    Py_ssize_t longest = 0;
    Postings posts = postings_of(segment, forms, &places[0]);
    for (Py_ssize_t i = 0; i < forms->count; i++) {
        const Postings others = postings_of(segment, forms, &places[i]);
        if (are_inside(segment, &others) < 0) return -1;
        if (others.count > posts.count) { longest = i; posts = others; }
    }
    const int is_around = !~places[longest].spoken && forms->postings - posts.count <= posts.count / NEARLY;
    for (Py_ssize_t i = 0; i < forms->count; i++) {
        const Postings others = postings_of(segment, forms, &places[i]);
        if (!is_around || i != longest) put_form(found->cells, segment, &places[i], &others);
    }
    if (is_around) append_around(found, (uint32_t)segment->start, &posts);
    else append_cells(found, (uint32_t)segment->start);
    value_several(found, segment, forms, places);
    const int16_t *values = (const int16_t *)found->value + before;
    int16_t most = 0;
    for (Py_ssize_t i = 0; i < found->count - before; i++) most = values[i] > most ? values[i] : most;
    if (most > found->most) found->most = most;
    found->live += found->count - before;
    if (segment->dead.length) found->live -= count_dead(segment, found->doc + before, found->count - before);
    return 0;
}

const char bound_doc[] =
    "bound(opened, term, stems, is_stem): the number of postings of all forms of a term, see `find`. No more articles hold it.";

PyObject *bound(PyObject *module, PyObject *args) {
    PyObject *capsule, *stems;
    Search search = {0};
    if (!PyArg_ParseTuple(args, "Oy#O!O", &capsule, &search.term, &search.length, &PyList_Type, &stems, &search.is_stem))
        return NULL;
    const int64_t postings = search_open(&search, capsule, stems) < 0 ? -1 : collect(&search);
    search_close(&search);
    return postings < 0 ? NULL : PyLong_FromLongLong(postings);
}

/* Room for the articles of any segment with several forms, and cells; -1 with an exception. */
static int room_open(Found *found, const Search *search) {
    size_t most = 1;
    for (Py_ssize_t i = 0; i < search->all->count; i++) {
        const size_t postings = (size_t)search->forms[i].postings;
        /* The very end is written, and not counted. */
        most = postings + 1 > most ? postings + 1 : most;
    }
    found->several = PyMem_Malloc(most * sizeof *found->several);
    found->cells = search->all->cells;
    search->all->cells = NULL;
    if (!found->cells) found->cells = PyMem_Calloc(1, sizeof *found->cells);
    if (found->several && found->cells) return 0;
    PyErr_NoMemory();
    return -1;
}

/* The next search takes the cells, which are empty: to allocate them would take longer than most. */
static void room_close(Found *found, const Search *search) {
    PyMem_Free(found->several);
    PyMem_Free(search->all->cells);
    search->all->cells = found->cells;
}

const char find_doc[] =
    "find(opened, term, stems, is_stem): the numbers (uint32) of the articles that hold a term (UTF-8) in any\n"
    "form, its code in each (uint16, see words.Found), the highest of these, and how many are live. `stems` is [(language,\n"
    "crc32 of its stem there)]; is_stem(language, form) says whether a form (bytes) has that stem.";

PyObject *find(PyObject *module, PyObject *args) {
    PyObject *capsule, *stems, *docs = NULL, *values = NULL, *result = NULL;
    Search search = {0};
    Found found = {0};
    int is_outside = 0;
    if (!PyArg_ParseTuple(args, "Oy#O!O", &capsule, &search.term, &search.length, &PyList_Type, &stems, &search.is_stem))
        return NULL;
    if (search_open(&search, capsule, stems) < 0) goto done;
    const int64_t postings = collect(&search);
    if (postings < 0 || room_open(&found, &search) < 0) goto done;
    /* How many articles hold several forms is not known before. */
    docs = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)postings * (Py_ssize_t)sizeof *found.doc);
    values = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)postings * (Py_ssize_t)sizeof *found.value);
    if (!docs || !values) goto done;
    found.doc = (uint32_t *)PyByteArray_AsString(docs);
    found.value = (uint16_t *)PyByteArray_AsString(values);
    RELEASED(postings)
    for (Py_ssize_t i = 0; i < search.all->count && !is_outside; i++) {
        const Forms *forms = &search.forms[i];
        if (forms->count) is_outside = unite(&found, &search.all->each[i], forms, search.places + forms->first) < 0;
    }
    REGAINED
    if (is_outside) { out_of_range(); goto done; }
    if (PyByteArray_Resize(docs, found.count * (Py_ssize_t)sizeof *found.doc) < 0 ||
        PyByteArray_Resize(values, found.count * (Py_ssize_t)sizeof *found.value) < 0)
        goto done;
    result = Py_BuildValue("OOin", docs, values, found.most, found.live);
done:
    Py_XDECREF(docs);
    Py_XDECREF(values);
    if (search.all) room_close(&found, &search);
    search_close(&search);
    return result;
}
