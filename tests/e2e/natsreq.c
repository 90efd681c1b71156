/* natsreq.c -- one request as an operator makes it: a plain NATS client that knows nothing of
 * Jarvis.
 *
 *     natsreq [-H 'Name: value']... [-t ms] [-m max] [-i inbox] [-p pending] SUBJECT BODY
 *     natsreq -l [-t ms] [-m max] SUBJECT
 *
 * BODY "-" is standard input. NATS_URL and NATS_CREDS say where. Each message that comes is printed
 * as a line "MSG <length>", its headers, an empty line, the body and a newline. It ends after one
 * message, or with -m after that many (0: any number), at an empty message without headers (the end
 * of a stream), or when -t is over. With -p it is slow: it holds that many messages and takes the
 * first only when one was lost. With -l it asks nothing but listens: it prints "READY" when the
 * server knows, then each message with its subject behind the length. Exit code: 0 answered, 1 no
 * answer, 2 cannot ask, 3 no responders, 4 the server refused the subject, 5 messages were lost. */
#include <nats/nats.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWERED = 0, NO_ANSWER = 1, CANNOT_ASK = 2, NO_RESPONDERS = 3, REFUSED = 4, LOST = 5 };
enum { MAX_HEADERS = 64, MAX_BODY = 16 << 20 };

struct request {
    char *headers[MAX_HEADERS];
    int n_headers;
    int64_t timeout_ms;
    long max;
    int pending; /* 0: as many as come */
    bool listens;
    const char *subject, *inbox; /* inbox NULL: any */
    char *body;
    size_t len;
};

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "natsreq: %s: %s\n", what, why);
    return CANNOT_ASK;
}

/* ---- arguments ------------------------------------------------------------------------------ */

static bool read_stdin(struct request *q)
{
    q->body = malloc(MAX_BODY);
    if (q->body)
        q->len = fread(q->body, 1, MAX_BODY, stdin);
    return q->body && !ferror(stdin);
}

static bool parse(struct request *q, int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "H:t:m:i:p:l")) != -1) {
        if (option == 'H' && q->n_headers < MAX_HEADERS)
            q->headers[q->n_headers++] = optarg;
        else if (option == 't')
            q->timeout_ms = strtol(optarg, NULL, 10);
        else if (option == 'm')
            q->max = strtol(optarg, NULL, 10);
        else if (option == 'i')
            q->inbox = optarg;
        else if (option == 'p')
            q->pending = (int)strtol(optarg, NULL, 10);
        else if (option == 'l')
            q->listens = true;
        else
            return false;
    }
    if (argc - optind != (q->listens ? 1 : 2) || q->timeout_ms < 1)
        return false;
    q->subject = argv[optind];
    if (q->listens)
        return true;
    q->body = argv[optind + 1];
    q->len = strlen(q->body);
    return strcmp(q->body, "-") != 0 || read_stdin(q);
}

/* ---- asking --------------------------------------------------------------------------------- */

/* The library sends no signature when it happens to begin with a zero byte: one connection in 256
 * is refused for nothing. */
static natsStatus connect_with(natsConnection **ret, natsOptions *o)
{
    natsStatus s = NATS_CONNECTION_AUTH_FAILED;

    for (int i = 0; s == NATS_CONNECTION_AUTH_FAILED && i < 4; i++)
        s = natsConnection_Connect(ret, o);
    return s;
}

static natsStatus connect_to(natsConnection **ret)
{
    const char *url = getenv("NATS_URL"), *creds = getenv("NATS_CREDS");
    natsOptions *o = NULL;
    natsStatus s = natsOptions_Create(&o);

    if (s == NATS_OK)
        s = natsOptions_SetURL(o, url ? url : "nats://127.0.0.1:4222");
    if (s == NATS_OK)
        s = natsOptions_SetAllowReconnect(o, false);
    if (s == NATS_OK && creds && creds[0])
        s = natsOptions_SetUserCredentialsFromFiles(o, creds, NULL);
    if (s == NATS_OK)
        s = connect_with(ret, o);
    natsOptions_Destroy(o);
    return s;
}

static natsStatus add_header(natsMsg *m, char *line)
{
    char *value = strchr(line, ':');

    if (!value)
        return NATS_INVALID_ARG;
    *value++ = '\0';
    return natsMsgHeader_Add(m, line, value + strspn(value, " "));
}

static natsStatus ask(natsConnection *nc, const struct request *q, natsSubscription **ret)
{
    natsInbox *own = NULL;
    natsMsg *m = NULL;
    natsStatus s = natsInbox_Create(&own);
    const char *inbox = q->inbox ? q->inbox : own;

    if (s == NATS_OK)
        s = natsConnection_SubscribeSync(ret, nc, inbox);
    if (s == NATS_OK && q->pending)
        s = natsSubscription_SetPendingLimits(*ret, q->pending, -1);
    if (s == NATS_OK)
        s = natsMsg_Create(&m, q->subject, inbox, q->body, (int)q->len);
    for (int i = 0; s == NATS_OK && i < q->n_headers; i++)
        s = add_header(m, q->headers[i]);
    if (s == NATS_OK)
        s = natsConnection_PublishMsg(nc, m);
    if (s == NATS_OK)
        s = natsConnection_FlushTimeout(nc, q->timeout_ms);
    natsMsg_Destroy(m);
    natsInbox_Destroy(own);
    return s;
}

static natsStatus listen_on(natsConnection *nc, const struct request *q, natsSubscription **ret)
{
    natsStatus s = natsConnection_SubscribeSync(ret, nc, q->subject);

    if (s == NATS_OK)
        s = natsConnection_FlushTimeout(nc, q->timeout_ms);
    if (s == NATS_OK)
        puts("READY");
    fflush(stdout);
    return s;
}

/* ---- what comes back ------------------------------------------------------------------------ */

/* Header lines; how many. */
static int print_headers(natsMsg *m)
{
    const char **keys = NULL, **values = NULL;
    int n_keys = 0, n_values = 0, n = 0;

    if (natsMsgHeader_Keys(m, &keys, &n_keys) != NATS_OK)
        return 0;
    for (int i = 0; i < n_keys; i++) {
        if (natsMsgHeader_Values(m, keys[i], &values, &n_values) != NATS_OK)
            continue;
        for (int j = 0; j < n_values; j++, n++)
            printf("%s: %s\n", keys[i], values[j]);
        free((void *)values);
    }
    free((void *)keys);
    return n;
}

/* Is this the end? */
static bool print_msg(natsMsg *m, const struct request *q)
{
    int len = natsMsg_GetDataLength(m), n;

    printf("MSG %d%s%s\n", len, q->listens ? " " : "", q->listens ? natsMsg_GetSubject(m) : "");
    n = print_headers(m);
    putchar('\n');
    if (len > 0)
        fwrite(natsMsg_GetData(m), 1, (size_t)len, stdout);
    putchar('\n');
    fflush(stdout);
    return !n && !len && !q->listens;
}

/* Somebody slow: takes what was held when the library had to drop something, and no more. */
static int listen_slowly(natsSubscription *sub, const struct request *q)
{
    int64_t end = nats_Now() + q->timeout_ms, dropped = 0;
    natsMsg *m = NULL;
    int n = 0;

    while (natsSubscription_GetDropped(sub, &dropped) == NATS_OK && !dropped && nats_Now() < end)
        nats_Sleep(1);
    while (dropped && n < q->pending && nats_Now() < end)
        if (natsSubscription_NextMsg(&m, sub, 1) == NATS_OK) { /* it complains once before */
            print_msg(m, q);
            natsMsg_Destroy(m);
            n++;
        }
    return dropped ? LOST : NO_ANSWER;
}

static int listen_for(natsSubscription *sub, const struct request *q)
{
    int64_t end = nats_Now() + q->timeout_ms;
    int code = NO_ANSWER;
    natsMsg *m = NULL;
    bool over = false;

    for (long n = 0; !over && (!q->max || n < q->max); n++) {
        int64_t left = end - nats_Now();
        natsStatus s = left > 0 ? natsSubscription_NextMsg(&m, sub, left) : NATS_TIMEOUT;

        if (s != NATS_OK)
            return s == NATS_NO_RESPONDERS ? NO_RESPONDERS
                                           : (fprintf(stderr, "%s\n", natsStatus_GetText(s)), code);
        code = ANSWERED;
        over = print_msg(m, q);
        natsMsg_Destroy(m);
    }
    return code;
}

static int request(const struct request *q)
{
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    const char *why = NULL;
    natsStatus s = connect_to(&nc);
    int code;

    if (s != NATS_OK)
        return complain("cannot connect", natsStatus_GetText(s));
    s = (q->listens ? listen_on : ask)(nc, q, &sub);
    if (s != NATS_OK) {
        code = complain(q->subject, natsStatus_GetText(s));
    } else if (natsConnection_GetLastError(nc, &why) == NATS_NOT_PERMITTED) {
        complain(q->subject, why);
        code = REFUSED;
    } else {
        code = (q->pending ? listen_slowly : listen_for)(sub, q);
    }
    natsConnection_Close(
            nc); /* first: a message that comes while its subscription goes is a crash */
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    return code;
}

int main(int argc, char **argv)
{
    struct request q = { .timeout_ms = 5000, .max = 1 };
    int code = CANNOT_ASK;

    if (parse(&q, argc, argv))
        code = request(&q);
    else
        complain("usage", "natsreq [-H 'Name: value']... [-t ms] [-m max] [-l] SUBJECT [BODY]");
    if (q.body && optind + 1 < argc && q.body != argv[optind + 1])
        free(q.body);
    nats_CloseAndWait(1000);
    return code;
}
