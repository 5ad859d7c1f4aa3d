/* The best articles that hold every word, or some of them: `best_complete` and `best_partial` of kernel.py. */

#include "_kernel_top.h"

/* From a kernel.Boost. */
static int boost_open(Best *best, PyObject *boost) {
    PyObject *factors, *codes, *ceiling;
    if (!PyArg_ParseTuple(boost, "OOO", &factors, &codes, &ceiling) || array_open(&best->factors, factors) < 0 ||
        (codes != Py_None && array_open(&best->codes, codes) < 0) || array_open(&best->ceiling, ceiling) < 0)
        return -1;
    const int has_codes = best->codes.is_open;
    best->articles = has_codes ? best->codes.length : best->factors.length;
    if (best->factors.type == F64 && best->articles <= UINT32_MAX && best->ceiling.type == F64 &&
        best->ceiling.length * CHUNK >= best->articles &&
        (!has_codes || (best->codes.type == U16 && best->factors.length > UINT16_MAX)))
        return 0;
    PyErr_SetString(PyExc_TypeError, "a boost of type float64 for each article or code is expected here");
    return -1;
}

static inline double boost_of(const Best *best, int64_t doc) {
    return ((const double *)best->factors.data)[best->codes.is_open ? ((const uint16_t *)best->codes.data)[doc] : doc];
}

static int boosted_open(Best *best, PyObject *boost, PyObject *visible, PyObject *passes, Py_ssize_t wanted) {
    if (best_open(best, visible, passes, wanted) < 0) return -1;
    if (boost_open(best, boost) == 0) return 0;
    best_close(best);
    return -1;
}

/* ([(score, doc, score)], skipped): the candidates from place `first` on and all that tie with the one there, and how many
 * come before. They fall, as Python sorts them: to sort thousands of tuples takes longer than to find them. */
static PyObject *best_rows(Best *best, Py_ssize_t first) {
    const Py_ssize_t skipped = best_from(best, first);
    if (skipped < 0) return NULL;
    PyObject *rows = PyList_New(best->count);
    for (Py_ssize_t i = 0; rows && i < best->count; i++) {
        PyObject *score = PyFloat_FromDouble(best->rows[i].score), *doc = PyLong_FromUnsignedLong(best->rows[i].doc);
        PyObject *item = score && doc ? PyTuple_Pack(3, score, doc, score) : NULL;
        Py_XDECREF(score);
        Py_XDECREF(doc);
        if (!item) { Py_DECREF(rows); return NULL; }
        PyList_SetItem(rows, i, item);
    }
    return rows ? Py_BuildValue("Nn", rows, skipped) : NULL;
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

/* The first place from `i` on whose chunk may have an article that reaches the threshold with scores of `most` at most.
 * Segments number their articles by falling boost, so that often nothing of the rest of one is left. */
static Py_ssize_t next_likely(const Best *best, const List *list, Py_ssize_t i, double most) {
    const double *ceilings = best->ceiling.data, known = threshold(best);
    if (i >= list->doc.length) return i;
    int64_t chunk = article(&list->doc, i) / CHUNK;
    if (chunk >= best->ceiling.length || most * ceilings[chunk] * SLACK >= known) return i;
    do chunk++;
    while (chunk < best->ceiling.length && most * ceilings[chunk] * SLACK < known);
    return seek(&list->doc, i, chunk * CHUNK);
}

const char best_complete_doc[] =
    "best_complete(parts, boost, visible, passes, wanted, first): the best articles that every part holds.";

PyObject *best_complete(PyObject *module, PyObject *args) {
    PyObject *parts, *boost, *visible, *passes, *rows = NULL;
    Py_ssize_t wanted, first, count;
    Best best;
    if (!PyArg_ParseTuple(args, "OOOOnn", &parts, &boost, &visible, &passes, &wanted, &first)) return NULL;
    if (boosted_open(&best, boost, visible, passes, wanted) < 0) return NULL;
    List *lists = lists_open(parts, &count);
    if (!lists) goto done;
    const Array *doc = &lists[0].doc, *value = &lists[0].value;
    double elsewhere = 0;
    for (Py_ssize_t i = 1; i < count; i++) elsewhere += lists[i].best;
    let_go(&best, doc->length);
    const double most = lists[0].best + elsewhere;
    for (Py_ssize_t block = 0; (block = next_likely(&best, &lists[0], block, most)) < doc->length; block += BLOCK) {
        uint8_t places[BLOCK];
        int candidates = sift(&best, &lists[0], block, elsewhere, places);
        for (Py_ssize_t j = 1; j < count && candidates; j++) {
            if (lists[j].bits.is_open) candidates = keep_held(&lists[j], doc, block, candidates, places);
        }
        for (int candidate = 0; candidate < candidates; candidate++) {
            const Py_ssize_t i = block + places[candidate];
            const double known = threshold(&best);
            const int64_t number_ = article(doc, i);
            if (number_ >= best.articles) { best.is_outside = 1; goto done; }
            double text = number(value, i) * lists[0].unit;
            if ((text + elsewhere) * boost_of(&best, number_) * SLACK < known) continue;
            Py_ssize_t j = 1;
            for (; j < count; j++) {
                const double other = value_of(&lists[j], number_);
                if (other == 0) break;
                text += other * lists[j].unit;
            }
            if (j < count) continue;
            const double score = text * boost_of(&best, number_);
            if (score >= known && best_add(&best, score, number_) < 0) goto done;
        }
    }
    hold(&best);
    rows = best_rows(&best, first);
done:
    hold(&best);
    if (best.is_outside) out_of_range();
    if (lists) lists_close(lists, count);
    best_close(&best);
    return rows;
}

/* Candidates of best_partial() that are first met in the list `lead`; `later` is what the lists after it can add. */
static int partial_from(Best *best, List *lists, Py_ssize_t count, const char *is_required, int also_complete,
                        const char *is_earlier, Py_ssize_t lead, double later) {
    const Array *doc = &lists[lead].doc, *value = &lists[lead].value;
    int met_before = 0;
    for (Py_ssize_t j = 0; j < count; j++) {
        lists[j].at = 0;
        met_before |= is_earlier[j];
    }
    const double most = lists[lead].best + later;
    for (Py_ssize_t block = 0; (block = next_likely(best, &lists[lead], block, most)) < doc->length; block += BLOCK) {
        uint8_t places[BLOCK];
        const int candidates = sift(best, &lists[lead], block, later, places);
        for (int candidate = 0; candidate < candidates; candidate++) {
            const Py_ssize_t i = block + places[candidate];
            const double known = threshold(best), own = number(value, i);
            const int64_t number_ = article(doc, i);
            if (number_ >= best->articles) { best->is_outside = 1; return -1; }
            if ((own * lists[lead].unit + later) * boost_of(best, number_) * SLACK < known) continue;
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
            const double score = text * boost_of(best, number_);
            if (score >= known && best_add(best, score, number_) < 0) return -1;
        }
    }
    return 0;
}

/* What a text of many words finds: the sums of all but its longest lists are collected article by article, roughly and
 * quickly, and only articles that may reach the threshold with what the longest can add are scored as they should be. */

#define MANY 10           /* lists from which on this is faster than to take them one after the other */
#define LATER 16          /* long lists add at most one of so many parts of what all lists add */
#define ROUGHLY (1 + 1e-3) /* what rounding to single precision and many sums may lose */

typedef struct {
    float *text; /* of each article, from all but the long lists; below 0 for one that was looked at already */
    float *most; /* of each BLOCK articles, before any was looked at */
    List **long_lists;
    Py_ssize_t long_count;
    double later; /* what the long lists can add at most */
} Rough;

static int by_falling_best(const void *a, const void *b) {
    const double left = (*(List *const *)a)->best, right = (*(List *const *)b)->best;
    return (left < right) - (left > right);
}

#define COLLECT(NUMBER, VALUE)                                                                                       \
    for (Py_ssize_t i = 0; i < list->doc.length; i++) {                                                              \
        const uint32_t doc = ((const NUMBER *)list->doc.data)[i];                                                    \
        if (doc >= best->articles) return -1;                                                                    \
        text[doc] += (float)((const VALUE *)list->value.data)[i] * unit;                                             \
    }                                                                                                                \
    return 0;

static int collect(const Best *best, const List *list, float *text) {
    const float unit = (float)list->unit;
    if (list->doc.type == U32 && list->value.type == U16) { COLLECT(uint32_t, uint16_t) }
    if (list->doc.type == U32 && list->value.type == U8) { COLLECT(uint32_t, uint8_t) }
    for (Py_ssize_t i = 0; i < list->doc.length; i++) {
        const int64_t doc = article(&list->doc, i);
        if (doc >= best->articles) return -1;
        text[doc] += (float)number(&list->value, i) * unit;
    }
    return 0;
}

/* Score an article as every other path does, list by list in their order. */
static int add_exactly(Best *best, List *lists, Py_ssize_t count, int also_complete, int64_t doc) {
    double text = 0;
    int is_complete = !also_complete, is_held = 0;
    for (Py_ssize_t j = 0; j < count; j++) {
        const double value = value_of(&lists[j], doc);
        text += value * lists[j].unit;
        is_complete &= value != 0;
        is_held |= value != 0;
    }
    if (is_complete || !is_held) return 0;
    const double score = text * boost_of(best, doc);
    return score >= threshold(best) ? best_add(best, score, doc) : 0;
}

/* Whether an article may reach a score, now that the long lists are looked up one after the other. */
static int may_reach(const Rough *rough, int64_t doc, double boost, double least) {
    double text = rough->text[doc], later = rough->later;
    for (Py_ssize_t j = 0; j < rough->long_count; j++) {
        if ((text + later) * boost * ROUGHLY < least) return 0;
        later -= rough->long_lists[j]->best;
        text += value_of(rough->long_lists[j], doc) * rough->long_lists[j]->unit;
    }
    return text * boost * ROUGHLY >= least;
}

static int by_article(const void *a, const void *b) {
    const uint32_t left = ((const Row *)a)->doc, right = ((const Row *)b)->doc;
    return (left > right) - (left < right);
}

/* The highest of each LANES-th value, so that no comparison waits for another. */
#define LANES 16

static inline float most_of(const float *values, int64_t length) {
    float lanes[LANES], most = -1;
    int64_t i = 0;
    for (int lane = 0; lane < LANES; lane++) lanes[lane] = -1;
    for (; i + LANES <= length; i += LANES) {
        for (int lane = 0; lane < LANES; lane++)
            lanes[lane] = values[i + lane] > lanes[lane] ? values[i + lane] : lanes[lane];
    }
    for (int lane = 0; lane < LANES; lane++) most = lanes[lane] > most ? lanes[lane] : most;
    for (; i < length; i++) most = values[i] > most ? values[i] : most;
    return most;
}

/* Add a row to a heap with the least score first, or put it in the place of the least. */
static void likely_add(Row *likely, Py_ssize_t *held, Py_ssize_t room, double score, uint32_t doc) {
    Py_ssize_t i;
    if (*held < room) {
        for (i = (*held)++; i && likely[(i - 1) / 2].score > score; i = (i - 1) / 2) likely[i] = likely[(i - 1) / 2];
    } else {
        Py_ssize_t child;
        for (i = 0; (child = 2 * i + 1) < room; i = child) {
            if (child + 1 < room && likely[child + 1].score < likely[child].score) child++;
            if (likely[child].score >= score) break;
            likely[i] = likely[child];
        }
    }
    likely[i].score = score;
    likely[i].doc = doc;
}

/* Look at those first that are best without the long lists: they set a threshold for all others. */
static int add_likeliest(Best *best, List *lists, Py_ssize_t count, int also_complete, Rough *rough, Row *likely,
                         Py_ssize_t room) {
    const double *ceilings = best->ceiling.data;
    Py_ssize_t held = 0;
    for (int64_t block = 0; block < best->articles; block += BLOCK) {
        const int64_t end = block + BLOCK < best->articles ? block + BLOCK : best->articles;
        const float most = rough->most[block / BLOCK] = most_of(rough->text + block, end - block);
        if (most <= 0 || (held == room && most * ceilings[block / CHUNK] <= likely[0].score)) continue;
        for (int64_t doc = block; doc < end; doc++) {
            const double score = rough->text[doc] * boost_of(best, doc);
            if (score <= 0 || (held == room && score <= likely[0].score)) continue;
            if (!is_shown(best, doc)) continue;
            likely_add(likely, &held, room, score, (uint32_t)doc);
        }
    }
    qsort(likely, (size_t)held, sizeof(Row), by_article);
    for (Py_ssize_t i = 0; i < held; i++) {
        if (add_exactly(best, lists, count, also_complete, likely[i].doc) < 0) return -1;
        rough->text[likely[i].doc] = -1;
    }
    return best->passes ? settle(best) : 0;
}

static int add_others(Best *best, List *lists, Py_ssize_t count, int also_complete, const Rough *rough) {
    const double *ceilings = best->ceiling.data;
    for (int64_t chunk = 0; chunk * CHUNK < best->articles; chunk++) {
        const int64_t end = (chunk + 1) * CHUNK < best->articles ? (chunk + 1) * CHUNK : best->articles;
        for (int64_t block = chunk * CHUNK; block < end; block += BLOCK) {
            const int64_t last = block + BLOCK < end ? block + BLOCK : end;
            const float most = rough->most[block / BLOCK];
            const double least = threshold(best);
            if ((most + rough->later) * ceilings[chunk] * ROUGHLY < least) continue;
            for (int64_t doc = block; doc < last; doc++) {
                if (rough->text[doc] < 0 || !is_shown(best, doc) ||
                    !may_reach(rough, doc, boost_of(best, doc), threshold(best)))
                    continue;
                if (add_exactly(best, lists, count, also_complete, doc) < 0) return -1;
            }
        }
    }
    return 0;
}

static int partial_of_many(Best *best, List *lists, Py_ssize_t count, int also_complete) {
    const Py_ssize_t articles = best->articles, room = 2 * best->wanted + 16;
    Rough rough = {PyMem_Calloc((size_t)articles + 1, sizeof(float)),
                   PyMem_Malloc((size_t)(articles / BLOCK + 1) * sizeof(float)),
                   PyMem_Calloc((size_t)count, sizeof(List *)), 0, 0};
    Row *likely = PyMem_Malloc((size_t)room * sizeof(Row));
    int failed = !rough.text || !rough.most || !rough.long_lists || !likely;
    if (failed) PyErr_NoMemory();
    let_go(best, failed ? 0 : articles);
    double share = 0;
    for (Py_ssize_t j = 0; j < count; j++) share += lists[j].best / LATER;
    /* The longest list comes last. What little the long ones add is looked up only where it may matter. */
    for (Py_ssize_t j = count - 1; j >= 0 && !failed; j--) {
        if (rough.long_count == count - 1 - j && rough.later + lists[j].best <= share) {
            rough.long_lists[rough.long_count++] = &lists[j];
            rough.later += lists[j].best;
        } else if (collect(best, &lists[j], rough.text) < 0) {
            failed = best->is_outside = 1;
        }
    }
    if (!failed) {
        qsort(rough.long_lists, (size_t)rough.long_count, sizeof(List *), by_falling_best);
        failed = add_likeliest(best, lists, count, also_complete, &rough, likely, room) < 0;
        for (Py_ssize_t j = 0; j < count; j++) lists[j].at = 0;
    }
    failed = failed || add_others(best, lists, count, also_complete, &rough) < 0;
    hold(best);
    PyMem_Free(rough.text);
    PyMem_Free(rough.most);
    PyMem_Free(rough.long_lists);
    PyMem_Free(likely);
    return -failed;
}

const char best_partial_doc[] =
    "best_partial(parts, required, also_complete, boost, visible, passes, wanted, first): the best articles that hold\n"
    "every required part, and only some of the others, or all of them if that is asked for.";

PyObject *best_partial(PyObject *module, PyObject *args) {
    PyObject *parts, *boost, *visible, *passes, *rows = NULL;
    const char *is_required;
    Py_ssize_t wanted, first, count, flags;
    int also_complete;
    Best best;
    if (!PyArg_ParseTuple(args, "Oy#pOOOnn", &parts, &is_required, &flags, &also_complete, &boost, &visible, &passes,
                          &wanted, &first))
        return NULL;
    if (boosted_open(&best, boost, visible, passes, wanted) < 0) return NULL;
    List *lists = lists_open(parts, &count);
    char *is_earlier = lists ? PyMem_Calloc((size_t)count, 1) : NULL;
    if (!lists) goto done;
    if (!is_earlier) { PyErr_NoMemory(); goto done; }
    if (flags != count) { PyErr_SetString(PyExc_ValueError, "one flag for each part is expected"); goto done; }
    Py_ssize_t lead = -1, postings = 0;
    double all = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        all += lists[i].best;
        postings += lists[i].doc.length;
        if (is_required[i] && (lead < 0 || lists[i].doc.length < lists[lead].doc.length)) lead = i;
    }
    if (lead < 0 && count >= MANY) {
        if (partial_of_many(&best, lists, count, also_complete) < 0) goto done;
        rows = best_rows(&best, first);
        goto done;
    }
    let_go(&best, lead < 0 ? postings : lists[lead].doc.length);
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
    hold(&best);
    rows = best_rows(&best, first);
done:
    hold(&best);
    if (best.is_outside) out_of_range();
    PyMem_Free(is_earlier);
    if (lists) lists_close(lists, count);
    best_close(&best);
    return rows;
}
