/* http_transfer.h -- one fetch as libcurl sees it; shared by the two ways of running it. */
#ifndef JV_HTTP_TRANSFER_H
#define JV_HTTP_TRANSFER_H

#include <curl/curl.h>

#include "io/http.h"

struct jv_transfer {
    struct jv_fetch *f;
    CURL *c;
    CURLU *u;
    struct curl_slist *headers;
    char place[JV_PLACE]; /* host:port of the URL */
    size_t cap, header_bytes;
    char why[CURL_ERROR_SIZE]; /* of a look: curl's own words */
    long status; /* into the fetch when all is over: who takes pieces reads that one meanwhile */
    bool refused, too_big, answered; /* answered: all headers of the last word are there */
    /* Of http_many.c: where the pieces go (NULL: into the body) and when the next one is due. */
    struct jv_pieces *pieces;
    void (*arrived)(struct jv_transfer *t);
    int64_t due; /* mono ms; 0: whenever it comes */
    bool body;   /* some of the body was there */
};

int64_t jv_transfer_mono_ms(void);

void jv_need_curl(void); /* libcurl's own start, once */
/* Everything but pieces and arrived is set up to perform t->c; otherwise why not in f->err. */
int jv_transfer_begin(struct jv_transfer *t, struct jv_fetch *f);
/* What came of it goes into the fetch. */
void jv_transfer_end(struct jv_transfer *t, CURLcode code);
/* It was due, and did not come. */
void jv_transfer_late(struct jv_transfer *t);
/* The handles; also after a begin that failed. */
void jv_transfer_free(struct jv_transfer *t);

#endif
