/* Texts -> the numbers of their terms: the class TermNumbering of building.py. */

#include "_building.h"

#include "_spaces.h"

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
} TermNumbering;

/* A key that was met for the first time. Its place in the table has UNKNOWN and its number here for a value, until
 * Python has told its terms. */
typedef struct {
    Entry entry;
    int is_plain; /* a single word, or else a chunk that only Python can take apart */
} Added;

#define UNKNOWN INT32_MIN
#define MAX_ADDED (1 << 30)

/* A secret differs from process to process, so that nobody can write articles whose words collide. */
static uint64_t mixed(const TermNumbering *words, uint64_t hash, uint64_t part) {
    hash = (hash ^ part) * (words->secret | 1);
    return hash ^ (hash >> 32);
}

static uint64_t hash_of_entry(const TermNumbering *words, const Entry *entry) {
    if (entry->length > SHORT) return entry->key[0];
    const uint64_t hash = mixed(words, mixed(words, words->secret ^ entry->length, entry->key[0]), entry->key[1]);
    return hash ^ (hash >> 29);
}

/* What a key would be as an entry, but for its value. */
static Entry entry_of(const TermNumbering *words, const char *key, size_t length) {
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

static Entry *place_of(TermNumbering *words, const Entry *wanted, const char *key) {
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

static int words_grow(TermNumbering *words) {
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
static int64_t number_of(TermNumbering *words, PyObject *term) {
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
static int analysed(TermNumbering *words, const char *chunk, size_t length, int32_t *value) {
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

static const char *key_of(const TermNumbering *words, const Entry *entry) {
    return entry->length <= SHORT ? (const char *)entry->key : words->longer.data + entry->key[1];
}

/* Has Python tell the terms of the keys that were met for the first time, in the order in which they came. */
static int learn(TermNumbering *words) {
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
static int emit(TermNumbering *words, const char *key, size_t length, int is_plain, Bytes *out) {
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

/* What `numbered` of building.py tells of a text beside its words; here the first two count values, not yet terms. */
typedef struct {
    int32_t head, dateline, is_misread;
} Marks;

/* The values of a text -> the numbers of the terms that they stand for; its marks then count terms. */
static int expand(const TermNumbering *words, const int32_t *value, size_t count, Marks *marks, Bytes *out) {
    const Marks given = *marks;
    const size_t before = out->length;
    for (size_t i = 0; i <= count; i++) {
        const int32_t terms = (int32_t)((out->length - before) / sizeof *value);
        if ((size_t)given.head == i) marks->head = terms;
        if ((size_t)given.dateline == i) marks->dateline = terms;
        if (i == count) break;
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
        const int is_special = strchr(".,'`&+#", c) && c;
        kind_of[c] = is_letter ? LETTER : is_ascii_space((unsigned)c) ? SPACE : is_special ? SPECIAL : BREAKS;
        is_outer[c] = c == '.' || c == ',' || c == '\'' || c == '`';
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
    if (at[2] == 0x98 || at[2] == 0x9b) return '`';
    const int breaks = (at[2] >= 0x90 && at[2] <= 0x97) || (at[2] == 0x9a || (at[2] >= 0x9c && at[2] <= 0x9e)) || at[2] == 0xa2 || at[2] == 0xa6;
    return breaks ? '-' : 0;
}

/* Adds the numbers of the terms of a chunk. It is given in ASCII, and as it is, both in lower case. */
static int emit_chunk(TermNumbering *words, const char *chunk, size_t size, const char *whole, size_t whole_size,
                      Bytes *out) {
    /* Outside of words, points and quotes mean nothing. */
    size_t first = 0, end = size;
    while (first < end && is_outer[(unsigned char)chunk[first]]) first++;
    while (end > first && is_outer[(unsigned char)chunk[end - 1]]) end--;
    /* But .5 is a number. */
    if (first && first < end && chunk[first - 1] == '.' && chunk[first] >= '0' && chunk[first] <= '9')
        return emit(words, whole, whole_size, 0, out);
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
        if (stop > i && emit(words, chunk + i, stop - i < MAX_TERM_LENGTH ? stop - i : MAX_TERM_LENGTH, 1, out) < 0) return -1;
        i = stop + (stop < end && chunk[stop] == '\'' ? 2 : 1);
    }
    return 0;
}

/* ---- what a headline and a report have around them, see stories/wording.py ---- */

typedef struct {
    int64_t chunk;
    int32_t values;
} Cut;

typedef struct {
    Cut separators[2]; /* the last one, and the one before */
    int64_t chunks;
    int has_open, is_place, is_decided;
    Marks marks;
} Around;

static int is_mark(const char *chunk, size_t size, const char *marks) {
    for (; *marks; marks += strlen(marks) + 1)
        if (strlen(marks) == size && !memcmp(marks, chunk, size)) return 1;
    return 0;
}

/* Takes note of a chunk, given as it is; `before` and `after` count the values before and behind it. */
static void look_around(Around *around, const char *chunk, size_t size, int32_t before, int32_t after) {
    const int64_t at = around->chunks++;
    if (size < 4 && is_mark(chunk, size, "-\0|\0–\0—\0·\0•\0")) {
        around->separators[1] = around->separators[0];
        around->separators[0] = (Cut){at, before};
    }
    if (at >= DATELINE_CHUNKS || around->is_decided) return;
    int has_close = 0, is_upper = 0, is_lower = 0;
    for (size_t i = 0; i < size; i++) {
        around->has_open |= chunk[i] == '(';
        has_close |= chunk[i] == ')';
        is_upper |= chunk[i] >= 'A' && chunk[i] <= 'Z';
        is_lower |= chunk[i] >= 'a' && chunk[i] <= 'z';
    }
    if (!at) around->is_place = is_upper && !is_lower;
    const int ends = chunk[size - 1] == ':' || chunk[size - 1] == '-';
    if (!(size < 4 && is_mark(chunk, size, "-\0–\0—\0--\0>>\0")) && !(ends && at && has_close)) return;
    around->is_decided = 1;
    if (around->has_open || around->is_place) around->marks.dateline = after;
}

/* The marks of a text with this many values. */
static Marks marks_of(Around *around, int32_t values) {
    around->marks.head = values;
    for (int i = 0; i < 2; i++) {
        const Cut cut = around->separators[i];
        if (cut.chunk > around->chunks - 2) continue;
        if (cut.chunk >= KEPT_WORDS && cut.chunk > around->chunks - ENDING_WORDS - 2) around->marks.head = cut.values;
        break;
    }
    return around->marks;
}

static int emit_text(TermNumbering *words, const char *text, size_t length, Bytes *room, Bytes *out, Marks *marks) {
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    Around around = {{{-1, 0}, {-1, 0}}, 0, 0, 0, 0, {0, 0, 0}};
    const size_t start = out->length;
    room->length = 0;
    if (bytes_reserve(room, 2 * length + 1) < 0) return -1;
    while (at < end) {
        size_t space = space_at(at, end), size = 0, whole_size = 0;
        char *chunk = room->data, *whole = chunk + length;
        int is_ascii = 1, kinds = 0;
        const unsigned char *begin = at;
        const int32_t before = (int32_t)((out->length - start) / sizeof(int32_t));
        for (; at < end && !(space = space_at(at, end));) {
            if (*at < 128) {
                kinds |= 1 << kind_of[*at];
                chunk[size++] = whole[whole_size++] = lower[*at++];
                continue;
            }
            kinds |= 1 << BREAKS;
            around.marks.is_misread |= *at == 0xc3 && end - at > 2 && at[2] > 127 &&
                                       (at[1] == 0x82 || at[1] == 0x83 || at[1] == 0xa2);
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
            if (emit(words, chunk, size < MAX_TERM_LENGTH ? size : MAX_TERM_LENGTH, 1, out) < 0) return -1;
        } else if (whole_size && (is_ascii ? emit_chunk(words, chunk, size, whole, whole_size, out)
                                           : emit(words, whole, whole_size, 0, out)) < 0) {
            return -1;
        }
        if (whole_size)
            look_around(&around, (const char *)begin, (size_t)(at - begin), before,
                        (int32_t)((out->length - start) / sizeof(int32_t)));
        at += space;
    }
    *marks = marks_of(&around, (int32_t)((out->length - start) / sizeof(int32_t)));
    return 0;
}

/* Forgets all chunks; the terms keep their numbers. */
static void words_clear(TermNumbering *words) {
    free(words->entries);
    words->entries = NULL;
    words->places = words->used = words->longer.length = words->several.length = 0;
}

static PyObject *numbered(PyObject *self, PyObject *texts) {
    TermNumbering *words = (TermNumbering *)self;
    if (words->is_at_work) { PyErr_SetString(PyExc_RuntimeError, "another thread is at work here"); return NULL; }
    Py_ssize_t count;
    PyObject *owners;
    Span *spans = spans_of(texts, &count, &owners);
    if (!spans) return NULL;
    for (Py_ssize_t i = 0; i < count; i++)
        if (spans[i].length > 0x3fffffff) PyErr_SetString(PyExc_ValueError, "a text of over 1 GB");
    Bytes values = {0}, ends = {0}, marked = {0}, out = {0}, counts = {0}, room = {0};
    int failed = PyErr_Occurred() != NULL;
    words->is_at_work = 1;
    words->added.length = 0;
    PyThreadState *state = PyEval_SaveThread();
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        Marks marks;
        failed = emit_text(words, spans[i].data, spans[i].length, &room, &values, &marks) < 0 ||
                 bytes_add(&ends, &values.length, sizeof values.length) < 0 ||
                 bytes_add(&marked, &marks, sizeof marks) < 0;
    }
    PyEval_RestoreThread(state);
    failed = failed_to(failed) || learn(words) < 0;
    size_t begin = 0;
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        const size_t before = out.length, end = ((size_t *)ends.data)[i];
        const int32_t *some = (const int32_t *)(values.data + begin);
        failed = failed_to(expand(words, some, (end - begin) / sizeof *some, (Marks *)marked.data + i, &out) < 0 ||
                           bytes_add_int(&counts, (int32_t)((out.length - before) / sizeof(int32_t))) < 0);
        begin = end;
    }
    if (failed) words_clear(words); /* some of it has no value yet */
    words->is_at_work = 0;
    PyObject *found = failed ? NULL
                             : Py_BuildValue("y#y#y#", out.data ? out.data : "", (Py_ssize_t)out.length,
                                             counts.data ? counts.data : "", (Py_ssize_t)counts.length,
                                             marked.data ? marked.data : "", (Py_ssize_t)marked.length);
    free(values.data);
    free(ends.data);
    free(marked.data);
    free(out.data);
    free(counts.data);
    free(room.data);
    free(spans);
    Py_DECREF(owners);
    return found;
}

static Py_ssize_t words_length(PyObject *self) { return (Py_ssize_t)((TermNumbering *)self)->used; }

static void words_dealloc(PyObject *self) {
    TermNumbering *words = (TermNumbering *)self;
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
    TermNumbering *words = (TermNumbering *)self;
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
    {"numbered", numbered, METH_O, "numbered(texts): the numbers of the terms of texts, how many each has, and its marks."},
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
    "newsearch.engine.arrays.writing._building.TermNumbering", sizeof(TermNumbering), 0, Py_TPFLAGS_DEFAULT,
    words_slots,
};

/* Adds the class to the module; -1 with an exception. */
int words_open(PyObject *module) {
    find_kinds();
    PyObject *fold = imported("newsearch.text.analysis", "fold"), *type = PyType_FromSpec(&words_spec);
    const int failed = !fold || !type || find_folded(fold) < 0 ||
                       PyModule_AddObjectRef(module, "TermNumbering", type) < 0;
    Py_XDECREF(fold);
    Py_XDECREF(type);
    return -failed;
}
