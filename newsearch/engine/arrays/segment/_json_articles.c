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
#define ROOM 1024 /* bytes for what is not from the record */

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

typedef struct {
    Column facts[FACTS];
    struct { Column at, text; } tables[TABLES];
} Columns;

static const char capsule_name[] = "newsearch.json_articles";

static void columns_close(Columns *columns) {
    for (int i = 0; i < FACTS; i++) column_close(&columns->facts[i]);
    for (int i = 0; i < TABLES; i++) {
        column_close(&columns->tables[i].at);
        column_close(&columns->tables[i].text);
    }
    PyMem_Free(columns);
}

static void capsule_close(PyObject *capsule) { columns_close(PyCapsule_GetPointer(capsule, capsule_name)); }

static const char opened_doc[] =
    "opened(facts, tables): the columns of a segment, held open, as `text` takes them.\n\n"
    "`facts` are the columns FACTS of stored.py, `tables` pairs of offsets and bytes for each of TABLES.";

static PyObject *opened(PyObject *module, PyObject *args) {
    PyObject *facts, *tables;
    if (!PyArg_ParseTuple(args, "O!O!", &PyTuple_Type, &facts, &PyTuple_Type, &tables)) return NULL;
    if (PyTuple_Size(facts) != FACTS || PyTuple_Size(tables) != 2 * TABLES) {
        PyErr_SetString(PyExc_TypeError, "the columns of a segment are expected here");
        return NULL;
    }
    Columns *columns = PyMem_Calloc(1, sizeof *columns);
    if (!columns) return PyErr_NoMemory();
    for (int i = 0; i < FACTS; i++) {
        if (column_open(&columns->facts[i], PyTuple_GetItem(facts, i)) < 0) goto fail;
    }
    for (int i = 0; i < TABLES; i++) {
        Column *at = &columns->tables[i].at, *text = &columns->tables[i].text;
        if (column_open(at, PyTuple_GetItem(tables, 2 * i)) < 0 ||
            column_open(text, PyTuple_GetItem(tables, 2 * i + 1)) < 0)
            goto fail;
        if (text->view.itemsize != 1 || (text->view.strides[0] != 1 && length_of(text) > 1)) {
            PyErr_SetString(PyExc_BufferError, "the strings of a table do not stand side by side");
            goto fail;
        }
    }
    PyObject *capsule = PyCapsule_New(columns, capsule_name, capsule_close);
    if (capsule) return capsule;
fail:
    columns_close(columns);
    return NULL;
}

/* ---- text that grows ---- */

typedef struct {
    char *data;
    size_t length, room;
    int failed;
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

static void add_quoted(Text *text, const char *data, size_t length) {
    size_t from = 0;
    add(text, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)data[i];
        const char letter = escape_of[byte];
        if (!letter) continue;
        add(text, data + from, i - from);
        from = i + 1;
        char escaped[8];
        const int size = letter == 'u' ? snprintf(escaped, sizeof escaped, "\\u%04x", byte)
                                       : snprintf(escaped, sizeof escaped, "\\%c", letter);
        add(text, escaped, (size_t)size);
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

static const char hit_doc[] =
    "hit(columns, doc, record, before, after): an article as JSON, see json_articles.py; None if only the Article tells.\n\n"
    "Raises ValueError if it is damaged.";

static PyObject *hit(PyObject *module, PyObject *args) {
    PyObject *capsule, *result = NULL;
    Py_ssize_t doc;
    Part record, before, after;
    if (!PyArg_ParseTuple(args, "Ony#y#y#", &capsule, &doc, &record.data, &record.length, &before.data, &before.length,
                          &after.data, &after.length))
        return NULL;
    const Columns *columns = PyCapsule_GetPointer(capsule, capsule_name);
    if (!columns) return NULL;
    for (int i = 0; i <= OUTLET; i++) {
        if (doc < 0 || doc >= length_of(&columns->facts[i])) {
            damaged("an article lies outside its segment");
            return NULL;
        }
    }
    Part parts[PARTS];
    if (find_parts(record, parts) < 0) return NULL;
    if (parts[REST].length) Py_RETURN_NONE;
    /* Most need no more room than this. */
    Text written = {PyMem_Malloc(2 * (size_t)record.length + ROOM), 0, 2 * (size_t)record.length + ROOM, 0};
    if (!written.data) return PyErr_NoMemory();
    add(&written, before.data, (size_t)before.length);
    add_text(&written, ",\"id\":");
    add_quoted(&written, parts[ID].data, (size_t)parts[ID].length);
    add_member(&written, ",\"url\":", parts[WEB].length        ? parts[WEB]
                                      : parts[ORIGINAL].length ? parts[ORIGINAL]
                                                               : parts[AMP]);
    add(&written, after.data, (size_t)after.length);
    const int told = add_members(&written, columns, doc, parts);
    add(&written, "}", 1);
    if (told == 0) {
        result = Py_NewRef(Py_None);
    } else if (told > 0 && written.failed) {
        PyErr_NoMemory();
    } else if (told > 0) {
        /* What comes from a file must be text. */
        PyObject *read = PyUnicode_DecodeUTF8(written.data, (Py_ssize_t)written.length, "strict");
        if (read) result = PyBytes_FromStringAndSize(written.data, (Py_ssize_t)written.length);
        Py_XDECREF(read);
    }
    PyMem_Free(written.data);
    return result;
}

/* ---- the module ---- */

static PyMethodDef methods[] = {
    {"opened", opened, METH_VARARGS, opened_doc},
    {"hit", hit, METH_VARARGS, hit_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_json_articles", "Stored articles as JSON, compiled; see json_articles.py.", 0, methods,
};

static const Constant constants[] = {
    CONSTANT(PUBLISHED), CONSTANT(DATED),    CONSTANT(DATE_ONLY),     CONSTANT(HAS_HEAT),
    CONSTANT(HAS_QUALITY), CONSTANT(MODIFIED), CONSTANT(MODIFIED_ONLY), CONSTANT(TAGGED),
};

PyMODINIT_FUNC PyInit__json_articles(void) {
    find_escapes();
    return module_with(PyModule_Create(&definition), constants, sizeof constants / sizeof *constants);
}
