/* What the parts of _kernel that compare words share, see _kernel_words.c. */

#include "_kernel.h"

/* What forms are compared with: a term, how many edits may lie between, and room to work in. */
typedef struct {
    Py_UCS4 *letters;
    Py_ssize_t length, longest; /* in letters: of the term, and of what a form may have */
    int most;
    uint32_t *decoded;
    int *rows;
} Wanted;

int wanted_open(Wanted *wanted, PyObject *term, int most);
void wanted_close(Wanted *wanted);

/* Append (edits, form, number) to a list if a form is near enough. */
int add_near(const Wanted *wanted, const uint8_t *form, Py_ssize_t size, int64_t number_, PyObject *found);

/* The places within a block of forms that can be so near: one edit brings in at most one letter and takes away one. */
int sift_letters(const uint32_t *letters, int size, uint32_t mask, int most, uint8_t *places);

/* Opens the texts of a dictionary, where each starts, and the bit of every byte. */
int texts_open(PyObject *text_, PyObject *at_, PyObject *bits_, Array *text, Array *at, Array *bits);

/* The forms that are near enough, see `scan`; NULL with an exception. */
PyObject *scanned(const Wanted *wanted, const Array *text, const Array *at, const Array *bits);

/* The bytes of a form after the first ones; NULL where it lies outside the dictionary. */
static inline const uint8_t *form_after(const Array *text, const Array *at, Py_ssize_t number_, Py_ssize_t alike,
                                        Py_ssize_t *size) {
    const int64_t start = integer(at, number_), end = integer(at, number_ + 1);
    if (start < 0 || end < start || end > text->length) return NULL;
    *size = (Py_ssize_t)(end - start) > alike ? (Py_ssize_t)(end - start) - alike : 0;
    return (const uint8_t *)text->data + (end - *size);
}

/* Whether a form, after the first bytes, is below these, or begins with them if that counts too; -1 where it lies outside
 * the dictionary. */
static inline int is_below(const Array *text, const Array *at, Py_ssize_t number_, Py_ssize_t alike, const char *wanted,
                           Py_ssize_t length, int is_beyond) {
    Py_ssize_t size;
    const uint8_t *form = form_after(text, at, number_, alike, &size);
    if (!form) return -1;
    const Py_ssize_t shared = size < length ? size : length;
    const int order = shared ? memcmp(form, wanted, (size_t)shared) : 0;
    return order < 0 || (order == 0 && (is_beyond || size < length));
}

/* The number of the first form from `low` on that is not below these bytes, or that does not begin so but is above
 * them; -1 with an exception where a place lies outside the dictionary. */
Py_ssize_t first_form(const Array *text, const Array *at, Py_ssize_t low, const char *wanted, Py_ssize_t length,
                      int is_beyond);

/* The letter mask of a form; `room` is how many bytes may be read. Eight bytes are looked up at once: no loop whose length
 * the processor cannot foresee. */
static inline uint32_t mask_of(const uint32_t *bit_of, const uint8_t *form, int64_t size, int64_t room) {
    uint32_t letters = 0;
    for (; size > 0; form += 8, size -= 8, room -= 8) {
        uint64_t word = 0;
        if (room >= 8) memcpy(&word, form, 8);
        else memcpy(&word, form, (size_t)size);
        if (size < 8) word &= ((uint64_t)1 << 8 * size) - 1;
        letters |= bit_of[word & 255] | bit_of[word >> 8 & 255] | bit_of[word >> 16 & 255] | bit_of[word >> 24 & 255] |
                   bit_of[word >> 32 & 255] | bit_of[word >> 40 & 255] | bit_of[word >> 48 & 255] | bit_of[word >> 56];
    }
    return letters;
}
