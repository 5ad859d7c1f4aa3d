/* The best articles that hold every word, or some of them: `best_complete` and `best_partial` of kernel.py. */

#include "_kernel_by_segment.h"

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

/* The same for scores; those that differ from `least` by rounding are kept. */
static inline int sift_f64(const double *values, int size, double least, uint8_t *places) {
    int count = 0;
    for (int i = 0; i < size; i++) {
        places[count] = (uint8_t)i;
        count += values[i] >= least;
    }
    return count;
}

/* The highest value of some postings from `i` on, or of their blocks: they are in two of these at most. */
static double top_of(const List *list, Py_ssize_t i, int size) {
    const double *tops = list->tops.data, first = tops[i / BLOCK], last = tops[(i + size - 1) / BLOCK];
    return first > last ? first : last;
}

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
        least = (threshold(best) / (boost * SLACK) - elsewhere) / list->unit;
    }
    if (list->tops.is_open && top_of(list, i, size) < least) return 0;
    if (list->value.type == F64) return sift_f64((const double *)list->value.data + i, size, least, places);
    const int whole = least > 0 ? (least < 65536 ? (int)ceil(least) : 65536) : 0;
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

#define CANDIDATE 16 /* postings that can be sifted while one candidate is scored, more or less */

/* Candidates of best_complete() among the articles of the first list; `elsewhere` is what the others can add. */
static int complete_from(Best *best, List *lists, Py_ssize_t count, double elsewhere) {
    const Array *doc = &lists[0].doc, *value = &lists[0].value;
    const double most = lists[0].best + elsewhere;
    for (Py_ssize_t block = 0; (block = next_likely(best, &lists[0], block, most)) < doc->length; block += BLOCK) {
        uint8_t places[BLOCK];
        int candidates = sift(best, &lists[0], block, elsewhere, places);
        for (Py_ssize_t j = 1; j < count && candidates; j++) {
            if (lists[j].bits.is_open) candidates = keep_held(&lists[j], doc, block, candidates, places);
        }
        looked_at(best, BLOCK + CANDIDATE * candidates);
        for (int candidate = 0; candidate < candidates; candidate++) {
            const Py_ssize_t i = block + places[candidate];
            const double known = threshold(best);
            const int64_t number_ = article(doc, i);
            if (number_ >= best->articles) { best->is_outside = 1; return -1; }
            /* Words that are read in place take longest to look up. What is left of most articles falls short before. */
            const double least = known / (boost_of(best, number_) * SLACK);
            double text = number(value, i) * lists[0].unit;
            Py_ssize_t j = 1;
            for (; j < count && text + lists[j].rest >= least; j++) {
                const double other = value_of(&lists[j], number_);
                if (other == 0) break;
                text += other * lists[j].unit;
            }
            if (j < count) continue;
            const double score = text * boost_of(best, number_);
            if (score >= known && best_add(best, score, number_) < 0) return -1;
        }
    }
    return 0;
}

/* As complete_from(), of a first word that is read in place. */
static int complete_in_place(Best *best, List *lists, Py_ssize_t count, double elsewhere, Room *room) {
    const List word = lists[0];
    Cursor cursor = {0};
    int failed = 0;
    while (!failed && segment_next(best, &word, word.best + elsewhere, room, &cursor, lists, count, 0))
        failed = complete_from(best, lists, count, elsewhere) < 0;
    lists[0] = word;
    return -failed;
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
    AllPostings *segments = lists ? lists[0].postings : NULL;
    Room *room = segments ? room_open(segments) : NULL;
    if (!lists || (segments && !room)) goto done;
    double elsewhere = 0;
    for (Py_ssize_t i = count - 1; i > 0; i--) elsewhere = lists[i].rest = lists[i].best + elsewhere;
    if ((room ? complete_in_place(&best, lists, count, elsewhere, room)
              : complete_from(&best, lists, count, elsewhere)) < 0)
        goto done;
    hold(&best);
    rows = best_rows(&best, first);
done:
    hold(&best);
    if (best.is_outside) out_of_range();
    if (segments) room_close(room, segments);
    if (lists) lists_close(lists, count);
    best_close(&best);
    return rows;
}

/* Whether an article may reach the threshold, now that lists are looked up, those first that can add most. */
static int may_reach(const Best *best, List **lists, Py_ssize_t count, int64_t doc, double text) {
    const double boost = boost_of(best, doc) * SLACK, known = threshold(best);
    for (Py_ssize_t j = 0; j < count; j++) {
        if ((text + lists[j]->rest) * boost < known) return 0;
        text += value_of(lists[j], doc) * lists[j]->unit;
    }
    return text * boost >= known;
}

/* Candidates of best_partial() that are first met in the list `lead`; `later` is what the lists after it can add.
 * `others` are all but that one if there are many, by falling best score; or NULL. */
static int partial_from(Best *best, List *lists, Py_ssize_t count, const char *is_required, int also_complete,
                        const char *is_earlier, Py_ssize_t lead, double later, List **others) {
    const Array *doc = &lists[lead].doc, *value = &lists[lead].value;
    int met_before = 0;
    for (Py_ssize_t j = 0; j < count; j++) met_before |= is_earlier[j];
    const double most = lists[lead].best + later;
    for (Py_ssize_t block = 0; (block = next_likely(best, &lists[lead], block, most)) < doc->length; block += BLOCK) {
        uint8_t places[BLOCK];
        const int candidates = sift(best, &lists[lead], block, later, places);
        looked_at(best, BLOCK + CANDIDATE * candidates);
        for (int candidate = 0; candidate < candidates; candidate++) {
            const Py_ssize_t i = block + places[candidate];
            const double known = threshold(best), own = number(value, i);
            const int64_t number_ = article(doc, i);
            if (number_ >= best->articles) { best->is_outside = 1; return -1; }
            if ((own * lists[lead].unit + later) * boost_of(best, number_) * SLACK < known) continue;
            if (others && !may_reach(best, others, count - 1, number_, own * lists[lead].unit)) continue;
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

/* As partial_from(), from the beginning of all lists. A lead that is read in place is taken segment by segment. */
static int partial_led_by(Best *best, List *lists, Py_ssize_t count, const char *is_required, int also_complete,
                          const char *is_earlier, Py_ssize_t lead, double later, List **others, Room *room) {
    const List word = lists[lead];
    Cursor cursor = {0};
    int failed = 0;
    for (Py_ssize_t j = 0; j < count; j++) lists[j].at = 0;
    if (!word.postings)
        return partial_from(best, lists, count, is_required, also_complete, is_earlier, lead, later, others);
    while (!failed && segment_next(best, &word, word.best + later, room, &cursor, lists, count, lead))
        failed = partial_from(best, lists, count, is_required, also_complete, is_earlier, lead, later, others) < 0;
    lists[lead] = word;
    return -failed;
}

#define MANY 10 /* lists from which on it is faster to add them up than to take them one after the other */

/* All lists but one, those first that can add most; NULL where there is no memory, which only takes time. */
static List **all_but(List *lists, Py_ssize_t count, Py_ssize_t one) {
    List **others = PyMem_Malloc((size_t)count * sizeof *others);
    Py_ssize_t kept = 0;
    for (Py_ssize_t j = 0; j < count && others; j++) {
        if (j != one) others[kept++] = &lists[j];
    }
    if (!others) return NULL;
    qsort(others, (size_t)kept, sizeof *others, by_falling_best);
    double rest = 0;
    for (Py_ssize_t j = kept - 1; j >= 0; j--) rest = others[j]->rest = others[j]->best + rest;
    return others;
}

/* What the lists can add, but for one and those that led before. If these were taken from the sum of all, what they lost
 * by rounding might be more than what the others have. */
static double most_elsewhere(const List *lists, Py_ssize_t count, const char *is_earlier, Py_ssize_t lead) {
    double most = 0;
    for (Py_ssize_t j = 0; j < count; j++) most += j == lead || is_earlier[j] ? 0 : lists[j].best;
    return most;
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
    List *lists = lists_open(parts, &count), **others = NULL;
    char *is_earlier = lists ? PyMem_Calloc((size_t)count, 1) : NULL;
    AllPostings *segments = lists ? segments_of(lists, count) : NULL;
    Room *room = segments ? room_open(segments) : NULL;
    if (!lists || (segments && !room)) goto done;
    if (!is_earlier) { PyErr_NoMemory(); goto done; }
    if (flags != count) { PyErr_SetString(PyExc_ValueError, "one flag for each part is expected"); goto done; }
    Py_ssize_t lead = -1;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (is_required[i] && (lead < 0 || lists[i].doc.length < lists[lead].doc.length)) lead = i;
    }
    if (lead < 0 && count >= MANY) {
        if (best_of_many(&best, lists, count, also_complete) < 0) goto done;
        rows = best_rows(&best, first);
        goto done;
    }
    if (lead >= 0 && count >= MANY) others = all_but(lists, count, lead);
    if (lead >= 0) {
        const double later = most_elsewhere(lists, count, is_earlier, lead);
        if (partial_led_by(&best, lists, count, is_required, also_complete, is_earlier, lead, later, others, room) < 0)
            goto done;
    } else {
        for (Py_ssize_t turn = 0; turn < count; turn++) {
            lead = -1;
            for (Py_ssize_t i = 0; i < count; i++) {
                if (!is_earlier[i] && (lead < 0 || lists[i].best > lists[lead].best)) lead = i;
            }
            const double later = most_elsewhere(lists, count, is_earlier, lead);
            if (partial_led_by(&best, lists, count, is_required, also_complete, is_earlier, lead, later, NULL, room) < 0)
                goto done;
            is_earlier[lead] = 1;
        }
    }
    hold(&best);
    rows = best_rows(&best, first);
done:
    hold(&best);
    if (best.is_outside) out_of_range();
    PyMem_Free(is_earlier);
    PyMem_Free(others);
    if (segments) room_close(room, segments);
    if (lists) lists_close(lists, count);
    best_close(&best);
    return rows;
}
