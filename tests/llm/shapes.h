/* shapes.h -- what providers say, from tests/llm/shapes/: real forms with contents of our own. */
#ifndef SHAPES_H
#define SHAPES_H

#include <stdio.h>

#include "actors/llm/wire.h"
#include "check.h"

/* tests run in the source tree. NUL-terminated. */
static inline char *shape_read(struct jv_arena *a, const char *file, size_t *ret_len)
{
    char path[256], *text = jv_arena_alloc(a, 1 << 17);
    FILE *f;

    snprintf(path, sizeof(path), "tests/llm/shapes/%s", file);
    f = fopen(path, "rb");
    if (!f) {
        printf("# %s is not there\n", path);
        abort();
    }
    *ret_len = fread(text, 1, (1 << 17) - 1, f);
    fclose(f);
    return text;
}

static inline bool shape_is(const char *file, const char *ending)
{
    size_t n = strlen(file), e = strlen(ending);

    return n > e && strcmp(file + n - e, ending) == 0;
}

static const struct model shape_models[] = {
    { &provider_gemini, "gemini/gemini-3-flash", "gemini-3-flash", "http://g/v1beta",
      "key-of-gemini-0123456789", .embeds = false },
    { &provider_openai, "openai/llama3", "llama3", "http://o/v1", "sk-test-0123456789abcdef",
      .embeds = false },
    { &provider_anthropic, "anthropic/claude-x", "claude-x", "http://a/v1",
      "key-of-anthropic-0123456789", .embeds = false },
};

static inline const struct model *shape_model(const char *file)
{
    for (size_t i = 0; i < JV_COUNT(shape_models); i++)
        if (strncmp(file, shape_models[i].name, strcspn(shape_models[i].name, "/") + 1) == 0)
            return &shape_models[i];
    abort();
}

#endif
