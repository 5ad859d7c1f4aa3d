/* A word in any of its forms: `find` and `bound` of lookup.py. */

#include "_lookup.h"

#define NEARLY 16 /* a form has nearly all postings if the others have one part in so many */
#define MANY 64   /* dead articles are looked for if there are so many others for each */

/* ---- their postings as one list ---- */

/* Other threads run meanwhile: nothing of Python is called from here to `find`. */

typedef struct {
    uint32_t *doc; /* with room for all postings of all forms */
    uint16_t *value;
    Py_ssize_t count, live;
    int most;
    Cells *cells;
    Several *several; /* with room for all of a segment */
} Found;

static FormPostings postings_of(const SegmentArrays *segment, const Forms *forms, const Place *place) {
    const int64_t first = integer(&segment->post_at, place->form), last = integer(&segment->post_at, place->form + 1);
    return (FormPostings){(const uint16_t *)segment->doc.data + first, (const uint8_t *)segment->code.data + first,
                          (Py_ssize_t)(last - first), place->form == forms->exact ? VERY : 0, place->spoken};
}

/* -1 if an article of the segment lies outside. */
static int are_inside(const SegmentArrays *segment, const FormPostings *posts) {
    uint16_t furthest = 0;
    if (segment->articles == MAX_ARTICLES) return 0;
    for (Py_ssize_t i = 0; i < posts->count; i++) furthest = posts->doc[i] > furthest ? posts->doc[i] : furthest;
    return !posts->count || furthest < segment->articles ? 0 : -1;
}

/* Append postings [from, to). */
static void append(Found *found, uint32_t start, const FormPostings *posts, Py_ssize_t from, Py_ssize_t to) {
    const uint16_t *doc = posts->doc + from, times = posts->very ? PARTS : PARTS - 1;
    const uint8_t *code = posts->code + from;
    uint32_t *docs = found->doc + found->count;
    uint16_t *values = found->value + found->count;
    for (Py_ssize_t i = 0; i < to - from; i++) docs[i] = start + doc[i];
    for (Py_ssize_t i = 0; i < to - from; i++) values[i] = (uint16_t)(code[i] * times);
    found->count += to - from;
}

/* Append what is in the cells, and the postings of a form that nobody put there. Returns how many articles with several
 * forms are noted. */
static Py_ssize_t append_around(Found *found, uint32_t start, const FormPostings *posts) {
    Cells *cells = found->cells;
    const Py_ssize_t before = found->count, words = used_words(cells);
    Py_ssize_t at = 0, noted = 0;
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
            found->doc[found->count] = start + doc;
            found->value[found->count] = value_of_code(codes);
            found->several[noted] = (Several){(uint32_t)(found->count++ - before), codes};
            noted += codes >> CODE_BITS != 0;
        }
    }
    append(found, start, posts, at, posts->count);
    return noted;
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

/* The value of an article with more forms than fit into a cell. The articles that are asked for must rise. */
static uint16_t value_of_many(const SegmentArrays *segment, const Forms *forms, Place *places, uint16_t at) {
    const uint16_t *doc = segment->doc.data;
    const uint8_t *code = segment->code.data;
    double weight = 0;
    int very = 0;
    for (Py_ssize_t i = 0; i < forms->count; i++) {
        Place *place = &places[i];
        const Py_ssize_t last = (Py_ssize_t)integer(&segment->post_at, place->form + 1);
        place->read = place_of(doc, place->read, last, at);
        if (place->read == last || doc[place->read] != at || !is_spoken(place->spoken, segment->language.data, at)) continue;
        weight += weight_of_code(code[place->read]);
        if (place->form == forms->exact) very = code[place->read];
    }
    return (uint16_t)((PARTS - 1) * code_of(weight) + very);
}

/* Give those of the last articles that hold several forms their values. */
static void value_several(const Found *found, Py_ssize_t before, Py_ssize_t noted, const SegmentArrays *segment,
                          const Forms *forms, Place *places) {
    for (Py_ssize_t i = 0; noted && i < forms->count; i++)
        places[i].read = (Py_ssize_t)integer(&segment->post_at, places[i].form);
    for (Py_ssize_t i = 0; i < noted; i++) {
        const Py_ssize_t at = before + found->several[i].at;
        const uint32_t codes = found->several[i].codes;
        found->value[at] = !(codes & MORE) ? value_of_codes(codes)
                           : value_of_many(segment, forms, places, (uint16_t)(found->doc[at] - segment->start));
    }
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
    const uint32_t start = (uint32_t)segment->start;
    const Py_ssize_t before = found->count;
    Py_ssize_t longest = 0, noted;
    FormPostings posts = postings_of(segment, forms, &places[0]);
    for (Py_ssize_t i = 0; i < forms->count; i++) {
        const FormPostings others = postings_of(segment, forms, &places[i]);
        if (are_inside(segment, &others) < 0) return -1;
        if (others.count > posts.count) { longest = i; posts = others; }
    }
    const int is_around = !~posts.spoken && forms->postings - posts.count <= posts.count / NEARLY;
    for (Py_ssize_t i = 0; i < forms->count; i++) {
        const FormPostings others = postings_of(segment, forms, &places[i]);
        if (!is_around || i != longest) cells_put(found->cells, &others, segment->language.data, segment->articles);
    }
    if (is_around) {
        noted = append_around(found, start, &posts);
    } else {
        found->count += cells_drain(found->cells, start, found->doc + before, found->value + before, found->several, &noted);
    }
    value_several(found, before, noted, segment, forms, places);
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
    "find(opened, term, stems, is_stem, most): None if its forms have more than `most` postings, or the numbers (uint32) of the articles that hold a term (UTF-8) in any\n"
    "form, its code in each (uint16, see words.Found), the highest of these, and how many are live. `stems` is [(language,\n"
    "crc32 of its stem there)]; is_stem(language, form) says whether a form (bytes) has that stem.";

PyObject *find(PyObject *module, PyObject *args) {
    PyObject *capsule, *stems, *docs = NULL, *values = NULL, *result = NULL;
    Search search = {0};
    Found found = {0};
    Py_ssize_t most;
    int is_outside = 0;
    if (!PyArg_ParseTuple(args, "Oy#O!On", &capsule, &search.term, &search.length, &PyList_Type, &stems, &search.is_stem,
                          &most))
        return NULL;
    if (search_open(&search, capsule, stems) < 0) goto done;
    const int64_t postings = collect(&search);
    if (postings > most) {
        search_close(&search);
        Py_RETURN_NONE;
    }
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
