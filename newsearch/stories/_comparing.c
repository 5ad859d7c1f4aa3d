/* Compares the words of articles: `Comparer` of comparing.py, compiled. It does exactly what wording.py and copies.py
 * do in Python, which are also what runs where no compiler was at hand. What a chunk or a term is, Python tells once. */

#include "_comparing.h"

#include "_module.h"
#include "_spaces.h"

/* ---- texts with numbers ---- */

static uint64_t hash_of(const Texts *texts, const char *text, size_t length) {
    uint64_t hash = texts->secret ^ length;
    for (size_t i = 0; i < length; i += 8) {
        uint64_t part = 0;
        memcpy(&part, text + i, length - i < 8 ? length - i : 8);
        hash = (hash ^ part) * (texts->secret | 1);
        hash ^= hash >> 32;
    }
    return hash ^ (hash >> 29);
}

static int texts_grow(Texts *texts) {
    const size_t places = texts->places ? 2 * texts->places : 1024;
    int32_t *numbers = malloc(places * sizeof *numbers);
    if (!numbers) return -1;
    memset(numbers, 0xff, places * sizeof *numbers);
    for (int32_t i = 0; i < texts->count; i++) {
        const Text *text = text_at(texts, i);
        size_t at = hash_of(texts, texts->bytes.data + text->start, text->length) & (places - 1);
        while (numbers[at] >= 0) at = (at + 1) & (places - 1);
        numbers[at] = i;
    }
    free(texts->numbers);
    texts->numbers = numbers;
    texts->places = places;
    return 0;
}

/* The number of a text, which is `texts->count` before the call if it is new; -1 where memory has run out. */
static int32_t number_of(Texts *texts, const char *text, size_t length) {
    if (2 * (size_t)texts->count >= texts->places && texts_grow(texts) < 0) return -1;
    size_t at = hash_of(texts, text, length) & (texts->places - 1);
    for (; texts->numbers[at] >= 0; at = (at + 1) & (texts->places - 1)) {
        const Text *known = text_at(texts, texts->numbers[at]);
        if (known->length == length && !memcmp(texts->bytes.data + known->start, text, length)) return texts->numbers[at];
    }
    const Text added = {texts->bytes.length, (uint32_t)length};
    if (texts->count == INT32_MAX || buffer_add(&texts->bytes, text, length) < 0 ||
        buffer_add(&texts->entries, &added, sizeof added) < 0)
        return -1;
    return texts->numbers[at] = texts->count++;
}

static void texts_free(Texts *texts) {
    free(texts->bytes.data);
    free(texts->entries.data);
    free(texts->numbers);
}

/* ---- terms and chunks ---- */

static int is_digit(char c) { return c >= '0' && c <= '9'; }
static int is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static int is_lower(char c) { return c >= 'a' && c <= 'z'; }
static int is_alnum(char c) { return is_digit(c) || is_upper(c) || is_lower(c); }
static int is_in(char c, const char *set) { return c && strchr(set, c) != NULL; }

static int no_memory(void) {
    PyErr_NoMemory();
    return -1;
}

/* The number of a term; -1 with an exception. */
static int32_t term_of(Comparer *self, const char *data, size_t length) {
    const int32_t known = self->terms.count, number = number_of(&self->terms, data, length);
    if (number < 0) return no_memory();
    if (number < known) return number;
    Term term = {0, 0, number};
    size_t letters = 0;
    while (letters < length && is_alnum(data[letters])) letters++;
    if (self->has_told && letters == length) {
        /* The words that mean something have been told when this was made. */
        term.weight = (int)(length < TERM_WEIGHT ? length : TERM_WEIGHT);
        term.kind = is_digit(*data) ? TERM_DIGIT : 0;
        return buffer_add(&self->term_facts, &term, sizeof term) < 0 ? no_memory() : number;
    }
    PyObject *name = PyUnicode_DecodeUTF8(data, (Py_ssize_t)length, "surrogatepass"), *value = NULL;
    PyObject *told = name ? PyObject_CallFunctionObjArgs(self->tell_term, name, NULL) : NULL;
    int failed = !told || !PyArg_ParseTuple(told, "iiO!", &term.weight, &term.kind, &PyUnicode_Type, &value) ||
                 (buffer_add(&self->term_facts, &term, sizeof term) < 0 && no_memory() < 0);
    if (!failed && PyUnicode_Compare(value, name)) {
        /* The value stands for itself. */
        PyObject *text = PyUnicode_AsEncodedString(value, "utf-8", "surrogatepass");
        const int32_t same = text ? term_of(self, PyBytes_AsString(text), (size_t)PyBytes_Size(text)) : -1;
        Py_XDECREF(text);
        failed = same < 0;
        if (!failed) ((Term *)self->term_facts.data)[number].value = same;
    }
    Py_XDECREF(told);
    Py_XDECREF(name);
    if (failed) self->is_broken = 1; /* the number has no facts */
    return failed ? -1 : number;
}

/* A chunk that is a word of ASCII, between points and quotes: what it is, and its only term. Returns 0 for others. */
static int plain_chunk(const char *chunk, size_t length, int *kind, char *term, size_t *term_length) {
    size_t first = 0, end = length;
    while (first < end && is_in(chunk[first], ".,;:!?\"'()[]|")) first++;
    while (end > first && is_in(chunk[end - 1], ".,;:!?\"'()[]|")) end--;
    if (first == end || (is_digit(chunk[first]) && first && chunk[first - 1] == '.')) return 0;
    for (size_t i = first; i < end; i++)
        if (!is_alnum(chunk[i])) return 0;
    size_t uppers = 0, lowers = 0, at = 0;
    int found = 0, is_capital = 0;
    for (size_t i = 0; i < length; i++) {
        if (!uppers && !lowers) is_capital = is_upper(chunk[i]);
        uppers += (size_t)is_upper(chunk[i]);
        lowers += (size_t)is_lower(chunk[i]);
        if (chunk[i] == '(') found |= OPENS;
        if (chunk[i] == ')') found |= CLOSES;
    }
    if (uppers && is_capital) found |= CAPITAL;
    if (uppers && !lowers) found |= PLACE;
    while (at < length && is_in(chunk[at], "$'\"([#+-~")) at++;
    if (at < length && is_digit(chunk[at])) found |= DIGIT;
    if (chunk[length - 1] == ':') found |= LABEL | COLON;
    if (chunk[length - 1] == '|') found |= LABEL;
    if (is_alnum(chunk[length - 1]) || (length > 2 && !memcmp(chunk + length - 3, "...", 3))) found |= CUT;
    if (end - first > MAX_TERM_LENGTH) end = first + MAX_TERM_LENGTH;
    for (size_t i = first; i < end; i++) term[i - first] = (char)(is_upper(chunk[i]) ? chunk[i] + 32 : chunk[i]);
    *term_length = end - first;
    *kind = found;
    return 1;
}

/* The number of a chunk; -1 with an exception. */
static int32_t chunk_of(Comparer *self, const char *data, size_t length) {
    const int32_t known = self->chunks.count, number = number_of(&self->chunks, data, length);
    if (number < 0) return no_memory();
    if (number < known) return number;
    Chunk chunk = {self->chunk_terms.length / sizeof(int32_t), 0, 0};
    char term[MAX_TERM_LENGTH];
    size_t term_length;
    int failed = 0;
    if (plain_chunk(data, length, &chunk.kind, term, &term_length)) {
        const int32_t found = term_of(self, term, term_length);
        chunk.count = 1;
        failed = found < 0 || (buffer_add(&self->chunk_terms, &found, sizeof found) < 0 && no_memory() < 0);
    } else {
        PyObject *text = PyUnicode_DecodeUTF8(data, (Py_ssize_t)length, "surrogatepass"), *terms = NULL;
        PyObject *told = text ? PyObject_CallFunctionObjArgs(self->tell_chunk, text, NULL) : NULL;
        failed = !told || !PyArg_ParseTuple(told, "iO!", &chunk.kind, &PyTuple_Type, &terms);
        chunk.count = failed ? 0 : (int32_t)PyTuple_Size(terms);
        for (int32_t i = 0; !failed && i < chunk.count; i++) {
            PyObject *utf8 = PyUnicode_AsEncodedString(PyTuple_GetItem(terms, i), "utf-8", "surrogatepass");
            const int32_t found = utf8 ? term_of(self, PyBytes_AsString(utf8), (size_t)PyBytes_Size(utf8)) : -1;
            failed = found < 0 || (buffer_add(&self->chunk_terms, &found, sizeof found) < 0 && no_memory() < 0);
            Py_XDECREF(utf8);
        }
        Py_XDECREF(told);
        Py_XDECREF(text);
    }
    failed = failed || (buffer_add(&self->chunk_facts, &chunk, sizeof chunk) < 0 && no_memory() < 0);
    if (failed) self->is_broken = 1; /* the number has no facts */
    return failed ? -1 : number;
}

static const Chunk *chunk_at(const Comparer *self, int32_t number) { return (const Chunk *)self->chunk_facts.data + number; }

/* ---- the wording of an article, see wording.py ---- */

/* The numbers of the first `most` chunks of a text; `last` is the number of the last of all. */
static int split(Comparer *self, const char *text, size_t length, size_t most, Buffer *chunks, int32_t *last) {
    const unsigned char *at = (const unsigned char *)text, *end = at + length, *begin = NULL, *stop = NULL;
    size_t found = 0;
    *last = -1;
    chunks->length = 0;
    while (at < end) {
        size_t space = 0;
        const unsigned char *from = at;
        while (at < end && !(space = *at < 128 ? (size_t)is_ascii_space(*at) : wide_space_at(at, end))) at++;
        if (at > from) {
            begin = from;
            stop = at;
            if (found++ < most) {
                *last = chunk_of(self, (const char *)from, (size_t)(at - from));
                if (*last < 0) return -1;
                if (buffer_add(chunks, last, sizeof *last) < 0) return no_memory();
            }
        }
        at += space;
    }
    if (found > most) *last = chunk_of(self, (const char *)begin, (size_t)(stop - begin));
    return found && *last < 0 ? -1 : 0;
}

static size_t bare_title(const Comparer *self, const int32_t *chunks, size_t count) {
    for (size_t at = count; at-- > 0;) {
        if (at + 2 > count) continue;
        if (at < KEPT_WORDS || at + ENDING_WORDS + 2 <= count) break;
        if (chunk_at(self, chunks[at])->kind & SEPARATOR) return at;
    }
    return count;
}

static size_t dateline(const Comparer *self, const int32_t *chunks, size_t count) {
    int opens = 0;
    for (size_t at = 0; at < count && at < DATELINE_CHUNKS; at++) {
        const int kind = chunk_at(self, chunks[at])->kind;
        opens |= kind & OPENS;
        if (kind & DASH || (kind & COLON && at && kind & CLOSES))
            return opens || chunk_at(self, chunks[0])->kind & PLACE ? at + 1 : 0;
    }
    return 0;
}

static int32_t label(const Comparer *self, const int32_t *chunks, size_t count) {
    int32_t terms = 0;
    for (size_t at = 0; at < count && at < LABEL_CHUNKS; at++) {
        terms += chunk_at(self, chunks[at])->count;
        if (chunk_at(self, chunks[at])->kind & LABEL) return terms;
    }
    return 0;
}

/* Adds the terms of chunks, and which of them are numbers and which are common words. */
static int read_chunks(const Comparer *self, const int32_t *chunks, size_t count, Buffer *terms, Buffer *numbers,
                       Buffer *common) {
    for (size_t i = 0; i < count; i++) {
        const Chunk *chunk = chunk_at(self, chunks[i]);
        const int32_t *found = (const int32_t *)self->chunk_terms.data + chunk->start;
        const Term *facts = (const Term *)self->term_facts.data;
        const size_t size = (size_t)chunk->count * sizeof *found;
        if (buffer_add(terms, found, size) < 0) return no_memory();
        for (int32_t t = 0; t < chunk->count; t++) {
            const int kind = facts[found[t]].kind;
            const int is_number = chunk->kind & DIGIT ? kind & TERM_DIGIT : chunk->count == 1 && kind & TERM_NUMBER;
            if (is_number && buffer_add(numbers, found + t, sizeof *found) < 0) return no_memory();
        }
        if (!(chunk->kind & CAPITAL) && buffer_add(common, found, size) < 0) return no_memory();
    }
    return 0;
}

/* By insertion: these are the terms of a few sentences. */
static void sort_numbers(int32_t *numbers, size_t count) {
    for (size_t i = 1; i < count; i++) {
        const int32_t number = numbers[i];
        size_t at = i;
        for (; at && numbers[at - 1] > number; at--) numbers[at] = numbers[at - 1];
        numbers[at] = number;
    }
}

/* Adds to the words of all articles these terms, sorted and without duplicates where that is wanted. */
static int store(Comparer *self, const int32_t *terms, size_t count, int as_set, Words *words) {
    words->start = self->words.length / sizeof *terms;
    words->count = (int32_t)count;
    if (buffer_add(&self->words, terms, count * sizeof *terms) < 0) return no_memory();
    if (!as_set || !count) return 0;
    int32_t *stored = (int32_t *)self->words.data + words->start;
    sort_numbers(stored, count);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++)
        if (stored[i] != stored[kept - 1]) stored[kept++] = stored[i];
    words->count = (int32_t)kept;
    self->words.length -= (count - kept) * sizeof *stored;
    return 0;
}

static const int32_t *words_at(const Comparer *self, Words words) { return (const int32_t *)self->words.data + words.start; }

static int64_t weight_of(const Comparer *self, Words words) {
    const Term *facts = (const Term *)self->term_facts.data;
    int64_t total = 0;
    for (int32_t i = 0; i < words.count; i++) total += facts[words_at(self, words)[i]].weight;
    return total;
}

/* The weight of the terms that two sorted sets have in common. */
static int64_t weight_of_both(const Comparer *self, Words one, Words other, int *any) {
    const Term *facts = (const Term *)self->term_facts.data;
    const int32_t *x = words_at(self, one), *y = words_at(self, other);
    int64_t total = 0;
    for (int32_t i = 0, j = 0; i < one.count && j < other.count;) {
        const int32_t term = x[i], counterpart = y[j];
        if (term == counterpart) {
            total += facts[term].weight;
            *any = 1;
        }
        /* Without branches, which could not be foretold. */
        i += term <= counterpart;
        j += counterpart <= term;
    }
    return total;
}

static int add_article(Comparer *self, const char *title, size_t title_length, const char *text, size_t text_length,
                       int32_t outlet, double time) {
    Read *room = &self->room;
    int32_t last;
    room->title.length = room->text.length = room->numbers.length = room->common.length = 0;
    Article article = {.outlet = outlet, .time = time};
    if (split(self, title, title_length, SIZE_MAX, &room->chunks, &last) < 0) return -1;
    const int32_t *chunks = (const int32_t *)room->chunks.data;
    size_t count = bare_title(self, chunks, room->chunks.length / sizeof *chunks);
    article.title_label = label(self, chunks, count);
    if (read_chunks(self, chunks, count, &room->title, &room->numbers, &room->common) < 0) return -1;
    if (split(self, text, text_length, LEAD + LEAD / 4, &room->chunks, &last) < 0) return -1;
    chunks = (const int32_t *)room->chunks.data;
    count = room->chunks.length / sizeof *chunks;
    article.is_cut = last >= 0 && (chunk_at(self, last)->kind & CUT);
    const size_t skipped = dateline(self, chunks, count);
    chunks += skipped;
    count -= skipped;
    article.text_label = label(self, chunks, count);
    if (read_chunks(self, chunks, count, &room->text, &room->numbers, &room->common) < 0) return -1;
    size_t head = room->title.length / sizeof(int32_t), terms = room->text.length / sizeof(int32_t);
    const int32_t *start = (const int32_t *)room->text.data;
    if (terms >= head && (!head || !memcmp(start, room->title.data, head * sizeof *start))) {
        start += head;
        terms -= head;
    }
    if (terms > LEAD) terms = LEAD;
    if (head > LEAD) head = LEAD;
    if (store(self, (const int32_t *)room->title.data, head, 0, &article.title) < 0 ||
        store(self, start, terms, 0, &article.text) < 0 ||
        store(self, (const int32_t *)room->title.data, head, 1, &article.title_terms) < 0 ||
        store(self, start, terms, 1, &article.text_terms) < 0 ||
        store(self, (const int32_t *)room->numbers.data, room->numbers.length / sizeof(int32_t), 1, &article.numbers) < 0 ||
        store(self, (const int32_t *)room->common.data, room->common.length / sizeof(int32_t), 1, &article.common) < 0)
        return -1;
    article.title_weight = weight_of(self, article.title_terms);
    article.text_weight = weight_of(self, article.text_terms);
    int any = 0;
    const double both = (double)weight_of_both(self, article.title_terms, article.text_terms, &any);
    article.tells = both / (double)(article.title_weight > 1 ? article.title_weight : 1);
    return buffer_add(&self->articles, &article, sizeof article) < 0 ? no_memory() : 0;
}

/* ---- relation, see copies.py ---- */

typedef struct {
    double of_smaller, of_union;
} Overlap;

static Overlap overlap(const Comparer *self, Words one, Words other, int64_t weight, int64_t other_weight) {
    int any = 0;
    const int64_t both = weight_of_both(self, one, other, &any);
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
    sort_numbers(old, (size_t)olds);
    sort_numbers(new, (size_t)news);
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
static double relation(const Comparer *self, const Article *a, const Article *b) {
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

/* ---- the class ---- */

/* Python is called, and may let another thread run: it must find nothing half done here. */
static int begin(Comparer *self) {
    if (self->is_broken || self->is_at_work) {
        PyErr_SetString(PyExc_RuntimeError, self->is_broken ? "an earlier call has failed" : "another thread is at work here");
        return -1;
    }
    self->is_at_work = 1;
    return 0;
}

static PyObject *add(PyObject *object, PyObject *args) {
    Comparer *self = (Comparer *)object;
    PyObject *titles, *texts;
    const char *outlets, *times;
    Py_ssize_t outlets_size, times_size;
    if (!PyArg_ParseTuple(args, "O!O!y#y#", &PyList_Type, &titles, &PyList_Type, &texts, &outlets, &outlets_size, &times,
                          &times_size))
        return NULL;
    const Py_ssize_t count = PyList_Size(titles);
    if (PyList_Size(texts) != count || outlets_size != count * 4 || times_size != count * 8)
        return PyErr_Format(PyExc_ValueError, "these are not as many articles everywhere");
    if (begin(self) < 0) return NULL;
    int failed = 0;
    for (Py_ssize_t i = 0; !failed && i < count; i++) {
        PyObject *utf8[2] = {NULL, NULL}, *given[2] = {PyList_GetItem(titles, i), PyList_GetItem(texts, i)};
        for (int part = 0; part < 2; part++)
            utf8[part] = given[part] ? PyUnicode_AsEncodedString(given[part], "utf-8", "surrogatepass") : NULL;
        int32_t outlet;
        double time;
        memcpy(&outlet, outlets + i * 4, sizeof outlet);
        memcpy(&time, times + i * 8, sizeof time);
        failed = !utf8[0] || !utf8[1] ||
                 add_article(self, PyBytes_AsString(utf8[0]), (size_t)PyBytes_Size(utf8[0]), PyBytes_AsString(utf8[1]),
                             (size_t)PyBytes_Size(utf8[1]), outlet, time) < 0;
        Py_XDECREF(utf8[0]);
        Py_XDECREF(utf8[1]);
    }
    self->is_at_work = 0;
    return failed ? NULL : Py_NewRef(Py_None);
}

static size_t article_count(const Comparer *self) { return self->articles.length / sizeof(Article); }

#define FAR 8 /* pairs between what is fetched and what is compared */

/* Fetches the words of a pair that is compared soon. They are rarely in the processor's cache. */
static void ahead(const Comparer *self, const int64_t *pair, Py_ssize_t at, Py_ssize_t end, int64_t count) {
#ifdef __GNUC__
    const Article *articles = (const Article *)self->articles.data;
    if (at + 2 * FAR + 1 < end && pair[at + 2 * FAR + 1] >= 0 && pair[at + 2 * FAR + 1] < count)
        __builtin_prefetch(articles + pair[at + 2 * FAR + 1]);
    if (at + 1 < end && pair[at + 1] >= 0 && pair[at + 1] < count) {
        /* A number, because it may lie beyond the end of the words. */
        const uintptr_t terms = (uintptr_t)self->words.data + articles[pair[at + 1]].title_terms.start * sizeof(int32_t);
        for (uintptr_t line = 0; line < 3; line++) __builtin_prefetch((const void *)(terms + 64 * line));
    }
#endif
}

static PyObject *relations(PyObject *object, PyObject *given) {
    Comparer *self = (Comparer *)object;
    Array pairs = {0};
    PyObject *found = NULL;
    if (begin(self) < 0) return NULL;
    if (array_open(&pairs, given) < 0) goto done;
    if (pairs.type != I64 || pairs.length % 2) { PyErr_SetString(PyExc_TypeError, "pairs of int64 are expected here"); goto done; }
    found = PyBytes_FromStringAndSize(NULL, pairs.length / 2 * (Py_ssize_t)sizeof(double));
    if (!found) goto done;
    char *out = PyBytes_AsString(found);
    const int64_t *pair = pairs.data;
    const Article *articles = (const Article *)self->articles.data;
    const int64_t count = (int64_t)article_count(self);
    for (Py_ssize_t i = 0; i < pairs.length; i += 2) {
        double value = NAN;
        ahead(self, pair, i + 2 * FAR, pairs.length, count);
        if (pair[i] < 0 || pair[i] >= count || pair[i + 1] < 0 || pair[i + 1] >= count) PyErr_SetString(PyExc_IndexError, "no such article");
        else value = relation(self, articles + pair[i], articles + pair[i + 1]);
        if (PyErr_Occurred()) { Py_CLEAR(found); goto done; }
        memcpy(out + i / 2 * (Py_ssize_t)sizeof value, &value, sizeof value);
    }
done:
    self->is_at_work = 0;
    array_close(&pairs);
    return found;
}

static PyObject *sizes(PyObject *object, PyObject *args) {
    const Comparer *self = (Comparer *)object;
    const Py_ssize_t count = (Py_ssize_t)article_count(self);
    Py_ssize_t first = 0;
    if (!PyArg_ParseTuple(args, "|n", &first)) return NULL;
    if (first < 0 || first > count) return PyErr_Format(PyExc_IndexError, "no such article");
    PyObject *found = PyBytes_FromStringAndSize(NULL, (count - first) * (Py_ssize_t)sizeof(int32_t));
    for (Py_ssize_t i = first; found && i < count; i++) {
        const Article *article = (const Article *)self->articles.data + i;
        const int32_t size = article->title.count + article->text.count;
        memcpy(PyBytes_AsString(found) + (i - first) * (Py_ssize_t)sizeof size, &size, sizeof size);
    }
    return found;
}

static void buffer_drop(Buffer *buffer, size_t length) {
    buffer->length -= length;
    if (!buffer->length) {
        free(buffer->data);
        *buffer = (Buffer){NULL, 0, 0};
    } else if (length) {
        memmove(buffer->data, buffer->data + length, buffer->length);
    }
}

static PyObject *forget(PyObject *object, PyObject *args) {
    Comparer *self = (Comparer *)object;
    const size_t held = article_count(self);
    Py_ssize_t count = (Py_ssize_t)held;
    if (!PyArg_ParseTuple(args, "|n", &count)) return NULL;
    if (count < 0 || (size_t)count > held) return PyErr_Format(PyExc_IndexError, "there are not as many articles");
    if (begin(self) < 0) return NULL;
    /* The words of each article follow those of the article before it. */
    const size_t words = (size_t)count < held ? ((const Article *)self->articles.data + count)->title.start
                                              : self->words.length / sizeof(int32_t);
    buffer_drop(&self->words, words * sizeof(int32_t));
    buffer_drop(&self->articles, (size_t)count * sizeof(Article));
    for (size_t i = 0; i < held - (size_t)count; i++) {
        Article *article = (Article *)self->articles.data + i;
        Words *parts[] = {&article->title,      &article->text,    &article->title_terms,
                          &article->text_terms, &article->numbers, &article->common};
        for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) parts[part]->start -= words;
    }
    self->is_at_work = 0;
    return Py_NewRef(Py_None);
}

static void dealloc(PyObject *object) {
    Comparer *self = (Comparer *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject *held[] = {self->tell_chunk, self->tell_term, self->opposed, self->renamed};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) Py_XDECREF(held[i]);
    texts_free(&self->terms);
    texts_free(&self->chunks);
    Buffer *buffers[] = {&self->term_facts, &self->chunk_facts, &self->chunk_terms, &self->words, &self->articles,
                         &self->room.chunks, &self->room.title, &self->room.text, &self->room.numbers, &self->room.common};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) free(buffers[i]->data);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static int init(PyObject *object, PyObject *args, PyObject *named) {
    Comparer *self = (Comparer *)object;
    PyObject *given[4], *words;
    if (named && PyDict_Size(named)) { PyErr_SetString(PyExc_TypeError, "no named arguments"); return -1; }
    if (!PyArg_ParseTuple(args, "OOOOO!", &given[0], &given[1], &given[2], &given[3], &PyTuple_Type, &words)) return -1;
    if (self->tell_chunk) { PyErr_SetString(PyExc_TypeError, "made already"); return -1; }
    /* Texts are hashed by Python with a secret of the process. */
    PyObject *probe = PyUnicode_FromString("newsearch");
    if (!probe) return -1;
    self->terms.secret = self->chunks.secret = (uint64_t)PyObject_Hash(probe) * 0x9e3779b97f4a7c15u;
    Py_DECREF(probe);
    self->tell_chunk = Py_NewRef(given[0]);
    self->tell_term = Py_NewRef(given[1]);
    self->opposed = Py_NewRef(given[2]);
    self->renamed = Py_NewRef(given[3]);
    for (Py_ssize_t i = 0; i < PyTuple_Size(words); i++) {
        Py_ssize_t length;
        const char *word = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(words, i), &length);
        if (!word || term_of(self, word, (size_t)length) < 0) return -1;
    }
    self->has_told = 1;
    return 0;
}

static PyMethodDef comparer_methods[] = {
    {"add", add, METH_VARARGS, "add(titles, texts, outlets, times): more articles, see comparing.py."},
    {"relations", relations, METH_O, "relations(pairs): how certainly articles are copies, see comparing.py."},
    {"sizes", sizes, METH_VARARGS, "sizes(first): how many terms articles have, see comparing.py."},
    {"forget", forget, METH_VARARGS, "forget(count): the first articles, see comparing.py."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot comparer_slots[] = {
    {Py_tp_doc, "Compares the words of articles; see comparing.py."},
    {Py_tp_init, init},
    {Py_tp_dealloc, dealloc},
    {Py_tp_methods, comparer_methods},
    {0, NULL},
};
static PyType_Spec comparer_spec = {
    "newsearch.stories._comparing.Comparer", sizeof(Comparer), 0, Py_TPFLAGS_DEFAULT, comparer_slots,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_comparing", "Compares the words of articles, compiled; see comparing.py.", 0, NULL,
};

PyMODINIT_FUNC PyInit__comparing(void) {
    PyObject *module = PyModule_Create(&definition), *type = module ? PyType_FromSpec(&comparer_spec) : NULL;
    if (module && (!type || PyModule_AddObjectRef(module, "Comparer", type) < 0)) Py_CLEAR(module);
    Py_XDECREF(type);
    static const Constant constants[] = {
        CONSTANT(MAX_TERM_LENGTH), CONSTANT(TERM_WEIGHT), CONSTANT(LEAD), CONSTANT(KEPT_WORDS), CONSTANT(ENDING_WORDS),
        CONSTANT(DATELINE_CHUNKS), CONSTANT(LABEL_CHUNKS), CONSTANT(GAP), CONSTANT(RUN), CONSTANT(WINDOW),
        CONSTANT(CAPITAL), CONSTANT(DIGIT), CONSTANT(LABEL),
        CONSTANT(COLON), CONSTANT(DASH), CONSTANT(OPENS), CONSTANT(CLOSES), CONSTANT(PLACE), CONSTANT(SEPARATOR),
        CONSTANT(CUT), CONSTANT(TERM_DIGIT), CONSTANT(TERM_NUMBER), CONSTANT(TERM_NEGATION),
        CONSTANT(TERM_POLAR),
    };
    return module_with(module, constants, sizeof constants / sizeof *constants);
}
