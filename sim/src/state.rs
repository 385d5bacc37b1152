//! What D1 holds, for comparing one database with another and with itself.

/// Everything that D1 holds but where the bytes lie, which depends on the
/// batches by its nature.
pub const STATE: [&str; 2] = [
    "select project, id, start_us, end_us, spans, errors, open, tokens, cost_nano, created_ms,
       root_child, active_us, ended,
       root_us, root_span, root_rev_us, root_rev_hash, root_name, input_preview, output_preview,
       event_us, event_hash, name, session, parent_trace, deployment, tags, evaluators, metadata
     from trace order by project, id",
    "select t.project, t.id, s.id, parent, envelope, s.name, type, status, s.start_us, took_us,
       model, prompt_tokens, completion_tokens, total_tokens, s.cost_nano, rev_us, rev_hash
     from span as s join trace as t on t.key = s.trace order by t.project, t.id, s.id",
];

/// What must find nothing: traces that share a key, spans of no trace, and counts
/// that are not those of the spans.
pub const WRONG: [&str; 3] = [
    "select count(*) from trace group by key having count(*) > 1",
    "select id from span where trace not in (select key from trace)",
    "select id from trace where (spans, errors, open) <> (
       select count(*), count(*) filter (where status = 1),
         count(*) filter (where start_us is not null and took_us is null)
       from span where span.trace = trace.key)",
];
