/* Which exact forms of each segment share the stem of a term, see `find` of lookup.py. */

#include "_lookup.h"

#define COLLISIONS 256 /* so many stems with one crc32 are no accident */
#define SEARCHES 64    /* the stems of all languages are noted at so many words: it takes as long as to look some of them up */
#define SPARSE 16      /* bits for each stem of the segment that has most */

static int place_add(Search *search, int64_t form, int language) {
    if (search->count == search->room) {
        const Py_ssize_t room = search->room ? 2 * search->room : 64;
        Place *larger = PyMem_Realloc(search->places, (size_t)room * sizeof(Place));
        if (!larger) { PyErr_NoMemory(); return -1; }
        search->places = larger;
        search->room = room;
    }
    search->places[search->count].form = (uint32_t)form;
    search->places[search->count++].spoken = (uint64_t)1 << language;
    return 0;
}

static int by_form(const void *a, const void *b) {
    const uint32_t left = ((const Place *)a)->form, right = ((const Place *)b)->form;
    return (left > right) - (left < right);
}

/* Whether a form is the very term; -1 with an exception. */
static int is_term(const Search *search, const SegmentArrays *segment, int64_t form) {
    int64_t start, end;
    if (search->exact >= 0) return form == search->exact;
    if (part_of(&segment->text_at, form, segment->text.length, &start, &end) < 0) return -1;
    return end - start == search->length && !memcmp((const char *)segment->text.data + start, search->term, (size_t)(end - start));
}

/* Whether a form shares the stem of the term in a language; -1 with an exception. */
static int shares_stem(const Search *search, const SegmentArrays *segment, int language, int64_t form) {
    int64_t start, end;
    if (part_of(&segment->text_at, form, segment->text.length, &start, &end) < 0) return -1;
    const char *bytes = (const char *)segment->text.data + start;
    PyObject *verdict = PyObject_CallFunction(search->is_stem, "iy#", language, bytes, (Py_ssize_t)(end - start));
    const int found = verdict ? PyObject_IsTrue(verdict) : -1;
    Py_XDECREF(verdict);
    return found;
}

/* Collect the forms of a stem: 1 where it is that of the term, 0 where it only has its hash, -1 with an exception. */
static int add_stem(Search *search, const SegmentArrays *segment, int language, int64_t ref) {
    const Py_ssize_t known = search->count;
    int64_t first = 0, last = 1, before = -1;
    int is_shared = 0;
    if (ref < 0 && part_of(&segment->group_at, -1 - ref, segment->group.length, &first, &last) < 0) return -1;
    if (first == last) return 0;
    for (int64_t i = first; i < last; i++) {
        const int64_t form = ref < 0 ? integer(&segment->group, i) : ref;
        /* Forms that overlap would have more postings together than there are. */
        if (form <= before || form >= segment->text_at.length - 1) return damaged("the stems are damaged");
        const int is_same = is_term(search, segment, form);
        if (is_same < 0 || place_add(search, form, language) < 0) return -1;
        if (is_same) search->exact = form;
        is_shared |= is_same;
        before = form;
    }
    /* Two stems can share a hash: the stem of one of the forms decides. */
    if (!is_shared) is_shared = shares_stem(search, segment, language, search->places[known].form);
    if (is_shared < 1) search->count = known;
    return is_shared;
}

/* The first place in [low, end) of a hash that is not below another. They are spread evenly, so it is near where it would
 * be if they were so exactly. */
static int64_t place_of_hash(const Array *hashes, int64_t low, int64_t end, int64_t hash) {
    int64_t high = end, step = 16;
    if (low == end) return end;
    int64_t at = low + (int64_t)((uint64_t)(end - low) * (uint64_t)hash >> 32);
    for (int i = 0; i < 2; i++) {
        at += (hash - integer(hashes, (Py_ssize_t)at)) * (end - low) / ((int64_t)1 << 32);
        at = at < low ? low : at < end ? at : end - 1;
    }
    /* Narrow the range by doubling steps to either side. */
    if (integer(hashes, (Py_ssize_t)at) < hash) {
        for (low = at + 1; low + step < end && integer(hashes, (Py_ssize_t)(low + step)) < hash; step *= 2) low += step;
        high = low + step < end ? low + step : end;
    } else {
        for (high = at; high - step >= low && integer(hashes, (Py_ssize_t)(high - step)) >= hash; step *= 2) high -= step;
        low = high - step > low ? high - step : low;
    }
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (integer(hashes, (Py_ssize_t)middle) < hash) low = middle + 1; else high = middle;
    }
    return low;
}

/* Where the stems of a segment in a language begin and end; -1 with an exception. */
static int stems_of(const SegmentArrays *segment, int language, int64_t *first, int64_t *end) {
    *first = 0;
    *end = language ? 0 : segment->stem_hash.length;
    return segment->stem_at.is_open ? part_of(&segment->stem_at, language, segment->stem_hash.length, first, end) : 0;
}

/* Collect the forms of a segment that share the stem of the term in one of the languages. */
static int add_forms(Search *search, const SegmentArrays *segment, int language, int64_t hash) {
    int64_t low, end;
    if (stems_of(segment, language, &low, &end) < 0) return -1;
    low = place_of_hash(&segment->stem_hash, low, end, hash);
    for (int64_t at = low; at < end && integer(&segment->stem_hash, at) == hash; at++) {
        if (at - low >= COLLISIONS) return damaged("the stems are damaged");
        const int added = add_stem(search, segment, language, integer(&segment->stem_ref, at));
        if (added) return added < 0 ? -1 : 0;
    }
    return 0;
}

/* Sort the forms of a segment, which are the last places, and join those that are one in several languages. */
static Forms forms_of(Search *search, const SegmentArrays *segment, Py_ssize_t first) {
    Place *places = search->places + first;
    Forms forms = {first, 0, search->exact, 0, 0};
    if (search->count > first) qsort(places, (size_t)(search->count - first), sizeof(Place), by_form);
    for (Py_ssize_t i = 0; i < search->count - first; i++) {
        if (forms.count && places[forms.count - 1].form == places[i].form)
            places[forms.count - 1].spoken |= places[i].spoken;
        else
            places[forms.count++] = places[i];
    }
    search->count = first + forms.count;
    for (Py_ssize_t i = 0; i < forms.count; i++) {
        /* The term itself shares its stem in every language. */
        if (!segment->language.is_open || places[i].form == forms.exact) places[i].spoken = ~(uint64_t)0;
        forms.has_exact |= places[i].form == forms.exact;
        forms.postings += integer(&segment->post_at, places[i].form + 1) - integer(&segment->post_at, places[i].form);
    }
    return forms;
}

/* The same, or none where they are damaged, of which a search tells that reads them. */
static void stems_to_note(const SegmentArrays *segment, int language, int64_t *first, int64_t *end) {
    if (stems_of(segment, language, first, end) == 0) return;
    PyErr_Clear();
    *first = *end = 0;
}

/* Note the stems of a language, unless there is no memory for that. */
static void note_language(AllSegments *all, int language) {
    int64_t most = 0, first, end;
    int digits = 10;
    for (Py_ssize_t i = 0; i < all->count; i++) {
        stems_to_note(&all->each[i], language, &first, &end);
        most = end - first > most ? end - first : most;
    }
    while (digits < 24 && (int64_t)1 << digits < SPARSE * most) digits++;
    uint64_t *bits = PyMem_Calloc((size_t)1 << digits >> 6, sizeof *bits);
    if (!bits) return;
    for (Py_ssize_t i = 0; i < all->count; i++) {
        stems_to_note(&all->each[i], language, &first, &end);
        for (int64_t at = first; at < end; at++) {
            const uint32_t place = (uint32_t)integer(&all->each[i].stem_hash, (Py_ssize_t)at) >> (32 - digits);
            bits[place >> 6] |= (uint64_t)1 << (place & 63);
        }
    }
    all->stems[language] = (StemBits){bits, 32 - digits};
}

/* Note the stems of all languages but the one that has most. A word is looked up in all, and has a stem in few. */
static void note_stems(AllSegments *all) {
    int64_t counts[LANGUAGES] = {0}, first, end;
    int largest = 0;
    for (int language = 0; language < LANGUAGES; language++) {
        for (Py_ssize_t i = 0; i < all->count; i++) {
            stems_to_note(&all->each[i], language, &first, &end);
            counts[language] += end - first;
        }
        if (counts[language] > counts[largest]) largest = language;
    }
    for (int language = 0; language < LANGUAGES; language++) {
        if (language != largest && counts[language]) note_language(all, language);
    }
}

/* Whether any segment may have a stem with this hash. */
static int may_have(const AllSegments *all, int language, uint32_t hash) {
    const StemBits *stems = &all->stems[language];
    const uint32_t place = stems->bits ? hash >> stems->shift : 0;
    return !stems->bits || (stems->bits[place >> 6] >> (place & 63) & 1);
}

int search_open(Search *search, PyObject *capsule, PyObject *stems) {
    search->all = segments_of(capsule);
    if (!search->all) return -1;
    const Py_ssize_t languages = PyList_Size(stems);
    if (languages > LANGUAGES) return damaged("more languages than there are");
    if (languages > 1 && ++search->all->searches == SEARCHES) note_stems(search->all);
    for (Py_ssize_t i = 0; i < languages; i++) {
        int language;
        unsigned int hash;
        PyObject *stem = PyList_GetItem(stems, i);
        if (!PyArg_ParseTuple(stem, "iI", &language, &hash)) return -1;
        if (language < 0 || language >= LANGUAGES) return damaged("a language that is not there");
        if (!may_have(search->all, language, hash)) continue;
        search->stems[search->languages].language = language;
        search->stems[search->languages++].hash = hash;
    }
    search->forms = PyMem_Calloc((size_t)search->all->count + 1, sizeof(Forms));
    if (!search->forms) { PyErr_NoMemory(); return -1; }
    return 0;
}

void search_close(Search *search) {
    PyMem_Free(search->forms);
    PyMem_Free(search->places);
}

int64_t collect(Search *search) {
    int64_t postings = 0;
    for (Py_ssize_t i = 0; i < search->all->count; i++) {
        const SegmentArrays *segment = &search->all->each[i];
        const Py_ssize_t first = search->count;
        /* That of a word in any form is among those of its stem. */
        search->exact = search->is_exact ? exact_form(segment, search->term, search->length) : -1;
        if (search->exact < -1 || (search->exact >= 0 && place_add(search, search->exact, 0) < 0)) return -1;
        for (Py_ssize_t j = 0; j < search->languages; j++) {
            if (add_forms(search, segment, search->stems[j].language, search->stems[j].hash) < 0) return -1;
        }
        search->forms[i] = forms_of(search, segment, first);
        postings += search->forms[i].postings;
    }
    return postings;
}
