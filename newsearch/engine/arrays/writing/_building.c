/* The inner loops of indexing, compiled. Each function does exactly what the one of its name in building.py does in
 * Python and numpy; that one is also what runs where no compiler was at hand.
 *
 * Only the limited API of Python is used, so that one build serves every Python from 3.11 on. */

#include "_arrays.h"

#include <stdlib.h>

#include "_slots.h"
#include "_spaces.h"
#include "_urls.h"

#define FIELDS 4           /* text fields of an article, see ranking.TEXT_FIELDS */
#define LONGEST_TERM 64    /* see analysis.MAX_TERM_LENGTH */
#define POSITIONS 65536    /* that a position can name */
#define ARTICLES 65536     /* see builder.MAX_ARTICLES */

/* ---- bytes that grow, in memory that needs no interpreter; what fails here has run out of it ---- */

typedef struct {
    char *data;
    size_t length, room;
} Bytes;

static int bytes_reserve(Bytes *bytes, size_t more) {
    if (bytes->length + more <= bytes->room) return 0;
    size_t room = bytes->room ? bytes->room : 4096;
    while (room < bytes->length + more) room *= 2;
    char *data = realloc(bytes->data, room);
    if (!data) return -1;
    bytes->data = data;
    bytes->room = room;
    return 0;
}

static int bytes_add(Bytes *bytes, const void *data, size_t length) {
    if (bytes_reserve(bytes, length) < 0) return -1;
    if (length) memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
    return 0;
}

static int bytes_add_int(Bytes *bytes, int32_t value) { return bytes_add(bytes, &value, sizeof value); }

/* Whether it failed, then with an exception. */
static int failed_to(int failed) {
    if (failed && !PyErr_Occurred()) PyErr_NoMemory();
    return failed;
}

/* The UTF-8 of a text, which lives as long as `*owner`; lone surrogates are passed on as they are. */
static const char *utf8(PyObject *text, Py_ssize_t *length, PyObject **owner) {
    *owner = NULL;
    const char *data = PyUnicode_AsUTF8AndSize(text, length);
    if (data || !PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return data;
    PyErr_Clear();
    *owner = PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass");
    if (!*owner) return NULL;
    *length = PyBytes_Size(*owner);
    return PyBytes_AsString(*owner);
}

static int bytes_add_text(Bytes *bytes, PyObject *text) {
    PyObject *owner;
    Py_ssize_t length;
    const char *data = utf8(text, &length, &owner);
    const int failed = !data || failed_to(bytes_add(bytes, data, (size_t)length) < 0);
    Py_XDECREF(owner);
    return -failed;
}

/* The UTF-8 of many texts, for as long as `owners` lives, which is to be let go by whoever asked: so that they can be
 * read without the interpreter. */
typedef struct {
    const char *data;
    size_t length;
} Span;

static Span *spans_of(PyObject *texts, Py_ssize_t *count, PyObject **owners) {
    *owners = NULL;
    if (!PyList_Check(texts)) { PyErr_SetString(PyExc_TypeError, "a list of texts is expected here"); return NULL; }
    *owners = PyList_GetSlice(texts, 0, PyList_Size(texts));
    *count = *owners ? PyList_Size(*owners) : 0;
    Span *spans = malloc((size_t)(*count + 1) * sizeof *spans);
    int failed = failed_to(!*owners || !spans);
    for (Py_ssize_t i = 0; !failed && i < *count; i++) {
        PyObject *owner;
        Py_ssize_t length;
        spans[i].data = utf8(PyList_GetItem(*owners, i), &length, &owner);
        failed = !spans[i].data || (owner && PyList_Append(*owners, owner) < 0);
        Py_XDECREF(owner);
        spans[i].length = (size_t)length;
    }
    if (!failed) return spans;
    free(spans);
    Py_CLEAR(*owners);
    return NULL;
}

/* ---- words: texts -> the numbers of their terms ---- */

#define SHORT 16 /* bytes of a key that stand in the entry itself, so that looking one up touches one place in memory */

typedef struct {
    uint64_t key[2]; /* the key, filled up with zeros; of a longer one its hash, and where in `longer` it stands */
    uint32_t length; /* of the key in bytes; 0 where the place is free */
    int32_t value;   /* the number of its only term, or where in `several` its numbers stand, as -1, -2, ... */
} Entry;

typedef struct {
    PyObject_HEAD
    PyObject *terms;     /* dict: term -> number */
    PyObject *analyse;   /* chunk -> its terms */
    Entry *entries;
    size_t places, used; /* places is a power of two */
    Bytes longer;        /* keys */
    Bytes several;       /* int32: how many numbers, and these */
    Bytes added;         /* Added: the keys that were met for the first time, until their terms are known */
    uint64_t secret;
    int is_at_work;
} Words;

/* A key that was met for the first time. Its place in the table has UNKNOWN and its number here for a value, until
 * Python has told its terms. */
typedef struct {
    Entry entry;
    int is_plain; /* a single word, or else a chunk that only Python can take apart */
} Added;

#define UNKNOWN INT32_MIN
#define MAX_ADDED (1 << 30)

/* A secret differs from process to process, so that nobody can write articles whose words collide. */
static uint64_t mixed(const Words *words, uint64_t hash, uint64_t part) {
    hash = (hash ^ part) * (words->secret | 1);
    return hash ^ (hash >> 32);
}

static uint64_t hash_of_entry(const Words *words, const Entry *entry) {
    if (entry->length > SHORT) return entry->key[0];
    const uint64_t hash = mixed(words, mixed(words, words->secret ^ entry->length, entry->key[0]), entry->key[1]);
    return hash ^ (hash >> 29);
}

/* What a key would be as an entry, but for its value. */
static Entry entry_of(const Words *words, const char *key, size_t length) {
    Entry entry = {{0, 0}, (uint32_t)length, 0};
    if (length <= SHORT) {
        memcpy(entry.key, key, length);
        return entry;
    }
    uint64_t hash = words->secret ^ length;
    for (size_t i = 0; i < length; i += 8) {
        uint64_t part = 0;
        memcpy(&part, key + i, length - i < 8 ? length - i : 8);
        hash = mixed(words, hash, part);
    }
    entry.key[0] = hash;
    return entry;
}

static Entry *place_of(Words *words, const Entry *wanted, const char *key) {
    const size_t mask = words->places - 1;
    for (size_t i = hash_of_entry(words, wanted) & mask;; i = (i + 1) & mask) {
        Entry *entry = &words->entries[i];
        if (!entry->length) return entry;
        if (entry->length != wanted->length || entry->key[0] != wanted->key[0]) continue;
        if (wanted->length <= SHORT ? entry->key[1] == wanted->key[1]
                                    : !memcmp(words->longer.data + entry->key[1], key, wanted->length))
            return entry;
    }
}

static int words_grow(Words *words) {
    const size_t places = words->places ? 2 * words->places : 1024;
    Entry *entries = calloc(places, sizeof(Entry));
    if (!entries) return -1;
    for (size_t i = 0; i < words->places; i++) {
        if (!words->entries[i].length) continue;
        size_t at = hash_of_entry(words, &words->entries[i]) & (places - 1);
        while (entries[at].length) at = (at + 1) & (places - 1);
        entries[at] = words->entries[i];
    }
    free(words->entries);
    words->entries = entries;
    words->places = places;
    return 0;
}

/* The number of a term, a new one where it has none; -1 with an exception. */
static int64_t number_of(Words *words, PyObject *term) {
    PyObject *number = PyDict_GetItemWithError(words->terms, term);
    if (number) return PyLong_AsLongLong(number);
    if (PyErr_Occurred()) return -1;
    const int64_t next = PyDict_Size(words->terms);
    number = PyLong_FromLongLong(next);
    const int failed = !number || PyDict_SetItem(words->terms, term, number) < 0;
    Py_XDECREF(number);
    return failed ? -1 : next;
}

/* The value of a chunk, as Python's analysis tells its terms. */
static int analysed(Words *words, const char *chunk, size_t length, int32_t *value) {
    PyObject *text = PyUnicode_DecodeUTF8(chunk, (Py_ssize_t)length, "surrogatepass");
    PyObject *found = text ? PyObject_CallFunctionObjArgs(words->analyse, text, NULL) : NULL;
    Py_XDECREF(text);
    if (!found) return -1;
    const Py_ssize_t count = PyTuple_Check(found) ? PyTuple_Size(found) : -1;
    if (count < 0) PyErr_SetString(PyExc_TypeError, "analysis gives a tuple of terms");
    const int32_t start = (int32_t)(words->several.length / sizeof(int32_t));
    int failed = count < 0 || (count != 1 && bytes_add_int(&words->several, (int32_t)count) < 0);
    int64_t number = 0;
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        number = number_of(words, PyTuple_GetItem(found, i));
        failed = number < 0 || (count > 1 && bytes_add_int(&words->several, (int32_t)number) < 0);
    }
    Py_DECREF(found);
    *value = count == 1 ? (int32_t)number : -1 - start;
    return -failed_to(failed);
}

static const char *key_of(const Words *words, const Entry *entry) {
    return entry->length <= SHORT ? (const char *)entry->key : words->longer.data + entry->key[1];
}

/* Has Python tell the terms of the keys that were met for the first time, in the order in which they came. */
static int learn(Words *words) {
    const size_t count = words->added.length / sizeof(Added);
    for (size_t i = 0; i < count; i++) {
        Added *added = (Added *)words->added.data + i;
        Entry *entry = &added->entry;
        const char *key = key_of(words, entry);
        if (added->is_plain) {
            PyObject *term = PyUnicode_DecodeASCII(key, (Py_ssize_t)entry->length, NULL);
            entry->value = term ? (int32_t)number_of(words, term) : -1;
            Py_XDECREF(term);
            if (entry->value < 0) return -1;
        } else if (analysed(words, key, entry->length, &entry->value) < 0) {
            return -1;
        }
        place_of(words, entry, key)->value = entry->value;
    }
    return 0;
}

/* Adds to `out` the value of a key: of a plain word, or of a chunk that only Python can take apart. */
static int emit(Words *words, const char *key, size_t length, int is_plain, Bytes *out) {
    if (2 * words->used >= words->places && words_grow(words) < 0) return -1;
    Entry made = entry_of(words, key, length), *entry = place_of(words, &made, key);
    if (!entry->length) {
        const size_t number = words->added.length / sizeof(Added);
        if (number >= MAX_ADDED) return -1;
        made.value = UNKNOWN + (int32_t)number;
        if (length > SHORT) {
            made.key[1] = words->longer.length;
            if (bytes_add(&words->longer, key, length) < 0) return -1;
        }
        const Added added = {made, is_plain};
        if (bytes_add(&words->added, &added, sizeof added) < 0) return -1;
        *entry = made;
        words->used++;
    }
    return bytes_add_int(out, entry->value);
}

/* Values -> the numbers of the terms that they stand for. */
static int expand(const Words *words, const Bytes *values, Bytes *out) {
    const int32_t *value = (const int32_t *)values->data;
    for (size_t i = 0; i < values->length / sizeof *value; i++) {
        int32_t found = value[i];
        if (found < UNKNOWN + MAX_ADDED) found = ((const Added *)words->added.data)[found - UNKNOWN].entry.value;
        if (found >= 0) {
            if (bytes_add_int(out, found) < 0) return -1;
        } else {
            const int32_t *numbers = (const int32_t *)words->several.data + (-1 - found);
            if (bytes_add(out, numbers + 1, (size_t)numbers[0] * sizeof *numbers) < 0) return -1;
        }
    }
    return 0;
}

/* What a byte of ASCII is to the rules in analysis.py. */
enum { BREAKS, LETTER, SPACE, SPECIAL };
static uint8_t kind_of[128];
static uint8_t is_outer[128]; /* what means nothing outside of words */
static char lower[128];

static void find_kinds(void) {
    for (int c = 0; c < 128; c++) {
        const int is_letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        /* These join letters in numbers, acronyms, names and elisions, or mean something behind one. */
        const int is_special = strchr(".,'&+#", c) && c;
        kind_of[c] = is_letter ? LETTER : is_ascii_space((unsigned)c) ? SPACE : is_special ? SPECIAL : BREAKS;
        is_outer[c] = c == '.' || c == ',' || c == '\'';
        lower[c] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
}

static int kind_of_letters(const char *text, Py_ssize_t length) {
    for (Py_ssize_t i = 0; i < length; i++)
        if ((unsigned char)text[i] > 127 || kind_of[(unsigned char)text[i]] != LETTER) return 0;
    return 1;
}

/* The bytes of a character that is white space to Python, at `at`; 0 where there is none. */
static size_t space_at(const unsigned char *at, const unsigned char *end) {
    return *at < 128 ? kind_of[*at] == SPACE : wide_space_at(at, end);
}

/* The letters of ASCII that stand for the letters of two bytes from C3 80 to C5 BF, once folded; zeros for others. */
static char folded[192][2];

static int find_folded(PyObject *fold) {
    for (int i = 0; i < 192; i++) {
        const char letter[] = {(char)(0xc3 + i / 64), (char)(0x80 + i % 64), 0};
        PyObject *text = PyUnicode_FromString(letter);
        PyObject *found = text ? PyObject_CallFunctionObjArgs(fold, text, NULL) : NULL;
        Py_ssize_t length = 0;
        const char *plain = found ? PyUnicode_AsUTF8AndSize(found, &length) : NULL;
        if (plain && (length == 1 || length == 2) && kind_of_letters(plain, length)) memcpy(folded[i], plain, (size_t)length);
        Py_XDECREF(text);
        Py_XDECREF(found);
        if (!plain) return -1;
    }
    return 0;
}

/* What stands in ASCII for a mark of three bytes from E2 80 90: dashes, quotes, bullets and dots; 0 for anything else. */
static char plain_mark(const unsigned char *at, const unsigned char *end) {
    if (end - at < 3 || at[0] != 0xe2 || at[1] != 0x80) return 0;
    if (at[2] == 0x99) return '\'';
    const int breaks = (at[2] >= 0x90 && at[2] <= 0x98) || (at[2] >= 0x9a && at[2] <= 0x9e) || at[2] == 0xa2 || at[2] == 0xa6;
    return breaks ? '-' : 0;
}

/* Adds the numbers of the terms of a chunk. It is given in ASCII, and as it is, both in lower case. */
static int emit_chunk(Words *words, const char *chunk, size_t size, const char *whole, size_t whole_size, Bytes *out) {
    /* Outside of words, points and quotes mean nothing. */
    size_t first = 0, end = size;
    while (first < end && is_outer[(unsigned char)chunk[first]]) first++;
    while (end > first && is_outer[(unsigned char)chunk[end - 1]]) end--;
    /* A possessive loses its ending; all else that is special is left to the rules. */
    for (size_t i = first; i < end; i++) {
        if (kind_of[(unsigned char)chunk[i]] != SPECIAL) continue;
        const int is_possessive = chunk[i] == '\'' && i > first && kind_of[(unsigned char)chunk[i - 1]] == LETTER &&
                                  i + 1 < end && chunk[i + 1] == 's' &&
                                  (i + 2 == end || kind_of[(unsigned char)chunk[i + 2]] == BREAKS);
        if (!is_possessive) return emit(words, whole, whole_size, 0, out);
    }
    for (size_t i = first; i < end;) {
        size_t stop = i;
        while (stop < end && kind_of[(unsigned char)chunk[stop]] == LETTER) stop++;
        if (stop > i && emit(words, chunk + i, stop - i < LONGEST_TERM ? stop - i : LONGEST_TERM, 1, out) < 0) return -1;
        i = stop + (stop < end && chunk[stop] == '\'' ? 2 : 1);
    }
    return 0;
}

static int emit_text(Words *words, const char *text, size_t length, Bytes *room, Bytes *out) {
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    room->length = 0;
    if (bytes_reserve(room, 2 * length + 1) < 0) return -1;
    while (at < end) {
        size_t space = space_at(at, end), size = 0, whole_size = 0;
        char *chunk = room->data, *whole = chunk + length;
        int is_ascii = 1, kinds = 0;
        for (; at < end && !(space = space_at(at, end));) {
            if (*at < 128) {
                kinds |= 1 << kind_of[*at];
                chunk[size++] = whole[whole_size++] = lower[*at++];
                continue;
            }
            kinds |= 1 << BREAKS;
            if (*at >= 0xc3 && *at <= 0xc5 && end - at > 1 && folded[(*at - 0xc3) * 64 + at[1] - 0x80][0]) {
                const char *plain = folded[(*at - 0xc3) * 64 + at[1] - 0x80];
                chunk[size++] = plain[0];
                if (plain[1]) chunk[size++] = plain[1];
                whole[whole_size++] = (char)*at++;
                whole[whole_size++] = (char)*at++;
                continue;
            }
            const char mark = plain_mark(at, end);
            is_ascii &= mark != 0;
            chunk[size++] = mark;
            for (int bytes = mark ? 3 : 1; bytes; bytes--) whole[whole_size++] = (char)*at++;
        }
        if (kinds == 1 << LETTER) {
            if (emit(words, chunk, size < LONGEST_TERM ? size : LONGEST_TERM, 1, out) < 0) return -1;
        } else if (whole_size && (is_ascii ? emit_chunk(words, chunk, size, whole, whole_size, out)
                                           : emit(words, whole, whole_size, 0, out)) < 0) {
            return -1;
        }
        at += space;
    }
    return 0;
}

/* Forgets all chunks; the terms keep their numbers. */
static void words_clear(Words *words) {
    free(words->entries);
    words->entries = NULL;
    words->places = words->used = words->longer.length = words->several.length = 0;
}

static PyObject *numbered(PyObject *self, PyObject *texts) {
    Words *words = (Words *)self;
    if (words->is_at_work) { PyErr_SetString(PyExc_RuntimeError, "another thread is at work here"); return NULL; }
    Py_ssize_t count;
    PyObject *owners;
    Span *spans = spans_of(texts, &count, &owners);
    if (!spans) return NULL;
    for (Py_ssize_t i = 0; i < count; i++)
        if (spans[i].length > 0x3fffffff) PyErr_SetString(PyExc_ValueError, "a text of over 1 GB");
    Bytes values = {0}, ends = {0}, out = {0}, counts = {0}, room = {0};
    int failed = PyErr_Occurred() != NULL;
    words->is_at_work = 1;
    words->added.length = 0;
    PyThreadState *state = PyEval_SaveThread();
    for (Py_ssize_t i = 0; !failed && i < count; i++)
        failed = emit_text(words, spans[i].data, spans[i].length, &room, &values) < 0 ||
                 bytes_add(&ends, &values.length, sizeof values.length) < 0;
    PyEval_RestoreThread(state);
    failed = failed_to(failed) || learn(words) < 0;
    size_t begin = 0;
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        const size_t before = out.length, end = ((size_t *)ends.data)[i];
        const Bytes some = {values.data + begin, end - begin, 0};
        failed = failed_to(expand(words, &some, &out) < 0 ||
                           bytes_add_int(&counts, (int32_t)((out.length - before) / sizeof(int32_t))) < 0);
        begin = end;
    }
    if (failed) words_clear(words); /* some of it has no value yet */
    words->is_at_work = 0;
    PyObject *found = failed ? NULL
                             : Py_BuildValue("y#y#", out.data ? out.data : "", (Py_ssize_t)out.length,
                                             counts.data ? counts.data : "", (Py_ssize_t)counts.length);
    free(values.data);
    free(ends.data);
    free(out.data);
    free(counts.data);
    free(room.data);
    free(spans);
    Py_DECREF(owners);
    return found;
}

static Py_ssize_t words_length(PyObject *self) { return (Py_ssize_t)((Words *)self)->used; }

static void words_dealloc(PyObject *self) {
    Words *words = (Words *)self;
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(words->terms);
    Py_XDECREF(words->analyse);
    free(words->entries);
    free(words->longer.data);
    free(words->several.data);
    free(words->added.data);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static int words_init(PyObject *self, PyObject *args, PyObject *named) {
    Words *words = (Words *)self;
    PyObject *terms, *analyse;
    if (named && PyDict_Size(named)) { PyErr_SetString(PyExc_TypeError, "no named arguments"); return -1; }
    if (!PyArg_ParseTuple(args, "O!O", &PyDict_Type, &terms, &analyse)) return -1;
    if (words->terms) { PyErr_SetString(PyExc_TypeError, "made already"); return -1; }
    /* Texts are hashed by Python with a secret of the process. */
    PyObject *probe = PyUnicode_FromString("newsearch");
    if (!probe) return -1;
    words->secret = (uint64_t)PyObject_Hash(probe) * 0x9e3779b97f4a7c15u;
    Py_DECREF(probe);
    words->terms = Py_NewRef(terms);
    words->analyse = Py_NewRef(analyse);
    return 0;
}

static PyMethodDef words_methods[] = {
    {"numbered", numbered, METH_O, "numbered(texts): the numbers of the terms of texts, and how many each has."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot words_slots[] = {
    {Py_tp_doc, "Texts -> the numbers of their terms; see building.py."},
    {Py_tp_init, words_init},
    {Py_tp_dealloc, words_dealloc},
    {Py_tp_methods, words_methods},
    {Py_sq_length, words_length},
    {0, NULL},
};
static PyType_Spec words_spec = {
    "newsearch.engine.arrays.writing._building.Words", sizeof(Words), 0, Py_TPFLAGS_DEFAULT, words_slots,
};

/* ---- sorted texts ---- */

typedef struct {
    uint64_t begin; /* the first bytes, as a number that sorts as they do */
    const Span *span;
} Key;

static int compare(const void *left, const void *right) {
    const Key *a = left, *b = right;
    if (a->begin != b->begin) return a->begin < b->begin ? -1 : 1;
    const size_t shorter = a->span->length < b->span->length ? a->span->length : b->span->length;
    const int order = memcmp(a->span->data, b->span->data, shorter);
    if (order || a->span->length == b->span->length) return order;
    return a->span->length < b->span->length ? -1 : 1;
}

static const char sorted_texts_doc[] =
    "sorted_texts(texts): the numbers of different texts in their order, their UTF-8, and where each begins there.";

static PyObject *sorted_texts(PyObject *module, PyObject *texts) {
    Py_ssize_t count;
    PyObject *owners;
    Span *spans = spans_of(texts, &count, &owners);
    if (!spans) return NULL;
    size_t total = 0;
    for (Py_ssize_t i = 0; i < count; i++) total += spans[i].length;
    Key *order = malloc((size_t)(count + 1) * sizeof *order);
    PyObject *numbers = PyBytes_FromStringAndSize(NULL, count * 8);
    PyObject *utf8 = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)total);
    PyObject *starts = PyBytes_FromStringAndSize(NULL, (count + 1) * 8), *found = NULL;
    if (!failed_to(!order || !numbers || !utf8 || !starts)) {
        int64_t *number = (int64_t *)PyBytes_AsString(numbers), *start = (int64_t *)PyBytes_AsString(starts);
        char *data = PyBytes_AsString(utf8);
        PyThreadState *state = PyEval_SaveThread();
        for (Py_ssize_t i = 0; i < count; i++) {
            order[i].span = &spans[i];
            order[i].begin = 0;
            for (size_t j = 0; j < 8; j++)
                order[i].begin = order[i].begin << 8 | (j < spans[i].length ? (uint8_t)spans[i].data[j] : 0);
        }
        qsort(order, (size_t)count, sizeof *order, compare);
        start[0] = 0;
        for (Py_ssize_t i = 0; i < count; i++) {
            number[i] = order[i].span - spans;
            memcpy(data + start[i], order[i].span->data, order[i].span->length);
            start[i + 1] = start[i] + (int64_t)order[i].span->length;
        }
        PyEval_RestoreThread(state);
        found = PyTuple_Pack(3, numbers, utf8, starts);
    }
    Py_XDECREF(numbers);
    Py_XDECREF(utf8);
    Py_XDECREF(starts);
    free(order);
    free(spans);
    Py_DECREF(owners);
    return found;
}

/* ---- inverted: the words of articles -> postings ---- */

static const void *array_of(Array *array, PyObject *object, Type type) {
    if (array_open(array, object) < 0) return NULL;
    if (array->type == type) return array->data;
    PyErr_SetString(PyExc_TypeError, "an array of another type is expected here");
    return NULL;
}

static const char inverted_doc[] =
    "inverted(tokens, place, lengths, order, weights, forms, most): the postings of articles, see building.py.";

static PyObject *inverted(PyObject *module, PyObject *args) {
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
    int is_sound = articles <= ARTICLES && cells == articles * FIELDS && arrays[4].length == cells && forms >= 0 && most >= 0 &&
                   most <= POSITIONS;
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

/* ---- hashes: BLAKE2b with a digest of 8 bytes and no key (RFC 7693) ---- */

static const uint64_t blake_start[8] = {
    0x6a09e667f3bcc908u, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu, 0xa54ff53a5f1d36f1u,
    0x510e527fade682d1u, 0x9b05688c2b3e6c1fu, 0x1f83d9abfb41bd6bu, 0x5be0cd19137e2179u,
};
static const uint8_t blake_order[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static uint64_t little_endian(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) value = value << 8 | bytes[i];
    return value;
}

static inline uint64_t turned(uint64_t value, int by) { return value >> by | value << (64 - by); }

#define MIX(a, b, c, d, x, y)                                \
    v[a] += v[b] + (x); v[d] = turned(v[d] ^ v[a], 32);      \
    v[c] += v[d];       v[b] = turned(v[b] ^ v[c], 24);      \
    v[a] += v[b] + (y); v[d] = turned(v[d] ^ v[a], 16);      \
    v[c] += v[d];       v[b] = turned(v[b] ^ v[c], 63);

static void blake_block(uint64_t state[8], const uint8_t block[128], uint64_t counted, int is_last) {
    uint64_t v[16], m[16];
    for (int i = 0; i < 16; i++) m[i] = little_endian(block + 8 * i);
    memcpy(v, state, 64);
    memcpy(v + 8, blake_start, 64);
    v[12] ^= counted;
    if (is_last) v[14] = ~v[14];
#pragma GCC unroll 12 /* so that the order is known when this is compiled: twice as fast */
    for (int round = 0; round < 12; round++) {
        const uint8_t *s = blake_order[round % 10];
        MIX(0, 4, 8, 12, m[s[0]], m[s[1]])
        MIX(1, 5, 9, 13, m[s[2]], m[s[3]])
        MIX(2, 6, 10, 14, m[s[4]], m[s[5]])
        MIX(3, 7, 11, 15, m[s[6]], m[s[7]])
        MIX(0, 5, 10, 15, m[s[8]], m[s[9]])
        MIX(1, 6, 11, 12, m[s[10]], m[s[11]])
        MIX(2, 7, 8, 13, m[s[12]], m[s[13]])
        MIX(3, 4, 9, 14, m[s[14]], m[s[15]])
    }
    for (int i = 0; i < 8; i++) state[i] ^= v[i] ^ v[i + 8];
}

static uint64_t blake2b_64(const char *data, size_t length) {
    uint64_t state[8];
    uint8_t last[128] = {0};
    memcpy(state, blake_start, sizeof state);
    state[0] ^= 0x01010008u;
    size_t at = 0;
    for (; length - at > 128; at += 128) blake_block(state, (const uint8_t *)data + at, at + 128, 0);
    memcpy(last, data + at, length - at);
    blake_block(state, last, length, 1);
    return state[0]; /* its bytes, read as a little-endian number, are the digest */
}

static int hash_text(PyObject *text, uint64_t *hash) {
    PyObject *owner;
    Py_ssize_t length;
    const char *data = utf8(text, &length, &owner);
    if (!data) return -1;
    *hash = blake2b_64(data, (size_t)length);
    Py_XDECREF(owner);
    return 0;
}

static const char hash_keys_doc[] = "hash_keys(texts): columns.hash_key of each of a list of texts.";

static PyObject *hash_keys(PyObject *module, PyObject *texts) {
    Py_ssize_t count;
    PyObject *owners;
    Span *spans = spans_of(texts, &count, &owners);
    if (!spans) return NULL;
    PyObject *found = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(uint64_t));
    uint64_t *hashes = found ? (uint64_t *)PyBytes_AsString(found) : NULL;
    PyThreadState *state = PyEval_SaveThread();
    for (Py_ssize_t i = 0; hashes && i < count; i++) hashes[i] = blake2b_64(spans[i].data, spans[i].length);
    PyEval_RestoreThread(state);
    free(spans);
    Py_DECREF(owners);
    return found;
}

/* ---- facts: what the columns keep of articles ---- */

enum { PUBLISHED = 1, DATED = 2, DATE_ONLY = 4, HAS_HEAT = 8, HAS_QUALITY = 16, HAS_IMAGE = 32, HAS_RELATED = 64,
       HAS_BODY = 128 }; /* see columns.py */

static const char *const names[] = {
    "id", "title", "excerpt", "web_url", "original_url", "amp_web_url", "cdn_amp_web_url", "body", "date", "published",
    "heat", "quality", "images", "related", "extra", "provider", "category", "type", "language", "topics", "name",
    "domain", "tzinfo", "hour", "minute", "second", "microsecond", "toordinal", "astimezone",
};
enum { ID, TITLE, EXCERPT, WEB_URL, ORIGINAL_URL, AMP_URL, CDN_AMP_URL, BODY, DATE, IS_PUBLISHED, HEAT, QUALITY, IMAGES,
       RELATED, EXTRA, PROVIDER, CATEGORY, TYPE, LANGUAGE, TOPICS, NAME, DOMAIN_, TZINFO, HOUR, MINUTE, SECOND,
       MICROSECOND, TOORDINAL, ASTIMEZONE, NAMES };
static PyObject *interned[NAMES], *utc, *datetime_type, *article_type;
static Slot slots[TOPICS + 1]; /* of an article */

static void replace(PyObject **held, PyObject *by) {
    PyObject *before = *held;
    *held = by;
    Py_XDECREF(before);
}

static PyObject *attribute(PyObject *object, int name) {
    if (name > TOPICS || (PyObject *)Py_TYPE(object) != article_type) return PyObject_GetAttr(object, interned[name]);
    return slots[name].get(slots[name].descriptor, object, article_type);
}

static int is_true(PyObject *object, int name) {
    PyObject *value = attribute(object, name);
    const int answer = value ? PyObject_IsTrue(value) : -1;
    Py_XDECREF(value);
    return answer;
}

static int64_t whole(PyObject *object, int name) {
    PyObject *value = attribute(object, name);
    const int64_t number = value ? PyLong_AsLongLong(value) : -1;
    Py_XDECREF(value);
    return number;
}

/* Adds the UTF-8 of an attribute that is a text or None. Returns whether it is a text that is not empty, or -1. */
static int add_attribute(Bytes *bytes, PyObject *object, int name) {
    PyObject *value = attribute(object, name);
    if (!value) return -1;
    const size_t before = bytes->length;
    const int failed = value != Py_None && bytes_add_text(bytes, value) < 0;
    Py_DECREF(value);
    return failed ? -1 : bytes->length > before;
}

/* The seconds since 1970 of a date, and its flags. */
static int64_t seconds_of(PyObject *given, unsigned *flag) {
    PyObject *when = Py_NewRef(given), *days = NULL;
    int64_t seconds = 0;
    if (PyObject_IsInstance(when, datetime_type) == 1) {
        PyObject *zone = attribute(when, TZINFO);
        if (zone && zone != utc) replace(&when, PyObject_CallMethodObjArgs(given, interned[ASTIMEZONE], utc, NULL));
        Py_XDECREF(zone);
        if (!when) return -1;
        seconds = whole(when, HOUR) * 3600 + whole(when, MINUTE) * 60 + whole(when, SECOND);
        *flag |= DATED;
    } else {
        *flag |= DATED | DATE_ONLY;
    }
    days = PyObject_CallMethodObjArgs(when, interned[TOORDINAL], NULL);
    if (days) seconds += (PyLong_AsLongLong(days) - 719163) * 86400;
    Py_XDECREF(days);
    Py_DECREF(when);
    return seconds;
}

static int signal_of(PyObject *article, int name, double *value, unsigned *flag, unsigned has) {
    PyObject *number = attribute(article, name);
    if (!number) return -1;
    *value = 0;
    if (number != Py_None) {
        *value = PyFloat_AsDouble(number);
        if (*value == 0) *value = 0; /* which can have a sign */
        *flag |= has;
    }
    Py_DECREF(number);
    return -!!PyErr_Occurred();
}

/* The hash of the canonical form of an article's address; 0 where it has none. */
static int url_hash_of(PyObject *article, PyObject *id, uint64_t id_hash, PyObject *canonical_url, uint64_t *hash) {
    PyObject *url = NULL;
    for (int name = WEB_URL; name <= AMP_URL; name++) {
        /* The web address, or else the original one, or else that for mobiles. */
        replace(&url, attribute(article, name));
        if (!url) return -1;
        if (PyObject_IsTrue(url) == 1) break;
    }
    *hash = 0;
    int failed = 0;
    if (PyObject_IsTrue(url) == 1) {
        replace(&url, canonical_of(url, canonical_url));
        if (!url) return -1;
        if (PyUnicode_Compare(url, id) == 0) *hash = id_hash;
        else failed = hash_text(url, hash) < 0;
    }
    Py_DECREF(url);
    return -failed;
}

static int add_content(Bytes *bytes, PyObject *article, PyObject *record, unsigned flag, int64_t seconds, double heat,
                       double quality) {
    char *data;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(record, &data, &length) < 0) return -1;
    const char *rest = memchr(data, '\x1f', (size_t)length); /* what comes before it is the id */
    if (!rest) { PyErr_SetString(PyExc_ValueError, "not a record"); return -1; }
    if (failed_to(bytes_add(bytes, rest, (size_t)(length - (rest - data))) < 0)) return -1;
    PyObject *provider = attribute(article, PROVIDER), *topics = attribute(article, TOPICS);
    int failed = !provider || !topics;
    for (int name = NAME; !failed && name <= DOMAIN_; name++)
        failed = failed_to(bytes_add(bytes, "\x1f", 1) < 0) || (provider != Py_None && add_attribute(bytes, provider, name) < 0);
    for (int name = CATEGORY; !failed && name <= LANGUAGE; name++)
        failed = bytes_add(bytes, "\x1f", 1) < 0 || add_attribute(bytes, article, name) < 0;
    const Py_ssize_t count = failed ? 0 : PyTuple_Size(topics);
    failed = failed || count < 0;
    for (Py_ssize_t i = 0; !failed && i < count; i++)
        failed = bytes_add(bytes, "\x1f", 1) < 0 || bytes_add_text(bytes, PyTuple_GetItem(topics, i)) < 0;
    Py_XDECREF(provider);
    Py_XDECREF(topics);
    const uint8_t flags = (uint8_t)flag;
    return -failed_to(failed || bytes_add(bytes, "\x1f", 1) < 0 || bytes_add(bytes, &flags, 1) < 0 ||
                      bytes_add(bytes, &seconds, 8) < 0 || bytes_add(bytes, &heat, 8) < 0 ||
                      bytes_add(bytes, &quality, 8) < 0);
}

#define TOGETHER (4 << 20) /* bytes of contents that are hashed in one go */

/* Hashes what was added of each of the articles up to this one; `ends` says where each of them ends. */
static void hash_contents(Bytes *contents, const size_t *ends, Py_ssize_t *next, Py_ssize_t end, char *hashes) {
    PyThreadState *state = PyEval_SaveThread();
    size_t begin = 0;
    for (Py_ssize_t i = *next; i < end; i++) {
        const uint64_t hash = blake2b_64(contents->data + begin, ends[i] - begin);
        memcpy(hashes + 8 * i, &hash, 8);
        begin = ends[i];
    }
    PyEval_RestoreThread(state);
    contents->length = 0;
    *next = end;
}

static const char facts_doc[] =
    "facts(articles, records, canonical_url): flags, dates and hashes of articles, see building.py.";

static PyObject *facts(PyObject *module, PyObject *args) {
    PyObject *articles, *records, *canonical_url, *found = NULL;
    if (!PyArg_ParseTuple(args, "O!O!O", &PyList_Type, &articles, &PyList_Type, &records, &canonical_url)) return NULL;
    const Py_ssize_t count = PyList_Size(articles);
    if (PyList_Size(records) != count) { PyErr_SetString(PyExc_ValueError, "a record for each article"); return NULL; }
    PyObject *columns[5];
    Bytes contents = {0};
    size_t *ends = malloc((size_t)(count + 1) * sizeof *ends);
    Py_ssize_t next = 0;
    int failed = failed_to(!ends);
    for (int i = 0; i < 5; i++) {
        columns[i] = PyBytes_FromStringAndSize(NULL, count * (i ? 8 : 1));
        failed |= !columns[i];
    }
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        PyObject *article = PyList_GetItem(articles, i), *id = attribute(article, ID), *date = attribute(article, DATE);
        uint64_t id_hash = 0, url_hash = 0;
        int64_t seconds = 0;
        double heat, quality;
        unsigned flag = 0;
        failed = !id || !date || signal_of(article, HEAT, &heat, &flag, HAS_HEAT) < 0 ||
                 signal_of(article, QUALITY, &quality, &flag, HAS_QUALITY) < 0 || hash_text(id, &id_hash) < 0 ||
                 url_hash_of(article, id, id_hash, canonical_url, &url_hash) < 0;
        if (!failed && date != Py_None) seconds = seconds_of(date, &flag);
        static const int told[][2] = {
            {IS_PUBLISHED, PUBLISHED}, {IMAGES, HAS_IMAGE}, {RELATED, HAS_RELATED}, {BODY, HAS_BODY}};
        for (int j = 0; !failed && j < 4; j++)
            if (is_true(article, told[j][0]) == 1) flag |= (unsigned)told[j][1];
        failed = failed || PyErr_Occurred() ||
                 add_content(&contents, article, PyList_GetItem(records, i), flag, seconds, heat, quality) < 0;
        Py_XDECREF(id);
        Py_XDECREF(date);
        if (failed) break;
        PyBytes_AsString(columns[0])[i] = (char)flag;
        memcpy(PyBytes_AsString(columns[1]) + 8 * i, &seconds, 8);
        memcpy(PyBytes_AsString(columns[2]) + 8 * i, &id_hash, 8);
        memcpy(PyBytes_AsString(columns[3]) + 8 * i, &url_hash, 8);
        ends[i] = contents.length;
        if (contents.length > TOGETHER) hash_contents(&contents, ends, &next, i + 1, PyBytes_AsString(columns[4]));
    }
    if (!failed) hash_contents(&contents, ends, &next, count, PyBytes_AsString(columns[4]));
    if (!failed) found = PyTuple_Pack(5, columns[0], columns[1], columns[2], columns[3], columns[4]);
    for (int i = 0; i < 5; i++) Py_XDECREF(columns[i]);
    free(contents.data);
    free(ends);
    return found;
}

/* The stored record of an article, or None. */
static PyObject *plain_record(PyObject *article) {
    static const int rare[] = {IMAGES, RELATED, EXTRA};
    for (int i = 0; i < 3; i++) {
        const int has = is_true(article, rare[i]);
        if (has < 0) return NULL;
        if (has) Py_RETURN_NONE;
    }
    PyObject *parts[8] = {0}, *found = NULL, *date = attribute(article, DATE);
    Bytes record = {0};
    int failed = !date, is_plain = 1;
    if (!failed && PyObject_IsInstance(date, datetime_type) == 1) is_plain = whole(date, MICROSECOND) == 0;
    for (int name = ID; !failed && name <= BODY; name++) failed = !(parts[name] = attribute(article, name));
    const int has_web = !failed && parts[WEB_URL] != Py_None && PyObject_IsTrue(parts[WEB_URL]) == 1;
    for (int name = ID; !failed && is_plain && name <= BODY; name++) {
        const int is_same = has_web && (name == ID || name == ORIGINAL_URL) && parts[name] != Py_None &&
                            PyUnicode_Compare(parts[name], parts[WEB_URL]) == 0;
        if (is_same) failed = bytes_add(&record, "\x1e", 1) < 0;
        else if (parts[name] != Py_None) {
            Py_ssize_t length;
            const char *data = PyUnicode_AsUTF8AndSize(parts[name], &length);
            failed = !data || bytes_add(&record, data, (size_t)length) < 0;
        }
        failed = failed || PyErr_Occurred() || bytes_add(&record, "\x1f", 1) < 0;
    }
    failed = failed_to(failed);
    int separators = 0;
    for (size_t i = 0; is_plain && !failed && i < record.length; i++) {
        separators += record.data[i] == '\x1f';
        is_plain = record.data[i] != 0;
    }
    is_plain = is_plain && separators == 8; /* else Python says what is wrong */
    if (!failed) found = is_plain ? PyBytes_FromStringAndSize(record.data, (Py_ssize_t)record.length) : Py_NewRef(Py_None);
    for (int i = 0; i < 8; i++) Py_XDECREF(parts[i]);
    Py_XDECREF(date);
    free(record.data);
    return found;
}

static const char plain_records_doc[] =
    "plain_records(articles): the stored record of each, or None for one that has images, related articles, or what else "
    "few have.";

static PyObject *plain_records(PyObject *module, PyObject *articles) {
    if (!PyList_Check(articles)) { PyErr_SetString(PyExc_TypeError, "a list of articles is expected here"); return NULL; }
    const Py_ssize_t count = PyList_Size(articles);
    PyObject *records = PyList_New(count);
    for (Py_ssize_t i = 0; records && i < count; i++) {
        PyObject *article = PyList_GetItem(articles, i), *record = NULL;
        if (article) {
            Py_INCREF(article);
            record = plain_record(article);
            Py_DECREF(article);
        }
        if (record) PyList_SetItem(records, i, record);
        else Py_CLEAR(records);
    }
    return records;
}

/* ---- the module ---- */

static PyMethodDef methods[] = {
    {"sorted_texts", sorted_texts, METH_O, sorted_texts_doc},
    {"inverted", inverted, METH_VARARGS, inverted_doc},
    {"hash_keys", hash_keys, METH_O, hash_keys_doc},
    {"facts", facts, METH_VARARGS, facts_doc},
    {"plain_records", plain_records, METH_O, plain_records_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_building", "The inner loops of indexing, compiled; see building.py.", 0, methods,
};

static PyObject *imported(const char *module, const char *name) {
    PyObject *found = PyImport_ImportModule(module);
    PyObject *value = found ? PyObject_GetAttrString(found, name) : NULL;
    Py_XDECREF(found);
    return value;
}

PyMODINIT_FUNC PyInit__building(void) {
    find_kinds();
    for (int i = 0; i < NAMES; i++)
        if (!(interned[i] = PyUnicode_InternFromString(names[i]))) return NULL;
    PyObject *module = PyModule_Create(&definition);
    PyObject *words = PyType_FromSpec(&words_spec);
    if (!module || !words || PyModule_AddObjectRef(module, "Words", words) < 0 ||
        !(utc = imported("datetime", "UTC")) || !(datetime_type = imported("datetime", "datetime")) ||
        !(article_type = imported("newsearch.articles.article", "Article")))
        Py_CLEAR(module);
    PyObject *fold = module ? imported("newsearch.text.analysis", "fold") : NULL;
    if (!fold || find_folded(fold) < 0) Py_CLEAR(module);
    Py_XDECREF(fold);
    for (int name = 0; module && name <= TOPICS; name++)
        if (slot_open(&slots[name], article_type, interned[name]) < 0) Py_CLEAR(module);
    Py_XDECREF(words);
    return module;
}
