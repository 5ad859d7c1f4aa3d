/* Articles made of what a segment stores of them, compiled: what stored.py does with a record without rare fields.
 *
 * A Maker gives None for an article that takes a closer look: one with rare fields, or one whose files are damaged. Python
 * then makes it from the beginning, or says what is wrong. */

#include "_arrays.h"
#include "_calendar.h"
#include "_module.h"
#include "_slots.h"

#define MAX_SHOWN 256

/* The bits of a flag, see columns.py. */
#define PUBLISHED (1 << 0)
#define DATED (1 << 1)
#define DATE_ONLY (1 << 2)
#define HAS_HEAT (1 << 3)
#define HAS_QUALITY (1 << 4)
#define MODIFIED (1 << 8)
#define MODIFIED_ONLY (1 << 9)
#define TAGGED (1 << 10)

#define LARGEST_WHOLE 9e15   /* up to here a float holds every integer */

/* The parts of a record, see records.py, and the fields of an article, which begin with what they say. */
enum { R_ID, R_TITLE, R_EXCERPT, R_WEB, R_ORIGINAL, R_AMP, R_CDN_AMP, R_BODY, R_REST, RECORD };

static const char *const fields[] = {
    "id", "title", "excerpt", "web_url", "original_url", "amp_web_url", "cdn_amp_web_url", "body",
    "category", "type", "language", "provider", "topics", "authors", "date", "modified", "heat", "quality", "published",
    "images", "related", "history", "extra",
};
enum { F_CATEGORY = R_BODY + 1, F_TYPE, F_LANGUAGE, F_PROVIDER, F_TOPICS, F_AUTHORS, F_DATE, F_MODIFIED, F_HEAT, F_QUALITY,
       F_PUBLISHED, F_IMAGES, F_RELATED, F_HISTORY, F_EXTRA, FIELDS };

/* The columns and the tables, in the order of stored.py. */
enum { FLAG, DATE, CHANGED, HEAT, QUALITY, CATEGORIES, TYPES, LANGUAGES, PROVIDERS, TOPIC_AT, TOPICS, AUTHOR_AT, AUTHORS,
       COLUMNS };
enum { CATEGORY, TYPE, LANGUAGE, PROVIDER, TOPIC, AUTHOR, TABLES };

/* What a Maker is made with, in this order, before the columns and the tables. */
enum { ARTICLE, DATETIME, DAY_ALONE, ZONE, MAKE_PROVIDER, GIVEN };

typedef struct {
    Array at, text;
    int64_t number[MAX_SHOWN];  /* of the string that is kept at each place */
    PyObject *shown[MAX_SHOWN]; /* that string, or what is made of it; NULL where there is none */
} Table;

typedef struct {
    PyObject_HEAD
    PyObject *given[GIVEN];
    newfunc make;
    ClassSlot slots[FIELDS];
    Array columns[COLUMNS];
    Table *tables;
} Maker;

static PyObject *empty_tuple;

/* Each of these gives a new reference; NULL, with or without an exception, is for what takes a closer look. */

static PyObject *named(Maker *maker, int table, int64_t number) {
    Table *known = &maker->tables[table];
    if (number < 0 || number + 1 >= known->at.length) return NULL;
    const size_t place = (size_t)number % MAX_SHOWN;
    if (known->shown[place] && known->number[place] == number) return Py_NewRef(known->shown[place]);
    const int64_t start = integer(&known->at, number), end = integer(&known->at, number + 1);
    if (start < 0 || end < start || end > known->text.length) return NULL;
    PyObject *made = PyUnicode_DecodeUTF8((const char *)known->text.data + start, (Py_ssize_t)(end - start), "strict");
    if (made && table == PROVIDER) {
        PyObject *provider = PyObject_CallFunctionObjArgs(maker->given[MAKE_PROVIDER], made, NULL);
        Py_DECREF(made);
        made = provider;
    }
    if (!made) return NULL;
    PyObject *before = known->shown[place];
    known->shown[place] = Py_NewRef(made);
    known->number[place] = number;
    Py_XDECREF(before);
    return made;
}

static PyObject *several(Maker *maker, int table, const Array *at, const Array *numbers, Py_ssize_t doc) {
    if (doc + 1 >= at->length) return NULL;
    const int64_t start = integer(at, doc), end = integer(at, doc + 1);
    if (start < 0 || end < start || end > numbers->length) return NULL;
    if (start == end) return Py_NewRef(empty_tuple);
    PyObject *made = PyTuple_New((Py_ssize_t)(end - start));
    for (int64_t i = start; made && i < end; i++) {
        PyObject *name = named(maker, table, integer(numbers, (Py_ssize_t)i));
        if (name) PyTuple_SetItem(made, (Py_ssize_t)(i - start), name);
        else Py_CLEAR(made);
    }
    return made;
}

static PyObject *moment(Maker *maker, int64_t seconds, int is_day) {
    Moment at;
    if (!moment_at(seconds, &at)) return NULL;
    if (is_day) return PyObject_CallFunction(maker->given[DAY_ALONE], "iii", at.year, at.month, at.day);
    return PyObject_CallFunction(maker->given[DATETIME], "iiiiiiiO", at.year, at.month, at.day, at.hour, at.minute,
                                 at.second, 0, maker->given[ZONE]);
}

/* A whole number as an int, as stored.py does. A negative integer may be of a type without a sign, which Array has not. */
static PyObject *signal_of(const Array *column, Py_ssize_t doc) {
    if (column->type != F64) {
        const int64_t whole = integer(column, doc);
        return whole < 0 ? NULL : PyLong_FromLongLong(whole);
    }
    const double value = ((const double *)column->data)[doc];
    if (!(value > -LARGEST_WHOLE && value < LARGEST_WHOLE)) return NULL;
    return value == (double)(int64_t)value ? PyLong_FromLongLong((int64_t)value) : PyFloat_FromDouble(value);
}

static PyObject *make(PyObject *self, PyObject *args) {
    Maker *maker = (Maker *)self;
    const Array *columns = maker->columns;
    PyObject *record, *made[FIELDS] = {0}, *article = NULL;
    Py_ssize_t doc;
    if (!PyArg_ParseTuple(args, "nO!", &doc, &PyTuple_Type, &record)) return NULL;
    int is_sound = doc >= 0 && PyTuple_Size(record) > R_REST;
    for (int i = FLAG; is_sound && i <= PROVIDERS; i++) is_sound = doc < columns[i].length;
    PyObject *rest = is_sound ? PyTuple_GetItem(record, R_REST) : NULL;
    if (!rest || !PyUnicode_Check(rest) || PyUnicode_GetLength(rest)) goto done;
    for (int i = 0; i < R_REST; i++) {
        PyObject *part = PyTuple_GetItem(record, i);
        if (!PyUnicode_Check(part)) goto done;
        const int is_absent = i >= R_WEB && i <= R_CDN_AMP && !PyUnicode_GetLength(part);
        made[i] = Py_NewRef(is_absent ? Py_None : part);
    }
    const int64_t flag = integer(&columns[FLAG], doc);
    if (!(made[F_CATEGORY] = named(maker, CATEGORY, integer(&columns[CATEGORIES], doc))) ||
        !(made[F_TYPE] = named(maker, TYPE, integer(&columns[TYPES], doc))) ||
        !(made[F_LANGUAGE] = flag & TAGGED ? named(maker, LANGUAGE, integer(&columns[LANGUAGES], doc)) : Py_NewRef(Py_None)) ||
        !(made[F_PROVIDER] = named(maker, PROVIDER, integer(&columns[PROVIDERS], doc))) ||
        !(made[F_TOPICS] = several(maker, TOPIC, &columns[TOPIC_AT], &columns[TOPICS], doc)) ||
        !(made[F_AUTHORS] = several(maker, AUTHOR, &columns[AUTHOR_AT], &columns[AUTHORS], doc)) ||
        !(made[F_DATE] = flag & DATED ? moment(maker, integer(&columns[DATE], doc), flag & DATE_ONLY) : Py_NewRef(Py_None)) ||
        !(made[F_MODIFIED] = flag & MODIFIED ? moment(maker, integer(&columns[CHANGED], doc), flag & MODIFIED_ONLY)
                                             : Py_NewRef(Py_None)) ||
        !(made[F_HEAT] = flag & HAS_HEAT ? signal_of(&columns[HEAT], doc) : Py_NewRef(Py_None)) ||
        !(made[F_QUALITY] = flag & HAS_QUALITY ? signal_of(&columns[QUALITY], doc) : Py_NewRef(Py_None)) ||
        !(made[F_EXTRA] = PyDict_New()))
        goto done;
    made[F_PUBLISHED] = PyBool_FromLong(flag & PUBLISHED);
    for (int field = F_IMAGES; field <= F_HISTORY; field++) made[field] = Py_NewRef(empty_tuple);
    article = maker->make((PyTypeObject *)maker->given[ARTICLE], empty_tuple, NULL);
    for (int field = 0; article && field < FIELDS; field++)
        if (maker->slots[field].set(maker->slots[field].descriptor, article, made[field]) < 0) Py_CLEAR(article);
done:
    for (int field = 0; field < FIELDS; field++) Py_XDECREF(made[field]);
    if (article) return article;
    /* Python meets what is wrong again, and says what it is. */
    if (PyErr_Occurred() && (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError))) return NULL;
    PyErr_Clear();
    Py_RETURN_NONE;
}

static int maker_init(PyObject *self, PyObject *args, PyObject *names) {
    Maker *maker = (Maker *)self;
    if (PyTuple_Size(args) != GIVEN + 2 || (names && PyDict_Size(names)) || maker->given[0]) goto misused;
    PyObject *columns = PyTuple_GetItem(args, GIVEN), *tables = PyTuple_GetItem(args, GIVEN + 1);
    if (!PyTuple_Check(columns) || PyTuple_Size(columns) != COLUMNS || !PyTuple_Check(tables) ||
        PyTuple_Size(tables) != TABLES || !PyType_Check(PyTuple_GetItem(args, ARTICLE)))
        goto misused;
    for (int i = 0; i < GIVEN; i++) maker->given[i] = Py_NewRef(PyTuple_GetItem(args, i));
    maker->make = (newfunc)PyType_GetSlot((PyTypeObject *)maker->given[ARTICLE], Py_tp_new);
    for (int field = 0; field < FIELDS; field++) {
        PyObject *name = PyUnicode_FromString(fields[field]);
        const int failed = !name || class_slot_open(&maker->slots[field], maker->given[ARTICLE], name) < 0;
        Py_XDECREF(name);
        if (failed) return -1;
    }
    for (int i = 0; i < COLUMNS; i++) {
        if (array_open(&maker->columns[i], PyTuple_GetItem(columns, i)) < 0) return -1;
        if (maker->columns[i].type == F64 && i != HEAT && i != QUALITY) goto misused;
    }
    if (!(maker->tables = PyMem_Calloc(TABLES, sizeof(Table)))) { PyErr_NoMemory(); return -1; }
    for (int i = 0; i < TABLES; i++) {
        PyObject *table = PyTuple_GetItem(tables, i);
        if (!PyTuple_Check(table) || PyTuple_Size(table) != 2) goto misused;
        if (array_open(&maker->tables[i].at, PyTuple_GetItem(table, 0)) < 0 ||
            array_open(&maker->tables[i].text, PyTuple_GetItem(table, 1)) < 0)
            return -1;
        if (maker->tables[i].at.type == F64 || maker->tables[i].text.type != U8) goto misused;
    }
    return 0;
misused:
    PyErr_SetString(PyExc_TypeError, "not what a Maker is made with");
    return -1;
}

static void maker_dealloc(PyObject *self) {
    Maker *maker = (Maker *)self;
    PyTypeObject *type = Py_TYPE(self);
    for (int i = 0; i < GIVEN; i++) Py_XDECREF(maker->given[i]);
    for (int field = 0; field < FIELDS; field++) Py_XDECREF(maker->slots[field].descriptor);
    for (int i = 0; i < COLUMNS; i++) array_close(&maker->columns[i]);
    for (int i = 0; maker->tables && i < TABLES; i++) {
        array_close(&maker->tables[i].at);
        array_close(&maker->tables[i].text);
        for (int place = 0; place < MAX_SHOWN; place++) Py_XDECREF(maker->tables[i].shown[place]);
    }
    PyMem_Free(maker->tables);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef maker_methods[] = {
    {"make", make, METH_VARARGS, "make(doc, record): the Article, or None where it takes a closer look."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot maker_slots[] = {
    {Py_tp_doc, "The articles of one segment; see stored.py."},
    {Py_tp_init, maker_init},
    {Py_tp_dealloc, maker_dealloc},
    {Py_tp_methods, maker_methods},
    {0, NULL},
};
static PyType_Spec maker_spec = {
    "newsearch.engine.arrays.segment._stored.Maker", sizeof(Maker), 0, Py_TPFLAGS_DEFAULT, maker_slots,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_stored", "Articles made of what a segment stores of them, compiled; see stored.py.", 0, NULL,
};

PyMODINIT_FUNC PyInit__stored(void) {
    if (!(empty_tuple = PyTuple_New(0))) return NULL;
    PyObject *module = PyModule_Create(&definition);
    PyObject *type = PyType_FromSpec(&maker_spec);
    if (!module || !type || PyModule_AddObjectRef(module, "Maker", type) < 0) Py_CLEAR(module);
    Py_XDECREF(type);
    static const Constant constants[] = {
        CONSTANT(MAX_SHOWN), CONSTANT(PUBLISHED), CONSTANT(DATED), CONSTANT(DATE_ONLY), CONSTANT(HAS_HEAT),
        CONSTANT(HAS_QUALITY), CONSTANT(MODIFIED), CONSTANT(MODIFIED_ONLY), CONSTANT(TAGGED),
    };
    return module_with(module, constants, sizeof constants / sizeof *constants);
}
