/* text_write.c - text.h's writing half: every record as its line. */
#include "traces/text.h"

#include "traces/kinds.h"

static void put_field(struct bytes *b, const char *word)
{
    bytes_put8(b, ' ');
    bytes_put_text(b, word);
}

static void put_number(struct bytes *b, uint64_t value)
{
    bytes_put8(b, ' ');
    bytes_put_decimal(b, value);
}

/* A number that may be "none". */
static void put_or_none(struct bytes *b, uint64_t value, bool is_none)
{
    if (is_none)
        put_field(b, "-");
    else
        put_number(b, value);
}

static void put_escaped(struct bytes *b, const char *text)
{
    if (text == NULL)
        return;
    for (; *text != '\0'; text++) {
        uint8_t c = (uint8_t)*text;
        if (c == '\\') {
            bytes_put_text(b, "\\\\");
        } else if (c < 0x20 || c == 0x7f) {
            bytes_put_text(b, "\\x");
            bytes_put8(b, (uint8_t) "0123456789abcdef"[c >> 4]);
            bytes_put8(b, (uint8_t) "0123456789abcdef"[c & 15]);
        } else {
            bytes_put8(b, c);
        }
    }
}

static void put_flags(struct bytes *b, uint8_t flags)
{
    uint8_t separator = ' ';
    for (uint32_t i = 0; i < TRACE_N_FLAGS; i++) {
        if ((flags >> i & 1) == 0)
            continue;
        bytes_put8(b, separator);
        bytes_put_text(b, trace_flag_names[i]);
        separator = ',';
    }
}

static void put_keyed(struct bytes *b, const char *key, uint64_t value)
{
    put_field(b, key);
    bytes_put_decimal(b, value);
}

static void put_area(struct bytes *b, const struct trace_area *a)
{
    put_number(b, a->number);
    put_number(b, a->index);
    put_number(b, a->bytes);
    put_number(b, a->table_bytes);
    put_number(b, a->n_blocks);
    put_number(b, a->pool_offset);
    put_field(b, trace_area_reason_names[a->reason]);
}

static void put_state(struct bytes *b, const struct trace_op *op)
{
    const struct trace_state *s = &op->fact.state;
    put_field(b, s->after_collection ? "after" : "at");
    put_number(b, s->used_bytes);
    put_number(b, s->free_bytes);
    put_number(b, s->max_free_blocks);
    put_number(b, s->n_one_block);
    put_number(b, s->n_two_block);
    put_number(b, s->max_block);
    put_number(b, s->last_free_area);
    put_or_none(b, (uint64_t)s->outer_avail, s->outer_avail < 0);
    bytes_put8(b, ' ');
    bytes_put_hex64(b, s->digest);
    for (uint32_t i = 0; i < s->n_areas; i++) {
        put_number(b, s->areas[i].number);
        bytes_put8(b, ':');
        bytes_put_decimal(b, s->areas[i].hint);
        bytes_put8(b, ':');
        bytes_put_decimal(b, s->areas[i].last_used);
        bytes_put8(b, ':');
        bytes_put_hex64(b, s->areas[i].digest);
    }
    if (op->text != NULL && op->text[0] != '\0') {
        bytes_put_text(b, " label ");
        put_escaped(b, op->text);
    }
}

static void put_expect(struct bytes *b, const struct trace_op *op)
{
    put_field(b, trace_expect_names[op->what]);
    switch (op->what) {
    case TRACE_EXPECT_BLOCK:
        put_number(b, op->fact.block.area);
        put_number(b, op->fact.block.block);
        break;
    case TRACE_EXPECT_COLLECTION:
        put_field(b, trace_gc_cause_names[op->fact.collection.cause]);
        put_or_none(b, (uint64_t)op->fact.collection.rescans,
                    op->fact.collection.rescans < 0);
        break;
    case TRACE_EXPECT_STATE:
        put_state(b, op);
        break;
    case TRACE_EXPECT_GRAPH:
        put_number(b, op->fact.graph.live);
        put_number(b, op->fact.graph.edges);
        put_number(b, op->fact.graph.interior);
        put_number(b, op->fact.graph.dangling);
        break;
    case TRACE_EXPECT_AVAIL:
        put_number(b, op->fact.avail);
        break;
    case TRACE_EXPECT_AREA:
        put_area(b, &op->fact.area);
        break;
    default:
        put_number(b, op->fact.given_back.area);
        put_number(b, op->fact.given_back.index);
        put_or_none(b, op->fact.given_back.lost,
                    op->fact.given_back.lost == TRACE_NONE);
        break;
    }
}

/* The word for `what`, of the kinds that have one and are no fact. */
static void put_what(struct bytes *b, const struct trace_op *op)
{
    switch (op->kind) {
    case TRACE_COLLECT:
        put_field(b, op->what == TRACE_COLLECT_ALL ? "all" : "ordinary");
        break;
    case TRACE_CONTROL:
        put_field(b, trace_control_names[op->what]);
        break;
    case TRACE_REFUSED:
        put_field(b, trace_kind_name(op->what));
        put_field(b, trace_cause_names[op->cause]);
        break;
    case TRACE_HELD:
        put_field(b, trace_held_names[op->what]);
        break;
    default:
        put_field(b, op->what != 0 ? "begin" : "end");
        break;
    }
}

void text_put_op(struct bytes *b, const struct trace_op *op)
{
    uint32_t fields = trace_fields(op);
    bytes_put_text(b, trace_kind_name(op->kind));

    if ((fields & FIELD_FACT) != 0)
        put_expect(b, op);
    else if ((fields & FIELD_WHAT) != 0)
        put_what(b, op);
    if ((fields & FIELD_ID) != 0)
        put_number(b, op->id);
    if ((fields & FIELD_BYTES) != 0)
        put_number(b, op->bytes);
    if ((fields & FIELD_VALUE) != 0)
        put_or_none(b, op->value,
                    op->kind == TRACE_CONTROL && op->value == TRACE_NONE);
    if ((fields & FIELD_WORD) != 0)
        put_number(b, op->word);
    if ((fields & FIELD_TARGET) != 0)
        put_or_none(b, op->target, op->target == TRACE_NONE);
    if ((fields & FIELD_FLAGS) != 0)
        put_flags(b, op->flags);
    if ((fields & FIELD_ALIGN) != 0 && op->align != 0)
        put_keyed(b, "align=", op->align);
    if ((fields & FIELD_SITE) != 0 && op->site != 0)
        put_keyed(b, "site=", op->site);
    if ((fields & FIELD_IDS) != 0) {
        for (uint32_t i = 0; i < op->n_ids; i++)
            put_number(b, op->ids[i]);
    }
    if ((fields & FIELD_TEXT) != 0 && (fields & FIELD_FACT) == 0) {
        bytes_put8(b, ' ');
        put_escaped(b, op->text);
    }
    bytes_put8(b, '\n');
}

static void put_header_key(struct bytes *b, const struct trace_header *h,
                           const struct trace_header_key *key)
{
    bool is_text = key->width == TRACE_NAME_CAP;
    const char *text = (const char *)h + key->offset;
    if (is_text ? text[0] == '\0' : trace_header_number(h, key) == 0)
        return;
    bytes_put_text(b, "header ");
    bytes_put_text(b, key->name);
    bytes_put8(b, ' ');
    if (is_text)
        put_escaped(b, text);
    else
        bytes_put_decimal(b, trace_header_number(h, key));
    bytes_put8(b, '\n');
}

void text_put_header(struct bytes *b, const struct trace_header *h)
{
    bytes_put_text(b, TEXT_MAGIC "\n");
    for (size_t i = 0; i < TRACE_N_HEADER_KEYS; i++)
        put_header_key(b, h, &trace_header_keys[i]);
    for (uint32_t i = 0; i < h->n_areas; i++) {
        bytes_put_text(b, "header area");
        put_area(b, &h->areas[i]);
        bytes_put8(b, '\n');
    }
}

void text_put_end(struct bytes *b, const struct trace_counts *c,
                  const char *hash)
{
    bytes_put_text(b, "end");
    put_keyed(b, "events=", c->events);
    put_keyed(b, "operations=", c->operations);
    put_keyed(b, "allocations=", c->allocations);
    put_keyed(b, "frees=", c->frees);
    put_keyed(b, "reallocs=", c->reallocs);
    put_keyed(b, "failed=", c->failed);
    put_keyed(b, "failed_reallocs=", c->failed_reallocs);
    put_keyed(b, "collections=", c->collections);
    put_keyed(b, "peak_live=", c->peak_live);
    put_field(b, "hash=");
    bytes_put_text(b, hash);
    bytes_put8(b, '\n');
}
