/* common.c -- the settings that every process reads, and how it says that it is ready. */
#include "jv/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/settings.h"

#define AT(member) .offset = offsetof(struct jv_common, member)

const struct jv_setting jv_common_settings[] = {
    { "NATS_URL", "nats://127.0.0.1:4222", "the bus", JV_SET_TEXT, AT(nats_url) },
    { "NATS_CREDS", "", "this process' credentials file", JV_SET_TEXT, AT(nats_creds) },
    { "NATS_CA", "", "file with the CA of the bus: it is reached by TLS", JV_SET_TEXT,
      AT(nats_ca) },
    { "DATABASE_URL", "", "PostgreSQL", JV_SET_SECRET, AT(database_url) },
    { "JARVIS_PREFIX", "jarvis", "first token of every subject", JV_SET_TEXT, AT(prefix) },
    { "JARVIS_LOG", "info", "error, warn, info or debug", JV_SET_TEXT, AT(log_level) },
    { "JARVIS_LOG_JSON", "false", "one JSON object per line", JV_SET_BOOL, AT(log_json) },
    { "JARVIS_CLOCK", "", "the instant at which the clock stands still", JV_SET_TEXT, AT(clock) },
    { "JARVIS_HEALTH", "", "Unix socket on which an actor says how it is", JV_SET_TEXT,
      AT(health) },
    { 0 },
};

/* [nats://|tls://][user[:password]@]host[:port]; the host in brackets when it has colons. */
static bool is_server(const char *s, size_t len)
{
    const char *end = s + len, *at, *port;
    size_t digits;

    if (len > 6 && (strncmp(s, "nats://", 7) == 0 || strncmp(s, "tls://", 6) == 0))
        s += s[0] == 'n' ? 7 : 6;
    at = memrchr(s, '@', (size_t)(end - s));
    s = at ? at + 1 : s;
    port = s < end && *s == '[' ? memchr(s, ']', (size_t)(end - s)) : s;
    port = port ? memchr(port, ':', (size_t)(end - port)) : NULL;
    digits = port ? strspn(port + 1, "0123456789") : 0;
    if (port && (port + 1 + digits != end || digits < 1 || digits > 5 ||
                 strtol(port + 1, NULL, 10) < 1 || strtol(port + 1, NULL, 10) > 65535))
        return false;
    len = (size_t)((port ? port : end) - s);
    return len && strcspn(s, "/ \t?#@,") >= len && (port || *s != '[') &&
           (*s == '[' || !memchr(s, ':', len));
}

static int check_servers(const char *list, struct jv_err *err)
{
    for (const char *s = list;; s++) {
        size_t len = strcspn(s, ",");

        if (!is_server(s, len)) /* a password may stand in it: it is not repeated */
            return jv_err_set(err, JV_INVALID_ARGUMENT,
                              "NATS_URL: must be nats://host:port or tls://host:port, several of "
                              "them with commas between");
        s += len;
        if (!*s)
            return JV_OK;
    }
}

int jv_common_creds(struct jv_common *c, const char *name, struct jv_err *err)
{
    struct stat st;
    int r;

    if (!c->nats_creds[0])
        return JV_OK;
    if (!stat(c->nats_creds, &st) && S_ISDIR(st.st_mode)) {
        char *path; /* as long as the process */

        if (asprintf(&path, "%s/%s.creds", c->nats_creds, name) < 0)
            abort();
        c->nats_creds = jv_keep_text(path);
        free(path);
    }
    r = jv_check_file("NATS_CREDS", c->nats_creds, "-----BEGIN NATS USER JWT-----", "credentials",
                      err);
    return r ? r
             : jv_check_file("NATS_CREDS", c->nats_creds, "-----BEGIN USER NKEY SEED-----",
                             "key beside its JWT", err);
}

int jv_common_load(struct jv_common *c, struct jv_err *err)
{
    enum jv_level level;
    int64_t seconds;
    int32_t nanos;
    int r = jv_settings_load(jv_common_settings, c, err);

    if (!r)
        r = check_servers(c->nats_url, err);
    if (r)
        return r;
    if (!jv_is_token(c->prefix))
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "JARVIS_PREFIX: must be letters, digits, _ and -, at most 64");
    if (jv_log_parse(c->log_level, &level))
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "JARVIS_LOG: must be error, warn, info or debug");
    if (c->clock[0] && jv_time_parse(c->clock, &seconds, &nanos))
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "JARVIS_CLOCK: must be an RFC 3339 time such as 2024-12-19T09:00:00Z");
    /* One that is damaged is found by whoever uses it. */
    return jv_check_certificates("NATS_CA", c->nats_ca, err);
}

void jv_say_ready(void)
{
    const char *fd = getenv("JARVIS_READY_FD");
    char *end;
    long n;

    if (!fd || !*fd)
        return;
    n = strtol(fd, &end, 10);
    if (!*end && n > 2 && n < 65536) {
        if (write((int)n, "ready\n", 6) < 0)
            jv_log(JV_LOG_DEBUG, "ready", "text", "nobody is waiting for it", NULL);
        close((int)n);
    }
    unsetenv("JARVIS_READY_FD");
}
