/* A word in any of its forms: `find` and `bound` of lookup.py. */

#include "_lookup.h"

#define NEARLY 16                    /* a form has nearly all postings if the others have one part in so many */
#define MANY 64                      /* dead articles are looked for if there are so many others for each */

static double weight_of[256]; /* see ranking.unsaturate */

void find_weights(void) {
    for (int code = 0; code < 256; code++) weight_of[code] = weight_of_code(code);
}

/* ---- their postings as one list ---- */

/* Other threads run meanwhile: nothing of Python is called from here to `find`. Most articles hold one form. So the
 * lists are merged, two at a time, and nothing branches on which comes next, which cannot be foreseen. */

typedef struct {
    uint32_t *doc; /* with room for all postings of all forms */
    uint16_t *value;
    Py_ssize_t count, live;
    int most;
} Found;

/* What one segment's forms need: the postings of all but the longest as sortable keys, article << 16 | value, and a
 * spare for merging them; those of the longest; and where articles with several forms stand in the result. Such articles
 * have a value of 0 until it is found. */
typedef struct {
    size_t most; /* keys of any segment, and one more */
    uint32_t *keys, *spare, *longest, *several;
    Py_ssize_t *ends; /* of the keys of each form */
} Room;

/* The postings of a form. */
typedef struct {
    const uint16_t *doc;
    const uint8_t *code;
    Py_ssize_t count;
    int times; /* the value of a code of 1: as any form, and more as the very term */
} Postings;

static Postings postings_of(const SegmentArrays *segment, const Forms *forms, const Place *place) {
    const int64_t first = integer(&segment->post_at, place->form), last = integer(&segment->post_at, place->form + 1);
    return (Postings){(const uint16_t *)segment->doc.data + first, (const uint8_t *)segment->code.data + first,
                      (Py_ssize_t)(last - first), place->form == forms->exact ? PARTS : PARTS - 1};
}

/* -1 if an article of the segment lies outside. */
static int are_inside(const SegmentArrays *segment, const Postings *posts) {
    uint16_t furthest = 0;
    if (segment->articles == MAX_ARTICLES) return 0;
    for (Py_ssize_t i = 0; i < posts->count; i++) furthest = posts->doc[i] > furthest ? posts->doc[i] : furthest;
    return !posts->count || furthest < segment->articles ? 0 : -1;
}

static Py_ssize_t keys_of(const SegmentArrays *segment, const Place *place, const Postings *posts, uint32_t *keys) {
    const uint8_t *language = segment->language.data;
    Py_ssize_t count = 0;
    if (!~place->spoken) {
        for (Py_ssize_t i = 0; i < posts->count; i++)
            keys[i] = (uint32_t)posts->doc[i] << 16 | (uint32_t)(posts->code[i] * posts->times);
        return posts->count;
    }
    for (Py_ssize_t i = 0; i < posts->count; i++) {
        keys[count] = (uint32_t)posts->doc[i] << 16 | (uint32_t)(posts->code[i] * posts->times);
        count += is_spoken(place->spoken, language, posts->doc[i]);
    }
    return count;
}

/* Merge so many lists, of which each begins where the one before ends. Returns how many keys are in `room->keys` then. */
static Py_ssize_t merge_all(Room *room, Py_ssize_t lists) {
    Py_ssize_t *ends = room->ends;
    while (lists > 1) {
        Py_ssize_t made = 0, start = 0, count = 0;
        for (Py_ssize_t i = 0; i < lists; i += 2) {
            const Py_ssize_t middle = ends[i], end = i + 1 < lists ? ends[i + 1] : middle;
            count += merge(room->keys + start, middle - start, room->keys + middle, end - middle, room->spare + count);
            ends[made++] = count;
            start = end;
        }
        uint32_t *merged = room->spare;
        room->spare = room->keys;
        room->keys = merged;
        lists = made;
    }
    return lists ? ends[0] : 0;
}

/* Append postings [from, to). */
static void append(Found *found, uint32_t start, const Postings *posts, Py_ssize_t from, Py_ssize_t to) {
    const uint16_t *doc = posts->doc + from;
    const uint8_t *code = posts->code + from;
    uint32_t *docs = found->doc + found->count;
    uint16_t *values = found->value + found->count;
    for (Py_ssize_t i = 0; i < to - from; i++) docs[i] = start + doc[i];
    for (Py_ssize_t i = 0; i < to - from; i++) values[i] = (uint16_t)(code[i] * posts->times);
    found->count += to - from;
}

/* Append keys. Returns how many articles with several forms are noted. */
static Py_ssize_t append_keys(Found *found, uint32_t start, const uint32_t *keys, Py_ssize_t count, uint32_t *several) {
    uint32_t *docs = found->doc + found->count;
    uint16_t *values = found->value + found->count;
    Py_ssize_t noted = 0;
    for (Py_ssize_t i = 0; i < count; i++) docs[i] = start + (keys[i] >> 16);
    for (Py_ssize_t i = 0; i < count; i++) values[i] = (uint16_t)keys[i];
    for (Py_ssize_t i = 0; i < count; i++) {
        several[noted] = (uint32_t)(found->count + i);
        noted += !values[i];
    }
    found->count += count;
    return noted;
}

/* Append the postings of the longest list and a few keys. Returns how many articles with several forms are noted. */
static Py_ssize_t append_around(Found *found, uint32_t start, const Postings *posts, const uint32_t *keys,
                                Py_ssize_t count, uint32_t *several) {
    Py_ssize_t at = 0, noted = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        const Py_ssize_t next = seek_u16(posts->doc, posts->count, at, keys[i] >> 16);
        append(found, start, posts, at, next);
        const int is_shared = next < posts->count && posts->doc[next] == keys[i] >> 16;
        const uint32_t key = is_shared ? keys[i] & 0xFFFF0000 : keys[i];
        noted += append_keys(found, start, &key, 1, several + noted);
        at = next + is_shared;
    }
    append(found, start, posts, at, posts->count);
    return noted;
}

/* The first place in [from, to) of an article that is not below another, by halving: steps that do not branch are fast. */
static Py_ssize_t place_of(const uint16_t *doc, Py_ssize_t from, Py_ssize_t to, uint16_t wanted) {
    for (Py_ssize_t left = to - from; left > 0;) {
        const Py_ssize_t half = (left + 1) / 2;
        from += half * (doc[from + half - 1] < wanted);
        left -= half;
    }
    return from;
}

/* The value of an article with several forms: their weights are added up in their order, as another may round otherwise.
 * The articles that are asked for must rise. */
static uint16_t value_of_several(const SegmentArrays *segment, const Forms *forms, Place *places, uint16_t at) {
    const uint16_t *doc = segment->doc.data;
    const uint8_t *code = segment->code.data;
    double weight = 0;
    int exact = 0;
    for (Py_ssize_t i = 0; i < forms->count; i++) {
        Place *place = &places[i];
        const Py_ssize_t last = (Py_ssize_t)integer(&segment->post_at, place->form + 1);
        place->read = place_of(doc, place->read, last, at);
        if (place->read == last || doc[place->read] != at || !is_spoken(place->spoken, segment->language.data, at)) continue;
        weight += weight_of[code[place->read]];
        if (place->form == forms->exact) exact = code[place->read];
    }
    return (uint16_t)((PARTS - 1) * code_of(weight) + exact);
}

/* How many of some articles of a segment, which rise, are dead. */
static Py_ssize_t count_dead(const SegmentArrays *segment, const uint32_t *docs, Py_ssize_t count) {
    const uint16_t *dead = segment->dead.data;
    Py_ssize_t found = 0, at = 0;
    if (segment->dead.length <= count / MANY) {
        for (Py_ssize_t i = 0; i < segment->dead.length && at < count; i++) {
            at = seek_u32(docs, count, at, segment->start + dead[i]);
            found += at < count && docs[at] == segment->start + dead[i];
        }
        return found;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        const uint32_t doc = docs[i] - (uint32_t)segment->start;
        found += (Py_ssize_t)(segment->is_dead[doc >> 6] >> (doc & 63) & 1);
    }
    return found;
}

/* Append the articles of a segment that hold any of its forms; -1 if one is outside. */
static int unite(Found *found, const SegmentArrays *segment, const Forms *forms, Place *places, Room room) {
    const uint32_t start = (uint32_t)segment->start;
    Py_ssize_t longest = 0, lists = 0, keys = 0;
    Postings posts = postings_of(segment, forms, &places[0]);
    for (Py_ssize_t i = 1; i < forms->count; i++) {
        const Postings others = postings_of(segment, forms, &places[i]);
        if (others.count > posts.count) { longest = i; posts = others; }
    }
    if (are_inside(segment, &posts) < 0) return -1;
    for (Py_ssize_t i = 0; i < forms->count; i++) {
        if (i == longest) continue;
        const Postings others = postings_of(segment, forms, &places[i]);
        if (are_inside(segment, &others) < 0) return -1;
        keys += keys_of(segment, &places[i], &others, room.keys + keys);
        room.ends[lists++] = keys;
    }
    keys = merge_all(&room, lists);
    const Py_ssize_t before = found->count;
    Py_ssize_t several;
    if (!~places[longest].spoken && keys <= posts.count / NEARLY) {
        several = append_around(found, start, &posts, room.keys, keys, room.several);
    } else {
        const Py_ssize_t most = keys_of(segment, &places[longest], &posts, room.longest);
        keys = merge(room.longest, most, room.keys, keys, room.spare);
        several = append_keys(found, start, room.spare, keys, room.several);
    }
    for (Py_ssize_t i = 0; several && i < forms->count; i++)
        places[i].read = (Py_ssize_t)integer(&segment->post_at, places[i].form);
    for (Py_ssize_t i = 0; i < several; i++) {
        const Py_ssize_t at = room.several[i];
        found->value[at] = value_of_several(segment, forms, places, (uint16_t)(found->doc[at] - start));
    }
    const int16_t *values = (const int16_t *)found->value + before;
    int16_t most = 0;
    for (Py_ssize_t i = 0; i < found->count - before; i++) most = values[i] > most ? values[i] : most;
    if (most > found->most) found->most = most;
    found->live += found->count - before;
    if (segment->dead.length) found->live -= count_dead(segment, found->doc + before, found->count - before);
    return 0;
}

/* Room for any segment's forms, in one piece; NULL with an exception. */
static void *room_open(Room *room, const Search *search) {
    size_t keys = 1, forms = 1;
    for (Py_ssize_t i = 0; i < search->all->count; i++) {
        const Forms *of_segment = &search->forms[i];
        /* The very end is written, and not counted, where the last posting does not count. */
        keys = (size_t)of_segment->postings + 1 > keys ? (size_t)of_segment->postings + 1 : keys;
        forms = (size_t)of_segment->count > forms ? (size_t)of_segment->count : forms;
    }
    char *made = PyMem_Malloc(forms * sizeof *room->ends + 4 * keys * sizeof *room->keys);
    if (!made) return PyErr_NoMemory();
    room->most = keys;
    room->ends = (Py_ssize_t *)made;
    room->keys = (uint32_t *)(room->ends + forms);
    room->spare = room->keys + keys;
    room->longest = room->spare + keys;
    room->several = room->longest + keys;
    return made;
}

const char bound_doc[] =
    "bound(opened, term, stems, is_stem): the number of postings of all forms of a term, see `find`. No more articles hold it.";

PyObject *bound(PyObject *module, PyObject *args) {
    PyObject *capsule, *stems;
    Search search = {0};
    if (!PyArg_ParseTuple(args, "Oy#O!O", &capsule, &search.term, &search.length, &PyList_Type, &stems, &search.is_stem))
        return NULL;
    const int64_t postings = search_open(&search, capsule, stems) < 0 ? -1 : collect(&search);
    search_close(&search);
    return postings < 0 ? NULL : PyLong_FromLongLong(postings);
}

/* The articles of all segments; -1 with an exception. Without `docs` and `values`, those of one segment take the place of
 * those of another, and only `found->live` tells about all. */
static int unite_all(const Search *search, int64_t postings, Found *found, PyObject *docs, PyObject *values) {
    Room room;
    void *piece = room_open(&room, search);
    int is_outside = 0, has_room = piece != NULL;
    if (docs) {
        found->doc = (uint32_t *)PyByteArray_AsString(docs);
        found->value = (uint16_t *)PyByteArray_AsString(values);
    } else if (piece) {
        found->doc = PyMem_Malloc(room.most * sizeof *found->doc);
        found->value = PyMem_Malloc(room.most * sizeof *found->value);
        has_room = found->doc && found->value;
    }
    if (has_room) {
        RELEASED(postings)
        for (Py_ssize_t i = 0; i < search->all->count && !is_outside; i++) {
            const Forms *forms = &search->forms[i];
            if (!docs) found->count = 0;
            if (forms->count)
                is_outside = unite(found, &search->all->each[i], forms, search->places + forms->first, room) < 0;
        }
        REGAINED
        if (is_outside) out_of_range();
    } else if (piece) {
        PyErr_NoMemory();
    }
    if (!docs) {
        PyMem_Free(found->doc);
        PyMem_Free(found->value);
    }
    PyMem_Free(piece);
    return has_room && !is_outside ? 0 : -1;
}

const char live_doc[] = "live(opened, term, stems, is_stem): how many live articles hold a term in any form, see `find`.";

PyObject *live(PyObject *module, PyObject *args) {
    PyObject *capsule, *stems, *result = NULL;
    Search search = {0};
    Found found = {0};
    if (!PyArg_ParseTuple(args, "Oy#O!O", &capsule, &search.term, &search.length, &PyList_Type, &stems, &search.is_stem))
        return NULL;
    const int64_t postings = search_open(&search, capsule, stems) < 0 ? -1 : collect(&search);
    if (postings >= 0 && unite_all(&search, postings, &found, NULL, NULL) == 0) result = PyLong_FromSsize_t(found.live);
    search_close(&search);
    return result;
}

const char find_doc[] =
    "find(opened, term, stems, is_stem): the numbers (uint32) of the articles that hold a term (UTF-8) in any\n"
    "form, its code in each (uint16, see words.Found), the highest of these, and how many are live. `stems` is [(language,\n"
    "crc32 of its stem there)]; is_stem(language, form) says whether a form (bytes) has that stem.";

PyObject *find(PyObject *module, PyObject *args) {
    PyObject *capsule, *stems, *docs = NULL, *values = NULL, *result = NULL;
    Search search = {0};
    Found found = {0};
    if (!PyArg_ParseTuple(args, "Oy#O!O", &capsule, &search.term, &search.length, &PyList_Type, &stems, &search.is_stem))
        return NULL;
    if (search_open(&search, capsule, stems) < 0) goto done;
    const int64_t postings = collect(&search);
    if (postings < 0) goto done;
    /* How many articles hold several forms is not known before. */
    docs = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)postings * (Py_ssize_t)sizeof *found.doc);
    values = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)postings * (Py_ssize_t)sizeof *found.value);
    if (!docs || !values) goto done;
    if (unite_all(&search, postings, &found, docs, values) < 0) goto done;
    if (PyByteArray_Resize(docs, found.count * (Py_ssize_t)sizeof *found.doc) < 0 ||
        PyByteArray_Resize(values, found.count * (Py_ssize_t)sizeof *found.value) < 0)
        goto done;
    result = Py_BuildValue("OOin", docs, values, found.most, found.live);
done:
    Py_XDECREF(docs);
    Py_XDECREF(values);
    search_close(&search);
    return result;
}
