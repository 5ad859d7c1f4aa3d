/* Postings of the forms of a word, where they lie: what `in_place` of lookup.py finds and kernel.py reads. */

#define PARTS 4      /* see ranking.PARTS */
#define K1 1.2       /* see ranking.K1 */
#define LANGUAGES 64 /* more than analysis.LANGUAGES, so that those of a form fit into a word of bits */

#define STEP 2048 /* articles of a segment, which has 65,536 at most */
#define STEPS 32
#define UNSTEPPED 64 /* so many postings are read without steps */

/* The postings [first, last) of a form in a segment. Each code counts PARTS times if the form is the very word, and
 * once less otherwise. There is a bit for each language in which it is a form of the word. */
typedef struct {
    uint32_t segment, times, first, last;
    uint64_t spoken;
    uint16_t before[STEPS]; /* how many of the postings are of articles before each STEP, if there are more than UNSTEPPED */
} FormRange;

static inline int is_stepped(const FormRange *range) { return range->last - range->first > UNSTEPPED; }

/* Added and taken away, it leaves a double rounded as rint would, without a call. */
#define TO_WHOLE 6755399441055744.0

/* What a code stands for, see ranking.unsaturate. */
static inline double weight_of_code(int code) {
    const double known = code < 255 ? code : 254.75;
    return K1 * known / (255 - known);
}

static inline int code_of(double weight) {
    const double scaled = 255 * weight / (K1 + weight);
    const int whole = (int)((scaled + TO_WHOLE) - TO_WHOLE);
    return whole < 1 ? 1 : whole > 255 ? 255 : whole;
}

/* Whether an article is in a language in which a form is one of the word. Without languages, all articles are of one. */
static inline int is_spoken(uint64_t spoken, const uint8_t *language, Py_ssize_t doc) {
    return !~spoken || !language || ((language[doc] < LANGUAGES) & (spoken >> language[doc] % LANGUAGES));
}
