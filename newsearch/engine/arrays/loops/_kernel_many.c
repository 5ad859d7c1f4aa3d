/* The best articles that hold any of many words: a part of `best_partial` of kernel.py.
 *
 * Articles are taken in windows, whose sums lie in the processor's near memory. Of each window the lists that tell most
 * for each of their postings are added up, roughly and quickly. What the other lists can add is bounded (Turtle and
 * Flood, "Query evaluation: strategies and optimizations", 1995: MaxScore), and they are looked up for those articles
 * only that may reach the page with it. Whether the next list is added up or looked up is a matter of what costs less,
 * which each window tells the next. */

#include "_kernel_by_segment.h"

#define WINDOW (1 << 16)   /* articles, as many as a segment may have */
#define SOUGHT 32          /* to look an article up in a list takes as long as to add up so many postings */
#define BEGIN 8            /* of all postings, one part in so many is added up before there is any threshold */
#define ROUGHLY (1 + 1e-3) /* what rounding to single precision and many sums may lose */
#define LANES 16           /* articles that are passed over at once */

typedef struct {
    Best *best;
    List *lists, **order; /* in the order in which scores are summed, and with the most telling one first */
    List **others;        /* room for those of a window that are not added up */
    double *later;        /* what the lists from each place of that order on can add at most */
    Py_ssize_t count;
    Py_ssize_t added;     /* lists that are added up at first */
    Py_ssize_t windows;
    float *text;          /* of each article of the window; -INFINITY for one that was scored already */
    Row *found, *likely;
    Py_ssize_t room;
    int also_complete;
} Many;

typedef struct {
    int64_t start, end;
    double highest; /* of the boosts in it */
} Window;

/* ---- adding up ---- */

#define ADD_UP(NUMBER, VALUE)                                                                                        \
    {                                                                                                                \
        const NUMBER *docs = (const NUMBER *)list->doc.data;                                                         \
        const VALUE *values = (const VALUE *)list->value.data;                                                       \
        for (Py_ssize_t i = list->at; i < end; i++) {                                                                \
            const int64_t place = (int64_t)docs[i] - window->start;                                                  \
            if ((uint64_t)place >= WINDOW) return -1;                                                                \
            text[place] += (float)values[i] * unit;                                                                  \
        }                                                                                                            \
        return 0;                                                                                                    \
    }

/* Add what a list has for the articles of a window; -1 if one is not where it should be. */
static int add_up(const List *list, const Window *window, float *text) {
    if (list->postings) {
        in_place_add(list, window->start, text);
        return 0;
    }
    const float unit = (float)list->unit;
    const Py_ssize_t end = seek(&list->doc, list->at, window->end);
    if (list->doc.type == U32 && list->value.type == U16) ADD_UP(uint32_t, uint16_t)
    if (list->doc.type == U32 && list->value.type == U8) ADD_UP(uint32_t, uint8_t)
    for (Py_ssize_t i = list->at; i < end; i++) {
        const int64_t place = article(&list->doc, i) - window->start;
        if (place < 0 || place >= WINDOW) return -1;
        text[place] += (float)number(&list->value, i) * unit;
    }
    return 0;
}

/* The value of an article of the window; the articles may be asked for in any order. */
static inline double sought(List *list, int64_t doc) {
    const Py_ssize_t first = list->at;
    const double value = value_of(list, doc);
    list->at = first;
    return value;
}

/* Score an article as every other path does, list by list in their order. */
static int score_exactly(const Many *many, int64_t doc) {
    double text = 0;
    int is_complete = !many->also_complete, is_held = 0;
    for (Py_ssize_t j = 0; j < many->count; j++) {
        const double value = sought(&many->lists[j], doc);
        text += value * many->lists[j].unit;
        is_complete &= value != 0;
        is_held |= value != 0;
    }
    if (is_complete || !is_held) return 0;
    const double score = text * boost_of(many->best, doc);
    return score >= threshold(many->best) ? best_add(many->best, score, doc) : 0;
}

/* ---- the articles of a window that may reach the page ---- */

/* The highest boost of a block of articles. */
static inline double ceiling_of(const Best *best, int64_t first, int64_t end) {
    const double *ceilings = best->ceiling.data;
    const int64_t last = (first + BLOCK < end ? first + BLOCK : end) - 1;
    const double left = ceilings[first / CHUNK], right = ceilings[last / CHUNK];
    return left > right ? left : right;
}

static int by_falling_bound(const void *a, const void *b) {
    const double left = ((const Row *)a)->score, right = ((const Row *)b)->score;
    return (left < right) - (left > right);
}

/* The places within a block of those articles whose sums are above `least`, which is not below 0. */
static inline int sift_sums(const float *text, float least, uint8_t *places) {
    int32_t any = 0;
    int count = 0;
    for (int i = 0; i < BLOCK; i++) any |= text[i] > least ? -1 : 0;
    for (int first = 0; first < BLOCK && any; first += LANES) {
        int32_t any_of_lanes = 0;
        for (int i = first; i < first + LANES; i++) any_of_lanes |= text[i] > least ? -1 : 0;
        if (!any_of_lanes) continue;
        for (int i = first; i < first + LANES; i++) {
            places[count] = (uint8_t)i;
            count += text[i] > least;
        }
    }
    return count;
}

/* What the sum of an article must be above for it to reach a score with `later` and a boost, roughly. */
static inline float least_sum(double score, double boost, double later) {
    const double least = (score / (boost * ROUGHLY) - later) * (1 - 1e-6);
    return least > 0 ? (float)least : 0;
}

/* Find those that may reach the threshold with what the lists from place `added` on can add; returns their number. */
static Py_ssize_t find_likely(const Many *many, const Window *window, Py_ssize_t added) {
    const Best *best = many->best;
    const double later = many->later[added], least = threshold(best);
    Py_ssize_t count = 0;
    for (int64_t block = window->start; block < window->end; block += BLOCK) {
        const float *text = many->text + (block - window->start);
        uint8_t places[BLOCK];
        const int likely = sift_sums(text, least_sum(least, ceiling_of(best, block, window->end), later), places);
        for (int i = 0; i < likely; i++) {
            const int64_t doc = block + places[i];
            const double bound = (text[places[i]] + later) * boost_of(best, doc) * ROUGHLY;
            if (bound < least || !is_shown(best, doc)) continue;
            many->found[count].score = bound;
            many->found[count++].doc = (uint32_t)doc;
        }
    }
    return count;
}

/* Add a row to a heap with the least score first, or put it in the place of the least. */
static void likely_add(Row *likely, Py_ssize_t *held, Py_ssize_t room, const Row *row) {
    Py_ssize_t i;
    if (*held < room) {
        for (i = (*held)++; i && likely[(i - 1) / 2].score > row->score; i = (i - 1) / 2)
            likely[i] = likely[(i - 1) / 2];
    } else {
        Py_ssize_t child;
        for (i = 0; (child = 2 * i + 1) < room; i = child) {
            if (child + 1 < room && likely[child + 1].score < likely[child].score) child++;
            if (likely[child].score >= row->score) break;
            likely[i] = likely[child];
        }
    }
    likely[i] = *row;
}

/* Score those that are best without the other lists: they set a threshold. */
static int score_likeliest(const Many *many, const Window *window) {
    const Best *best = many->best;
    Py_ssize_t held = 0;
    for (int64_t block = window->start; block < window->end; block += BLOCK) {
        const double least = held == many->room ? many->likely[0].score : 0;
        const float *text = many->text + (block - window->start);
        uint8_t places[BLOCK];
        const int likely = sift_sums(text, least_sum(least, ceiling_of(best, block, window->end), 0), places);
        for (int i = 0; i < likely; i++) {
            const int64_t doc = block + places[i];
            const Row row = {text[places[i]] * boost_of(best, doc), (uint32_t)doc};
            if (is_shown(best, doc) && (held < many->room || row.score > many->likely[0].score))
                likely_add(many->likely, &held, many->room, &row);
        }
    }
    for (Py_ssize_t i = 0; i < held; i++) {
        const uint32_t doc = many->likely[i].doc;
        if (score_exactly(many, doc) < 0) return -1;
        many->text[doc - window->start] = -INFINITY; /* whatever is added later */
    }
    return settle(many->best);
}

/* Whether an article may reach the threshold, now that other lists are looked up, which can add `later` at most. */
static int may_reach(const Many *many, Py_ssize_t others, double later, int64_t doc, double text) {
    const double boost = boost_of(many->best, doc) * ROUGHLY, least = threshold(many->best);
    for (Py_ssize_t j = 0; j < others; j++) {
        List *list = many->others[j];
        if ((text + later) * boost < least) return 0;
        later -= list->best;
        text += sought(list, doc) * list->unit;
    }
    return text * boost >= least;
}

/* How many postings a list has in a window, more or less. */
static Py_ssize_t cost_of(const Many *many, Py_ssize_t place) {
    return many->order[place]->doc.length / many->windows;
}

static int window_add(Many *many, const Window *window) {
    Best *best = many->best;
    memset(many->text, 0, WINDOW * sizeof *many->text);
    Py_ssize_t added = 0, count;
    for (Py_ssize_t j = 0; j < many->count; j++) {
        List *list = &many->lists[j];
        if (list->postings) in_place_seek(list, window->start);
        else list->at = seek(&list->doc, list->at, window->start);
    }
#define ADD_NEXT                                                                                                     \
    if (add_up(many->order[added++], window, many->text) < 0) {                                                      \
        best->is_outside = 1;                                                                                        \
        return -1;                                                                                                   \
    }
    while (added < many->added) { ADD_NEXT }
    if (threshold(best) == -INFINITY && score_likeliest(many, window) < 0) return -1;
    for (;;) {
        /* What is in none of the lists that were added up must not reach the page with the others. */
        while (added < many->count && many->later[added] * window->highest * ROUGHLY >= threshold(best)) { ADD_NEXT }
        count = find_likely(many, window, added);
        Py_ssize_t left = count * SOUGHT;
        if (added == many->count || cost_of(many, added) > left) break;
        while (added < many->count && cost_of(many, added) <= left) {
            left -= cost_of(many, added);
            ADD_NEXT
        }
    }
#undef ADD_NEXT
    /* A list that was hardly needed is left out of the next window. What is missing there is added soon. */
    many->added = added;
    if (added && 4 * count * SOUGHT < cost_of(many, added - 1)) many->added -= 1 + added / 32;
    /* Those that can add most are looked up first, and the others of most articles never. */
    const Py_ssize_t others = many->count - added;
    memcpy(many->others, many->order + added, (size_t)others * sizeof *many->others);
    qsort(many->others, (size_t)others, sizeof *many->others, by_falling_best);
    qsort(many->found, (size_t)count, sizeof(Row), by_falling_bound);
    for (Py_ssize_t i = 0; i < count && many->found[i].score >= threshold(best); i++) {
        const int64_t doc = many->found[i].doc;
        if (!may_reach(many, others, many->later[added], doc, many->text[doc - window->start])) continue;
        if (score_exactly(many, doc) < 0) return -1;
    }
    return best->passes && best->count - best->judged >= BLOCK ? settle(best) : 0;
}

/* ---- all windows ---- */

/* The lists that add most for each of their postings come first. */
static int by_falling_gain(const void *a, const void *b) {
    const List *left = *(List *const *)a, *right = *(List *const *)b;
    const double one = left->best * (double)(right->doc.length + 1);
    const double other = right->best * (double)(left->doc.length + 1);
    return (one < other) - (one > other);
}

static void put_in_order(Many *many) {
    double all = 0;
    for (Py_ssize_t j = 0; j < many->count; j++) {
        many->order[j] = &many->lists[j];
        all += (double)many->lists[j].doc.length;
    }
    qsort(many->order, (size_t)many->count, sizeof *many->order, by_falling_gain);
    many->later[many->count] = 0;
    for (Py_ssize_t j = many->count - 1; j >= 0; j--) many->later[j] = many->later[j + 1] + many->order[j]->best;
    double begun = 0;
    while (many->added < many->count && begun < all / BEGIN) begun += (double)many->order[many->added++]->doc.length;
}

int best_of_many(Best *best, List *lists, Py_ssize_t count, int also_complete) {
    const AllPostings *segments = segments_of(lists, count);
    Many many = {.best = best, .lists = lists, .count = count, .also_complete = also_complete};
    /* Filters reject some of those that are likeliest. */
    many.room = best->wanted + (best->passes ? best->wanted + 16 : 8);
    many.windows = segments ? segments->count : (best->articles + WINDOW - 1) / WINDOW;
    many.order = PyMem_Calloc((size_t)count, sizeof *many.order);
    many.others = PyMem_Calloc((size_t)count, sizeof *many.others);
    many.later = PyMem_Calloc((size_t)count + 1, sizeof *many.later);
    many.text = PyMem_Malloc(WINDOW * sizeof *many.text);
    many.found = PyMem_Malloc(WINDOW * sizeof *many.found);
    many.likely = PyMem_Malloc((size_t)many.room * sizeof *many.likely);
    int failed = !many.order || !many.others || !many.later || !many.text || !many.found || !many.likely;
    if (failed) {
        PyErr_NoMemory();
    } else {
        put_in_order(&many);
    }
    Window window = {0, 0, 0};
    for (Py_ssize_t i = 0; window.end < best->articles && !failed; i++) {
        const double *ceilings = best->ceiling.data;
        window.start = window.end;
        window.end += segments && i < segments->count ? segments->each[i].articles : WINDOW;
        if (window.end > best->articles) window.end = best->articles;
        window.highest = 0;
        for (int64_t chunk = window.start / CHUNK; chunk * CHUNK < window.end; chunk++)
            window.highest = ceilings[chunk] > window.highest ? ceilings[chunk] : window.highest;
        failed = window_add(&many, &window) < 0;
        looked_at(best, WINDOW);
    }
    hold(best);
    PyMem_Free(many.order);
    PyMem_Free(many.others);
    PyMem_Free(many.later);
    PyMem_Free(many.text);
    PyMem_Free(many.found);
    PyMem_Free(many.likely);
    return -failed;
}
