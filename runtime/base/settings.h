/* settings.h -- static tables -> environment -> typed state. */
#ifndef JV_SETTINGS_H
#define JV_SETTINGS_H

#include "jv/actor.h"

/* Fill `state` from the environment; strings are kept (never freed: they live as the process
 * does). On failure err names the variable: "JARVIS_X: must be between 1 and 64". */
JV_CHECKED int jv_settings_load(const struct jv_setting *table, void *state, struct jv_err *err);
/* "500ms", "10s", "5m", "24h", "7d", or plain milliseconds. */
JV_CHECKED int jv_parse_msec(const char *s, int64_t *ret);

/* The file that setting `env` names must be there and hold that text: "holds no certificate". */
JV_CHECKED int jv_check_file(const char *env, const char *path, const char *text, const char *what,
                             struct jv_err *err);
/* A copy that lives as long as the process. */
const char *jv_keep_text(const char *s);
extern const struct jv_setting jv_common_settings[]; /* of struct jv_common */

#endif
