/* Exact forms: `held` and `neighbours` of lookup.py. */

#include "_lookup.h"

/* ---- where words stand ---- */

static const char capsule_name[] = "newsearch.lookup_positions";

static void positions_close(AllPositions *all) {
    for (Py_ssize_t i = 0; i < all->count; i++) {
        for (Py_ssize_t j = 0; j < POSITION_ARRAYS; j++) array_close(&all->each[i].arrays[j]);
    }
    PyMem_Free(all->each);
    PyMem_Free(all);
}

static void capsule_close(PyObject *capsule) { positions_close(PyCapsule_GetPointer(capsule, capsule_name)); }

const AllPositions *positions_of(PyObject *placed, const AllSegments *segments) {
    const AllPositions *places = PyCapsule_GetPointer(placed, capsule_name);
    if (places && places->count != segments->count) {
        damaged("positions of other segments");
        return NULL;
    }
    return places;
}

static int positions_open(Positions *places, PyObject *given, const SegmentArrays *segment) {
    if (!PyTuple_Check(given) || PyTuple_Size(given) != POSITION_ARRAYS) {
        PyErr_SetString(PyExc_TypeError, "the positions of a segment are expected here");
        return -1;
    }
    for (Py_ssize_t j = 0; j < POSITION_ARRAYS; j++) {
        if (array_open(&places->arrays[j], PyTuple_GetItem(given, j)) < 0) return -1;
        if (places->arrays[j].type == F64) return damaged("positions are whole numbers");
    }
    for (Py_ssize_t j = 0; j < FIELDS; j++) {
        if (places->length[j].length < segment->articles) return damaged("the lengths of a segment are damaged");
    }
    if (places->more_doc.type != U16 || places->pos.length < segment->doc.length ||
        places->more_pos.length < places->more_doc.length || places->more_at.length < segment->text_at.length)
        return damaged("the positions of a segment are damaged");
    return 0;
}

const char placed_doc[] =
    "placed(opened, segments): the positions in all segments (see Segment.position_arrays), held open, as `neighbours`\n"
    "takes them.";

PyObject *placed(PyObject *module, PyObject *args) {
    PyObject *capsule, *given;
    if (!PyArg_ParseTuple(args, "OO!", &capsule, &PyList_Type, &given)) return NULL;
    const AllSegments *segments = segments_of(capsule);
    if (!segments) return NULL;
    AllPositions *all = PyMem_Calloc(1, sizeof *all);
    if (!all) return PyErr_NoMemory();
    all->each = PyMem_Calloc((size_t)segments->count + 1, sizeof(Positions));
    if (!all->each) { PyErr_NoMemory(); goto fail; }
    if (PyList_Size(given) != segments->count) { damaged("positions of other segments"); goto fail; }
    while (all->count < segments->count) {
        const Py_ssize_t i = all->count++;
        if (positions_open(&all->each[i], PyList_GetItem(given, i), &segments->each[i]) < 0) goto fail;
    }
    PyObject *found = PyCapsule_New(all, capsule_name, capsule_close);
    if (found) return found;
fail:
    positions_close(all);
    return NULL;
}

/* ---- how many articles hold a form ---- */

static Range postings_of(const SegmentArrays *segment, int64_t form) {
    const Range none = {0, 0};
    if (form < 0) return none;
    return (Range){integer(&segment->post_at, form), integer(&segment->post_at, form + 1)};
}

/* How many of the articles of a form are among others, which are sorted. */
static int64_t count_among(const SegmentArrays *segment, Range range, const Array *others) {
    const uint16_t *doc = segment->doc.data;
    const uint32_t *other = others->data;
    const int64_t end = segment->start + segment->articles;
    Py_ssize_t i = seek_u32(other, others->length, 0, segment->start), at = (Py_ssize_t)range.first;
    int64_t count = 0;
    while (i < others->length && other[i] < end) {
        at = seek_u16(doc, (Py_ssize_t)range.last, at, other[i] - segment->start);
        if (at >= range.last) break;
        count += doc[at] == other[i] - segment->start;
        i = seek_u32(other, others->length, i + (doc[at] == other[i] - segment->start), segment->start + doc[at]);
    }
    return count;
}

int docs_open(Array *gone, PyObject *given) {
    if (array_open(gone, given) < 0) return -1;
    return gone->type == U32 ? 0 : damaged("articles of type uint32 are expected here");
}

const char held_doc[] =
    "held(opened, forms, gone): for each of some exact forms (UTF-8), how many articles hold it. `gone` are articles that\n"
    "do not count (uint32, sorted).";

PyObject *held(PyObject *module, PyObject *args) {
    PyObject *capsule, *forms, *gone_, *found = NULL;
    Array gone = {0};
    if (!PyArg_ParseTuple(args, "OO!O", &capsule, &PyList_Type, &forms, &gone_)) return NULL;
    const AllSegments *all = segments_of(capsule);
    if (!all) return NULL;
    if (docs_open(&gone, gone_) < 0) goto done;
    const Py_ssize_t count = PyList_Size(forms);
    found = PyList_New(count);
    for (Py_ssize_t i = 0; found && i < count; i++) {
        char *form;
        Py_ssize_t length;
        int64_t total = 0;
        if (PyBytes_AsStringAndSize(PyList_GetItem(forms, i), &form, &length) < 0) { Py_CLEAR(found); break; }
        for (Py_ssize_t j = 0; j < all->count; j++) {
            const int64_t number_ = exact_form(&all->each[j], form, length);
            if (number_ < -1) { Py_CLEAR(found); goto done; }
            const Range range = postings_of(&all->each[j], number_);
            total += range.last - range.first;
            if (gone.length && range.first < range.last) total -= count_among(&all->each[j], range, &gone);
        }
        PyObject *value = PyLong_FromLongLong(total);
        if (!value || PyList_SetItem(found, i, value) < 0) Py_CLEAR(found);
    }
done:
    array_close(&gone);
    return found;
}

/* ---- how many hold two side by side ---- */

int reading_open(const SegmentArrays *segment, const Positions *places, int64_t form, Reading *reading) {
    memset(reading, 0, sizeof *reading);
    if (form < 0) return 0;
    reading->posts = postings_of(segment, form);
    return part_of(&places->more_at, form, places->more_doc.length, &reading->more.first, &reading->more.last);
}

/* Whether a field of an article has both the word at this position and the next one. */
static int in_one_field(const Positions *places, uint16_t doc, int64_t position) {
    int64_t end = 0;
    for (int i = 0; i < FIELDS; i++) {
        const int64_t length = integer(&places->length[i], doc);
        end += length < 0 || length > UINT16_MAX ? UINT16_MAX + 1 : length;
        if (position < end) return position + 1 < end;
    }
    return 0;
}

/* Whether one word follows the other in an article that holds both. */
static int follows(const Positions *places, uint16_t doc, Reading *left, Reading *right) {
    int64_t before = integer(&places->pos, (Py_ssize_t)left->posts.first);
    int64_t after = integer(&places->pos, (Py_ssize_t)right->posts.first);
    /* Most words that stand side by side at all do so where each is first. */
    if (after == before + 1 && in_one_field(places, doc, before)) return 1;
    const uint16_t *more_doc = places->more_doc.data;
    for (Reading *each = left;; each = right) {
        each->more.first = seek_u16(more_doc, (Py_ssize_t)each->more.last, (Py_ssize_t)each->more.first, doc);
        if (each == right) break;
    }
    for (;;) {
        if (after == before + 1 && in_one_field(places, doc, before)) return 1;
        Reading *behind = after <= before ? right : left;
        if (behind->more.first >= behind->more.last || more_doc[behind->more.first] != doc) return 0;
        const int64_t next = integer(&places->more_pos, (Py_ssize_t)behind->more.first++);
        if (behind == right) after = next; else before = next;
    }
}

/* How many articles of a segment hold two words side by side; -1 where one lies outside of it. */
static int64_t count_neighbours(const SegmentArrays *segment, const Positions *places, Reading left, Reading right,
                                const Array *gone) {
    const uint16_t *doc = segment->doc.data;
    Py_ssize_t at = seek_u32(gone->data, gone->length, 0, segment->start);
    int64_t count = 0;
    for (Range *l = &left.posts, *r = &right.posts; l->first < l->last; l->first++) {
        r->first = seek_u16(doc, (Py_ssize_t)r->last, (Py_ssize_t)r->first, doc[l->first]);
        if (r->first >= r->last) break;
        if (doc[r->first] > doc[l->first]) {
            l->first = seek_u16(doc, (Py_ssize_t)l->last, (Py_ssize_t)l->first, doc[r->first]);
            if (l->first >= l->last) break;
            if (doc[l->first] != doc[r->first]) { l->first--; continue; }
        }
        const uint16_t number = doc[l->first];
        if (number >= segment->articles) return -1;
        if (!follows(places, number, &left, &right)) continue;
        at = seek_u32(gone->data, gone->length, at, segment->start + number);
        count += at >= gone->length || ((const uint32_t *)gone->data)[at] != segment->start + number;
    }
    return count;
}

const char neighbours_doc[] =
    "neighbours(opened, placed, left, right, gone): how many articles hold two exact forms (UTF-8), the one right before the\n"
    "other in one field. `gone` are articles that do not count (uint32, sorted).";

PyObject *neighbours(PyObject *module, PyObject *args) {
    PyObject *capsule, *placed_, *gone_, *found = NULL;
    const char *left, *right;
    Py_ssize_t left_length, right_length;
    Array gone = {0};
    if (!PyArg_ParseTuple(args, "OOy#y#O", &capsule, &placed_, &left, &left_length, &right, &right_length, &gone_))
        return NULL;
    const AllSegments *all = segments_of(capsule);
    const AllPositions *places = all ? positions_of(placed_, all) : NULL;
    if (!places) return NULL;
    Reading *readings = PyMem_Calloc(2 * (size_t)all->count + 1, sizeof *readings);
    if (!readings) return PyErr_NoMemory();
    if (docs_open(&gone, gone_) < 0) goto done;
    int64_t work = 0, total = 0;
    for (Py_ssize_t i = 0; i < all->count; i++) {
        Reading *both = readings + 2 * i;
        const int64_t first = exact_form(&all->each[i], left, left_length);
        const int64_t second = first < -1 ? -2 : exact_form(&all->each[i], right, right_length);
        if (second < -1 || reading_open(&all->each[i], &places->each[i], first, &both[0]) < 0 ||
            reading_open(&all->each[i], &places->each[i], second, &both[1]) < 0)
            goto done;
        const int64_t lefts = both[0].posts.last - both[0].posts.first, rights = both[1].posts.last - both[1].posts.first;
        work += lefts < rights ? lefts : rights;
    }
    int is_outside = 0;
    RELEASED(work)
    for (Py_ssize_t i = 0; i < all->count && !is_outside; i++) {
        const int64_t count =
            count_neighbours(&all->each[i], &places->each[i], readings[2 * i], readings[2 * i + 1], &gone);
        is_outside = count < 0;
        total += count;
    }
    REGAINED
    found = is_outside ? out_of_range() : PyLong_FromLongLong(total);
done:
    array_close(&gone);
    PyMem_Free(readings);
    return found;
}
