/* test_house_config.c -- which models there are, by the settings; what is wrong is named. */
#include <stdlib.h>
#include <unistd.h>

#include "actors/llm/house.h"
#include "check.h"

static struct llm new_llm(const char *models)
{
    return (struct llm){ .models_text = models,
                         .budget_text = "",
                         .ca = "",
                         .gemini_key = "",
                         .google_key = "",
                         .openai_key = "",
                         .anthropic_key = "",
                         .gemini_url = "",
                         .openai_url = "",
                         .anthropic_url = "",
                         .keep = jv_arena_new(1 << 20) };
}

static void check_models(struct llm *s, const char *want)
{
    struct jv_err err = { 0 };
    struct jv_buf b;

    CHECK_INT(config_load(s, &err), JV_OK);
    if (err.code)
        printf("# %s\n", err.text);
    b = jv_buf_new(s->keep);
    for (size_t i = 0; i < s->n_models; i++)
        jv_buf_printf(&b, "%s%s%s", i ? " " : "", s->models[i].embeds ? "+" : "",
                      s->models[i].name);
    CHECK_STR(b.data ? b.data : "", want);
}

TEST(the_keys_that_are_set_say_which)
{
    struct llm s = new_llm("");
    const char *want;

    check_models(&s, "");
    s.google_key = "k1"; /* an alias */
    s.anthropic_key = "k2";
    want = jv_arena_printf(s.keep, "gemini/%s anthropic/%s +gemini/%s", provider_gemini.model,
                           provider_anthropic.model, provider_gemini.embed_model);
    check_models(&s, want);
    CHECK_STR(s.models[0].key, "k1");
    CHECK_STR(s.models[0].url, provider_gemini.url);
    CHECK_STR(s.models[1].key, "k2");
    CHECK_INT(s.models[0].parallel, 8);
    CHECK_STR(s.allow, ""); /* public ones need no exception */
    jv_arena_free(s.keep);
}

TEST(a_list_says_the_order)
{
    struct llm s = new_llm(" openai/org/llama3:8b,gemini/x ,\n");
    const char *want;

    s.gemini_key = "g";
    s.google_key = "other";
    s.openai_url = "http://127.0.0.1:11434/v1/";
    want = jv_arena_printf(s.keep, "openai/org/llama3:8b gemini/x +gemini/%s +openai/%s",
                           provider_gemini.embed_model, provider_openai.embed_model);
    check_models(&s, want);
    CHECK_STR(s.models[0].model, "org/llama3:8b");
    CHECK_STR(s.models[0].url, "http://127.0.0.1:11434/v1");
    CHECK_STR(s.models[0].key, "");
    CHECK_STR(s.models[1].key, "g");
    CHECK_STR(s.allow, "127.0.0.1:11434");
    jv_arena_free(s.keep);
}

static char *file_of(const char *text)
{
    static char path[] = "/tmp/jarvis-llm-key-XXXXXX";
    int fd;

    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    fd = mkstemp(path);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    return path;
}

TEST(a_file_says_all_of_it)
{
    char *path = file_of("secret-1\n");
    struct llm s = new_llm("");

    setenv("JARVIS_TEST_KEY", "secret-2", 1);
    s.models_text = jv_arena_printf(
            s.keep,
            " {\"models\":[{\"provider\":\"gemini\",\"model\":\"x\",\"key\":\"@%s\","
            "\"requests_per_minute\":10,\"tokens_per_minute\":1000,\"parallel\":2,"
            "\"price_input\":\"0.30\",\"price_output\":\"2.5\"},"
            "{\"provider\":\"openai\",\"model\":\"y\",\"key\":\"$JARVIS_TEST_KEY\","
            "\"url\":\"https://models.example.com/v1\"},"
            "{\"provider\":\"openai\",\"model\":\"y\",\"url\":\"http://ollama:11434/v1\","
            "\"embeds\":true}]}",
            path);
    s.openai_key = "for openai alone";
    check_models(&s, "gemini/x openai/y +openai/y");
    CHECK_STR(s.models[0].key, "secret-1");
    CHECK_STR(s.models[0].url, provider_gemini.url);
    CHECK_INT(s.models[0].requests_per_minute, 10);
    CHECK_INT(s.models[0].tokens_per_minute, 1000);
    CHECK_INT(s.models[0].parallel, 2);
    CHECK_INT(s.models[0].price_input, 300000);
    CHECK_INT(s.models[0].price_output, 2500000);
    CHECK_STR(s.models[1].key, "secret-2");
    CHECK_STR(s.models[2].key, ""); /* the usual key goes to the usual address only */
    CHECK_STR(s.allow, "models.example.com:443,ollama:11434");
    unlink(path);
    jv_arena_free(s.keep);
}

struct wrong {
    const char *models, *openai_url, *openai_key, *has;
};

#define FILE_OF(members) "{\"models\":[{" members "}]}"
#define GEMINI           "\"provider\":\"gemini\",\"model\":\"x\""

static const struct wrong wrongs[] = {
    { "gemini", "", "", "JARVIS_LLM_MODELS: \"gemini\" is not provider/model" },
    { "gemini/", "", "", "is not provider/model" },
    { "gemini/../x", "", "", "is not provider/model" },
    { "gemini/a?key=1", "", "", "is not provider/model" },
    { "mistral/x", "", "", "JARVIS_LLM_MODELS: the provider mistral is not known" },
    { "gemini/x", "", "", "JARVIS_LLM_MODELS: gemini/x needs GEMINI_API_KEY" },
    { "openai/x,openai/x", "", "k", "JARVIS_LLM_MODELS: has openai/x twice" },
    { "openai/x", "ftp://a.example/", "", "JARVIS_OPENAI_URL: " },
    { "openai/x", "nonsense", "", "JARVIS_OPENAI_URL: " },
    { "openai/x", "https://u:p@a.example/", "", "JARVIS_OPENAI_URL: " },
    { "openai/x", "https://a.example/v1?x=1", "", "JARVIS_OPENAI_URL: must end with a path" },
    { "openai/x", "http://a.example/v1", "k",
      "JARVIS_OPENAI_URL: must begin with https: the key is not for everybody on the way" },
    { "openai/x", "http://93.184.216.34/v1", "k", "JARVIS_OPENAI_URL: must begin with https" },
    { "openai/x", "http://[2606:4700::1111]:80/v1", "k",
      "JARVIS_OPENAI_URL: must begin with https" },
    { "openai/x", "http://1572395042/v1", "k", "JARVIS_OPENAI_URL: must begin with https" },
    { "openai/x", "", "a\nb", "OPENAI_API_KEY: holds what no key can be made of" },
    { "{", "", "", "JARVIS_LLM_MODELS: " },
    { "{\"models\":[]}", "", "", "models" },
    { FILE_OF(GEMINI ",\"colour\":1"), "", "", "colour" },
    { FILE_OF("\"provider\":\"x\",\"model\":\"y\""), "", "",
      "models[0].provider: must be gemini, openai or anthropic" },
    { FILE_OF("\"provider\":\"gemini\""), "", "", "model" },
    { FILE_OF("\"provider\":\"gemini\",\"model\":\"a b\""), "", "",
      "models[0].model: is not the name of a model" },
    { FILE_OF(GEMINI), "", "", "models[0].key: is empty, and GEMINI_API_KEY is not set" },
    { FILE_OF(GEMINI ",\"key\":\"secret-3\""), "", "",
      "models[0].key: must be \"$NAME\" of the environment or \"@/path\" of a file" },
    { FILE_OF(GEMINI ",\"key\":\"$JARVIS_NO_SUCH\""), "", "",
      "models[0].key: JARVIS_NO_SUCH is not set" },
    { FILE_OF(GEMINI ",\"key\":\"@/no/such\""), "", "", "models[0].key: the key: cannot open" },
    { FILE_OF(GEMINI ",\"url\":\"http://a.example\",\"key\":\"$JARVIS_TEST_KEY\""), "", "",
      "models[0].url: must begin with https" },
    { FILE_OF(GEMINI ",\"url\":\"x\""), "", "", "models[0].url: " },
    { FILE_OF(GEMINI ",\"url\":\"http://localhost:1\",\"price_input\":\"free\""), "", "",
      "models[0].price_input: must be dollars for a million tokens" },
    { FILE_OF(GEMINI ",\"url\":\"http://localhost:1\",\"price_output\":\"1.\""), "", "",
      "models[0].price_output: " },
    { FILE_OF(GEMINI ",\"url\":\"http://localhost:1\",\"parallel\":-1"), "", "",
      "models[0].parallel: must be between 0 and 1000" },
    { FILE_OF(GEMINI ",\"url\":\"http://localhost:1\",\"tokens_per_minute\":-5"), "", "",
      "models[0].tokens_per_minute: " },
    { FILE_OF("\"provider\":\"anthropic\",\"model\":\"x\",\"url\":\"http://localhost:1\","
              "\"embeds\":true"),
      "", "", "models[0].embeds: anthropic has no embeddings" },
};

TEST(what_is_wrong_is_named)
{
    setenv("JARVIS_TEST_KEY", "secret-2", 1);
    for (size_t i = 0; i < JV_COUNT(wrongs); i++) {
        struct llm s = new_llm(wrongs[i].models);
        struct jv_err err = { 0 };
        int before = check_failures;

        s.openai_url = wrongs[i].openai_url;
        s.openai_key = wrongs[i].openai_key;
        CHECK_INT(config_load(&s, &err), JV_INVALID_ARGUMENT);
        CHECK_HAS(err.text, wrongs[i].has);
        CHECK(!strstr(err.text, "secret"));
        if (check_failures > before)
            printf("# ^ %s %s\n", wrongs[i].models, wrongs[i].openai_url);
        jv_arena_free(s.keep);
    }
}

TEST(a_key_may_go_to_the_own_network_in_plain)
{
    static const char *const urls[] = { "http://127.0.0.1:1/v1", "http://10.1.2.3/v1",
                                        "http://[::1]:9/v1", "http://localhost:9/v1",
                                        "http://ollama:11434/v1" };

    for (size_t i = 0; i < JV_COUNT(urls); i++) {
        struct llm s = new_llm("openai/x");
        struct jv_err err = { 0 };

        s.openai_key = "k";
        s.openai_url = urls[i];
        CHECK_INT(config_load(&s, &err), JV_OK);
        CHECK_STR(err.text, "");
        CHECK(s.allow[0]);
        jv_arena_free(s.keep);
    }
}

TEST(not_more_than_sixteen)
{
    struct llm s = new_llm("");
    struct jv_buf b = jv_buf_new(s.keep);
    struct jv_err err = { 0 };

    for (int i = 0; i < 17; i++)
        jv_buf_printf(&b, "openai/m%d,", i);
    s.models_text = b.data;
    s.openai_key = "k";
    CHECK_INT(config_load(&s, &err), JV_INVALID_ARGUMENT);
    CHECK_HAS(err.text, "has more than 16 models");
    jv_arena_free(s.keep);
}

TEST_MAIN()
