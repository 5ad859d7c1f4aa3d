/* The inner loops of a search, compiled. Each function does exactly what the one of its name in kernel.py does with
 * numpy, to the last bit of a score; that one is also what runs where no compiler was at hand. */

#include "_arrays.h"
#include <math.h>
#include <stdlib.h>

#define FIELDS 4   /* text fields of an article, see ranking.TEXT_FIELDS */
#define BLOCK 64   /* postings that are looked at together */
#define CHUNK 1024 /* articles whose boosts have a common ceiling, see kernel.py */
#define SLACK (1 + 1e-9)

/* ---- lists of scored articles ---- */

static inline int has_bit(const Array *bits, int64_t doc) {
    return doc >> 6 < bits->length && ((const uint64_t *)bits->data)[doc >> 6] >> (doc & 63) & 1;
}

/* A bit for every article, in words of 64. */
static int bits_open(Array *bits, PyObject *object) {
    if (array_open(bits, object) < 0) return -1;
    if (bits->type == I64) return 0;
    PyErr_SetString(PyExc_TypeError, "bits in words of 64 are expected here");
    return -1;
}

typedef struct {
    Array doc, value;
    Array bits, ranks; /* see kernel.Part */
    double unit, best;
    Py_ssize_t at;
} List;

static void lists_close(List *lists, Py_ssize_t count) {
    for (Py_ssize_t i = 0; lists && i < count; i++) {
        array_close(&lists[i].doc);
        array_close(&lists[i].value);
        array_close(&lists[i].bits);
        array_close(&lists[i].ranks);
    }
    PyMem_Free(lists);
}

/* From a sequence of Part; NULL with an exception where one is not as it should be. */
static List *lists_open(PyObject *parts, Py_ssize_t *count) {
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

/* The value of an article, 0 where the list does not have it. Articles must be asked for in rising order. */
static inline double value_of(List *list, int64_t doc) {
    if (list->bits.is_open) {
        if (!has_bit(&list->bits, doc)) return 0;
        const uint64_t before = ((const uint64_t *)list->bits.data)[doc >> 6] & (((uint64_t)1 << (doc & 63)) - 1);
        const Py_ssize_t at = (Py_ssize_t)((const uint32_t *)list->ranks.data)[doc >> 6] + bits_set(before);
        return at < list->value.length ? number(&list->value, at) : 0;
    }
    list->at = seek(&list->doc, list->at, doc);
    return list->at < list->doc.length && article(&list->doc, list->at) == doc ? number(&list->value, list->at) : 0;
}

/* ---- the best candidates ---- */

typedef struct { double score; uint32_t doc; } Row;

typedef struct {
    Row *rows;              /* candidates that reached the threshold when they came */
    Py_ssize_t count, room;
    Py_ssize_t judged;      /* of them, those that passed the filters */
    double *heap;           /* the best scores so far, the least of them first */
    Py_ssize_t held, wanted;
    PyObject *passes;       /* from the numbers of articles, uint32, to whether each passes the filters; or NULL */
    Array boost, visible;
    Array ceiling;          /* the highest boost of every CHUNK articles */
} Best;

static inline double threshold(const Best *best) {
    return best->held == best->wanted ? best->heap[0] : -INFINITY;
}

static void heap_add(Best *best, double score) {
    double *heap = best->heap;
    Py_ssize_t i;
    if (best->held < best->wanted) {
        for (i = best->held++; i && heap[(i - 1) / 2] > score; i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    } else {
        if (score <= heap[0]) return;
        Py_ssize_t child;
        for (i = 0; (child = 2 * i + 1) < best->held; i = child) {
            if (child + 1 < best->held && heap[child + 1] < heap[child]) child++;
            if (heap[child] >= score) break;
            heap[i] = heap[child];
        }
    }
    heap[i] = score;
}

/* Ask the filters about candidates that they have not seen, forget those that fell behind, make room for more. */
static int settle(Best *best) {
    if (best->passes && best->judged < best->count) {
        const Py_ssize_t fresh = best->count - best->judged;
        PyObject *docs = PyBytes_FromStringAndSize(NULL, fresh * (Py_ssize_t)sizeof(uint32_t));
        if (!docs) return -1;
        uint32_t *doc = (uint32_t *)PyBytes_AsString(docs);
        for (Py_ssize_t i = 0; i < fresh; i++) doc[i] = best->rows[best->judged + i].doc;
        PyObject *verdict = PyObject_CallFunctionObjArgs(best->passes, docs, NULL);
        Py_DECREF(docs);
        if (!verdict) return -1;
        Array passed = {0};
        int good = array_open(&passed, verdict) == 0;
        if (good && passed.length != fresh) {
            PyErr_SetString(PyExc_ValueError, "a filter did not judge every article");
            good = 0;
        }
        Py_ssize_t kept = best->judged;
        for (Py_ssize_t i = 0; good && i < fresh; i++) {
            const Row row = best->rows[best->judged + i];
            if (!integer(&passed, i)) continue;
            heap_add(best, row.score);
            best->rows[kept++] = row;
        }
        array_close(&passed);
        Py_DECREF(verdict);
        if (!good) return -1;
        best->count = kept;
    }
    const double least = threshold(best);
    Py_ssize_t kept = 0;
    for (Py_ssize_t i = 0; i < best->count; i++) {
        if (best->rows[i].score >= least) best->rows[kept++] = best->rows[i];
    }
    best->count = best->judged = kept;
    if (best->count * 2 > best->room) {
        Row *rows = PyMem_Realloc(best->rows, (size_t)best->room * 2 * sizeof(Row));
        if (!rows) { PyErr_NoMemory(); return -1; }
        best->rows = rows;
        best->room *= 2;
    }
    return 0;
}

static inline int best_add(Best *best, double score, int64_t doc) {
    if (best->visible.is_open && !has_bit(&best->visible, doc)) return 0;
    if (best->count == best->room && settle(best) < 0) return -1;
    best->rows[best->count].score = score;
    best->rows[best->count++].doc = (uint32_t)doc;
    if (!best->passes) heap_add(best, score);
    return 0;
}

static void best_close(Best *best) {
    PyMem_Free(best->rows);
    PyMem_Free(best->heap);
    array_close(&best->boost);
    array_close(&best->visible);
    array_close(&best->ceiling);
}

static int best_open(Best *best, PyObject *boost, PyObject *ceiling, PyObject *visible, PyObject *passes,
                     Py_ssize_t wanted) {
    memset(best, 0, sizeof *best);
    best->wanted = wanted;
    best->passes = passes == Py_None ? NULL : passes;
    if (wanted < 1 || wanted > (1 << 24)) {
        PyErr_SetString(PyExc_ValueError, "no such number of hits");
        return -1;
    }
    if (array_open(&best->boost, boost) < 0 || array_open(&best->ceiling, ceiling) < 0 ||
        (visible != Py_None && bits_open(&best->visible, visible) < 0)) {
        best_close(best);
        return -1;
    }
    if (best->boost.type != F64 || best->boost.length > UINT32_MAX || best->ceiling.type != F64 ||
        best->ceiling.length * CHUNK < best->boost.length) {
        best_close(best);
        PyErr_SetString(PyExc_TypeError, "a boost of type float64 for each article is expected here");
        return -1;
    }
    /* Filters cost a call of Python each time they are asked, so they are asked about many at once. */
    best->room = best->passes ? 256 : 64;
    if (best->room < 4 * wanted) best->room = 4 * wanted;
    best->rows = PyMem_Malloc((size_t)best->room * sizeof(Row));
    best->heap = PyMem_Malloc((size_t)wanted * sizeof(double));
    if (!best->rows || !best->heap) { best_close(best); PyErr_NoMemory(); return -1; }
    return 0;
}

/* [(score, doc, score)] of all candidates that reach the threshold, ties with the last included, in no order. */
static PyObject *best_rows(Best *best) {
    if (settle(best) < 0) return NULL;
    PyObject *rows = PyList_New(best->count);
    for (Py_ssize_t i = 0; rows && i < best->count; i++) {
        const Row *row = &best->rows[i];
        PyObject *item = Py_BuildValue("dId", row->score, (unsigned int)row->doc, row->score);
        if (!item) { Py_DECREF(rows); return NULL; }
        PyList_SetItem(rows, i, item);
    }
    return rows;
}

/* The places within a block of those values that are not below `least`; only whole blocks can be passed over at once. */
#define DEFINE_SIFT(NAME, NUMBER)                                                                                    \
    static inline int NAME(const NUMBER *values, int size, int least, uint8_t *places) {                             \
        int count = 0;                                                                                               \
        if (size == BLOCK) {                                                                                         \
            NUMBER most = 0;                                                                                         \
            for (int i = 0; i < BLOCK; i++) most = values[i] > most ? values[i] : most;                              \
            if (most < least) return 0;                                                                              \
        }                                                                                                            \
        for (int i = 0; i < size; i++) {                                                                             \
            places[count] = (uint8_t)i;                                                                              \
            count += values[i] >= least;                                                                             \
        }                                                                                                            \
        return count;                                                                                                \
    }
DEFINE_SIFT(sift_u8, uint8_t)
DEFINE_SIFT(sift_u16, uint16_t)

/* The places, counted from `i`, of up to BLOCK postings that may reach the threshold with what other lists may add.
 * Codes are compared as the small integers that they are, and most boosts are never read. */
static int sift(const Best *best, const List *list, Py_ssize_t i, double elsewhere, uint8_t *places) {
    const int size = list->doc.length - i < BLOCK ? (int)(list->doc.length - i) : BLOCK;
    const double *ceilings = best->ceiling.data;
    int64_t chunk = article(&list->doc, i) / CHUNK;
    const int64_t last = article(&list->doc, i + size - 1) / CHUNK;
    double least = 0;
    if (chunk <= last && last < best->ceiling.length) {
        double boost = ceilings[chunk];
        while (++chunk <= last) boost = ceilings[chunk] > boost ? ceilings[chunk] : boost;
        least = ceil((threshold(best) / (boost * SLACK) - elsewhere) / list->unit);
    }
    const int whole = least > 0 ? (least < 65536 ? (int)least : 65536) : 0;
    if (list->value.type == U8) return sift_u8((const uint8_t *)list->value.data + i, size, whole, places);
    if (list->value.type == U16) return sift_u16((const uint16_t *)list->value.data + i, size, whole, places);
    for (int j = 0; j < size; j++) places[j] = (uint8_t)j;
    return size;
}

/* Those of some places, counted from `start`, whose articles a list with bits has. Nothing branches on the answer. */
static int keep_held(const List *list, const Array *doc, Py_ssize_t start, int count, uint8_t *places) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
        const uint8_t place = places[i];
        places[kept] = place;
        kept += has_bit(&list->bits, article(doc, start + place));
    }
    return kept;
}

static const char complete_doc[] =
    "complete(parts, boost, ceiling, visible, passes, wanted): the best articles that every part holds.";

static PyObject *complete(PyObject *module, PyObject *args) {
    PyObject *parts, *boost, *ceiling, *visible, *passes, *rows = NULL;
    Py_ssize_t wanted, count;
    Best best;
    if (!PyArg_ParseTuple(args, "OOOOOn", &parts, &boost, &ceiling, &visible, &passes, &wanted)) return NULL;
    if (best_open(&best, boost, ceiling, visible, passes, wanted) < 0) return NULL;
    List *lists = lists_open(parts, &count);
    if (!lists) goto done;
    const double *boosts = best.boost.data;
    const Array *doc = &lists[0].doc, *value = &lists[0].value;
    double elsewhere = 0;
    for (Py_ssize_t i = 1; i < count; i++) elsewhere += lists[i].best;
    for (Py_ssize_t block = 0; block < doc->length; block += BLOCK) {
        uint8_t places[BLOCK];
        int candidates = sift(&best, &lists[0], block, elsewhere, places);
        for (Py_ssize_t j = 1; j < count && candidates; j++) {
            if (lists[j].bits.is_open) candidates = keep_held(&lists[j], doc, block, candidates, places);
        }
        for (int candidate = 0; candidate < candidates; candidate++) {
            const Py_ssize_t i = block + places[candidate];
            const double known = threshold(&best);
            const int64_t number_ = article(doc, i);
            if (number_ >= best.boost.length) { out_of_range(); goto done; }
            double text = number(value, i) * lists[0].unit;
            if ((text + elsewhere) * boosts[number_] * SLACK < known) continue;
            Py_ssize_t j = 1;
            for (; j < count; j++) {
                const double other = value_of(&lists[j], number_);
                if (other == 0) break;
                text += other * lists[j].unit;
            }
            if (j < count) continue;
            const double score = text * boosts[number_];
            if (score >= known && best_add(&best, score, number_) < 0) goto done;
        }
    }
    rows = best_rows(&best);
done:
    if (lists) lists_close(lists, count);
    best_close(&best);
    return rows;
}

/* Candidates of partial() that are first met in the list `lead`; `later` is what the lists after it can add. */
static int partial_from(Best *best, List *lists, Py_ssize_t count, const char *is_required, int also_complete,
                        const char *is_earlier, Py_ssize_t lead, double later) {
    const double *boosts = best->boost.data;
    const Array *doc = &lists[lead].doc, *value = &lists[lead].value;
    int met_before = 0;
    for (Py_ssize_t j = 0; j < count; j++) {
        lists[j].at = 0;
        met_before |= is_earlier[j];
    }
    for (Py_ssize_t block = 0; block < doc->length; block += BLOCK) {
        uint8_t places[BLOCK];
        const int candidates = sift(best, &lists[lead], block, later, places);
        for (int candidate = 0; candidate < candidates; candidate++) {
            const Py_ssize_t i = block + places[candidate];
            const double known = threshold(best), own = number(value, i);
            const int64_t number_ = article(doc, i);
            if (number_ >= best->boost.length) { out_of_range(); return -1; }
            if ((own * lists[lead].unit + later) * boosts[number_] * SLACK < known) continue;
            double text = 0;
            int is_wanted = 1, is_complete = !met_before && !also_complete;
            for (Py_ssize_t j = 0; j < count && is_wanted; j++) {
                const double other = j == lead ? own : value_of(&lists[j], number_);
                if (is_earlier[j]) {
                    is_wanted = other == 0;
                    continue;
                }
                text += other * lists[j].unit;
                if (other == 0) {
                    is_complete = 0;
                    is_wanted = !is_required[j];
                }
            }
            if (!is_wanted || is_complete) continue;
            const double score = text * boosts[number_];
            if (score >= known && best_add(best, score, number_) < 0) return -1;
        }
    }
    return 0;
}

static const char partial_doc[] =
    "partial(parts, required, also_complete, boost, ceiling, visible, passes, wanted): the best articles that hold\n"
    "every required part, and only some of the others, or all of them if that is asked for.";

static PyObject *partial(PyObject *module, PyObject *args) {
    PyObject *parts, *boost, *ceiling, *visible, *passes, *rows = NULL;
    const char *is_required;
    Py_ssize_t wanted, count, flags;
    int also_complete;
    Best best;
    if (!PyArg_ParseTuple(args, "Oy#pOOOOn", &parts, &is_required, &flags, &also_complete, &boost, &ceiling, &visible,
                          &passes, &wanted))
        return NULL;
    if (best_open(&best, boost, ceiling, visible, passes, wanted) < 0) return NULL;
    List *lists = lists_open(parts, &count);
    char *is_earlier = lists ? PyMem_Calloc((size_t)count, 1) : NULL;
    if (!lists) goto done;
    if (!is_earlier) { PyErr_NoMemory(); goto done; }
    if (flags != count) { PyErr_SetString(PyExc_ValueError, "one flag for each part is expected"); goto done; }
    Py_ssize_t lead = -1;
    double all = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        all += lists[i].best;
        if (is_required[i] && (lead < 0 || lists[i].doc.length < lists[lead].doc.length)) lead = i;
    }
    if (lead >= 0) {
        all -= lists[lead].best;
        if (partial_from(&best, lists, count, is_required, also_complete, is_earlier, lead, all) < 0) goto done;
    } else {
        for (Py_ssize_t turn = 0; turn < count; turn++) {
            lead = -1;
            for (Py_ssize_t i = 0; i < count; i++) {
                if (!is_earlier[i] && (lead < 0 || lists[i].best > lists[lead].best)) lead = i;
            }
            all -= lists[lead].best;
            if (partial_from(&best, lists, count, is_required, also_complete, is_earlier, lead, all) < 0) goto done;
            is_earlier[lead] = 1;
        }
    }
    rows = best_rows(&best);
done:
    PyMem_Free(is_earlier);
    if (lists) lists_close(lists, count);
    best_close(&best);
    return rows;
}

/* ---- postings of several forms as one list ---- */

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

/* Raise the codes of the articles of a list, numbered from its start, and count those that had none. */
static Py_ssize_t raise_codes(const Codes *list, uint8_t *highest, Py_ssize_t articles) {
    uint8_t worth[256];
    for (int i = 0; i < 256; i++) worth[i] = (uint8_t)(i < list->divisor ? 1 : i / list->divisor);
    const uint8_t *codes = list->code.data;
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < list->doc.length; i++) {
        const int64_t at = article(&list->doc, i);
        if (at >= articles) { out_of_range(); return -1; }
        const uint8_t before = highest[at], now = worth[codes[i]];
        count += before == 0;
        highest[at] = now > before ? now : before;
    }
    return count;
}

static const char best_codes_doc[] =
    "best_codes(postings, articles, live): from [(doc, code, start, divisor)] to the numbers (uint32) of all articles,\n"
    "sorted, the highest code (uint8) in each, divided by the divisor of its form, and how many of them are live.";

static PyObject *best_codes(PyObject *module, PyObject *args) {
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
    doc_out = PyMem_Malloc((size_t)(room + 8) * sizeof(uint32_t));
    code_out = PyMem_Malloc((size_t)room + 8);
    if (!highest || !doc_out || !code_out) { PyErr_NoMemory(); goto done; }
    for (Py_ssize_t i = 0; i < size;) {
        const Py_ssize_t start = lists[i].start;
        Py_ssize_t next = i + 1, count = 0;
        while (next < size && lists[next].start == start) next++;
        const Py_ssize_t width = (next < size ? lists[next].start : articles) - start;
        memset(highest, 0, (size_t)width + 8);
        for (; i < next; i++) {
            const Py_ssize_t fresh = raise_codes(&lists[i], highest, width);
            if (fresh < 0) goto done;
            count += fresh;
        }
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
    docs = PyBytes_FromStringAndSize((const char *)doc_out, held * (Py_ssize_t)sizeof(uint32_t));
    codes = PyBytes_FromStringAndSize((const char *)code_out, held);
    if (!docs || !codes) goto done;
    found = Py_BuildValue("OOn", docs, codes, alive);
done:
    Py_XDECREF(docs);
    Py_XDECREF(codes);
    codes_close(lists, size);
    array_close(&live);
    PyMem_Free(highest);
    PyMem_Free(doc_out);
    PyMem_Free(code_out);
    return found;
}

/* ---- words that stand together ---- */

typedef struct {
    Array doc, code, pos, more_doc, more_pos;
    double unit;
    Py_ssize_t at, more_at;
    uint16_t *positions;    /* in the article that is looked at, rising */
    Py_ssize_t count, room;
    Py_ssize_t next;        /* the first position that the current window has not passed */
} Slot;

static void slots_close(Slot *slots, Py_ssize_t count) {
    for (Py_ssize_t i = 0; slots && i < count; i++) {
        array_close(&slots[i].doc);
        array_close(&slots[i].code);
        array_close(&slots[i].pos);
        array_close(&slots[i].more_doc);
        array_close(&slots[i].more_pos);
        PyMem_Free(slots[i].positions);
    }
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
    slot->room = 16;
    slot->positions = PyMem_Malloc((size_t)slot->room * sizeof(uint16_t));
    if (!slot->positions) { PyErr_NoMemory(); return -1; }
    return 0;
}

static int by_position(const void *a, const void *b) { return *(const uint16_t *)a - *(const uint16_t *)b; }

static int by_length(const void *a, const void *b) {
    const Py_ssize_t left = (*(Slot *const *)a)->doc.length, right = (*(Slot *const *)b)->doc.length;
    return (left > right) - (left < right);
}

/* Collect the positions of a slot in an article that it holds, at slot->at. */
static int slot_read(Slot *slot, int64_t doc) {
    int is_rising = 1;
    slot->count = slot->next = 0;
    slot->positions[slot->count++] = (uint16_t)integer(&slot->pos, slot->at);
    slot->more_at = seek(&slot->more_doc, slot->more_at, doc);
    for (; slot->more_at < slot->more_doc.length && article(&slot->more_doc, slot->more_at) == doc; slot->more_at++) {
        if (slot->count == slot->room) {
            uint16_t *larger = PyMem_Realloc(slot->positions, (size_t)slot->room * 2 * sizeof(uint16_t));
            if (!larger) { PyErr_NoMemory(); return -1; }
            slot->positions = larger;
            slot->room *= 2;
        }
        const uint16_t position = (uint16_t)integer(&slot->more_pos, slot->more_at);
        is_rising &= position > slot->positions[slot->count - 1];
        slot->positions[slot->count++] = position;
    }
    if (!is_rising) qsort(slot->positions, (size_t)slot->count, sizeof(uint16_t), by_position);
    return 0;
}

/* The least position not below `wanted`, or -1; in one article `wanted` must rise from call to call. */
static inline int32_t next_position(Slot *slot, int32_t wanted) {
    while (slot->next < slot->count && slot->positions[slot->next] < wanted) slot->next++;
    return slot->next < slot->count ? slot->positions[slot->next] : -1;
}

static inline int within_field(const int32_t *ends, int32_t start, int32_t end, int field) {
    int at = 0;
    while (at < FIELDS && ends[at] <= start) at++;
    return at < FIELDS && end < ends[at] && (field < 0 || field == at);
}

static int holds_ordered(Slot *slots, Py_ssize_t count, int32_t width, int field, const int32_t *ends) {
    for (Py_ssize_t i = 0; i < slots[0].count; i++) {
        const int32_t start = slots[0].positions[i];
        int32_t end = start;
        for (Py_ssize_t j = 1; j < count; j++) {
            end = next_position(&slots[j], end + 1);
            if (end < 0) return 0;
            if (end - start > width) break;
        }
        if (end - start <= width && within_field(ends, start, end, field)) return 1;
    }
    return 0;
}

static int holds_near(Slot *slots, Py_ssize_t count, int32_t width, int field, const int32_t *ends) {
    for (Py_ssize_t lead = 0; lead < count; lead++) {
        for (Py_ssize_t j = 0; j < count; j++) slots[j].next = 0;
        for (Py_ssize_t i = 0; i < slots[lead].count; i++) {
            const int32_t start = slots[lead].positions[i];
            int32_t end = start;
            for (Py_ssize_t j = 0; j < count; j++) {
                const int32_t next = next_position(&slots[j], start);
                if (next < 0) { end = -1; break; }
                if (next > end) end = next;
            }
            if (end < 0) break;
            if (end - start <= width && within_field(ends, start, end, field)) return 1;
        }
    }
    return 0;
}

/* Whether the words stand side by side where each is first, as most do that do at all: no further position is read. */
static int holds_at_first(const Slot *slots, Py_ssize_t count, int field, const int32_t *ends) {
    const int64_t start = integer(&slots[0].pos, slots[0].at);
    for (Py_ssize_t j = 1; j < count; j++) {
        if (integer(&slots[j].pos, slots[j].at) != start + j) return 0;
    }
    return start <= UINT16_MAX && within_field(ends, (int32_t)start, (int32_t)(start + count - 1), field);
}

static const char together_doc[] =
    "together(slots, width, ordered, field, ends): the numbers (uint32) of the articles in which a word of every slot\n"
    "stands, within `width` positions, and their scores (float64). A slot is (doc, code, pos, more_doc, more_pos, unit).";

static PyObject *together(PyObject *module, PyObject *args) {
    PyObject *given, *ends_, *found = NULL, *docs = NULL, *scores = NULL;
    Py_ssize_t width;
    int is_ordered, field;
    Array ends = {0};
    Slot *slots = NULL, **rarest = NULL;
    Row *rows = NULL;
    if (!PyArg_ParseTuple(args, "O!npiO", &PyList_Type, &given, &width, &is_ordered, &field, &ends_)) return NULL;
    const Py_ssize_t count = PyList_Size(given);
    slots = PyMem_Calloc((size_t)count + 1, sizeof(Slot));
    rarest = PyMem_Calloc((size_t)count + 1, sizeof(Slot *));
    if (!slots || !rarest) { PyErr_NoMemory(); goto done; }
    if (array_open(&ends, ends_) < 0) goto done;
    if (ends.type != I32 || count < 1 || width > 1 << 24) {
        PyErr_SetString(PyExc_TypeError, "some slots, and ends of fields of type int32, are expected here");
        goto done;
    }
    for (Py_ssize_t j = 0; j < count; j++) {
        if (slot_open(&slots[j], PyList_GetItem(given, j)) < 0) goto done;
        rarest[j] = &slots[j];
    }
    qsort(rarest, (size_t)count, sizeof(Slot *), by_length);
    const Py_ssize_t most = rarest[0]->doc.length;
    Py_ssize_t kept = 0;
    rows = PyMem_Malloc((size_t)(most + 1) * sizeof(Row));
    if (!rows) { PyErr_NoMemory(); goto done; }
    for (Py_ssize_t i = 0; i < most; i++) {
        const int64_t doc = article(&rarest[0]->doc, i);
        if ((doc + 1) * FIELDS > ends.length) { out_of_range(); goto done; }
        rarest[0]->at = i;
        Py_ssize_t j = 1;
        for (; j < count; j++) {
            Slot *slot = rarest[j];
            slot->at = seek(&slot->doc, slot->at, doc);
            if (slot->at >= slot->doc.length || article(&slot->doc, slot->at) != doc) break;
        }
        if (j < count) continue;
        const int32_t *limits = (const int32_t *)ends.data + doc * FIELDS;
        if (width < count - 1 || !holds_at_first(slots, count, field, limits)) {
            for (j = 0; j < count; j++) {
                if (slot_read(&slots[j], doc) < 0) goto done;
            }
            if (!(is_ordered ? holds_ordered : holds_near)(slots, count, (int32_t)width, field, limits)) continue;
        }
        double score = 0;
        for (j = 0; j < count; j++) score += number(&slots[j].code, slots[j].at) * slots[j].unit;
        rows[kept].doc = (uint32_t)doc;
        rows[kept++].score = score;
    }
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
    slots_close(slots, count);
    array_close(&ends);
    return found;
}

/* ---- words that are nearly alike ---- */

/* Code points of UTF-8; what is not UTF-8 gives code points that no word has. */
static Py_ssize_t decode(const uint8_t *bytes, Py_ssize_t length, uint32_t *letters) {
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < length;) {
        const uint8_t lead = bytes[i++];
        int more = lead < 0xC0 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
        uint32_t letter = more == 0 ? lead : lead & (0x3F >> more);
        for (; more && i < length; more--) letter = letter << 6 | (bytes[i++] & 0x3F);
        letters[count++] = letter;
    }
    return count;
}

/* The optimal string alignment distance, or something above `most`. `rows` has room for three rows of m + 1. */
static int distance(const uint32_t *a, int n, const uint32_t *b, int m, int most, int *rows) {
    if (abs(n - m) > most) return most + 1;
    /* What begins and ends alike needs no edit. */
    while (n && m && a[n - 1] == b[m - 1]) n--, m--;
    while (n && m && *a == *b) a++, b++, n--, m--;
    const int width = m + 1;
    int *before = rows, *above = rows + width, *row = rows + 2 * width;
    for (int j = 0; j <= m; j++) {
        before[j] = most + 1;
        above[j] = j;
    }
    for (int i = 1; i <= n; i++) {
        const int first = i - most > 1 ? i - most : 1, last = i + most < m ? i + most : m;
        int least = most + 1;
        for (int j = 0; j <= m; j++) row[j] = most + 1;
        if (i <= most) row[0] = i;
        for (int j = first; j <= last; j++) {
            int cost = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < cost) cost = above[j] + 1;
            if (row[j - 1] + 1 < cost) cost = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < cost)
                cost = before[j - 2] + 1;
            row[j] = cost;
            if (cost < least) least = cost;
        }
        if (least > most && i > most) return most + 1;
        int *const free_ = before;
        before = above;
        above = row;
        row = free_;
    }
    return above[m];
}

/* The places within a block of forms that can be so near: one edit brings in at most one letter and takes away one. */
static int sift_letters(const uint32_t *letters, int size, uint32_t mask, int most, uint8_t *places) {
    uint32_t left[BLOCK], missing[BLOCK];
    uint8_t fits[BLOCK] = {0};
    int count = 0;
    for (int i = 0; i < size; i++) {
        left[i] = letters[i] & ~mask;
        missing[i] = ~letters[i] & mask;
    }
    for (int edit = 0; edit < most; edit++) {
        for (int i = 0; i < size; i++) {
            left[i] &= left[i] - 1;
            missing[i] &= missing[i] - 1;
        }
    }
    for (int i = 0; i < size; i++) fits[i] = (left[i] | missing[i]) == 0;
    /* Hardly one does, so eight are passed over at once. */
    for (int at = 0; at < size; at += 8) {
        uint64_t eight;
        memcpy(&eight, fits + at, 8);
        for (int i = at; eight && i < at + 8; i++) {
            places[count] = (uint8_t)i;
            count += fits[i];
        }
    }
    return count;
}

static const char similar_doc[] =
    "similar(term, edits, mask, letters, numbers, text, at): the exact forms within so many edits of a term, as\n"
    "[(edits, form, number)]. `letters` and `numbers` are those of the forms of fitting length (see Dictionary).";

static PyObject *similar(PyObject *module, PyObject *args) {
    PyObject *term, *letters_, *numbers_, *text_, *at_, *found = NULL;
    int most;
    unsigned int mask;
    if (!PyArg_ParseTuple(args, "UiIOOOO", &term, &most, &mask, &letters_, &numbers_, &text_, &at_)) return NULL;
    Array letters = {0}, numbers = {0}, text = {0}, at = {0};
    const Py_ssize_t n = PyUnicode_GetLength(term);
    Py_UCS4 *wanted = PyUnicode_AsUCS4Copy(term);
    uint32_t *decoded = NULL;
    int *rows = NULL;
    if (!wanted) return NULL;
    if (array_open(&letters, letters_) < 0 || array_open(&numbers, numbers_) < 0 || array_open(&text, text_) < 0 ||
        array_open(&at, at_) < 0)
        goto done;
    /* A form of so many bytes has at least a quarter as many letters. */
    const Py_ssize_t longest = 4 * (n + most) + 4;
    if (letters.type != U32 || text.type != U8 || numbers.length < letters.length || n > 4096 || most < 0 || most > 8) {
        PyErr_SetString(PyExc_TypeError, "these arrays are not those of a dictionary");
        goto done;
    }
    decoded = PyMem_Malloc((size_t)longest * sizeof(uint32_t));
    rows = PyMem_Malloc((size_t)(longest + 1) * 3 * sizeof(int));
    if (!decoded || !rows) { PyErr_NoMemory(); goto done; }
    found = PyList_New(0);
    const uint32_t *bits = letters.data;
    for (Py_ssize_t block = 0; found && block < letters.length; block += BLOCK) {
        const int size = letters.length - block < BLOCK ? (int)(letters.length - block) : BLOCK;
        uint8_t places[BLOCK];
        const int candidates = sift_letters(bits + block, size, mask, most, places);
        for (int candidate = 0; found && candidate < candidates; candidate++) {
            const int64_t number_ = integer(&numbers, block + places[candidate]);
            if (number_ < 0 || number_ >= at.length - 1) { Py_CLEAR(found); out_of_range(); break; }
            const int64_t start = integer(&at, number_), end = integer(&at, number_ + 1);
            if (start < 0 || end < start || end > text.length) { Py_CLEAR(found); out_of_range(); break; }
            if (end - start > longest) continue;
            const uint8_t *form = (const uint8_t *)text.data + start;
            const Py_ssize_t m = decode(form, end - start, decoded);
            const int edits = distance(wanted, (int)n, decoded, (int)m, most, rows);
            if (edits > most) continue;
            PyObject *key = PyUnicode_DecodeUTF8((const char *)form, end - start, "strict");
            PyObject *item = key ? Py_BuildValue("iNL", edits, key, (long long)number_) : NULL;
            if (!item || PyList_Append(found, item) < 0) Py_CLEAR(found);
            Py_XDECREF(item);
        }
    }
done:
    PyMem_Free(decoded);
    PyMem_Free(rows);
    PyMem_Free(wanted);
    array_close(&letters);
    array_close(&numbers);
    array_close(&text);
    array_close(&at);
    return found;
}

/* The number of the first form from `low` on that is not below these bytes, or that does not begin so but is above
 * them; -1 with an exception where a place lies outside the dictionary. */
static Py_ssize_t bound(const Array *text, const Array *at, Py_ssize_t low, const char *wanted, Py_ssize_t length,
                        int is_beyond) {
    Py_ssize_t high = at->length - 1;
    while (low < high) {
        const Py_ssize_t middle = low + (high - low) / 2;
        const int64_t start = integer(at, middle), end = integer(at, middle + 1);
        if (start < 0 || end < start || end > text->length) {
            PyErr_SetString(PyExc_ValueError, "a word's place lies outside the dictionary");
            return -1;
        }
        const Py_ssize_t shared = end - start < length ? end - start : length;
        const int order = shared ? memcmp((const char *)text->data + start, wanted, (size_t)shared) : 0;
        const int is_below = order < 0 || (order == 0 && (is_beyond || end - start < length));
        if (is_below) low = middle + 1; else high = middle;
    }
    return low;
}

static const char begun_doc[] =
    "begun(text, at, prefix): the number of the first form that is not below these bytes, and that of the first one\n"
    "after it that does not begin so.";

static PyObject *begun(PyObject *module, PyObject *args) {
    PyObject *text_, *at_;
    const char *wanted;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "OOy#", &text_, &at_, &wanted, &length)) return NULL;
    Array text = {0}, at = {0};
    PyObject *found = NULL;
    if (array_open(&text, text_) < 0 || array_open(&at, at_) < 0) goto done;
    if (text.type != U8 || at.length < 1) {
        PyErr_SetString(PyExc_TypeError, "these arrays are not those of a dictionary");
        goto done;
    }
    const Py_ssize_t first = bound(&text, &at, 0, wanted, length, 0);
    const Py_ssize_t last = first < 0 ? -1 : bound(&text, &at, first, wanted, length, 1);
    if (last >= 0) found = Py_BuildValue("nn", first, last);
done:
    array_close(&text);
    array_close(&at);
    return found;
}

/* ---- how many ---- */

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

static const char common_doc[] =
    "common(parts, visible): the numbers (uint32) of the visible articles that every part holds; the first should be\n"
    "the shortest.";

static PyObject *common(PyObject *module, PyObject *args) {
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

static const char count_doc[] = "count(parts, visible): how many articles `common` finds.";

static PyObject *count_(PyObject *module, PyObject *args) {
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

/* ---- the module ---- */

static PyMethodDef methods[] = {
    {"complete", complete, METH_VARARGS, complete_doc},
    {"partial", partial, METH_VARARGS, partial_doc},
    {"common", common, METH_VARARGS, common_doc},
    {"count", count_, METH_VARARGS, count_doc},
    {"best_codes", best_codes, METH_VARARGS, best_codes_doc},
    {"together", together, METH_VARARGS, together_doc},
    {"begun", begun, METH_VARARGS, begun_doc},
    {"similar", similar, METH_VARARGS, similar_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_kernel", "The inner loops of a search, compiled; see kernel.py.", 0, methods,
};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModule_Create(&definition); }
