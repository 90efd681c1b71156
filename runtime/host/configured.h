/* configured.h -- every table of settings of the program at once: which names there are, and are
 * the environment's values right for each process? Nothing here connects or waits. */
#ifndef JV_CONFIGURED_H
#define JV_CONFIGURED_H

#include "io/bus.h"
#include "jv/host.h"

struct jv_setting_table {
    const char *process; /* "all", "tickets", "gateway", "migrate", "doctor" */
    const struct jv_setting *rows;
};

/* Whoever has any; NULL rows never. */
size_t jv_setting_tables(const struct jv_program *p, struct jv_arena *a,
                         const struct jv_setting_table **ret);

/* As each process looks at its settings before it connects, but for NATS_CREDS and DATABASE_URL,
 * which are not the same for all. The first that is wrong: INVALID_ARGUMENT names it, and whose
 * it is. */
JV_CHECKED int jv_configured(const struct jv_program *p, struct jv_err *err);
/* The same of one table's process. */
JV_CHECKED int jv_configured_one(const struct jv_program *p, const struct jv_setting_table *t,
                                 struct jv_err *err);

/* fn() for each JARVIS_* of the environment that is no setting; nearest: the one that may be meant,
 * or NULL. */
void jv_unknown_settings(const struct jv_program *p,
                         void (*fn)(void *arg, const char *name, const char *nearest), void *arg);
/* In how many places two words differ; `most` when it is that or more. Neighbours that changed
 * places count as one. */
size_t jv_slips(const char *a, const char *b, size_t most);

/* Of the commands of this folder. */
extern const struct jv_setting jv_migrate_settings[], jv_doctor_settings[];
JV_CHECKED int jv_doctor_check(const void *own, struct jv_err *err);
/* What `migrate` gives the stream of audit records. */
JV_CHECKED int jv_migrate_limits(struct jv_stream_limits *ret, struct jv_err *err);

#endif
