/* The best candidates of a loop so far, see _kernel_top.c. */

#include "_kernel.h"

typedef struct {
    Row *rows;              /* candidates that reached the threshold when they came */
    Py_ssize_t count, room;
    Py_ssize_t judged;      /* of them, those that passed the filters */
    double *heap;           /* the best scores so far, the least of them first; not for a DEEP page */
    Py_ssize_t held, wanted;
    double least;           /* the lowest score with which a candidate of a DEEP page is kept */
    PyObject *passes;       /* from the numbers of articles, uint32, to whether each passes the filters; or NULL */
    Array visible, marked;  /* a bit for each article that may be found, and that passes the filters; or not open */
    Array factors, codes;   /* the boost of every article, or of every code if articles have codes; or not open */
    Array ceiling;          /* the highest boost of every CHUNK articles */
    Py_ssize_t articles;    /* that have a boost */
    PyThreadState *thread;  /* of this thread while others may run, else NULL */
    Py_ssize_t looked;      /* postings that were looked at since then */
    int is_outside;         /* whether an article's number lay outside the index */
} Best;

/* For so many hits and more, a heap costs more than to find the threshold now and then, among the candidates so far. */
#define DEEP 256

/* The bits of visible articles may be None, and so may the filters, which are a function or bits. Returns -1 with an exception where something is not as expected. */
int best_open(Best *best, PyObject *visible, PyObject *passes, Py_ssize_t wanted);
void best_close(Best *best);

/* Let other threads run, and stop them again; whether they ran. */
void let_go(Best *best);
int hold(Best *best);

/* So many more postings were looked at. A list may be long, and a few blocks of it enough: only a loop that has taken
 * long, and so goes on for about as long, lets other threads run. */
static inline void looked_at(Best *best, Py_ssize_t postings) {
    best->looked += postings;
    if (best->looked >= 4 * LONG && !best->thread) let_go(best);
}

static inline double threshold(const Best *best) {
    if (best->wanted >= DEEP) return best->least;
    return best->held == best->wanted ? best->heap[0] : -INFINITY;
}

/* Whether an article may be found and passes those filters that are bits. */
static inline int is_shown(const Best *best, int64_t doc) {
    return (!best->visible.is_open || has_bit(&best->visible, doc)) && (!best->marked.is_open || has_bit(&best->marked, doc));
}

/* Adds a candidate whose score is not below the threshold. */
int best_add(Best *best, double score, int64_t doc);

/* Asks the filters about candidates that they have not seen, forgets those that fell behind, makes room for more. */
int settle(Best *best);

/* Settles, puts the candidates in order, the best first, and drops those that rank before place `first` and do not tie
 * with the one there. Returns how many these were, or -1 with an exception. */
Py_ssize_t best_from(Best *best, Py_ssize_t first);

static inline double boost_of(const Best *best, int64_t doc) {
    return ((const double *)best->factors.data)[best->codes.is_open ? ((const uint16_t *)best->codes.data)[doc] : doc];
}

/* Add the best articles that any of some lists holds; unless all that is asked for, none that all hold. -1 with an
 * exception, or if an article is outside. */
int best_of_many(Best *best, List *lists, Py_ssize_t count, int also_complete);

/* Puts pointers to lists in order, those first that can add most. */
int by_falling_best(const void *a, const void *b);
