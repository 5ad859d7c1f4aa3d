/* The strings of several tables as those of one: `numbered` of kernel.py. */

#include "_kernel.h"

typedef struct { const uint8_t *text; Py_ssize_t size; uint64_t hash; } String;

typedef struct {
    String *each;    /* the distinct ones */
    uint32_t *cells; /* 1 + the number of a string, or 0 */
    Py_ssize_t count, room, mask; /* the mask of twice as many cells as there is room */
} Strings;

static inline uint64_t word_at(const uint8_t *text) {
    uint64_t word;
    memcpy(&word, text, 8);
    return word;
}

static inline uint64_t mixed(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0xFF51AFD7ED558CCDu;
    return hash ^ hash >> 32;
}

static uint64_t hash_of(const uint8_t *text, Py_ssize_t size) {
    uint64_t hash = 0x9E3779B97F4A7C15u ^ (uint64_t)size, rest = 0;
    if (size < 8) {
        for (Py_ssize_t i = 0; i < size; i++) rest = rest << 8 | text[i];
    } else {
        for (Py_ssize_t i = 0; i < size - 8; i += 8) hash = mixed(hash, word_at(text + i));
        rest = word_at(text + size - 8);
    }
    return mixed(hash, rest) * 0xC4CEB9FE1A85EC53u >> 16;
}

static void put(Strings *strings, uint32_t number_) {
    Py_ssize_t cell = (Py_ssize_t)strings->each[number_].hash & strings->mask;
    while (strings->cells[cell]) cell = (cell + 1) & strings->mask;
    strings->cells[cell] = number_ + 1;
}

/* Make room for as many strings again; -1 with an exception. Most tables have the strings of those before: room for all
 * would be cleared for nothing. */
static int strings_grow(Strings *strings) {
    const Py_ssize_t room = strings->room ? 2 * strings->room : 1024;
    String *each = PyMem_Realloc(strings->each, (size_t)room * sizeof *each);
    if (each) strings->each = each;
    uint32_t *cells = each ? PyMem_Calloc((size_t)(2 * room), sizeof *cells) : NULL;
    if (!cells) { PyErr_NoMemory(); return -1; }
    PyMem_Free(strings->cells);
    strings->cells = cells;
    strings->room = room;
    strings->mask = 2 * room - 1;
    for (Py_ssize_t i = 0; i < strings->count; i++) put(strings, (uint32_t)i);
    return 0;
}

static void strings_close(Strings *strings) {
    PyMem_Free(strings->each);
    PyMem_Free(strings->cells);
}

/* The number of a string, in order of first occurrence; -1 with an exception. Strings that were made to collide only
 * cost time: each probe compares a hash, and there are no more strings than the file has bytes. */
static int64_t number_of(Strings *strings, const uint8_t *text, Py_ssize_t size) {
    const uint64_t hash = hash_of(text, size);
    for (Py_ssize_t cell = (Py_ssize_t)hash & strings->mask; strings->cells[cell]; cell = (cell + 1) & strings->mask) {
        const String *known = &strings->each[strings->cells[cell] - 1];
        if (known->hash == hash && known->size == size && !memcmp(known->text, text, (size_t)size))
            return known - strings->each;
    }
    if (strings->count == strings->room && strings_grow(strings) < 0) return -1;
    strings->each[strings->count] = (String){text, size, hash};
    put(strings, (uint32_t)strings->count);
    return strings->count++;
}

const char numbered_doc[] =
    "numbered(tables): from [(bytes, at)], the strings of several tables, to the distinct strings as bytes, in order of\\n"
    "first occurrence, and for each table the numbers of its strings among them, uint32.";

PyObject *numbered(PyObject *module, PyObject *args) {
    PyObject *tables, *found = NULL, *names = NULL, *numbers = NULL;
    int are_wanted;
    if (!PyArg_ParseTuple(args, "O!p", &PyList_Type, &tables, &are_wanted)) return NULL;
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
    if (strings_grow(&strings) < 0) goto done;
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
            const int64_t number_ = number_of(&strings, (const uint8_t *)text[i].data + start, (Py_ssize_t)(end - start));
            if (number_ < 0) { Py_CLEAR(own); break; }
            out[j] = (uint32_t)number_;
            start = end;
        }
        if (!own || PyList_Append(numbers, own) < 0) Py_CLEAR(numbers);
        Py_XDECREF(own);
    }
    names = numbers ? PyList_New(are_wanted ? strings.count : 0) : NULL;
    for (Py_ssize_t i = 0; names && are_wanted && i < strings.count; i++) {
        PyObject *name = PyBytes_FromStringAndSize((const char *)strings.each[i].text, strings.each[i].size);
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
