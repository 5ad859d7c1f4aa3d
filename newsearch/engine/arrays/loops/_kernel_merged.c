/* Several sorted dictionaries as one: `merged` of kernel.py. */

#include "_kernel.h"

/* A dictionary, and the form of it that comes next. */
typedef struct {
    Array text, at, posts, docs;
    Py_ssize_t start; /* the number of its first article */
    Py_ssize_t next, size;
    const uint8_t *form;
    uint64_t begins; /* its first eight bytes as a number */
} Source;

/* Goes to the next form: 1 where there is one, 0 at the end, -1 with an exception if it lies outside the dictionary. */
static int source_step(Source *source) {
    const Py_ssize_t number_ = ++source->next;
    if (number_ >= source->at.length - 1) return 0;
    const int64_t start = integer(&source->at, number_), end = integer(&source->at, number_ + 1);
    if (start < 0 || end < start || end > source->text.length) {
        out_of_range();
        return -1;
    }
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
    PyObject *text, *at, *posts, *docs;
    if (!PyArg_ParseTuple(given, "OOOOn", &text, &at, &posts, &docs, &source->start)) return -1;
    if (array_open(&source->text, text) < 0 || array_open(&source->at, at) < 0 ||
        array_open(&source->posts, posts) < 0 || articles_open(&source->docs, docs) < 0)
        return -1;
    if (source->text.type == U8 && source->at.length >= 1 && source->posts.length >= source->at.length) return 0;
    PyErr_SetString(PyExc_TypeError, "these arrays are not those of a dictionary");
    return -1;
}

/* How many shown articles hold the next form; -1 with an exception if one lies outside the index. */
static int64_t shown_with(const Source *source, const Array *shown) {
    const int64_t first = integer(&source->posts, source->next), last = integer(&source->posts, source->next + 1);
    if (first < 0 || last < first || last > source->docs.length) {
        out_of_range();
        return -1;
    }
    if (!shown->is_open) return last - first;
    int64_t count = 0;
    for (int64_t i = first; i < last; i++) {
        const int64_t doc = source->start + article(&source->docs, i);
        if (doc < 0 || doc >= shown->length) {
            out_of_range();
            return -1;
        }
        count += ((const uint8_t *)shown->data)[doc] != 0;
    }
    return count;
}

const char merged_doc[] =
    "merged(dictionaries, shown): the forms of several sorted dictionaries, given as (text, at, post_at, post_doc, number of\n"
    "the first article), each once and sorted: their text, where each starts (uint32), and in how many shown articles each\n"
    "occurs (uint32). `shown` has a byte for each article; None shows all.";

PyObject *merged(PyObject *module, PyObject *args) {
    PyObject *given, *shown_, *result = NULL;
    Array shown = {0};
    if (!PyArg_ParseTuple(args, "O!O", &PyList_Type, &given, &shown_)) return NULL;
    const Py_ssize_t most = PyList_Size(given);
    Source *sources = PyMem_Calloc((size_t)most + 1, sizeof *sources);
    Source **heap = PyMem_Calloc((size_t)most + 1, sizeof *heap);
    uint8_t *text = NULL;
    uint32_t *at = NULL, *counts = NULL;
    Py_ssize_t count = 0, room = 1, bytes = 1, forms = 0;
    if (!sources || !heap) { PyErr_NoMemory(); goto done; }
    if (shown_ != Py_None && array_open(&shown, shown_) < 0) goto done;
    if (shown.is_open && shown.type != U8) { PyErr_SetString(PyExc_TypeError, "bytes are expected here"); goto done; }
    for (Py_ssize_t i = 0; i < most; i++) {
        if (source_open(&sources[i], PyList_GetItem(given, i)) < 0) goto done;
        room += sources[i].at.length;
        bytes += sources[i].text.length;
        sources[i].next = -1;
        const int step = source_step(&sources[i]);
        if (step < 0) goto done;
        if (step) heap[count++] = &sources[i];
    }
    /* What is not written of these takes no memory. */
    text = PyMem_Malloc((size_t)bytes);
    at = PyMem_Malloc((size_t)room * sizeof *at);
    counts = PyMem_Malloc((size_t)room * sizeof *counts);
    if (!text || !at || !counts) { PyErr_NoMemory(); goto done; }
    for (Py_ssize_t i = count / 2 - 1; i >= 0; i--) sink(heap, count, i);
    const uint8_t *last = NULL;
    Py_ssize_t size = 0, used = 0;
    while (count) {
        Source *source = heap[0];
        if (!last || source->size != size || memcmp(source->form, last, (size_t)size)) {
            if (used + source->size > bytes || forms >= room - 1) { out_of_range(); goto done; }
            last = memcpy(text + used, source->form, (size_t)source->size);
            size = source->size;
            at[forms] = (uint32_t)used;
            counts[forms++] = 0;
            used += size;
        }
        const int64_t held = shown_with(source, &shown);
        if (held < 0) goto done;
        counts[forms - 1] += (uint32_t)held;
        const int step = source_step(source);
        if (step < 0) goto done;
        if (!step) heap[0] = heap[--count];
        if (count) sink(heap, count, 0);
    }
    at[forms] = (uint32_t)used;
    result = Py_BuildValue("y#y#y#", text, used, at, (forms + 1) * (Py_ssize_t)sizeof *at, counts,
                           forms * (Py_ssize_t)sizeof *counts);
done:
    for (Py_ssize_t i = 0; sources && i < most; i++) {
        array_close(&sources[i].text);
        array_close(&sources[i].at);
        array_close(&sources[i].posts);
        array_close(&sources[i].docs);
    }
    array_close(&shown);
    PyMem_Free(sources);
    PyMem_Free(heap);
    PyMem_Free(text);
    PyMem_Free(at);
    PyMem_Free(counts);
    return result;
}
