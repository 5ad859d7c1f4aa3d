/* The entries of a directory with a look at each file, compiled: what listing.py does with os.scandir. POSIX only. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#define _GNU_SOURCE
#include "_module.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_KIND 0 /* see listing.py; <stdio.h> has a FILE */
#define DIRECTORY 1
#define LINK 2
#define OTHER 3

#define MAX_SUFFIXES 64
#define SIGNALS 1024 /* entries between two looks for a Ctrl-C */

#ifdef __APPLE__
#define MODIFIED(status) ((status)->st_mtimespec)
#define CHANGED(status) ((status)->st_ctimespec)
#else
#define MODIFIED(status) ((status)->st_mtim)
#define CHANGED(status) ((status)->st_ctim)
#endif

typedef struct {
    const char *text[MAX_SUFFIXES];
    Py_ssize_t length[MAX_SUFFIXES];
    Py_ssize_t count, longest;
} Suffixes;

static int suffixes_of(PyObject *given, Suffixes *suffixes) {
    suffixes->count = PyTuple_Size(given);
    suffixes->longest = 0;
    if (suffixes->count < 0) return -1;
    if (suffixes->count > MAX_SUFFIXES) {
        PyErr_SetString(PyExc_ValueError, "there are too many suffixes");
        return -1;
    }
    for (Py_ssize_t i = 0; i < suffixes->count; i++) {
        suffixes->text[i] = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(given, i), &suffixes->length[i]);
        if (!suffixes->text[i]) return -1;
        if (suffixes->length[i] > suffixes->longest) suffixes->longest = suffixes->length[i];
    }
    return 0;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; }

/* Whether a name may end with a suffix. Python must decide where the end is not ASCII: some letters become ASCII. */
static int may_end(const char *name, Py_ssize_t length, const Suffixes *suffixes) {
    for (Py_ssize_t i = 0; i < suffixes->count; i++) {
        const Py_ssize_t size = suffixes->length[i];
        if (length < size) continue;
        const char *end = name + length - size;
        Py_ssize_t k = 0;
        while (k < size && lower(end[k]) == suffixes->text[i][k]) k++;
        if (k == size) return 1;
    }
    /* A letter of UTF-8 has at most four bytes. */
    const Py_ssize_t tail = 4 * suffixes->longest < length ? 4 * suffixes->longest : length;
    for (Py_ssize_t k = length - tail; k < length; k++) {
        if (name[k] & 0x80) return 1;
    }
    return 0;
}

static int64_t nanoseconds(const struct timespec *time) { return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec; }

/* The hash of the same tuple as in files.py, or 0 if the file changed later than `settled`; -1 with an exception. */
static int stamp_of(const struct stat *status, int64_t settled, Py_hash_t *stamp) {
    const int64_t modified = nanoseconds(&MODIFIED(status)), changed = nanoseconds(&CHANGED(status));
    *stamp = 0;
    if (modified > settled || changed > settled) return 0;
    PyObject *looks = Py_BuildValue("LLLK", (long long)modified, (long long)changed, (long long)status->st_size,
                                    (unsigned long long)status->st_ino);
    if (!looks) return -1;
    *stamp = PyObject_Hash(looks);
    Py_DECREF(looks);
    return *stamp == -1 && PyErr_Occurred() ? -1 : 0;
}

static int kind_of(mode_t mode) {
    return S_ISREG(mode) ? FILE_KIND : S_ISDIR(mode) ? DIRECTORY : S_ISLNK(mode) ? LINK : OTHER;
}

/* Adds an entry to the list, if it concerns us. */
static int take(int directory, const struct dirent *entry, const Suffixes *suffixes, int64_t settled, PyObject *list) {
    const char *name = entry->d_name;
    const Py_ssize_t length = (Py_ssize_t)strlen(name);
    if (name[0] == '.') return 0;
    int kind = entry->d_type == DT_DIR ? DIRECTORY : entry->d_type == DT_LNK ? LINK : -1;
    const int is_named = may_end(name, length, suffixes);
    Py_hash_t stamp = 0;
    if (kind < 0) {
        if (!is_named && entry->d_type != DT_UNKNOWN) return 0;
        struct stat status;
        int failed;
        Py_BEGIN_ALLOW_THREADS;
        failed = fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW);
        Py_END_ALLOW_THREADS;
        /* It has just been deleted. */
        kind = failed ? FILE_KIND : kind_of(status.st_mode);
        if (!is_named && (kind == FILE_KIND || kind == OTHER)) return 0;
        if (!failed && kind == FILE_KIND && stamp_of(&status, settled, &stamp) < 0) return -1;
    }
    PyObject *decoded = PyUnicode_DecodeFSDefaultAndSize(name, length);
    PyObject *made = decoded ? Py_BuildValue("Nin", decoded, kind, (Py_ssize_t)stamp) : NULL;
    const int failed = !made || PyList_Append(list, made) < 0;
    Py_XDECREF(made);
    return -failed;
}

static PyObject *listed(PyObject *module, PyObject *args) {
    PyObject *path, *encoded = NULL, *given, *list = NULL;
    long long settled;
    Suffixes suffixes;
    if (!PyArg_ParseTuple(args, "UO!L", &path, &PyTuple_Type, &given, &settled)) return NULL;
    if (suffixes_of(given, &suffixes) < 0 || !PyUnicode_FSConverter(path, &encoded)) return NULL;
    DIR *directory;
    Py_BEGIN_ALLOW_THREADS;
    directory = opendir(PyBytes_AsString(encoded));
    Py_END_ALLOW_THREADS;
    if (!directory) {
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
        goto done;
    }
    list = PyList_New(0);
    for (Py_ssize_t number = 1; list; number++) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        int failed = 0;
        if (entry) {
            failed = take(dirfd(directory), entry, &suffixes, settled, list) < 0;
            if (!failed && number % SIGNALS == 0) failed = PyErr_CheckSignals() < 0;
        } else if (errno) {
            PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
            failed = 1;
        } else {
            failed = PyList_Sort(list) < 0;
        }
        if (failed) Py_CLEAR(list);
        if (!entry) break;
    }
    closedir(directory);
done:
    Py_XDECREF(encoded);
    return list;
}

static PyMethodDef methods[] = {
    {"listed", listed, METH_VARARGS, "The entries of a directory, sorted, with a look at each file."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_listing", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__listing(void) {
    static const Constant constants[] = {
        {"FILE", FILE_KIND}, CONSTANT(DIRECTORY), CONSTANT(LINK), CONSTANT(OTHER)};
    return module_with(PyModule_Create(&definition), constants, sizeof(constants) / sizeof(*constants));
}
