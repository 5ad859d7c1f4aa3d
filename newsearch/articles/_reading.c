/* Articles made of records, compiled: what reading.py does with a record whose values are of the usual types.
 *
 * A Reader gives None for a record that takes a closer look, which Python then has from the beginning. Whatever is not
 * plain ASCII text is cleaned by Python, too. So nothing here decides what an article is, only how soon it is made.
 *
 * Only the limited API of Python is used, so that one build serves every Python from 3.11 on. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stdint.h>
#include <string.h>

#include "_module.h"
#include "_slots.h"
#include "_spaces.h"
#include "_urls.h"

#define LARGEST_SIGNAL 1e12    /* see values.py */
#define OLDEST_YEAR 1600
#define NEWEST_YEAR 2200
#define LONG_INTEGER 19        /* digits; see sources/json_lines.py */
#define MAX_URL_LENGTH 4096    /* see text/addresses.py */

/* Keys of a record that most have. */
static const char *const keys[] = {
    "path", "id", "_id", "category", "title", "excerpt", "publishedDateTime", "originalUrl", "webUrl", "type", "quality",
    "heat", "published", "provider", "topics", "body", "content", "text",
};
enum { PATH, ID, UNDERSCORE_ID, CATEGORY, TITLE, EXCERPT, PUBLISHED_DATE_TIME, ORIGINAL_URL, WEB_URL, TYPE, QUALITY, HEAT,
       PUBLISHED, PROVIDER, TOPICS, BODY, CONTENT, TEXT, KEYS };

/* Fields of an article that are not set from one of the keys of the same place, and keys of a provider. */
static const char *const fields[] = {
    "id", "title", "excerpt", "topics", "body", "date", "original_url", "web_url", "category", "type", "quality", "heat",
    "published", "provider", "amp_web_url", "cdn_amp_web_url", "language", "modified", "images", "related", "history", "authors",
    "extra",
    "__class__",
    "name", "domain", "tags", "categories", "article", "publishedDateTime",
};
enum { F_ID, F_TITLE, F_EXCERPT, F_TOPICS, F_BODY, F_DATE, F_ORIGINAL_URL, F_WEB_URL, F_CATEGORY, F_TYPE, F_QUALITY, F_HEAT,
       F_PUBLISHED, F_PROVIDER, F_AMP, F_CDN_AMP, F_LANGUAGE, F_MODIFIED, F_IMAGES, F_RELATED, F_HISTORY, F_AUTHORS, F_EXTRA, F_CLASS,
       F_NAME, F_DOMAIN,
       F_TAGS, F_CATEGORIES, F_ARTICLE, F_PUBLISHED_DATE_TIME, FIELDS };
static PyObject *field_names[FIELDS], *empty_text, *empty_tuple;
static size_t key_lengths[KEYS];

/* What a Reader is made with, in this order. */
enum { DRAFT, ARTICLE, KNOWN_TOPICS, KNOWN_PROVIDERS, MAKE_TOPICS, MAKE_PROVIDER, FILL_RARE, CLEAN_ID, CLEAN_TEXT, CLEAN_BODY,
       CLEAN_URL, CANONICAL_URL, MOMENT, FROM_ISO, FOREIGN, GIVEN };

#define SEEN 64 /* keys that are remembered, and the characters of the longest of them */

typedef struct {
    PyObject_HEAD
    PyObject *given[GIVEN];
    PyObject *seen[SEEN];     /* keys of earlier records by their addresses: orjson gives the same objects again */
    int seen_number[SEEN];
    newfunc make[2];          /* of a draft, and of an article, which have the same slots */
    ClassSlot slots[2][F_CLASS];
} Reader;

/* Each of these gives a new reference; NULL without an exception is for a value that takes a closer look. */

/* The bytes of a character that is white space to Python, at `at`; 0 where there is none. */
static size_t space_at(const unsigned char *at, const unsigned char *end) {
    return *at < 128 ? (size_t)is_ascii_space(*at) : wide_space_at(at, end);
}

static uint8_t is_plain[256]; /* of ASCII; not of the zero at the end of a text */

/* The bytes of another character that stays as it is in clean text, for sure: of ASCII, a letter or sign of Western and
 * Central Europe, a mark of typography or of a currency. None of them combines with another (see NFC). */
static size_t plain_at(const unsigned char *at) {
    if (*at < 128) return is_plain[*at];
    if (*at == 0xc2) return at[1] > 0xa0 && at[1] != 0xad ? 2 : 0;
    if (*at >= 0xc3 && *at <= 0xc5) return 2;
    if (*at != 0xe2) return 0;
    return (at[1] == 0x80 && at[2] >= 0x90 && at[2] <= 0xa6) || (at[1] == 0x82 && at[2] >= 0xa0 && at[2] <= 0xb4) ||
                   (at[1] == 0x84 && at[2] == 0xa2)
               ? 3 : 0;
}

/* A line of clean text: as it is, or with its white space folded, where that is all that it takes. */
static PyObject *clean_line(PyObject *line, const char *text, Py_ssize_t length) {
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    /* Behind the last semicolon no entity ends, so that a line of ampersands is not looked through again for each. */
    const unsigned char *last = end;
    while (last > at && last[-1] != ';') last--;
    int is_folded = 1, was_space = 1;
    while (at < end) {
        if (is_plain[*at]) {
            do at++;
            while (is_plain[*at]);
            was_space = 0;
            continue;
        }
        size_t bytes = plain_at(at);
        if (!bytes && *at == '&' && at >= last) bytes = 1; /* no entity */
        if (bytes) {
            was_space = 0;
        } else {
            if (!(bytes = space_at(at, end))) return NULL;
            is_folded &= *at == ' ' && !was_space;
            was_space = 1;
        }
        at += bytes;
    }
    if (is_folded && (!was_space || !length)) return Py_NewRef(line);
    char *folded = PyMem_Malloc((size_t)length + 1), *to = folded;
    if (!folded) return PyErr_NoMemory();
    for (at = (const unsigned char *)text; at < end;) {
        const size_t space = space_at(at, end);
        if (space) {
            if (to > folded && to[-1] != ' ') *to++ = ' ';
            at += space;
        } else {
            *to++ = (char)*at++;
        }
    }
    if (to > folded && to[-1] == ' ') to--;
    PyObject *made = PyUnicode_FromStringAndSize(folded, to - folded);
    PyMem_Free(folded);
    return made;
}

static PyObject *line_of(Reader *reader, PyObject *value) {
    if (!value || value == Py_None) return Py_NewRef(empty_text);
    if (!PyUnicode_CheckExact(value)) return NULL;
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(value, &length);
    PyObject *clean = text ? clean_line(value, text, length) : NULL;
    if (clean) return clean;
    PyErr_Clear(); /* a lone surrogate */
    return PyObject_CallFunctionObjArgs(reader->given[CLEAN_TEXT], value, NULL);
}

static PyObject *url_of(Reader *reader, PyObject *value) {
    if (!value || value == Py_None) return Py_NewRef(Py_None);
    if (!PyUnicode_CheckExact(value)) return NULL;
    Py_ssize_t length;
    const char *url = PyUnicode_AsUTF8AndSize(value, &length);
    PyErr_Clear();
    const ptrdiff_t scheme = url && length <= MAX_URL_LENGTH ? scheme_length(url, length) : 0;
    int is_clean_url = scheme && ((url[scheme] >= 'a' && url[scheme] <= 'z') || (url[scheme] >= '0' && url[scheme] <= '9') ||
                                  (url[scheme] >= 'A' && url[scheme] <= 'Z'));
    for (Py_ssize_t i = scheme; is_clean_url && i < length; i++)
        is_clean_url = url[i] > ' ' && url[i] <= '~' && !(url[i] == '&' && length - i > 4 && !memcmp(url + i, "&amp;", 5));
    if (is_clean_url) return Py_NewRef(value);
    PyObject *cleaned = PyObject_CallFunctionObjArgs(reader->given[CLEAN_URL], value, NULL);
    if (cleaned != Py_None || PyUnicode_GetLength(value) == 0) return cleaned;
    Py_DECREF(cleaned); /* it cannot be used, and has to be set aside */
    return NULL;
}

static PyObject *signal_of(PyObject *value) {
    if (!value || value == Py_None) return Py_NewRef(Py_None);
    if (!PyLong_CheckExact(value) && !PyFloat_CheckExact(value)) return NULL;
    const double number = PyFloat_AsDouble(value);
    if (PyErr_Occurred()) { PyErr_Clear(); return NULL; }
    return number >= -LARGEST_SIGNAL && number <= LARGEST_SIGNAL ? Py_NewRef(value) : NULL;
}

/* A time in UTC as everybody writes it is left to the datetime module; whatever else, to Python's `moment`. */
static PyObject *date_of(Reader *reader, PyObject *value) {
    if (!value || !PyUnicode_CheckExact(value)) return NULL;
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(value, &length);
    PyErr_Clear();
    if (text && length == 20 && text[4] == '-' && text[10] == 'T' && text[19] == 'Z') {
        const int year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
        PyObject *when = year >= OLDEST_YEAR && year <= NEWEST_YEAR
                             ? PyObject_CallFunctionObjArgs(reader->given[FROM_ISO], value, NULL) : NULL;
        if (when) return when;
        PyErr_Clear();
    }
    return PyObject_CallFunctionObjArgs(reader->given[MOMENT], value, field_names[F_PUBLISHED_DATE_TIME], NULL);
}

/* A list of topics, or a provider, that was met before. */
static PyObject *known(PyObject *memory, PyObject *key) {
    PyObject *found = key ? PyDict_GetItemWithError(memory, key) : NULL;
    Py_XINCREF(found);
    if (!found) PyErr_Clear(); /* it cannot be hashed */
    return found;
}

static PyObject *topics_of(Reader *reader, PyObject *value) {
    if (value && value != Py_None && !PyList_Check(value)) return NULL;
    PyObject *key = value && value != Py_None ? PyList_AsTuple(value) : Py_NewRef(empty_tuple);
    PyObject *found = known(reader->given[KNOWN_TOPICS], key);
    Py_XDECREF(key);
    if (found || PyErr_Occurred()) return found;
    for (Py_ssize_t i = 0; value && value != Py_None && i < PyList_Size(value); i++) {
        PyObject *topic = PyList_GetItem(value, i);
        if (PyDict_Check(topic) || PyList_Check(topic)) return NULL;
    }
    return PyObject_CallFunctionObjArgs(reader->given[MAKE_TOPICS], value ? value : Py_None, Py_None, NULL);
}

static PyObject *provider_of(Reader *reader, PyObject *value) {
    if (!value || value == Py_None) return Py_NewRef(Py_None);
    if (!PyDict_CheckExact(value)) return NULL;
    PyObject *images = PyDict_GetItemWithError(value, field_names[F_IMAGES]);
    if (!images || images == Py_None) {
        PyObject *name = PyDict_GetItemWithError(value, field_names[F_NAME]);
        PyObject *domain = PyDict_GetItemWithError(value, field_names[F_DOMAIN]);
        PyObject *key = PyTuple_Pack(2, name ? name : Py_None, domain ? domain : Py_None);
        PyObject *found = known(reader->given[KNOWN_PROVIDERS], key);
        Py_XDECREF(key);
        if (found || PyErr_Occurred()) return found;
    }
    PyObject *provider = PyObject_CallFunctionObjArgs(reader->given[MAKE_PROVIDER], value, NULL);
    if (provider != Py_NotImplemented) return provider;
    Py_DECREF(provider); /* some of it has to be set aside */
    return NULL;
}

static PyObject *body_of(Reader *reader, PyObject *const *values, PyObject *given) {
    PyObject *body = PyUnicode_GetLength(given) ? given : NULL;
    /* Every key is checked, even after the body is found: Python sets aside a list or a mapping under any of them. */
    for (int key = BODY; key <= TEXT; key++) {
        if (!values[key] || values[key] == Py_None) continue;
        if (!PyUnicode_CheckExact(values[key])) return NULL;
        if (!body && PyUnicode_GetLength(values[key])) body = values[key];
    }
    return body ? PyObject_CallFunctionObjArgs(reader->given[CLEAN_BODY], body, NULL) : Py_NewRef(empty_text);
}

/* The id that a record has: a name, or the canonical form of its address. */
static PyObject *id_of(Reader *reader, PyObject *const *values, PyObject *web_url, PyObject *original_url) {
    for (int key = PATH; key <= UNDERSCORE_ID; key++) {
        if (!values[key] || values[key] == Py_None) continue;
        if (!PyUnicode_CheckExact(values[key])) return NULL;
        if (!PyUnicode_GetLength(values[key])) continue;
        Py_ssize_t length;
        const char *name = PyUnicode_AsUTF8AndSize(values[key], &length);
        PyErr_Clear();
        int is_plain = name != NULL;
        for (Py_ssize_t i = 0; is_plain && i < length; i++) is_plain = name[i] > ' ' && name[i] <= '~';
        return is_plain ? Py_NewRef(values[key])
                        : PyObject_CallFunctionObjArgs(reader->given[CLEAN_ID], values[key], NULL);
    }
    PyObject *url = web_url != Py_None ? web_url : original_url;
    return url == Py_None ? NULL : canonical_of(url, reader->given[CANONICAL_URL]);
}

static int is_empty(PyObject *text) { return !text || PyUnicode_GetLength(text) == 0; }

/* The number of a key that most have, or KEYS. */
static int key_number(PyObject *key) {
    Py_ssize_t length;
    const char *text = PyUnicode_Check(key) ? PyUnicode_AsUTF8AndSize(key, &length) : NULL;
    int number = text ? 0 : KEYS;
    if (!text) PyErr_Clear();
    while (number < KEYS && !((size_t)length == key_lengths[number] && !memcmp(text, keys[number], key_lengths[number])))
        number++;
    return number;
}

static int known_number(Reader *reader, PyObject *key) {
    const size_t at = ((uintptr_t)key >> 4) % SEEN;
    if (reader->seen[at] == key) return reader->seen_number[at];
    if (!PyUnicode_CheckExact(key) || PyUnicode_GetLength(key) > SEEN) return key_number(key);
    PyObject *before = reader->seen[at];
    reader->seen[at] = Py_NewRef(key);
    Py_XDECREF(before);
    return reader->seen_number[at] = key_number(key);
}

/* The article of a record, or None. Without an id it is that of the record. */
static PyObject *read_record(Reader *reader, PyObject *record, PyObject *id, PyObject *body) {
    PyObject *values[KEYS] = {0}, *made[FIELDS] = {0}, *draft = NULL, *key, *value;
    if (!PyDict_CheckExact(record)) Py_RETURN_NONE;
    Py_ssize_t present = 0, place = 0;
    while (PyDict_Next(record, &place, &key, &value)) {
        const int number = known_number(reader, key);
        if (number < KEYS) values[number] = value;
        else if (PySet_Contains(reader->given[FOREIGN], key)) { PyErr_Clear(); Py_RETURN_NONE; } /* another name of a key of ours */
        present += number < KEYS;
    }
    const int is_common = present == PyDict_Size(record);
    PyObject *is_published = values[PUBLISHED];
    if (!is_published || is_published == Py_None) is_published = Py_True;
    if (is_published != Py_True && is_published != Py_False) Py_RETURN_NONE;
    /* These can say what the topics and the category are, too. */
    for (int field = F_TAGS; !is_common && field <= F_CATEGORIES; field++) {
        PyObject *value = PyDict_GetItemWithError(record, field_names[field]);
        if (value && value != Py_None) Py_RETURN_NONE;
    }

    if (!(made[F_TITLE] = line_of(reader, values[TITLE])) || is_empty(made[F_TITLE]) ||
        !(made[F_EXCERPT] = line_of(reader, values[EXCERPT])) || !(made[F_TOPICS] = topics_of(reader, values[TOPICS])) ||
        !(made[F_BODY] = body_of(reader, values, body)) || !(made[F_DATE] = date_of(reader, values[PUBLISHED_DATE_TIME])) ||
        made[F_DATE] == Py_None || !(made[F_ORIGINAL_URL] = url_of(reader, values[ORIGINAL_URL])) ||
        !(made[F_WEB_URL] = url_of(reader, values[WEB_URL])) || !(made[F_CATEGORY] = line_of(reader, values[CATEGORY])) ||
        !(made[F_TYPE] = line_of(reader, values[TYPE])) ||
        !(made[F_QUALITY] = signal_of(values[QUALITY])) || !(made[F_HEAT] = signal_of(values[HEAT])) ||
        !(made[F_PROVIDER] = provider_of(reader, values[PROVIDER])) ||
        !(made[F_ID] = id == Py_None ? id_of(reader, values, made[F_WEB_URL], made[F_ORIGINAL_URL]) : Py_NewRef(id)) ||
        (id == Py_None && is_empty(made[F_ID])))
        goto done;
    if (is_empty(made[F_TYPE])) {
        Py_DECREF(made[F_TYPE]);
        made[F_TYPE] = Py_NewRef(field_names[F_ARTICLE]);
    }
    made[F_PUBLISHED] = Py_NewRef(is_published);
    PyTypeObject *type = (PyTypeObject *)reader->given[is_common ? ARTICLE : DRAFT];
    const ClassSlot *slots = reader->slots[is_common];
    if (!(draft = reader->make[is_common](type, empty_tuple, NULL))) goto done;
    if (is_common) {
        for (int field = F_AMP; field <= F_MODIFIED; field++) made[field] = Py_NewRef(Py_None);
        for (int field = F_IMAGES; field <= F_AUTHORS; field++) made[field] = Py_NewRef(empty_tuple);
        if (!(made[F_EXTRA] = PyDict_New())) goto failed;
    }
    for (int field = 0; field < F_CLASS && made[field]; field++)
        if (slots[field].set(slots[field].descriptor, draft, made[field]) < 0) goto failed;
    if (is_common) goto done;
    {
        PyObject *none = PyObject_CallFunctionObjArgs(reader->given[FILL_RARE], draft, record, NULL);
        Py_XDECREF(none);
        if (!none) goto failed;
    }
    if (PyObject_SetAttr(draft, field_names[F_CLASS], reader->given[ARTICLE]) == 0) goto done;
failed:
    Py_CLEAR(draft);
done:
    for (int field = 0; field < FIELDS; field++) Py_XDECREF(made[field]);
    /* Nothing that an article holds leads back to it, so the search for cycles need not look at every one of many. */
    if (draft) PyObject_GC_UnTrack(draft);
    if (draft || PyErr_Occurred()) return draft;
    Py_RETURN_NONE;
}

static const char read_doc[] =
    "read(record, id, body): the Article, or None where it takes a closer look. Without an id it is that of the record.";

static PyObject *read_one(PyObject *self, PyObject *args) {
    PyObject *record, *id, *body;
    if (!PyArg_ParseTuple(args, "OOU", &record, &id, &body)) return NULL;
    return read_record((Reader *)self, record, id, body);
}

/* Whether a line may hold an integer of more than 64 bits, of which the quick parser makes a float. */
static int has_long_integer(const char *line, Py_ssize_t length) {
    for (Py_ssize_t at = LONG_INTEGER - 1; at < length; at += LONG_INTEGER) {
        if (line[at] < '0' || line[at] > '9') continue;
        Py_ssize_t first = at, last = at;
        while (first > 0 && line[first - 1] >= '0' && line[first - 1] <= '9' && at - first < LONG_INTEGER) first--;
        while (last + 1 < length && line[last + 1] >= '0' && line[last + 1] <= '9' && last - first < LONG_INTEGER) last++;
        if (last - first + 1 >= LONG_INTEGER) return 1;
    }
    return 0;
}

static const char read_lines_doc[] =
    "read_lines(lines, parse): for each line that is bytes, its Article, or None where it takes a closer look.";

static PyObject *read_lines(PyObject *self, PyObject *args) {
    PyObject *lines, *parse;
    if (!PyArg_ParseTuple(args, "O!O", &PyList_Type, &lines, &parse)) return NULL;
    const Py_ssize_t count = PyList_Size(lines);
    PyObject *articles = PyList_New(count);
    for (Py_ssize_t i = 0; articles && i < count; i++) {
        PyObject *line = PyList_GetItem(lines, i), *article = NULL;
        if (!line) { Py_CLEAR(articles); break; }
        Py_INCREF(line);
        char *text = NULL;
        Py_ssize_t length = 0;
        const int is_usual = PyBytes_CheckExact(line) && !PyBytes_AsStringAndSize(line, &text, &length) &&
                             !has_long_integer(text, length);
        PyObject *record = is_usual ? PyObject_CallFunctionObjArgs(parse, line, NULL) : NULL;
        if (record) article = read_record((Reader *)self, record, Py_None, empty_text);
        /* What is wrong with it, Python finds again, and says. */
        if (!article && PyErr_Occurred()) {
            if (PyErr_ExceptionMatches(PyExc_Exception) && !PyErr_ExceptionMatches(PyExc_MemoryError)) PyErr_Clear();
            else Py_CLEAR(articles);
        }
        if (articles) PyList_SetItem(articles, i, article ? article : Py_NewRef(Py_None));
        Py_XDECREF(record);
        Py_DECREF(line);
    }
    return articles;
}

static int reader_init(PyObject *self, PyObject *args, PyObject *named) {
    Reader *reader = (Reader *)self;
    if (PyTuple_Size(args) != GIVEN || (named && PyDict_Size(named)) || reader->given[0]) {
        PyErr_SetString(PyExc_TypeError, "not what a Reader is made with");
        return -1;
    }
    for (int i = 0; i < GIVEN; i++) reader->given[i] = Py_NewRef(PyTuple_GetItem(args, i));
    for (int i = 0; i < 2; i++) {
        PyObject *type = reader->given[i ? ARTICLE : DRAFT];
        if (!PyType_Check(type)) { PyErr_SetString(PyExc_TypeError, "a class is expected here"); return -1; }
        reader->make[i] = (newfunc)PyType_GetSlot((PyTypeObject *)type, Py_tp_new);
        for (int field = 0; field < F_CLASS; field++)
            if (class_slot_open(&reader->slots[i][field], type, field_names[field]) < 0) return -1;
    }
    if (PyDict_Check(reader->given[KNOWN_TOPICS]) && PyDict_Check(reader->given[KNOWN_PROVIDERS])) return 0;
    PyErr_SetString(PyExc_TypeError, "what is known is kept in dicts");
    return -1;
}

static void reader_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    for (int i = 0; i < GIVEN; i++) Py_XDECREF(((Reader *)self)->given[i]);
    for (int i = 0; i < SEEN; i++) Py_XDECREF(((Reader *)self)->seen[i]);
    for (int i = 0; i < 2 * F_CLASS; i++) Py_XDECREF(((Reader *)self)->slots[i / F_CLASS][i % F_CLASS].descriptor);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef reader_methods[] = {
    {"read", read_one, METH_VARARGS, read_doc},
    {"read_lines", read_lines, METH_VARARGS, read_lines_doc},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot reader_slots[] = {
    {Py_tp_doc, "Records -> articles; see reading.py."},
    {Py_tp_init, reader_init},
    {Py_tp_dealloc, reader_dealloc},
    {Py_tp_methods, reader_methods},
    {0, NULL},
};
static PyType_Spec reader_spec = {
    "newsearch.articles._reading.Reader", sizeof(Reader), 0, Py_TPFLAGS_DEFAULT, reader_slots,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_reading", "Articles made of records, compiled; see reading.py.", 0, NULL,
};

PyMODINIT_FUNC PyInit__reading(void) {
    for (int i = 0; i < KEYS; i++) key_lengths[i] = strlen(keys[i]);
    for (int c = ' ' + 1; c < 127; c++) is_plain[c] = c != '<' && c != '&';
    for (int i = 0; i < FIELDS; i++)
        if (!(field_names[i] = PyUnicode_InternFromString(fields[i]))) return NULL;
    if (!(empty_text = PyUnicode_FromString("")) || !(empty_tuple = PyTuple_New(0))) return NULL;
    PyObject *module = PyModule_Create(&definition);
    PyObject *type = PyType_FromSpec(&reader_spec);
    if (!module || !type || PyModule_AddObjectRef(module, "Reader", type) < 0) Py_CLEAR(module);
    Py_XDECREF(type);
    static const Constant constants[] = {CONSTANT(LARGEST_SIGNAL), CONSTANT(OLDEST_YEAR), CONSTANT(NEWEST_YEAR),
                                         CONSTANT(MAX_URL_LENGTH)};
    return module_with(module, constants, sizeof constants / sizeof *constants);
}
