/* Articles made of records, compiled: what reading.py does with a record whose values are of the usual types.
 *
 * A Reader gives None for a record that takes a closer look, which Python then has from the beginning. Whatever is not
 * plain ASCII text is cleaned by Python, too. So nothing here decides what an article is, only how soon it is made.
 *
 * Only the limited API of Python is used, so that one build serves every Python from 3.11 on. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <string.h>

#include "_urls.h"

#define LARGEST_SIGNAL 1e12    /* see _values.py */
#define OLDEST_YEAR 1600
#define NEWEST_YEAR 2200
#define MAX_URL_LENGTH 4096    /* see _text.py */

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
    "published", "provider", "amp_web_url", "cdn_amp_web_url", "language", "images", "related", "extra", "__class__",
    "name", "domain", "tags", "categories", "article",
};
enum { F_ID, F_TITLE, F_EXCERPT, F_TOPICS, F_BODY, F_DATE, F_ORIGINAL_URL, F_WEB_URL, F_CATEGORY, F_TYPE, F_QUALITY, F_HEAT,
       F_PUBLISHED, F_PROVIDER, F_AMP, F_CDN_AMP, F_LANGUAGE, F_IMAGES, F_RELATED, F_EXTRA, F_CLASS, F_NAME, F_DOMAIN,
       F_TAGS, F_CATEGORIES, F_ARTICLE, FIELDS };
static PyObject *key_names[KEYS], *field_names[FIELDS], *empty_text, *empty_tuple;

/* What a Reader is made with, in this order. */
enum { DRAFT, ARTICLE, KNOWN_TOPICS, KNOWN_PROVIDERS, MAKE_TOPICS, MAKE_PROVIDER, FILL_RARE, CLEAN_ID, CLEAN_TEXT, CLEAN_BODY,
       CLEAN_URL, CANONICAL_URL, MOMENT, FROM_ISO, GIVEN };

typedef struct {
    PyObject_HEAD
    PyObject *given[GIVEN];
} Reader;

/* Each of these gives a new reference; NULL without an exception is for a value that takes a closer look. */

/* Whether clean_text would give a line back as it is, for sure: plain ASCII, letters of Western Europe, and the dashes,
 * quotes and dots of typography. */
static int is_clean(const char *text, Py_ssize_t length) {
    if (!length) return 1;
    if (text[0] == ' ' || text[length - 1] == ' ') return 0;
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    while (at < end) {
        if (*at >= ' ' && *at <= '~') {
            if (*at == '<' || *at == '&' || (*at == ' ' && at[1] == ' ')) return 0;
            at++;
        } else if (*at == 0xc3) {
            at += 2;
        } else if (*at == 0xe2 && at[1] == 0x80 && at[2] >= 0x90 && at[2] <= 0xa6) {
            at += 3;
        } else {
            return 0;
        }
    }
    return 1;
}

static PyObject *line_of(Reader *reader, PyObject *value) {
    if (!value || value == Py_None) return Py_NewRef(empty_text);
    if (!PyUnicode_CheckExact(value)) return NULL;
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(value, &length);
    if (text && is_clean(text, length)) return Py_NewRef(value);
    PyErr_Clear(); /* a lone surrogate */
    return PyObject_CallFunctionObjArgs(reader->given[CLEAN_TEXT], value, NULL);
}

static PyObject *url_of(Reader *reader, PyObject *value) {
    if (!value || value == Py_None) return Py_NewRef(Py_None);
    if (!PyUnicode_CheckExact(value)) return NULL;
    Py_ssize_t length;
    const char *url = PyUnicode_AsUTF8AndSize(value, &length);
    PyErr_Clear();
    int is_clean_url = url && length > 8 && length <= MAX_URL_LENGTH && !memcmp(url, "https://", 8) &&
                       ((url[8] >= 'a' && url[8] <= 'z') || (url[8] >= '0' && url[8] <= '9') ||
                        (url[8] >= 'A' && url[8] <= 'Z'));
    for (Py_ssize_t i = 8; is_clean_url && i < length; i++)
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
    return PyObject_CallFunctionObjArgs(reader->given[MOMENT], value, key_names[PUBLISHED_DATE_TIME], NULL);
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
    for (int key = BODY; !body && key <= TEXT; key++) {
        if (!values[key] || values[key] == Py_None) continue;
        if (!PyUnicode_CheckExact(values[key])) return NULL;
        if (PyUnicode_GetLength(values[key])) body = values[key];
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

static const char read_doc[] =
    "read(record, id, body): the Article, or None where it takes a closer look. Without an id it is that of the record.";

static PyObject *read_record(PyObject *self, PyObject *args) {
    Reader *reader = (Reader *)self;
    PyObject *record, *id, *body, *values[KEYS], *made[FIELDS] = {0}, *draft = NULL;
    if (!PyArg_ParseTuple(args, "OOU", &record, &id, &body)) return NULL;
    if (!PyDict_CheckExact(record)) Py_RETURN_NONE;
    Py_ssize_t present = 0;
    for (int key = 0; key < KEYS; key++) {
        values[key] = PyDict_GetItemWithError(record, key_names[key]);
        if (PyErr_Occurred()) return NULL;
        present += values[key] != NULL;
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
    if (!(draft = PyObject_CallFunctionObjArgs(reader->given[DRAFT], NULL))) goto done;
    for (int field = 0; field <= F_PROVIDER; field++)
        if (PyObject_SetAttr(draft, field_names[field], made[field]) < 0) goto failed;
    if (is_common) {
        for (int field = F_AMP; field <= F_LANGUAGE; field++)
            if (PyObject_SetAttr(draft, field_names[field], Py_None) < 0) goto failed;
        for (int field = F_IMAGES; field <= F_RELATED; field++)
            if (PyObject_SetAttr(draft, field_names[field], empty_tuple) < 0) goto failed;
        PyObject *extra = PyDict_New();
        const int is_set = extra && PyObject_SetAttr(draft, field_names[F_EXTRA], extra) == 0;
        Py_XDECREF(extra);
        if (!is_set) goto failed;
    } else {
        PyObject *none = PyObject_CallFunctionObjArgs(reader->given[FILL_RARE], draft, record, NULL);
        Py_XDECREF(none);
        if (!none) goto failed;
    }
    if (PyObject_SetAttr(draft, field_names[F_CLASS], reader->given[ARTICLE]) == 0) goto done;
failed:
    Py_CLEAR(draft);
done:
    for (int field = 0; field < FIELDS; field++) Py_XDECREF(made[field]);
    if (draft || PyErr_Occurred()) return draft;
    Py_RETURN_NONE;
}

static int reader_init(PyObject *self, PyObject *args, PyObject *named) {
    Reader *reader = (Reader *)self;
    if (PyTuple_Size(args) != GIVEN || (named && PyDict_Size(named)) || reader->given[0]) {
        PyErr_SetString(PyExc_TypeError, "not what a Reader is made with");
        return -1;
    }
    for (int i = 0; i < GIVEN; i++) reader->given[i] = Py_NewRef(PyTuple_GetItem(args, i));
    if (PyDict_Check(reader->given[KNOWN_TOPICS]) && PyDict_Check(reader->given[KNOWN_PROVIDERS])) return 0;
    PyErr_SetString(PyExc_TypeError, "what is known is kept in dicts");
    return -1;
}

static void reader_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    for (int i = 0; i < GIVEN; i++) Py_XDECREF(((Reader *)self)->given[i]);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef reader_methods[] = {
    {"read", read_record, METH_VARARGS, read_doc},
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
    "newsearch._reading.Reader", sizeof(Reader), 0, Py_TPFLAGS_DEFAULT, reader_slots,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_reading", "Articles made of records, compiled; see reading.py.", 0, NULL,
};

PyMODINIT_FUNC PyInit__reading(void) {
    for (int i = 0; i < KEYS; i++)
        if (!(key_names[i] = PyUnicode_InternFromString(keys[i]))) return NULL;
    for (int i = 0; i < FIELDS; i++)
        if (!(field_names[i] = PyUnicode_InternFromString(fields[i]))) return NULL;
    if (!(empty_text = PyUnicode_FromString("")) || !(empty_tuple = PyTuple_New(0))) return NULL;
    PyObject *module = PyModule_Create(&definition);
    PyObject *type = PyType_FromSpec(&reader_spec);
    if (!module || !type || PyModule_AddObjectRef(module, "Reader", type) < 0) Py_CLEAR(module);
    Py_XDECREF(type);
    return module;
}
