/* Lists of scored articles, and what they have in common: `common`, `count`, `count_any` and `any_of` of kernel.py. */

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
        PyObject *doc, *value, *bits, *ranks, *live;
        if (!part || !PyArg_ParseTuple(part, "OOddOOO", &doc, &value, &list->unit, &list->best, &bits, &ranks, &live))
            goto fail;
        if (PyObject_TypeCheck(doc, &PyRange_Type)) {
            list->doc.type = list->value.type = IMPLIED;
            list->doc.length = list->value.length = PyObject_Size(doc);
            if (bits != Py_None && in_place_open(list, value, bits) < 0) goto fail;
            continue;
        }
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
        RELEASED(doc->length)
        for (Py_ssize_t block = 0; block < doc->length; block += BLOCK) {
            uint8_t places[BLOCK];
            const int held = common_places(lists, count, &visible, block, places);
            for (int i = 0; i < held; i++) docs[kept++] = (uint32_t)article(doc, block + places[i]);
        }
        REGAINED
        found = PyBytes_FromStringAndSize((const char *)docs, kept * (Py_ssize_t)sizeof(uint32_t));
        PyMem_Free(docs);
    } else {
        PyErr_NoMemory();
    }
    lists_close(lists, count);
    array_close(&visible);
    return found;
}

/* How many articles the bits of all lists have, or -1 where a list has none or is shorter than its bits are read. */
static Py_ssize_t count_bits(const List *lists, Py_ssize_t count, const Array *visible) {
    if (!lists[0].bits.is_open || lists[0].doc.length < 2 * lists[0].bits.length) return -1;
    Py_ssize_t words = visible->is_open ? visible->length : lists[0].bits.length, found = 0;
    for (Py_ssize_t j = 0; j < count; j++) {
        if (!lists[j].bits.is_open) return -1;
        if (lists[j].bits.length < words) words = lists[j].bits.length;
    }
    for (Py_ssize_t word = 0; word < words; word++) {
        uint64_t held = visible->is_open ? ((const uint64_t *)visible->data)[word] : ~(uint64_t)0;
        for (Py_ssize_t j = 0; j < count; j++) held &= ((const uint64_t *)lists[j].bits.data)[word];
        found += bits_set(held);
    }
    return found;
}

const char count_doc[] = "count(parts, visible): how many articles `common` finds.";

PyObject *count_(PyObject *module, PyObject *args) {
    Py_ssize_t count;
    Array visible = {0};
    List *lists = common_open(args, &count, &visible);
    if (!lists) return NULL;
    RELEASED(lists[0].doc.length)
    Py_ssize_t kept = count_bits(lists, count, &visible);
    const Py_ssize_t length = kept < 0 ? lists[0].doc.length : 0;
    if (kept < 0) kept = 0;
    for (Py_ssize_t block = 0; block < length; block += BLOCK) {
        uint8_t places[BLOCK];
        kept += common_places(lists, count, &visible, block, places);
    }
    REGAINED
    lists_close(lists, count);
    array_close(&visible);
    return PyLong_FromSsize_t(kept);
}

const char count_any_doc[] = "count_any(parts, visible): how many visible articles any part holds.";

PyObject *count_any(PyObject *module, PyObject *args) {
    Py_ssize_t count, words = 0, all = 0;
    Array visible = {0};
    List *lists = common_open(args, &count, &visible);
    if (!lists) return NULL;
    for (Py_ssize_t j = 0; j < count; j++) {
        const Array *doc = &lists[j].doc;
        const Py_ssize_t length = lists[j].bits.length, last = doc->length ? article(doc, doc->length - 1) / 64 + 1 : 0;
        words = length > words ? length : words;
        words = last > words ? last : words;
        all += doc->length;
    }
    if (visible.is_open && visible.length < words) words = visible.length;
    uint64_t *held = PyMem_Calloc((size_t)words + 1, sizeof *held);
    if (!held) {
        PyErr_NoMemory();
    } else {
        RELEASED(all)
        all = 0;
        for (Py_ssize_t j = 0; j < count; j++) {
            const Array *doc = &lists[j].doc;
            const uint64_t *bits = lists[j].bits.data;
            if (bits) {
                const Py_ssize_t length = lists[j].bits.length < words ? lists[j].bits.length : words;
                for (Py_ssize_t word = 0; word < length; word++) held[word] |= bits[word];
                continue;
            }
            for (Py_ssize_t i = 0; i < doc->length; i++) {
                const int64_t found = article(doc, i);
                if (found >> 6 < words) held[found >> 6] |= (uint64_t)1 << (found & 63);
            }
        }
        for (Py_ssize_t word = 0; word < words; word++) {
            all += bits_set(visible.is_open ? held[word] & ((const uint64_t *)visible.data)[word] : held[word]);
        }
        REGAINED
    }
    lists_close(lists, count);
    array_close(&visible);
    if (!held) return NULL;
    PyMem_Free(held);
    return PyLong_FromSsize_t(all);
}

/* Some articles that are looked up in lists, in any order. */
typedef struct { List *lists; Py_ssize_t count; Array docs; } Sought;

static int sought_open(Sought *sought, PyObject *parts, PyObject *docs) {
    if (!(sought->lists = lists_open(parts, &sought->count))) return -1;
    return articles_open(&sought->docs, docs);
}

static void sought_close(Sought *sought) {
    if (sought->lists) lists_close(sought->lists, sought->count);
    array_close(&sought->docs);
}

static int64_t next_sought(Sought *sought, Py_ssize_t i) {
    const int64_t doc = article(&sought->docs, i);
    const int is_back = i && doc < article(&sought->docs, i - 1);
    for (Py_ssize_t j = 0; is_back && j < sought->count; j++) sought->lists[j].at = 0;
    return doc;
}

const char scores_doc[] =
    "scores(parts, docs): the score (float64) of each of some articles (uint32): the sum over the parts in their order.";

PyObject *scores(PyObject *module, PyObject *args) {
    PyObject *parts, *docs, *found = NULL;
    if (!PyArg_ParseTuple(args, "OO", &parts, &docs)) return NULL;
    Sought sought = {0};
    if (sought_open(&sought, parts, docs) == 0)
        found = PyBytes_FromStringAndSize(NULL, sought.docs.length * (Py_ssize_t)sizeof(double));
    double *scores = found ? (double *)PyBytes_AsString(found) : NULL;
    for (Py_ssize_t i = 0; scores && i < sought.docs.length; i++) {
        const int64_t doc = next_sought(&sought, i);
        scores[i] = 0;
        for (Py_ssize_t j = 0; j < sought.count; j++) scores[i] += value_of(&sought.lists[j], doc) * sought.lists[j].unit;
    }
    sought_close(&sought);
    return found;
}

const char holds_doc[] =
    "holds(parts, docs, every): for each of some articles (uint32), a byte, whether every part holds it, or any of them.";

PyObject *holds(PyObject *module, PyObject *args) {
    PyObject *parts, *docs, *found = NULL;
    int every;
    if (!PyArg_ParseTuple(args, "OOp", &parts, &docs, &every)) return NULL;
    Sought sought = {0};
    if (sought_open(&sought, parts, docs) == 0) found = PyBytes_FromStringAndSize(NULL, sought.docs.length);
    char *held = found ? PyBytes_AsString(found) : NULL;
    for (Py_ssize_t i = 0; held && i < sought.docs.length; i++) {
        const int64_t doc = next_sought(&sought, i);
        Py_ssize_t j = 0;
        while (j < sought.count && (value_of(&sought.lists[j], doc) != 0) == every) j++;
        held[i] = (j == sought.count) == every;
    }
    sought_close(&sought);
    return found;
}

/* ---- what any list holds ---- */

typedef struct { uint32_t *doc; double *score; Py_ssize_t count; } Scores;

/* Merge a list into what was collected so far. Where both hold an article, its scores are added up in the order of the
 * lists, or the highest counts. */
static void merge_scores(const Scores *whole, Scores *merged, const Array *doc, const double *score, int is_highest) {
    Py_ssize_t i = 0, j = 0, kept = 0;
    while (i < whole->count && j < doc->length) {
        const int64_t left = whole->doc[i], right = article(doc, j);
        double value;
        if (left < right) {
            value = whole->score[i++];
        } else if (right < left) {
            value = score[j++];
        } else {
            const double before = whole->score[i++], more = score[j++];
            value = !is_highest ? before + more : more > before ? more : before;
        }
        merged->doc[kept] = (uint32_t)(left < right ? left : right);
        merged->score[kept++] = value;
    }
    if (i < whole->count) {
        memcpy(merged->doc + kept, whole->doc + i, (size_t)(whole->count - i) * sizeof *merged->doc);
        memcpy(merged->score + kept, whole->score + i, (size_t)(whole->count - i) * sizeof *merged->score);
        kept += whole->count - i;
    }
    for (; j < doc->length; j++) {
        merged->doc[kept] = (uint32_t)article(doc, j);
        merged->score[kept++] = score[j];
    }
    merged->count = kept;
}

const char any_of_doc[] =
    "any_of(lists, highest): from [(doc, score)] to the numbers (uint32) of the articles that any list holds, and the\n"
    "sum of their scores (float64), or the highest of these.";

PyObject *any_of(PyObject *module, PyObject *args) {
    PyObject *lists, *found = NULL;
    int is_highest;
    if (!PyArg_ParseTuple(args, "O!p", &PyList_Type, &lists, &is_highest)) return NULL;
    const Py_ssize_t count = PyList_Size(lists);
    Array *docs = PyMem_Calloc((size_t)count + 1, sizeof(Array)), *scores = PyMem_Calloc((size_t)count + 1, sizeof(Array));
    PyObject *doc_ = NULL, *score_ = NULL;
    Scores merged = {0}, spare = {0}, whole = {0};
    Py_ssize_t size = 0;
    if (!docs || !scores) { PyErr_NoMemory(); goto done; }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *doc, *score;
        if (!PyArg_ParseTuple(PyList_GetItem(lists, i), "OO", &doc, &score)) goto done;
        if (articles_open(&docs[i], doc) < 0 || array_open(&scores[i], score) < 0) goto done;
        if (scores[i].type != F64 || scores[i].length < docs[i].length) {
            PyErr_SetString(PyExc_TypeError, "a score of type float64 for each article is expected here");
            goto done;
        }
        size += docs[i].length;
    }
    /* How many articles are in several lists is not known before. */
    doc_ = PyByteArray_FromStringAndSize(NULL, size * (Py_ssize_t)sizeof(uint32_t));
    score_ = PyByteArray_FromStringAndSize(NULL, size * (Py_ssize_t)sizeof(double));
    if (!doc_ || !score_) goto done;
    merged.doc = (uint32_t *)PyByteArray_AsString(doc_);
    merged.score = (double *)PyByteArray_AsString(score_);
    Py_ssize_t first = 0;
    if (count && docs[0].type == U32) {
        /* Nothing is written to what was merged before. */
        whole = (Scores){(uint32_t *)docs[0].data, (double *)scores[0].data, docs[0].length};
        first = 1;
    }
    if (count - first > 1) {
        spare.doc = PyMem_Malloc((size_t)(size + 1) * sizeof(uint32_t));
        spare.score = PyMem_Malloc((size_t)(size + 1) * sizeof(double));
        if (!spare.doc || !spare.score) { PyErr_NoMemory(); goto done; }
    }
    RELEASED(size)
    const Array nothing = {.type = U32};
    if (first == count) merge_scores(&whole, &merged, &nothing, NULL, is_highest);
    for (Py_ssize_t i = first; i < count; i++) {
        /* The two take turns, and the last merge goes into what is returned. */
        Scores *into = (count - 1 - i) % 2 ? &spare : &merged;
        merge_scores(&whole, into, &docs[i], scores[i].data, is_highest);
        whole = *into;
    }
    REGAINED
    if (PyByteArray_Resize(doc_, whole.count * (Py_ssize_t)sizeof(uint32_t)) < 0 ||
        PyByteArray_Resize(score_, whole.count * (Py_ssize_t)sizeof(double)) < 0)
        goto done;
    found = PyTuple_Pack(2, doc_, score_);
done:
    for (Py_ssize_t i = 0; i < count; i++) {
        if (docs) array_close(&docs[i]);
        if (scores) array_close(&scores[i]);
    }
    Py_XDECREF(doc_);
    Py_XDECREF(score_);
    PyMem_Free(spare.doc);
    PyMem_Free(spare.score);
    PyMem_Free(docs);
    PyMem_Free(scores);
    return found;
}
