/* Words whose postings are read where they lie, in the mapped files of all segments: `postings` of kernel.py. */

#include "_kernel.h"

static const char capsule_name[] = "newsearch.postings";

static void postings_free(AllPostings *all) {
    for (Py_ssize_t i = 0; i < all->count; i++) {
        array_close(&all->each[i].doc);
        array_close(&all->each[i].code);
        array_close(&all->each[i].language);
    }
    PyMem_Free(all->room);
    PyMem_Free(all->each);
    PyMem_Free(all);
}

static void capsule_close(PyObject *capsule) { postings_free(PyCapsule_GetPointer(capsule, capsule_name)); }

static int segment_open(Postings *segment, PyObject *given, int64_t start) {
    PyObject *doc, *code, *language;
    Py_ssize_t articles;
    if (!PyArg_ParseTuple(given, "OOOn", &doc, &code, &language, &articles)) return -1;
    if (array_open(&segment->doc, doc) < 0 || array_open(&segment->code, code) < 0 ||
        (language != Py_None && array_open(&segment->language, language) < 0))
        return -1;
    segment->start = start;
    segment->articles = articles;
    if (segment->doc.type == U16 && segment->code.type == U8 && segment->code.length >= segment->doc.length &&
        articles >= 0 && articles <= 1 << 16 && start + articles <= UINT32_MAX &&
        (!segment->language.is_open || (segment->language.type == U8 && segment->language.length >= articles)))
        return 0;
    PyErr_SetString(PyExc_ValueError, "these postings are not those of a segment");
    return -1;
}

const char postings_doc[] =
    "postings(segments): the articles (uint16) and codes (uint8) of all postings of each segment, the language (uint8)\n"
    "of each article or None, and the number of articles, held open for parts that read them where they lie.";

PyObject *postings(PyObject *module, PyObject *args) {
    PyObject *given;
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &given)) return NULL;
    const Py_ssize_t count = PyList_Size(given);
    AllPostings *all = PyMem_Calloc(1, sizeof *all);
    if (!all) return PyErr_NoMemory();
    all->each = PyMem_Calloc((size_t)count + 1, sizeof *all->each);
    if (!all->each) { PyErr_NoMemory(); goto fail; }
    int64_t start = 0;
    while (all->count < count) {
        const Py_ssize_t i = all->count++;
        if (segment_open(&all->each[i], PyList_GetItem(given, i), start) < 0) goto fail;
        start += all->each[i].articles;
    }
    PyObject *capsule = PyCapsule_New(all, capsule_name, capsule_close);
    if (capsule) return capsule;
fail:
    postings_free(all);
    return NULL;
}

int in_place_open(List *list, PyObject *ranges, PyObject *opened) {
    list->postings = PyCapsule_GetPointer(opened, capsule_name);
    if (!list->postings || array_open(&list->value, ranges) < 0) return -1;
    list->ranges = list->value.data;
    list->range_count = list->value.length / (Py_ssize_t)sizeof *list->ranges;
    /* That of a word without postings may lie anywhere. */
    if (list->value.type != U8 || (list->range_count && (uintptr_t)list->ranges % sizeof(uint64_t))) {
        PyErr_SetString(PyExc_TypeError, "ranges of postings are expected here");
        return -1;
    }
    uint32_t before = 0;
    for (Py_ssize_t i = 0; i < list->range_count; i++) {
        const FormRange *range = &list->ranges[i];
        if (range->segment >= before && range->segment < list->postings->count && range->first <= range->last &&
            range->last <= list->postings->each[range->segment].doc.length) {
            before = range->segment;
            continue;
        }
        PyErr_SetString(PyExc_ValueError, "a range of postings leads out of a segment");
        return -1;
    }
    return 0;
}

Py_ssize_t in_place_from(const Postings *segment, const FormRange *range, int64_t number_) {
    const uint16_t *doc = segment->doc.data;
    Py_ssize_t low = range->first, high = range->last;
    if (number_ >= segment->articles) return high;
    if (is_stepped(range)) {
        const int step = (int)(number_ / STEP);
        if (step + 1 < STEPS && low + range->before[step + 1] < high) high = low + range->before[step + 1];
        if (low + range->before[step] < high) low += range->before[step];
    }
    /* Nothing branches on what is found, which cannot be foreseen. */
    for (Py_ssize_t left = high - low; left > 1;) {
        const Py_ssize_t half = left / 2;
        low += doc[low + half - 1] < number_ ? half : 0;
        left -= half;
    }
    return low + (low < high && doc[low] < number_);
}

/* The place of an article among the postings of a form, or -1. */
static inline Py_ssize_t place_of(const Postings *segment, const FormRange *range, uint16_t number_) {
    const Py_ssize_t place = in_place_from(segment, range, number_);
    return place < range->last && ((const uint16_t *)segment->doc.data)[place] == number_ ? place : -1;
}

void in_place_seek(List *list, int64_t doc) {
    while (list->at < list->range_count) {
        const Postings *segment = &list->postings->each[list->ranges[list->at].segment];
        if (doc < segment->start + segment->articles) return;
        list->at++;
    }
}

double in_place_value(List *list, int64_t doc) {
    in_place_seek(list, doc);
    if (list->at == list->range_count) return 0;
    const uint32_t number_ = list->ranges[list->at].segment;
    const Postings *segment = &list->postings->each[number_];
    if (doc < segment->start) return 0;
    double weight = 0;
    int held = 0, whole = 0, exact = 0;
    for (Py_ssize_t i = list->at; i < list->range_count && list->ranges[i].segment == number_; i++) {
        const FormRange *range = &list->ranges[i];
        const Py_ssize_t place = place_of(segment, range, (uint16_t)(doc - segment->start));
        if (place < 0 || !is_spoken(range->spoken, segment->language.data, doc - segment->start)) continue;
        whole = ((const uint8_t *)segment->code.data)[place];
        exact = range->times == PARTS ? whole : exact;
        weight += weight_of_code(whole);
        held++;
    }
    return (PARTS - 1) * (held > 1 ? code_of(weight) : whole) + exact;
}

void in_place_add(const List *list, int64_t start, float *text) {
    const float unit = (float)list->unit;
    for (Py_ssize_t i = list->at; i < list->range_count; i++) {
        const FormRange *range = &list->ranges[i];
        const Postings *segment = &list->postings->each[range->segment];
        if (segment->start != start) return;
        const uint16_t *doc = segment->doc.data;
        const uint8_t *code = segment->code.data;
        const float unit_of_form = unit * (float)range->times;
        for (Py_ssize_t j = range->first; j < range->last; j++) text[doc[j]] += (float)code[j] * unit_of_form;
    }
}
