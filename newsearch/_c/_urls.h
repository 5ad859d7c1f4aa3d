/* What text/addresses.py knows of URLs, for the compiled modules. */

#include <Python.h>
#include <stddef.h>
#include <string.h>

/* Whether a query is sure to stay as it is: no part of it is empty, or begins as the parameters do that track readers. */
static int is_plain_query(const char *at, const char *end) {
    for (int is_first = 1; at < end; at++) {
        if (*at <= ' ' || *at > '~' || *at == '#' || *at == '%' || (is_first && strchr("&_dfgimuyDFGIMUY", *at))) return 0;
        is_first = *at == '&';
        if (is_first && at + 1 == end) return 0;
    }
    return 1;
}

/* The bytes of http:// or https:// where a URL begins so, or else 0. */
static ptrdiff_t scheme_length(const char *url, ptrdiff_t length) {
    if (length >= 8 && !memcmp(url, "https://", 8)) return 8;
    return length >= 7 && !memcmp(url, "http://", 7) ? 7 : 0;
}

/* Of the part of a URL behind its scheme, how many of the first bytes are in the canonical form: all but the slashes at
 * its end, where it has a lower-case host, no port, no fragment, nothing percent-encoded, and a query that is plain. 0
 * where that takes a closer look. */
static ptrdiff_t canonical_length(const char *rest, ptrdiff_t length) {
    const char *at = rest, *end = rest + length, *label = at;
    for (; at < end && *at != '/'; at++) {
        if (*at == '.') {
            if (at == label) return 0;
            label = at + 1;
        } else if (!((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '-')) {
            return 0;
        }
    }
    if (at == label) return 0;
    for (const char *path = at; path < end; path++) {
        if (*path == '?') return path > at && path[-1] != '/' && path + 1 < end && is_plain_query(path + 1, end) ? length : 0;
        if (*path <= ' ' || *path > '~' || *path == '#' || *path == '%') return 0;
    }
    while (end > at && end[-1] == '/') end--;
    return end - rest;
}

/* A new reference to the canonical form of a URL, by the function of Python where it takes a closer look. */
static PyObject *canonical_of(PyObject *url, PyObject *canonical_url) {
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(url, &length);
    PyErr_Clear(); /* a lone surrogate */
    const ptrdiff_t scheme = text ? scheme_length(text, length) : 0;
    const ptrdiff_t kept = scheme ? canonical_length(text + scheme, length - scheme) : 0;
    char made[1024] = "https://";
    if (!kept || kept > (ptrdiff_t)sizeof made - 8) return PyObject_CallFunctionObjArgs(canonical_url, url, NULL);
    if (scheme + kept == length && scheme == 8) return Py_NewRef(url);
    memcpy(made + 8, text + scheme, (size_t)kept);
    return PyUnicode_FromStringAndSize(made, 8 + kept);
}
