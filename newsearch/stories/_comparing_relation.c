/* Whether two articles are copies, see copies.py. */

#include "_comparing.h"

typedef struct {
    double of_smaller, of_union;
} Overlap;

static Overlap overlap(const Comparer *self, Words one, Words other, int64_t weight, int64_t other_weight) {
    int any = 0;
    const int64_t both = comparing_weight_of_both(self, one, other, &any);
    if (!any) return (Overlap){0, 0};
    return (Overlap){(double)both / (double)(weight < other_weight ? weight : other_weight),
                     (double)both / (double)(weight + other_weight - both)};
}

/* The longest run of terms that x[low..high) and y[left..right) have in common, the first in x, then in y. */
static Block longest(const int32_t *x, const int32_t *y, Block within, const Range *range) {
    int32_t lengths[2][LEAD + 1] = {{0}};
    const int32_t width = range->y - within.y;
    Block best = {within.x, within.y, 0};
    y += within.y;
    for (int32_t i = within.x; i < range->x; i++) {
        const int32_t *before = lengths[i & 1];
        int32_t *now = lengths[~i & 1], most = 0;
        const int32_t term = x[i];
        /* A run that ends at a term ended at the term before it in the row above. */
        for (int32_t at = 0; at < width; at++) now[at + 1] = (before[at] + 1) & -(term == y[at]);
        for (int32_t at = 1; at <= width; at++) most = now[at] > most ? now[at] : most;
        if (most <= best.size) continue;
        int32_t at = 1;
        while (now[at] != most) at++;
        best = (Block){i - most + 1, within.y + at - most, most};
    }
    return best;
}

static int by_place(const void *left, const void *right) {
    return (int)(((const Block *)left)->x - ((const Block *)right)->x);
}

/* The matching blocks of two sequences, as difflib.SequenceMatcher finds them without junk. */
static void align(const int32_t *x, int32_t x_count, const int32_t *y, int32_t y_count, Alignment *found) {
    Block from[LEAD + 1];
    Range to[LEAD + 1];
    int waiting = 0, count = 0;
    if (x_count == y_count && (!x_count || !memcmp(x, y, (size_t)x_count * sizeof *x))) {
        found->blocks[0] = (Block){0, 0, x_count};
        count = x_count > 0;
    } else if (x_count && y_count) {
        from[0] = (Block){0, 0, 0};
        to[waiting++] = (Range){x_count, y_count};
    }
    while (waiting) {
        const Block begin = from[--waiting];
        const Range end = to[waiting];
        const Block best = longest(x, y, begin, &end);
        if (!best.size) continue;
        found->blocks[count++] = best;
        if (begin.x < best.x && begin.y < best.y) {
            from[waiting] = begin;
            to[waiting++] = (Range){best.x, best.y};
        }
        if (best.x + best.size < end.x && best.y + best.size < end.y) {
            from[waiting] = (Block){best.x + best.size, best.y + best.size, 0};
            to[waiting++] = end;
        }
    }
    if (count > 1) qsort(found->blocks, (size_t)count, sizeof *found->blocks, by_place);
    int kept = 0;
    for (int i = 0; i < count; i++) {
        Block *before = kept ? &found->blocks[kept - 1] : NULL, block = found->blocks[i];
        if (before && before->x + before->size == block.x && before->y + before->size == block.y) before->size += block.size;
        else found->blocks[kept++] = block;
    }
    found->count = kept;
    found->size = 0;
    for (int i = 0; i < kept; i++)
        if (found->blocks[i].size >= RUN) found->size += found->blocks[i].size;
    const int32_t least = x_count < y_count ? x_count : y_count;
    found->held = least ? (double)found->size / (double)least : 0.0;
}

/* Whether words come before others: fewer do, and of as many those whose first other term does. */
static int comes_first(const Comparer *self, Words one, Words other) {
    if (one.count != other.count) return one.count < other.count;
    const int32_t *x = words_at(self, one), *y = words_at(self, other);
    int32_t i = 0;
    while (i < one.count && x[i] == y[i]) i++;
    if (i == one.count) return 0;
    const Text *left = text_at(&self->terms, x[i]), *right = text_at(&self->terms, y[i]);
    const char *bytes = self->terms.bytes.data;
    const int order = memcmp(bytes + left->start, bytes + right->start, left->length < right->length ? left->length : right->length);
    return order ? order < 0 : left->length < right->length;
}

/* As `_aligned` in copies.py: the same blocks whichever words come first. */
static void align_words(const Comparer *self, Words one, Words other, Alignment *found) {
    const int is_swapped = comes_first(self, other, one);
    const Words first = is_swapped ? other : one, second = is_swapped ? one : other;
    align(words_at(self, first), first.count, words_at(self, second), second.count, found);
    for (int i = 0; is_swapped && i < found->count; i++) {
        const Block block = found->blocks[i];
        found->blocks[i] = (Block){block.y, block.x, block.size};
    }
}

static int holds(const Comparer *self, Words set, int32_t term) {
    const int32_t *terms = words_at(self, set);
    int32_t low = 0, high = set.count;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (terms[middle] < term) low = middle + 1; else high = middle;
    }
    return low < set.count && terms[low] == term;
}

/* The values of the numbers among some terms. */
static int values_of(const Comparer *self, Words numbers, const int32_t *terms, int32_t count, int32_t *values) {
    int found = 0;
    for (int32_t i = 0; i < count; i++)
        if (holds(self, numbers, terms[i])) values[found++] = ((const Term *)self->term_facts.data)[terms[i]].value;
    return found;
}

static int is_among(int32_t value, const int32_t *values, int count) {
    for (int i = 0; i < count; i++)
        if (values[i] == value) return 1;
    return 0;
}

static int all_among(const int32_t *some, int count, const int32_t *values, int size) {
    for (int i = 0; i < count; i++)
        if (!is_among(some[i], values, size)) return 0;
    return 1;
}

static int none_among(const int32_t *some, int count, const int32_t *values, int size) {
    for (int i = 0; i < count; i++)
        if (is_among(some[i], values, size)) return 0;
    return 1;
}

static PyObject *name_of(const Comparer *self, int32_t term) {
    const Text *text = text_at(&self->terms, term);
    return PyUnicode_DecodeUTF8(self->terms.bytes.data + text->start, (Py_ssize_t)text->length, "surrogatepass");
}

/* What a function of Python says of two runs of terms: 0 or 1; -1 with an exception. */
static int ask(const Comparer *self, PyObject *function, const int32_t *old, int32_t olds, const int32_t *new, int32_t news) {
    PyObject *parts[2] = {PyTuple_New(olds), PyTuple_New(news)};
    int failed = !parts[0] || !parts[1];
    for (int part = 0; part < 2; part++) {
        for (int32_t i = 0; !failed && i < (part ? news : olds); i++) {
            PyObject *name = name_of(self, (part ? new : old)[i]);
            failed = !name || PyTuple_SetItem(parts[part], i, name) < 0;
        }
    }
    PyObject *found = !failed ? PyObject_CallFunctionObjArgs(function, parts[0], parts[1], NULL) : NULL;
    const int is_true = found ? PyObject_IsTrue(found) : -1;
    Py_XDECREF(found);
    Py_XDECREF(parts[0]);
    Py_XDECREF(parts[1]);
    return is_true;
}

static int has_negation(const Comparer *self, const int32_t *terms, int32_t count) {
    for (int32_t i = 0; i < count; i++)
        if (((const Term *)self->term_facts.data)[terms[i]].kind & TERM_NEGATION) return 1;
    return 0;
}

/* Whether Python must be asked for opposites: are_opposite of _senses.py needs two terms that have some, or one that is
 * the other with a prefix. */
static int may_be_opposed(const Comparer *self, const int32_t *old, const int32_t *new, int32_t count) {
    const Term *facts = (const Term *)self->term_facts.data;
    for (int32_t i = 0; i < count; i++) {
        if (facts[old[i]].kind & facts[new[i]].kind & TERM_POLAR) return 1;
        const Text *one = text_at(&self->terms, old[i]), *other = text_at(&self->terms, new[i]);
        const Text *longer = one->length > other->length ? one : other, *shorter = longer == one ? other : one;
        const char *bytes = self->terms.bytes.data;
        if (longer->length > shorter->length &&
            !memcmp(bytes + longer->start + (longer->length - shorter->length), bytes + shorter->start, shorter->length))
            return 1;
    }
    return 0;
}

static int contradict(const Comparer *self, const Article *a, const Article *b, const int32_t *old, int32_t olds,
                      const int32_t *new, int32_t news) {
    if (has_negation(self, old, olds) != has_negation(self, new, news) && olds + news <= 4) return 1;
    if (!olds || !news) return 0;
    int32_t numbers[GAP], others[GAP];
    const int count = values_of(self, a->numbers, old, olds, numbers), size = values_of(self, b->numbers, new, news, others);
    if (count && size) {
        const int is_same = all_among(numbers, count, others, size) && all_among(others, size, numbers, count);
        if ((!is_same && olds == news) || none_among(numbers, count, others, size)) return 1;
    }
    if (olds == news && may_be_opposed(self, old, new, olds)) {
        const int opposed = ask(self, self->opposed, old, olds, new, news);
        if (opposed) return opposed;
    }
    for (int32_t i = 0; i < olds + news; i++) {
        const int32_t term = i < olds ? old[i] : new[i - olds];
        if (holds(self, a->common, term) || holds(self, b->common, term)) return 0;
    }
    return ask(self, self->renamed, old, olds, new, news);
}

static int is_start(const Comparer *self, int32_t term, int32_t of) {
    const Text *start = text_at(&self->terms, term), *whole = text_at(&self->terms, of);
    const char *bytes = self->terms.bytes.data;
    return start->length <= whole->length && !memcmp(bytes + start->start, bytes + whole->start, start->length);
}

static int clash(const Comparer *self, const Article *a, const Article *b, Words one, Words other,
                 const Alignment *alignment, int is_cut, int32_t label, int32_t other_label) {
    const int32_t *x = words_at(self, one), *y = words_at(self, other);
    Block before = {0, 0, 0};
    for (int i = 0; i <= alignment->count; i++) {
        const Block next = i < alignment->count ? alignment->blocks[i] : (Block){one.count, other.count, 0};
        const Block last = before;
        before = next;
        const int32_t *old = x + last.x + last.size, *new = y + last.y + last.size;
        const int32_t olds = next.x - last.x - last.size, news = next.y - last.y - last.size;
        if (!olds && !news) continue;
        if (!last.size && (next.x <= label || next.y <= other_label)) continue;
        const int at_edge = !last.size || !next.size;
        if (olds > GAP || news > GAP || (at_edge && olds != news)) continue;
        if (!next.size && is_cut && (is_start(self, *old, *new) || is_start(self, *new, *old))) continue;
        const int found = contradict(self, a, b, old, olds, new, news);
        if (found) return found;
    }
    return 0;
}

static int is_same(const Comparer *self, Words one, Words other) {
    return one.count == other.count &&
           (!one.count || !memcmp(words_at(self, one), words_at(self, other), (size_t)one.count * sizeof(int32_t)));
}

static int other_numbers(const Comparer *self, const Article *a, const Article *b) {
    int32_t old[LEAD], new[LEAD];
    const int olds = values_of(self, a->numbers, words_at(self, a->title), a->title.count, old);
    const int news = values_of(self, b->numbers, words_at(self, b->title), b->title.count, new);
    if (olds == news && (!olds || !memcmp(old, new, (size_t)olds * sizeof *old))) return 0;
    if (!all_among(old, olds, new, news) && !all_among(new, news, old, olds)) return 1;
    if (olds != news) return 0;
    comparing_sort(old, (size_t)olds);
    comparing_sort(new, (size_t)news);
    return memcmp(old, new, (size_t)olds * sizeof *old) || is_same(self, a->title_terms, b->title_terms);
}

/* Whether one headline is the other with something before it. */
static int has_kicker(const Comparer *self, const Article *a, const Article *b) {
    const Words *shorter = a->title.count <= b->title.count ? &a->title : &b->title;
    const Words *longer = shorter == &a->title ? &b->title : &a->title;
    if (shorter->count < 6) return 0;
    return !memcmp(words_at(self, *longer) + longer->count - shorter->count, words_at(self, *shorter),
                   (size_t)shorter->count * sizeof(int32_t));
}

/* As `relation` in copies.py; NaN with an exception. */
double comparing_relation(const Comparer *self, const Article *a, const Article *b) {
    const double apart = a->time == a->time && b->time == b->time ? fabs(a->time - b->time) : 0.0;
    if (apart > WINDOW) return 0.0;
    const Overlap texts = overlap(self, a->text_terms, b->text_terms, a->text_weight, b->text_weight);
    const Overlap titles = overlap(self, a->title_terms, b->title_terms, a->title_weight, b->title_weight);
    if (texts.of_smaller < 0.35 && titles.of_union < 0.6) return 0.0;
    Alignment in_title, in_text;
    const int has_title = titles.of_smaller > 0.4, has_text = texts.of_smaller > 0.35;
    if (has_title) align_words(self, a->title, b->title, &in_title);
    if (has_text) align_words(self, a->text, b->text, &in_text);
    int clashes = 0;
    if (has_title && titles.of_smaller >= 0.5 && !is_same(self, a->title, b->title))
        clashes = other_numbers(self, a, b) || clash(self, a, b, a->title, b->title, &in_title, 0, a->title_label, b->title_label);
    if (PyErr_Occurred()) return NAN;
    if (!clashes && has_text && in_text.held >= 0.5)
        clashes = clash(self, a, b, a->text, b->text, &in_text, a->is_cut || b->is_cut, a->text_label, b->text_label);
    if (PyErr_Occurred()) return NAN;
    if (clashes) return -1.0;
    const double held = has_text ? in_text.held : 0.0;
    const int32_t size = has_text ? in_text.size : 0;
    const int32_t least = a->text.count < b->text.count ? a->text.count : b->text.count;
    const int32_t words = a->title.count < b->title.count ? a->title.count : b->title.count;
    const double agree = words < 4 ? 0.0 : has_kicker(self, a, b) ? 1.0 : titles.of_union;
    const double tells = a->tells < b->tells ? a->tells : b->tells;
    if (a->outlet && a->outlet == b->outlet) {
        if (held < 0.75 && least >= 4) return agree > 0.9 && apart <= 3 * 3600 ? 1 + held : 0.0;
        const int is_again = agree >= 0.5 || (titles.of_smaller >= 0.75 && apart <= 12 * 3600.0) || (held >= 0.9 && tells >= 0.3);
        return is_again ? 1 + held * titles.of_smaller : 0.0;
    }
    if (agree >= 0.85 && (apart <= 2 * 86400.0 || (agree > 0.95 && least < 4))) return 1 + held;
    if (held >= 0.85 && size >= 7 && (titles.of_smaller > tells ? titles.of_smaller : tells) >= 0.2) return 1 + held;
    return (held * (size < 8 ? size / 8.0 : 1.0) + agree) / 1.2;
}
