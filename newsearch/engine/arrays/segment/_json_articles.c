/* Stored articles as JSON, compiled: what article_to_mapping and a writer of JSON make of them.
 *
 * The columns come from a file, which may be damaged: each number is compared with the length of what it leads into. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "_calendar.h"
#include "_module.h"

#define DATED 2 /* these are flags, see columns.py */
#define DATE_ONLY 4
#define HAS_HEAT 8
#define HAS_QUALITY 16
#define MODIFIED 256
#define MODIFIED_ONLY 512
#define TAGGED 1024
#define PUBLISHED 1
#define SEPARATOR 0x1f /* see records.py */
#define SAME 0x1e
#define LEAST_PLAIN 1e-4 /* between these, all writers of JSON write a fraction with the same characters */
#define MOST_PLAIN 1e15
#define MOST_SCORED 1e9 /* a score below it has at most 15 digits, so its shortest form is the rounded one */
#define MAX_RECORD (64 << 20) /* see records.py */

static int damaged(const char *what) {
    PyErr_SetString(PyExc_ValueError, what);
    return -1;
}

/* ---- columns: numbers of any type, of which a file stores a single one where all are equal ---- */

typedef struct {
    Py_buffer view;
    int is_signed, is_double, is_open;
} Column;

static int column_open(Column *column, PyObject *object) {
    if (PyObject_GetBuffer(object, &column->view, PyBUF_STRIDED_RO | PyBUF_FORMAT) < 0) return -1;
    column->is_open = 1;
    const char *format = column->view.format ? column->view.format : "B";
    column->is_signed = strchr("bhilq", *format) != NULL;
    column->is_double = *format == 'd';
    if (column->view.ndim == 1 && strlen(format) == 1 && strchr("?bBhHiIlLqQd", *format)) return 0;
    PyErr_Format(PyExc_TypeError, "no column of type %s is expected here", format);
    return -1;
}

static void column_close(Column *column) {
    if (column->is_open) PyBuffer_Release(&column->view);
    column->is_open = 0;
}

static Py_ssize_t length_of(const Column *column) { return column->view.shape[0]; }

static const char *item(const Column *column, Py_ssize_t i) {
    return (const char *)column->view.buf + i * column->view.strides[0];
}

#define READ(TYPE)                                                                                                   \
    {                                                                                                                \
        TYPE value;                                                                                                  \
        memcpy(&value, item(column, i), sizeof value);                                                               \
        return (int64_t)value;                                                                                       \
    }

/* An element of a column of whole numbers. */
static int64_t whole(const Column *column, Py_ssize_t i) {
    const int is_signed = column->is_signed;
    switch (column->view.itemsize) {
        case 1: if (is_signed) READ(int8_t) else READ(uint8_t)
        case 2: if (is_signed) READ(int16_t) else READ(uint16_t)
        case 4: if (is_signed) READ(int32_t) else READ(uint32_t)
        default: READ(int64_t)
    }
}

enum {
    FLAG, DATE, CHANGE, HEAT, QUALITY, CATEGORY, TYPE, LANGUAGE, OUTLET, TOPIC_AT, TOPIC, AUTHOR_AT, AUTHOR, FACTS
};

/* The tables of strings, in the order in which they come. */
enum { CATEGORIES, TYPES, LANGUAGES, OUTLETS, TOPICS, AUTHORS, TABLES };

/* What the records of a segment are read with, see RecordReader. */
enum { SIZE, DECOMPRESS, ACQUIRE, RELEASE, CALLS };

typedef struct {
    Column facts[FACTS];
    struct { Column at, text; } tables[TABLES];
    Column record_at, records;
    PyObject *calls[CALLS];
} Columns;

static const char capsule_name[] = "newsearch.json_articles";

static void columns_close(Columns *columns) {
    for (int i = 0; i < FACTS; i++) column_close(&columns->facts[i]);
    for (int i = 0; i < TABLES; i++) {
        column_close(&columns->tables[i].at);
        column_close(&columns->tables[i].text);
    }
    column_close(&columns->record_at);
    column_close(&columns->records);
    for (int i = 0; i < CALLS; i++) Py_XDECREF(columns->calls[i]);
    PyMem_Free(columns);
}

static void capsule_close(PyObject *capsule) { columns_close(PyCapsule_GetPointer(capsule, capsule_name)); }

/* Bytes that stand side by side; -1 with an exception if they do not. */
static int text_open(Column *column, PyObject *object) {
    if (column_open(column, object) < 0) return -1;
    if (column->view.itemsize == 1 && (column->view.strides[0] == 1 || length_of(column) <= 1)) return 0;
    PyErr_SetString(PyExc_BufferError, "the bytes of a table do not stand side by side");
    return -1;
}

static const char opened_doc[] =
    "opened(facts, tables, record_at, records, calls): the columns and records of a segment, held open for `hits`.\n\n"
    "`facts` are the columns FACTS of stored.py, `tables` pairs of offsets and bytes for each of TABLES, and `calls`\n"
    "what tells the size of a frame, decompresses one, and acquires and releases the lock around that.";

static PyObject *opened(PyObject *module, PyObject *args) {
    PyObject *facts, *tables, *record_at, *records, *calls;
    if (!PyArg_ParseTuple(args, "O!O!OOO!", &PyTuple_Type, &facts, &PyTuple_Type, &tables, &record_at, &records,
                          &PyTuple_Type, &calls))
        return NULL;
    if (PyTuple_Size(facts) != FACTS || PyTuple_Size(tables) != 2 * TABLES || PyTuple_Size(calls) != CALLS) {
        PyErr_SetString(PyExc_TypeError, "the columns of a segment are expected here");
        return NULL;
    }
    Columns *columns = PyMem_Calloc(1, sizeof *columns);
    if (!columns) return PyErr_NoMemory();
    for (int i = 0; i < FACTS; i++) {
        if (column_open(&columns->facts[i], PyTuple_GetItem(facts, i)) < 0) goto fail;
    }
    for (int i = 0; i < TABLES; i++) {
        if (column_open(&columns->tables[i].at, PyTuple_GetItem(tables, 2 * i)) < 0 ||
            text_open(&columns->tables[i].text, PyTuple_GetItem(tables, 2 * i + 1)) < 0)
            goto fail;
    }
    if (column_open(&columns->record_at, record_at) < 0 || text_open(&columns->records, records) < 0) goto fail;
    for (int i = 0; i < CALLS; i++) columns->calls[i] = Py_NewRef(PyTuple_GetItem(calls, i));
    PyObject *capsule = PyCapsule_New(columns, capsule_name, capsule_close);
    if (capsule) return capsule;
fail:
    columns_close(columns);
    return NULL;
}

/* ---- text that grows ---- */

typedef struct Text {
    char *data;
    size_t length, room;
    int failed;
    struct Text *others; /* what is quoted here and not ASCII, or DEL, with a space for all that is between */
} Text;

static void add(Text *text, const char *data, size_t length) {
    if (text->failed) return;
    if (text->length + length > text->room) {
        const size_t room = 2 * (text->length + length) + 1024;
        char *larger = PyMem_Realloc(text->data, room);
        if (!larger) { text->failed = 1; return; }
        text->data = larger;
        text->room = room;
    }
    memcpy(text->data + text->length, data, length);
    text->length += length;
}

static void add_text(Text *text, const char *words) { add(text, words, strlen(words)); }

static char escape_of[256]; /* the letter behind the backslash, `u` for a number, 0 for a character as it is */

static void find_escapes(void) {
    memset(escape_of, 'u', 32);
    const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *at = letters; *at; at += 2) escape_of[(unsigned char)at[0]] = at[1];
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define ANY_BELOW(eight, byte) (((eight) - EACH(byte)) & ~(eight) & EACH(0x80))

/* Whether eight characters stand for themselves and are ASCII. */
static int are_plain(const char *at) {
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    const uint64_t high = (eight | (eight + EACH(1))) & EACH(0x80); /* DEL is one of these */
    return !(high | ANY_BELOW(eight, 0x20) | ANY_BELOW(eight ^ EACH('"'), 1) | ANY_BELOW(eight ^ EACH('\\'), 1));
}

static void add_quoted(Text *text, const char *data, size_t length) {
    size_t from = 0, i = 0;
    add(text, "\"", 1);
    while (i < length) {
        if (length - i >= 8 && are_plain(data + i)) {
            i += 8;
            continue;
        }
        for (const size_t end = length - i > 8 ? i + 8 : length; i < end; i++) {
            const unsigned char byte = (unsigned char)data[i];
            if (byte >= 0x7f) {
                const size_t start = i;
                while (i + 1 < length && (unsigned char)data[i + 1] >= 0x7f) i++;
                add(text->others, data + start, i + 1 - start);
                add(text->others, " ", 1);
                continue;
            }
            const char letter = escape_of[byte];
            if (!letter) continue;
            add(text, data + from, i - from);
            from = i + 1;
            char escaped[8];
            const int size = letter == 'u' ? snprintf(escaped, sizeof escaped, "\\u%04x", byte)
                                           : snprintf(escaped, sizeof escaped, "\\%c", letter);
            add(text, escaped, (size_t)size);
        }
    }
    add(text, data + from, length - from);
    add(text, "\"", 1);
}

typedef struct {
    const char *data;
    Py_ssize_t length;
} Part;

/* `,"key":"value"`, or nothing without a value. */
static void add_member(Text *text, const char *key, Part value) {
    if (!value.length) return;
    add_text(text, key);
    add_quoted(text, value.data, (size_t)value.length);
}

/* ---- what an article has ---- */

/* A string of a table; -1 with an exception where it is not there. */
static int string_of(const Columns *columns, int table, int64_t number, Part *found) {
    const Column *at = &columns->tables[table].at, *text = &columns->tables[table].text;
    if (number < 0 || number >= length_of(at) - 1) return damaged("a string lies outside its table");
    const int64_t start = whole(at, (Py_ssize_t)number), end = whole(at, (Py_ssize_t)number + 1);
    if (start < 0 || end < start || end > length_of(text)) return damaged("the strings of a table are damaged");
    found->data = (const char *)text->view.buf + start;
    found->length = (Py_ssize_t)(end - start);
    return 0;
}

static int add_string(Text *text, const char *key, const Columns *columns, int table, int fact, Py_ssize_t doc) {
    Part found;
    if (string_of(columns, table, whole(&columns->facts[fact], doc), &found) < 0) return -1;
    add_member(text, key, found);
    return 0;
}

static int add_strings(Text *text, const char *key, const Columns *columns, int table, int fact, Py_ssize_t doc) {
    const Column *at = &columns->facts[fact - 1], *numbers = &columns->facts[fact];
    if (doc >= length_of(at) - 1) return damaged("an article lies outside its segment");
    const int64_t start = whole(at, doc), end = whole(at, doc + 1);
    if (start < 0 || end < start || end > length_of(numbers)) return damaged("the lists of a column are damaged");
    if (start == end) return 0;
    add_text(text, key);
    for (int64_t i = start; i < end; i++) {
        Part found;
        if (string_of(columns, table, whole(numbers, (Py_ssize_t)i), &found) < 0) return -1;
        add(text, i > start ? "," : "[", 1);
        add_quoted(text, found.data, (size_t)found.length);
    }
    add(text, "]", 1);
    return 0;
}

/* A number of two digits. */
static char *put_two(char *at, int number) {
    at[0] = (char)('0' + number / 10 % 10);
    at[1] = (char)('0' + number % 10);
    return at + 2;
}

static void add_whole(Text *text, int64_t number) {
    char digits[24], *at = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do *--at = (char)('0' + rest % 10); while (rest /= 10);
    if (number < 0) *--at = '-';
    add(text, at, (size_t)(digits + sizeof digits - at));
}

/* A day, or an instant in UTC, from the seconds since 1970; -1 with an exception if no calendar has it. */
static int add_date(Text *text, const char *key, int64_t seconds, int is_day) {
    Moment when;
    if (!moment_at(seconds, &when)) return damaged("a date lies outside all calendars");
    char written[] = "\"0000-00-00T00:00:00Z\"", *at = put_two(put_two(written + 1, when.year / 100), when.year);
    at = put_two(put_two(at + 1, when.month) + 1, when.day);
    if (!is_day) at = put_two(put_two(put_two(at + 1, when.hour) + 1, when.minute) + 1, when.second) + 1;
    *at++ = '"';
    add_text(text, key);
    add(text, written, (size_t)(at - written));
    return 0;
}

/* A signal; 0 where not every writer of JSON would write the same characters. */
static int add_signal(Text *text, const char *key, const Column *values, Py_ssize_t doc) {
    if (!values->is_double) {
        const int64_t value = whole(values, doc);
        if (value >= (int64_t)MOST_PLAIN || value <= -(int64_t)MOST_PLAIN) return 0;
        add_text(text, key);
        add_whole(text, value);
        return 1;
    }
    double value;
    memcpy(&value, item(values, doc), sizeof value);
    const double size = value < 0 ? -value : value;
    if (!(size < MOST_PLAIN)) return 0;
    if (value == (double)(int64_t)value) {
        add_text(text, key);
        add_whole(text, (int64_t)value);
        return 1;
    }
    if (size < LEAST_PLAIN) return 0;
    char *shortest = PyOS_double_to_string(value, 'r', 0, 0, NULL);
    if (!shortest) return -1;
    add_text(text, key);
    add_text(text, shortest);
    PyMem_Free(shortest);
    return 1;
}

/* The outlet: 0 where it has pictures, which only the Article tells. */
static int add_outlet(Text *text, const Columns *columns, Py_ssize_t doc) {
    Part found;
    if (string_of(columns, OUTLETS, whole(&columns->facts[OUTLET], doc), &found) < 0) return -1;
    if (!found.length) return 1;
    const char *end = found.data + found.length;
    const char *domain = memchr(found.data, 0x1f, (size_t)found.length);
    const char *images = domain ? memchr(domain + 1, 0x1f, (size_t)(end - domain - 1)) : NULL;
    if (!images) return damaged("an outlet is damaged");
    if (images + 1 != end) return 0;
    const Part name = {found.data, domain - found.data}, host = {domain + 1, images - domain - 1};
    add_text(text, ",\"provider\":{");
    add_member(text, "\"name\":", name);
    add_member(text, name.length ? ",\"domain\":" : "\"domain\":", host);
    add(text, "}", 1);
    return 1;
}

/* The parts of an encoded record. */
enum { ID, TITLE, EXCERPT, WEB, ORIGINAL, AMP, CACHED, BODY, REST, PARTS };

static int is_same(Part part) { return part.length == 1 && *part.data == SAME; }

/* Everything between the braces, with a comma before it: 0 where only the Article tells, -1 with an exception. */
static int add_members(Text *text, const Columns *columns, Py_ssize_t doc, const Part *parts) {
    const Column *facts = columns->facts;
    const int64_t flag = whole(&facts[FLAG], doc);
    int told = 1;
    add_member(text, ",\"path\":", parts[ID]);
    if (add_string(text, ",\"category\":", columns, CATEGORIES, CATEGORY, doc) < 0) return -1;
    add_member(text, ",\"title\":", parts[TITLE]);
    add_member(text, ",\"excerpt\":", parts[EXCERPT]);
    if ((flag & DATED) &&
        add_date(text, ",\"publishedDateTime\":", whole(&facts[DATE], doc), (flag & DATE_ONLY) != 0) < 0)
        return -1;
    if ((flag & MODIFIED) &&
        add_date(text, ",\"modified\":", whole(&facts[CHANGE], doc), (flag & MODIFIED_ONLY) != 0) < 0)
        return -1;
    if (add_strings(text, ",\"authors\":", columns, AUTHORS, AUTHOR, doc) < 0) return -1;
    add_member(text, ",\"originalUrl\":", parts[ORIGINAL]);
    add_member(text, ",\"webUrl\":", parts[WEB]);
    add_member(text, ",\"ampWebUrl\":", parts[AMP]);
    add_member(text, ",\"cdnAmpWebUrl\":", parts[CACHED]);
    if (add_string(text, ",\"type\":", columns, TYPES, TYPE, doc) < 0) return -1;
    if ((flag & TAGGED) && add_string(text, ",\"locale\":", columns, LANGUAGES, LANGUAGE, doc) < 0) return -1;
    if (flag & HAS_QUALITY) told = add_signal(text, ",\"quality\":", &facts[QUALITY], doc);
    if (told == 1 && (flag & HAS_HEAT)) told = add_signal(text, ",\"heat\":", &facts[HEAT], doc);
    add_text(text, flag & PUBLISHED ? ",\"published\":true" : ",\"published\":false");
    if (told == 1) told = add_outlet(text, columns, doc);
    if (told != 1) return told;
    if (add_strings(text, ",\"topics\":", columns, TOPICS, TOPIC, doc) < 0) return -1;
    add_member(text, parts[TITLE].length ? ",\"body\":" : ",\"text\":", parts[BODY]);
    return 1;
}

/* Finds the parts of an encoded record; -1 with an exception if it has others. */
static int find_parts(Part record, Part *parts) {
    const char *at = record.data, *end = at + record.length;
    for (int i = 0; i < PARTS; i++) {
        const char *next = memchr(at, SEPARATOR, (size_t)(end - at));
        if ((next == NULL) != (i == PARTS - 1)) return damaged("a record has other parts");
        parts[i].data = at;
        parts[i].length = (next ? next : end) - at;
        at = next ? next + 1 : end;
    }
    if (is_same(parts[ID])) parts[ID] = parts[WEB];
    if (is_same(parts[ORIGINAL])) parts[ORIGINAL] = parts[WEB];
    return 0;
}

/* ---- the hits of a page ---- */

/* The score of a hit, rounded; 0 where not every writer of JSON would write the same characters, -1 with an exception. */
static int add_score(Text *text, PyObject *score) {
    const double value = PyFloat_AsDouble(score);
    if (value == -1 && PyErr_Occurred()) return -1;
    if (!(value >= 0 && value < MOST_SCORED)) return 0;
    char *rounded = PyOS_double_to_string(value, 'f', 6, 0, NULL);
    if (!rounded) return -1;
    size_t length = strlen(rounded);
    while (rounded[length - 1] == '0' && rounded[length - 2] != '.') length--;
    const int told = value >= LEAST_PLAIN || !memcmp(rounded, "0.000000", 8);
    add(text, rounded, length);
    PyMem_Free(rounded);
    return told;
}

static int add_bytes(Text *text, PyObject *bytes) {
    char *data;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(bytes, &data, &length) < 0) return -1;
    add(text, data, (size_t)length);
    return 0;
}

/* What a hit says before its id: 0 where only the Article tells, -1 with an exception. */
static int add_start(Text *text, Py_ssize_t rank, PyObject *score, int is_complete) {
    add_text(text, "{\"rank\":");
    add_whole(text, rank);
    add_text(text, ",\"score\":");
    const int told = add_score(text, score);
    add_text(text, is_complete ? ",\"complete\":true" : ",\"complete\":false");
    return told;
}

typedef struct {
    PyObject *segment;      /* the capsule of the columns: another thread may put a new one into the list */
    const Columns *columns; /* NULL if only the Article tells */
    Py_ssize_t doc;
    PyObject *record;
} Place;

/* Writes one hit: 0 where only the Article tells, -1 with an exception. */
static int add_hit(Text *text, const Place *place, PyObject *more) {
    Part record, parts[PARTS];
    char *data;
    if (PyBytes_AsStringAndSize(place->record, &data, &record.length) < 0) return -1;
    record.data = data;
    if (find_parts(record, parts) < 0) return -1;
    if (parts[REST].length) return 0;
    add_text(text, ",\"id\":");
    add_quoted(text, parts[ID].data, (size_t)parts[ID].length);
    add_member(text, ",\"url\":", parts[WEB].length        ? parts[WEB]
                                  : parts[ORIGINAL].length ? parts[ORIGINAL]
                                                           : parts[AMP]);
    if (more && add_bytes(text, more) < 0) return -1;
    const int told = add_members(text, place->columns, place->doc, parts);
    add(text, "}", 1);
    return told;
}

/* Finds an article; -1 with an exception if it lies nowhere. */
static int find_place(Place *place, PyObject *segments, PyObject *starts, PyObject *open, Py_ssize_t doc) {
    Py_ssize_t low = 0, high = PyList_Size(segments), start = 0;
    while (low + 1 < high) {
        const Py_ssize_t middle = low + (high - low) / 2;
        if (PyLong_AsSsize_t(PyList_GetItem(starts, middle)) <= doc) low = middle; else high = middle;
    }
    if (!high || (start = PyLong_AsSsize_t(PyList_GetItem(starts, low))) < 0)
        return PyErr_Occurred() ? -1 : damaged("there are no segments");
    PyObject *segment = PyList_GetItem(segments, low), *made = NULL;
    if (segment == Py_None) {
        made = PyObject_CallFunction(open, "n", low);
        if (!made) return -1;
        segment = PyList_GetItem(segments, low);
        Py_DECREF(made);
    }
    if (segment == Py_False) return 0;
    place->segment = Py_NewRef(segment);
    place->columns = PyCapsule_GetPointer(segment, capsule_name);
    if (!place->columns) return -1;
    place->doc = doc - start;
    for (int i = 0; i <= OUTLET; i++) {
        if (place->doc < 0 || place->doc >= length_of(&place->columns->facts[i]))
            return damaged("an article lies outside its segment");
    }
    if (place->doc >= length_of(&place->columns->record_at) - 1) return damaged("an article lies outside its segment");
    return 0;
}

static PyObject *decompressed(const Columns *columns, PyObject *frame) {
    PyObject *size = PyObject_CallFunctionObjArgs(columns->calls[SIZE], frame, NULL);
    if (!size) return NULL;
    const long long bytes = PyLong_AsLongLong(size);
    Py_DECREF(size);
    if (bytes <= 0 || bytes > MAX_RECORD) {
        if (!PyErr_Occurred()) damaged("a record has no size, or is too long");
        return NULL;
    }
    PyObject *locked = PyObject_CallFunctionObjArgs(columns->calls[ACQUIRE], NULL);
    if (!locked) return NULL;
    Py_DECREF(locked);
    PyObject *record = PyObject_CallFunctionObjArgs(columns->calls[DECOMPRESS], frame, NULL);
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyObject *freed = PyObject_CallFunctionObjArgs(columns->calls[RELEASE], NULL);
    Py_XDECREF(freed);
    if (type || freed) PyErr_Restore(type, value, trace);
    if (!freed) Py_CLEAR(record);
    return record;
}

/* Reads the record of an article from its file. */
static PyObject *read_record(const Place *place) {
    const Columns *columns = place->columns;
    const int64_t start = whole(&columns->record_at, place->doc), end = whole(&columns->record_at, place->doc + 1);
    if (start < 0 || end < start || end > length_of(&columns->records)) {
        damaged("the records of a segment are damaged");
        return NULL;
    }
    PyObject *frame = PyMemoryView_FromMemory((char *)columns->records.view.buf + start, (Py_ssize_t)(end - start), PyBUF_READ);
    PyObject *record = frame ? decompressed(columns, frame) : NULL;
    Py_XDECREF(frame);
    return record;
}

/* Keeps a record in READ if its article was asked for before; -1 with an exception. */
static int note(Py_buffer *asked, PyObject *read, PyObject *doc, PyObject *record) {
    const size_t number = PyLong_AsSize_t(doc), slots = (size_t)asked->len / sizeof(uint32_t);
    uint32_t *slot = (uint32_t *)asked->buf + number % slots;
    const uint32_t mark = (uint32_t)number + 1;
    if (*slot == mark) return PyDict_SetItem(read, doc, record);
    *slot = mark;
    return 0;
}

static const char hits_doc[] =
    "hits(segments, starts, open, rows, held, rank, more, recent, asked, read): hits as JSON.\n\n"
    "Returns a list with the bytes of each hit, None if only the Article tells; and what of them is not ASCII, or DEL,\n"
    "with spaces for all else. It may not be UTF-8. `segments` are capsules of `opened`, None where open(number) has to\n"
    "put one, and False where only Articles tell; `starts` the number of the first article of each. `rows` are those of\n"
    "the page, `held` tells whether each contains every word. `recent` are two dicts of records that were read before.\n"
    "`asked` holds numbers of articles that were asked for, as uint32. A record that was read is put into `read` if its\n"
    "article is one of them, or if only the Article tells, and so is one of the second dict.\n\n"
    "Raises ValueError, or what the calls raise, if an article is damaged.";

static PyObject *hits(PyObject *module, PyObject *args) {
    PyObject *segments, *starts, *open, *rows, *held, *more, *last, *before, *read, *found = NULL, *result = NULL;
    Py_ssize_t rank;
    Py_buffer asked;
    if (!PyArg_ParseTuple(args, "O!O!OO!O!nO!(O!O!)w*O!", &PyList_Type, &segments, &PyList_Type, &starts, &open,
                          &PyList_Type, &rows, &PyList_Type, &held, &rank, &PyList_Type, &more, &PyDict_Type, &last,
                          &PyDict_Type, &before, &asked, &PyDict_Type, &read))
        return NULL;
    const Py_ssize_t count = PyList_Size(rows), given = PyList_Size(more);
    Text others = {0}, text = {0};
    text.others = &others;
    Place *places = PyMem_Calloc((size_t)count + 1, sizeof *places);
    if (!places) { PyErr_NoMemory(); goto done; }
    if (PyList_Size(held) != count || (given && given != count) || PyList_Size(starts) < PyList_Size(segments) ||
        asked.len < (Py_ssize_t)sizeof(uint32_t)) {
        PyErr_SetString(PyExc_TypeError, "lists of the same length are expected here");
        goto done;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *row = PyList_GetItem(rows, i), *doc = PyTuple_GetItem(row, 1);
        const Py_ssize_t number = doc ? PyLong_AsSsize_t(doc) : -1;
        if ((number == -1 && PyErr_Occurred()) || find_place(&places[i], segments, starts, open, number) < 0) goto done;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!places[i].columns) continue;
        PyObject *doc = PyTuple_GetItem(PyList_GetItem(rows, i), 1), *known = PyDict_GetItemWithError(last, doc);
        if (!known && !PyErr_Occurred() && (known = PyDict_GetItemWithError(before, doc)))
            PyDict_SetItem(read, doc, known);
        if (PyErr_Occurred()) goto done;
        places[i].record = known ? Py_NewRef(known) : read_record(&places[i]);
        if (!places[i].record || (!known && note(&asked, read, doc, places[i].record) < 0)) goto done;
    }
    found = PyList_New(count);
    for (Py_ssize_t i = 0; found && i < count; i++) {
        PyObject *row = PyList_GetItem(rows, i), *score = PyTuple_GetItem(row, 2), *hit;
        int told = 0;
        text.length = 0;
        if (!score) goto done;
        if (places[i].columns) {
            told = add_start(&text, rank + i, score, PyList_GetItem(held, i) == Py_True);
            if (told > 0) told = add_hit(&text, &places[i], given ? PyList_GetItem(more, i) : NULL);
            if (told == 0) told = PyDict_SetItem(read, PyTuple_GetItem(row, 1), places[i].record);
        }
        if (told < 0) goto done;
        if (text.failed || others.failed) { PyErr_NoMemory(); goto done; }
        hit = told ? PyBytes_FromStringAndSize(text.data, (Py_ssize_t)text.length) : Py_NewRef(Py_None);
        if (!hit || PyList_SetItem(found, i, hit) < 0) goto done;
    }
    if (found) result = Py_BuildValue("Oy#", found, others.data ? others.data : "", (Py_ssize_t)others.length);
done:
    for (Py_ssize_t i = 0; places && i < count; i++) {
        Py_XDECREF(places[i].record);
        Py_XDECREF(places[i].segment);
    }
    Py_XDECREF(found);
    PyMem_Free(places);
    PyMem_Free(text.data);
    PyMem_Free(others.data);
    PyBuffer_Release(&asked);
    return result;
}

/* ---- the module ---- */

static PyMethodDef methods[] = {
    {"opened", opened, METH_VARARGS, opened_doc},
    {"hits", hits, METH_VARARGS, hits_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_json_articles", "Stored articles as JSON, compiled; see json_articles.py.", 0, methods,
};

static const Constant constants[] = {
    CONSTANT(PUBLISHED), CONSTANT(DATED),    CONSTANT(DATE_ONLY),     CONSTANT(HAS_HEAT),
    CONSTANT(HAS_QUALITY), CONSTANT(MODIFIED), CONSTANT(MODIFIED_ONLY), CONSTANT(TAGGED),
    CONSTANT(MAX_RECORD),
};

PyMODINIT_FUNC PyInit__json_articles(void) {
    find_escapes();
    return module_with(PyModule_Create(&definition), constants, sizeof constants / sizeof *constants);
}
