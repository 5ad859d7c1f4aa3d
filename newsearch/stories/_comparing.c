/* Compares the words of articles: `Comparer` of comparing.py, compiled. It does exactly what wording.py and copies.py
 * do in Python, which run if there is no compiler. What a chunk or a term is, Python is asked once. */

#include "_comparing.h"

#include "_module.h"

/* Python is called, and may let another thread run: it must find nothing half done here. */
static int begin(Comparer *self) {
    if (self->is_broken || self->is_at_work) {
        PyErr_SetString(PyExc_RuntimeError, self->is_broken ? "an earlier call has failed" : "another thread is at work here");
        return -1;
    }
    self->is_at_work = 1;
    return 0;
}

static PyObject *add(PyObject *object, PyObject *args) {
    Comparer *self = (Comparer *)object;
    PyObject *titles, *texts;
    const char *outlets, *times;
    Py_ssize_t outlets_size, times_size;
    if (!PyArg_ParseTuple(args, "O!O!y#y#", &PyList_Type, &titles, &PyList_Type, &texts, &outlets, &outlets_size, &times,
                          &times_size))
        return NULL;
    const Py_ssize_t count = PyList_Size(titles);
    if (PyList_Size(texts) != count || outlets_size != count * 4 || times_size != count * 8)
        return PyErr_Format(PyExc_ValueError, "these are not as many articles everywhere");
    if (begin(self) < 0) return NULL;
    int failed = 0;
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        PyObject *utf8[2] = {NULL, NULL}, *given[2] = {PyList_GetItem(titles, i), PyList_GetItem(texts, i)};
        for (int part = 0; part < 2; part++)
            utf8[part] = given[part] ? PyUnicode_AsEncodedString(given[part], "utf-8", "surrogatepass") : NULL;
        int32_t outlet;
        double time;
        memcpy(&outlet, outlets + i * 4, sizeof outlet);
        memcpy(&time, times + i * 8, sizeof time);
        failed = !utf8[0] || !utf8[1] ||
                 comparing_add(self, PyBytes_AsString(utf8[0]), (size_t)PyBytes_Size(utf8[0]), PyBytes_AsString(utf8[1]),
                             (size_t)PyBytes_Size(utf8[1]), outlet, time) < 0;
        Py_XDECREF(utf8[0]);
        Py_XDECREF(utf8[1]);
    }
    self->is_at_work = 0;
    return failed ? NULL : Py_NewRef(Py_None);
}

static size_t article_count(const Comparer *self) { return self->articles.length / sizeof(Article); }

#define FAR 8 /* pairs between what is fetched and what is compared */

/* Fetches the words of a pair that is compared soon. They are rarely in the processor's cache. */
static void ahead(const Comparer *self, const int64_t *pair, Py_ssize_t at, Py_ssize_t end, int64_t count) {
#ifdef __GNUC__
    const Article *articles = (const Article *)self->articles.data;
    if (at + 2 * FAR + 1 < end && pair[at + 2 * FAR + 1] >= 0 && pair[at + 2 * FAR + 1] < count)
        __builtin_prefetch(articles + pair[at + 2 * FAR + 1]);
    if (at + 1 < end && pair[at + 1] >= 0 && pair[at + 1] < count) {
        /* A number, because it may lie beyond the end of the words. */
        const uintptr_t terms = (uintptr_t)self->words.data + articles[pair[at + 1]].title_terms.start * sizeof(int32_t);
        for (uintptr_t line = 0; line < 3; line++) __builtin_prefetch((const void *)(terms + 64 * line));
    }
#endif
}

static PyObject *relations(PyObject *object, PyObject *given) {
    Comparer *self = (Comparer *)object;
    Array pairs = {0};
    PyObject *found = NULL;
    if (begin(self) < 0) return NULL;
    if (array_open(&pairs, given) < 0) goto done;
    if (pairs.type != I64 || pairs.length % 2) { PyErr_SetString(PyExc_TypeError, "pairs of int64 are expected here"); goto done; }
    found = PyBytes_FromStringAndSize(NULL, pairs.length / 2 * (Py_ssize_t)sizeof(double));
    if (!found) goto done;
    char *out = PyBytes_AsString(found);
    const int64_t *pair = pairs.data;
    const Article *articles = (const Article *)self->articles.data;
    const int64_t count = (int64_t)article_count(self);
    for (Py_ssize_t i = 0; i < pairs.length; i += 2) {
        double value = NAN;
        ahead(self, pair, i + 2 * FAR, pairs.length, count);
        if (pair[i] < 0 || pair[i] >= count || pair[i + 1] < 0 || pair[i + 1] >= count) PyErr_SetString(PyExc_IndexError, "no such article");
        else value = comparing_relation(self, articles + pair[i], articles + pair[i + 1]);
        if (PyErr_Occurred()) { Py_CLEAR(found); goto done; }
        memcpy(out + i / 2 * (Py_ssize_t)sizeof value, &value, sizeof value);
    }
done:
    self->is_at_work = 0;
    array_close(&pairs);
    return found;
}

static PyObject *sizes(PyObject *object, PyObject *args) {
    const Comparer *self = (Comparer *)object;
    const Py_ssize_t count = (Py_ssize_t)article_count(self);
    Py_ssize_t first = 0;
    if (!PyArg_ParseTuple(args, "|n", &first)) return NULL;
    if (first < 0 || first > count) return PyErr_Format(PyExc_IndexError, "no such article");
    PyObject *found = PyBytes_FromStringAndSize(NULL, (count - first) * (Py_ssize_t)sizeof(int32_t));
    for (Py_ssize_t i = first; found && i < count; i++) {
        const Article *article = (const Article *)self->articles.data + i;
        const int32_t size = article->title.count + article->text.count;
        memcpy(PyBytes_AsString(found) + (i - first) * (Py_ssize_t)sizeof size, &size, sizeof size);
    }
    return found;
}

static void buffer_drop(Buffer *buffer, size_t length) {
    buffer->length -= length;
    if (!buffer->length) {
        free(buffer->data);
        *buffer = (Buffer){NULL, 0, 0};
    } else if (length) {
        memmove(buffer->data, buffer->data + length, buffer->length);
    }
}

static PyObject *forget(PyObject *object, PyObject *args) {
    Comparer *self = (Comparer *)object;
    const size_t held = article_count(self);
    Py_ssize_t count = (Py_ssize_t)held;
    if (!PyArg_ParseTuple(args, "|n", &count)) return NULL;
    if (count < 0 || (size_t)count > held) return PyErr_Format(PyExc_IndexError, "there are not as many articles");
    if (begin(self) < 0) return NULL;
    /* The words of each article follow those of the article before it. */
    const size_t words = (size_t)count < held ? ((const Article *)self->articles.data + count)->title.start
                                              : self->words.length / sizeof(int32_t);
    buffer_drop(&self->words, words * sizeof(int32_t));
    buffer_drop(&self->articles, (size_t)count * sizeof(Article));
    for (size_t i = 0; i < held - (size_t)count; i++) {
        Article *article = (Article *)self->articles.data + i;
        Words *parts[] = {&article->title,      &article->text,    &article->title_terms,
                          &article->text_terms, &article->numbers, &article->common};
        for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) parts[part]->start -= words;
    }
    self->is_at_work = 0;
    return Py_NewRef(Py_None);
}

static void dealloc(PyObject *object) {
    Comparer *self = (Comparer *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject *held[] = {self->tell_chunk, self->tell_term, self->opposed, self->renamed};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) Py_XDECREF(held[i]);
    texts_free(&self->terms);
    texts_free(&self->chunks);
    Buffer *buffers[] = {&self->term_facts, &self->chunk_facts, &self->chunk_terms, &self->words, &self->articles,
                         &self->room.chunks, &self->room.title, &self->room.text, &self->room.numbers, &self->room.common};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) free(buffers[i]->data);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static int init(PyObject *object, PyObject *args, PyObject *named) {
    Comparer *self = (Comparer *)object;
    PyObject *given[4], *words;
    if (named && PyDict_Size(named)) { PyErr_SetString(PyExc_TypeError, "no named arguments"); return -1; }
    if (!PyArg_ParseTuple(args, "OOOOO!", &given[0], &given[1], &given[2], &given[3], &PyTuple_Type, &words)) return -1;
    if (self->tell_chunk) { PyErr_SetString(PyExc_TypeError, "made already"); return -1; }
    /* Texts are hashed by Python with a secret of the process. */
    PyObject *probe = PyUnicode_FromString("newsearch");
    if (!probe) return -1;
    self->terms.secret = self->chunks.secret = (uint64_t)PyObject_Hash(probe) * 0x9e3779b97f4a7c15u;
    Py_DECREF(probe);
    self->tell_chunk = Py_NewRef(given[0]);
    self->tell_term = Py_NewRef(given[1]);
    self->opposed = Py_NewRef(given[2]);
    self->renamed = Py_NewRef(given[3]);
    for (Py_ssize_t i = 0; i < PyTuple_Size(words); i++) {
        Py_ssize_t length;
        const char *word = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(words, i), &length);
        if (!word || comparing_term(self, word, (size_t)length) < 0) return -1;
    }
    self->has_told = 1;
    return 0;
}

static PyMethodDef comparer_methods[] = {
    {"add", add, METH_VARARGS, "add(titles, texts, outlets, times): more articles, see comparing.py."},
    {"relations", relations, METH_O, "relations(pairs): how certainly articles are copies, see comparing.py."},
    {"sizes", sizes, METH_VARARGS, "sizes(first): how many terms articles have, see comparing.py."},
    {"forget", forget, METH_VARARGS, "forget(count): the first articles, see comparing.py."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot comparer_slots[] = {
    {Py_tp_doc, "Compares the words of articles; see comparing.py."},
    {Py_tp_init, init},
    {Py_tp_dealloc, dealloc},
    {Py_tp_methods, comparer_methods},
    {0, NULL},
};
static PyType_Spec comparer_spec = {
    "newsearch.stories._comparing.Comparer", sizeof(Comparer), 0, Py_TPFLAGS_DEFAULT, comparer_slots,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_comparing", "Compares the words of articles, compiled; see comparing.py.", 0, NULL,
};

PyMODINIT_FUNC PyInit__comparing(void) {
    PyObject *module = PyModule_Create(&definition), *type = module ? PyType_FromSpec(&comparer_spec) : NULL;
    if (module && (!type || PyModule_AddObjectRef(module, "Comparer", type) < 0)) Py_CLEAR(module);
    Py_XDECREF(type);
    static const Constant constants[] = {
        CONSTANT(MAX_TERM_LENGTH), CONSTANT(TERM_WEIGHT), CONSTANT(LEAD), CONSTANT(KEPT_WORDS), CONSTANT(ENDING_WORDS),
        CONSTANT(DATELINE_CHUNKS), CONSTANT(LABEL_CHUNKS), CONSTANT(GAP), CONSTANT(RUN), CONSTANT(WINDOW),
        CONSTANT(CAPITAL), CONSTANT(DIGIT), CONSTANT(LABEL),
        CONSTANT(COLON), CONSTANT(DASH), CONSTANT(OPENS), CONSTANT(CLOSES), CONSTANT(PLACE), CONSTANT(SEPARATOR),
        CONSTANT(CUT), CONSTANT(TERM_DIGIT), CONSTANT(TERM_NUMBER), CONSTANT(TERM_NEGATION),
        CONSTANT(TERM_POLAR),
    };
    return module_with(module, constants, sizeof constants / sizeof *constants);
}
