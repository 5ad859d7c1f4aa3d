/* The codes of all forms of a word in the articles of one segment. Every article has a cell, in which its codes are
 * collected, and bits tell which cells are used. Nothing branches on what is in them: most articles hold one form, and which
 * form comes next cannot be foreseen. */

#define CODE_BITS 9 /* a code, and whether it is that of the very term */
#define VERY 256
#define CODES 3         /* as many fit into a cell */
#define MORE (1u << 31) /* there are more than fit */

#define CELLS (1 << 16) /* articles of a segment, at most */
#define WORDS (CELLS / 64)
#define AHEAD 2 /* words of bits behind the last one, which are read and are 0 */

typedef struct {
    uint32_t codes[CELLS]; /* the last one lowest */
    uint64_t used[WORDS];
    uint64_t marks[WORDS / 8]; /* a byte of 1 for each word of `used` that is not 0 */
    /* Of the words that are marked in the segment at hand. */
    uint64_t bits[WORDS + AHEAD];
    uint32_t first[WORDS + AHEAD]; /* the article of the lowest bit */
} Cells;

/* Postings of a form, those from the first on. */
typedef struct {
    const uint16_t *doc;
    const uint8_t *code;
    Py_ssize_t count;
    uint32_t very; /* VERY if it is the very term, or 0 */
    uint64_t spoken;
} FormPostings;

/* An article with several forms: its place in the result, and its codes. */
typedef struct { uint32_t at, codes; } Several;

/* The code of one form in an article, as a value: as any form, and more as the very term. */
static inline uint16_t value_of_code(uint32_t code) { return (uint16_t)((code & 255) * (PARTS - 1 + code / VERY)); }

/* The value of two or three codes. Their weights are added up in the order of the forms, as another may round otherwise. */
static inline uint16_t value_of_codes(uint32_t codes) {
    double weight = 0;
    uint32_t very = 0;
    for (int shift = (CODES - 1) * CODE_BITS; shift >= 0; shift -= CODE_BITS) {
        const uint32_t code = codes >> shift & (2 * VERY - 1);
        if (!code) continue;
        weight += weight_of_code((int)(code & 255));
        very |= code & VERY ? code & 255 : 0;
    }
    return (uint16_t)((PARTS - 1) * (uint32_t)code_of(weight) + very);
}

static inline uint32_t with_code(uint32_t codes, uint32_t code) {
    const uint32_t is_full = codes >> (CODES - 1) * CODE_BITS != 0;
    return codes << CODE_BITS | code | is_full * MORE;
}

/* Put the codes of a form into the cells of its articles, those of a language in which it is a form of the word. */
static inline void cells_put(Cells *cells, const FormPostings *posts, const uint8_t *language, int64_t articles) {
    for (Py_ssize_t i = 0; i < posts->count; i++) {
        const uint16_t doc = posts->doc[i];
        const uint64_t is_used = !~posts->spoken || (doc < articles && is_spoken(posts->spoken, language, doc));
        const uint32_t codes = cells->codes[doc];
        cells->codes[doc] = is_used ? with_code(codes, posts->code[i] | posts->very) : codes;
        cells->used[doc >> 6] |= is_used << (doc & 63);
        ((uint8_t *)cells->marks)[doc >> 6] |= (uint8_t)is_used;
    }
}

/* Collect the words of bits that are used, and empty them. Returns how many these are. */
static inline Py_ssize_t used_words(Cells *cells) {
    Py_ssize_t count = 0;
    for (uint32_t group = 0; group < WORDS / 8; group++) {
        for (uint64_t marks = cells->marks[group]; marks; marks &= marks - 1) {
            const uint32_t word = group * 8 + (uint32_t)lowest_bit(marks) / 8;
            cells->bits[count] = cells->used[word];
            cells->first[count++] = word * 64;
            cells->used[word] = 0;
        }
        cells->marks[group] = 0;
    }
    for (int i = 0; i < AHEAD; i++) cells->bits[count + i] = cells->first[count + i] = 0;
    return count;
}

/* Write down what is in the cells, and empty them: the articles, numbered from `start` on, and their values. Those with
 * several forms are noted, and get their values later. Returns how many articles there are. `several` has room for one more
 * than there are postings. */
static inline Py_ssize_t cells_drain(Cells *cells, uint32_t start, uint32_t *docs, uint16_t *values, Several *several,
                                     Py_ssize_t *noted) {
    const Py_ssize_t words = used_words(cells);
    uint64_t bits = cells->bits[0], next = cells->bits[1];
    Py_ssize_t count = 0, kept = 0;
    for (Py_ssize_t at = 0; at < words;) {
        const uint32_t doc = cells->first[at] + (uint32_t)lowest_bit(bits), codes = cells->codes[doc];
        docs[count] = start + doc;
        values[count] = value_of_code(codes);
        several[kept] = (Several){(uint32_t)count++, codes};
        kept += codes >> CODE_BITS != 0;
        cells->codes[doc] = 0;
        bits &= bits - 1;
        const uint64_t is_over = !bits;
        bits |= next & (0 - is_over);
        at += (Py_ssize_t)is_over;
        next = cells->bits[at + 1];
    }
    *noted = kept;
    return count;
}
