/* main.c -- the one binary: all actors, the gateway, and the files that are built in. */
#include "gateway/gateway.h"
#include "jv/host.h"

extern const struct jv_actor *const jv_all_actors[];
extern const struct jv_file jv_migration_files[], jv_seed_files[], jv_web_files[];

/* ---- the agent of the protocol's tests, in its profiles: never part of `up` ------------------ */
#ifdef JV_TEST_AGENTS
extern const struct jv_actor conformance_actor, conformance_durable_actor,
        conformance_minimal_actor, conformance_extension_actor;
extern const struct jv_file jv_conformance_files[];

static const struct jv_profile conformance[] = {
    { "full", &conformance_actor, jv_conformance_files },
    { "durable", &conformance_durable_actor, jv_conformance_files },
    { "minimal", &conformance_minimal_actor, jv_conformance_files },
    { "required-extension", &conformance_extension_actor, jv_conformance_files },
    { 0 },
};
#else
static const struct jv_profile *const conformance = NULL;
#endif

int main(int argc, char **argv)
{
    const struct jv_program program = {
        .version = JV_VERSION,
        .actors = jv_all_actors,
        .migrations = jv_migration_files,
        .seeds = jv_seed_files,
        .web = jv_web_files,
        .gateway = jv_gateway,
        .gateway_settings = jv_gateway_settings,
        .gateway_check = jv_gateway_check,
        .conformance = conformance,
    };

    return jv_host_main(&program, argc, argv);
}
