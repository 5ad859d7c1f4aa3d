/* Words that stand together: `together` of kernel.py. */

#include "_kernel_forms.h"
#include "_windows.h"

typedef struct {
    Array doc, code, pos, more_doc, more_pos;
    double unit;
    Py_ssize_t at, more_at;
} Slot;

static void slot_close(Slot *slot) {
    array_close(&slot->doc);
    array_close(&slot->code);
    array_close(&slot->pos);
    array_close(&slot->more_doc);
    array_close(&slot->more_pos);
}

static void slots_close(Slot *slots, Py_ssize_t count) {
    for (Py_ssize_t i = 0; slots && i < count; i++) slot_close(&slots[i]);
    PyMem_Free(slots);
}

static int slot_open(Slot *slot, PyObject *item) {
    PyObject *doc, *code, *pos, *more_doc, *more_pos;
    if (!PyArg_ParseTuple(item, "OOOOOd", &doc, &code, &pos, &more_doc, &more_pos, &slot->unit)) return -1;
    if (articles_open(&slot->doc, doc) < 0 || array_open(&slot->code, code) < 0 || array_open(&slot->pos, pos) < 0 ||
        articles_open(&slot->more_doc, more_doc) < 0 || array_open(&slot->more_pos, more_pos) < 0)
        return -1;
    if (slot->code.length < slot->doc.length || slot->pos.length < slot->doc.length ||
        slot->more_pos.length < slot->more_doc.length) {
        PyErr_SetString(PyExc_ValueError, "fewer positions than articles");
        return -1;
    }
    return 0;
}

static int by_rarity(const void *a, const void *b) {
    const Py_ssize_t left = (*(Slot *const *)a)->doc.length, right = (*(Slot *const *)b)->doc.length;
    return (left > right) - (left < right);
}

/* Collect the positions of a slot in an article that it holds, at slot->at; -1 where there is no memory for them. */
static int slot_read(Slot *slot, int64_t doc, Stands *stands) {
    stands_clear(stands);
    if (stands_add(stands, (uint16_t)integer(&slot->pos, slot->at)) < 0) return -1;
    slot->more_at = seek(&slot->more_doc, slot->more_at, doc);
    for (; slot->more_at < slot->more_doc.length && article(&slot->more_doc, slot->more_at) == doc; slot->more_at++) {
        if (stands_add(stands, (uint16_t)integer(&slot->more_pos, slot->more_at)) < 0) return -1;
    }
    stands_sort(stands);
    return 0;
}

/* Whether the words stand side by side where each is first, as most do that do at all: no further position is read. */
static int holds_at_first(const Slot *slots, Py_ssize_t count, int field, const int32_t *ends) {
    const int64_t start = integer(&slots[0].pos, slots[0].at);
    for (Py_ssize_t j = 1; j < count; j++) {
        if (integer(&slots[j].pos, slots[j].at) != start + j) return 0;
    }
    return start <= UINT16_MAX && within_field(ends, FIELDS, (int32_t)start, (int32_t)(start + count - 1), field);
}

const char together_doc[] =
    "together(slots, width, ordered, field, lengths): the numbers (uint32) of the articles in which a word of every slot\n"
    "stands, within `width` positions, and their scores (float64). A slot is (doc, code, pos, more_doc, more_pos, unit).";

PyObject *together(PyObject *module, PyObject *args) {
    PyObject *given, *lengths_, *found = NULL, *docs = NULL, *scores = NULL;
    Py_ssize_t width;
    int is_ordered, field;
    Lengths lengths = {0};
    Slot *slots = NULL, **rarest = NULL;
    Stands *stands = NULL;
    Row *rows = NULL;
    if (!PyArg_ParseTuple(args, "O!npiO", &PyList_Type, &given, &width, &is_ordered, &field, &lengths_)) return NULL;
    const Py_ssize_t count = PyList_Size(given);
    slots = PyMem_Calloc((size_t)count + 1, sizeof(Slot));
    rarest = PyMem_Calloc((size_t)count + 1, sizeof(Slot *));
    stands = PyMem_Calloc((size_t)count + 1, sizeof(Stands));
    if (!slots || !rarest || !stands) { PyErr_NoMemory(); goto done; }
    if (lengths_open(&lengths, lengths_) < 0) goto done;
    if (count < 1 || width > 1 << 24) {
        PyErr_SetString(PyExc_TypeError, "some slots are expected here");
        goto done;
    }
    for (Py_ssize_t j = 0; j < count; j++) {
        if (slot_open(&slots[j], PyList_GetItem(given, j)) < 0) goto done;
        rarest[j] = &slots[j];
    }
    qsort(rarest, (size_t)count, sizeof(Slot *), by_rarity);
    const Py_ssize_t most = rarest[0]->doc.length;
    Py_ssize_t kept = 0;
    rows = PyMem_Malloc((size_t)(most + 1) * sizeof(Row));
    if (!rows) { PyErr_NoMemory(); goto done; }
    int is_outside = 0, is_full = 0;
    RELEASED(most)
    for (Py_ssize_t i = 0; i < most && !is_outside && !is_full; i++) {
        const int64_t doc = article(&rarest[0]->doc, i);
        rarest[0]->at = i;
        Py_ssize_t j = 1;
        for (; j < count; j++) {
            Slot *slot = rarest[j];
            slot->at = seek(&slot->doc, slot->at, doc);
            if (slot->at >= slot->doc.length || article(&slot->doc, slot->at) != doc) break;
        }
        if (j < count) continue;
        int32_t limits[FIELDS];
        if (find_ends(&lengths, doc, limits) < 0) { is_outside = 1; break; }
        if (width < count - 1 || !holds_at_first(slots, count, field, limits)) {
            for (j = 0; j < count && !is_full; j++) is_full = slot_read(&slots[j], doc, &stands[j]) < 0;
            if (is_full) break;
            if (!(is_ordered ? holds_ordered : holds_near)(stands, count, (int32_t)width, field, limits, FIELDS)) continue;
        }
        double score = 0;
        for (j = 0; j < count; j++) score += number(&slots[j].code, slots[j].at) * slots[j].unit;
        rows[kept].doc = (uint32_t)doc;
        rows[kept++].score = score;
    }
    REGAINED
    if (is_outside) { out_of_range(); goto done; }
    if (is_full) { PyErr_NoMemory(); goto done; }
    docs = PyBytes_FromStringAndSize(NULL, kept * (Py_ssize_t)sizeof(uint32_t));
    scores = PyBytes_FromStringAndSize(NULL, kept * (Py_ssize_t)sizeof(double));
    if (!docs || !scores) goto done;
    for (Py_ssize_t i = 0; i < kept; i++) {
        ((uint32_t *)PyBytes_AsString(docs))[i] = rows[i].doc;
        ((double *)PyBytes_AsString(scores))[i] = rows[i].score;
    }
    found = PyTuple_Pack(2, docs, scores);
done:
    Py_XDECREF(docs);
    Py_XDECREF(scores);
    PyMem_Free(rows);
    PyMem_Free(rarest);
    for (Py_ssize_t j = 0; stands && j < count; j++) free(stands[j].positions);
    PyMem_Free(stands);
    slots_close(slots, count);
    lengths_close(&lengths);
    return found;
}
