/* doctor_settings.c -- the values and names of settings, and those that no production has. */
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"
#include "host/doctor.h"

/* ---- values ---------------------------------------------------------------------------------- */

/* What is wrong for all is wrong in several tables: it is said once. */
static void look_at_values(struct jv_doctor *d)
{
    const struct jv_setting_table *tables;
    size_t n = jv_setting_tables(d->program, d->arena, &tables), settings = 0, wrong = 0;
    struct jv_err last = { 0 }, err = { 0 };

    for (size_t i = 0; i < n; i++) {
        for (const struct jv_setting *s = tables[i].rows; s->env; s++)
            settings++;
        if (!jv_configured_one(d->program, &tables[i], &err) || strcmp(err.text, last.text) == 0)
            continue;
        jv_found(d, JV_FAIL, "settings", "%s", err.text);
        last = err;
        wrong++;
    }
    if (!wrong)
        jv_found(d, JV_OKAY, "settings", "%zu settings of %zu processes and commands can be used",
                 settings, n - 1);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void say_unknown(void *arg, const char *name, const char *nearest)
{
    jv_found(arg, JV_WARN, "settings.unknown", "%s is no setting%s%s%s", name,
             nearest ? ": is " : "", nearest ? nearest : "", nearest ? " meant?" : "");
}

/* ---- what is for demos and tests ------------------------------------------------------------- */

static bool is_on(const char *env)
{
    bool on = false;
    const struct jv_setting row[] = { { env, "0", "", JV_SET_BOOL, 0, 0, 0 }, { 0 } };

    return jv_settings_load(row, &on, NULL) == JV_OK && on;
}

static void look_at_demo(struct jv_doctor *d)
{
    bool demo = is_on("JARVIS_DEMO"), conformance = is_on("JARVIS_CONFORMANCE");
    const char *clock = getenv("JARVIS_CLOCK");

    jv_found(d, demo ? JV_FAIL : JV_OKAY, "settings.demo", "%s",
             demo ? "JARVIS_DEMO is on: everybody knows the demo's people and passwords"
                  : "demo mode is off");
    jv_found(d, clock && *clock ? JV_FAIL : JV_OKAY, "settings.clock", "%s",
             clock && *clock ? "JARVIS_CLOCK is set: the time stands still for all data"
                             : "the clock is the real one");
    if (conformance)
        jv_found(d, JV_FAIL, "settings.conformance",
                 "JARVIS_CONFORMANCE is on: the agent of the protocol's tests is open to all");
}

void jv_doctor_settings_of(struct jv_doctor *d)
{
    look_at_values(d);
    jv_unknown_settings(d->program, say_unknown, d);
    look_at_demo(d);
}
