/* Words looked up in all segments of an index at once, compiled: what lookup.py does segment by segment.
 *
 * This is the module; its rooms are _lookup_forms.c (which forms a word has), _lookup_words.c (words in any form),
 * _lookup_exact.c (exact forms), _lookup_together.c (words that stand together) and _lookup_in_place.c (where the
 * postings of a word lie). */

#include "_lookup.h"

#include "_module.h"

static const char capsule_name[] = "newsearch.lookup_arrays";

static void segments_close(AllSegments *all) {
    for (Py_ssize_t i = 0; i < all->count; i++) {
        for (Py_ssize_t j = 0; j < ARRAYS; j++) array_close(&all->each[i].arrays[j]);
        PyMem_Free(all->each[i].is_dead);
    }
    for (int i = 0; i < LANGUAGES; i++) PyMem_Free(all->stems[i].bits);
    PyMem_Free(all->cells);
    PyMem_Free(all->each);
    PyMem_Free(all);
}

static void capsule_close(PyObject *capsule) { segments_close(PyCapsule_GetPointer(capsule, capsule_name)); }

AllSegments *segments_of(PyObject *opened) { return PyCapsule_GetPointer(opened, capsule_name); }

#define RISES(TYPE, NUMBER)                                                                                          \
    case TYPE: {                                                                                                     \
        const NUMBER *places = at->data;                                                                             \
        int falls = 0;                                                                                               \
        for (Py_ssize_t i = 1; i < at->length; i++) falls |= places[i] < places[i - 1];                              \
        return !falls;                                                                                               \
    }

/* Whether these places never fall, so that what they part does not overlap. */
static int rises(const Array *at) {
    switch (at->type) {
        RISES(U8, uint8_t)
        RISES(U16, uint16_t)
        RISES(U32, uint32_t)
        RISES(I64, int64_t)
        default: return 0;
    }
}

/* Tell the dead articles of a segment by bits too; -1 with an exception. */
static int mark_dead(SegmentArrays *segment) {
    const uint16_t *dead = segment->dead.data;
    if (!segment->dead.length) return 0;
    segment->is_dead = PyMem_Calloc(MAX_ARTICLES / 64, sizeof *segment->is_dead);
    if (!segment->is_dead) { PyErr_NoMemory(); return -1; }
    for (Py_ssize_t i = 0; i < segment->dead.length; i++) segment->is_dead[dead[i] >> 6] |= (uint64_t)1 << (dead[i] & 63);
    return 0;
}

static int segment_open(SegmentArrays *segment, PyObject *given) {
    if (!PyTuple_Check(given) || PyTuple_Size(given) != ARRAYS + 2) {
        PyErr_SetString(PyExc_TypeError, "the arrays of a segment are expected here");
        return -1;
    }
    for (Py_ssize_t j = 0; j < ARRAYS; j++) {
        Array *array = &segment->arrays[j];
        PyObject *object = PyTuple_GetItem(given, j);
        const int is_optional = array == &segment->stem_at || array == &segment->language;
        if (!(is_optional && object == Py_None) && array_open(array, object) < 0) return -1;
    }
    segment->start = PyLong_AsSsize_t(PyTuple_GetItem(given, ARRAYS));
    segment->articles = PyLong_AsSsize_t(PyTuple_GetItem(given, ARRAYS + 1));
    if (PyErr_Occurred()) return -1;
    const SegmentArrays *l = segment;
    if (l->text.type != U8 || l->doc.type != U16 || l->code.type != U8 || l->dead.type != U16 ||
        (l->language.is_open && l->language.type != U8))
        return damaged("these arrays are not those of a segment");
    if (l->start < 0 || l->articles < 0 || l->articles > MAX_ARTICLES || l->start + l->articles > UINT32_MAX ||
        (l->language.is_open && l->language.length < l->articles) || l->code.length < l->doc.length ||
        l->stem_ref.length < l->stem_hash.length || l->text_at.length < 1 || l->post_at.length < l->text_at.length ||
        !rises(&l->post_at) || integer(&l->post_at, 0) < 0 ||
        integer(&l->post_at, l->post_at.length - 1) > l->doc.length)
        return damaged("the words of a segment are damaged");
    return mark_dead(segment);
}

static const char opened_doc[] =
    "opened(segments): the arrays of all segments (see Segment.lookup_arrays), held open, as `find` takes them.";

static PyObject *opened(PyObject *module, PyObject *args) {
    PyObject *given;
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &given)) return NULL;
    const Py_ssize_t count = PyList_Size(given);
    AllSegments *all = PyMem_Calloc(1, sizeof *all);
    if (!all) return PyErr_NoMemory();
    all->each = PyMem_Calloc((size_t)count + 1, sizeof(SegmentArrays));
    if (!all->each) { PyErr_NoMemory(); goto fail; }
    while (all->count < count) {
        const Py_ssize_t i = all->count++;
        if (segment_open(&all->each[i], PyList_GetItem(given, i)) < 0) goto fail;
    }
    PyObject *capsule = PyCapsule_New(all, capsule_name, capsule_close);
    if (capsule) return capsule;
fail:
    segments_close(all);
    return NULL;
}

int64_t exact_form(const SegmentArrays *segment, const char *form, Py_ssize_t length) {
    int64_t low = 0, high = segment->text_at.length - 1, start, end;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (part_of(&segment->text_at, middle, segment->text.length, &start, &end) < 0) return -2;
        const Py_ssize_t size = (Py_ssize_t)(end - start), shared = size < length ? size : length;
        int order = shared ? memcmp((const char *)segment->text.data + start, form, (size_t)shared) : 0;
        if (!order) order = (size > length) - (size < length);
        if (!order) return middle;
        if (order < 0) low = middle + 1; else high = middle;
    }
    return -1;
}

static PyMethodDef methods[] = {
    {"opened", opened, METH_VARARGS, opened_doc},
    {"bound", bound, METH_VARARGS, bound_doc},
    {"find", find, METH_VARARGS, find_doc},
    {"held", held, METH_VARARGS, held_doc},
    {"in_place", in_place, METH_VARARGS, in_place_doc},
    {"live", live, METH_VARARGS, live_doc},
    {"neighbours", neighbours, METH_VARARGS, neighbours_doc},
    {"placed", placed, METH_VARARGS, placed_doc},
    {"together", together, METH_VARARGS, together_doc},
    {"weighed", weighed, METH_VARARGS, weighed_doc},
    {"where", where, METH_VARARGS, where_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_lookup", "Words looked up in all segments, compiled; see lookup.py.", 0, methods,
};

static const Constant constants[] = {CONSTANT(MAX_ARTICLES), CONSTANT(PARTS), CONSTANT(K1), CONSTANT(FIELDS)};

PyMODINIT_FUNC PyInit__lookup(void) {
    return module_with(PyModule_Create(&definition), constants, sizeof constants / sizeof *constants);
}
