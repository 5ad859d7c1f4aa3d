/* Where the postings of a word lie: `in_place` and `where` of lookup.py, and `live`, which counts them. No list is made
 * of them. */

#include "_lookup.h"

#define RARELY 16 /* to look an article up takes as long as to read so many postings */
#define MARKED 1
#define COUNTED 2

typedef enum { WHERE, LIVE, IN_PLACE } Wanted;

typedef struct {
    FormRange *ranges;
    int64_t held, gone; /* the articles of all segments that hold the word, and how many of them are not live */
    int most;           /* no code is higher */
    Wanted wanted;      /* WHERE: nothing is counted; LIVE: `most` is not found, nor where steps begin */
    int is_outside;
    uint8_t marks[MAX_ARTICLES]; /* whether an article of a segment holds some forms; 0 from one segment to the next */
} Counted;

/* Mark the articles of a form; returns how many of them no other form holds that is marked already. */
static int64_t mark(uint8_t *marks, const SegmentArrays *segment, const FormRange *range) {
    const uint16_t *doc = segment->doc.data;
    const uint8_t *language = segment->language.data;
    uint8_t counted[256] = {0};
    int64_t fresh = 0;
    if (!~range->spoken) {
        for (int64_t i = range->first; i < range->last; i++) {
            fresh += !marks[doc[i]];
            marks[doc[i]] = MARKED;
        }
        return fresh;
    }
    /* Nothing branches on the language of an article, which cannot be foreseen. */
    for (int number_ = 0; number_ < LANGUAGES; number_++) counted[number_] = range->spoken >> number_ & 1;
    for (int64_t i = range->first; i < range->last; i++) {
        const uint16_t at = doc[i];
        if (at >= segment->articles) continue;
        const uint8_t before = marks[at], counts = counted[language[at]];
        fresh += counts & !before;
        marks[at] = before | counts;
    }
    return fresh;
}

/* How many of the marked articles of a form hold another form, for which nothing is marked. */
static int64_t count_both(uint8_t *marks, const uint16_t *doc, const FormRange *range, const FormRange *other) {
    Py_ssize_t at = other->first;
    int64_t both = 0;
    for (int64_t i = range->first; i < range->last; i++) {
        if (marks[doc[i]] != MARKED) continue;
        marks[doc[i]] = COUNTED;
        at = seek_u16(doc, other->last, at, doc[i]);
        both += at < other->last && doc[at] == doc[i];
    }
    return both;
}

/* How many articles hold any form. The most frequent one, mostly by far, is read alone and nothing marked for it. */
static int64_t count_several(uint8_t *marks, const SegmentArrays *segment, const FormRange *ranges, Py_ssize_t count,
                             Py_ssize_t around) {
    const uint16_t *doc = segment->doc.data;
    int64_t held = 0, others = 0, both = 0;
    for (Py_ssize_t j = 0; j < count; j++) {
        if (j == around) continue;
        held += mark(marks, segment, &ranges[j]);
        others += ranges[j].last - ranges[j].first;
    }
    if (around < 0) return held;
    const FormRange *range = &ranges[around];
    if (others * RARELY < range->last - range->first) {
        for (Py_ssize_t j = 0; j < count; j++) {
            if (j != around) both += count_both(marks, doc, &ranges[j], range);
        }
    } else {
        for (int64_t i = range->first; i < range->last; i++) both += marks[doc[i]];
    }
    return held + (range->last - range->first) - both;
}

static void unmark(uint8_t *marks, const uint16_t *doc, const FormRange *ranges, Py_ssize_t count) {
    for (Py_ssize_t j = 0; j < count; j++) {
        for (int64_t i = ranges[j].first; i < ranges[j].last; i++) marks[doc[i]] = 0;
    }
}

/* How many dead articles hold any of the forms: a marked one, or the one for which nothing is marked. */
static int64_t count_dead(const uint8_t *marks, const SegmentArrays *segment, const FormRange *range) {
    const uint16_t *doc = segment->doc.data, *dead = segment->dead.data;
    Py_ssize_t at = range ? range->first : 0;
    int64_t gone = 0;
    for (Py_ssize_t i = 0; i < segment->dead.length; i++) {
        int is_held = marks[dead[i]] != 0;
        if (!is_held && range) {
            at = seek_u16(doc, range->last, at, dead[i]);
            is_held = at < range->last && doc[at] == dead[i];
        }
        gone += is_held;
    }
    return gone;
}

/* How many articles of a segment hold any of its forms, how many of these are dead, and the highest code. */
static void count_segment(Counted *counted, const SegmentArrays *segment, const FormRange *ranges, Py_ssize_t count) {
    const uint16_t *doc = segment->doc.data;
    const uint8_t *code = segment->code.data;
    int whole = 0, exact = 0;
    Py_ssize_t around = -1;
    for (Py_ssize_t j = 0; j < count; j++) {
        const FormRange *range = &ranges[j];
        const int64_t last = counted->wanted == IN_PLACE ? range->last : range->first;
        uint8_t most = 0;
        for (int64_t i = range->first; i < last; i++) most = code[i] > most ? code[i] : most;
        /* The code of several forms together is at most the sum of their codes. */
        whole += most;
        exact = range->times == PARTS ? most : exact;
        if (!~range->spoken && (around < 0 || range->last - range->first > ranges[around].last - ranges[around].first))
            around = j;
    }
    const int most = (PARTS - 1) * (whole < 255 ? whole : 255) + exact;
    counted->most = most > counted->most ? most : counted->most;
    counted->held += count_several(counted->marks, segment, ranges, count, around);
    counted->gone += count_dead(counted->marks, segment, around < 0 ? NULL : &ranges[around]);
    if (around >= 0) {
        unmark(counted->marks, doc, ranges, around);
        unmark(counted->marks, doc, ranges + around + 1, count - around - 1);
    } else {
        unmark(counted->marks, doc, ranges, count);
    }
}

/* Tell where each step begins. */
static void take_steps(FormRange *range, const uint16_t *doc) {
    if (!is_stepped(range)) return;
    Py_ssize_t at = range->first;
    if (range->last - range->first < STEPS * RARELY) {
        for (Py_ssize_t i = range->first; i < range->last; i++) range->before[(doc[i] / STEP + 1) % STEPS]++;
        range->before[0] = 0;
        for (int step = 1; step < STEPS; step++) range->before[step] += range->before[step - 1];
        return;
    }
    for (int step = 1; step < STEPS; step++) {
        at = seek_u16(doc, range->last, at, step * STEP);
        range->before[step] = (uint16_t)(at - range->first);
    }
}

static void count_all(Counted *counted, const Search *search) {
    for (Py_ssize_t i = 0; i < search->all->count; i++) {
        const SegmentArrays *segment = &search->all->each[i];
        const Forms *forms = &search->forms[i];
        FormRange *ranges = counted->ranges + forms->first;
        for (Py_ssize_t j = 0; j < forms->count; j++) {
            const Place *place = &search->places[forms->first + j];
            ranges[j].segment = (uint32_t)i;
            ranges[j].times = forms->has_exact && place->form == forms->exact ? PARTS : PARTS - 1;
            ranges[j].first = (uint32_t)integer(&segment->post_at, place->form);
            ranges[j].last = (uint32_t)integer(&segment->post_at, (Py_ssize_t)place->form + 1);
            ranges[j].spoken = place->spoken;
            counted->is_outside |= ranges[j].first < ranges[j].last
                                   && ((const uint16_t *)segment->doc.data)[ranges[j].last - 1] >= segment->articles;
            if (counted->wanted != LIVE) take_steps(&ranges[j], segment->doc.data);
        }
        if (forms->count && counted->wanted != WHERE) count_segment(counted, segment, ranges, forms->count);
    }
}

/* Count the articles with any form of a term, and tell where its postings lie: the place of each form's, as bytes; NULL
 * with an exception. */
static PyObject *counted_open(Counted **counted, Search *search, PyObject *args, Wanted wanted, int64_t *postings) {
    PyObject *capsule, *stems, *ranges = NULL;
    if (!PyArg_ParseTuple(args, "Oy#O!O", &capsule, &search->term, &search->length, &PyList_Type, &stems, &search->is_stem))
        return NULL;
    if (search_open(search, capsule, stems) < 0) goto done;
    *postings = collect(search);
    if (*postings < 0) goto done;
    *counted = PyMem_Calloc(1, sizeof **counted);
    if (!*counted) { PyErr_NoMemory(); goto done; }
    ranges = PyByteArray_FromStringAndSize(NULL, search->count * (Py_ssize_t)sizeof *(*counted)->ranges);
    if (!ranges) goto done;
    memset(PyByteArray_AsString(ranges), 0, (size_t)PyByteArray_Size(ranges));
    (*counted)->wanted = wanted;
    (*counted)->ranges = (FormRange *)PyByteArray_AsString(ranges);
    RELEASED(wanted == WHERE ? search->count : *postings)
    count_all(*counted, search);
    REGAINED
    if ((*counted)->is_outside) { out_of_range(); Py_CLEAR(ranges); }
done:
    search_close(search);
    return ranges;
}

/* The answer of a function of the module. */
static PyObject *answered(PyObject *args, Wanted wanted) {
    Search search = {0};
    Counted *counted = NULL;
    int64_t postings;
    PyObject *ranges = counted_open(&counted, &search, args, wanted, &postings), *found = NULL;
    const long long live = ranges ? (long long)(counted->held - counted->gone) : 0;
    if (ranges && wanted == WHERE) found = Py_BuildValue("OL", ranges, (long long)postings);
    if (ranges && wanted == LIVE) found = PyLong_FromLongLong(live);
    if (ranges && wanted == IN_PLACE)
        found = Py_BuildValue("OLiL", ranges, (long long)counted->held, counted->most, live);
    Py_XDECREF(ranges);
    PyMem_Free(counted);
    return found;
}

const char live_doc[] = "live(opened, term, stems, is_stem): how many live articles hold a term in any form, see `find`.";

PyObject *live(PyObject *module, PyObject *args) { return answered(args, LIVE); }

const char in_place_doc[] =
    "in_place(opened, term, stems, is_stem): the postings of a term in any form (see `find`) where they lie, a\n"
    "FormRange for each; how many articles hold it, a number that no code exceeds, and how many of these are live.";

PyObject *in_place(PyObject *module, PyObject *args) { return answered(args, IN_PLACE); }

const char where_doc[] =
    "where(opened, term, stems, is_stem): the postings of a term where they lie, see `in_place`, and how many there are.";

PyObject *where(PyObject *module, PyObject *args) { return answered(args, WHERE); }
