/* migrations.h -- the embedded SQL files as what io/pg.h applies. */
#ifndef JV_MIGRATIONS_H
#define JV_MIGRATIONS_H

#include "io/pg.h"
#include "jv/file.h"

/* actors/<actor>/migrations/<name>.sql, in order of actor's first appearance and name. */
struct jv_migration *jv_migration_list(const struct jv_file *files, struct jv_arena *a,
                                       size_t *ret_n);
/* Every actors/<actor>/seed/demo.sql in its actor's schema; idempotent. */
JV_CHECKED int jv_seed_all(const char *url, const struct jv_file *files, struct jv_err *err);

#endif
