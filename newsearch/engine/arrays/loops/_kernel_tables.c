/* The strings of several tables as those of one: `numbered` of kernel.py. */

#include "_kernel.h"

typedef struct {
    const uint8_t **text; /* of each distinct string */
    Py_ssize_t *size;
    uint64_t *hash;
    uint32_t *cells; /* 1 + the number of a string, or 0 */
    Py_ssize_t count, room, mask;
} Strings;

static uint64_t hash_of(const uint8_t *text, Py_ssize_t size) {
    uint64_t hash = 0x9E3779B97F4A7C15u ^ (uint64_t)size;
    for (; size >= 8; text += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        hash = (hash ^ word) * 0xFF51AFD7ED558CCDu;
        hash ^= hash >> 32;
    }
    for (; size > 0; text++, size--) hash = (hash ^ *text) * 0x100000001B3u;
    hash ^= hash >> 29;
    return hash * 0xC4CEB9FE1A85EC53u >> 16;
}

static int strings_open(Strings *strings, Py_ssize_t room) {
    Py_ssize_t cells = 16;
    while (cells < 2 * room) cells *= 2;
    strings->room = room;
    strings->mask = cells - 1;
    strings->text = PyMem_Malloc((size_t)(room + 1) * sizeof *strings->text);
    strings->size = PyMem_Malloc((size_t)(room + 1) * sizeof *strings->size);
    strings->hash = PyMem_Malloc((size_t)(room + 1) * sizeof *strings->hash);
    strings->cells = PyMem_Calloc((size_t)cells, sizeof *strings->cells);
    if (strings->text && strings->size && strings->hash && strings->cells) return 0;
    PyErr_NoMemory();
    return -1;
}

static void strings_close(Strings *strings) {
    PyMem_Free(strings->text);
    PyMem_Free(strings->size);
    PyMem_Free(strings->hash);
    PyMem_Free(strings->cells);
}

/* The number of a string, in order of first occurrence. Strings that were made to collide only cost time: each probe
 * compares a hash, and there are no more strings than the file has bytes. */
static uint32_t number_of(Strings *strings, const uint8_t *text, Py_ssize_t size) {
    const uint64_t hash = hash_of(text, size);
    Py_ssize_t cell = (Py_ssize_t)hash & strings->mask;
    for (; strings->cells[cell]; cell = (cell + 1) & strings->mask) {
        const uint32_t known = strings->cells[cell] - 1;
        if (strings->hash[known] == hash && strings->size[known] == size && !memcmp(strings->text[known], text, (size_t)size))
            return known;
    }
    strings->text[strings->count] = text;
    strings->size[strings->count] = size;
    strings->hash[strings->count] = hash;
    strings->cells[cell] = (uint32_t)++strings->count;
    return (uint32_t)strings->count - 1;
}

const char numbered_doc[] =
    "numbered(tables): from [(bytes, at)], the strings of several tables, to the distinct strings as bytes, in order of\\n"
    "first occurrence, and for each table the numbers of its strings among them, uint32.";

PyObject *numbered(PyObject *module, PyObject *args) {
    PyObject *tables, *found = NULL, *names = NULL, *numbers = NULL;
    if (!PyArg_ParseTuple(args, "O!", &PyList_Type, &tables)) return NULL;
    const Py_ssize_t count = PyList_Size(tables);
    Array *text = PyMem_Calloc((size_t)count + 1, sizeof(Array)), *at = PyMem_Calloc((size_t)count + 1, sizeof(Array));
    Strings strings = {0};
    Py_ssize_t room = 0;
    if (!text || !at) { PyErr_NoMemory(); goto done; }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *text_, *at_;
        if (!PyArg_ParseTuple(PyList_GetItem(tables, i), "OO", &text_, &at_)) goto done;
        if (array_open(&text[i], text_) < 0 || array_open(&at[i], at_) < 0) goto done;
        if (text[i].type != U8 || at[i].length < 1) { out_of_range(); goto done; }
        room += at[i].length - 1;
    }
    if (room >= UINT32_MAX) { out_of_range(); goto done; }
    if (strings_open(&strings, room) < 0) goto done;
    numbers = PyList_New(0);
    for (Py_ssize_t i = 0; numbers && i < count; i++) {
        const Py_ssize_t size = at[i].length - 1;
        PyObject *own = PyBytes_FromStringAndSize(NULL, size * (Py_ssize_t)sizeof(uint32_t));
        uint32_t *out = own ? (uint32_t *)PyBytes_AsString(own) : NULL;
        int64_t start = integer(&at[i], 0);
        for (Py_ssize_t j = 0; out && j < size; j++) {
            const int64_t end = integer(&at[i], j + 1);
            if (start < 0 || end < start || end > text[i].length) {
                PyErr_SetString(PyExc_ValueError, "a string's place lies outside its table");
                Py_CLEAR(own);
                break;
            }
            out[j] = number_of(&strings, (const uint8_t *)text[i].data + start, (Py_ssize_t)(end - start));
            start = end;
        }
        if (!own || PyList_Append(numbers, own) < 0) Py_CLEAR(numbers);
        Py_XDECREF(own);
    }
    names = numbers ? PyList_New(strings.count) : NULL;
    for (Py_ssize_t i = 0; names && i < strings.count; i++) {
        PyObject *name = PyBytes_FromStringAndSize((const char *)strings.text[i], strings.size[i]);
        if (!name) { Py_CLEAR(names); break; }
        PyList_SetItem(names, i, name);
    }
    if (names) found = PyTuple_Pack(2, names, numbers);
done:
    Py_XDECREF(names);
    Py_XDECREF(numbers);
    strings_close(&strings);
    for (Py_ssize_t i = 0; i < count; i++) {
        if (text) array_close(&text[i]);
        if (at) array_close(&at[i]);
    }
    PyMem_Free(text);
    PyMem_Free(at);
    return found;
}
