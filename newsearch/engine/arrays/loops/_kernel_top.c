/* The best candidates of a loop: which of them are kept, and how many a page takes. */

#include "_kernel_top.h"

void let_go(Best *best) { best->thread = PyEval_SaveThread(); }

int hold(Best *best) {
    if (!best->thread) return 0;
    PyEval_RestoreThread(best->thread);
    best->thread = NULL;
    best->looked = 0;
    return 1;
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

/* The score of the candidate at a place, counted from the best: they are parted around one until that is the one. */
static int score_at(const Best *best, Py_ssize_t place, double *score_) {
    double *scores = PyMem_Malloc((size_t)best->count * sizeof(double));
    if (!scores) { PyErr_NoMemory(); return -1; }
    for (Py_ssize_t i = 0; i < best->count; i++) scores[i] = best->rows[i].score;
    for (Py_ssize_t low = 0, high = best->count - 1; low < high;) {
        const double middle = scores[low + (high - low) / 2];
        Py_ssize_t i = low, j = high;
        while (i <= j) {
            while (scores[i] > middle) i++;
            while (scores[j] < middle) j--;
            if (i > j) break;
            const double score = scores[i];
            scores[i++] = scores[j];
            scores[j--] = score;
        }
        if (place <= j) high = j;
        else if (place >= i) low = i;
        else break;
    }
    *score_ = scores[place];
    PyMem_Free(scores);
    return 0;
}

static int settle_held(Best *best) {
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
            if (best->wanted < DEEP) heap_add(best, row.score);
            best->rows[kept++] = row;
        }
        array_close(&passed);
        Py_DECREF(verdict);
        if (!good) return -1;
        best->count = kept;
    }
    if (best->wanted >= DEEP && best->count >= best->wanted && score_at(best, best->wanted - 1, &best->least) < 0)
        return -1;
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

int settle(Best *best) {
    hold(best);
    return settle_held(best);
}

int best_add(Best *best, double score, int64_t doc) {
    if (!is_shown(best, doc)) return 0;
    if (best->count == best->room && settle(best) < 0) return -1;
    best->rows[best->count].score = score;
    best->rows[best->count++].doc = (uint32_t)doc;
    if (!best->passes && best->wanted < DEEP) heap_add(best, score);
    return 0;
}

void best_close(Best *best) {
    PyMem_Free(best->rows);
    PyMem_Free(best->heap);
    array_close(&best->visible);
    array_close(&best->marked);
    array_close(&best->factors);
    array_close(&best->codes);
    array_close(&best->ceiling);
}

int best_open(Best *best, PyObject *visible, PyObject *passes, Py_ssize_t wanted) {
    memset(best, 0, sizeof *best);
    best->wanted = wanted;
    best->least = -INFINITY;
    best->passes = PyCallable_Check(passes) ? passes : NULL;
    if (wanted < 1 || wanted > (1 << 24)) {
        PyErr_SetString(PyExc_ValueError, "no such number of hits");
        return -1;
    }
    if ((visible != Py_None && bits_open(&best->visible, visible) < 0) ||
        (passes != Py_None && !best->passes && bits_open(&best->marked, passes) < 0)) {
        best_close(best);
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

static int by_falling_score(const void *a, const void *b) {
    const Row *left = a, *right = b;
    if (left->score != right->score) return left->score < right->score ? 1 : -1;
    return (left->doc < right->doc) - (left->doc > right->doc);
}

Py_ssize_t best_from(Best *best, Py_ssize_t first) {
    if (settle(best) < 0) return -1;
    Py_ssize_t kept = best->count;
    if (first >= best->count) {
        kept = 0;
    } else if (first > 0) {
        /* To put thousands of candidates in order takes longer than to find those that are shown. */
        double highest;
        if (score_at(best, first, &highest) < 0) return -1;
        kept = 0;
        for (Py_ssize_t i = 0; i < best->count; i++) {
            if (best->rows[i].score <= highest) best->rows[kept++] = best->rows[i];
        }
    }
    const Py_ssize_t skipped = best->count - kept;
    best->count = best->judged = kept;
    qsort(best->rows, (size_t)kept, sizeof(Row), by_falling_score);
    return skipped;
}

int by_falling_best(const void *a, const void *b) {
    const double left = (*(List *const *)a)->best, right = (*(List *const *)b)->best;
    return (left < right) - (left > right);
}
