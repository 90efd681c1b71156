/* doctor_secrets.c -- secrets: hard to guess, in files that not everybody reads. Never what they
 * are. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/settings.h"
#include "host/doctor.h"
#include "host/nats_auth.h"
#include "io/pg_look.h"

enum { least_length = 10, fail_bits = 40, warn_bits = 64, least_key = 16 };

/* ---- how hard to guess ----------------------------------------------------------------------- */

/* What is tried first, whatever stands behind it. */
static const char *const tried_first[] = {
    "password", "passw0rd", "admin",  "jarvis",   "postgres", "secret", "changeme", "change-me",
    "letmein",  "welcome",  "qwerty", "123456",   "abc123",   "test",   "example",  "default",
    "root",     "guest",    "demo",   "iloveyou", "dragon",   "monkey", "nats",     "hunter2",
};

/* With its end of digits and signs taken off: "Password123!" is tried as "password" is. */
static bool is_tried_first(const char *password)
{
    char core[128];
    size_t n = 0;

    for (; password[n] && n < sizeof(core) - 1; n++)
        core[n] = (char)tolower((unsigned char)password[n]);
    core[n] = '\0';
    for (size_t i = 0; i < JV_COUNT(tried_first); i++) {
        size_t len = strlen(tried_first[i]);
        const char *rest = core;

        while (strncmp(rest, tried_first[i], len) == 0) /* "adminadmin" too */
            rest += len;
        if (rest != core && strspn(rest, "0123456789!?.,_-*#$@") == strlen(rest))
            return true;
    }
    return false;
}

static unsigned pool_of(const char *s)
{
    bool lower = false, upper = false, digit = false, other = false;

    if (s[strspn(s, "0123456789abcdef")] == '\0')
        return strpbrk(s, "abcdef") ? 16 : 10;
    for (; *s; s++) {
        lower = lower || islower((unsigned char)*s);
        upper = upper || isupper((unsigned char)*s);
        digit = digit || isdigit((unsigned char)*s);
        other = other || !isalnum((unsigned char)*s);
    }
    return lower * 26u + upper * 26u + digit * 10u + other * 20u;
}

static double log_2(unsigned n)
{
    double bits = 0;

    for (; n >= 2; n /= 2)
        bits += n >= 4 ? 1 : n / 2.0; /* near enough */
    return bits;
}

unsigned jv_password_bits(const char *password)
{
    double each = log_2(pool_of(password)), bits = 0;
    bool seen[256] = { false };

    if (is_tried_first(password))
        return 0;
    for (const unsigned char *p = (const unsigned char *)password; *p; p++) {
        bool next = p != (const unsigned char *)password && abs(p[0] - p[-1]) <= 1;

        bits += next ? 1 : seen[*p] ? each / 2 + 1 : each;
        seen[*p] = true;
    }
    return (unsigned)bits;
}

static void judge(struct jv_doctor *d, const char *setting, const char *password)
{
    unsigned bits = jv_password_bits(password);

    if (!bits)
        jv_found(d, JV_FAIL, "secrets", "%s: its password is one that is tried first", setting);
    else if (strlen(password) < least_length || bits < fail_bits)
        jv_found(d, JV_FAIL, "secrets",
                 "%s: its password is too easy to guess (%zu characters): at least 16 random ones "
                 "are wanted",
                 setting, strlen(password));
    else if (bits < warn_bits)
        jv_found(d, JV_WARN, "secrets",
                 "%s: its password could be longer: 16 random characters are wanted", setting);
    else
        jv_found(d, JV_OKAY, "secrets", "%s: its password is hard to guess", setting);
}

/* ---- who reads a file ------------------------------------------------------------------------ */

/* Everybody: by its own rights and those of every folder above. */
static bool is_open(struct jv_doctor *d, const char *path)
{
    char *at = realpath(path, NULL), *slash, *real;
    struct stat st;
    bool open = at && !stat(at, &st) && st.st_mode & S_IROTH;

    real = at ? jv_arena_strdup(d->arena, at) : jv_arena_strdup(d->arena, "");
    free(at);
    while (open && (slash = strrchr(real, '/')) && slash != real) {
        *slash = '\0';
        open = !stat(real, &st) && st.st_mode & S_IXOTH;
    }
    return open;
}

/* A container's secrets are readable there and closed outside, by the folder that they are in. */
static void look_at_file(struct jv_doctor *d, const char *setting, const char *path)
{
    static const char mounted[] = "/run/secrets/";

    if (strncmp(path, mounted, sizeof(mounted) - 1) != 0 && is_open(d, path))
        jv_found(d, JV_WARN, "secrets.files",
                 "%s: everybody on this machine can read %s: chmod "
                 "600",
                 setting, path);
}

/* ---- all secrets of the tables --------------------------------------------------------------- */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

static void look_at_key(struct jv_doctor *d, const char *setting, const char *key)
{
    if (strlen(key) < least_key || key[strcspn(key, " \t\r\n<>")])
        jv_found(d, JV_FAIL, "secrets", "%s: does not look like a key", setting);
    else
        jv_found(d, JV_OKAY, "secrets", "%s: is there", setting);
}

static void look_at_secret(struct jv_doctor *d, const struct jv_setting *s)
{
    const struct jv_setting row[] = { { s->env, "", "", JV_SET_SECRET, 0, 0, 0 }, { 0 } };
    const char *from = getenv(s->env), *value = NULL;

    if (s->kind != JV_SET_SECRET || !jv_is_set(s->env))
        return;
    if (from[0] == '@')
        look_at_file(d, s->env, from + 1);
    if (jv_settings_load(row, &value, NULL))
        return; /* that is said of the settings */
    if (ends_with(s->env, "PASSWORD"))
        judge(d, s->env, value);
    else if (ends_with(s->env, "_KEY"))
        look_at_key(d, s->env, value);
}

static void look_at_database(struct jv_doctor *d)
{
    const char *url = d->common.database_url, *password = jv_pg_password(url, d->arena);

    if (password)
        judge(d, "DATABASE_URL", password);
    else if (*url && !jv_pg_is_socket(url))
        jv_found(d, JV_WARN, "secrets", "DATABASE_URL: has no password");
}

static void look_at_creds(struct jv_doctor *d)
{
    const char *folder = jv_doctor_creds(d);
    const struct jv_nats_user *users;
    size_t n = jv_nats_users(d->program, d->common.prefix, d->arena, &users);

    if (!folder && d->common.nats_creds[0])
        look_at_file(d, "NATS_CREDS", d->common.nats_creds);
    for (size_t i = 0; folder && i < n; i++)
        look_at_file(d, "NATS_CREDS",
                     jv_arena_printf(d->arena, "%s/%s.creds", folder, users[i].name));
}

void jv_doctor_secrets(struct jv_doctor *d)
{
    const struct jv_setting_table *tables;
    size_t n = jv_setting_tables(d->program, d->arena, &tables);

    if (d->has_common) {
        look_at_database(d);
        look_at_creds(d);
    }
    for (size_t i = 0; i < n; i++)
        for (const struct jv_setting *s = tables[i].rows; s->env; s++)
            look_at_secret(d, s);
}
