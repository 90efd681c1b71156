/* main.c -- the one binary: all actors, the gateway, and the files that are built in. */
#include "gateway/gateway.h"
#include "jv/host.h"

#define X(name) extern const struct jv_actor name##_actor;
#include "actors/actors.def"
#undef X

static const struct jv_actor *const actors[] = {
#define X(name) &name##_actor,
#include "actors/actors.def"
#undef X
    NULL,
};

extern const struct jv_file jv_migration_files[], jv_seed_files[], jv_web_files[];

int main(int argc, char **argv)
{
    const struct jv_program program = {
        .version = "0.1.0",
        .actors = actors,
        .migrations = jv_migration_files,
        .seeds = jv_seed_files,
        .web = jv_web_files,
        .gateway = jv_gateway,
    };

    return jv_host_main(&program, argc, argv);
}
