/* test_registry_remote.c -- third-party agents' cards, from a small web server on loopback. */
#include "actors/registry_stage.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

struct site {
    int fd;
    int port;
    pthread_t thread;
};

#define CARD(name)                                                                                 \
    "{\"name\":\"" name "\",\"description\":\"sells\",\"url\":\"http://x.example\","               \
    "\"version\":\"1.2\",\"protocolVersion\":\"0.3.0\",\"capabilities\":{\"streaming\":"           \
    "true},\"skills\":[{\"id\":\"s\",\"name\":\"s\",\"description\":\"d\",\"tags\":[]}],"          \
    "\"somethingElse\":{\"a\":[1]}}"

static const struct {
    const char *path, *status, *body;
} pages[] = {
    { "/flat", "200 OK", CARD("AcmeAgent") },
    { "/wrapped", "200 OK", "{\"agentCard\":" CARD("WrappedAgent") "}" },
    { "/bare", "200 OK", "{\"name\":\"BareAgent\"}" },
    { "/html", "200 OK", "<html>SECRET-PAGE</html>" },
    { "/array", "200 OK", "[\"SECRET-ARRAY\"]" },
    { "/noname", "200 OK", "{\"description\":\"SECRET-NAME\"}" },
    { "/badname", "200 OK", "{\"name\":\"SECRET agent; drop\"}" },
    { "/badcard", "200 OK", "{\"name\":\"BadAgent\",\"skills\":\"SECRET-SKILLS\"}" },
    { "/deep", "200 OK", NULL },
    { "/error", "500 Oops", "SECRET-ERROR" },
    { "/missing", "404 Not Found", CARD("MissingAgent") },
    { "/redirect", "302 Found\r\nLocation: /flat", "" },
    { "/tickets", "200 OK", CARD("TicketsAgent") },
};

static void answer(int c)
{
    char in[2048], path[64] = "", deep[5000];
    ssize_t n = read(c, in, sizeof(in) - 1);

    in[n > 0 ? n : 0] = '\0';
    sscanf(in, "GET %63s", path);
    memset(deep, '[', sizeof(deep));
    for (size_t i = 0; i < JV_COUNT(pages); i++) {
        const char *body = pages[i].body ? pages[i].body : deep;
        size_t len = pages[i].body ? strlen(body) : sizeof(deep);

        if (strcmp(path, pages[i].path) == 0)
            dprintf(c, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%.*s",
                    pages[i].status, len, (int)len, body);
    }
    close(c);
}

static void *serve(void *arg)
{
    struct site *site = arg;
    int c;

    while ((c = accept(site->fd, NULL, NULL)) >= 0)
        answer(c);
    return NULL;
}

static void site_new(struct site *site)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(a);

    site->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(site->fd, (struct sockaddr *)&a, len) == 0 && listen(site->fd, 16) == 0);
    getsockname(site->fd, (struct sockaddr *)&a, &len);
    site->port = ntohs(a.sin_port);
    pthread_create(&site->thread, NULL, serve, site);
}

static void site_free(struct site *site)
{
    shutdown(site->fd, SHUT_RDWR);
    pthread_join(site->thread, NULL);
    close(site->fd);
}

static struct world_reply add_remote(struct stage *s, int port, const char *path, const char *more)
{
    return ask(s->w, s->admin, "svc.registry.AddRemote",
               "{\"agent_card_url\":\"http://127.0.0.1:%d%s\",\"capabilities\":{\"priority\":3},"
               "\"tags\":[\"third-party\"],\"provider\":{\"name\":\"Acme\",\"website\":"
               "\"https://acme.example\"}%s}",
               port, path, more);
}

static const struct {
    const char *path;
    int code;
    const char *text;
} no_cards[] = {
    { "/html", JV_FAILED_PRECONDITION, "not with an agent card" },
    { "/array", JV_FAILED_PRECONDITION, "not with an agent card" },
    { "/badcard", JV_FAILED_PRECONDITION, "not with an agent card" },
    { "/deep", JV_FAILED_PRECONDITION, "not with an agent card" },
    { "/noname", JV_FAILED_PRECONDITION, "has no name" },
    { "/badname", JV_FAILED_PRECONDITION, "name must be" },
    { "/error", JV_UNAVAILABLE, "no agent card could be fetched" },
    { "/missing", JV_UNAVAILABLE, "no agent card could be fetched" },
    { "/redirect", JV_UNAVAILABLE, "no agent card could be fetched" },
    { "/tickets", JV_ALREADY_EXISTS, "TicketsAgent already exists" },
    { "/flat", JV_ALREADY_EXISTS, "AcmeAgent already exists" },
};

TEST(third_party_agents)
{
    struct site site;
    struct stage s;
    struct world_reply r;
    char allow[64];

    site_new(&site);
    snprintf(allow, sizeof(allow), "127.0.0.1:%d,127.0.0.1:9", site.port);
    setenv("JARVIS_FETCH_ALLOW", allow, 1);
    s = stage_new();
    r = add_remote(
            &s, site.port, "/flat",
            ",\"auth_config\":{\"type\":\"oauth2\",\"token_endpoint\":\"https://acme.example/"
            "t\",\"scopes\":[\"a\",\"a\",\"b\"]}");
    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(s.w, &r, "status"), "pending_approval");
    CHECK_HAS(r.json, "\"agent_name\":\"AcmeAgent\"");
    CHECK_HAS(r.json, "\"status\":\"pending\"");
    CHECK_HAS(r.json, "\"name\":\"Acme\"");
    r = get(&s, "AcmeAgent");
    CHECK_STR(member(s.w, &r, "agent_type"), "AcmeAgent");
    CHECK_STR(member(s.w, &r, "description"), "sells");
    CHECK_STR(member(s.w, &r, "alive"), "true");
    CHECK_HAS(r.json, "\"type\":\"oauth2\"");
    CHECK_HAS(r.json, "\"scopes\":[\"a\",\"b\"]");
    CHECK_HAS(r.json, "\"website\":\"https://acme.example\"");
    CHECK_INT(add_remote(&s, site.port, "/wrapped", "").code, JV_OK);
    CHECK_INT(add_remote(&s, site.port, "/bare", "").code, JV_OK);
    r = get(&s, "BareAgent");
    CHECK_STR(member(s.w, &r, "description"), "Remote agent");
    for (size_t i = 0; i < JV_COUNT(no_cards); i++) {
        r = add_remote(&s, site.port, no_cards[i].path, "");
        CHECK_INT(r.code, no_cards[i].code);
        CHECK_HAS(r.text, no_cards[i].text);
        CHECK(!strstr(r.text, "SECRET"));
        if (r.code != no_cards[i].code)
            printf("# ^ %s\n", no_cards[i].path);
    }
    r = add_remote(&s, 9, "/", ""); /* nobody listens there */
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_STR(r.text, add_remote(&s, site.port, "/error", "").text);
    r = add_remote(&s, site.port, "/flat", ",\"auth_config\":{\"type\":\"basic\"}");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_HAS(r.field, "auth_config.type");
    r = ask(s.w, s.admin, "svc.registry.AddRemote",
            "{\"agent_card_url\":\"http://x.example/\",\"capabilities\":{},\"provider\":{}}");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "provider.name");
    r = ask(s.w, s.vishal, "svc.registry.List", "{\"type\":\"remote\"}");
    CHECK_STR(member(s.w, &r, "total"), "3");
    stage_free(&s);
    site_free(&site);
    unsetenv("JARVIS_FETCH_ALLOW");
}

/* Not on the list: not fetched, whatever is there. */
TEST(addresses_that_are_not_public)
{
    struct site site;
    struct stage s = stage_new();
    struct world_reply r;

    site_new(&site);
    r = add_remote(&s, site.port, "/flat", "");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "agent_card_url");
    CHECK_INT(ask(s.w, s.admin, "svc.registry.AddRemote",
                  "{\"agent_card_url\":\"http://169.254.169.254/latest\",\"capabilities\":{},"
                  "\"provider\":{\"name\":\"x\"}}")
                      .code,
              JV_INVALID_ARGUMENT);
    stage_free(&s);
    site_free(&site);
}

TEST_MAIN()
