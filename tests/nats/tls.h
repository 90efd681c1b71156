/* tls.h -- certificates of the test's own, made by the openssl command, and a nats-server with
 * them.
 *
 * In the folder: ca.crt; localhost.crt, elsewhere.crt (of that CA, for that name) and their .key;
 * strange.crt, a CA that signed nothing here. */
#ifndef TEST_TLS_H
#define TEST_TLS_H

#include <stdarg.h>

#include "nats/server.h"

static inline bool tls_shell(const char *fmt, ...)
{
    char command[1200];
    va_list args;

    va_start(args, fmt);
    vsnprintf(command, sizeof(command), fmt, args);
    va_end(args);
    return system(command) == 0;
}

static inline bool tls_ca(const char *dir, const char *name)
{
    return tls_shell(
            "cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
            "-nodes -days 2 -subj /CN=test-%s -keyout %s.key -out %s.crt 2>/dev/null",
            dir, name, name, name);
}

static inline bool tls_cert(const char *dir, const char *host)
{
    return tls_shell(
            "cd '%s' && openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
            "-subj /CN=nats -keyout %s.key -out %s.csr 2>/dev/null && "
            "printf 'subjectAltName=DNS:%s\\n' >%s.ext && "
            "openssl x509 -req -in %s.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 "
            "-extfile %s.ext -out %s.crt 2>/dev/null",
            dir, host, host, host, host, host, host, host);
}

static inline bool tls_make(const char *dir)
{
    return tls_shell("mkdir -p '%s'", dir) && tls_ca(dir, "ca") && tls_ca(dir, "strange") &&
           tls_cert(dir, "localhost") && tls_cert(dir, "elsewhere");
}

/* A server that demands TLS, with the certificate of that name; s->url is tls://localhost:PORT. */
static inline bool tls_start(struct server *s, const char *dir, const char *cert)
{
    char conf[300];
    FILE *f;
    bool ok;

    snprintf(conf, sizeof(conf), "%s/%s.conf", dir, cert);
    f = fopen(conf, "w");
    if (!f)
        return false;
    fprintf(f, "tls { cert_file: \"%s/%s.crt\", key_file: \"%s/%s.key\" }\n", dir, cert, dir, cert);
    fprintf(f, "jetstream { store_dir: \"%s/js\" }\nmax_payload: 2097152\n", dir);
    fclose(f);
    ok = server_start(s, "-c", conf);
    snprintf(s->url, sizeof(s->url), "tls://localhost:%d", s->port);
    return ok;
}

#endif
