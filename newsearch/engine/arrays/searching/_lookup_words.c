/* A word in any of its forms: `find` and `bound` of lookup.py. */

#include "_lookup.h"

#define COLLISIONS 256               /* so many stems with one crc32 are no accident */
#define BLOCK 64                     /* postings that are looked at together */
#define NEARLY 8                     /* a form has nearly all postings if the others have one part in so many */

static double weight_of[256]; /* see ranking.unsaturate */

void find_weights(void) {
    for (int code = 0; code < 256; code++) weight_of[code] = weight_of_code(code);
}

/* ---- which forms a word has ---- */

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

/* 1 where some forms, all of one stem in a language, share that of the term; 0 where not, -1 with an exception. */
static int share_stem(const Search *search, const SegmentArrays *segment, int language, int64_t form, int64_t first,
                      int64_t last) {
    int64_t start, end;
    if (form == search->exact) return 1;
    for (int64_t i = first; i < last && last - first > 1; i++) {
        if (integer(&segment->group, i) == search->exact) return 1;
    }
    if (part_of(&segment->text_at, form, segment->text.length, &start, &end) < 0) return -1;
    const char *bytes = (const char *)segment->text.data + start;
    PyObject *verdict = PyObject_CallFunction(search->is_stem, "iy#", language, bytes, (Py_ssize_t)(end - start));
    const int found = verdict ? PyObject_IsTrue(verdict) : -1;
    Py_XDECREF(verdict);
    return found;
}

/* Collect the forms of a stem: 1 where it is that of the term, 0 where it only has its hash, -1 with an exception. */
static int add_stem(Search *search, const SegmentArrays *segment, int language, int64_t ref) {
    int64_t first = 0, last = 1, before = -1;
    if (ref < 0 && part_of(&segment->group_at, -1 - ref, segment->group.length, &first, &last) < 0) return -1;
    for (int64_t i = first; i < last; i++) {
        const int64_t form = ref < 0 ? integer(&segment->group, i) : ref;
        /* Forms that overlap would have more postings together than there are. */
        if (form <= before || form >= segment->text_at.length - 1) return damaged("the stems are damaged");
        /* Two stems can share a hash: the stem of one of the forms decides. */
        const int shared = i > first ? 1 : share_stem(search, segment, language, form, first, last);
        if (shared < 1) return shared;
        if (place_add(search, form, language) < 0) return -1;
        before = form;
    }
    return last > first;
}

/* Collect the forms of a segment that share the stem of the term in one of the languages. */
static int add_forms(Search *search, const SegmentArrays *segment, int language, int64_t hash) {
    int64_t low = 0, end = segment->stem_hash.length;
    if (segment->stem_at.is_open) {
        if (part_of(&segment->stem_at, language, segment->stem_hash.length, &low, &end) < 0) return -1;
    } else if (language) {
        return 0;
    }
    for (int64_t high = end; low < high;) {
        const int64_t middle = low + (high - low) / 2;
        if (integer(&segment->stem_hash, middle) < hash) low = middle + 1; else high = middle;
    }
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

/* ---- their postings as one list ---- */

/* Other threads run meanwhile: nothing of Python is called from here to `find`. */

typedef struct {
    uint32_t *doc; /* with room for all postings of all forms */
    uint16_t *value;
    Py_ssize_t count;
    int most;
} Found;

/* Of the articles of a segment: which hold a form, and its code; which hold several, and the weight of these; and the
 * code of the very term. Most hold one form, and their codes lie in the processor's nearest memory. All but the weights
 * are 0 from one segment to the next. */
typedef struct {
    uint64_t held[MAX_ARTICLES / 64], several[MAX_ARTICLES / 64];
    uint8_t code[MAX_ARTICLES], exact[MAX_ARTICLES];
    double *weight;
} Weights;

/* Append the postings [first, last), each code `times` as large; -1 if an article is outside. */
static int append(Found *found, const SegmentArrays *segment, int64_t first, int64_t last, int times) {
    const uint16_t *doc = (const uint16_t *)segment->doc.data + first;
    const uint8_t *code = (const uint8_t *)segment->code.data + first;
    const uint32_t start = (uint32_t)segment->start;
    uint32_t *to = found->doc + found->count;
    uint16_t *value = found->value + found->count, furthest = 0;
    uint8_t most = 0;
    for (int64_t i = 0; i < last - first; i++) {
        furthest = doc[i] > furthest ? doc[i] : furthest;
        to[i] = start + doc[i];
    }
    for (int64_t i = 0; i < last - first; i++) {
        most = code[i] > most ? code[i] : most;
        value[i] = (uint16_t)(code[i] * times);
    }
    found->count += (Py_ssize_t)(last - first);
    if (most * times > found->most) found->most = most * times;
    return first == last || furthest < segment->articles ? 0 : -1;
}

static void append_one(Found *found, uint32_t doc, int value) {
    found->doc[found->count] = doc;
    found->value[found->count++] = (uint16_t)value;
    if (value > found->most) found->most = value;
}

/* Add the postings of a form to what the segment's articles hold; -1 if an article is outside. */
static int weigh(Weights *all, const SegmentArrays *segment, const Place *place) {
    const int64_t first = integer(&segment->post_at, place->form), last = integer(&segment->post_at, place->form + 1);
    const uint16_t *doc = segment->doc.data;
    const uint8_t *code = segment->code.data, *language = segment->language.data;
    const int in_all = !~place->spoken;
    for (int64_t block = first; block < last; block += BLOCK) {
        const int64_t end = last - block < BLOCK ? last : block + BLOCK;
        int64_t again[BLOCK];
        int count = 0;
        /* Nothing branches on whether an article holds another form, which cannot be foreseen. */
        for (int64_t i = block; i < end; i++) {
            const uint16_t at = doc[i];
            if (at >= segment->articles) return -1;
            if (!in_all && (language[at] >= LANGUAGES || !(place->spoken >> language[at] & 1))) continue;
            const uint8_t before = all->code[at];
            all->held[at >> 6] |= (uint64_t)1 << (at & 63);
            all->code[at] = before ? before : code[i];
            again[count] = i;
            count += before != 0;
        }
        for (int i = 0; i < count; i++) {
            const uint16_t at = doc[again[i]];
            const uint64_t bit = (uint64_t)1 << (at & 63);
            if (!(all->several[at >> 6] & bit)) {
                all->several[at >> 6] |= bit;
                all->weight[at] = weight_of[all->code[at]];
            }
            all->weight[at] += weight_of[code[again[i]]];
        }
    }
    return 0;
}

/* The weight of all forms in an article, added up in their order: another order may round otherwise. */
static double weight_in(const SegmentArrays *segment, const Place *places, Py_ssize_t count, uint16_t at) {
    const uint16_t *doc = segment->doc.data;
    const uint8_t *code = segment->code.data, *language = segment->language.data;
    double weight = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        const int64_t first = integer(&segment->post_at, places[i].form);
        const int64_t last = integer(&segment->post_at, places[i].form + 1);
        const Py_ssize_t found = seek_u16(doc, (Py_ssize_t)last, (Py_ssize_t)first, at);
        if (found == last || doc[found] != at) continue;
        if (~places[i].spoken && (language[at] >= LANGUAGES || !(places[i].spoken >> language[at] & 1))) continue;
        weight += weight_of[code[found]];
    }
    return weight;
}

/* Append the articles of a segment that hold any of its forms; -1 if one is outside. */
static int unite(Found *found, Weights *all, const SegmentArrays *segment, const Forms *forms, const Place *places) {
    const Py_ssize_t words = (segment->articles + 63) / 64;
    for (Py_ssize_t i = 0; i < forms->count; i++) {
        if (weigh(all, segment, &places[i]) < 0) return -1;
    }
    if (forms->has_exact) {
        const uint16_t *doc = segment->doc.data;
        const int64_t end = integer(&segment->post_at, forms->exact + 1);
        for (int64_t i = integer(&segment->post_at, forms->exact); i < end; i++)
            all->exact[doc[i]] = ((const uint8_t *)segment->code.data)[i];
    }
    const uint32_t start = (uint32_t)segment->start;
    uint32_t *to = found->doc + found->count;
    uint16_t *value = found->value + found->count;
    int most = found->most;
    for (Py_ssize_t word = 0; word < words; word++) {
        if (!all->held[word]) continue;
        for (uint64_t bits = all->several[word]; bits; bits &= bits - 1) {
            const uint32_t at = (uint32_t)(word * 64 + lowest_bit(bits));
            all->code[at] = (uint8_t)code_of(all->weight[at]);
        }
        for (uint64_t bits = all->held[word]; bits; bits &= bits - 1) {
            const uint32_t at = (uint32_t)(word * 64 + lowest_bit(bits));
            const int sum = (PARTS - 1) * all->code[at] + all->exact[at];
            all->code[at] = all->exact[at] = 0;
            *to++ = start + at;
            *value++ = (uint16_t)sum;
            most = sum > most ? sum : most;
        }
        all->held[word] = all->several[word] = 0;
    }
    found->count = to - found->doc;
    found->most = most;
    return 0;
}

/* As `unite`, where one form has nearly all postings: these are copied but for the articles that hold others. */
static int unite_around(Found *found, Weights *all, const SegmentArrays *segment, const Forms *forms,
                        const Place *places, Py_ssize_t around) {
    const Py_ssize_t words = (segment->articles + 63) / 64, count = forms->count;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (i != around && weigh(all, segment, &places[i]) < 0) return -1;
    }
    const uint16_t *doc = segment->doc.data;
    const uint8_t *code = segment->code.data;
    const int is_typed = places[around].form == forms->exact, times = is_typed ? PARTS : PARTS - 1;
    int64_t at = integer(&segment->post_at, places[around].form);
    const int64_t end = integer(&segment->post_at, places[around].form + 1);
    const int seeks_typed = forms->has_exact && !is_typed;
    int64_t typed = seeks_typed ? integer(&segment->post_at, forms->exact) : 0;
    const int64_t typed_end = seeks_typed ? integer(&segment->post_at, forms->exact + 1) : 0;
    for (Py_ssize_t word = 0; word < words; word++) {
        for (uint64_t bits = all->held[word]; bits; bits &= bits - 1) {
            const uint32_t number_ = (uint32_t)(word * 64 + lowest_bit(bits));
            const int is_several = (all->several[word] & bits & (~bits + 1)) != 0;
            int whole = all->code[number_], exact = 0;
            all->code[number_] = 0;
            const int64_t next = seek_u16(doc, (Py_ssize_t)end, (Py_ssize_t)at, number_);
            if (append(found, segment, at, next, times) < 0) return -1;
            at = next;
            if (at < end && doc[at] == number_) {
                /* The sum of two is the same in either order. */
                whole = code_of(is_several ? weight_in(segment, places, count, (uint16_t)number_)
                                           : weight_of[whole] + weight_of[code[at]]);
                exact = is_typed ? code[at] : 0;
                at++;
            } else if (is_several) {
                whole = code_of(all->weight[number_]);
            }
            if (typed < typed_end && doc[typed] == number_) exact = code[typed++];
            append_one(found, (uint32_t)segment->start + number_, (PARTS - 1) * whole + exact);
        }
        all->held[word] = all->several[word] = 0;
    }
    return append(found, segment, at, end, times);
}

/* Append the articles of all segments; -1 if one is outside. */
static int unite_all(const Search *search, Found *found, Weights *weights) {
    for (Py_ssize_t i = 0; i < search->all->count; i++) {
        const SegmentArrays *segment = &search->all->each[i];
        const Forms *forms = &search->forms[i];
        const Place *places = search->places + forms->first;
        int64_t most = -1;
        Py_ssize_t around = -1;
        for (Py_ssize_t j = 0; j < forms->count; j++) {
            const int64_t first = integer(&segment->post_at, places[j].form);
            const int64_t postings = integer(&segment->post_at, places[j].form + 1) - first;
            if (~places[j].spoken || postings <= most || postings < forms->postings - forms->postings / NEARLY) continue;
            most = postings;
            around = j;
        }
        if (forms->count == 1 && around == 0) {
            const int64_t first = integer(&segment->post_at, places->form);
            if (append(found, segment, first, first + most, forms->has_exact ? PARTS : PARTS - 1) < 0) return -1;
        } else if (around >= 0) {
            if (unite_around(found, weights, segment, forms, places, around) < 0) return -1;
        } else if (forms->count && unite(found, weights, segment, forms, places) < 0) {
            return -1;
        }
    }
    return 0;
}

/* How many numbers two sorted lists share. Each is sought in turn, so that a short list costs little in a long one. */
static Py_ssize_t shared(const uint32_t *left, Py_ssize_t lefts, const uint32_t *right, Py_ssize_t rights) {
    Py_ssize_t i = 0, j = 0, count = 0;
    while (i < lefts && (j = seek_u32(right, rights, j, left[i])) < rights) {
        count += right[j] == left[i];
        i = seek_u32(left, lefts, i + (right[j] == left[i]), right[j]);
    }
    return count;
}

int search_open(Search *search, PyObject *capsule, PyObject *stems) {
    search->all = segments_of(capsule);
    if (!search->all) return -1;
    search->languages = PyList_Size(stems);
    if (search->languages > LANGUAGES) return damaged("more languages than there are");
    for (Py_ssize_t i = 0; i < search->languages; i++) {
        int language;
        unsigned int hash;
        PyObject *stem = PyList_GetItem(stems, i);
        if (!PyArg_ParseTuple(stem, "iI", &language, &hash)) return -1;
        if (language < 0 || language >= LANGUAGES) return damaged("a language that is not there");
        search->stems[i].language = language;
        search->stems[i].hash = hash;
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
        search->exact = exact_form(segment, search->term, search->length);
        if (search->exact < -1) return -1;
        if (search->is_exact && search->exact >= 0 && place_add(search, search->exact, 0) < 0) return -1;
        for (Py_ssize_t j = 0; j < search->languages; j++) {
            if (add_forms(search, segment, search->stems[j].language, search->stems[j].hash) < 0) return -1;
        }
        search->forms[i] = forms_of(search, segment, first);
        postings += search->forms[i].postings;
    }
    return postings;
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

const char find_doc[] =
    "find(opened, term, stems, is_stem, dead): the numbers (uint32) of the articles that hold a term (UTF-8) in any\n"
    "form, its code in each (uint16, see words.Found), the highest of these, and how many are live. `stems` is [(language,\n"
    "crc32 of its stem there)]; is_stem(language, form) says whether a form (bytes) has that stem; `dead` are the articles\n"
    "that are not live (uint32, sorted).";

PyObject *find(PyObject *module, PyObject *args) {
    PyObject *capsule, *stems, *dead_, *docs = NULL, *values = NULL, *result = NULL;
    Search search = {0};
    Found found = {0};
    Weights *weights = NULL;
    Array dead = {0};
    if (!PyArg_ParseTuple(args, "Oy#O!OO", &capsule, &search.term, &search.length, &PyList_Type, &stems,
                          &search.is_stem, &dead_))
        return NULL;
    if (search_open(&search, capsule, stems) < 0 || array_open(&dead, dead_) < 0) goto done;
    if (dead.type != U32) { damaged("articles of type uint32 are expected here"); goto done; }
    const int64_t postings = collect(&search);
    if (postings < 0) goto done;
    int is_several = 0;
    for (Py_ssize_t i = 0; i < search.all->count; i++) {
        const Forms *forms = &search.forms[i];
        is_several |= forms->count > 1 || (forms->count && ~search.places[forms->first].spoken);
    }
    /* How many articles hold several forms is not known before. */
    docs = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)postings * (Py_ssize_t)sizeof *found.doc);
    values = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)postings * (Py_ssize_t)sizeof *found.value);
    if (!docs || !values) goto done;
    if (is_several) {
        weights = PyMem_Calloc(1, sizeof *weights);
        /* The pages that are never written take no memory. */
        if (weights) weights->weight = PyMem_Malloc(MAX_ARTICLES * sizeof *weights->weight);
        if (!weights || !weights->weight) { PyErr_NoMemory(); goto done; }
    }
    found.doc = (uint32_t *)PyByteArray_AsString(docs);
    found.value = (uint16_t *)PyByteArray_AsString(values);
    Py_ssize_t gone = 0;
    RELEASED(postings)
    const int united = unite_all(&search, &found, weights);
    if (united == 0) gone = shared(found.doc, found.count, dead.data, dead.length);
    REGAINED
    if (united < 0) { out_of_range(); goto done; }
    if (PyByteArray_Resize(docs, found.count * (Py_ssize_t)sizeof *found.doc) < 0 ||
        PyByteArray_Resize(values, found.count * (Py_ssize_t)sizeof *found.value) < 0)
        goto done;
    result = Py_BuildValue("OOin", docs, values, found.most, found.count - gone);
done:
    array_close(&dead);
    Py_XDECREF(docs);
    Py_XDECREF(values);
    if (weights) PyMem_Free(weights->weight);
    PyMem_Free(weights);
    search_close(&search);
    return result;
}
