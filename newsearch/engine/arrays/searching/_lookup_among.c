/* Where a word stands in some articles: `among` of lookup.py. */

#include "_lookup.h"

/* The occurrences in all articles. They are collected while other threads run, so they are not in memory of Python. */
typedef struct {
    uint32_t *doc, *more_doc;
    uint16_t *pos, *more_pos;
    uint8_t *code;
    Py_ssize_t count, more, room;
    uint16_t *positions; /* in the article that is looked at */
    Py_ssize_t known, most;
    int is_rising;
} Whole;

static void whole_close(Whole *whole) {
    free(whole->doc);
    free(whole->more_doc);
    free(whole->pos);
    free(whole->more_pos);
    free(whole->code);
    free(whole->positions);
}

/* Room for all of some articles; -1 where there is none. */
static int whole_open(Whole *whole, Py_ssize_t articles) {
    const size_t size = (size_t)articles + 1;
    whole->room = articles + 1;
    whole->most = 64;
    whole->doc = malloc(size * sizeof *whole->doc);
    whole->pos = malloc(size * sizeof *whole->pos);
    whole->code = malloc(size);
    whole->more_doc = malloc(size * sizeof *whole->more_doc);
    whole->more_pos = malloc(size * sizeof *whole->more_pos);
    whole->positions = malloc((size_t)whole->most * sizeof *whole->positions);
    return whole->doc && whole->pos && whole->code && whole->more_doc && whole->more_pos && whole->positions ? 0 : -1;
}

static int position_add(Whole *whole, int64_t position) {
    if (whole->known == whole->most) {
        uint16_t *larger = realloc(whole->positions, (size_t)whole->most * 2 * sizeof *larger);
        if (!larger) return -1;
        whole->positions = larger;
        whole->most *= 2;
    }
    whole->is_rising &= !whole->known || whole->positions[whole->known - 1] <= position;
    whole->positions[whole->known++] = (uint16_t)position;
    return 0;
}

static int by_position(const void *a, const void *b) { return *(const uint16_t *)a - *(const uint16_t *)b; }

/* Keep the positions that were added: the first one apart, and the others. */
static int article_add(Whole *whole, uint32_t doc, uint8_t code) {
    if (whole->more + whole->known > whole->room) {
        const size_t room = (size_t)(whole->more + whole->known) * 2;
        uint32_t *docs = realloc(whole->more_doc, room * sizeof *docs);
        if (docs) whole->more_doc = docs;
        uint16_t *positions = realloc(whole->more_pos, room * sizeof *positions);
        if (positions) whole->more_pos = positions;
        if (!docs || !positions) return -1;
        whole->room = (Py_ssize_t)room;
    }
    /* Those of each form rise. */
    if (!whole->is_rising) qsort(whole->positions, (size_t)whole->known, sizeof *whole->positions, by_position);
    whole->doc[whole->count] = doc;
    whole->code[whole->count] = code;
    whole->pos[whole->count++] = whole->positions[0];
    for (Py_ssize_t i = 1; i < whole->known; i++) {
        whole->more_doc[whole->more] = doc;
        whole->more_pos[whole->more++] = whole->positions[i];
    }
    return 0;
}

static int is_spoken(const Place *place, const Array *language, uint16_t doc) {
    if (!~place->spoken) return 1;
    const uint8_t number_ = ((const uint8_t *)language->data)[doc];
    return number_ < LANGUAGES && place->spoken >> number_ & 1;
}

/* Add what a segment has of some articles, numbered through; -1 where there is no memory for it. */
static int segment_add(Whole *whole, const SegmentArrays *segment, const Positions *places, const Place *forms,
                       Reading *readings, Py_ssize_t count, const uint32_t *docs, Py_ssize_t wanted) {
    const uint16_t *post_doc = segment->doc.data, *more_doc = places->more_doc.data;
    for (Py_ssize_t i = 0; i < wanted; i++) {
        const uint16_t doc = (uint16_t)(docs[i] - segment->start);
        uint8_t code = 0;
        whole->known = 0;
        whole->is_rising = 1;
        for (Py_ssize_t j = 0; j < count; j++) {
            Range *posts = &readings[j].posts, *more = &readings[j].more;
            posts->first = seek_u16(post_doc, (Py_ssize_t)posts->last, (Py_ssize_t)posts->first, doc);
            if (posts->first >= posts->last || post_doc[posts->first] != doc) continue;
            if (!is_spoken(&forms[j], &segment->language, doc)) continue;
            const uint8_t of_form = ((const uint8_t *)segment->code.data)[posts->first];
            code = of_form > code ? of_form : code;
            if (position_add(whole, integer(&places->pos, (Py_ssize_t)posts->first)) < 0) return -1;
            more->first = seek_u16(more_doc, (Py_ssize_t)more->last, (Py_ssize_t)more->first, doc);
            for (; more->first < more->last && more_doc[more->first] == doc; more->first++) {
                if (position_add(whole, integer(&places->more_pos, (Py_ssize_t)more->first)) < 0) return -1;
            }
        }
        if (whole->known && article_add(whole, docs[i], code) < 0) return -1;
    }
    return 0;
}

/* The forms of each segment, opened for reading, one after the other; NULL with an exception. */
static Reading *readings_open(const Search *search, const AllPositions *places) {
    Reading *readings = PyMem_Calloc((size_t)search->count + 1, sizeof *readings);
    if (!readings) { PyErr_NoMemory(); return NULL; }
    for (Py_ssize_t i = 0; i < search->all->count; i++) {
        const Forms *forms = &search->forms[i];
        for (Py_ssize_t j = forms->first; j < forms->first + forms->count; j++) {
            if (reading_open(&search->all->each[i], &places->each[i], search->places[j].form, &readings[j]) < 0) {
                PyMem_Free(readings);
                return NULL;
            }
        }
    }
    return readings;
}

static PyObject *bytes_of(const void *data, Py_ssize_t count, size_t size) {
    return PyBytes_FromStringAndSize(data, count * (Py_ssize_t)size);
}

const char among_doc[] =
    "among(opened, placed, term, stems, is_stem, docs): the occurrences of all forms of a term (see `find`) in some articles\n"
    "(uint32, sorted), as kernel.united returns them. Without stems, those of the very term.";

PyObject *among(PyObject *module, PyObject *args) {
    PyObject *capsule, *placed_, *stems, *docs_, *found = NULL;
    Search search = {0};
    Whole whole = {0};
    Array docs = {0};
    Reading *readings = NULL;
    if (!PyArg_ParseTuple(args, "OOy#O!OO", &capsule, &placed_, &search.term, &search.length, &PyList_Type, &stems,
                          &search.is_stem, &docs_))
        return NULL;
    search.is_exact = !PyList_Size(stems);
    if (search_open(&search, capsule, stems) < 0) goto done;
    const AllPositions *places = positions_of(placed_, search.all);
    if (!places || docs_open(&docs, docs_) < 0 || collect(&search) < 0) goto done;
    readings = readings_open(&search, places);
    if (!readings) goto done;
    int is_full = whole_open(&whole, docs.length) < 0;
    RELEASED(docs.length)
    const uint32_t *numbers = docs.data;
    Py_ssize_t at = 0;
    for (Py_ssize_t i = 0; i < search.all->count && !is_full; i++) {
        const SegmentArrays *segment = &search.all->each[i];
        const Forms *forms = &search.forms[i];
        at = seek_u32(numbers, docs.length, at, segment->start);
        const Py_ssize_t end = seek_u32(numbers, docs.length, at, segment->start + segment->articles);
        is_full = segment_add(&whole, segment, &places->each[i], search.places + forms->first, readings + forms->first,
                              forms->count, numbers + at, end - at) < 0;
        at = end;
    }
    REGAINED
    if (is_full) { PyErr_NoMemory(); goto done; }
    found = Py_BuildValue("NNNNN", bytes_of(whole.doc, whole.count, sizeof *whole.doc),
                          bytes_of(whole.code, whole.count, sizeof *whole.code),
                          bytes_of(whole.pos, whole.count, sizeof *whole.pos),
                          bytes_of(whole.more_doc, whole.more, sizeof *whole.more_doc),
                          bytes_of(whole.more_pos, whole.more, sizeof *whole.more_pos));
done:
    whole_close(&whole);
    array_close(&docs);
    PyMem_Free(readings);
    search_close(&search);
    return found;
}
