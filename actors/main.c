/* main.c -- the one binary: all actors, the gateway, and the files that are built in. */
#include "gateway/gateway.h"
#include "jv/host.h"

extern const struct jv_actor *const jv_all_actors[];
extern const struct jv_file jv_migration_files[], jv_seed_files[], jv_web_files[];

/* ---- the agent of the protocol's tests, alone with what it needs: never part of `up` --------- */
#ifdef JV_TEST_AGENTS
extern const struct jv_actor conformance_actor, conformance_minimal_actor,
        conformance_extension_actor;
extern const struct jv_file jv_conformance_files[];

static const struct jv_file nothing[] = { { 0 } };

#define PROGRAM(agent)                                                                             \
    &(const struct jv_program)                                                                     \
    {                                                                                              \
        .version = "0.1.0",                                                                        \
        .actors =                                                                                  \
                (const struct jv_actor *const[]){ &auth_actor, &registry_actor, &(agent), NULL },  \
        .migrations = jv_conformance_files, .seeds = nothing, .web = jv_web_files,                 \
        .gateway = jv_gateway,                                                                     \
    }

static const struct jv_profile conformance[] = {
    { "full", PROGRAM(conformance_actor) },
    { "minimal", PROGRAM(conformance_minimal_actor) },
    { "required-extension", PROGRAM(conformance_extension_actor) },
    { 0 },
};
#else
#define conformance NULL
#endif

int main(int argc, char **argv)
{
    const struct jv_program program = {
        .version = "0.1.0",
        .actors = jv_all_actors,
        .migrations = jv_migration_files,
        .seeds = jv_seed_files,
        .web = jv_web_files,
        .gateway = jv_gateway,
        .conformance = conformance,
    };

    return jv_host_main(&program, argc, argv);
}
