/* The occurrences of several forms as those of one word: `united` of kernel.py. */

#include "_kernel_forms.h"

#define DENSE 16         /* of one in so many articles or more all postings are read, of fewer each is sought */
#define FEW 1024         /* so many occurrences are sorted; for more, every article of the segment is looked at */

typedef struct {
    uint32_t *doc, *more_doc;
    uint16_t *pos, *more_pos;
    uint8_t *code;
    Py_ssize_t count, more;
} Whole;

/* What is known of the articles of the segment at hand, and room to sort in. */
typedef struct {
    uint64_t wanted[NUMBERS / 64]; /* a bit for each article that is wanted, where not all are */
    uint8_t *scratch;              /* the occurrences of the forms of a segment in these */
    uint32_t *ends; /* of each article's positions, among those of all */
    uint16_t *positions;
    uint8_t *codes;
    uint64_t keys[FEW];
    Py_ssize_t room, most;
} Bench;

static void copy_numbers(uint32_t *to, const Array *from, Py_ssize_t start) {
    const uint16_t *numbers = from->data;
    for (Py_ssize_t i = 0; i < from->length; i++) to[i] = (uint32_t)start + numbers[i];
}

static void copy_positions(uint16_t *to, const Array *from, Py_ssize_t length) {
    const uint8_t *narrow = from->data;
    if (from->type == U16) {
        memcpy(to, from->data, (size_t)length * sizeof *to);
        return;
    }
    for (Py_ssize_t i = 0; i < length; i++) to[i] = narrow[i];
}

static void append_form(Whole *whole, const Form *form) {
    copy_numbers(whole->doc + whole->count, &form->doc, form->start);
    copy_positions(whole->pos + whole->count, &form->pos, form->doc.length);
    memcpy(whole->code + whole->count, form->code.data, (size_t)form->doc.length);
    copy_numbers(whole->more_doc + whole->more, &form->more_doc, form->start);
    copy_positions(whole->more_pos + whole->more, &form->more_pos, form->more_doc.length);
    whole->count += form->doc.length;
    whole->more += form->more_doc.length;
}

/* Room for the occurrences of forms in the articles that are wanted. */
typedef struct { uint16_t *doc, *pos, *more_doc, *more_pos; uint8_t *code; } Room;

static void keep_one(Form *kept, Room *room, const Form *form, Py_ssize_t i) {
    const Py_ssize_t at = kept->doc.length++;
    room->doc[at] = ((const uint16_t *)form->doc.data)[i];
    room->code[at] = ((const uint8_t *)form->code.data)[i];
    room->pos[at] = (uint16_t)integer(&form->pos, i);
}

static void keep_more(Form *kept, Room *room, const Form *form, Py_ssize_t i) {
    const Py_ssize_t at = kept->more_doc.length++;
    room->more_doc[at] = ((const uint16_t *)form->more_doc.data)[i];
    room->more_pos[at] = (uint16_t)integer(&form->more_pos, i);
}

/* The occurrences of a form in some articles of its segment, of which the bench has the bits; what is put into the room
 * leaves it smaller. */
static Form only_among(const Form *form, const uint32_t *among, Py_ssize_t count, const Bench *bench, Room *room) {
    Form kept = {.start = form->start, .is_several = form->is_several};
    const uint16_t *doc = form->doc.data, *more = form->more_doc.data;
    if (form->is_several || count * DENSE > form->doc.length) {
        for (Py_ssize_t i = 0; i < form->doc.length; i++)
            if (bench->wanted[doc[i] >> 6] >> (doc[i] & 63) & 1) keep_one(&kept, room, form, i);
        for (Py_ssize_t i = 0; i < form->more_doc.length; i++)
            if (bench->wanted[more[i] >> 6] >> (more[i] & 63) & 1) keep_more(&kept, room, form, i);
    } else {
        Py_ssize_t at = 0, more_at = 0;
        for (Py_ssize_t i = 0; i < count; i++) {
            const int64_t number_ = (int64_t)among[i] - form->start;
            at = seek_u16(doc, form->doc.length, at, number_);
            if (at == form->doc.length) break;
            if (doc[at] != number_) continue;
            keep_one(&kept, room, form, at);
            more_at = seek_u16(more, form->more_doc.length, more_at, number_);
            for (; more_at < form->more_doc.length && more[more_at] == number_; more_at++)
                keep_more(&kept, room, form, more_at);
        }
    }
    kept.doc.type = kept.pos.type = kept.more_doc.type = kept.more_pos.type = U16;
    kept.code.length = kept.pos.length = kept.doc.length;
    kept.more_pos.length = kept.more_doc.length;
    kept.doc.data = room->doc;
    kept.code.data = room->code;
    kept.pos.data = room->pos;
    kept.more_doc.data = room->more_doc;
    kept.more_pos.data = room->more_pos;
    room->doc += kept.doc.length;
    room->code += kept.doc.length;
    room->pos += kept.doc.length;
    room->more_doc += kept.more_doc.length;
    room->more_pos += kept.more_doc.length;
    return kept;
}

static int by_key(const void *a, const void *b) {
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Sort the few occurrences of some forms by article and position. */
static void unite_few(Whole *whole, Bench *bench, const Form *forms, Py_ssize_t count) {
    Py_ssize_t size = 0;
    uint64_t *keys = bench->keys;
    for (Py_ssize_t f = 0; f < count; f++) {
        const Form *form = &forms[f];
        for (Py_ssize_t i = 0; i < form->doc.length; i++)
            keys[size++] = (uint64_t)((const uint16_t *)form->doc.data)[i] << 24 |
                           (uint64_t)integer(&form->pos, i) << 8 | ((const uint8_t *)form->code.data)[i];
        for (Py_ssize_t i = 0; i < form->more_doc.length; i++)
            keys[size++] = (uint64_t)((const uint16_t *)form->more_doc.data)[i] << 24 |
                           (uint64_t)integer(&form->more_pos, i) << 8;
    }
    qsort(keys, (size_t)size, sizeof *keys, by_key);
    for (Py_ssize_t i = 0; i < size; i++) {
        const uint8_t code = keys[i] & 0xFF;
        const uint32_t doc = (uint32_t)(forms->start + (Py_ssize_t)(keys[i] >> 24));
        if (!i || keys[i] >> 24 != keys[i - 1] >> 24) {
            whole->doc[whole->count] = doc;
            whole->pos[whole->count] = (uint16_t)(keys[i] >> 8);
            whole->code[whole->count++] = code;
            continue;
        }
        if (code > whole->code[whole->count - 1]) whole->code[whole->count - 1] = code;
        whole->more_doc[whole->more] = doc;
        whole->more_pos[whole->more++] = (uint16_t)(keys[i] >> 8);
    }
}

/* Put the many occurrences of some forms where their articles have theirs. */
static void unite_many(Whole *whole, Bench *bench, const Form *forms, Py_ssize_t count) {
    uint32_t *ends = bench->ends;
    uint16_t *positions = bench->positions;
    memset(ends, 0, (NUMBERS + 1) * sizeof *ends);
    memset(bench->codes, 0, NUMBERS);
    for (Py_ssize_t f = 0; f < count; f++) {
        const uint16_t *doc = forms[f].doc.data, *more = forms[f].more_doc.data;
        const uint8_t *code = forms[f].code.data;
        for (Py_ssize_t i = 0; i < forms[f].doc.length; i++) {
            ends[doc[i] + 1]++;
            if (code[i] > bench->codes[doc[i]]) bench->codes[doc[i]] = code[i];
        }
        for (Py_ssize_t i = 0; i < forms[f].more_doc.length; i++) ends[more[i] + 1]++;
    }
    for (int i = 0; i < NUMBERS; i++) ends[i + 1] += ends[i];
    /* Each start moves up to the end while positions are put down. */
    for (Py_ssize_t f = 0; f < count; f++) {
        const uint16_t *doc = forms[f].doc.data, *more = forms[f].more_doc.data;
        for (Py_ssize_t i = 0; i < forms[f].doc.length; i++)
            positions[ends[doc[i]]++] = (uint16_t)integer(&forms[f].pos, i);
        for (Py_ssize_t i = 0; i < forms[f].more_doc.length; i++)
            positions[ends[more[i]]++] = (uint16_t)integer(&forms[f].more_pos, i);
    }
    Py_ssize_t at = 0;
    for (int number_ = 0; number_ < NUMBERS; number_++) {
        const Py_ssize_t first = at, end = ends[number_];
        if (first == end) continue;
        for (Py_ssize_t i = first + 1; i < end; i++) {
            const uint16_t position = positions[i];
            Py_ssize_t j = i;
            for (; j > first && positions[j - 1] > position; j--) positions[j] = positions[j - 1];
            positions[j] = position;
        }
        const uint32_t doc = (uint32_t)(forms->start + number_);
        whole->doc[whole->count] = doc;
        whole->code[whole->count] = bench->codes[number_];
        whole->pos[whole->count++] = positions[first];
        for (at = first + 1; at < end; at++) {
            whole->more_doc[whole->more] = doc;
            whole->more_pos[whole->more++] = positions[at];
        }
    }
}

/* Append the occurrences of a form in articles that hold no other, which end before the places `doc` and `more`. */
static void append_run(Whole *whole, const Form *form, Py_ssize_t *at, Py_ssize_t *more_at, Py_ssize_t doc, Py_ssize_t more) {
    for (; *at < doc; ++*at) {
        whole->doc[whole->count] = (uint32_t)form->start + ((const uint16_t *)form->doc.data)[*at];
        whole->code[whole->count] = ((const uint8_t *)form->code.data)[*at];
        whole->pos[whole->count++] = (uint16_t)integer(&form->pos, *at);
    }
    for (; *more_at < more; ++*more_at) {
        whole->more_doc[whole->more] = (uint32_t)form->start + ((const uint16_t *)form->more_doc.data)[*more_at];
        whole->more_pos[whole->more++] = (uint16_t)integer(&form->more_pos, *more_at);
    }
}

/* Add a position to those of the last article, which rise. The first of them is not among the others. */
static void insert_position(Whole *whole, Py_ssize_t first, uint16_t position) {
    const uint32_t doc = whole->doc[whole->count - 1];
    uint16_t *pos = &whole->pos[whole->count - 1];
    if (position < *pos) {
        const uint16_t before = *pos;
        *pos = position;
        position = before;
    }
    Py_ssize_t i = whole->more++;
    for (; i > first && whole->more_pos[i - 1] > position; i--) whole->more_pos[i] = whole->more_pos[i - 1];
    whole->more_pos[i] = position;
    whole->more_doc[whole->more - 1] = doc;
}

/* Put the few occurrences of some forms among those of one that has nearly all. */
static void unite_around(Whole *whole, Bench *bench, const Form *form, const Form *others, Py_ssize_t count) {
    uint32_t doc[FEW], more_doc[FEW];
    uint16_t pos[FEW], more_pos[FEW];
    uint8_t code[FEW];
    Whole few = {doc, more_doc, pos, more_pos, code, 0, 0};
    unite_few(&few, bench, others, count);
    const uint16_t *docs = form->doc.data, *mores = form->more_doc.data;
    Py_ssize_t at = 0, more_at = 0, few_at = 0;
    for (Py_ssize_t i = 0; i < few.count; i++) {
        const int64_t number_ = (int64_t)doc[i] - form->start;
        append_run(whole, form, &at, &more_at, seek_u16(docs, form->doc.length, at, number_),
                   seek_u16(mores, form->more_doc.length, more_at, number_));
        const Py_ssize_t first = whole->more;
        if (at < form->doc.length && docs[at] == number_) {
            Py_ssize_t end = more_at;
            while (end < form->more_doc.length && mores[end] == number_) end++;
            append_run(whole, form, &at, &more_at, at + 1, end);
            if (code[i] > whole->code[whole->count - 1]) whole->code[whole->count - 1] = code[i];
            insert_position(whole, first, pos[i]);
        } else {
            whole->doc[whole->count] = doc[i];
            whole->code[whole->count] = code[i];
            whole->pos[whole->count++] = pos[i];
        }
        for (; few_at < few.more && more_doc[few_at] == doc[i]; few_at++) insert_position(whole, first, more_pos[few_at]);
    }
    append_run(whole, form, &at, &more_at, form->doc.length, form->more_doc.length);
}

static Py_ssize_t size_of(const Form *forms, Py_ssize_t count) {
    Py_ssize_t size = 0;
    for (Py_ssize_t i = 0; i < count; i++) size += forms[i].doc.length + forms[i].more_doc.length;
    return size;
}

static int bench_open(Bench *bench, const Form *forms, Py_ssize_t count, int is_limited) {
    Py_ssize_t most = 0;
    for (Py_ssize_t i = 0, same; i < count; i += same) {
        same = of_segment(forms + i, count - i);
        const Py_ssize_t size = size_of(forms + i, same);
        if (size > most) most = size;
        if ((same > 1 || forms[i].is_several) && size > bench->room) bench->room = size;
    }
    if (bench->room > UINT32_MAX) { out_of_range(); return -1; }
    if (is_limited && !(bench->scratch = PyMem_Malloc((size_t)most * 9 + 16))) { PyErr_NoMemory(); return -1; }
    bench->most = most;
    if (bench->room <= FEW) return 0;
    bench->ends = PyMem_Malloc((NUMBERS + 1) * sizeof *bench->ends);
    bench->codes = PyMem_Malloc(NUMBERS);
    bench->positions = PyMem_Malloc((size_t)bench->room * sizeof *bench->positions);
    if (bench->ends && bench->codes && bench->positions) return 0;
    PyErr_NoMemory();
    return -1;
}

/* Append the forms of one segment to the whole; their order may change. */
static void unite(Whole *whole, Bench *bench, Form *forms, Py_ssize_t count) {
    Py_ssize_t longest = 0;
    for (Py_ssize_t i = 1; i < count; i++) {
        if (forms[i].doc.length > forms[longest].doc.length) longest = i;
    }
    const Form form = forms[longest];
    const Py_ssize_t size = size_of(forms, count), others = size - size_of(&form, 1);
    if (form.is_several || others > FEW || (others && size <= FEW)) {
        (size <= FEW ? unite_few : unite_many)(whole, bench, forms, count);
    } else if (others) {
        forms[longest] = forms[count - 1];
        unite_around(whole, bench, &form, forms, count - 1);
        forms[longest] = form;
    } else {
        append_form(whole, &form);
    }
}

/* The same of only some articles, which are sorted; `count` is that of forms, and `kept` has room for as many. */
static void unite_among(Whole *whole, Bench *bench, const Form *forms, Py_ssize_t count, Form *kept,
                        const uint32_t *among, Py_ssize_t wanted) {
    if (!wanted) return;
    uint16_t *numbers = (uint16_t *)bench->scratch;
    Room room = {numbers, numbers + bench->most, numbers + 2 * bench->most, numbers + 3 * bench->most,
                 (uint8_t *)(numbers + 4 * bench->most)};
    memset(bench->wanted, 0, sizeof bench->wanted);
    for (Py_ssize_t i = 0; i < wanted; i++) {
        const uint32_t number_ = among[i] - (uint32_t)forms->start;
        /* Damaged postings are in no order. */
        if (number_ < NUMBERS) bench->wanted[number_ >> 6] |= (uint64_t)1 << (number_ & 63);
    }
    for (Py_ssize_t i = 0; i < count; i++) kept[i] = only_among(&forms[i], among, wanted, bench, &room);
    unite(whole, bench, kept, count);
}

const char united_doc[] =
    "united(forms, among): from [(doc, code, pos, more_doc, more_pos, start, several)], by rising start, the occurrences of all\n"
    "as (doc, code, pos, more_doc, more_pos) of types uint32, uint8, uint16, uint32, uint16. In each article the highest\n"
    "code counts. `among` are the only articles that are wanted, uint32, or None.";

PyObject *united(PyObject *module, PyObject *args) {
    PyObject *given, *among_, *found = NULL, *made[5] = {0};
    if (!PyArg_ParseTuple(args, "O!O", &PyList_Type, &given, &among_)) return NULL;
    const Py_ssize_t count = PyList_Size(given);
    Form *forms = PyMem_Calloc((size_t)count + 1, sizeof(Form)), *kept = PyMem_Calloc((size_t)count + 1, sizeof(Form));
    Array among = {0};
    Bench *bench = PyMem_Calloc(1, sizeof(Bench));
    Whole whole = {0};
    Py_ssize_t posted = 0;
    uint8_t *room[5] = {0}, *out[5];
    if (!forms || !kept || !bench) { PyErr_NoMemory(); goto done; }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (form_open(&forms[i], PyList_GetItem(given, i)) < 0) goto done;
        posted += forms[i].doc.length;
        if (i && forms[i].start < forms[i - 1].start) { out_of_range(); goto done; }
    }
    const Py_ssize_t size = size_of(forms, count);
    if (among_ != Py_None && articles_open(&among, among_) < 0) goto done;
    if (among.is_open && among.type != U32) { out_of_range(); goto done; }
    if (bench_open(bench, forms, count, among.is_open) < 0) goto done;
    /* How many articles hold several forms, or are wanted, is not known before. */
    const int is_known = !bench->room && !among.is_open;
    const Py_ssize_t docs = is_known ? posted : size, more = is_known ? size - posted : size;
    const Py_ssize_t sizes[5] = {4 * docs, docs, 2 * docs, 4 * more, 2 * more};
    for (int i = 0; i < 5; i++) {
        if (is_known) made[i] = PyBytes_FromStringAndSize(NULL, sizes[i]);
        else room[i] = PyMem_Malloc((size_t)sizes[i] + 1);
        if (!made[i] && !room[i]) { PyErr_NoMemory(); goto done; }
        out[i] = is_known ? (uint8_t *)PyBytes_AsString(made[i]) : room[i];
    }
    whole.doc = (uint32_t *)out[0];
    whole.code = out[1];
    whole.pos = (uint16_t *)out[2];
    whole.more_doc = (uint32_t *)out[3];
    whole.more_pos = (uint16_t *)out[4];
    const uint32_t *wanted = among.data;
    Py_ssize_t at = 0;
    RELEASED(among.is_open && among.length < size ? among.length : size)
    for (Py_ssize_t i = 0, same; i < count; i += same) {
        same = of_segment(forms + i, count - i);
        if (!among.is_open) {
            unite(&whole, bench, forms + i, same);
            continue;
        }
        const Py_ssize_t first = seek_u32(wanted, among.length, at, forms[i].start);
        const Py_ssize_t after = i + same < count ? forms[i + same].start : forms[i].start + NUMBERS;
        at = seek_u32(wanted, among.length, first, after);
        unite_among(&whole, bench, forms + i, same, kept, wanted + first, at - first);
    }
    REGAINED
    const Py_ssize_t used[5] = {4 * whole.count, whole.count, 2 * whole.count, 4 * whole.more, 2 * whole.more};
    for (int i = 0; i < 5; i++) {
        if (!is_known) made[i] = PyBytes_FromStringAndSize((const char *)room[i], used[i]);
        if (!made[i]) goto done;
    }
    found = PyTuple_Pack(5, made[0], made[1], made[2], made[3], made[4]);
done:
    for (int i = 0; i < 5; i++) {
        Py_XDECREF(made[i]);
        PyMem_Free(room[i]);
    }
    forms_close(forms, count);
    PyMem_Free(kept);
    array_close(&among);
    if (bench) {
        PyMem_Free(bench->scratch);
        PyMem_Free(bench->ends);
        PyMem_Free(bench->codes);
        PyMem_Free(bench->positions);
    }
    PyMem_Free(bench);
    return found;
}
