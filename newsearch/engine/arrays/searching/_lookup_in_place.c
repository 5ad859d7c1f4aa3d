/* Where the postings of a word lie: `in_place` of lookup.py. They are counted, but no list is made of them. */

#include "_lookup.h"

typedef struct {
    FormRange *ranges;
    int64_t held, gone; /* the articles of all segments that hold the word, and how many of them are not live */
    int most;           /* no code is higher */
    int is_outside;
    uint64_t bits[MAX_ARTICLES / 64]; /* of the articles of a segment that hold any form */
} Counted;

/* Add up what the forms of a segment hold, if there are several or some count in some languages only. */
static int64_t count_several(Counted *counted, const SegmentArrays *segment, const FormRange *ranges, Py_ssize_t count) {
    const uint16_t *doc = segment->doc.data;
    uint64_t *bits = counted->bits;
    const Py_ssize_t words = (segment->articles + 63) / 64;
    int64_t held = 0;
    memset(bits, 0, sizeof counted->bits);
    for (Py_ssize_t j = 0; j < count; j++) {
        const int in_all = !~ranges[j].spoken;
        for (int64_t i = ranges[j].first; i < ranges[j].last; i++) {
            const uint16_t at = doc[i];
            if (in_all || (at < segment->articles && is_spoken_in(ranges[j].spoken, &segment->language, at)))
                bits[at >> 6] |= (uint64_t)1 << (at & 63);
        }
    }
    for (Py_ssize_t word = 0; word < words; word++) held += bits_set(bits[word]);
    return held;
}

/* How many articles of a segment hold any of its forms, how many of these are among the dead, and the highest code. */
static void count_segment(Counted *counted, const SegmentArrays *segment, const FormRange *ranges, Py_ssize_t count,
                          const uint32_t *dead, Py_ssize_t dead_count) {
    const uint16_t *doc = segment->doc.data;
    const uint8_t *code = segment->code.data;
    int whole = 0, exact = 0;
    for (Py_ssize_t j = 0; j < count; j++) {
        uint16_t furthest = 0;
        uint8_t most = 0;
        for (int64_t i = ranges[j].first; i < ranges[j].last; i++) furthest = doc[i] > furthest ? doc[i] : furthest;
        for (int64_t i = ranges[j].first; i < ranges[j].last; i++) most = code[i] > most ? code[i] : most;
        counted->is_outside |= ranges[j].first < ranges[j].last && furthest >= segment->articles;
        /* The code of several forms together is at most the sum of their codes. */
        whole += most;
        exact = ranges[j].times == PARTS ? most : exact;
    }
    const int most = (PARTS - 1) * (whole < 255 ? whole : 255) + exact;
    counted->most = most > counted->most ? most : counted->most;
    const int is_several = count > 1 || (count && ~ranges[0].spoken);
    if (is_several) counted->held += count_several(counted, segment, ranges, count);
    else if (count) counted->held += ranges[0].last - ranges[0].first;
    Py_ssize_t at = count ? (Py_ssize_t)ranges[0].first : 0;
    for (Py_ssize_t i = 0; i < dead_count && count; i++) {
        const int64_t number_ = dead[i] - segment->start;
        if (is_several) {
            counted->gone += counted->bits[number_ >> 6] >> (number_ & 63) & 1;
        } else {
            at = seek_u16(doc, (Py_ssize_t)ranges[0].last, at, number_);
            counted->gone += at < ranges[0].last && doc[at] == number_;
        }
    }
}

static void count_all(Counted *counted, const Search *search, const Array *dead) {
    const uint32_t *numbers = dead->data;
    Py_ssize_t at = 0;
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
        }
        at = seek_u32(numbers, dead->length, at, segment->start);
        const Py_ssize_t end = seek_u32(numbers, dead->length, at, segment->start + segment->articles);
        count_segment(counted, segment, ranges, forms->count, numbers + at, end - at);
        at = end;
    }
}

const char in_place_doc[] =
    "in_place(opened, term, stems, is_stem, dead): the postings of a term in any form (see `find`) where they lie, a\n"
    "FormRange for each; how many articles hold it, a number that no code exceeds, and how many of these are live.";

PyObject *in_place(PyObject *module, PyObject *args) {
    PyObject *capsule, *stems, *dead_, *found = NULL, *ranges = NULL;
    Search search = {0};
    Array dead = {0};
    Counted *counted = NULL;
    if (!PyArg_ParseTuple(args, "Oy#O!OO", &capsule, &search.term, &search.length, &PyList_Type, &stems,
                          &search.is_stem, &dead_))
        return NULL;
    if (search_open(&search, capsule, stems) < 0 || docs_open(&dead, dead_) < 0) goto done;
    const int64_t postings = collect(&search);
    if (postings < 0) goto done;
    counted = PyMem_Calloc(1, sizeof *counted);
    ranges = PyByteArray_FromStringAndSize(NULL, search.count * (Py_ssize_t)sizeof *counted->ranges);
    if (!counted) PyErr_NoMemory();
    if (!counted || !ranges) goto done;
    counted->ranges = (FormRange *)PyByteArray_AsString(ranges);
    RELEASED(postings)
    count_all(counted, &search, &dead);
    REGAINED
    if (counted->is_outside) out_of_range();
    else found = Py_BuildValue("OLiL", ranges, (long long)counted->held, counted->most,
                               (long long)(counted->held - counted->gone));
done:
    Py_XDECREF(ranges);
    PyMem_Free(counted);
    array_close(&dead);
    search_close(&search);
    return found;
}
