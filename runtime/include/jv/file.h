/* file.h -- files that are built into the binary: migrations, demo data, the web client. */
#ifndef JV_FILE_H
#define JV_FILE_H

/* Tables end with a zero row. Data runs from `data` to `end`; a NUL follows it. */
struct jv_file {
    const char *path; /* "actors/tickets/migrations/001_init.sql" */
    const unsigned char *data, *end;
};

#endif
