/* Two lists of postings as one, see _lookup_words.c. */

#include "_lookup.h"

/* Articles that both lists have get no value. */
#define ONE_OF(KEY, IS_LEFT, IS_RIGHT) ((KEY) & (((IS_LEFT) ^ (IS_RIGHT)) * 0xFFFFu | 0xFFFF0000u))

/* Which list is next cannot be foreseen: nothing branches on it. One step depends on the step before, so the lists are
 * merged from both ends at once, and one end is looked at while the other waits. */
Py_ssize_t merge(const uint32_t *left, Py_ssize_t lefts, const uint32_t *right, Py_ssize_t rights, uint32_t *to) {
    Py_ssize_t i = 0, j = 0, last_i = lefts - 1, last_j = rights - 1, count = 0, above = lefts + rights, steps;
    /* A step takes at most one of each list at each end. */
    while ((steps = (last_i - i < last_j - j ? last_i - i + 1 : last_j - j + 1) / 2) > 0) {
        for (Py_ssize_t step = 0; step < steps; step++) {
            const uint32_t x = left[i], y = right[j], is_x = (x | 0xFFFF) <= (y | 0xFFFF), is_y = (y | 0xFFFF) <= (x | 0xFFFF);
            const uint32_t z = left[last_i], w = right[last_j];
            const uint32_t is_z = (z | 0xFFFF) >= (w | 0xFFFF), is_w = (w | 0xFFFF) >= (z | 0xFFFF);
            to[count++] = ONE_OF(x < y ? x : y, is_x, is_y);
            i += is_x;
            j += is_y;
            to[--above] = ONE_OF(z > w ? z : w, is_z, is_w);
            last_i -= is_z;
            last_j -= is_w;
        }
    }
    while (i <= last_i && j <= last_j) {
        const uint32_t x = left[i], y = right[j], is_x = (x | 0xFFFF) <= (y | 0xFFFF), is_y = (y | 0xFFFF) <= (x | 0xFFFF);
        to[count++] = ONE_OF(x < y ? x : y, is_x, is_y);
        i += is_x;
        j += is_y;
    }
    for (; i <= last_i; i++) to[count++] = left[i];
    for (; j <= last_j; j++) to[count++] = right[j];
    const Py_ssize_t rest = lefts + rights - above;
    memmove(to + count, to + above, (size_t)rest * sizeof *to);
    return count + rest;
}
