/* What Python takes for white space, for the compiled modules. */

#include <stddef.h>

static int is_ascii_space(unsigned c) { return c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31); }

/* The bytes of a character beyond ASCII, at `at`, that is white space; 0 where there is none. */
static size_t wide_space_at(const unsigned char *at, const unsigned char *end) {
    if (*at == 0xc2) return end - at > 1 && (at[1] == 0x85 || at[1] == 0xa0) ? 2 : 0;
    if (*at < 0xe1 || *at > 0xe3 || end - at < 3) return 0;
    const unsigned found = (unsigned)at[0] << 16 | (unsigned)at[1] << 8 | at[2];
    const int is_space = found == 0xe19a80 || (found >= 0xe28080 && found <= 0xe2808a) || found == 0xe280a8 ||
                         found == 0xe280a9 || found == 0xe280af || found == 0xe2819f || found == 0xe38080;
    return is_space ? 3 : 0;
}
