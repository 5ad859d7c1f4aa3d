/* Words that are read in place, segment by segment: for `best_complete` and `best_partial`, and `counted` of kernel.py.
 *
 * Of each segment, the postings of a word's forms become one short list, which lies in the processor's near memory. Segments
 * number their articles by falling boost, so that of most of them only the beginning is ever read. */

#include "_kernel_by_segment.h"
#include "_cells.h"

#define HEAD CHUNK /* articles of each segment that are looked at first */

struct Room {
    Cells cells;
    uint32_t doc[CELLS];
    uint16_t value[CELLS];
    Several several[CELLS];
    uint64_t all[WORDS], any[WORDS], held[WORDS];
};

AllPostings *segments_of(const List *lists, Py_ssize_t count) {
    for (Py_ssize_t j = 0; j < count; j++) {
        if (lists[j].postings) return lists[j].postings;
    }
    return NULL;
}

Room *room_open(AllPostings *segments) {
    Room *room = segments->room;
    segments->room = NULL;
    if (!room) room = PyMem_Calloc(1, sizeof *room);
    if (!room) PyErr_NoMemory();
    return room;
}

/* The next search takes it, with empty cells: to allocate it would take longer than most searches. */
void room_close(Room *room, AllPostings *segments) {
    if (!room) return;
    PyMem_Free(segments->room);
    segments->room = room;
}

/* ---- the postings of a word in some articles of a segment, as a list ---- */

/* Those of a form. */
static FormPostings postings_within(const Postings *segment, const FormRange *range, int64_t from, int64_t to) {
    const Py_ssize_t first = in_place_from(segment, range, from), last = in_place_from(segment, range, to);
    return (FormPostings){(const uint16_t *)segment->doc.data + first, (const uint8_t *)segment->code.data + first,
                          last > first ? last - first : 0, range->times == PARTS ? VERY : 0, range->spoken};
}

static Py_ssize_t list_one(const FormPostings *posts, uint32_t start, Room *room) {
    const uint16_t times = posts->very ? PARTS : PARTS - 1;
    for (Py_ssize_t i = 0; i < posts->count; i++) room->doc[i] = start + posts->doc[i];
    for (Py_ssize_t i = 0; i < posts->count; i++) room->value[i] = (uint16_t)(posts->code[i] * times);
    return posts->count;
}

/* Returns how many articles of [from, to) of its segment the list has, from the range `at` of the word on. */
static Py_ssize_t list_within(const List *word, Py_ssize_t at, int64_t from, int64_t to, Room *room) {
    const uint32_t number_ = word->ranges[at].segment;
    const Postings *segment = &word->postings->each[number_];
    const uint32_t start = (uint32_t)segment->start;
    const int is_alone = at + 1 == word->range_count || word->ranges[at + 1].segment != number_;
    FormPostings posts = postings_within(segment, &word->ranges[at], from, to);
    if (is_alone && !~posts.spoken && posts.count <= CELLS) return list_one(&posts, start, room);
    List sought = *word;
    sought.at = at;
    for (; at < word->range_count && word->ranges[at].segment == number_; at++) {
        posts = postings_within(segment, &word->ranges[at], from, to);
        cells_put(&room->cells, &posts, segment->language.data, segment->articles);
    }
    Py_ssize_t noted;
    const Py_ssize_t count = cells_drain(&room->cells, start, room->doc, room->value, room->several, &noted);
    for (Py_ssize_t i = 0; i < noted; i++) {
        const Several *one = &room->several[i];
        room->value[one->at] = !(one->codes & MORE) ? value_of_codes(one->codes)
                               : (uint16_t)in_place_value(&sought, room->doc[one->at]);
    }
    return count;
}

/* Where those of some articles end that may reach the threshold with scores of `most` at most. */
static int64_t likely_end(const Best *best, int64_t first, int64_t end, double most) {
    const double *ceilings = best->ceiling.data, known = threshold(best);
    if (end > best->articles) end = best->articles;
    while (end > first && most * ceilings[(end - 1) / CHUNK] * SLACK < known) end = (end - 1) / CHUNK * CHUNK;
    return end > first ? end : first;
}

int segment_next(const Best *best, const List *word, double most, Room *room, Cursor *cursor, List *lists, Py_ssize_t count,
                 Py_ssize_t lead) {
    for (;;) {
        while (cursor->range < word->range_count && word->ranges[cursor->range].segment < cursor->segment) cursor->range++;
        if (cursor->range == word->range_count) {
            if (cursor->is_rest) return 0;
            *cursor = (Cursor){0, 0, 1};
            for (Py_ssize_t j = 0; j < count; j++) lists[j].at = 0;
            continue;
        }
        const Py_ssize_t range = cursor->range;
        const Postings *segment = &word->postings->each[word->ranges[range].segment];
        cursor->segment = word->ranges[range].segment + 1;
        const int64_t from = cursor->is_rest ? HEAD : 0;
        const int64_t to = cursor->is_rest || segment->articles < HEAD ? segment->articles : HEAD;
        const int64_t end = likely_end(best, segment->start + from, segment->start + to, most) - segment->start;
        if (from >= to || end <= from) continue;
        const Py_ssize_t length = list_within(word, range, from, end, room);
        if (!length) continue;
        List *made = &lists[lead];
        *made = (List){.unit = word->unit, .best = word->best};
        made->doc.data = room->doc;
        made->doc.type = U32;
        made->value.data = room->value;
        made->value.type = U16;
        made->doc.length = made->value.length = length;
        return 1;
    }
}

/* ---- how many articles hold all words, or any ---- */

/* The bits [start, start + CELLS) of more. */
static void bits_within(const Array *bits, int64_t start, uint64_t *found) {
    const uint64_t *words = bits->data;
    const int64_t first = start >> 6;
    const int shift = (int)(start & 63);
    for (int64_t i = 0; i < WORDS; i++) {
        const uint64_t low = first + i < bits->length ? words[first + i] : 0;
        const uint64_t high = first + i + 1 < bits->length ? words[first + i + 1] : 0;
        found[i] = shift ? low >> shift | high << (64 - shift) : low;
    }
}

static inline void set_bit(uint64_t *bits, int64_t place) {
    if ((uint64_t)place < CELLS) bits[place >> 6] |= (uint64_t)1 << (place & 63);
}

/* The articles of a segment that a list has. */
static void held_within(List *list, const Postings *segment, uint64_t *found) {
    const int64_t start = segment->start, end = start + segment->articles;
    if (list->bits.is_open) {
        bits_within(&list->bits, start, found);
        return;
    }
    memset(found, !list->postings && list->doc.type == IMPLIED ? 0xFF : 0, WORDS * sizeof *found);
    if (!list->postings) {
        if (list->doc.type == IMPLIED) return;
        list->at = seek(&list->doc, list->at, start);
        for (; list->at < list->doc.length && article(&list->doc, list->at) < end; list->at++)
            set_bit(found, article(&list->doc, list->at) - start);
        return;
    }
    in_place_seek(list, start);
    for (Py_ssize_t at = list->at; at < list->range_count; at++) {
        const FormRange *range = &list->ranges[at];
        const uint16_t *doc = segment->doc.data;
        if (&list->postings->each[range->segment] != segment) return;
        if (!~range->spoken) {
            for (Py_ssize_t i = range->first; i < range->last; i++) found[doc[i] >> 6] |= (uint64_t)1 << (doc[i] & 63);
            continue;
        }
        for (Py_ssize_t i = range->first; i < range->last; i++) {
            const int is_held = doc[i] < segment->articles && is_spoken(range->spoken, segment->language.data, doc[i]);
            found[doc[i] >> 6] |= (uint64_t)is_held << (doc[i] & 63);
        }
    }
}

/* How many of these are articles of the segment that are visible. */
static int64_t count_within(const uint64_t *bits, const Postings *segment, const uint64_t *visible) {
    int64_t found = 0;
    for (int64_t i = 0; i * 64 < segment->articles; i++) {
        const int64_t left = segment->articles - i * 64;
        const uint64_t inside = left < 64 ? ((uint64_t)1 << left) - 1 : ~(uint64_t)0;
        found += bits_set(bits[i] & visible[i] & inside);
    }
    return found;
}

const char counted_doc[] =
    "counted(parts, visible): how many visible articles every part holds, and how many any does; a part must be in place.";

PyObject *counted(PyObject *module, PyObject *args) {
    PyObject *parts, *visible_;
    Py_ssize_t count;
    Array visible = {0};
    int64_t all = 0, any = 0, postings_ = 0;
    if (!PyArg_ParseTuple(args, "OO", &parts, &visible_)) return NULL;
    if (visible_ != Py_None && bits_open(&visible, visible_) < 0) return NULL;
    PyObject *found = NULL;
    List *lists = lists_open(parts, &count);
    AllPostings *segments = lists ? segments_of(lists, count) : NULL;
    Room *room = segments ? room_open(segments) : NULL;
    if (lists && !segments) PyErr_SetString(PyExc_TypeError, "a part that is read in place is expected here");
    if (!room) goto done;
    for (Py_ssize_t j = 0; j < count; j++) postings_ += lists[j].doc.length;
    RELEASED(postings_)
    for (Py_ssize_t i = 0; i < segments->count; i++) {
        const Postings *segment = &segments->each[i];
        memset(room->all, 0xFF, sizeof room->all);
        memset(room->any, 0, sizeof room->any);
        for (Py_ssize_t j = 0; j < count; j++) {
            held_within(&lists[j], segment, room->held);
            for (int word = 0; word < WORDS; word++) room->all[word] &= room->held[word];
            for (int word = 0; word < WORDS; word++) room->any[word] |= room->held[word];
        }
        if (visible.is_open) bits_within(&visible, segment->start, room->held);
        else memset(room->held, 0xFF, sizeof room->held);
        all += count_within(room->all, segment, room->held);
        any += count_within(room->any, segment, room->held);
    }
    REGAINED
    found = Py_BuildValue("LL", (long long)all, (long long)any);
done:
    if (segments) room_close(room, segments);
    if (lists) lists_close(lists, count);
    array_close(&visible);
    return found;
}
