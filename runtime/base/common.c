/* common.c -- the settings that every process reads, and how it says that it is ready. */
#include "jv/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/settings.h"

#define AT(member) .offset = offsetof(struct jv_common, member)

static const struct jv_setting table[] = {
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

/* A certificate in it that is damaged is found by whoever uses it. */
static int check_ca(const char *path, struct jv_err *err)
{
    FILE *f = path[0] ? fopen(path, "re") : NULL;
    char line[256];
    bool found = !path[0];

    if (!f && path[0])
        return jv_err_set(err, JV_INVALID_ARGUMENT, "NATS_CA: cannot open %s: %s", path,
                          strerror(errno));
    while (!found && fgets(line, sizeof(line), f))
        found = strstr(line, "-----BEGIN CERTIFICATE-----") ||
                strstr(line, "-----BEGIN TRUSTED CERTIFICATE-----");
    if (f)
        fclose(f);
    return found ? JV_OK
                 : jv_err_set(err, JV_INVALID_ARGUMENT, "NATS_CA: %s holds no certificate", path);
}

int jv_common_load(struct jv_common *c, struct jv_err *err)
{
    enum jv_level level;
    int64_t seconds;
    int32_t nanos;
    int r = jv_settings_load(table, c, err);

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
    return check_ca(c->nats_ca, err);
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
