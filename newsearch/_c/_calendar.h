/* Days of the calendar, as Howard Hinnant's civil_from_days finds them: in eras of 400 years that begin in March. */

#include <stdint.h>

#define DAY 86400             /* seconds */
#define LAST_DAY 2932896      /* 9999-12-31, in days since 1970 */
#define FIRST_DAY (-719162)   /* 0001-01-01 */

typedef struct {
    int year, month, day, hour, minute, second;
} Moment;

/* The moment so many seconds after 1970; 0 if Python's calendar does not have it. */
static inline int moment_at(int64_t seconds, Moment *found) {
    const int64_t day = seconds / DAY - (seconds % DAY < 0);
    if (day < FIRST_DAY || day > LAST_DAY) return 0;
    const int rest = (int)(seconds - day * DAY), since = (int)day + 719468, era = since / 146097, of_era = since % 146097;
    const int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int of_year = of_era - (365 * year + year / 4 - year / 100), shifted = (5 * of_year + 2) / 153;
    found->month = shifted < 10 ? shifted + 3 : shifted - 9;
    found->year = year + era * 400 + (found->month <= 2);
    found->day = of_year - (153 * shifted + 2) / 5 + 1;
    found->hour = rest / 3600;
    found->minute = rest / 60 % 60;
    found->second = rest % 60;
    return 1;
}
