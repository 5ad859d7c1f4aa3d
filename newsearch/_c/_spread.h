/* A column whose articles lie in several arrays, one for each segment; see loops/spread.py. */

typedef struct {
    Array *parts;
    int64_t *starts; /* the number of the first article of each part, and the end of the last */
    Py_ssize_t count;
} Spread;

#define SPREAD "newsearch.spread"

/* What a Spread of Python has opened. `held` keeps it until it is released. NULL with an exception if it is none. */
static inline const Spread *spread_of(PyObject *object, PyObject **held) {
    *held = PyObject_GetAttrString(object, "opened");
    return *held ? PyCapsule_GetPointer(*held, SPREAD) : NULL;
}

/* The part that has an article, which is mostly the one of the article before; -1 if there is none. */
static inline Py_ssize_t spread_find(const Spread *spread, int64_t doc, Py_ssize_t before) {
    const int64_t *starts = spread->starts;
    if (before >= 0 && starts[before] <= doc && doc < starts[before + 1]) return before;
    if (doc < 0 || doc >= starts[spread->count]) return -1;
    Py_ssize_t low = 0, high = spread->count;
    while (low + 1 < high) {
        const Py_ssize_t middle = low + (high - low) / 2;
        if (starts[middle] <= doc) low = middle; else high = middle;
    }
    return low;
}
