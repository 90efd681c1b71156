/* settings.h -- static tables -> environment -> typed state. */
#ifndef JV_SETTINGS_H
#define JV_SETTINGS_H

#include "jv/actor.h"

/* Fill `state` from the environment; strings are kept (never freed: they live as the process
 * does). On failure err names the variable: "JARVIS_X: must be between 1 and 64". */
JV_CHECKED int jv_settings_load(const struct jv_setting *table, void *state, struct jv_err *err);
/* "500ms", "10s", "5m", "24h", "7d", or plain milliseconds. */
JV_CHECKED int jv_parse_msec(const char *s, int64_t *ret);

#endif
