/* migrations.h -- the embedded SQL files as what io/pg.h applies. */
#ifndef JV_MIGRATIONS_H
#define JV_MIGRATIONS_H

#include "io/pg.h"
#include "jv/file.h"

/* actors/<actor>/migrations/<name>.sql for their actors, and runtime/agent/migrations/<name>.sql as
 * a2a_<name> for each of `actors` (NULL-terminated) that is an agent with a database. */
struct jv_migration *jv_migration_list(const struct jv_file *files,
                                       const struct jv_actor *const *actors, struct jv_arena *a,
                                       size_t *ret_n);
/* Every actors/<actor>/seed/demo.sql in its actor's schema; idempotent. */
JV_CHECKED int jv_seed_all(const char *url, const struct jv_file *files, struct jv_err *err);

#endif
