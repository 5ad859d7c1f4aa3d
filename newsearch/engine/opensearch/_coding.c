/* The words of articles as fields of their documents, compiled: does exactly what coding.py does. */

#include "_arrays.h"

#include "_module.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FIELDS 4            /* text fields of an article, see ranking.TEXT_FIELDS */
#define MAX_POSITIONS 65536 /* words of an article that are indexed, see postings.py */
#define K1 1.2              /* see ranking.py */

static const char *const field_names[FIELDS] = {"title", "topics", "excerpt", "body"};

/* ---- JSON that is being written; what fails here has run out of memory ---- */

typedef struct {
    char *data;
    size_t length, room;
} Json;

static int json_add(Json *json, const char *data, size_t length) {
    if (json->length + length > json->room) {
        size_t room = json->room ? json->room : 4096;
        while (room < json->length + length) room *= 2;
        char *grown = realloc(json->data, room);
        if (!grown) { PyErr_NoMemory(); return -1; }
        json->data = grown;
        json->room = room;
    }
    memcpy(json->data + json->length, data, length);
    json->length += length;
    return 0;
}

static int json_add_text(Json *json, const char *text) { return json_add(json, text, strlen(text)); }

static int json_add_code(Json *json, int code) {
    char text[8];
    size_t length = 0;
    text[length++] = '|';
    if (code >= 100) text[length++] = (char)('0' + code / 100);
    if (code >= 10) text[length++] = (char)('0' + code / 10 % 10);
    text[length++] = (char)('0' + code % 10);
    return json_add(json, text, length);
}

/* ---- texts by their numbers ---- */

typedef struct {
    Array utf8, ends; /* the texts one after the other, and where each ends */
} Texts;

typedef struct {
    const char *data;
    size_t length;
} Span;

static int refused(const char *what) {
    PyErr_SetString(PyExc_ValueError, what);
    return -1;
}

static int texts_open(Texts *texts, PyObject *pair) {
    PyObject *utf8, *ends;
    if (!PyArg_ParseTuple(pair, "OO", &utf8, &ends) || array_open(&texts->utf8, utf8) < 0 ||
        array_open(&texts->ends, ends) < 0)
        return -1;
    return texts->utf8.type == U8 && texts->ends.type == I64 ? 0 : refused("these arrays are no texts");
}

static void texts_close(Texts *texts) {
    array_close(&texts->utf8);
    array_close(&texts->ends);
}

static int text_of(const Texts *texts, int32_t number, Span *span) {
    if (number < 0 || number >= texts->ends.length) return refused("a word has no text");
    const int64_t *ends = texts->ends.data, start = number ? ends[number - 1] : 0;
    if (start < 0 || ends[number] < start || ends[number] > texts->utf8.length) return refused("texts overlap");
    span->data = (const char *)texts->utf8.data + start;
    span->length = (size_t)(ends[number] - start);
    return 0;
}

static int compare(const Span *one, const Span *other) {
    const size_t shorter = one->length < other->length ? one->length : other->length;
    const int order = memcmp(one->data, other->data, shorter);
    return order ? order : one->length < other->length ? -1 : one->length > other->length;
}

/* ---- the forms of one article ---- */

typedef struct {
    int32_t term, stem;
    int32_t counted[FIELDS]; /* occurrences in each field */
    int32_t next;            /* the next form of the same stem, -1 at the end */
    int32_t last;            /* of the first form of a stem: the last one; -1 for all others */
    int code;
    Span text;
} Form;

typedef struct {
    Form *forms;
    int32_t count;
    size_t room;     /* the largest size that there was memory for */
    int32_t *places; /* of a hash table: 1 + the number of a form, 0 where nothing is */
    size_t size;     /* of the table for this article, a power of two; it holds at most half as many forms */
} Forms;

static int forms_begin(Forms *forms, int64_t words) {
    size_t size = 64;
    while (size < 2 * (size_t)words) size *= 2;
    if (size > forms->room) {
        free(forms->places);
        free(forms->forms);
        forms->places = malloc(size * sizeof *forms->places);
        forms->forms = malloc(size / 2 * sizeof *forms->forms);
        forms->room = forms->places && forms->forms ? size : 0;
        if (!forms->room) { PyErr_NoMemory(); return -1; }
    }
    forms->size = size;
    memset(forms->places, 0, forms->size * sizeof *forms->places);
    forms->count = 0;
    return 0;
}

static size_t place_of(const Forms *forms, int32_t number) {
    return (size_t)(((uint64_t)(uint32_t)number * 0x9E3779B97F4A7C15u) >> 32) & (forms->size - 1);
}

static Form *form_of(Forms *forms, int32_t term, int32_t stem) {
    size_t at = place_of(forms, term);
    for (; forms->places[at]; at = (at + 1) & (forms->size - 1)) {
        Form *form = &forms->forms[forms->places[at] - 1];
        if (form->term == term) return form;
    }
    Form *form = &forms->forms[forms->count];
    forms->places[at] = ++forms->count;
    *form = (Form){.term = term, .stem = stem, .next = -1, .last = -1};
    return form;
}

/* Link the forms of each stem, with the hash table for the stems now. */
static void forms_link(Forms *forms) {
    memset(forms->places, 0, forms->size * sizeof *forms->places);
    for (int32_t i = 0; i < forms->count; i++) {
        size_t at = place_of(forms, forms->forms[i].stem);
        for (; forms->places[at]; at = (at + 1) & (forms->size - 1)) {
            Form *first = &forms->forms[forms->places[at] - 1];
            if (first->stem != forms->forms[i].stem) continue;
            forms->forms[first->last].next = i;
            first->last = i;
            break;
        }
        if (forms->places[at]) continue;
        forms->places[at] = i + 1;
        forms->forms[i].last = i;
    }
}

static int code_of(double weight) {
    const double code = rint(255 * weight / (K1 + weight));
    return code < 1 ? 1 : code > 255 ? 255 : (int)code;
}

/* The code of all forms of a stem together, and the best code of one of them. They are added up in the order of their
 * texts, as ranking says: the last bit of a sum depends on it. */
static void unite(const Forms *forms, int32_t first, const double *unsaturated, int *united, int *most) {
    const Form *before = NULL;
    double total = 0;
    for (;;) {
        const Form *least = NULL;
        for (int32_t i = first; i >= 0; i = forms->forms[i].next) {
            const Form *form = &forms->forms[i];
            if ((!before || compare(&form->text, &before->text) > 0) &&
                (!least || compare(&form->text, &least->text) < 0))
                least = form;
        }
        if (!least) break;
        total += unsaturated[least->code];
        if (least->code > *most) *most = least->code;
        before = least;
    }
    *united = (int)rint(255 * total / (K1 + total));
}

typedef struct {
    const int32_t *tokens, *stems, *lengths;
    const double *weights, *unsaturated;
    Texts names, kin;
} Words;

static int add_words(Json *json, const Texts *texts, const int32_t *numbers, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        Span text;
        if (text_of(texts, numbers[i], &text) < 0 || (i && json_add(json, " ", 1) < 0) ||
            json_add(json, text.data, text.length) < 0)
            return -1;
    }
    return 0;
}

static int add_stems(Json *json, Json *best, const Words *words, const Forms *forms) {
    int is_first = 1;
    best->length = 0;
    for (int32_t i = 0; i < forms->count; i++) {
        const Form *form = &forms->forms[i];
        if (form->last < 0) continue;
        int code = form->code, most = 0;
        Span text;
        if (text_of(&words->kin, form->stem, &text) < 0) return -1;
        if (form->next >= 0) unite(forms, i, words->unsaturated, &code, &most);
        if ((!is_first && json_add(json, " ", 1) < 0) || json_add(json, text.data, text.length) < 0 ||
            json_add_code(json, code) < 0)
            return -1;
        is_first = 0;
        if (form->next < 0 || most == code) continue;
        if (json_add(best, " ", 1) < 0) return -1;
        const size_t at = best->length;
        if (json_add(best, text.data, text.length) < 0) return -1;
        char *colon = memchr(best->data + at, ':', text.length);
        if (colon) *colon = '<';
        if (json_add_code(best, most) < 0) return -1;
    }
    return best->length ? json_add(json, best->data, best->length) : 0;
}

static int add_article(Json *json, Json *best, Forms *forms, const Words *words, int64_t start, const int32_t *length,
                       const double *weight) {
    int64_t total = 0, at = start, left = MAX_POSITIONS;
    for (int f = 0; f < FIELDS; f++) total += length[f];
    if (forms_begin(forms, total < MAX_POSITIONS ? total : MAX_POSITIONS) < 0) return -1;
    for (int f = 0; f < FIELDS; f++) {
        const int64_t end = at + (length[f] < left ? length[f] : left);
        for (int64_t i = at; i < end; i++) form_of(forms, words->tokens[i], words->stems[i])->counted[f]++;
        left -= end - at;
        at += length[f];
    }
    if (json_add_text(json, "\"exact\":\"") < 0) return -1;
    for (int32_t i = 0; i < forms->count; i++) {
        Form *form = &forms->forms[i];
        double sum = 0;
        for (int f = 0; f < FIELDS; f++) sum += form->counted[f] * weight[f];
        form->code = code_of(sum);
        if (text_of(&words->names, form->term, &form->text) < 0 || (i && json_add(json, " ", 1) < 0) ||
            json_add(json, form->text.data, form->text.length) < 0 || json_add_code(json, form->code) < 0)
            return -1;
    }
    forms_link(forms);
    if (json_add_text(json, "\",\"stem\":\"") < 0 || add_stems(json, best, words, forms) < 0 ||
        json_add(json, "\"", 1) < 0)
        return -1;
    at = start;
    left = MAX_POSITIONS;
    for (int f = 0; f < FIELDS; f++) {
        if (!length[f]) continue;
        const int64_t cut = length[f] < left ? length[f] : left;
        char begin[32], middle[32], end[48];
        snprintf(begin, sizeof begin, ",\"x_%s\":\"", field_names[f]);
        snprintf(middle, sizeof middle, "\",\"s_%s\":\"", field_names[f]);
        snprintf(end, sizeof end, "\",\"length_%s\":%d", field_names[f], (int)length[f]);
        if (json_add_text(json, begin) < 0 || add_words(json, &words->names, words->tokens + at, cut) < 0 ||
            json_add_text(json, middle) < 0 || add_words(json, &words->kin, words->stems + at, cut) < 0 ||
            json_add_text(json, end) < 0)
            return -1;
        left -= cut;
        at += length[f];
    }
    return 0;
}

/* ---- the module ---- */

static const char coded_texts_doc[] =
    "coded_texts(tokens, stems, lengths, weights, forms, stem_forms, unsaturated): the fields of the words of articles, "
    "see coding.py.";

static PyObject *coded_texts(PyObject *module, PyObject *args) {
    static const Type types[] = {I32, I32, I32, F64, F64};
    PyObject *given[5], *pairs[2], *found = NULL;
    Array arrays[5] = {0};
    Words words = {0};
    Forms forms = {0};
    Json json = {0}, best = {0};
    if (!PyArg_ParseTuple(args, "OOOOO!O!O", &given[0], &given[1], &given[2], &given[3], &PyTuple_Type, &pairs[0],
                          &PyTuple_Type, &pairs[1], &given[4]))
        return NULL;
    for (int i = 0; i < 5; i++) {
        if (array_open(&arrays[i], given[i]) < 0) goto done;
        if (arrays[i].type != types[i]) { refused("an array of another type is expected here"); goto done; }
    }
    if (texts_open(&words.names, pairs[0]) < 0 || texts_open(&words.kin, pairs[1]) < 0) goto done;
    words.tokens = arrays[0].data;
    words.stems = arrays[1].data;
    words.lengths = arrays[2].data;
    words.weights = arrays[3].data;
    words.unsaturated = arrays[4].data;
    const Py_ssize_t articles = arrays[2].length / FIELDS;
    int64_t total = 0;
    int is_sound = arrays[2].length == articles * FIELDS && arrays[3].length == arrays[2].length &&
                   arrays[1].length == arrays[0].length && arrays[4].length == 256;
    for (Py_ssize_t i = 0; is_sound && i < arrays[2].length; i++) {
        is_sound = words.lengths[i] >= 0;
        total += words.lengths[i];
    }
    if (!is_sound || total != arrays[0].length) { refused("the arrays do not fit together"); goto done; }
    found = PyList_New(articles);
    int64_t start = 0;
    for (Py_ssize_t a = 0; found && a < articles; a++) {
        const int32_t *length = words.lengths + a * FIELDS;
        json.length = 0;
        const int failed = add_article(&json, &best, &forms, &words, start, length, words.weights + a * FIELDS) < 0;
        PyObject *made = failed ? NULL : PyBytes_FromStringAndSize(json.data, (Py_ssize_t)json.length);
        if (made) PyList_SetItem(found, a, made);
        else Py_CLEAR(found);
        for (int f = 0; f < FIELDS; f++) start += length[f];
    }
done:
    for (int i = 0; i < 5; i++) array_close(&arrays[i]);
    texts_close(&words.names);
    texts_close(&words.kin);
    free(forms.forms);
    free(forms.places);
    free(json.data);
    free(best.data);
    return found;
}

static PyMethodDef methods[] = {
    {"coded_texts", coded_texts, METH_VARARGS, coded_texts_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_coding", "The words of articles as fields of documents, compiled; see coding.py.", 0, methods,
};

PyMODINIT_FUNC PyInit__coding(void) {
    static const Constant constants[] = {CONSTANT(FIELDS), CONSTANT(MAX_POSITIONS), CONSTANT(K1)};
    return module_with(PyModule_Create(&definition), constants, sizeof constants / sizeof *constants);
}
