/* http_transfer.h -- one fetch as libcurl sees it; shared by the two ways of running it. */
#ifndef JV_HTTP_TRANSFER_H
#define JV_HTTP_TRANSFER_H

#include <curl/curl.h>

#include "jv/fetch.h"

struct jv_transfer {
    struct jv_fetch *f;
    CURL *c;
    CURLU *u;
    struct curl_slist *headers;
    char place[JV_PLACE]; /* host:port of the URL */
    size_t cap, header_bytes;
    bool refused, too_big, answered; /* answered: all headers of the last word are there */
};

void jv_need_curl(void); /* libcurl's own start, once */
/* Everything is set up to perform t->c; otherwise why not in f->err. */
int jv_transfer_begin(struct jv_transfer *t, struct jv_fetch *f);
/* What came of it goes into the fetch. */
void jv_transfer_end(struct jv_transfer *t, CURLcode code);
/* The handles; also after a begin that failed. */
void jv_transfer_free(struct jv_transfer *t);

#endif
