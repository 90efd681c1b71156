/* lockout.c -- five wrong passwords for a name close it for fifteen minutes.
 *
 * What is counted is the name that was typed, so nobody learns from it which names exist. Tries
 * while a name is closed are refused and not counted: it opens fifteen minutes after the fifth.
 * The count is looked at after the password was checked, so a burst of parallel guesses gains
 * nothing: a right one that comes after the fifth wrong one is refused. */
#include "auth.h"

enum { max_failed = 5, window_ms = 15 * 60 * 1000 };

int lockout_count(struct jv_ctx *ctx, const char *username)
{
    int64_t now = jv_real_ms(ctx);

    return jv_db(ctx, NULL,
                 "insert into attempts (username, failed, failed_at) values ($1, 1, $2) "
                 "on conflict (username) do update set "
                 "failed = case when attempts.failed_at <= $3 then 1 else attempts.failed + 1 end, "
                 "failed_at = excluded.failed_at "
                 "where attempts.failed < $4 or attempts.failed_at <= $3",
                 jv_text(username), jv_ms(now), jv_ms(now - window_ms), jv_int(max_failed));
}

int lockout_clear(struct jv_ctx *ctx, const char *username, bool *ret_locked)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "with cleared as (delete from attempts where username = $1 "
              "                 and (failed < $3 or failed_at <= $2)) "
              "select exists (select from attempts where username = $1 and failed >= $3 "
              "               and failed_at > $2) as locked",
              jv_text(username), jv_ms(jv_real_ms(ctx) - window_ms), jv_int(max_failed));
    if (r)
        return r;
    *ret_locked = jv_col_bool(&rows, 0, "locked");
    return JV_OK;
}
