/* What the parts of _linkage share: articles, how alike they are, and groups of them. */

#include "_arrays.h"

/* See linkage.py. */
#define LEAST 0.1
#define HOURS 72.0
#define SAME_OUTLET 0.1
#define OTHER_NUMBERS 0.5
#define COHESION 0.12
#define MAX_COHESION 0.35
#define MAX_ARTICLES 16777216
#define MAX_TERMS 2147483647

/* What a bound is multiplied by: it was rounded, and so was what it bounds. */
#define SLACK (1 + 1e-6)

typedef struct {
    uint32_t group;
    float most; /* the sum of the similarities is not higher */
} Near;

typedef struct {
    Near *nears;
    Py_ssize_t count;
} List;

typedef struct {
    uint32_t count;
    const int64_t *starts, *terms, *horizons, *outlets;
    const double *weights, *hours;
    const uint64_t *marks;
    int64_t size; /* no term has this number or a higher one */
} Articles;

/* Make room for so many elements of an array. Returns 0 without memory. Python's own functions would need the
 * interpreter's lock. */
int grown(void **array, Py_ssize_t *room, Py_ssize_t wanted, size_t size);

/* The vector of an article, with a weight for every term; no article if all are 0. */
typedef struct {
    double *weights;
    uint32_t article;
} Row;

/* The similarity of two articles, the earlier one first. The row becomes that of one of them. */
double similarity(const Articles *articles, Row *row, uint32_t one, uint32_t other);

/* For each article, all others that may be as alike as the members of joined groups are in the mean, as groups of one.
 * The lists stand in one array, which is returned; NULL without memory. */
Near *find_near(const Articles *articles, List *lists);
