/* capture.h -- a command of the binary in this process: its exit code, and what it printed. */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jv/host.h"

enum { CAPTURE_WORDS = 8, CAPTURE_SIZE = 1 << 16 };

struct command {
    int code;
    char out[CAPTURE_SIZE], err[4096];
};

/* From here on what goes to f goes to a file; the descriptor to come back to. */
static inline int capture_begin(FILE *f, FILE *to)
{
    int old;

    fflush(f);
    old = dup(fileno(f));
    dup2(fileno(to), fileno(f));
    return old;
}

static inline void capture_end(FILE *f, FILE *to, int old, char *text, size_t size)
{
    fflush(f);
    dup2(old, fileno(f));
    close(old);
    rewind(to);
    text[fread(text, 1, size - 1, to)] = '\0';
    fclose(to);
}

/* Words of a command line, divided by blanks; a word in '...' may hold them. */
static inline int capture_split(char *line, char **words)
{
    int n = 0;

    while (*(line += strspn(line, " ")) && n < CAPTURE_WORDS) {
        bool quoted = *line == '\'';

        line += quoted;
        words[n++] = line;
        line += strcspn(line, quoted ? "'" : " ");
        if (*line)
            *line++ = '\0';
    }
    return n;
}

static inline const struct command *command(const struct jv_program *p, const char *line)
{
    static struct command c;
    char copy[512], *words[CAPTURE_WORDS];
    FILE *out = tmpfile(), *err = tmpfile();
    int old_out, old_err, n;

    snprintf(copy, sizeof(copy), "%s", line);
    n = capture_split(copy, words);
    if (!out || !err)
        abort();
    old_out = capture_begin(stdout, out);
    old_err = capture_begin(stderr, err);
    c.code = jv_host_main(p, n, words);
    capture_end(stderr, err, old_err, c.err, sizeof(c.err));
    capture_end(stdout, out, old_out, c.out, sizeof(c.out));
    return &c;
}

#endif
