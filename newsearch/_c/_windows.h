/* Whether words stand together in an article, from the positions of each. */

#include <stdlib.h>

/* The positions of a word in an article. They are collected while other threads run, so they are not in memory of Python. */
typedef struct {
    uint16_t *positions; /* rising, once they are sorted */
    Py_ssize_t count, room;
    Py_ssize_t next;     /* the first position that the current window has not passed */
    int is_rising;
} Stands;

/* Add a position; -1 where there is no memory for it. */
static inline int stands_add(Stands *stands, uint16_t position) {
    if (stands->count == stands->room) {
        const Py_ssize_t room = stands->room ? 2 * stands->room : 16;
        uint16_t *larger = realloc(stands->positions, (size_t)room * sizeof *larger);
        if (!larger) return -1;
        stands->positions = larger;
        stands->room = room;
    }
    stands->is_rising &= !stands->count || position > stands->positions[stands->count - 1];
    stands->positions[stands->count++] = position;
    return 0;
}

static inline void stands_clear(Stands *stands) {
    stands->count = stands->next = 0;
    stands->is_rising = 1;
}

static int by_position(const void *a, const void *b) { return *(const uint16_t *)a - *(const uint16_t *)b; }

static inline void stands_sort(Stands *stands) {
    if (!stands->is_rising) qsort(stands->positions, (size_t)stands->count, sizeof(uint16_t), by_position);
}

/* The least position not below `wanted`, or -1; in one article `wanted` must rise from call to call. */
static inline int32_t next_position(Stands *stands, int32_t wanted) {
    while (stands->next < stands->count && stands->positions[stands->next] < wanted) stands->next++;
    return stands->next < stands->count ? stands->positions[stands->next] : -1;
}

/* Whether a window lies within one of `fields` text fields, of which these are the ends; in this one, if it is not -1. */
static inline int within_field(const int32_t *ends, int fields, int32_t start, int32_t end, int field) {
    int at = 0;
    while (at < fields && ends[at] <= start) at++;
    return at < fields && end < ends[at] && (field < 0 || field == at);
}

/* Whether so many words stand in their order, within `width` positions. */
static inline int holds_ordered(Stands *words, Py_ssize_t count, int32_t width, int field, const int32_t *ends, int fields) {
    for (Py_ssize_t i = 0; i < words[0].count; i++) {
        const int32_t start = words[0].positions[i];
        int32_t end = start;
        for (Py_ssize_t j = 1; j < count; j++) {
            end = next_position(&words[j], end + 1);
            if (end < 0) return 0;
            if (end - start > width) break;
        }
        if (end - start <= width && within_field(ends, fields, start, end, field)) return 1;
    }
    return 0;
}

/* Whether so many words stand in any order, within `width` positions. */
static inline int holds_near(Stands *words, Py_ssize_t count, int32_t width, int field, const int32_t *ends, int fields) {
    for (Py_ssize_t lead = 0; lead < count; lead++) {
        for (Py_ssize_t j = 0; j < count; j++) words[j].next = 0;
        for (Py_ssize_t i = 0; i < words[lead].count; i++) {
            const int32_t start = words[lead].positions[i];
            int32_t end = start;
            for (Py_ssize_t j = 0; j < count; j++) {
                const int32_t next = next_position(&words[j], start);
                if (next < 0) { end = -1; break; }
                if (next > end) end = next;
            }
            if (end < 0) break;
            if (end - start <= width && within_field(ends, fields, start, end, field)) return 1;
        }
    }
    return 0;
}
