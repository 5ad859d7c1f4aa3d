/* Several sorted dictionaries as one: `merged` of kernel.py. */

#include "_kernel.h"

/* A dictionary, and the form of it that comes next. */
typedef struct {
    Array text, at, counts;
    Py_ssize_t next, size;
    const uint8_t *form;
    uint64_t begins; /* its first eight bytes as a number */
} Source;

/* Goes to the next form: 1 where there is one, 0 at the end, -1 if it lies outside the dictionary. */
static int source_step(Source *source) {
    const Py_ssize_t number_ = ++source->next;
    if (number_ >= source->at.length - 1) return 0;
    const int64_t start = integer(&source->at, number_), end = integer(&source->at, number_ + 1);
    if (start < 0 || end < start || end > source->text.length) return -1;
    source->form = (const uint8_t *)source->text.data + start;
    source->size = (Py_ssize_t)(end - start);
    source->begins = 0;
    for (Py_ssize_t i = 0; i < 8; i++)
        source->begins = source->begins << 8 | (i < source->size ? source->form[i] : 0);
    return 1;
}

static int compare(const Source *left, const Source *right) {
    if (left->begins != right->begins) return left->begins < right->begins ? -1 : 1;
    const Py_ssize_t shared = left->size < right->size ? left->size : right->size;
    const int order = memcmp(left->form, right->form, (size_t)shared);
    return order ? order : (left->size > right->size) - (left->size < right->size);
}

/* Restores the heap below a place whose source has changed. */
static void sink(Source **heap, Py_ssize_t count, Py_ssize_t at) {
    Source *const moved = heap[at];
    for (;;) {
        Py_ssize_t child = 2 * at + 1;
        if (child >= count) break;
        if (child + 1 < count && compare(heap[child + 1], heap[child]) < 0) child++;
        if (compare(moved, heap[child]) <= 0) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

static int source_open(Source *source, PyObject *given) {
    PyObject *text, *at, *counts;
    if (!PyArg_ParseTuple(given, "OOO", &text, &at, &counts)) return -1;
    if (array_open(&source->text, text) < 0 || array_open(&source->at, at) < 0 || array_open(&source->counts, counts) < 0)
        return -1;
    if (source->text.type == U8 && source->at.length >= 1 && source->counts.length >= source->at.length - 1) return 0;
    PyErr_SetString(PyExc_TypeError, "these arrays are not those of a dictionary");
    return -1;
}

const char merged_doc[] =
    "merged(dictionaries): the forms of several sorted dictionaries, given as (text, at, counts), each once and sorted: their\n"
    "text, where each starts (uint32), and the sums of their counts (uint32).";

typedef struct {
    Source **heap; /* the sources by their next forms */
    Py_ssize_t count;
    uint8_t *text;
    uint32_t *at, *counts;
    Py_ssize_t room, bytes; /* of `at` and `counts`, and of `text` */
    Py_ssize_t forms, used;
} Merger;

/* -1 if anything lies outside the arrays. The interpreter's lock is not needed. */
static int merge(Merger *merger) {
    const uint8_t *last = NULL;
    Py_ssize_t size = 0;
    for (Py_ssize_t i = merger->count / 2 - 1; i >= 0; i--) sink(merger->heap, merger->count, i);
    while (merger->count) {
        Source *source = merger->heap[0];
        if (!last || source->size != size || memcmp(source->form, last, (size_t)size)) {
            if (merger->used + source->size > merger->bytes || merger->forms >= merger->room - 1) return -1;
            last = memcpy(merger->text + merger->used, source->form, (size_t)source->size);
            size = source->size;
            merger->at[merger->forms] = (uint32_t)merger->used;
            merger->counts[merger->forms++] = 0;
            merger->used += size;
        }
        merger->counts[merger->forms - 1] += (uint32_t)integer(&source->counts, source->next);
        const int step = source_step(source);
        if (step < 0) return -1;
        if (!step) merger->heap[0] = merger->heap[--merger->count];
        if (merger->count) sink(merger->heap, merger->count, 0);
    }
    merger->at[merger->forms] = (uint32_t)merger->used;
    return 0;
}

PyObject *merged(PyObject *module, PyObject *args) {
    PyObject *given, *result = NULL;
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &given)) return NULL;
    const Py_ssize_t most = PyList_Size(given);
    Source *sources = PyMem_Calloc((size_t)most + 1, sizeof *sources);
    Merger merger = {.heap = PyMem_Calloc((size_t)most + 1, sizeof(Source *)), .room = 1, .bytes = 1};
    if (!sources || !merger.heap) { PyErr_NoMemory(); goto done; }
    for (Py_ssize_t i = 0; i < most; i++) {
        if (source_open(&sources[i], PyList_GetItem(given, i)) < 0) goto done;
        merger.room += sources[i].at.length;
        merger.bytes += sources[i].text.length;
        sources[i].next = -1;
        const int step = source_step(&sources[i]);
        if (step < 0) { out_of_range(); goto done; }
        if (step) merger.heap[merger.count++] = &sources[i];
    }
    /* What is not written of these takes no memory. */
    merger.text = PyMem_Malloc((size_t)merger.bytes);
    merger.at = PyMem_Malloc((size_t)merger.room * sizeof(uint32_t));
    merger.counts = PyMem_Malloc((size_t)merger.room * sizeof(uint32_t));
    if (!merger.text || !merger.at || !merger.counts) { PyErr_NoMemory(); goto done; }
    RELEASED(merger.bytes)
    const int failed = merge(&merger);
    REGAINED
    if (failed) { out_of_range(); goto done; }
    result = Py_BuildValue("y#y#y#", merger.text, merger.used, merger.at,
                           (merger.forms + 1) * (Py_ssize_t)sizeof(uint32_t), merger.counts,
                           merger.forms * (Py_ssize_t)sizeof(uint32_t));
done:
    for (Py_ssize_t i = 0; sources && i < most; i++) {
        array_close(&sources[i].text);
        array_close(&sources[i].at);
        array_close(&sources[i].counts);
    }
    PyMem_Free(sources);
    PyMem_Free(merger.heap);
    PyMem_Free(merger.text);
    PyMem_Free(merger.at);
    PyMem_Free(merger.counts);
    return result;
}
