/* time.c -- RFC 3339 in UTC, years 0001 to 9999, without the C library's time zones. */
#include "jv/base.h"

#include <string.h>

static const int64_t first_second = -62135596800; /* 0001-01-01T00:00:00Z */
static const int64_t last_second = 253402300799;  /* 9999-12-31T23:59:59Z */

/* Days since 1970-01-01 of a proleptic Gregorian date; years are counted from March. */
int64_t jv_days_from_date(int64_t y, int64_t m, int64_t d)
{
    int64_t from_march = (m + 9) % 12;

    if (m <= 2)
        y--;
    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * from_march + 2) / 5 + d - 1 - 719468;
}

void jv_date_from_days(int64_t days, int64_t *y, int64_t *m, int64_t *d)
{
    int64_t z = days + 719468, era = z / 146097, in_era = z % 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t from_march = (5 * in_year + 2) / 153;

    *d = in_year - (153 * from_march + 2) / 5 + 1;
    *m = from_march < 10 ? from_march + 3 : from_march - 9;
    *y = year + era * 400 + (*m <= 2);
}

char *jv_time_print(struct jv_arena *a, int64_t seconds, int32_t nanos)
{
    int64_t days, y, m, d;
    struct jv_buf b = jv_buf_new(a);
    unsigned in_day;

    if (seconds < first_second || seconds > last_second) {
        seconds = seconds < first_second ? first_second : last_second;
        nanos = 0;
    }
    days = seconds / 86400 - (seconds % 86400 < 0);
    in_day = (unsigned)(seconds - days * 86400);
    jv_date_from_days(days, &y, &m, &d);
    jv_buf_printf(&b, "%04d-%02d-%02dT%02u:%02u:%02u", (int)y, (int)m, (int)d, in_day / 3600,
                  in_day / 60 % 60, in_day % 60);
    if (nanos <= 0 || nanos > 999999999)
        jv_buf_char(&b, 'Z');
    else if (nanos % 1000000 == 0)
        jv_buf_printf(&b, ".%03dZ", (int)nanos / 1000000);
    else if (nanos % 1000 == 0)
        jv_buf_printf(&b, ".%06dZ", (int)nanos / 1000);
    else
        jv_buf_printf(&b, ".%09dZ", (int)nanos);
    return b.data;
}

/* Take exactly n digits and the character behind them (0: none). */
static bool take(const char **s, int n, const char *after, int64_t *ret)
{
    int64_t v = 0;

    for (int i = 0; i < n; i++, (*s)++) {
        if (**s < '0' || **s > '9')
            return false;
        v = v * 10 + (**s - '0');
    }
    if (after && (!**s || !strchr(after, *(*s)++)))
        return false;
    *ret = v;
    return true;
}

static int64_t days_in(int64_t y, int64_t m)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

    return days[m - 1] + (m == 2 && leap);
}

static bool take_fraction(const char **s, int32_t *nanos)
{
    int32_t scale = 100000000;

    *nanos = 0;
    if (**s != '.')
        return true;
    (*s)++;
    if (**s < '0' || **s > '9')
        return false;
    for (; **s >= '0' && **s <= '9'; (*s)++, scale /= 10) {
        if (!scale)
            return false;
        *nanos += (**s - '0') * scale;
    }
    return true;
}

/* "Z" or "+05:30"; in seconds east. */
static bool take_zone(const char **s, int64_t *ret)
{
    int64_t h, m, sign = **s == '-' ? -1 : 1;

    *ret = 0;
    if (**s == 'Z' || **s == 'z') {
        (*s)++;
        return true;
    }
    if (**s != '+' && **s != '-')
        return false;
    (*s)++;
    if (!take(s, 2, ":", &h) || !take(s, 2, NULL, &m) || h > 23 || m > 59)
        return false;
    *ret = sign * (h * 3600 + m * 60);
    return true;
}

int jv_time_parse(const char *s, int64_t *ret_seconds, int32_t *ret_nanos)
{
    int64_t y, mo, d, h, mi, sec, zone, t;
    int32_t nanos;

    if (!take(&s, 4, "-", &y) || !take(&s, 2, "-", &mo) || !take(&s, 2, "Tt", &d) ||
        !take(&s, 2, ":", &h) || !take(&s, 2, ":", &mi) || !take(&s, 2, NULL, &sec) ||
        !take_fraction(&s, &nanos) || !take_zone(&s, &zone) || *s)
        return JV_INVALID_ARGUMENT;
    if (y < 1 || mo < 1 || mo > 12 || d < 1 || d > days_in(y, mo) || h > 23 || mi > 59 || sec > 59)
        return JV_INVALID_ARGUMENT;
    t = jv_days_from_date(y, mo, d) * 86400 + h * 3600 + mi * 60 + sec - zone;
    if (t < first_second || t > last_second)
        return JV_INVALID_ARGUMENT;
    *ret_seconds = t;
    *ret_nanos = nanos;
    return JV_OK;
}
