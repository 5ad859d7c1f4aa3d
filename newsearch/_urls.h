/* What _text.py knows of URLs, for the compiled modules. */

#include <stddef.h>
#include <string.h>

/* Whether canonical_url would give a URL back unchanged: an https one with a lower-case host, no query, no fragment and
 * no slash at its end. False where that takes a closer look. */
static int is_canonical(const char *url, ptrdiff_t length) {
    const char *at = url + 8, *end = url + length, *label = at;
    int labels = 0;
    if (length < 8 || memcmp(url, "https://", 8)) return 0;
    for (; at < end && *at != '/'; at++) {
        if (*at == '.') {
            if (at == label) return 0;
            labels++;
            label = at + 1;
        } else if (!((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '-')) {
            return 0;
        }
    }
    if (!labels || at == label) return 0;
    if (at == end) return 1;
    for (const char *path = at; path < end; path++)
        if (*path <= ' ' || *path > '~' || *path == '?' || *path == '#') return 0;
    return end[-1] != '/';
}
