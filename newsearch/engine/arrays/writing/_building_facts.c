/* What the columns keep of articles, and their stored records: `facts` and `plain_records` of building.py. */

#include "_building.h"

#include "_slots.h"
#include "_urls.h"

static const char *const names[] = {
    "id", "title", "excerpt", "web_url", "original_url", "amp_web_url", "cdn_amp_web_url", "body", "date", "published",
    "heat", "quality", "images", "related", "extra", "provider", "category", "type", "language", "topics", "modified",
    "history", "authors", "name", "domain", "tzinfo", "hour", "minute", "second", "microsecond", "toordinal", "astimezone",
};
enum { ID, TITLE, EXCERPT, WEB_URL, ORIGINAL_URL, AMP_URL, CDN_AMP_URL, BODY, DATE, IS_PUBLISHED, HEAT, QUALITY, IMAGES,
       RELATED, EXTRA, PROVIDER, CATEGORY, TYPE, LANGUAGE, TOPICS, CHANGED, HISTORY, AUTHORS, NAME, DOMAIN_, TZINFO, HOUR, MINUTE,
       SECOND, MICROSECOND, TOORDINAL, ASTIMEZONE, NAMES };
static PyObject *interned[NAMES], *utc, *datetime_type, *article_type;
static ClassSlot slots[AUTHORS + 1]; /* of an article */

static void replace(PyObject **held, PyObject *by) {
    PyObject *before = *held;
    *held = by;
    Py_XDECREF(before);
}

static PyObject *attribute(PyObject *object, int name) {
    if (name > AUTHORS || (PyObject *)Py_TYPE(object) != article_type) return PyObject_GetAttr(object, interned[name]);
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

/* The seconds since 1970 of a date, and its flags: that there is one, and whether it is a day alone. */
static int64_t seconds_of(PyObject *given, unsigned *flag, unsigned known, unsigned day_alone) {
    if (given == Py_None) return 0;
    PyObject *when = Py_NewRef(given), *days = NULL;
    int64_t seconds = 0;
    if (PyObject_IsInstance(when, datetime_type) == 1) {
        PyObject *zone = attribute(when, TZINFO);
        if (zone && zone != utc) replace(&when, PyObject_CallMethodObjArgs(given, interned[ASTIMEZONE], utc, NULL));
        Py_XDECREF(zone);
        if (!when) return -1;
        seconds = whole(when, HOUR) * 3600 + whole(when, MINUTE) * 60 + whole(when, SECOND);
        *flag |= known;
    } else {
        *flag |= known | day_alone;
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

/* Adds the texts of an attribute that is a tuple of them, each after a sign. */
static int add_texts(Bytes *bytes, PyObject *article, int name, const char *sign) {
    PyObject *texts = attribute(article, name);
    const Py_ssize_t count = texts ? PyTuple_Size(texts) : -1;
    int failed = count < 0;
    for (Py_ssize_t i = 0; !failed && i < count; i++)
        failed = failed_to(bytes_add(bytes, sign, 1) < 0) || bytes_add_text(bytes, PyTuple_GetItem(texts, i)) < 0;
    Py_XDECREF(texts);
    return -failed;
}

/* Adds what content_hash is a hash of; see building.py. */
static int add_content(Bytes *bytes, PyObject *article, PyObject *record, unsigned flag, const int64_t dates[2],
                       double heat, double quality) {
    char *data;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(record, &data, &length) < 0) return -1;
    const char *rest = memchr(data, '\x1f', (size_t)length); /* what comes before it is the id */
    if (!rest) { PyErr_SetString(PyExc_ValueError, "not a record"); return -1; }
    if (failed_to(bytes_add(bytes, rest, (size_t)(length - (rest - data))) < 0)) return -1;
    PyObject *provider = attribute(article, PROVIDER);
    int failed = !provider;
    for (int name = NAME; !failed && name <= DOMAIN_; name++)
        failed = failed_to(bytes_add(bytes, "\x1f", 1) < 0) || (provider != Py_None && add_attribute(bytes, provider, name) < 0);
    for (int name = CATEGORY; !failed && name <= LANGUAGE; name++)
        failed = bytes_add(bytes, "\x1f", 1) < 0 || add_attribute(bytes, article, name) < 0;
    failed = failed || add_texts(bytes, article, TOPICS, "\x1f") < 0 || add_texts(bytes, article, AUTHORS, "\x1e") < 0;
    Py_XDECREF(provider);
    const uint16_t flags = (uint16_t)flag;
    return -failed_to(failed || bytes_add(bytes, "\x1f", 1) < 0 || bytes_add(bytes, &flags, 2) < 0 ||
                      bytes_add(bytes, dates, 16) < 0 || bytes_add(bytes, &heat, 8) < 0 ||
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

const char facts_doc[] =
    "facts(articles, records, canonical_url): flags, dates and hashes of articles, see building.py.";

/* The columns of kind FACT, see columns.COLUMNS: flag, date, modified, and the hashes of id, URL and content. */
enum { HASHED = 5, COLUMNS };
static const Py_ssize_t widths[COLUMNS] = {2, 8, 8, 8, 8, 8};

PyObject *facts(PyObject *module, PyObject *args) {
    PyObject *articles, *records, *canonical_url, *found = NULL;
    if (!PyArg_ParseTuple(args, "O!O!O", &PyList_Type, &articles, &PyList_Type, &records, &canonical_url)) return NULL;
    const Py_ssize_t count = PyList_Size(articles);
    if (PyList_Size(records) != count) { PyErr_SetString(PyExc_ValueError, "a record for each article"); return NULL; }
    PyObject *columns[COLUMNS];
    Bytes contents = {0};
    size_t *ends = malloc((size_t)(count + 1) * sizeof *ends);
    Py_ssize_t next = 0;
    int failed = failed_to(!ends);
    for (int i = 0; i < COLUMNS; i++) {
        columns[i] = PyBytes_FromStringAndSize(NULL, count * widths[i]);
        failed |= !columns[i];
    }
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        PyObject *article = PyList_GetItem(articles, i), *id = attribute(article, ID), *date = attribute(article, DATE),
                 *changed = attribute(article, CHANGED);
        uint64_t id_hash = 0, url_hash = 0;
        int64_t dates[2] = {0};
        double heat, quality;
        unsigned flag = 0;
        failed = !id || !date || !changed || signal_of(article, HEAT, &heat, &flag, HAS_HEAT) < 0 ||
                 signal_of(article, QUALITY, &quality, &flag, HAS_QUALITY) < 0 || hash_text(id, &id_hash) < 0 ||
                 url_hash_of(article, id, id_hash, canonical_url, &url_hash) < 0;
        if (!failed) dates[0] = seconds_of(date, &flag, DATED, DATE_ONLY);
        if (!failed) dates[1] = seconds_of(changed, &flag, MODIFIED, MODIFIED_ONLY);
        static const int told[][2] = {{IS_PUBLISHED, PUBLISHED}, {IMAGES, HAS_IMAGE}, {RELATED, HAS_RELATED},
                                      {BODY, HAS_BODY},          {LANGUAGE, TAGGED}};
        for (int j = 0; !failed && j < 5; j++)
            if (is_true(article, told[j][0]) == 1) flag |= (unsigned)told[j][1];
        failed = failed || PyErr_Occurred() ||
                 add_content(&contents, article, PyList_GetItem(records, i), flag, dates, heat, quality) < 0;
        Py_XDECREF(id);
        Py_XDECREF(date);
        Py_XDECREF(changed);
        if (failed) break;
        const uint16_t flags = (uint16_t)flag;
        const void *values[] = {&flags, &dates[0], &dates[1], &id_hash, &url_hash};
        for (int j = 0; j < HASHED; j++)
            memcpy(PyBytes_AsString(columns[j]) + widths[j] * i, values[j], (size_t)widths[j]);
        ends[i] = contents.length;
        if (contents.length > TOGETHER) hash_contents(&contents, ends, &next, i + 1, PyBytes_AsString(columns[HASHED]));
    }
    if (!failed) hash_contents(&contents, ends, &next, count, PyBytes_AsString(columns[HASHED]));
    if (!failed) found = PyTuple_New(COLUMNS);
    for (int i = 0; i < COLUMNS; i++)
        if (found) PyTuple_SetItem(found, i, columns[i]); /* which takes it over */
        else Py_XDECREF(columns[i]);
    free(contents.data);
    free(ends);
    return found;
}

/* The stored record of an article, or None. */
static PyObject *plain_record(PyObject *article) {
    static const int rare[] = {IMAGES, RELATED, EXTRA, HISTORY};
    for (int i = 0; i < 4; i++) {
        const int has = is_true(article, rare[i]);
        if (has < 0) return NULL;
        if (has) Py_RETURN_NONE;
    }
    PyObject *parts[8] = {0}, *found = NULL;
    Bytes record = {0};
    int failed = 0, is_plain = 1;
    static const int dates[] = {DATE, CHANGED};
    for (int i = 0; !failed && i < 2; i++) {
        PyObject *date = attribute(article, dates[i]);
        failed = !date;
        if (!failed && PyObject_IsInstance(date, datetime_type) == 1) is_plain &= whole(date, MICROSECOND) == 0;
        Py_XDECREF(date);
    }
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
    free(record.data);
    return found;
}

const char plain_records_doc[] =
    "plain_records(articles): the stored record of each, or None for one that has images, related articles, or what else "
    "few have.";

PyObject *plain_records(PyObject *module, PyObject *articles) {
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

/* Finds what facts() and plain_records() read of articles; -1 with an exception. */
int facts_open(void) {
    for (int i = 0; i < NAMES; i++)
        if (!(interned[i] = PyUnicode_InternFromString(names[i]))) return -1;
    if (!(utc = imported("datetime", "UTC")) || !(datetime_type = imported("datetime", "datetime")) ||
        !(article_type = imported("newsearch.articles.article", "Article")))
        return -1;
    for (int name = 0; name <= AUTHORS; name++)
        if (class_slot_open(&slots[name], article_type, interned[name]) < 0) return -1;
    return 0;
}
