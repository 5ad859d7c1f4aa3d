/* Which articles pass filters, and which are in any of some lists, compiled. Each function does exactly what the one
 * of its name in sieve.py does with numpy; that one is also what runs where no compiler was at hand.
 *
 * This is the module, and filters; its other rooms are _sieve_lists.c (lists and bitmaps), _sieve_parts.c (parts of
 * texts) and _sieve_names.c (articles by what is known of their names). */

#include "_sieve.h"

#include "_module.h"
#include "_spread.h"

/* ---- filters ---- */

typedef enum { CHOSEN, MARKED, WITHIN, LISTED } Kind; /* see sieve.Check */

#define DAY 86400 /* seconds */

/* The numbers of all articles, in one array or, if it is spread, in one for each segment. */
typedef struct {
    Array array;
    const Spread *spread;
    PyObject *held;
} Column;

typedef struct {
    int kind, is_negated;
    Column column, other;
    Array chosen;
    double low, high;
    int known, lacking, day, ended;
    int is_last; /* of its group */
} Check;

static void column_close(Column *column) {
    array_close(&column->array);
    Py_CLEAR(column->held);
}

static int column_open(Column *column, PyObject *object) {
    if (PyObject_CheckBuffer(object)) return array_open(&column->array, object);
    column->spread = spread_of(object, &column->held);
    return column->spread ? 0 : -1;
}

static inline int column_is(const Column *column, Type type) { return column->array.is_open && column->array.type == type; }

static void checks_close(Check *checks, Py_ssize_t count) {
    for (Py_ssize_t i = 0; checks && i < count; i++) {
        column_close(&checks[i].column);
        column_close(&checks[i].other);
        array_close(&checks[i].chosen);
    }
    PyMem_Free(checks);
}

static int check_open(Check *check, PyObject *item) {
    PyObject *column, *other, *chosen;
    if (!item || !PyArg_ParseTuple(item, "iOOOddpiiip", &check->kind, &column, &other, &chosen, &check->low,
                                   &check->high, &check->is_negated, &check->known, &check->lacking, &check->day,
                                   &check->ended))
        return -1;
    if ((check->kind == LISTED ? articles_open(&check->column.array, column) : column_open(&check->column, column)) < 0 ||
        (other != Py_None && column_open(&check->other, other) < 0) ||
        (chosen != Py_None && array_open(&check->chosen, chosen) < 0))
        return -1;
    const int kind = check->kind;
    if (kind < CHOSEN || kind > LISTED || (kind == WITHIN) != (other != Py_None) ||
        (kind == CHOSEN) != check->chosen.is_open || (check->chosen.is_open && check->chosen.type != U8) ||
        (kind == WITHIN && column_is(&check->other, F64)) || (kind == MARKED && !column_is(&check->column, I64))) {
        PyErr_SetString(PyExc_TypeError, "no check of this kind has such arrays");
        return -1;
    }
    return 0;
}

/* From a list of lists of Check: all of them, end to end; NULL with an exception where one is not as it should be. */
static Check *checks_open(PyObject *groups, Py_ssize_t *count) {
    Py_ssize_t room = 0;
    *count = 0;
    for (Py_ssize_t i = 0; i < PyList_Size(groups); i++) {
        PyObject *group = PyList_GetItem(groups, i);
        if (!PyList_Check(group) || PyList_Size(group) < 1) {
            PyErr_SetString(PyExc_TypeError, "lists of at least one check are expected here");
            return NULL;
        }
        room += PyList_Size(group);
    }
    Check *checks = PyMem_Calloc((size_t)room + 1, sizeof(Check));
    if (!checks) { PyErr_NoMemory(); return NULL; }
    for (Py_ssize_t i = 0; i < PyList_Size(groups); i++) {
        PyObject *group = PyList_GetItem(groups, i);
        for (Py_ssize_t j = 0; j < PyList_Size(group) && *count < room; j++) {
            Check *check = &checks[(*count)++];
            if (check_open(check, PyList_GetItem(group, j)) < 0) {
                checks_close(checks, *count);
                return NULL;
            }
            check->is_last = j + 1 == PyList_Size(group);
        }
    }
    return checks;
}

#define BLOCK 256 /* articles that are looked at together, so that what a check is need not be asked for each */

/* Articles next to each other in a block that lie in one array of a column. */
typedef struct {
    const Array *array; /* NULL if the first of them is in none */
    int64_t start;      /* the number of the first article of the array */
    int end;            /* the place in the block after them */
} Run;

static inline Run run_of(const Column *column, const uint32_t *docs, int from, int count) {
    const Spread *spread = column->spread;
    if (!spread) return (Run){&column->array, 0, count};
    const Py_ssize_t part = spread_find(spread, docs[from], -1);
    if (part < 0) return (Run){NULL, 0, count};
    const int64_t start = spread->starts[part], last = spread->starts[part + 1];
    int end = from + 1;
    while (end < count && docs[end] >= start && docs[end] < last) end++;
    return (Run){&spread->parts[part], start, end};
}

/* Numbers of a column, of any type, looked up among the chosen ones. */
#define LOOK_UP(TYPE, NUMBER)                                                                                        \
    case TYPE:                                                                                                       \
        for (int i = from; i < run.end; i++) {                                                                       \
            const int64_t doc = docs[i] - run.start;                                                                 \
            if (doc >= run.array->length) return -1;                                                                 \
            const int64_t number_ = (int64_t)((const NUMBER *)run.array->data)[doc];                                 \
            if (number_ < 0 || number_ >= check->chosen.length) return -1;                                           \
            passed[i] |= (chosen[number_] != 0) != check->is_negated;                                                \
        }                                                                                                            \
        break;

static int among_chosen(const Check *check, const uint32_t *docs, int count, uint8_t *passed) {
    const uint8_t *chosen = check->chosen.data;
    Run run;
    for (int from = 0; from < count; from = run.end) {
        run = run_of(&check->column, docs, from, count);
        if (!run.array) return -1;
        switch (run.array->type) {
            LOOK_UP(U8, uint8_t)
            LOOK_UP(U16, uint16_t)
            LOOK_UP(U32, uint32_t)
            LOOK_UP(I32, int32_t)
            LOOK_UP(I64, int64_t)
            default: return -1;
        }
    }
    return 0;
}

static int marked(const Check *check, const uint32_t *docs, int count, uint8_t *passed) {
    const uint64_t *bits = check->column.array.data;
    for (int i = 0; i < count; i++) {
        if (docs[i] >> 6 >= check->column.array.length) return -1;
        passed[i] |= (int)(bits[docs[i] >> 6] >> (docs[i] & 63) & 1) != check->is_negated;
    }
    return 0;
}

#define COMPARE(TYPE, NUMBER)                                                                                        \
    case TYPE:                                                                                                       \
        for (int i = from; i < flags.end; i++) {                                                                     \
            const int64_t doc = docs[i] - run.start, of_flag = docs[i] - flags.start;                                \
            if (doc >= run.array->length || of_flag >= flags.array->length) return -1;                               \
            const int64_t flag = integer(flags.array, (Py_ssize_t)of_flag);                                          \
            const double begin = (double)((const NUMBER *)run.array->data)[doc];                                     \
            const double end = begin + (flag & check->day ? DAY - 1 : 0);                                            \
            const int found = (flag & check->known) != 0 && (flag & check->lacking) == 0 &&                          \
                              (check->ended ? end : begin) <= check->high && end >= check->low;                      \
            passed[i] |= found != check->is_negated;                                                                 \
        }                                                                                                            \
        break;

static int within(const Check *check, const uint32_t *docs, int count, uint8_t *passed) {
    Run flags;
    for (int from = 0; from < count; from = flags.end) {
        const Run run = run_of(&check->column, docs, from, count);
        flags = run_of(&check->other, docs, from, run.end);
        if (!run.array || !flags.array) return -1;
        switch (run.array->type) {
            COMPARE(U8, uint8_t)
            COMPARE(U16, uint16_t)
            COMPARE(U32, uint32_t)
            COMPARE(I32, int32_t)
            COMPARE(I64, int64_t)
            COMPARE(F64, double)
            default: return -1;
        }
    }
    return 0;
}

static int listed(const Check *check, const uint32_t *docs, int count, uint8_t *passed) {
    const Array *list = &check->column.array;
    for (int i = 0; i < count; i++) {
        Py_ssize_t low = 0, high = list->length;
        while (low < high) {
            const Py_ssize_t middle = low + (high - low) / 2;
            if (article(list, middle) < docs[i]) low = middle + 1; else high = middle;
        }
        passed[i] |= (low < list->length && article(list, low) == docs[i]) != check->is_negated;
    }
    return 0;
}

/* Mark with 1 what passes in a block of articles; -1 where what is known of one leads out of an array. */
static int judge(const Check *checks, Py_ssize_t size, uint32_t *docs, int count, char *passed) {
    static int (*const judges[])(const Check *, const uint32_t *, int, uint8_t *) = {
        [CHOSEN] = among_chosen, [MARKED] = marked, [WITHIN] = within, [LISTED] = listed,
    };
    uint8_t places[BLOCK], good[BLOCK];
    for (int i = 0; i < count; i++) places[i] = (uint8_t)i;
    memset(good, 0, sizeof good);
    for (Py_ssize_t j = 0; j < size; j++) {
        if (judges[checks[j].kind](&checks[j], docs, count, good) < 0) return -1;
        if (!checks[j].is_last) continue;
        int left = 0;
        for (int i = 0; i < count; i++) {
            docs[left] = docs[i];
            places[left] = places[i];
            left += good[i];
        }
        count = left;
        memset(good, 0, sizeof good);
    }
    for (int i = 0; i < count; i++) passed[places[i]] = 1;
    return 0;
}

static const char passing_doc[] =
    "passing(groups, docs): for every article (uint32), whether it passes a check of each group, which are lists of Check.";

static PyObject *passing(PyObject *module, PyObject *args) {
    PyObject *groups, *docs_, *found = NULL;
    Py_ssize_t count;
    Array docs = {0};
    if (!PyArg_ParseTuple(args, "O!O", &PyList_Type, &groups, &docs_)) return NULL;
    Check *checks = checks_open(groups, &count);
    if (!checks) return NULL;
    /* Bytes are taken for the numbers that they are made of. */
    if (array_open(&docs, docs_) < 0) goto done;
    if (docs.type != U32 && docs.type != U8) {
        PyErr_SetString(PyExc_TypeError, "numbers of articles of type uint32 are expected here");
        goto done;
    }
    const Py_ssize_t length = docs.buffer.len / (Py_ssize_t)sizeof(uint32_t);
    found = PyBytes_FromStringAndSize(NULL, length);
    char *passed = found ? PyBytes_AsString(found) : NULL;
    if (!passed) goto done;
    memset(passed, 0, (size_t)length);
    int is_outside = 0;
    RELEASED(length)
    for (Py_ssize_t i = 0; i < length && !is_outside; i += BLOCK) {
        const int size = length - i < BLOCK ? (int)(length - i) : BLOCK;
        uint32_t block[BLOCK];
        memcpy(block, (const char *)docs.data + i * (Py_ssize_t)sizeof *block, (size_t)size * sizeof *block);
        is_outside = judge(checks, count, block, size, passed + i) < 0;
    }
    REGAINED
    if (is_outside) {
        out_of_range();
        Py_CLEAR(found);
    }
done:
    array_close(&docs);
    checks_close(checks, count);
    return found;
}

static const char passing_of_all_doc[] =
    "passing_of_all(groups, articles): a bit for every article, in words of 64, whether it passes a check of each group.";

static PyObject *passing_of_all(PyObject *module, PyObject *args) {
    PyObject *groups, *found;
    Py_ssize_t count, articles;
    if (!PyArg_ParseTuple(args, "O!n", &PyList_Type, &groups, &articles)) return NULL;
    if (articles < 0 || articles > UINT32_MAX) return out_of_range();
    Check *checks = checks_open(groups, &count);
    if (!checks) return NULL;
    const Py_ssize_t words = (articles + 63) / 64;
    found = PyBytes_FromStringAndSize(NULL, words * (Py_ssize_t)sizeof(uint64_t));
    uint64_t *bits = found ? (uint64_t *)PyBytes_AsString(found) : NULL;
    int is_outside = 0;
    RELEASED(bits ? articles : 0)
    if (bits) memset(bits, 0, (size_t)words * sizeof *bits);
    for (Py_ssize_t start = 0; bits && start < articles && !is_outside; start += BLOCK) {
        const int size = articles - start < BLOCK ? (int)(articles - start) : BLOCK;
        uint32_t block[BLOCK];
        char passed[BLOCK] = {0};
        for (int i = 0; i < size; i++) block[i] = (uint32_t)(start + i);
        is_outside = judge(checks, count, block, size, passed) < 0;
        for (int i = 0; i < size; i++) bits[(start + i) >> 6] |= (uint64_t)(passed[i] != 0) << (i & 63);
    }
    REGAINED
    if (is_outside) {
        Py_CLEAR(found);
        out_of_range();
    }
    checks_close(checks, count);
    return found;
}

/* ---- the module ---- */

static PyMethodDef methods[] = {
    {"passing", passing, METH_VARARGS, passing_doc},
    {"passing_of_all", passing_of_all, METH_VARARGS, passing_of_all_doc},
    {"union", union_, METH_VARARGS, union_doc},
    {"count", count, METH_VARARGS, count_doc},
    {"numbers", numbers, METH_VARARGS, numbers_doc},
    {"with_part", with_part, METH_VARARGS, with_part_doc},
    {"beginning", beginning, METH_VARARGS, beginning_doc},
    {"ranked", ranked, METH_VARARGS, ranked_doc},
    {"tally", tally, METH_VARARGS, tally_doc},
    {"marked", marked_, METH_VARARGS, marked_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_sieve", "Filters and lists of articles, compiled; see sieve.py.", 0, methods,
};

static const Constant constants[] = {CONSTANT(CHOSEN), CONSTANT(MARKED), CONSTANT(WITHIN), CONSTANT(LISTED), CONSTANT(DAY)};

PyMODINIT_FUNC PyInit__sieve(void) {
    return module_with(PyModule_Create(&definition), constants, sizeof constants / sizeof *constants);
}
