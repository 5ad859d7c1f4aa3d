/* The words of articles for `Comparer`: texts and terms with numbers, and the wording of an article, see wording.py. */

#include "_comparing.h"

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

void texts_free(Texts *texts) {
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
int32_t comparing_term(Comparer *self, const char *data, size_t length) {
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
        const int32_t same = text ? comparing_term(self, PyBytes_AsString(text), (size_t)PyBytes_Size(text)) : -1;
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
        const int32_t found = comparing_term(self, term, term_length);
        chunk.count = 1;
        failed = found < 0 || (buffer_add(&self->chunk_terms, &found, sizeof found) < 0 && no_memory() < 0);
    } else {
        PyObject *text = PyUnicode_DecodeUTF8(data, (Py_ssize_t)length, "surrogatepass"), *terms = NULL;
        PyObject *told = text ? PyObject_CallFunctionObjArgs(self->tell_chunk, text, NULL) : NULL;
        failed = !told || !PyArg_ParseTuple(told, "iO!", &chunk.kind, &PyTuple_Type, &terms);
        chunk.count = failed ? 0 : (int32_t)PyTuple_Size(terms);
        for (int32_t i = 0; !failed && i < chunk.count; i++) {
            PyObject *utf8 = PyUnicode_AsEncodedString(PyTuple_GetItem(terms, i), "utf-8", "surrogatepass");
            const int32_t found = utf8 ? comparing_term(self, PyBytes_AsString(utf8), (size_t)PyBytes_Size(utf8)) : -1;
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
void comparing_sort(int32_t *numbers, size_t count) {
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
    comparing_sort(stored, count);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++)
        if (stored[i] != stored[kept - 1]) stored[kept++] = stored[i];
    words->count = (int32_t)kept;
    self->words.length -= (count - kept) * sizeof *stored;
    return 0;
}


static int64_t weight_of(const Comparer *self, Words words) {
    const Term *facts = (const Term *)self->term_facts.data;
    int64_t total = 0;
    for (int32_t i = 0; i < words.count; i++) total += facts[words_at(self, words)[i]].weight;
    return total;
}

/* The weight of the terms that two sorted sets have in common. */
int64_t comparing_weight_of_both(const Comparer *self, Words one, Words other, int *any) {
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

int comparing_add(Comparer *self, const char *title, size_t title_length, const char *text, size_t text_length,
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
    const double both = (double)comparing_weight_of_both(self, article.title_terms, article.text_terms, &any);
    article.tells = both / (double)(article.title_weight > 1 ? article.title_weight : 1);
    return buffer_add(&self->articles, &article, sizeof article) < 0 ? no_memory() : 0;
}
