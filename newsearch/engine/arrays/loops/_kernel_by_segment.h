/* Words that are read in place, segment by segment, see _kernel_by_segment.c. */

#include "_kernel_top.h"

typedef struct Room Room;

/* The segments in which words lie; NULL if all words are lists. */
AllPostings *segments_of(const List *lists, Py_ssize_t count);

/* Room to work in; NULL with an exception. It is given back when the search is over. */
Room *room_open(AllPostings *segments);
void room_close(Room *room, AllPostings *segments);

/* Which part of which segment is to be looked at. */
typedef struct {
    Py_ssize_t segment, range; /* and the place of its first range */
    int is_rest;               /* not the first articles of each segment, but those that follow */
} Cursor;

/* Make lists[lead] a list of what a word that is read in place has of the next articles that may reach a score, if scores
 * are `most` at most: first of the first articles of all segments, whose boosts are the highest, and then of the others.
 * Where those begin, the other lists are asked from their beginning again. 0 at the end. */
int segment_next(const Best *best, const List *word, double most, Room *room, Cursor *cursor, List *lists, Py_ssize_t count,
                 Py_ssize_t lead);
