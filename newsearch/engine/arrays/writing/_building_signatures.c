/* The numbers of the words of articles -> their signatures: `signatures` of building.py. */

#include "_building.h"

/* splitmix64, as in stories/signatures.py */
static const uint64_t STEP = 0x9E3779B97F4A7C15u;

static uint64_t mix(uint64_t value) {
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

typedef struct {
    uint64_t draw, slot;
} Drawn;

static int comes_first(uint64_t draw, uint64_t slot, const Drawn *other) {
    return draw < other->draw || (draw == other->draw && slot < other->slot);
}

/* The shingles that come first; slots that are left have 0. */
static void draw_lowest(const int32_t *words, int64_t count, const uint64_t *hashes, const uint8_t *lots, int length,
                        int slots, uint64_t *found) {
    Drawn lowest[TEXT_SLOTS > TITLE_SLOTS ? TEXT_SLOTS : TITLE_SLOTS];
    int kept = 0;
    for (int64_t at = 0; at + length <= count; at++) {
        unsigned sum = 0;
        uint64_t shingle = 0;
        for (int i = 0; i < length; i++) {
            sum += lots[words[at + i]];
            shingle = mix(shingle * 3 + hashes[words[at + i]]);
        }
        if (sum < 3) continue;
        uint64_t draw = UINT64_MAX;
        for (unsigned lot = 0; lot < sum / 3; lot++) {
            const uint64_t drawn = mix(shingle + lot * STEP);
            if (drawn < draw) draw = drawn;
        }
        uint64_t slot = shingle & (((uint64_t)1 << BITS) - 1);
        if (!slot) slot = 1;
        if (kept == slots && !comes_first(draw, slot, &lowest[kept - 1])) continue;
        int place = 0;
        while (place < kept && lowest[place].slot != slot) place++;
        if (place < kept) {
            if (draw >= lowest[place].draw) continue;
        } else if (kept < slots) {
            kept++;
        } else {
            place = kept - 1;
        }
        for (; place && comes_first(draw, slot, &lowest[place - 1]); place--) lowest[place] = lowest[place - 1];
        lowest[place] = (Drawn){draw, slot};
    }
    for (int i = 0; i < slots; i++) found[i] = i < kept ? lowest[i].slot : 0;
}

const char signatures_doc[] =
    "signatures(tokens, lengths, headline, skipped, hashes, lots): the signatures of articles, see building.py.";

PyObject *signatures(PyObject *module, PyObject *args) {
    PyObject *given[6], *found = NULL;
    Array arrays[6] = {0};
    if (!PyArg_ParseTuple(args, "OOOOOO", &given[0], &given[1], &given[2], &given[3], &given[4], &given[5])) return NULL;
    const int32_t *tokens, *lengths, *headline, *skipped;
    const uint64_t *hashes;
    const uint8_t *lots;
    if (!(tokens = array_of(&arrays[0], given[0], I32)) || !(lengths = array_of(&arrays[1], given[1], I32)) ||
        !(headline = array_of(&arrays[2], given[2], I32)) || !(skipped = array_of(&arrays[3], given[3], I32)) ||
        !(hashes = array_of(&arrays[4], given[4], I64)) || !(lots = array_of(&arrays[5], given[5], U8)))
        goto done;
    const Py_ssize_t articles = arrays[2].length, terms = arrays[4].length;
    int64_t words = 0;
    int is_sound = arrays[1].length == articles * FIELDS && arrays[3].length == articles && arrays[5].length == terms;
    for (Py_ssize_t a = 0; is_sound && a < articles; a++) {
        const int32_t *field = lengths + a * FIELDS;
        for (int f = 0; f < FIELDS; f++) {
            is_sound &= field[f] >= 0;
            words += field[f];
        }
        is_sound &= headline[a] >= 0 && headline[a] <= field[0] && skipped[a] >= 0 &&
                    skipped[a] <= (int64_t)field[2] + field[3];
    }
    is_sound = is_sound && words == arrays[0].length;
    for (Py_ssize_t i = 0; is_sound && i < words; i++) is_sound &= tokens[i] >= 0 && tokens[i] < terms;
    if (!is_sound) { PyErr_SetString(PyExc_ValueError, "the arrays do not fit together"); goto done; }
    found = PyBytes_FromStringAndSize(NULL, articles * 16);
    if (!found) goto done;
    char *out = PyBytes_AsString(found);
    PyThreadState *state = PyEval_SaveThread();
    const int32_t *at = tokens;
    for (Py_ssize_t a = 0; a < articles; a++) {
        const int32_t *field = lengths + a * FIELDS, *text = at + field[0] + field[1] + skipped[a];
        int64_t count = (int64_t)field[2] + field[3] - skipped[a];
        const int32_t head = headline[a];
        if (count >= head && !memcmp(text, at, (size_t)head * sizeof *at)) {
            text += head;
            count -= head;
        }
        uint64_t slots[TITLE_SLOTS + TEXT_SLOTS], halves[2] = {0, 0};
        draw_lowest(at, head, hashes, lots, TITLE_SHINGLE, TITLE_SLOTS, slots);
        draw_lowest(text, count < LEAD ? count : LEAD, hashes, lots, TEXT_SHINGLE, TEXT_SLOTS, slots + TITLE_SLOTS);
        for (int i = 0; i < TITLE_SLOTS + TEXT_SLOTS; i++) halves[i / 3] |= slots[i] << BITS * (i % 3);
        memcpy(out + a * 16, halves, 16);
        at += (int64_t)field[0] + field[1] + field[2] + field[3];
    }
    PyEval_RestoreThread(state);
done:
    for (int i = 0; i < 6; i++) array_close(&arrays[i]);
    return found;
}
