/* story.h -- what a stream of Jarvis' tells, in a line. After peers.h. */
#ifndef STORY_H
#define STORY_H

static inline const Google__Protobuf__Struct *data_of(const A2a__Message *m, const char *type)
{
    for (size_t i = 0; m && i < m->n_parts; i++)
        if (strcmp(m->parts[i]->media_type, type) == 0)
            return m->parts[i]->data->struct_value;
    return NULL;
}

static inline void status_story(struct jv_buf *b, const A2a__TaskStatus *s)
{
    const Google__Protobuf__Struct *agent =
            data_of(s->message, "application/vnd.jarvis.agent+json");

    if (data_of(s->message, "application/vnd.jarvis.plan+json"))
        jv_buf_str(b, "plan ");
    else if (agent)
        jv_buf_printf(b, "agent:%s ", jv_struct_text(agent, "state"));
    else
        jv_buf_printf(b, "%s%s ", s->state == A2A__TASK_STATE__TASK_STATE_COMPLETED ? "done" : "?",
                      data_of(s->message, "application/vnd.jarvis.reply+json") ? "" : "!");
}

static inline void artifact_story(struct jv_buf *b, const A2a__TaskArtifactUpdateEvent *u,
                                  struct jv_buf *text)
{
    const A2a__Artifact *f = u->artifact;

    if (strcmp(f->artifact_id, "response") == 0) {
        jv_buf_printf(b, "%s%s ", u->append ? "more" : "text", u->last_chunk ? "." : "");
        if (!u->append)
            *text = jv_buf_new(text->arena);
        jv_buf_str(text, f->parts[0]->text);
        return;
    }
    CHECK(f->parts[0]->content_case == A2A__PART__CONTENT_DATA);
    jv_buf_printf(b, "%s:%s/%s ", f->artifact_id, jv_struct_text(f->metadata, "agent"),
                  jv_struct_text(f->metadata, "tool"));
}

/* "plan agent:asked ... done" of a stream; the text it made up in *text. */
static inline const char *story(struct town *t, const struct world_reply *r, struct jv_buf *text)
{
    struct jv_buf b = jv_buf_new(world_arena(t->w));
    char *lines = jv_arena_strdup(b.arena, r->json ? r->json : "");
    char *save = NULL;

    for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        struct jv_err err = { 0 };
        const A2a__StreamResponse *e =
                (const void *)jv_json_to_msg(&a2a__stream_response__descriptor, line, strlen(line),
                                             JV_JSON_CAMEL, b.arena, &err);

        CHECK_OR(e, return line);
        if (e->payload_case == A2A__STREAM_RESPONSE__PAYLOAD_TASK)
            jv_buf_str(&b, "task ");
        else if (e->payload_case == A2A__STREAM_RESPONSE__PAYLOAD_STATUS_UPDATE)
            status_story(&b, e->status_update->status);
        else
            artifact_story(&b, e->artifact_update, text);
    }
    return b.data;
}

#endif
