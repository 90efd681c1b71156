/* main.c -- the one binary: all actors, the gateway, and the files that are built in. */
#include "gateway/gateway.h"
#include "jv/host.h"

extern const struct jv_actor *const jv_all_actors[];
extern const struct jv_file jv_migration_files[], jv_seed_files[], jv_web_files[];

int main(int argc, char **argv)
{
    const struct jv_program program = {
        .version = "0.1.0",
        .actors = jv_all_actors,
        .migrations = jv_migration_files,
        .seeds = jv_seed_files,
        .web = jv_web_files,
        .gateway = jv_gateway,
    };

    return jv_host_main(&program, argc, argv);
}
