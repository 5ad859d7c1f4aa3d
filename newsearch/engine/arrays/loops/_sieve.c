/* Which articles pass filters, and which are in any of some lists, compiled. Each function does exactly what the one
 * of its name in sieve.py does with numpy; that one is also what runs where no compiler was at hand. */

#include "_arrays.h"

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

/* ---- lists ---- */

static const char union_doc[] =
    "union(lists, articles): a bit for every article, in words of 64, whether any of the lists holds it.";

/* Neighbours are collected in a register: to read back what was just written takes longer than all else here. */
#define DEFINE_MARK(NAME, NUMBER)                                                                                    \
    static int NAME(const NUMBER *doc, Py_ssize_t length, uint64_t *bits, Py_ssize_t articles) {                     \
        uint64_t word = 0;                                                                                           \
        Py_ssize_t at = 0;                                                                                           \
        for (Py_ssize_t i = 0; i < length; i++) {                                                                    \
            const Py_ssize_t number_ = (Py_ssize_t)doc[i];                                                           \
            if (number_ >= articles) return -1;                                                                      \
            if (number_ >> 6 != at) {                                                                                \
                bits[at] |= word;                                                                                    \
                at = number_ >> 6;                                                                                   \
                word = 0;                                                                                            \
            }                                                                                                        \
            word |= (uint64_t)1 << (number_ & 63);                                                                   \
        }                                                                                                            \
        if (length) bits[at] |= word;                                                                                \
        return 0;                                                                                                    \
    }
DEFINE_MARK(mark_u16, uint16_t)
DEFINE_MARK(mark_u32, uint32_t)

static PyObject *union_(PyObject *module, PyObject *args) {
    PyObject *lists, *found;
    Py_ssize_t articles;
    if (!PyArg_ParseTuple(args, "O!n", &PyList_Type, &lists, &articles)) return NULL;
    if (articles < 0 || articles > UINT32_MAX) return out_of_range();
    const Py_ssize_t size = (articles + 63) / 64 * 8;
    uint64_t *bits = PyMem_Calloc((size_t)size + 8, 1);
    if (!bits) return PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < PyList_Size(lists); i++) {
        Array doc = {0};
        int outside = 0, failed = articles_open(&doc, PyList_GetItem(lists, i)) < 0;
        RELEASED(failed ? 0 : doc.length)
        if (!failed)
            outside = (doc.type == U16 ? mark_u16(doc.data, doc.length, bits, articles)
                                       : mark_u32(doc.data, doc.length, bits, articles)) < 0;
        REGAINED
        array_close(&doc);
        if (outside) out_of_range();
        if (failed || outside) {
            PyMem_Free(bits);
            return NULL;
        }
    }
    found = PyBytes_FromStringAndSize((const char *)bits, size);
    PyMem_Free(bits);
    return found;
}

/* `bits` of a rising list, and before each word of them, how many of the list stand before it; -1 if one is outside.
 * Nothing branches on whether the next is in the same word, which cannot be foreseen. */
#define DEFINE_RANK(NAME, NUMBER)                                                                                    \
    static int NAME(const NUMBER *doc, Py_ssize_t length, uint64_t *bits, uint32_t *ranks, Py_ssize_t articles) {    \
        const Py_ssize_t words = (articles + 63) / 64;                                                               \
        uint64_t word = 0;                                                                                           \
        Py_ssize_t before = 0;                                                                                       \
        for (Py_ssize_t i = 0; i < length; i++) {                                                                    \
            const Py_ssize_t at = (Py_ssize_t)(doc[i] >> 6);                                                         \
            if (doc[i] >= articles || at < before) return -1;                                                        \
            word = (word & -(uint64_t)(at == before)) | (uint64_t)1 << (doc[i] & 63);                                \
            bits[at] = word;                                                                                         \
            ranks[at] = (uint32_t)(i + 1);                                                                           \
            before = at;                                                                                             \
        }                                                                                                            \
        /* From how many there are up to each word that has any. */                                                 \
        uint32_t last = 0;                                                                                           \
        for (Py_ssize_t i = 0; i < words; i++) {                                                                     \
            const uint32_t up_to = ranks[i];                                                                         \
            ranks[i] = last;                                                                                         \
            last = up_to > last ? up_to : last;                                                                      \
        }                                                                                                            \
        return 0;                                                                                                    \
    }
DEFINE_RANK(rank_u16, uint16_t)
DEFINE_RANK(rank_u32, uint32_t)

static const char ranked_doc[] =
    "ranked(doc, articles): `union` of one list, and how many of it stand before each word of the bits (uint32).";

static PyObject *ranked(PyObject *module, PyObject *args) {
    PyObject *doc_, *bits_ = NULL, *ranks_ = NULL, *found = NULL;
    Py_ssize_t articles;
    Array doc = {0};
    if (!PyArg_ParseTuple(args, "On", &doc_, &articles)) return NULL;
    if (articles < 0 || articles > UINT32_MAX) return out_of_range();
    if (articles_open(&doc, doc_) < 0) goto done;
    const Py_ssize_t words = (articles + 63) / 64;
    bits_ = PyBytes_FromStringAndSize(NULL, words * (Py_ssize_t)sizeof(uint64_t));
    ranks_ = PyBytes_FromStringAndSize(NULL, words * (Py_ssize_t)sizeof(uint32_t));
    if (!bits_ || !ranks_) goto done;
    uint64_t *bits = (uint64_t *)PyBytes_AsString(bits_);
    uint32_t *ranks = (uint32_t *)PyBytes_AsString(ranks_);
    RELEASED(doc.length)
    memset(bits, 0, (size_t)words * sizeof *bits);
    memset(ranks, 0, (size_t)words * sizeof *ranks);
    const int is_outside = (doc.type == U16 ? rank_u16(doc.data, doc.length, bits, ranks, articles)
                                            : rank_u32(doc.data, doc.length, bits, ranks, articles)) < 0;
    REGAINED
    if (is_outside) out_of_range();
    else found = PyTuple_Pack(2, bits_, ranks_);
done:
    Py_XDECREF(bits_);
    Py_XDECREF(ranks_);
    array_close(&doc);
    return found;
}

static const char numbers_doc[] = "numbers(bits): the numbers (uint32) of the articles whose bit is set.";

static PyObject *numbers(PyObject *module, PyObject *args) {
    PyObject *bits_, *found = NULL;
    if (!PyArg_ParseTuple(args, "O", &bits_)) return NULL;
    Array bits = {0};
    if (array_open(&bits, bits_) < 0) return NULL;
    /* Bytes are taken for the words that they are made of. */
    const Py_ssize_t words = bits.buffer.len / (Py_ssize_t)sizeof(uint64_t);
    if ((bits.type != I64 && bits.type != U8) || words > UINT32_MAX / 64) {
        PyErr_SetString(PyExc_TypeError, "bits in words of 64 are expected here");
        goto done;
    }
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, (const char *)bits.data + i * 8, 8);
        count += bits_set(word);
    }
    found = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(uint32_t));
    uint32_t *doc = found ? (uint32_t *)PyBytes_AsString(found) : NULL;
    RELEASED(count)
    for (Py_ssize_t i = 0; doc && i < words; i++) {
        uint64_t word;
        memcpy(&word, (const char *)bits.data + i * 8, 8);
        for (; word; word &= word - 1) *doc++ = (uint32_t)(i * 64 + lowest_bit(word));
    }
    REGAINED
done:
    array_close(&bits);
    return found;
}

/* ---- parts of texts ---- */

/* The first place from `from` on where these bytes stand, or -1. The first two and the last of them are compared in whole
 * blocks: few blocks have all three. */
static int64_t find_bytes(const uint8_t *text, int64_t length, int64_t from, const uint8_t *wanted, int64_t size) {
    const int64_t last = length - size;
    const int64_t next = size > 1;
    const uint8_t first_byte = wanted[0], next_byte = wanted[next], last_byte = wanted[size - 1];
    for (int64_t at = from; at <= last;) {
        const int64_t block = last - at + 1 < 64 ? last - at + 1 : 64;
        if (block == 64) {
            uint8_t any = 0;
            for (int i = 0; i < 64; i++)
                any |= (uint8_t)((text[at + i] == first_byte) & (text[at + i + next] == next_byte) &
                                 (text[at + i + size - 1] == last_byte));
            if (!any) {
                at += 64;
                continue;
            }
        }
        for (int64_t i = at; i < at + block; i++) {
            if (text[i] == first_byte && !memcmp(text + i, wanted, (size_t)size)) return i;
        }
        at += block;
    }
    return -1;
}

/* The number of the part, from `from` on, before whose end a place lies: by doubling steps, then by halving. */
static Py_ssize_t part_with(const Array *at, Py_ssize_t from, int64_t place) {
    Py_ssize_t step = 1, high;
    while ((high = from + step) < at->length && integer(at, high) <= place) {
        from = high;
        step *= 2;
    }
    if (high > at->length) high = at->length;
    while (from + 1 < high) {
        const Py_ssize_t middle = from + (high - from) / 2;
        if (integer(at, middle) <= place) from = middle; else high = middle;
    }
    return from;
}

static const char with_part_doc[] =
    "with_part(text, at, post_at, post_doc, articles, wanted, begins, ends): a bit for every article of a segment, whether\n"
    "any of its parts has these bytes within; where it begins, or ends, if that is asked for.";

static PyObject *with_part(PyObject *module, PyObject *args) {
    PyObject *text_, *at_, *post_at_, *post_doc_, *found = NULL;
    const char *wanted;
    Py_ssize_t size, articles;
    int begins, ends;
    if (!PyArg_ParseTuple(args, "OOOOny#pp", &text_, &at_, &post_at_, &post_doc_, &articles, &wanted, &size, &begins,
                          &ends))
        return NULL;
    Array text = {0}, at = {0}, post_at = {0}, post_doc = {0};
    if (array_open(&text, text_) < 0 || array_open(&at, at_) < 0 || array_open(&post_at, post_at_) < 0 ||
        array_open(&post_doc, post_doc_) < 0)
        goto done;
    if (text.type != U8 || post_doc.type != U16 || at.length < 1 || post_at.length < at.length || size < 1 ||
        articles < 0) {
        PyErr_SetString(PyExc_TypeError, "these arrays are not the parts of a segment");
        goto done;
    }
    const Py_ssize_t words = (articles + 63) / 64;
    found = PyBytes_FromStringAndSize(NULL, words * (Py_ssize_t)sizeof(uint64_t));
    uint64_t *bits = found ? (uint64_t *)PyBytes_AsString(found) : NULL;
    if (!bits) goto done;
    memset(bits, 0, (size_t)words * sizeof *bits);
    int is_outside = 0;
    Py_ssize_t number_ = 0;
    RELEASED(text.length)
    int64_t place = find_bytes(text.data, text.length, 0, (const uint8_t *)wanted, size);
    while (place >= 0 && !is_outside) {
        number_ = part_with(&at, number_, place);
        if (number_ + 1 >= at.length) break;
        const int64_t start = integer(&at, number_), end = integer(&at, number_ + 1);
        /* A match across two parts is in none. */
        const int fits = place >= start && place + size <= end && (!begins || place == start) && (!ends || place + size == end);
        if (fits) {
            const int64_t last = integer(&post_at, number_ + 1);
            for (int64_t i = integer(&post_at, number_); i < last && !is_outside; i++) {
                is_outside = i < 0 || i >= post_doc.length || ((const uint16_t *)post_doc.data)[i] >= articles;
                if (!is_outside) {
                    const uint16_t doc = ((const uint16_t *)post_doc.data)[i];
                    bits[doc >> 6] |= (uint64_t)1 << (doc & 63);
                }
            }
        }
        place = find_bytes(text.data, text.length, fits ? end : place + 1, (const uint8_t *)wanted, size);
    }
    REGAINED
    if (is_outside) {
        Py_CLEAR(found);
        out_of_range();
    }
done:
    array_close(&text);
    array_close(&at);
    array_close(&post_at);
    array_close(&post_doc);
    return found;
}

/* ---- names ---- */

typedef struct { Array column, at, known; Py_ssize_t start; } Named; /* `known` is what is known of each name */

static void named_close(Named *segments, Py_ssize_t count) {
    for (Py_ssize_t i = 0; segments && i < count; i++) {
        array_close(&segments[i].column);
        array_close(&segments[i].at);
        array_close(&segments[i].known);
    }
    PyMem_Free(segments);
}

static int named_open(Named *segment, PyObject *item, Type known_type) {
    PyObject *column, *at, *known;
    if (!item || !PyArg_ParseTuple(item, "nOOO", &segment->start, &column, &at, &known)) return -1;
    if (array_open(&segment->column, column) < 0 || (at != Py_None && array_open(&segment->at, at) < 0) ||
        array_open(&segment->known, known) < 0)
        return -1;
    if (segment->start >= 0 && segment->known.type == known_type) return 0;
    PyErr_SetString(PyExc_TypeError, "these arrays do not name the articles of a segment");
    return -1;
}

/* From a list of (start, column, at, known); NULL with an exception where one is not as it should be. */
static Named *all_named_open(PyObject *given, Py_ssize_t *count, Type known_type) {
    *count = PyList_Size(given);
    Named *segments = PyMem_Calloc((size_t)*count + 1, sizeof(Named));
    if (!segments) { PyErr_NoMemory(); return NULL; }
    for (Py_ssize_t i = 0; i < *count; i++) {
        if (named_open(&segments[i], PyList_GetItem(given, i), known_type) == 0) continue;
        named_close(segments, *count);
        return NULL;
    }
    return segments;
}

/* The places in the column of the names of an article of a segment; -1 where that leads out of an array. */
static inline int names_of(const Named *segment, int64_t doc, int64_t *first, int64_t *last) {
    *first = doc;
    *last = doc + 1;
    if (doc < 0) return -1;
    if (segment->at.is_open) {
        if (doc + 1 >= segment->at.length) return -1;
        *first = integer(&segment->at, (Py_ssize_t)doc);
        *last = integer(&segment->at, (Py_ssize_t)doc + 1);
    }
    return *first < 0 || *last > segment->column.length ? -1 : 0;
}

/* Count what some articles of a segment are named; -1 where that leads out of an array. */
static int tally_segment(const Named *segment, const uint32_t *docs, Py_ssize_t length, int64_t *counts, Py_ssize_t names) {
    const uint32_t *number_of = segment->known.data;
    for (Py_ssize_t i = 0; i < length; i++) {
        int64_t first, last;
        if (names_of(segment, (int64_t)docs[i] - segment->start, &first, &last) < 0) return -1;
        for (int64_t j = first; j < last; j++) {
            const int64_t local = integer(&segment->column, (Py_ssize_t)j);
            if (local < 0 || local >= segment->known.length || number_of[local] >= names) return -1;
            counts[number_of[local]]++;
        }
    }
    return 0;
}

#define COUNT_CHOSEN(TYPE, NUMBER)                                                                                   \
    case TYPE:                                                                                                       \
        for (Py_ssize_t i = 0; i < segment->column.length; i++) {                                                    \
            const int64_t local = (int64_t)((const NUMBER *)segment->column.data)[i];                                \
            if (local < 0 || local >= segment->known.length) return -1;                                              \
            before[i] = count;                                                                                       \
            count += chosen[local] != 0;                                                                             \
        }                                                                                                            \
        break;

/* Before each name of a segment, and after the last, how many of them are chosen; -1 where one leads out of an array. */
static int count_chosen(const Named *segment, uint32_t *before) {
    const uint8_t *chosen = segment->known.data;
    uint32_t count = 0;
    switch (segment->column.type) {
        COUNT_CHOSEN(U8, uint8_t)
        COUNT_CHOSEN(U16, uint16_t)
        COUNT_CHOSEN(U32, uint32_t)
        COUNT_CHOSEN(I32, int32_t)
        COUNT_CHOSEN(I64, int64_t)
        default: return -1;
    }
    before[segment->column.length] = count;
    return 0;
}

/* Set the bits of the articles of a segment that have a chosen name; -1 where that leads out of an array. How many names
 * an article has, and whether one is chosen, cannot be foreseen: nothing branches on it. `before` has room for a number
 * for each name and one more. */
static int mark_segment(const Named *segment, uint64_t *bits, int64_t articles, uint32_t *before) {
    const int64_t count = segment->at.is_open ? segment->at.length - 1 : segment->column.length;
    uint64_t word = 0;
    int64_t first, last = 0;
    if (count < 1) return 0;
    if (segment->start + count > articles || count_chosen(segment, before) < 0) return -1;
    if (segment->at.is_open) last = integer(&segment->at, 0);
    for (int64_t i = 0; i < count; i++) {
        const int64_t doc = segment->start + i;
        first = last;
        last = segment->at.is_open ? integer(&segment->at, (Py_ssize_t)i + 1) : i + 1;
        if (first < 0 || last < 0 || first > segment->column.length || last > segment->column.length) return -1;
        word |= (uint64_t)(before[first] < before[last]) << (doc & 63);
        if ((doc & 63) == 63 || i == count - 1) {
            bits[doc >> 6] |= word;
            word = 0;
        }
    }
    return 0;
}

static const char marked_doc[] =
    "marked(segments, articles): from [(start, column, at, chosen)] a bit for every article, in words of 64, whether any of\n"
    "its names is chosen; see sieve.py.";

static PyObject *marked_(PyObject *module, PyObject *args) {
    PyObject *given, *found = NULL;
    Py_ssize_t count, articles;
    if (!PyArg_ParseTuple(args, "O!n", &PyList_Type, &given, &articles)) return NULL;
    if (articles < 0 || articles > UINT32_MAX) return out_of_range();
    Named *segments = all_named_open(given, &count, U8);
    if (!segments) return NULL;
    const Py_ssize_t words = (articles + 63) / 64;
    found = PyBytes_FromStringAndSize(NULL, words * (Py_ssize_t)sizeof(uint64_t));
    uint64_t *bits = found ? (uint64_t *)PyBytes_AsString(found) : NULL;
    Py_ssize_t names = 0;
    for (Py_ssize_t i = 0; i < count; i++) names = segments[i].column.length > names ? segments[i].column.length : names;
    uint32_t *before = bits ? PyMem_Malloc(((size_t)names + 1) * sizeof *before) : NULL;
    if (bits && !before) {
        Py_CLEAR(found);
        PyErr_NoMemory();
    } else if (bits) {
        int is_outside = 0;
        memset(bits, 0, (size_t)words * sizeof *bits);
        RELEASED(articles)
        for (Py_ssize_t i = 0; i < count && !is_outside; i++) is_outside = mark_segment(&segments[i], bits, articles, before) < 0;
        REGAINED
        if (is_outside) {
            Py_CLEAR(found);
            out_of_range();
        }
    }
    PyMem_Free(before);
    named_close(segments, count);
    return found;
}

static const char tally_doc[] =
    "tally(docs, segments, names): from articles (uint32, sorted) and [(start, column, at, numbers)], by rising start, how\n"
    "many have each name (int64); see sieve.py.";

static PyObject *tally(PyObject *module, PyObject *args) {
    PyObject *docs_, *given, *found = NULL;
    Py_ssize_t names, count;
    if (!PyArg_ParseTuple(args, "OO!n", &docs_, &PyList_Type, &given, &names)) return NULL;
    Array docs = {0};
    Named *segments = all_named_open(given, &count, U32);
    if (!segments) return NULL;
    if (array_open(&docs, docs_) < 0) goto done;
    if (docs.type != U32 || names < 0) {
        PyErr_SetString(PyExc_TypeError, "numbers of articles of type uint32 are expected here");
        goto done;
    }
    found = PyBytes_FromStringAndSize(NULL, names * (Py_ssize_t)sizeof(int64_t));
    int64_t *counts = found ? (int64_t *)PyBytes_AsString(found) : NULL;
    if (!counts) goto done;
    memset(counts, 0, (size_t)names * sizeof *counts);
    int is_outside = 0;
    RELEASED(docs.length)
    const uint32_t *numbers_ = docs.data;
    Py_ssize_t at = 0;
    for (Py_ssize_t i = 0; i < count && !is_outside; i++) {
        const Py_ssize_t end =
            i + 1 < count ? seek_u32(numbers_, docs.length, at, (int64_t)segments[i + 1].start) : docs.length;
        is_outside = tally_segment(&segments[i], numbers_ + at, end - at, counts, names) < 0;
        at = end;
    }
    REGAINED
    if (is_outside) {
        Py_CLEAR(found);
        out_of_range();
    }
done:
    named_close(segments, count);
    array_close(&docs);
    return found;
}

/* ---- the module ---- */

static PyMethodDef methods[] = {
    {"passing", passing, METH_VARARGS, passing_doc},
    {"passing_of_all", passing_of_all, METH_VARARGS, passing_of_all_doc},
    {"union", union_, METH_VARARGS, union_doc},
    {"numbers", numbers, METH_VARARGS, numbers_doc},
    {"with_part", with_part, METH_VARARGS, with_part_doc},
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
