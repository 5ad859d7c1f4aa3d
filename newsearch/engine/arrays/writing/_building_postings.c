/* The words of articles -> postings: `inverted` of building.py. */

#include "_building.h"

const void *array_of(Array *array, PyObject *object, Type type) {
    if (array_open(array, object) < 0) return NULL;
    if (array->type == type) return array->data;
    PyErr_SetString(PyExc_TypeError, "an array of another type is expected here");
    return NULL;
}

const char inverted_doc[] =
    "inverted(tokens, place, lengths, order, weights, forms, most): the postings of articles, see building.py.";

PyObject *inverted(PyObject *module, PyObject *args) {
    PyObject *given[5], *found = NULL;
    Array arrays[5] = {0};
    Py_ssize_t forms, most;
    if (!PyArg_ParseTuple(args, "OOOOOnn", &given[0], &given[1], &given[2], &given[3], &given[4], &forms, &most))
        return NULL;
    const int32_t *tokens = NULL, *place = NULL, *lengths = NULL;
    const int64_t *order = NULL;
    const double *weights = NULL;
    int64_t *at = NULL, *next = NULL, *start = NULL;
    uint8_t *seen = NULL;
    uint16_t *doc = NULL, *pos = NULL, *post_doc = NULL, *post_pos = NULL, *more_doc = NULL, *more_pos = NULL;
    double *weight = NULL;
    int32_t *post_count = NULL, *more_count = NULL;
    if (!(tokens = array_of(&arrays[0], given[0], I32)) || !(place = array_of(&arrays[1], given[1], I32)) ||
        !(lengths = array_of(&arrays[2], given[2], I32)) || !(order = array_of(&arrays[3], given[3], I64)) ||
        !(weights = array_of(&arrays[4], given[4], F64)))
        goto done;
    const Py_ssize_t words = arrays[0].length, terms = arrays[1].length, cells = arrays[2].length;
    const Py_ssize_t articles = arrays[3].length;
    int is_sound = articles <= MAX_ARTICLES && cells == articles * FIELDS && arrays[4].length == cells && forms >= 0 && most >= 0 &&
                   most <= MAX_POSITIONS;
    at = PyMem_Calloc((size_t)(is_sound ? forms : 0) + 1, sizeof *at);
    next = PyMem_Calloc((size_t)(is_sound ? forms : 0) + 1, sizeof *next);
    start = PyMem_Calloc((size_t)articles + 1, sizeof *start);
    post_count = PyMem_Calloc((size_t)(is_sound ? forms : 0) + 1, sizeof *post_count);
    more_count = PyMem_Calloc((size_t)(is_sound ? forms : 0) + 1, sizeof *more_count);
    seen = PyMem_Calloc((size_t)articles + 1, 1);
    if (!at || !next || !start || !post_count || !more_count || !seen) { PyErr_NoMemory(); goto done; }
    for (Py_ssize_t a = 0; is_sound && a < articles; a++) {
        start[a + 1] = start[a];
        for (int f = 0; f < FIELDS; f++) {
            is_sound &= lengths[a * FIELDS + f] >= 0;
            start[a + 1] += lengths[a * FIELDS + f];
        }
        is_sound &= order[a] >= 0 && order[a] < articles && !seen[order[a]]++;
    }
    is_sound = is_sound && start[articles] == words;
    for (Py_ssize_t i = 0; is_sound && i < words; i++)
        is_sound &= tokens[i] >= 0 && tokens[i] < terms && place[tokens[i]] >= 0 && place[tokens[i]] < forms;
    if (!is_sound) { PyErr_SetString(PyExc_ValueError, "the arrays do not fit together"); goto done; }

    /* Sorted by counting: the articles are taken in the order of their numbers, so every list comes out sorted. */
    int64_t total = 0;
    for (Py_ssize_t a = 0; a < articles; a++) {
        const int64_t end = start[a + 1] - start[a] > most ? start[a] + most : start[a + 1];
        for (int64_t i = start[a]; i < end; i++) at[place[tokens[i]] + 1]++;
        total += end - start[a];
    }
    for (Py_ssize_t form = 0; form < forms; form++) at[form + 1] += at[form];
    memcpy(next, at, (size_t)forms * sizeof *next);
    const size_t room = (size_t)total + 1;
    doc = PyMem_Malloc(room * sizeof *doc);
    pos = PyMem_Malloc(room * sizeof *pos);
    post_doc = PyMem_Malloc(room * sizeof *post_doc);
    post_pos = PyMem_Malloc(room * sizeof *post_pos);
    more_doc = PyMem_Malloc(room * sizeof *more_doc);
    more_pos = PyMem_Malloc(room * sizeof *more_pos);
    weight = PyMem_Malloc(room * sizeof *weight);
    if (!doc || !pos || !post_doc || !post_pos || !more_doc || !more_pos || !weight) { PyErr_NoMemory(); goto done; }

    int64_t posts = 0, mores = 0;
    PyThreadState *state = PyEval_SaveThread();
    for (Py_ssize_t number = 0; number < articles; number++) {
        const int64_t a = order[number];
        const int64_t end = start[a + 1] - start[a] > most ? start[a] + most : start[a + 1];
        for (int64_t i = start[a]; i < end; i++) {
            const int64_t slot = next[place[tokens[i]]]++;
            doc[slot] = (uint16_t)number;
            pos[slot] = (uint16_t)(i - start[a]);
        }
    }
    for (Py_ssize_t form = 0; form < forms; form++) {
        for (int64_t i = at[form]; i < at[form + 1];) {
            const int64_t a = order[doc[i]];
            const int32_t *length = lengths + a * FIELDS;
            double counted[FIELDS] = {0};
            post_doc[posts] = doc[i];
            post_pos[posts] = pos[i];
            const int64_t first = i;
            int field = 0;
            int64_t field_end = length[0];
            for (; i < at[form + 1] && doc[i] == doc[first]; i++) {
                while (pos[i] >= field_end) field_end += length[++field];
                counted[field] += 1;
                if (i > first) {
                    more_doc[mores] = doc[i];
                    more_pos[mores++] = pos[i];
                    more_count[form]++;
                }
            }
            double sum = 0;
            for (int f = 0; f < FIELDS; f++) sum += counted[f] * weights[a * FIELDS + f];
            weight[posts++] = sum;
            post_count[form]++;
        }
    }
    PyEval_RestoreThread(state);
    found = Py_BuildValue("y#y#y#y#y#y#y#", (const char *)post_count, (Py_ssize_t)((size_t)forms * sizeof *post_count),
                          (const char *)post_doc, (Py_ssize_t)((size_t)posts * sizeof *post_doc),
                          (const char *)weight, (Py_ssize_t)((size_t)posts * sizeof *weight),
                          (const char *)post_pos, (Py_ssize_t)((size_t)posts * sizeof *post_pos),
                          (const char *)more_count, (Py_ssize_t)((size_t)forms * sizeof *more_count),
                          (const char *)more_doc, (Py_ssize_t)((size_t)mores * sizeof *more_doc),
                          (const char *)more_pos, (Py_ssize_t)((size_t)mores * sizeof *more_pos));
done:
    for (int i = 0; i < 5; i++) array_close(&arrays[i]);
    PyMem_Free(at);
    PyMem_Free(next);
    PyMem_Free(start);
    PyMem_Free(seen);
    PyMem_Free(post_count);
    PyMem_Free(more_count);
    PyMem_Free(doc);
    PyMem_Free(pos);
    PyMem_Free(post_doc);
    PyMem_Free(post_pos);
    PyMem_Free(more_doc);
    PyMem_Free(more_pos);
    PyMem_Free(weight);
    return found;
}
