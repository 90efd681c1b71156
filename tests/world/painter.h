/* painter.h -- an agent that takes text: it paints. What it does with one is the test's paint(). */
#ifndef PAINTER_H
#define PAINTER_H

#include <a2a.pb-c.h>

#include "jv/agent.h"

static int paint(struct jv_ctx *ctx, const A2a__Message *in);

static const struct jv_skill painting[] = {
    { "paint", "Paint", "Paints a picture.", "paint, picture, painting",
      JV_TEXTS("paint a picture") },
    { 0 },
};
static const struct jv_agent painter_card = {
    .name = "PainterAgent",
    .token = "painter",
    .description = "Paints pictures.",
    .skills = painting,
    .answer = paint,
};

#endif
