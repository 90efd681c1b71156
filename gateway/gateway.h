/* gateway.h -- HTTP in, messages on the bus out: one process between people and actors.
 *
 * It translates and guards; it keeps no data and knows no message by name but sign-in keys and
 * chat events. Threads come from civetweb, one per connection, so everything here may wait. */
#ifndef GATEWAY_H
#define GATEWAY_H

#include "jv/host.h"

/* A whole gateway process: settings, bus, listener, ready, drain on SIGTERM; the exit code. */
int jv_gateway(const struct jv_program *p);
/* Its settings, as a table that ends with a zero row; are those of the environment right? All that
 * is asked before anything is connected. */
extern const struct jv_setting jv_gateway_settings[];
JV_CHECKED int jv_gateway_check(struct jv_err *err);

#endif
