/* Postings of several forms as one list, counted, or those of some articles: `best_codes`, `held_by` and `places_of` of
 * kernel.py. */

#include "_kernel.h"

#include <stdlib.h>

#define PLACES 65536 /* postings that are read at once */

typedef struct { Array doc, code; Py_ssize_t start; int divisor; } Codes;

static void codes_close(Codes *lists, Py_ssize_t count) {
    for (Py_ssize_t i = 0; lists && i < count; i++) {
        array_close(&lists[i].doc);
        array_close(&lists[i].code);
    }
    PyMem_Free(lists);
}

static int codes_open(Codes *list, PyObject *item) {
    PyObject *doc, *code;
    if (!item || !PyArg_ParseTuple(item, "OOni", &doc, &code, &list->start, &list->divisor)) return -1;
    if (articles_open(&list->doc, doc) < 0 || array_open(&list->code, code) < 0) return -1;
    if (list->code.length >= list->doc.length && list->code.type == U8 && list->divisor >= 1 && list->start >= 0)
        return 0;
    PyErr_SetString(PyExc_ValueError, "a code of type uint8 for each article is expected here");
    return -1;
}

static int by_start(const void *a, const void *b) {
    const Py_ssize_t left = ((const Codes *)a)->start, right = ((const Codes *)b)->start;
    return (left > right) - (left < right);
}

/* Raise the codes of the articles of a list, numbered from its start, and count those that had none; -1 if one is
 * outside. */
static Py_ssize_t raise_codes(const Codes *list, uint8_t *highest, Py_ssize_t articles) {
    uint8_t worth[256];
    for (int i = 0; i < 256; i++) worth[i] = (uint8_t)(i < list->divisor ? 1 : i / list->divisor);
    const uint8_t *codes = list->code.data;
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < list->doc.length; i++) {
        const int64_t at = article(&list->doc, i);
        if (at >= articles) return -1;
        const uint8_t before = highest[at], now = worth[codes[i]];
        count += before == 0;
        highest[at] = now > before ? now : before;
    }
    return count;
}

const char best_codes_doc[] =
    "best_codes(postings, articles, live): from [(doc, code, start, divisor)] to the numbers (uint32) of all articles,\n"
    "sorted, the highest code (uint8) in each, divided by the divisor of its form, and how many of them are live.";

PyObject *best_codes(PyObject *module, PyObject *args) {
    PyObject *postings, *live_, *found = NULL, *docs = NULL, *codes = NULL;
    Py_ssize_t articles, room = 0, held = 0, widest = 0, alive = 0;
    if (!PyArg_ParseTuple(args, "O!nO", &PyList_Type, &postings, &articles, &live_)) return NULL;
    if (articles < 0) return out_of_range();
    const Py_ssize_t size = PyList_Size(postings);
    Codes *lists = PyMem_Calloc((size_t)size + 1, sizeof(Codes));
    uint8_t *highest = NULL, *code_out = NULL;
    uint32_t *doc_out = NULL;
    Array live = {0};
    if (!lists) return PyErr_NoMemory();
    if (live_ != Py_None && array_open(&live, live_) < 0) goto done;
    if (live.is_open && (live.type != U8 || live.length < articles)) { out_of_range(); goto done; }
    for (Py_ssize_t i = 0; i < size; i++) {
        if (codes_open(&lists[i], PyList_GetItem(postings, i)) < 0) goto done;
        room += lists[i].doc.length;
    }
    /* One segment after the other, so that the table of its articles stays in the processor's nearest memory. */
    qsort(lists, (size_t)size, sizeof(Codes), by_start);
    for (Py_ssize_t i = 0; i < size; i++) {
        const Py_ssize_t end = i + 1 < size && lists[i + 1].start > lists[i].start ? lists[i + 1].start : articles;
        if (lists[i].start > articles) { out_of_range(); goto done; }
        if (end - lists[i].start > widest) widest = end - lists[i].start;
    }
    if (room > articles) room = articles;
    highest = PyMem_Malloc((size_t)widest + 8);
    /* Whether the next article is held is a toss of a coin in long lists, so nothing branches on it: each is written
     * down, and written over by the one after it if it was not held. */
    if (!highest) { PyErr_NoMemory(); goto done; }
    docs = results_open(room + 8, sizeof *doc_out, (void **)&doc_out);
    codes = results_open(room + 8, sizeof *code_out, (void **)&code_out);
    if (!docs || !codes) goto done;
    int is_outside = 0;
    RELEASED(room)
    for (Py_ssize_t i = 0; i < size && !is_outside;) {
        const Py_ssize_t start = lists[i].start;
        Py_ssize_t next = i + 1, count = 0;
        while (next < size && lists[next].start == start) next++;
        const Py_ssize_t width = (next < size ? lists[next].start : articles) - start;
        memset(highest, 0, (size_t)width + 8);
        for (; i < next && !is_outside; i++) {
            const Py_ssize_t fresh = raise_codes(&lists[i], highest, width);
            is_outside = fresh < 0;
            count += fresh;
        }
        if (is_outside) break;
        const uint8_t *is_live = live.is_open ? (const uint8_t *)live.data + start : NULL;
        const Py_ssize_t last = held + count;
        for (Py_ssize_t at = 0; held < last; at += 8) {
            uint64_t eight;
            memcpy(&eight, highest + at, 8);
            if (!eight) continue;
            for (Py_ssize_t j = at; j < at + 8; j++) {
                doc_out[held] = (uint32_t)(start + j);
                code_out[held] = highest[j];
                held += highest[j] != 0;
            }
        }
        if (is_live) {
            for (Py_ssize_t j = last - count; j < last; j++) alive += is_live[doc_out[j] - start] != 0;
        } else {
            alive += count;
        }
    }
    REGAINED
    if (is_outside) { out_of_range(); goto done; }
    if (results_end(&docs, held, sizeof *doc_out) < 0 || results_end(&codes, held, sizeof *code_out) < 0) goto done;
    found = Py_BuildValue("OOn", docs, codes, alive);
done:
    Py_XDECREF(docs);
    Py_XDECREF(codes);
    codes_close(lists, size);
    array_close(&live);
    PyMem_Free(highest);
    return found;
}

const char held_by_doc[] =
    "held_by(doc, at, among): of the lists of articles (uint16) that start at these places, one after the other, how many\n"
    "articles of each are among the marked ones, a byte for each; int64.";

PyObject *held_by(PyObject *module, PyObject *args) {
    PyObject *doc_, *at_, *among_, *found = NULL;
    if (!PyArg_ParseTuple(args, "OOO", &doc_, &at_, &among_)) return NULL;
    Array doc = {0}, at = {0}, among = {0};
    int is_outside = 0;
    if (articles_open(&doc, doc_) < 0 || array_open(&at, at_) < 0 || array_open(&among, among_) < 0) goto done;
    if (doc.type != U16 || at.type == F64 || at.length < 1 || among.type != U8) {
        PyErr_SetString(PyExc_TypeError, "lists of articles of type uint16, their places and marks are expected here");
        goto done;
    }
    const Py_ssize_t lists = at.length - 1;
    const int64_t first = integer(&at, 0);
    const uint16_t *docs = doc.data;
    const uint8_t *marks = among.data;
    found = PyBytes_FromStringAndSize(NULL, lists * (Py_ssize_t)sizeof(int64_t));
    int64_t *counts = found ? (int64_t *)PyBytes_AsString(found) : NULL;
    for (Py_ssize_t i = 0; counts && i < lists && !is_outside; i++) {
        const int64_t start = integer(&at, i) - first, end = integer(&at, i + 1) - first;
        int64_t count = 0;
        is_outside = start < 0 || end < start || end > doc.length;
        for (int64_t j = start; j < end && !is_outside; j++) {
            is_outside = docs[j] >= among.length;
            if (!is_outside) count += marks[docs[j]] != 0;
        }
        counts[i] = count;
    }
    if (is_outside) {
        Py_CLEAR(found);
        out_of_range();
    }
done:
    array_close(&doc);
    array_close(&at);
    array_close(&among);
    return found;
}

const char places_of_doc[] =
    "places_of(doc, among): the places in these lists of articles (uint16) of those that are among the marked ones, a byte\n"
    "for each; uint32.";

/* Write the places from `start` to `end` of marked articles; returns how many. No place is written beyond `end`, and what
 * is marked is not foretold. -1 if an article lies outside. */
static Py_ssize_t places_in(const uint16_t *docs, Py_ssize_t start, Py_ssize_t end, const Array *among, uint32_t *places) {
    const uint8_t *marks = among->data;
    uint16_t highest = 0;
    for (Py_ssize_t i = start; i < end; i++) highest = docs[i] > highest ? docs[i] : highest;
    if (start < end && highest >= among->length) return -1;
    Py_ssize_t count = 0;
    for (Py_ssize_t i = start; i < end; i++) {
        places[count] = (uint32_t)i;
        count += marks[docs[i]] != 0;
    }
    return count;
}

PyObject *places_of(PyObject *module, PyObject *args) {
    PyObject *doc_, *among_, *found = NULL;
    if (!PyArg_ParseTuple(args, "OO", &doc_, &among_)) return NULL;
    Array doc = {0}, among = {0};
    uint32_t *places = NULL;
    Py_ssize_t count = 0, room = 0, found_in = 0;
    if (articles_open(&doc, doc_) < 0 || array_open(&among, among_) < 0) goto done;
    if (doc.type != U16 || among.type != U8 || doc.length > UINT32_MAX) {
        PyErr_SetString(PyExc_TypeError, "articles of type uint16 and marks of them are expected here");
        goto done;
    }
    int is_done = 1;
    RELEASED(doc.length)
    for (Py_ssize_t start = 0; is_done && start < doc.length; start += PLACES) {
        const Py_ssize_t end = start + PLACES < doc.length ? start + PLACES : doc.length;
        if (room < count + PLACES) {
            room = 2 * room + PLACES;
            uint32_t *grown = realloc(places, (size_t)room * sizeof(*places));
            is_done = grown != NULL;
            if (is_done) places = grown;
        }
        found_in = is_done ? places_in(doc.data, start, end, &among, places + count) : 0;
        is_done = is_done && found_in >= 0;
        if (is_done) count += found_in;
    }
    REGAINED
    if (is_done)
        found = PyBytes_FromStringAndSize(count ? (char *)places : "", count * (Py_ssize_t)sizeof(*places));
    else if (found_in < 0)
        out_of_range();
    else
        PyErr_NoMemory();
done:
    array_close(&doc);
    array_close(&among);
    free(places);
    return found;
}
