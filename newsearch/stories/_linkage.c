/* Groups joined by centroid linkage, compiled: what linkage.py does round by round in numpy.
 *
 * Most pairs of articles are so little alike that no group is joined for them. Their similarities are not computed.
 * Of every two groups with a pair that is more alike, a bound on the sum of their similarities is kept. Only if they
 * could be joined by the bound, the sum is computed.
 *
 * A sum of floating-point numbers depends on their order. It is therefore computed from the parts of the groups, in the
 * order in which linkage.py has summed them. */

#include "_linkage.h"

#include "_module.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    uint32_t round, parts[2]; /* when it was joined, and from what */
    Py_ssize_t first;         /* its articles, unless it was joined */
    double within, bulk;
    List near;
} Group;

typedef struct {
    uint32_t one, other; /* labels of groups, the smaller first */
    double likeness, closeness;
} Joinable;

typedef struct {
    uint32_t one, other; /* the same */
    float closeness;     /* they are not closer */
} Possible;

typedef struct {
    uint64_t key; /* the numbers of two groups, the smaller first; 0 if there are none */
    double likeness;
} Known;

/* The sum of the similarities of two groups, while it is computed from those of their parts. */
typedef struct {
    uint32_t one[4], other[4];
    int count, next;
    double sum;
} Sum;

typedef struct {
    Articles articles;
    Row row;
    double threshold;
    uint32_t round, *members; /* the articles, by their groups to begin with */
    Group *groups;            /* first one for each article, then those of several */
    uint32_t count;
    uint32_t *into, *label, *size; /* of each group: what it was joined into, its first article, how many it has */
    Near *near_articles;
    Joinable *joinable;
    Py_ssize_t joinables, joinable_room;
    Possible *possible; /* those that were left, and then new ones */
    Py_ssize_t possibles, possible_room, left;
    Known *table; /* the sums that were computed, by their keys */
    Py_ssize_t sums_known, slots;
    Sum *sums;
    Py_ssize_t sum_room;
    uint32_t *holder, *best, *seen; /* of each label: its group, the closest label, in which list it was seen last */
    uint8_t *is_joined;             /* whether the group of a label was joined in this round */
    double *nearest, *most, *known;  /* of each label, as `most` and `known`, the pairs in it, of a list */
    List list;
    Py_ssize_t list_room;
} Linkage;

static uint32_t current(Linkage *linkage, uint32_t group) {
    uint32_t *const into = linkage->into;
    while (into[group] != group) group = into[group] = into[into[group]];
    return group;
}

/* The sum of the similarities of groups that were not joined. */
static double between_first(Linkage *linkage, uint32_t one, uint32_t other) {
    const Group *const groups = linkage->groups;
    const uint32_t *left = linkage->members + groups[one].first, *right = linkage->members + groups[other].first;
    const uint32_t *const end = left + linkage->size[one], *const stop = right + linkage->size[other];
    double sum = 0;
    while (left < end && right < stop) {
        const int is_left = *left < *right;
        const uint32_t article = is_left ? *left++ : *right++;
        const uint32_t *later = is_left ? right : left;
        for (; later < (is_left ? stop : end); later++)
            sum += similarity(&linkage->articles, &linkage->row, article, *later);
    }
    return sum;
}

static uint64_t key_of(uint32_t one, uint32_t other) {
    return one < other ? (uint64_t)one << 32 | other : (uint64_t)other << 32 | one;
}

/* Whether linkage.py has the sum for these groups at an earlier place. */
static int is_earlier(const Linkage *linkage, const uint32_t *these, const uint32_t *those) {
    const Group *const groups = linkage->groups;
    const uint32_t *const label = linkage->label;
    const uint32_t a = groups[these[0]].round, b = groups[these[1]].round;
    const uint32_t c = groups[those[0]].round, d = groups[those[1]].round;
    const uint32_t round = a > b ? a : b, other_round = c > d ? c : d;
    if (round != other_round) return round < other_round;
    return key_of(label[these[0]], label[these[1]]) < key_of(label[those[0]], label[those[1]]);
}

/* Begin a sum with the parts that the one group, or both, had when the last of them was joined. */
static Sum sum_of_parts(const Linkage *linkage, uint32_t one, uint32_t other) {
    const Group *const a = &linkage->groups[one], *const b = &linkage->groups[other];
    const int are_parts[] = {a->round >= b->round, b->round >= a->round};
    Sum found = {.count = 0, .next = 0, .sum = 0};
    for (int i = 0; i <= are_parts[0]; i++) {
        for (int j = 0; j <= are_parts[1]; j++) {
            const uint32_t pair[] = {are_parts[0] ? a->parts[i] : one, are_parts[1] ? b->parts[j] : other};
            int at = found.count++;
            for (; at > 0; at--) {
                const uint32_t before[] = {found.one[at - 1], found.other[at - 1]};
                if (!is_earlier(linkage, pair, before)) break;
                found.one[at] = before[0];
                found.other[at] = before[1];
            }
            found.one[at] = pair[0];
            found.other[at] = pair[1];
        }
    }
    return found;
}

/* Where the sum of two groups is, or would be. */
static Known *place_of(const Linkage *linkage, uint64_t key) {
    const uint64_t mask = (uint64_t)linkage->slots - 1;
    uint64_t at = (key * 0x9E3779B97F4A7C15) >> 20 & mask;
    while (linkage->table[at].key && linkage->table[at].key != key) at = (at + 1) & mask;
    return &linkage->table[at];
}

/* Keep the sum of two groups: they may become parts of others. Returns 0 without memory. */
static int keep_sum(Linkage *linkage, uint32_t one, uint32_t other, double likeness) {
    if (2 * linkage->sums_known >= linkage->slots) {
        Known *const before = linkage->table;
        const Py_ssize_t slots = linkage->slots;
        Known *const table = calloc(slots ? 2 * (size_t)slots : 1024, sizeof(Known));
        if (!table) return 0;
        linkage->table = table;
        linkage->slots = slots ? 2 * slots : 1024;
        for (Py_ssize_t i = 0; i < slots; i++) {
            if (before[i].key) *place_of(linkage, before[i].key) = before[i];
        }
        free(before);
    }
    const uint64_t key = key_of(one, other);
    *place_of(linkage, key) = (Known){key, likeness};
    linkage->sums_known++;
    return 1;
}

/* The sum of the similarities of two groups; 0 without memory. Groups may have been joined from as many as there are
 * articles, one after the other: this must not call itself. */
static int between(Linkage *linkage, uint32_t one, uint32_t other, double *likeness) {
    const Group *const groups = linkage->groups;
    Py_ssize_t depth = 0;
    for (;;) {
        const Known *known = linkage->slots ? place_of(linkage, key_of(one, other)) : NULL;
        double found = 0;
        if (known && known->key) {
            found = known->likeness;
        } else if (!groups[one].round && !groups[other].round) {
            found = between_first(linkage, one, other);
        } else {
            if (!grown((void **)&linkage->sums, &linkage->sum_room, depth + 1, sizeof(Sum))) return 0;
            linkage->sums[depth++] = sum_of_parts(linkage, one, other);
        }
        Sum *sum = NULL;
        for (; depth; depth--) {
            sum = &linkage->sums[depth - 1];
            sum->sum += found;
            if (sum->next < sum->count) break;
            found = sum->sum;
        }
        if (!depth) {
            *likeness = found;
            return 1;
        }
        one = sum->one[sum->next];
        other = sum->other[sum->next++];
    }
}

/* The lowest sum of similarities of groups that are joined. */
static double least_between(const Linkage *linkage, uint32_t one, uint32_t other) {
    const double both = linkage->groups[one].bulk + linkage->groups[other].bulk;
    const double mean = both > 1 ? COHESION * sqrt(both) : COHESION;
    const int64_t pairs = (int64_t)linkage->size[one] * linkage->size[other];
    return (mean < MAX_COHESION ? mean : MAX_COHESION) * (double)pairs;
}

/* Keep two groups as possible if they may be close enough by a bound on the sum of their similarities. Returns 0 without
 * memory. */
static int consider(Linkage *linkage, uint32_t one, uint32_t other, float most) {
    const double likeness = most * SLACK;
    const double closeness = likeness / sqrt(linkage->groups[one].within * linkage->groups[other].within);
    if (closeness < linkage->threshold || likeness < least_between(linkage, one, other)) return 1;
    if (!grown((void **)&linkage->possible, &linkage->possible_room, linkage->possibles + 1, sizeof(Possible))) return 0;
    const uint32_t label = linkage->label[one], other_label = linkage->label[other];
    const int is_first = label < other_label;
    linkage->possible[linkage->possibles++] =
        (Possible){is_first ? label : other_label, is_first ? other_label : label, (float)(closeness * SLACK)};
    return 1;
}

/* Compute how close two groups are, and keep them as joinable if they are close enough. Returns 0 without memory. */
static int decide(Linkage *linkage, const Possible *possible) {
    const uint32_t one = linkage->holder[possible->one], other = linkage->holder[possible->other];
    double likeness;
    if (!between(linkage, one, other, &likeness) || !keep_sum(linkage, one, other, likeness)) return 0;
    if (likeness < least_between(linkage, one, other)) return 1;
    const double closeness = likeness / sqrt(linkage->groups[one].within * linkage->groups[other].within);
    if (!(closeness >= linkage->threshold)) return 1;
    if (!grown((void **)&linkage->joinable, &linkage->joinable_room, linkage->joinables + 1, sizeof(Joinable))) return 0;
    linkage->joinable[linkage->joinables++] = (Joinable){possible->one, possible->other, likeness, closeness};
    if (closeness > linkage->nearest[possible->one]) linkage->nearest[possible->one] = closeness;
    if (closeness > linkage->nearest[possible->other]) linkage->nearest[possible->other] = closeness;
    return 1;
}

/* Add the groups that are near a part of a group to its list. */
static int add_near(Linkage *linkage, uint32_t group, uint32_t part) {
    const List near = linkage->groups[part].near;
    if (!grown((void **)&linkage->list.nears, &linkage->list_room, linkage->list.count + near.count, sizeof(Near)))
        return 0;
    for (Py_ssize_t i = 0; i < near.count; i++) {
        const uint32_t other = current(linkage, near.nears[i].group);
        if (other == group) continue;
        const uint32_t label = linkage->label[other];
        if (linkage->seen[label] != group) {
            linkage->seen[label] = group;
            linkage->most[label] = linkage->known[label] = 0;
            linkage->list.nears[linkage->list.count++] = (Near){other, 0};
        }
        linkage->most[label] += near.nears[i].most;
        linkage->known[label] += (double)linkage->size[part] * linkage->size[near.nears[i].group];
    }
    return 1;
}

/* Finish the list of a group, and consider it with those in it. Of two that were formed in one round, one does. */
static int finish_near(Linkage *linkage, uint32_t group, uint32_t fresh) {
    Group *const own = &linkage->groups[group];
    List *list = &linkage->list;
    Near *kept = malloc(((size_t)list->count + 1) * sizeof(Near));
    if (!kept) return 0;
    own->near = (List){kept, list->count};
    list->count = 0;
    for (Py_ssize_t i = 0; i < own->near.count; i++) {
        const uint32_t other = linkage->list.nears[i].group, label = linkage->label[other];
        const double unknown = (double)linkage->size[group] * linkage->size[other] - linkage->known[label];
        kept[i] = (Near){other, (float)((linkage->most[label] + COHESION * unknown) * SLACK)};
        if (other >= fresh && label < linkage->label[group]) continue;
        if (!consider(linkage, group, other, kept[i].most)) return 0;
    }
    return 1;
}

static int by_closeness(const void *one, const void *other) {
    const float left = ((const Possible *)one)->closeness, right = ((const Possible *)other)->closeness;
    return (left < right) - (left > right);
}

/* Compute how close possible groups are, as far as they could be each other's closest; or, to make sure of groups that
 * seem to be, as far as one could be closer to one of these. Returns 0 without memory. */
static int decide_possible(Linkage *linkage, int is_sure) {
    const uint32_t *const best = linkage->best;
    const double *const nearest = linkage->nearest;
    Py_ssize_t left = 0;
    for (Py_ssize_t i = 0; i < linkage->possibles; i++) {
        const Possible each = linkage->possible[i];
        const int is_near = each.closeness >= nearest[each.one], is_near_other = each.closeness >= nearest[each.other];
        const int is_decided = is_sure ? (is_near && best[best[each.one]] == each.one) ||
                                             (is_near_other && best[best[each.other]] == each.other)
                                       : is_near && is_near_other;
        if (!is_decided)
            linkage->possible[left++] = each;
        else if (!decide(linkage, &each))
            return 0;
    }
    linkage->possibles = left;
    return 1;
}

/* The closest label of each, as far as it was computed, with ties going to the smallest; no label if there is none. */
static void find_best(Linkage *linkage) {
    const uint32_t count = linkage->articles.count;
    for (uint32_t label = 0; label <= count; label++) linkage->best[label] = count;
    for (Py_ssize_t i = 0; i < linkage->joinables; i++) {
        const Joinable *each = &linkage->joinable[i];
        const uint32_t one = each->one, other = each->other;
        if (each->closeness == linkage->nearest[one] && other < linkage->best[one]) linkage->best[one] = other;
        if (each->closeness == linkage->nearest[other] && one < linkage->best[other]) linkage->best[other] = one;
    }
}

/* Find the groups that are each other's closest. Returns 0 without memory. */
static int find_closest(Linkage *linkage) {
    memset(linkage->nearest, 0, linkage->articles.count * sizeof(double));
    for (Py_ssize_t i = 0; i < linkage->joinables; i++) {
        const Joinable *each = &linkage->joinable[i];
        double *one = &linkage->nearest[each->one], *other = &linkage->nearest[each->other];
        if (each->closeness > *one) *one = each->closeness;
        if (each->closeness > *other) *other = each->closeness;
    }
    /* The fewest are computed if the closest come first. Those of earlier rounds were sorted then. */
    const Py_ssize_t added = linkage->possibles - linkage->left;
    if (added) qsort(linkage->possible + linkage->left, (size_t)added, sizeof(Possible), by_closeness);
    if (!decide_possible(linkage, 0)) return 0;
    find_best(linkage);
    if (!decide_possible(linkage, 1)) return 0;
    find_best(linkage);
    linkage->left = linkage->possibles;
    return 1;
}

/* A new group with a label. */
static uint32_t add_group(Linkage *linkage, uint32_t label, uint32_t size) {
    const uint32_t group = linkage->count++;
    linkage->groups[group].round = linkage->round;
    linkage->into[group] = group;
    linkage->label[group] = label;
    linkage->size[group] = size;
    linkage->holder[label] = group;
    return group;
}

/* Join two groups, which are each other's closest. */
static void join(Linkage *linkage, const Joinable *pair) {
    const uint32_t one = linkage->holder[pair->one], other = linkage->holder[pair->other];
    const uint32_t joined = add_group(linkage, pair->one, linkage->size[one] + linkage->size[other]);
    const Group *const a = &linkage->groups[one], *const b = &linkage->groups[other];
    Group *const group = &linkage->groups[joined];
    group->parts[0] = one;
    group->parts[1] = other;
    group->within = a->within + b->within;
    group->within += 2 * pair->likeness;
    group->bulk = a->bulk + b->bulk;
    linkage->into[one] = linkage->into[other] = joined;
    linkage->is_joined[pair->one] = linkage->is_joined[pair->other] = 1;
}

static void drop_list(Linkage *linkage, uint32_t group) {
    if (group >= linkage->articles.count) free(linkage->groups[group].near.nears);
    linkage->groups[group].near = (List){NULL, 0};
}

/* Drop the pairs of groups that were joined. */
static void drop_joined(Linkage *linkage) {
    const uint8_t *is_joined = linkage->is_joined;
    Py_ssize_t left = 0;
    for (Py_ssize_t i = 0; i < linkage->joinables; i++) {
        const Joinable pair = linkage->joinable[i];
        linkage->joinable[left] = pair;
        left += !(is_joined[pair.one] | is_joined[pair.other]);
    }
    linkage->joinables = left;
    left = 0;
    for (Py_ssize_t i = 0; i < linkage->possibles; i++) {
        const Possible pair = linkage->possible[i];
        linkage->possible[left] = pair;
        left += !(is_joined[pair.one] | is_joined[pair.other]);
    }
    linkage->possibles = linkage->left = left;
}

/* Join all groups that are each other's closest. Returns 0 without memory. */
static int join_round(Linkage *linkage) {
    const uint32_t fresh = linkage->count;
    linkage->round++;
    memset(linkage->is_joined, 0, linkage->articles.count);
    for (Py_ssize_t i = 0; i < linkage->joinables; i++) {
        const Joinable *pair = &linkage->joinable[i];
        if (linkage->best[pair->one] == pair->other && linkage->best[pair->other] == pair->one) join(linkage, pair);
    }
    drop_joined(linkage);
    for (uint32_t group = fresh; group < linkage->count; group++) {
        for (int part = 0; part < 2; part++) {
            if (!add_near(linkage, group, linkage->groups[group].parts[part])) return 0;
            drop_list(linkage, linkage->groups[group].parts[part]);
        }
        if (!finish_near(linkage, group, fresh)) return 0;
    }
    return 1;
}

/* Make groups of the articles that are together to begin with. Returns 0 without memory. */
static int begin(Linkage *linkage, const int64_t *together, const double *bulk) {
    const uint32_t count = linkage->articles.count;
    uint32_t *const ends = calloc((size_t)count + 1, sizeof(*ends));
    if (!ends) return 0;
    for (uint32_t i = 0; i < count; i++) ends[together[i]]++;
    for (uint32_t i = 1; i < count; i++) ends[i] += ends[i - 1];
    for (uint32_t i = count; i-- > 0;) linkage->members[--ends[together[i]]] = i;
    ends[count] = count;
    for (uint32_t i = 0; i < count; i++) add_group(linkage, i, 1);
    for (uint32_t label = 0; label < count; label++) {
        const uint32_t first = ends[label], size = ends[label + 1] - first, *own = linkage->members + first;
        if (!size) continue;
        /* An article that is alone in its group is the group. */
        const uint32_t number = size == 1 ? *own : add_group(linkage, label, size);
        Group *const group = &linkage->groups[number];
        linkage->label[number] = label;
        linkage->holder[label] = number;
        group->first = first;
        double inside = 0;
        for (uint32_t i = 0; i < size; i++) {
            linkage->into[own[i]] = number;
            group->bulk += bulk[own[i]];
            for (uint32_t j = i + 1; j < size; j++)
                inside += similarity(&linkage->articles, &linkage->row, own[i], own[j]);
        }
        group->within = (double)size + 2 * inside;
    }
    free(ends);
    return 1;
}

/* Consider the groups to begin with. Returns 0 without memory. */
static int consider_first(Linkage *linkage) {
    const uint32_t count = linkage->articles.count, *const into = linkage->into;
    for (uint32_t group = count; group < linkage->count; group++) {
        const uint32_t *own = linkage->members + linkage->groups[group].first;
        for (uint32_t i = 0; i < linkage->size[group]; i++) {
            if (!add_near(linkage, group, own[i])) return 0;
        }
        if (!finish_near(linkage, group, count)) return 0;
    }
    for (uint32_t article = 0; article < count; article++) {
        const List near = linkage->groups[article].near;
        if (into[article] != article) continue;
        for (Py_ssize_t i = 0; i < near.count; i++) {
            const uint32_t other = near.nears[i].group;
            if (other < article || into[other] != other) continue;
            if (!consider(linkage, article, other, near.nears[i].most)) return 0;
        }
    }
    return 1;
}

/* Give each article the others that may be alike. Returns 0 without memory. */
static int begin_near(Linkage *linkage) {
    List *lists = calloc((size_t)linkage->articles.count + 1, sizeof(*lists));
    if (lists) linkage->near_articles = find_near(&linkage->articles, lists);
    if (linkage->near_articles) {
        for (uint32_t i = 0; i < linkage->articles.count; i++) linkage->groups[i].near = lists[i];
    }
    free(lists);
    return linkage->near_articles != NULL;
}

static int join_all(Linkage *linkage, const Array *given) {
    if (!begin(linkage, given[7].data, given[8].data) || !begin_near(linkage) || !consider_first(linkage)) return 0;
    for (;;) {
        const uint32_t before = linkage->count;
        if (!find_closest(linkage) || !join_round(linkage)) return 0;
        if (linkage->count == before) return 1;
    }
}

/* Check all that is used as an index into an array, and that arrays are as long as they must be. */
static int check(const Array *given, int64_t size, double threshold) {
    static const Type types[] = {I64, I64, F64, I64, F64, I64, I64, I64, F64};
    const Py_ssize_t count = given[3].length;
    for (int i = 0; i < 9; i++) {
        if (given[i].type != types[i] || (i > 3 && given[i].length != count)) return 0;
    }
    const int64_t *starts = given[0].data, *terms = given[1].data, *horizons = given[3].data, *together = given[7].data;
    const double *hours = given[4].data;
    if (count > MAX_ARTICLES || given[0].length != count + 1 || given[1].length != given[2].length || size < 0 ||
        size > MAX_TERMS || starts[0] != 0 || starts[count] != given[1].length || !(threshold > 0))
        return 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (starts[i + 1] < starts[i] || horizons[i] < 0 || horizons[i] > count || together[i] < 0 ||
            together[i] >= count || (i && !(hours[i] >= hours[i - 1])))
            return 0;
    }
    for (Py_ssize_t i = 0; i < given[1].length; i++) {
        if (terms[i] < 0 || terms[i] >= size) return 0;
    }
    return 1;
}

static int open_linkage(Linkage *linkage, const Array *given, int64_t size, double threshold) {
    const size_t count = (size_t)given[3].length;
    linkage->articles = (Articles){(uint32_t)count, given[0].data, given[1].data, given[3].data, given[5].data,
                                   given[2].data,   given[4].data, given[6].data, size};
    linkage->threshold = threshold;
    linkage->row = (Row){calloc((size_t)size + 1, sizeof(double)), (uint32_t)count};
    /* At most one for each article, one for half as many, and one for each time that two are joined. */
    linkage->groups = calloc(3 * count + 1, sizeof(Group));
    linkage->into = calloc(3 * count + 1, sizeof(uint32_t));
    linkage->label = calloc(3 * count + 1, sizeof(uint32_t));
    linkage->size = calloc(3 * count + 1, sizeof(uint32_t));
    linkage->members = calloc(count + 1, sizeof(uint32_t));
    linkage->holder = calloc(count + 1, sizeof(uint32_t));
    linkage->is_joined = calloc(count + 1, 1);
    linkage->best = calloc(count + 1, sizeof(uint32_t));
    linkage->seen = calloc(count + 1, sizeof(uint32_t));
    linkage->nearest = calloc(count + 1, sizeof(double));
    linkage->most = calloc(count + 1, sizeof(double));
    linkage->known = calloc(count + 1, sizeof(double));
    return linkage->row.weights && linkage->groups && linkage->into && linkage->label && linkage->size &&
           linkage->members && linkage->holder && linkage->is_joined && linkage->best && linkage->seen &&
           linkage->nearest && linkage->most && linkage->known;
}

static void close_linkage(Linkage *linkage) {
    for (uint32_t group = 0; group < linkage->count; group++) drop_list(linkage, group);
    void *arrays[] = {linkage->row.weights, linkage->groups, linkage->into,    linkage->label,     linkage->size,
                      linkage->members,     linkage->holder, linkage->best,    linkage->is_joined, linkage->seen,
                      linkage->nearest,     linkage->most,   linkage->known,   linkage->table,     linkage->list.nears,
                      linkage->joinable,    linkage->sums,   linkage->possible, linkage->near_articles};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++) free(arrays[i]);
}

static PyObject *linked(PyObject *module, PyObject *arguments) {
    (void)module;
    PyObject *objects[9], *result = NULL;
    long long size;
    double threshold;
    if (!PyArg_ParseTuple(arguments, "OOOOOOOOOLd", &objects[0], &objects[1], &objects[2], &objects[3], &objects[4],
                          &objects[5], &objects[6], &objects[7], &objects[8], &size, &threshold))
        return NULL;
    Array given[9];
    memset(given, 0, sizeof(given));
    Linkage linkage = {0};
    for (int i = 0; i < 9; i++) {
        if (array_open(&given[i], objects[i]) < 0) goto done;
    }
    if (!check(given, size, threshold)) {
        PyErr_SetString(PyExc_ValueError, "these vectors and groups do not fit together");
        goto done;
    }
    int is_done = open_linkage(&linkage, given, size, threshold);
    RELEASED(is_done ? given[1].length : 0)
    is_done = is_done && join_all(&linkage, given);
    REGAINED
    const Py_ssize_t count = given[3].length;
    int64_t *label = is_done ? PyMem_Malloc(((size_t)count + 1) * sizeof(*label)) : NULL;
    if (label) {
        for (Py_ssize_t i = 0; i < count; i++) label[i] = linkage.label[current(&linkage, (uint32_t)i)];
        result = PyBytes_FromStringAndSize((char *)label, count * (Py_ssize_t)sizeof(*label));
    } else {
        PyErr_NoMemory();
    }
    PyMem_Free(label);
done:
    for (int i = 0; i < 9; i++) array_close(&given[i]);
    close_linkage(&linkage);
    return result;
}

static PyMethodDef methods[] = {
    {"linked", linked, METH_VARARGS,
     "linked(starts, terms, weights, horizons, hours, outlets, marks, together, bulk, size, threshold): the group of each "
     "article (int64), see linkage.py."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_linkage", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__linkage(void) {
    static const Constant constants[] = {CONSTANT(LEAST),    CONSTANT(HOURS),        CONSTANT(SAME_OUTLET),
                                         CONSTANT(OTHER_NUMBERS), CONSTANT(COHESION), CONSTANT(MAX_COHESION),
                                         CONSTANT(MAX_ARTICLES), CONSTANT(MAX_TERMS)};
    return module_with(PyModule_Create(&definition), constants, sizeof(constants) / sizeof(*constants));
}
