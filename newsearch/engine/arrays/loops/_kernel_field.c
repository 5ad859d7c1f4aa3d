/* Words that stand in one text field: `in_field` of kernel.py. */

#include "_kernel_forms.h"

#define FEW 1024     /* so many occurrences are looked at one by one; for more, all fields of the segment are read */
#define LONGEST 64   /* words of a field, and occurrences in it, whose codes are noted */
#define REPEATED 8

/* The field, and how it is weighed. */
typedef struct {
    int number;
    double weight, b, pivot;
    int16_t noted[LONGEST][REPEATED]; /* the code of a field of so many words with so many occurrences, or -1 */
} Field;

/* The articles of a segment. */
typedef struct {
    uint32_t start[NUMBERS], length[NUMBERS]; /* of the field, in words */
    uint32_t count[NUMBERS];                  /* of occurrences in it; 0 unless there is a bit */
    uint64_t bits[NUMBERS / 64];
} Articles;

/* See `saturate` in ranking.py. */
static uint8_t saturated(double weight) {
    const double code = nearbyint(255 * weight / (K1 + weight));
    return (uint8_t)(code < 1 ? 1 : code > 255 ? 255 : code);
}

static uint8_t code_in_field(Field *field, uint32_t length, uint32_t count) {
    const int is_noted = length < LONGEST && count < REPEATED;
    if (is_noted && field->noted[length][count] >= 0) return (uint8_t)field->noted[length][count];
    const uint8_t code =
        saturated(field->weight / (1 - field->b + field->b * ((double)length / field->pivot)) * (double)count);
    if (is_noted) field->noted[length][count] = code;
    return code;
}

/* As find_ends() counts. */
static inline uint32_t words_of(int64_t length) {
    return length < 0 || length > UINT16_MAX ? UINT16_MAX + 1 : (uint32_t)length;
}

static void add_lengths(uint32_t *words, const Array *column) {
    const uint8_t *narrow = column->data;
    const Py_ssize_t count = column->length < NUMBERS ? column->length : NUMBERS;
    if (column->type == U8) {
        for (Py_ssize_t i = 0; i < count; i++) words[i] += narrow[i];
        return;
    }
    for (Py_ssize_t i = 0; i < count; i++) words[i] += words_of(integer(column, i));
}

/* Find out where the field stands in each article. */
static void read_fields(const Field *field, const Lengths *lengths, Articles *articles) {
    memset(articles->start, 0, sizeof articles->start);
    memset(articles->length, 0, sizeof articles->length);
    for (int i = 0; i < field->number; i++) add_lengths(articles->start, &lengths->fields[i]->parts[lengths->part]);
    add_lengths(articles->length, &lengths->fields[field->number]->parts[lengths->part]);
}

/* The same in the articles of these occurrences. */
static void read_some_fields(const Field *field, const Lengths *lengths, Articles *articles, const Array *doc) {
    for (Py_ssize_t i = 0; i < doc->length; i++) {
        const uint16_t number_ = ((const uint16_t *)doc->data)[i];
        articles->start[number_] = articles->length[number_] = 0;
        for (int j = 0; j <= field->number; j++) {
            const Array *column = &lengths->fields[j]->parts[lengths->part];
            const uint32_t words = number_ < column->length ? words_of(integer(column, number_)) : 0;
            if (j < field->number) articles->start[number_] += words;
            else articles->length[number_] = words;
        }
    }
}

#define COUNT(POSITION)                                                                                              \
    for (Py_ssize_t i = 0; i < doc->length; i++) {                                                                   \
        const uint16_t number_ = numbers[i];                                                                         \
        const uint32_t is_within =                                                                                   \
            (uint32_t)((const POSITION *)pos->data)[i] - articles->start[number_] < articles->length[number_];       \
        articles->count[number_] += is_within;                                                                       \
        articles->bits[number_ >> 6] |= (uint64_t)is_within << (number_ & 63);                                       \
    }

/* Count the occurrences that stand in the field. */
static void count_occurrences(const Array *doc, const Array *pos, Articles *articles) {
    const uint16_t *numbers = doc->data;
    if (pos->type == U8) COUNT(uint8_t) else COUNT(uint16_t)
}

const char in_field_doc[] =
    "in_field(forms, field, (weight, b, pivot), lengths): from forms as `united` takes them, the numbers (uint32) of the\n"
    "articles in which any stands in a text field, and the code (uint8) of all in each, computed from that field alone.";

PyObject *in_field(PyObject *module, PyObject *args) {
    PyObject *given, *lengths_, *found = NULL, *docs = NULL, *codes = NULL;
    Field field;
    Lengths lengths = {0};
    uint32_t *doc_out = NULL;
    uint8_t *code_out = NULL;
    if (!PyArg_ParseTuple(args, "O!i(ddd)O", &PyList_Type, &given, &field.number, &field.weight, &field.b, &field.pivot,
                          &lengths_))
        return NULL;
    if (field.number < 0 || field.number >= FIELDS) {
        PyErr_SetString(PyExc_ValueError, "there is no such field");
        return NULL;
    }
    memset(field.noted, -1, sizeof field.noted);
    const Py_ssize_t count = PyList_Size(given);
    Form *forms = PyMem_Calloc((size_t)count + 1, sizeof *forms);
    Articles *articles = PyMem_Calloc(1, sizeof *articles);
    if (!forms || !articles) { PyErr_NoMemory(); goto done; }
    if (lengths_open(&lengths, lengths_) < 0) goto done;
    Py_ssize_t occurrences = 0, room = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (form_open(&forms[i], PyList_GetItem(given, i)) < 0) goto done;
        if (i && forms[i].start < forms[i - 1].start) { out_of_range(); goto done; }
        occurrences += forms[i].doc.length + forms[i].more_doc.length;
    }
    for (Py_ssize_t i = 0, same; i < count; i += same) {
        same = of_segment(forms + i, count - i);
        Py_ssize_t held = 0;
        for (Py_ssize_t j = i; j < i + same; j++) held += forms[j].doc.length + forms[j].more_doc.length;
        room += held < NUMBERS ? held : NUMBERS;
    }
    docs = results_open(room, sizeof *doc_out, (void **)&doc_out);
    codes = results_open(room, sizeof *code_out, (void **)&code_out);
    if (!docs || !codes) goto done;
    Py_ssize_t kept = 0;
    int is_outside = 0;
    RELEASED(occurrences)
    for (Py_ssize_t i = 0, same; i < count && !is_outside; i += same) {
        same = of_segment(forms + i, count - i);
        Py_ssize_t held = 0;
        for (Py_ssize_t j = i; j < i + same; j++) held += forms[j].doc.length + forms[j].more_doc.length;
        if (!held) continue;
        lengths.part = spread_find(lengths.fields[0], forms[i].start, lengths.part);
        is_outside = lengths.part < 0 || lengths.fields[0]->starts[lengths.part] != forms[i].start;
        if (is_outside) break;
        if (held > FEW) read_fields(&field, &lengths, articles);
        for (Py_ssize_t j = i; j < i + same; j++) {
            if (held <= FEW) {
                read_some_fields(&field, &lengths, articles, &forms[j].doc);
                read_some_fields(&field, &lengths, articles, &forms[j].more_doc);
            }
            count_occurrences(&forms[j].doc, &forms[j].pos, articles);
            count_occurrences(&forms[j].more_doc, &forms[j].more_pos, articles);
        }
        for (int word = 0; word < NUMBERS / 64; word++) {
            for (uint64_t bits = articles->bits[word]; bits; bits &= bits - 1) {
                const int number_ = word * 64 + lowest_bit(bits);
                doc_out[kept] = (uint32_t)(forms[i].start + number_);
                code_out[kept++] = code_in_field(&field, articles->length[number_], articles->count[number_]);
                articles->count[number_] = 0;
            }
            articles->bits[word] = 0;
        }
    }
    REGAINED
    if (is_outside) { out_of_range(); goto done; }
    if (results_end(&docs, kept, sizeof *doc_out) == 0 && results_end(&codes, kept, sizeof *code_out) == 0)
        found = PyTuple_Pack(2, docs, codes);
done:
    Py_XDECREF(docs);
    Py_XDECREF(codes);
    PyMem_Free(articles);
    forms_close(forms, count);
    lengths_close(&lengths);
    return found;
}
