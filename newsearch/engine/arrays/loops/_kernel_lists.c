/* Lists of scored articles, and what they have in common: `common`, `count`, `count_any` and `any_of` of kernel.py. */

#include "_kernel.h"

void lists_close(List *lists, Py_ssize_t count) {
    for (Py_ssize_t i = 0; lists && i < count; i++) {
        array_close(&lists[i].doc);
        array_close(&lists[i].value);
        array_close(&lists[i].bits);
        array_close(&lists[i].ranks);
        array_close(&lists[i].tops);
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
        PyObject *doc, *value, *bits, *ranks, *live, *tops;
        if (!part ||
            !PyArg_ParseTuple(part, "OOddOOOO", &doc, &value, &list->unit, &list->best, &bits, &ranks, &live, &tops))
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
        if (tops != Py_None) {
            if (array_open(&list->tops, tops) < 0) goto fail;
            if (list->tops.type != F64 || list->tops.length < (list->doc.length + BLOCK - 1) / BLOCK) {
                PyErr_SetString(PyExc_TypeError, "a highest value of type float64 for each block is expected here");
                goto fail;
            }
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

/* Articles, and a score of value * unit for each. */
typedef struct {
    const uint32_t *doc;
    const void *value;
    Type type;
    Py_ssize_t count;
    double unit;
} Scored;

typedef struct { uint32_t *doc; double *score; Py_ssize_t count; } Scores;

/* A score, or 0 where the article is not in the list. Nothing branches on that: it cannot be foreseen. */
static inline double score_if(double score, int is_held) {
    uint64_t bits;
    memcpy(&bits, &score, sizeof bits);
    bits &= (uint64_t)0 - (uint64_t)is_held;
    memcpy(&score, &bits, sizeof bits);
    return score;
}

static inline double either(double before, double more, int is_highest) {
    return !is_highest ? before + more : more > before ? more : before;
}

/* Merge two lists. Where both hold an article, its scores are added up in this order, or the highest counts. */
#define DEFINE_MERGE(NAME, LEFT, RIGHT)                                                                             \
    static Py_ssize_t NAME(const Scored *left, const Scored *right, const Scores *into, int is_highest) {           \
        const LEFT *befores = left->value;                                                                           \
        const RIGHT *mores = right->value;                                                                           \
        Py_ssize_t i = 0, j = 0, kept = 0;                                                                           \
        while (i < left->count && j < right->count) {                                                                \
            const uint32_t one = left->doc[i], other = right->doc[j];                                                \
            const int is_left = one <= other, is_right = other <= one;                                               \
            const double before = score_if((double)befores[i] * left->unit, is_left);                                \
            const double more = score_if((double)mores[j] * right->unit, is_right);                                  \
            into->doc[kept] = is_left ? one : other;                                                                 \
            into->score[kept++] = either(before, more, is_highest);                                                  \
            i += is_left;                                                                                            \
            j += is_right;                                                                                           \
        }                                                                                                            \
        for (; i < left->count; i++) {                                                                               \
            into->doc[kept] = left->doc[i];                                                                          \
            into->score[kept++] = (double)befores[i] * left->unit;                                                   \
        }                                                                                                            \
        for (; j < right->count; j++) {                                                                              \
            into->doc[kept] = right->doc[j];                                                                         \
            into->score[kept++] = (double)mores[j] * right->unit;                                                    \
        }                                                                                                            \
        return kept;                                                                                                 \
    }
DEFINE_MERGE(merge_codes, uint8_t, uint8_t)
DEFINE_MERGE(merge_codes_values, uint8_t, uint16_t)
DEFINE_MERGE(merge_codes_scores, uint8_t, double)
DEFINE_MERGE(merge_values_codes, uint16_t, uint8_t)
DEFINE_MERGE(merge_values, uint16_t, uint16_t)
DEFINE_MERGE(merge_values_scores, uint16_t, double)
DEFINE_MERGE(merge_scores_codes, double, uint8_t)
DEFINE_MERGE(merge_scores_values, double, uint16_t)
DEFINE_MERGE(merge_scores, double, double)

static Py_ssize_t merge(const Scored *left, const Scored *right, const Scores *into, int is_highest) {
    typedef Py_ssize_t (*Merge)(const Scored *, const Scored *, const Scores *, int);
    static const Merge merges[3][3] = {
        {merge_codes, merge_codes_values, merge_codes_scores},
        {merge_values_codes, merge_values, merge_values_scores},
        {merge_scores_codes, merge_scores_values, merge_scores},
    };
    const int one = left->type == F64 ? 2 : left->type == U16, other = right->type == F64 ? 2 : right->type == U16;
    return merges[one][other](left, right, into, is_highest);
}

/* From a list of uint32 and of values of a type that is merged; -1 with an exception. */
static int scored_open(Scored *scored, const List *list) {
    const Type type = list->value.type;
    if (list->doc.type != U32 || (type != U8 && type != U16 && type != F64)) {
        PyErr_SetString(PyExc_TypeError, "articles of type uint32 and values of type uint8, uint16 or float64 are expected here");
        return -1;
    }
    *scored = (Scored){list->doc.data, list->value.data, type, list->doc.length, list->unit};
    return 0;
}

const char any_of_doc[] =
    "any_of(parts, highest): the numbers (uint32) of the articles that any part holds, and the sum of their scores\n"
    "(float64), or the highest of these.";

PyObject *any_of(PyObject *module, PyObject *args) {
    PyObject *parts, *found = NULL, *doc = NULL, *score = NULL;
    int is_highest;
    Py_ssize_t count, size = 0;
    if (!PyArg_ParseTuple(args, "Op", &parts, &is_highest)) return NULL;
    List *lists = lists_open(parts, &count);
    if (!lists) return NULL;
    Scored *scored = PyMem_Calloc((size_t)count, sizeof *scored), whole, nothing = {.type = F64, .unit = 1};
    Scores merged = {0}, spare = {0};
    if (!scored) { PyErr_NoMemory(); goto done; }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (scored_open(&scored[i], &lists[i]) < 0) goto done;
        size += scored[i].count;
    }
    /* How many articles are in several lists is not known before. */
    doc = PyByteArray_FromStringAndSize(NULL, size * (Py_ssize_t)sizeof *merged.doc);
    score = PyByteArray_FromStringAndSize(NULL, size * (Py_ssize_t)sizeof *merged.score);
    if (!doc || !score) goto done;
    merged.doc = (uint32_t *)PyByteArray_AsString(doc);
    merged.score = (double *)PyByteArray_AsString(score);
    if (count > 2) {
        spare.doc = PyMem_Malloc((size_t)(size + 1) * sizeof *spare.doc);
        spare.score = PyMem_Malloc((size_t)(size + 1) * sizeof *spare.score);
        if (!spare.doc || !spare.score) { PyErr_NoMemory(); goto done; }
    }
    RELEASED(size)
    whole = scored[0];
    for (Py_ssize_t i = 1; i < count || i == 1; i++) {
        /* The two take turns, and the last merge goes into what is returned. */
        const Scores *into = count > 1 && (count - 1 - i) % 2 ? &spare : &merged;
        const Py_ssize_t kept = merge(&whole, i < count ? &scored[i] : &nothing, into, is_highest);
        whole = (Scored){into->doc, into->score, F64, kept, 1};
    }
    REGAINED
    if (PyByteArray_Resize(doc, whole.count * (Py_ssize_t)sizeof *merged.doc) < 0 ||
        PyByteArray_Resize(score, whole.count * (Py_ssize_t)sizeof *merged.score) < 0)
        goto done;
    found = PyTuple_Pack(2, doc, score);
done:
    Py_XDECREF(doc);
    Py_XDECREF(score);
    PyMem_Free(spare.doc);
    PyMem_Free(spare.score);
    PyMem_Free(scored);
    lists_close(lists, count);
    return found;
}
