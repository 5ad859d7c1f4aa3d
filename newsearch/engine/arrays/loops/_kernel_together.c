/* Words that stand together, or in one field: `together` and `in_field` of kernel.py. */

#include "_kernel.h"
#include "_spread.h"
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

/* The number of words in each text field, a column for each. */
typedef struct {
    const Spread *fields[FIELDS];
    PyObject *held[FIELDS];
    Py_ssize_t part; /* of the article that was asked for last */
} Lengths;

static void lengths_close(Lengths *lengths) {
    for (int i = 0; i < FIELDS; i++) Py_CLEAR(lengths->held[i]);
}

/* From a spread.Table; all of its columns have the same segments. */
static int lengths_open(Lengths *lengths, PyObject *table) {
    PyObject *columns = PyObject_GetAttrString(table, "columns");
    int is_fitting = columns && PyTuple_Check(columns) && PyTuple_Size(columns) == FIELDS;
    for (int i = 0; is_fitting && i < FIELDS; i++) {
        const Spread *field = spread_of(PyTuple_GetItem(columns, i), &lengths->held[i]);
        if (!field) break;
        lengths->fields[i] = field;
        is_fitting = field->count == lengths->fields[0]->count &&
                     !memcmp(field->starts, lengths->fields[0]->starts, (size_t)(field->count + 1) * sizeof(int64_t));
        for (Py_ssize_t part = 0; is_fitting && part < field->count; part++) is_fitting = field->parts[part].type != F64;
    }
    Py_XDECREF(columns);
    lengths->part = -1;
    if (!is_fitting && !PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a length for each field is expected here");
    return PyErr_Occurred() ? -1 : 0;
}

/* The end of each field of an article, in words from its start; -1 if there is no such article. */
static inline int find_ends(Lengths *lengths, int64_t doc, int32_t *ends) {
    lengths->part = spread_find(lengths->fields[0], doc, lengths->part);
    if (lengths->part < 0) return -1;
    int64_t end = 0;
    for (int i = 0; i < FIELDS; i++) {
        const Spread *field = lengths->fields[i];
        const int64_t length = integer(&field->parts[lengths->part], (Py_ssize_t)(doc - field->starts[lengths->part]));
        end += length < 0 || length > UINT16_MAX ? UINT16_MAX + 1 : length;
        ends[i] = (int32_t)end;
    }
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

/* ---- words in one field ---- */

/* The places of a word in an article that lie in a field, which has so many words from `start` on. */
static int count_within(const Slot *slot, Py_ssize_t first, Py_ssize_t after, int64_t pos, int64_t start, int64_t length) {
    int count = pos >= start && pos < start + length;
    for (Py_ssize_t i = first; i < after; i++) {
        const int64_t more = integer(&slot->more_pos, i);
        count += more >= start && more < start + length;
    }
    return count;
}

/* See `saturate` in ranking.py. */
static uint8_t saturated(double weight) {
    const double code = nearbyint(255 * weight / (K1 + weight));
    return (uint8_t)(code < 1 ? 1 : code > 255 ? 255 : code);
}

const char in_field_doc[] =
    "in_field(slot, field, (weight, b, pivot), lengths): the numbers (uint32) of the articles in which a word stands in a\n"
    "text field, and its code (uint8) in each, computed from that field alone.";

PyObject *in_field(PyObject *module, PyObject *args) {
    PyObject *given, *lengths_, *found = NULL, *docs = NULL, *codes = NULL;
    int field;
    double weight, b, pivot;
    Lengths lengths = {0};
    Slot slot = {0};
    uint32_t *doc_out = NULL;
    uint8_t *code_out = NULL;
    if (!PyArg_ParseTuple(args, "Oi(ddd)O", &given, &field, &weight, &b, &pivot, &lengths_)) return NULL;
    if (field < 0 || field >= FIELDS) {
        PyErr_SetString(PyExc_ValueError, "there is no such field");
        return NULL;
    }
    if (lengths_open(&lengths, lengths_) < 0 || slot_open(&slot, given) < 0) goto done;
    const Py_ssize_t size = slot.doc.length, more = slot.more_doc.length;
    doc_out = PyMem_Malloc((size_t)(size + 1) * sizeof *doc_out);
    code_out = PyMem_Malloc((size_t)size + 1);
    if (!doc_out || !code_out) { PyErr_NoMemory(); goto done; }
    Py_ssize_t kept = 0, next = 0;
    int is_outside = 0;
    RELEASED(size)
    for (Py_ssize_t i = 0; i < size; i++) {
        const int64_t doc = article(&slot.doc, i);
        int32_t ends[FIELDS];
        if (find_ends(&lengths, doc, ends) < 0) { is_outside = 1; break; }
        while (next < more && article(&slot.more_doc, next) < doc) next++;
        const Py_ssize_t first = next;
        while (next < more && article(&slot.more_doc, next) == doc) next++;
        const int64_t start = field ? ends[field - 1] : 0, length = ends[field] - start;
        const int count = count_within(&slot, first, next, integer(&slot.pos, i), start, length);
        if (!count) continue;
        doc_out[kept] = (uint32_t)doc;
        code_out[kept++] = saturated(weight / (1 - b + b * ((double)length / pivot)) * count);
    }
    REGAINED
    if (is_outside) { out_of_range(); goto done; }
    docs = PyBytes_FromStringAndSize((const char *)doc_out, kept * (Py_ssize_t)sizeof *doc_out);
    codes = PyBytes_FromStringAndSize((const char *)code_out, kept);
    if (docs && codes) found = PyTuple_Pack(2, docs, codes);
done:
    Py_XDECREF(docs);
    Py_XDECREF(codes);
    PyMem_Free(doc_out);
    PyMem_Free(code_out);
    slot_close(&slot);
    lengths_close(&lengths);
    return found;
}
