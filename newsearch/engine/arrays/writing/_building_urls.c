/* The parts of URLs and the articles that have each: `url_parts` of building.py. */

#include "_building.h"

typedef struct {
    Bytes text, starts;      /* the distinct parts, and where each starts, int64 */
    Bytes hashes, counts;    /* of each, uint64 and uint32 */
    Bytes latest;            /* the last article that has it, uint32 */
    Bytes part, doc;         /* of each posting, uint32 and uint16 */
    uint32_t *cells;         /* 1 + the number of a part, or 0 */
    size_t mask, distinct;
} Parts;

#define ALL(TYPE, BYTES) ((TYPE *)(BYTES).data)

static int cells_grow(Parts *parts) {
    const size_t room = parts->cells ? 2 * (parts->mask + 1) : 1 << 16;
    uint32_t *cells = calloc(room, sizeof *cells);
    if (!cells) return -1;
    for (size_t i = 0; i < parts->distinct; i++) {
        size_t at = ALL(uint64_t, parts->hashes)[i] & (room - 1);
        while (cells[at]) at = (at + 1) & (room - 1);
        cells[at] = (uint32_t)i + 1;
    }
    free(parts->cells);
    parts->cells = cells;
    parts->mask = room - 1;
    return 0;
}

static int add_part(Parts *parts, const char *text, size_t length, uint32_t doc) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)text[i]) * 0x100000001B3u;
    hash ^= hash >> 32;
    size_t at = hash & parts->mask;
    uint32_t number = 0;
    for (; parts->cells[at]; at = (at + 1) & parts->mask) {
        number = parts->cells[at] - 1;
        const int64_t *starts = ALL(int64_t, parts->starts) + number;
        if (ALL(uint64_t, parts->hashes)[number] == hash && (size_t)(starts[1] - starts[0]) == length &&
            !memcmp(parts->text.data + starts[0], text, length))
            break;
    }
    if (!parts->cells[at]) {
        const uint32_t none = 0, nobody = UINT32_MAX;
        number = (uint32_t)parts->distinct++;
        parts->cells[at] = number + 1;
        if (bytes_add(&parts->text, text, length) < 0) return -1;
        const int64_t end = (int64_t)parts->text.length;
        if (bytes_add(&parts->starts, &end, sizeof end) < 0 || bytes_add(&parts->hashes, &hash, sizeof hash) < 0 ||
            bytes_add(&parts->counts, &none, sizeof none) < 0 || bytes_add(&parts->latest, &nobody, sizeof nobody) < 0)
            return -1;
        if (2 * parts->distinct > parts->mask && cells_grow(parts) < 0) return -1;
    }
    if (ALL(uint32_t, parts->latest)[number] == doc) return 0;
    ALL(uint32_t, parts->latest)[number] = doc;
    ALL(uint32_t, parts->counts)[number]++;
    const uint16_t narrow = (uint16_t)doc;
    return bytes_add(&parts->part, &number, sizeof number) < 0 || bytes_add(&parts->doc, &narrow, sizeof narrow) < 0 ? -1
                                                                                                                     : 0;
}

/* Letters, digits, and all that is not ASCII; see segment/urls.py. */
static inline int in_part(uint8_t byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || byte >= 0x80;
}

static int add_parts(Parts *parts, const char *text, size_t length, uint32_t doc) {
    for (size_t i = 0; i < length;) {
        const size_t start = i;
        while (i < length && in_part((uint8_t)text[i])) i++;
        if (i > start && add_part(parts, text + start, i - start, doc) < 0) return -1;
        if (i == start) i++;
    }
    return 0;
}

/* The URLs within a record: what stands between the third and the fifth separator. */
static const char *urls_in(const char *record, size_t size, size_t *length) {
    const char *start = record, *const end = record + size, *mark;
    for (int i = 0; i < 3; i++) {
        mark = memchr(start, '\x1f', (size_t)(end - start));
        if (!mark) break;
        start = mark + 1;
    }
    const char *last = start;
    for (int i = 0; i < 2 && last; i++) {
        mark = memchr(last, '\x1f', (size_t)(end - last));
        last = mark ? mark + 1 : NULL;
    }
    *length = (size_t)((last ? last - 1 : end) - start);
    return start;
}

static int add_urls(Parts *parts, const char *text, size_t length, uint32_t doc, Bytes *folded) {
    uint8_t all = 0;
    for (size_t i = 0; i < length; i++) all |= (uint8_t)text[i];
    if (all < 0x80) {
        folded->length = 0;
        if (bytes_reserve(folded, length + 1) < 0) return failed_to(1) ? -1 : 0;
        for (size_t i = 0; i < length; i++)
            folded->data[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
        return failed_to(add_parts(parts, folded->data, length, doc) < 0) ? -1 : 0;
    }
    PyObject *given = PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, "strict");
    PyObject *lower = given ? PyObject_CallMethod(given, "casefold", NULL) : NULL;
    Py_ssize_t size = 0;
    const char *utf8_ = lower ? PyUnicode_AsUTF8AndSize(lower, &size) : NULL;
    const int failed = !utf8_ || failed_to(add_parts(parts, utf8_, (size_t)size, doc) < 0);
    Py_XDECREF(given);
    Py_XDECREF(lower);
    return -failed;
}

const char url_parts_doc[] =
    "url_parts(records): from encoded records, or their URLs alone, to the distinct parts of the URLs, concatenated, where\n"
    "each starts (int64), where its articles start (int64), and these, as their numbers in the list (uint16).";

PyObject *url_parts(PyObject *module, PyObject *records) {
    PyObject *found = NULL, *docs = NULL, *places = NULL;
    Parts parts = {0};
    Bytes folded = {0};
    const int64_t zero = 0;
    const Py_ssize_t count = PyList_Check(records) ? PyList_Size(records) : -1;
    if (count < 0 || count > MAX_ARTICLES) {
        PyErr_SetString(PyExc_ValueError, "a list of the records of a segment is expected here");
        return NULL;
    }
    if (failed_to(cells_grow(&parts) < 0 || bytes_add(&parts.starts, &zero, sizeof zero) < 0)) goto done;
    for (Py_ssize_t i = 0; i < count; i++) {
        char *data;
        Py_ssize_t size;
        size_t length;
        if (PyBytes_AsStringAndSize(PyList_GetItem(records, i), &data, &size) < 0) goto done;
        const char *urls = urls_in(data, (size_t)size, &length);
        if (add_urls(&parts, urls, length, (uint32_t)i, &folded) < 0) goto done;
    }
    const size_t postings = parts.doc.length / sizeof(uint16_t);
    places = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)((parts.distinct + 1) * sizeof(int64_t)));
    docs = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)parts.doc.length);
    if (!places || !docs) goto done;
    int64_t *place = (int64_t *)PyBytes_AsString(places);
    uint16_t *doc = (uint16_t *)PyBytes_AsString(docs);
    place[0] = 0;
    /* Each start moves up to the end while the postings are put down; then all are moved back by one. */
    for (size_t i = 0; i < parts.distinct; i++) place[i + 1] = place[i] + ALL(uint32_t, parts.counts)[i];
    for (size_t i = 0; i < postings; i++) doc[place[ALL(uint32_t, parts.part)[i]]++] = ALL(uint16_t, parts.doc)[i];
    for (size_t i = parts.distinct; i > 0; i--) place[i] = place[i - 1];
    place[0] = 0;
    found = Py_BuildValue("y#y#OO", parts.text.data ? parts.text.data : "", (Py_ssize_t)parts.text.length,
                          parts.starts.data, (Py_ssize_t)parts.starts.length, places, docs);
done:
    Py_XDECREF(places);
    Py_XDECREF(docs);
    free(parts.text.data);
    free(parts.starts.data);
    free(parts.hashes.data);
    free(parts.counts.data);
    free(parts.latest.data);
    free(parts.part.data);
    free(parts.doc.data);
    free(parts.cells);
    free(folded.data);
    return found;
}
