/* commands.h -- what `jarvis <command>` runs; each gets the arguments behind its name. */
#ifndef JV_COMMANDS_H
#define JV_COMMANDS_H

#include "jv/host.h"

int jv_cmd_up(const struct jv_program *p, int argc, char **argv);
int jv_cmd_down(const struct jv_program *p, int argc, char **argv);
int jv_cmd_ps(const struct jv_program *p, int argc, char **argv);
int jv_cmd_migrate(const struct jv_program *p, int argc, char **argv);
int jv_cmd_seed(const struct jv_program *p, int argc, char **argv);
int jv_cmd_list(const struct jv_program *p, int argc, char **argv);
int jv_cmd_describe(const struct jv_program *p, int argc, char **argv);
int jv_cmd_call(const struct jv_program *p, int argc, char **argv);
int jv_cmd_check(const struct jv_program *p, int argc, char **argv);
int jv_cmd_doctor(const struct jv_program *p, int argc, char **argv);
int jv_cmd_eval(const struct jv_program *p, int argc, char **argv);
int jv_cmd_conformance(const struct jv_program *p, int argc, char **argv);

/* Where JARVIS_CONFORMANCE is set, the processes of `run conformance`, the program is that of
 * JARVIS_PROFILE; else p. NULL when there is no such profile, which it has said. */
const struct jv_program *jv_conformance_program(const struct jv_program *p);

/* Says it on stderr, as everything that a command says about itself; the exit code. */
int jv_complain(int exit_code, const char *fmt, ...) JV_PRINTF(2, 3);

/* An actor of the program; NULL when there is none of that name. */
const struct jv_actor *jv_find_actor(const struct jv_program *p, const char *name);

/* What the environment does not say and a running `up` has left in var/run/env. */
void jv_borrow_env(void);

#endif
