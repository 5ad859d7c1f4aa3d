/* Lists of scored articles, and what they have in common: `common` and `count` of kernel.py. */

#include "_kernel.h"

void lists_close(List *lists, Py_ssize_t count) {
    for (Py_ssize_t i = 0; lists && i < count; i++) {
        array_close(&lists[i].doc);
        array_close(&lists[i].value);
        array_close(&lists[i].bits);
        array_close(&lists[i].ranks);
    }
    PyMem_Free(lists);
}

/* From a sequence of Part; NULL with an exception where one is not as it should be. */
List *lists_open(PyObject *parts, Py_ssize_t *count) {
    *count = PyList_Check(parts) ? PyList_Size(parts) : -1;
    if (*count < 1) {
        PyErr_SetString(PyExc_TypeError, "a list of at least one part is expected here");
        return NULL;
    }
    List *lists = PyMem_Calloc((size_t)*count, sizeof(List));
    if (!lists) { PyErr_NoMemory(); return NULL; }
    for (Py_ssize_t i = 0; i < *count; i++) {
        List *list = &lists[i];
        PyObject *part = PyList_GetItem(parts, i);
        PyObject *doc, *value, *bits, *ranks;
        if (!part || !PyArg_ParseTuple(part, "OOddOO", &doc, &value, &list->unit, &list->best, &bits, &ranks)) goto fail;
        if (articles_open(&list->doc, doc) < 0 || array_open(&list->value, value) < 0) goto fail;
        if (list->value.length < list->doc.length) {
            PyErr_SetString(PyExc_ValueError, "fewer values than articles");
            goto fail;
        }
        if (bits == Py_None) continue;
        if (bits_open(&list->bits, bits) < 0 || array_open(&list->ranks, ranks) < 0) goto fail;
        if (list->ranks.type != U32 || list->ranks.length < list->bits.length) {
            PyErr_SetString(PyExc_TypeError, "a rank of type uint32 for each word of bits is expected here");
            goto fail;
        }
    }
    return lists;
fail:
    lists_close(lists, *count);
    return NULL;
}

/* ---- what all lists hold ---- */

/* The places within a block of the first list whose articles are visible, and in all lists. */
static int common_places(List *lists, Py_ssize_t count, const Array *visible, Py_ssize_t start, uint8_t *places) {
    const Array *doc = &lists[0].doc;
    const int size = doc->length - start < BLOCK ? (int)(doc->length - start) : BLOCK;
    int kept = 0;
    for (int i = 0; i < size; i++) {
        places[kept] = (uint8_t)i;
        kept += !visible->is_open || has_bit(visible, article(doc, start + i));
    }
    for (Py_ssize_t j = 1; j < count && kept; j++) {
        if (lists[j].bits.is_open) kept = keep_held(&lists[j], doc, start, kept, places);
    }
    for (Py_ssize_t j = 1; j < count && kept; j++) {
        if (lists[j].bits.is_open) continue;
        int left = 0;
        for (int i = 0; i < kept; i++) {
            places[left] = places[i];
            left += value_of(&lists[j], article(doc, start + places[i])) != 0;
        }
        kept = left;
    }
    return kept;
}

/* What `common` and `count` take; NULL with an exception where it is not as it should be. */
static List *common_open(PyObject *args, Py_ssize_t *count, Array *visible) {
    PyObject *parts, *visible_;
    if (!PyArg_ParseTuple(args, "OO", &parts, &visible_)) return NULL;
    List *lists = NULL;
    if (visible_ == Py_None || bits_open(visible, visible_) == 0) lists = lists_open(parts, count);
    if (!lists) array_close(visible);
    return lists;
}

const char common_doc[] =
    "common(parts, visible): the numbers (uint32) of the visible articles that every part holds; the first should be\n"
    "the shortest.";

PyObject *common(PyObject *module, PyObject *args) {
    PyObject *found = NULL;
    Py_ssize_t count, kept = 0;
    Array visible = {0};
    List *lists = common_open(args, &count, &visible);
    if (!lists) return NULL;
    const Array *doc = &lists[0].doc;
    uint32_t *docs = PyMem_Malloc((size_t)(doc->length + 1) * sizeof(uint32_t));
    if (docs) {
        for (Py_ssize_t block = 0; block < doc->length; block += BLOCK) {
            uint8_t places[BLOCK];
            const int held = common_places(lists, count, &visible, block, places);
            for (int i = 0; i < held; i++) docs[kept++] = (uint32_t)article(doc, block + places[i]);
        }
        found = PyBytes_FromStringAndSize((const char *)docs, kept * (Py_ssize_t)sizeof(uint32_t));
        PyMem_Free(docs);
    } else {
        PyErr_NoMemory();
    }
    lists_close(lists, count);
    array_close(&visible);
    return found;
}

const char count_doc[] = "count(parts, visible): how many articles `common` finds.";

PyObject *count_(PyObject *module, PyObject *args) {
    Py_ssize_t count, kept = 0;
    Array visible = {0};
    List *lists = common_open(args, &count, &visible);
    if (!lists) return NULL;
    for (Py_ssize_t block = 0; block < lists[0].doc.length; block += BLOCK) {
        uint8_t places[BLOCK];
        kept += common_places(lists, count, &visible, block, places);
    }
    lists_close(lists, count);
    array_close(&visible);
    return PyLong_FromSsize_t(kept);
}
