/* env.c -- on the machine of a running `up`, commands know where it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/commands.h"
#include "host/place.h"

/* NAME='value' as up.c writes it; a value with a quote in it is left alone. */
static void borrow(char *line)
{
    char *value = strchr(line, '='), *end = strrchr(line, '\'');

    if (!value || value[1] != '\'' || end <= value + 1 || strstr(value, "'\\''"))
        return;
    *value = *end = '\0';
    if (value[2])
        setenv(line, value + 2, 0);
}

void jv_borrow_env(void)
{
    struct jv_arena *a = jv_arena_new(0);
    struct jv_place place;
    char line[1024];
    FILE *f;

    jv_place_name(&place, a);
    f = getenv("NATS_URL") ? NULL : fopen(jv_arena_printf(a, "%s/env", place.run), "re");
    while (f && fgets(line, sizeof(line), f))
        borrow(line);
    if (f)
        fclose(f);
    jv_arena_free(a);
}
