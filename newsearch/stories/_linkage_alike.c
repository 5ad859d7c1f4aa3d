/* How alike are two articles, and which may be alike? */

#include "_linkage.h"

#include <math.h>
#include <stdlib.h>

#define STEPS 2048 /* the bound on what time does to a similarity is a table with so many steps for HOURS */
#define BOUNDS (2 * STEPS)
#define BLOCK 64

/* A pair with less can join no groups: some pair is as alike as all are in the mean. */
#define STRONG (COHESION / SLACK)

int grown(void **array, Py_ssize_t *room, Py_ssize_t wanted, size_t size) {
    if (wanted <= *room) return 1;
    const Py_ssize_t more = wanted + wanted / 2 + 64;
    void *found = realloc(*array, (size_t)more * size);
    if (!found) return 0;
    *array = found;
    *room = more;
    return 1;
}

static int are_of_one_outlet(const Articles *articles, uint32_t one, uint32_t other) {
    return articles->outlets[one] > 0 && articles->outlets[one] == articles->outlets[other];
}

static int have_other_numbers(const Articles *articles, uint32_t one, uint32_t other) {
    const uint64_t *marks = articles->marks;
    return marks[one] && marks[other] && !(marks[one] & marks[other]);
}

static void fill_row(const Articles *articles, Row *row, uint32_t article) {
    const int64_t *const starts = articles->starts, *const terms = articles->terms;
    if (row->article < articles->count) {
        for (int64_t p = starts[row->article]; p < starts[row->article + 1]; p++) row->weights[terms[p]] = 0;
    }
    for (int64_t p = starts[article]; p < starts[article + 1]; p++) row->weights[terms[p]] = articles->weights[p];
    row->article = article;
}

double similarity(const Articles *articles, Row *row, uint32_t one, uint32_t other) {
    if (other >= articles->horizons[one]) return 0;
    if (row->article != one && row->article != other) fill_row(articles, row, one);
    const uint32_t read = row->article == one ? other : one;
    const double *const weights = row->weights;
    double cosine = 0;
    for (int64_t p = articles->starts[read]; p < articles->starts[read + 1]; p++)
        cosine += articles->weights[p] * weights[articles->terms[p]];
    if (!(cosine >= LEAST)) return 0;
    const double apart = (articles->hours[one] - articles->hours[other]) / HOURS;
    double found = cosine * exp(-(apart * apart) / 2);
    if (are_of_one_outlet(articles, one, other)) found *= SAME_OUTLET;
    if (have_other_numbers(articles, one, other)) found *= OTHER_NUMBERS;
    return found;
}

typedef struct {
    uint32_t article;
    double weight;
} Posting;

typedef struct {
    Py_ssize_t *first, *next; /* of each term: its first posting, and the first one that was not met yet */
    Posting *postings;
    double *row; /* the cosines of one article with others */
    double bounds[BOUNDS];
    Near *pairs; /* each article with those that follow */
    Py_ssize_t count, room;
} Scan;

static int open_scan(Scan *scan, const Articles *articles) {
    const int64_t *starts = articles->starts, *terms = articles->terms;
    const Py_ssize_t count = articles->count, length = (Py_ssize_t)starts[count];
    scan->first = calloc((size_t)articles->size + 1, sizeof(*scan->first));
    scan->next = calloc((size_t)articles->size + 1, sizeof(*scan->next));
    scan->postings = calloc((size_t)length + 1, sizeof(*scan->postings));
    scan->row = calloc((size_t)count + 1, sizeof(*scan->row));
    if (!scan->first || !scan->next || !scan->postings || !scan->row) return 0;
    for (Py_ssize_t i = 0; i < length; i++) scan->first[terms[i] + 1]++;
    for (int64_t term = 0; term < articles->size; term++) scan->first[term + 1] += scan->first[term];
    memcpy(scan->next, scan->first, (size_t)articles->size * sizeof(*scan->next));
    for (Py_ssize_t i = 0; i < count; i++) {
        for (int64_t p = starts[i]; p < starts[i + 1]; p++)
            scan->postings[scan->next[terms[p]]++] = (Posting){(uint32_t)i, articles->weights[p]};
    }
    memcpy(scan->next, scan->first, (size_t)articles->size * sizeof(*scan->next));
    for (int step = 0; step < BOUNDS; step++) {
        const double apart = (double)step / STEPS;
        scan->bounds[step] = exp(-(apart * apart) / 2) * SLACK;
    }
    return 1;
}

static void close_scan(Scan *scan) {
    free(scan->first);
    free(scan->next);
    free(scan->postings);
    free(scan->row);
    free(scan->pairs);
}

/* A bound on what time does to the similarity of an article and later ones. */
static double bound_of_time(const Scan *scan, const Articles *articles, uint32_t one, int64_t other) {
    const double apart = (articles->hours[other] - articles->hours[one]) * (STEPS / HOURS);
    return scan->bounds[apart < BOUNDS ? (int)apart : BOUNDS - 1];
}

/* Find the articles that follow one and may be alike; 0 without memory. */
static int scan_row(Scan *scan, const Articles *articles, uint32_t one) {
    const int64_t end = articles->horizons[one];
    double *row = scan->row;
    for (int64_t p = articles->starts[one]; p < articles->starts[one + 1]; p++) {
        const double own = articles->weights[p];
        const int64_t term = articles->terms[p];
        const Posting *later = scan->postings + ++scan->next[term], *stop = scan->postings + scan->first[term + 1];
        for (; later < stop && later->article < end; later++) row[later->article] += own * later->weight;
    }
    if (!grown((void **)&scan->pairs, &scan->room, scan->count + (end > one ? end - one : 0), sizeof(Near))) return 0;
    uint32_t found[BLOCK];
    for (int64_t start = (int64_t)one + 1; start < end; start += BLOCK) {
        const int64_t stop = start + BLOCK < end ? start + BLOCK : end;
        /* Later articles are farther away. The scan does not branch on which are alike: the processor could not
         * predict it. */
        const double least = STRONG / bound_of_time(scan, articles, one, start);
        int count = 0;
        for (int64_t other = start; other < stop; other++) {
            found[count] = (uint32_t)other;
            count += row[other] >= least;
        }
        for (int i = 0; i < count; i++) {
            double most = row[found[i]] * bound_of_time(scan, articles, one, found[i]);
            if (are_of_one_outlet(articles, one, found[i])) most *= SAME_OUTLET;
            if (have_other_numbers(articles, one, found[i])) most *= OTHER_NUMBERS;
            if (most >= STRONG) scan->pairs[scan->count++] = (Near){found[i], (float)(most * SLACK)};
        }
    }
    if (end > one) memset(row + one + 1, 0, (size_t)(end - one - 1) * sizeof(*row));
    return 1;
}

/* Every article of a pair gets the other one. */
static Near *both_ways(const Scan *scan, const Articles *articles, const Py_ssize_t *ends, List *lists) {
    Near *all = malloc((2 * (size_t)scan->count + 1) * sizeof(Near));
    if (!all) return NULL;
    for (uint32_t one = 0; one < articles->count; one++) {
        for (Py_ssize_t i = one ? ends[one - 1] : 0; i < ends[one]; i++) lists[scan->pairs[i].group].count++;
        lists[one].count += ends[one] - (one ? ends[one - 1] : 0);
    }
    Near *next = all;
    for (uint32_t one = 0; one < articles->count; one++) {
        lists[one].nears = next;
        next += lists[one].count;
        lists[one].count = 0;
    }
    for (uint32_t one = 0; one < articles->count; one++) {
        for (Py_ssize_t i = one ? ends[one - 1] : 0; i < ends[one]; i++) {
            const Near near = scan->pairs[i];
            lists[one].nears[lists[one].count++] = near;
            lists[near.group].nears[lists[near.group].count++] = (Near){one, near.most};
        }
    }
    return all;
}

Near *find_near(const Articles *articles, List *lists) {
    Scan scan = {0};
    Near *found = NULL;
    Py_ssize_t *ends = calloc((size_t)articles->count + 1, sizeof(*ends));
    int is_done = ends && open_scan(&scan, articles);
    for (uint32_t one = 0; is_done && one < articles->count; one++) {
        is_done = scan_row(&scan, articles, one);
        ends[one] = scan.count;
    }
    if (is_done) found = both_ways(&scan, articles, ends, lists);
    free(ends);
    close_scan(&scan);
    return found;
}
