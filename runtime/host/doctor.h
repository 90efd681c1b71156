/* doctor.h -- inside `jarvis doctor`: parts that look at something each, and how they say it.
 *
 * A part runs in a process of its own, beside the others, and is ended when its time is over: what
 * it waits for (a name, a server that does not answer) holds up nothing else. */
#ifndef JV_DOCTOR_H
#define JV_DOCTOR_H

#include <stdio.h>

#include "host/configured.h"

enum jv_verdict { JV_OKAY, JV_SKIP, JV_WARN, JV_FAIL };

struct jv_doctor {
    const struct jv_program *program;
    struct jv_arena *arena;
    struct jv_common common; /* when has_common */
    bool has_common;         /* the settings that everybody reads are right */
    const char *disk, *ca;   /* JARVIS_DOCTOR_DISK, JARVIS_DOCTOR_CA */
    bool has_own;            /* the two are right */
    FILE *to;
};

/* One check: its name, and a sentence that says what and which setting. */
void jv_found(struct jv_doctor *d, enum jv_verdict v, const char *check, const char *fmt, ...)
        JV_PRINTF(4, 5);
/* A difference of clocks, of which tokens and audit records bear a little. */
void jv_found_clock(struct jv_doctor *d, const char *check, const char *whose, int64_t ahead_ms);
/* Is the environment's variable there and not empty? */
bool jv_is_set(const char *env);

void jv_doctor_settings_of(struct jv_doctor *d); /* doctor_settings.c */
void jv_doctor_secrets(struct jv_doctor *d);     /* doctor_secrets.c */
void jv_doctor_bus(struct jv_doctor *d);         /* doctor_bus.c */
void jv_doctor_database(struct jv_doctor *d);    /* doctor_database.c */
void jv_doctor_public(struct jv_doctor *d);      /* doctor_public.c */
void jv_doctor_listen(struct jv_doctor *d);
void jv_doctor_disk(struct jv_doctor *d); /* doctor_disk.c */

/* Where the credentials of all users are: NATS_CREDS when it is a folder, or the folder that it is
 * in when it is an operator's among others. NULL: there is one file, or none. */
const char *jv_doctor_creds(const struct jv_doctor *d);

/* ---- secrets --------------------------------------------------------------------------------- */

/* How hard a password is to guess, in bits: from the characters that it is made of, less for runs
 * and repetitions; 0 when it is among those that are tried first. */
unsigned jv_password_bits(const char *password);

#endif
