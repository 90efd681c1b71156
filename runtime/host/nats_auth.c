/* nats_auth.c -- keys, signed claims, credentials files and a configuration for nats-server. */
#include "host/nats_auth.h"
#include "host/nats_old.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "jv/wire.h"

/* The first five bits of a key's base32 are its kind's letter. */
enum kind { KIND_OPERATOR = 14 << 3, KIND_ACCOUNT = 0, KIND_USER = 20 << 3, KIND_SEED = 18 << 3 };

enum {
    SEED_SIZE = crypto_sign_SEEDBYTES,
    PUBLIC_SIZE = crypto_sign_PUBLICKEYBYTES,
    KEY_TEXT = 64, /* of a seed's 36 bytes in base32: 58, and the NUL */
    MAX_PAYLOAD = 2 << 20,
    MAX_MEMORY_STORE = 64 << 20,
    MAX_CONTROL_LINE = 64 << 10, /* a user's claims travel in the first line */
    CONF_SIZE = 1 << 20,
};

/* When operator and accounts were signed: always the same instant, so that the same claims are the
 * same text. A server refuses to read a configuration again in which the operator has changed. */
#define SIGNED_AT 1704067200LL
/* Until when a revoked key's identities count as revoked by the time of their signing: all of them.
 */
#define FOR_EVER 4102444800LL

struct key {
    char seed[KEY_TEXT], id[KEY_TEXT]; /* SU..., U... */
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
};

struct files {
    const char *dir;
    struct jv_arena *arena;
    struct jv_err *err;
};

/* ---- base32 and its checksum -------------------------------------------------------------- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static void base32(const uint8_t *in, size_t n, char *out)
{
    unsigned bits = 0, held = 0;

    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | in[i];
        for (held += 8; held >= 5; held -= 5)
            *out++ = alphabet[bits >> (held - 5) & 31];
    }
    if (held)
        *out++ = alphabet[bits << (5 - held) & 31];
    *out = '\0';
}

/* The number of bytes, or 0. */
static size_t base32_decode(const char *in, uint8_t *out, size_t size)
{
    unsigned bits = 0, held = 0;
    size_t n = 0;

    for (; *in; in++) {
        const char *at = strchr(alphabet, *in);

        if (!at || n == size)
            return 0;
        bits = bits << 5 | (unsigned)(at - alphabet);
        held += 5;
        if (held >= 8) {
            held -= 8;
            out[n++] = (uint8_t)(bits >> held);
        }
    }
    return n;
}

/* CRC-16/XMODEM. */
static unsigned crc16(const uint8_t *p, size_t n)
{
    unsigned crc = 0;

    for (size_t i = 0; i < n; i++) {
        crc ^= (unsigned)p[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1 ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
    }
    return crc;
}

static void encode(uint8_t *raw, size_t n, char *out)
{
    unsigned crc = crc16(raw, n);

    raw[n] = (uint8_t)crc;
    raw[n + 1] = (uint8_t)(crc >> 8);
    base32(raw, n + 2, out);
}

/* ---- keys --------------------------------------------------------------------------------- */

/* A seed says twice what it is: 'S', then the kind, in the first ten bits. */
static void key_from_seed(struct key *k, enum kind kind, const uint8_t seed[SEED_SIZE])
{
    uint8_t raw[2 + SEED_SIZE + 2], public[1 + PUBLIC_SIZE + 2];

    raw[0] = (uint8_t)(KIND_SEED | kind >> 5);
    raw[1] = (uint8_t)(kind << 3 & 0xff);
    memcpy(raw + 2, seed, SEED_SIZE);
    encode(raw, 2 + SEED_SIZE, k->seed);
    public[0] = (uint8_t)kind;
    crypto_sign_seed_keypair(public + 1, k->secret, seed);
    encode(public, 1 + PUBLIC_SIZE, k->id);
    sodium_memzero(raw, sizeof(raw));
}

static bool key_from_text(struct key *k, enum kind kind, const char *text)
{
    uint8_t raw[2 + SEED_SIZE + 2 + 1];
    size_t n = base32_decode(text, raw, sizeof(raw));
    unsigned crc;

    if (n != 2 + SEED_SIZE + 2)
        return false;
    crc = crc16(raw, n - 2);
    if (raw[n - 2] != (crc & 0xff) || raw[n - 1] != crc >> 8 || raw[0] != (KIND_SEED | kind >> 5) ||
        raw[1] != (kind << 3 & 0xff))
        return false;
    key_from_seed(k, kind, raw + 2);
    return true;
}

/* ---- files -------------------------------------------------------------------------------- */

static int cannot(const struct files *f, const char *what, const char *path)
{
    return jv_err_set(f->err, JV_FAILED_PRECONDITION, "cannot %s %s: %s", what, path,
                      strerror(errno));
}

static int make_dir(const struct files *f, const char *path)
{
    struct stat st;

    if (mkdir(path, 0700) == 0 || (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
        return JV_OK;
    return cannot(f, "make", path);
}

/* Whole or not at all. */
static int write_file(const struct files *f, const char *path, const char *text)
{
    char *temporary = jv_arena_printf(f->arena, "%s.new", path);
    size_t n = strlen(text);
    int fd;
    bool ok;

    unlink(temporary);
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return cannot(f, "make", temporary);
    ok = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (!ok || rename(temporary, path))
        return cannot(f, "write", path);
    return JV_OK;
}

/* The first line of a file; NULL when there is no file. */
static char *read_line(const struct files *f, const char *path)
{
    char line[128];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return NULL;
    n = read(fd, line, sizeof(line) - 1);
    close(fd);
    line[n < 0 ? 0 : n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return jv_arena_strdup(f->arena, line);
}

static char *seed_path(const struct files *f, const char *name)
{
    return jv_arena_printf(f->arena, "%s/keys/%s.seed", f->dir, name);
}

static int new_key(const struct files *f, enum kind kind, const char *name, struct key *k)
{
    uint8_t seed[SEED_SIZE];

    randombytes_buf(seed, sizeof(seed));
    key_from_seed(k, kind, seed);
    sodium_memzero(seed, sizeof(seed));
    return write_file(f, seed_path(f, name), jv_arena_printf(f->arena, "%s\n", k->seed));
}

static int load_key(const struct files *f, enum kind kind, const char *name, struct key *k)
{
    char *path = seed_path(f, name), *text = read_line(f, path);

    if (text && key_from_text(k, kind, text))
        return JV_OK;
    if (text)
        return jv_err_set(f->err, JV_FAILED_PRECONDITION, "%s is damaged: it holds no %s key", path,
                          name);
    if (errno != ENOENT)
        return cannot(f, "read", path);
    return new_key(f, kind, name, k);
}

/* ---- claims ------------------------------------------------------------------------------- */

/* `nats` is the inside of the claims' member of that name. */
static char *sign(struct jv_arena *a, const struct key *issuer, const char *subject,
                  const char *name, long long at, const char *nats)
{
    static const char header[] = "{\"typ\":\"JWT\",\"alg\":\"ed25519-nkey\"}";
    unsigned char signature[crypto_sign_BYTES], digest[crypto_hash_sha256_BYTES];
    char jti[KEY_TEXT];
    char *claims = jv_arena_printf(
            a, "\"iat\":%lld,\"iss\":\"%s\",\"name\":\"%s\",\"sub\":\"%s\",\"nats\":{%s}", at,
            issuer->id, name, subject, nats);
    char *text;

    crypto_hash_sha256(digest, (const unsigned char *)claims, strlen(claims));
    base32(digest, sizeof(digest), jti);
    claims = jv_arena_printf(a, "{\"jti\":\"%s\",%s}", jti, claims);
    text = jv_arena_printf(a, "%s.%s", jv_base64url(a, header, strlen(header)),
                           jv_base64url(a, claims, strlen(claims)));
    crypto_sign_detached(signature, NULL, (const unsigned char *)text, strlen(text),
                         issuer->secret);
    return jv_arena_printf(a, "%s.%s", text, jv_base64url(a, signature, sizeof(signature)));
}

/* Who was given another key: users of the old one are refused, whenever they were signed. */
static char *revocations(struct jv_arena *a, const struct jv_nats_old *old)
{
    struct jv_buf b = jv_buf_new(a);
    size_t n = 0;

    jv_buf_str(&b, "\"revocations\":{");
    for (size_t i = 0; i < old->n; i++)
        if (old->keys[i].revoked)
            jv_buf_printf(&b, "%s\"%s\":%lld", n++ ? "," : "", old->keys[i].id, FOR_EVER);
    jv_buf_str(&b, "},");
    return b.data;
}

static char *account_claims(struct jv_arena *a, bool jetstream, const char *more)
{
    int store = jetstream ? -1 : 0;

    return jv_arena_printf(a,
                           "%s\"limits\":{\"subs\":-1,\"data\":-1,\"payload\":-1,\"imports\":-1,"
                           "\"exports\":-1,\"wildcards\":true,\"conn\":-1,\"leaf\":0,"
                           "\"mem_storage\":%d,\"disk_storage\":%d,\"streams\":%d,\"consumer\":%d},"
                           "\"type\":\"account\",\"version\":2",
                           more, store, store, store, store);
}

/* An empty list would mean everything. */
static void rule(struct jv_buf *b, const char *name, const char *const *allow)
{
    jv_buf_printf(b, "\"%s\":{\"%s\":[", name, allow && *allow ? "allow" : "deny");
    for (const char *const *s = allow; s && *s; s++) {
        jv_buf_str(b, s == allow ? "" : ",");
        jv_json_quote(b, *s, strlen(*s));
    }
    jv_buf_str(b, allow && *allow ? "]}," : "\">\"]},");
}

static char *user_claims(struct jv_arena *a, const struct jv_nats_user *u)
{
    struct jv_buf b = jv_buf_new(a);

    rule(&b, "pub", u->publish);
    rule(&b, "sub", u->subscribe);
    jv_buf_str(&b, "\"subs\":-1,\"data\":-1,\"payload\":-1,\"type\":\"user\",\"version\":2");
    return b.data;
}

static const char *key_of(const struct files *f, const struct jv_nats_user *u)
{
    return jv_arena_printf(f->arena, "user-%s", u->name);
}

static int write_creds(const struct files *f, const struct key *account,
                       const struct jv_nats_user *u)
{
    struct key k;
    char *jwt;
    int r;

    if (!jv_is_token(u->name))
        return jv_err_set(f->err, JV_INVALID_ARGUMENT, "a user's name must be a token");
    r = load_key(f, KIND_USER, key_of(f, u), &k);
    if (r)
        return r;
    jwt = sign(f->arena, account, k.id, u->name, (long long)time(NULL), user_claims(f->arena, u));
    sodium_memzero(k.secret, sizeof(k.secret));
    return write_file(f, jv_arena_printf(f->arena, "%s/creds/%s.creds", f->dir, u->name),
                      jv_arena_printf(f->arena,
                                      "-----BEGIN NATS USER JWT-----\n%s\n"
                                      "------END NATS USER JWT------\n\n"
                                      "This seed is the user's secret.\n\n"
                                      "-----BEGIN USER NKEY SEED-----\n%s\n"
                                      "------END USER NKEY SEED------\n",
                                      jwt, k.seed));
}

/* ---- other keys ---------------------------------------------------------------------------- */

static int write_old(const struct files *f, const struct jv_nats_old *old)
{
    return write_file(f, jv_arena_printf(f->arena, "%s/keys/old", f->dir), jv_nats_old_text(old));
}

/* The old keys are remembered before there are new ones: no interruption loses one. */
static int rotate(const struct files *f, const struct jv_nats_auth_options *o,
                  struct jv_nats_old *old)
{
    struct key k;
    int r = JV_OK;

    for (size_t i = 0; i < o->n_users && !r; i++) {
        r = load_key(f, KIND_USER, key_of(f, &o->users[i]), &k);
        if (!r)
            jv_nats_old_add(old, k.id, o->users[i].name);
    }
    if (!r)
        r = write_old(f, old);
    for (size_t i = 0; i < o->n_users && !r; i++)
        r = new_key(f, KIND_USER, key_of(f, &o->users[i]), &k);
    sodium_memzero(&k, sizeof(k));
    return r;
}

/* One that is in use is there when a rotation was interrupted. */
static int revoke_old(const struct files *f, const struct jv_nats_auth_options *o,
                      struct jv_nats_old *old)
{
    struct key k;
    int r = JV_OK;

    for (size_t i = 0; i < old->n; i++)
        old->keys[i].revoked = true;
    for (size_t i = 0; i < o->n_users && !r; i++) {
        r = load_key(f, KIND_USER, key_of(f, &o->users[i]), &k);
        for (size_t n = 0; n < old->n && !r; n++)
            if (strcmp(old->keys[n].id, k.id) == 0)
                old->keys[n].revoked = false;
    }
    sodium_memzero(&k, sizeof(k));
    return r ? r : write_old(f, old);
}

static int change_keys(const struct files *f, const struct jv_nats_auth_options *o,
                       struct jv_nats_old *old)
{
    int r = jv_nats_old_read(o->dir, f->arena, old, f->err);

    if (!r && o->keys == JV_NATS_ROTATE)
        r = rotate(f, o, old);
    if (!r && o->keys == JV_NATS_REVOKE)
        r = revoke_old(f, o, old);
    return r;
}

/* ---- the server --------------------------------------------------------------------------- */

struct roots {
    struct key operator, account, system;
};

static const char identities[] = "\noperator: ";

/* What an earlier run was told about the server; NULL when there was none. */
static char *told_before(const struct files *f, const char *path)
{
    FILE *conf = fopen(path, "re");
    char *text = jv_arena_alloc(f->arena, CONF_SIZE + 1), *end;
    size_t n = conf ? fread(text, 1, CONF_SIZE, conf) : 0;

    if (conf)
        fclose(conf);
    text[n] = '\0';
    end = strstr(text, identities);
    if (!end)
        return NULL;
    *end = '\0';
    return text;
}

static int about_server(const struct files *f, const struct jv_nats_auth_options *o, char **ret)
{
    struct jv_arena *a = f->arena;
    const char *store = o->store_dir ? o->store_dir : jv_arena_printf(a, "%s/jetstream", o->dir);
    const char *name = o->name ? o->name : "jarvis";

    if (strpbrk(store, "\"\\\n") || (o->host && strpbrk(o->host, "\"\\\n")))
        return jv_err_set(f->err, JV_INVALID_ARGUMENT, "quotes and line breaks in %s", store);
    if (!jv_is_token(name))
        return jv_err_set(f->err, JV_INVALID_ARGUMENT, "a server's name must be a token");
    *ret = jv_arena_printf(a,
                           "# Written by jarvis: changes here are lost.\n"
                           "server_name: \"%s\"\nhost: \"%s\"\nport: %d\nmax_payload: %d\n"
                           "max_control_line: %d\n"
                           "jetstream {\n  store_dir: \"%s\"\n  max_memory_store: %d\n}",
                           name, o->host ? o->host : "127.0.0.1", o->port, MAX_PAYLOAD,
                           MAX_CONTROL_LINE, store, MAX_MEMORY_STORE);
    return JV_OK;
}

static int write_conf(const struct files *f, const struct jv_nats_auth_options *o,
                      const struct roots *k, const struct jv_nats_old *old)
{
    struct jv_arena *a = f->arena;
    const char *path = o->conf ? o->conf : jv_arena_printf(a, "%s/server.conf", o->dir);
    const char *system = k->system.id, *account = k->account.id;
    char *server = o->keys == JV_NATS_KEEP ? NULL : told_before(f, path);
    struct jv_buf b = jv_buf_new(a);
    int r = server ? JV_OK : about_server(f, o, &server);

    if (r)
        return r;
    jv_buf_printf(&b, "%s%s%s\n", server, identities,
                  sign(a, &k->operator, k->operator.id, "jarvis", SIGNED_AT,
                       jv_arena_printf(a,
                                       "\"system_account\":\"%s\",\"type\":\"operator\","
                                       "\"version\":2",
                                       system)));
    jv_buf_printf(&b, "system_account: %s\nresolver: MEMORY\nresolver_preload: {\n", system);
    jv_buf_printf(&b, "  %s: %s\n", account,
                  sign(a, &k->operator, account, "JARVIS", SIGNED_AT,
                       account_claims(a, true, revocations(a, old))));
    jv_buf_printf(&b, "  %s: %s\n}\n", system,
                  sign(a, &k->operator, system, "SYS", SIGNED_AT, account_claims(a, false, "")));
    return write_file(f, path, b.data);
}

static int make_folders(const struct files *f)
{
    static const char *const names[] = { "", "/keys", "/creds" };
    int r = JV_OK;

    for (size_t i = 0; i < JV_COUNT(names) && !r; i++)
        r = make_dir(f, jv_arena_printf(f->arena, "%s%s", f->dir, names[i]));
    return r;
}

static int make_all(const struct files *f, const struct jv_nats_auth_options *o)
{
    struct jv_nats_old old;
    struct roots k;
    int r = make_folders(f);

    if (!r)
        r = load_key(f, KIND_OPERATOR, "operator", &k.operator);
    if (!r)
        r = load_key(f, KIND_ACCOUNT, "account", &k.account);
    if (!r)
        r = load_key(f, KIND_ACCOUNT, "system", &k.system);
    if (!r)
        r = change_keys(f, o, &old);
    for (size_t i = 0; i < o->n_users && !r; i++)
        r = write_creds(f, &k.account, &o->users[i]);
    if (!r)
        r = write_conf(f, o, &k, &old);
    sodium_memzero(&k, sizeof(k));
    return r;
}

int jv_nats_auth_make(const struct jv_nats_auth_options *o, struct jv_err *err)
{
    struct files f = { o->dir, jv_arena_new(64 << 20), err };
    int r;

    if (sodium_init() < 0)
        r = jv_err_set(err, JV_INTERNAL, "libsodium does not start");
    else
        r = make_all(&f, o);
    jv_arena_free(f.arena);
    return r;
}
