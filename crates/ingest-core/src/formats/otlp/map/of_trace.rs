//! What a span says of its trace: name, session, user, tags, metadata. The rank of what
//! is said is the place of its source in a list, the best first.

use std::cell::LazyCell;
use std::collections::HashSet;

use super::detail::Detail;
use super::shared::Shared;
use super::value::{as_str, parse, text, texts, unquoted};
use crate::formats::otlp::json_writer::{JsonWriter, Parse};
use crate::formats::otlp::span::{Attributes, Scope, Span};
use crate::model::{OfTrace, Said, Text};

const SESSIONS: [&str; 8] = [
    "langfuse.session.id",
    "session.id",
    CONVERSATION,
    "traceloop.association.properties.session_id",
    "ai.telemetry.metadata.sessionId",
    "langsmith.metadata.session_id",
    "lmnr.association.properties.session_id",
    "mlflow.trace.session",
];

const USERS: [&str; 7] = [
    "langfuse.user.id",
    "user.id",
    "enduser.id",
    "traceloop.association.properties.user_id",
    "ai.telemetry.metadata.userId",
    "langsmith.metadata.user_id",
    "lmnr.association.properties.user_id",
];

const TAGS: [&str; 6] = [
    "langfuse.trace.tags",
    "tag.tags",
    "logfire.tags",
    "ai.telemetry.metadata.tags",
    "tags",
    "lmnr.association.properties.tags",
];

/// Attributes that are the trace's metadata, by prefix. Langfuse's may be JSON.
const METADATA: [(&str, Parse); 3] = [
    ("langfuse.trace.metadata.", Parse::Always),
    ("ai.telemetry.metadata.", Parse::Structured),
    ("traceloop.association.properties.", Parse::Structured),
];

/// Attributes of what the trace is of, kept under their own names.
const RELEASE: [&str; 2] = ["langfuse.environment", "langfuse.release"];

/// What a span says of its trace.
pub(super) fn of_trace<'a>(span: &Span<'a>, shared: &Shared<'a>) -> OfTrace<'a> {
    let Span { attributes, .. } = span;
    let Shared { resource, scope, .. } = shared;
    // Attributes of `OpenInference`, which are an object in one of them: read once, and
    // not where it cannot have what is asked for. A name may be written with escapes.
    let inner = LazyCell::new(|| {
        let may_have = |json: &&str| json.contains("_id") || json.contains('\\');
        as_str(attributes.get("metadata")).filter(may_have).and_then(parse)
    });
    let in_metadata = |key: &str| {
        let text = inner.as_ref()?.get(key)?.as_str().filter(|text| !text.is_empty())?;
        Some(Text::from(text.to_owned()))
    };
    let last = SESSIONS.len();
    let (made_up, found) = match said(attributes, &SESSIONS, None) {
        // The best source is the only one that is made up; there may be another.
        Some((_, id)) if is_made_up(attributes, &id, scope) => {
            (Some((last + 2, id)), said(attributes, &SESSIONS, Some(CONVERSATION)))
        }
        found => (None, found),
    };
    let session = found
        .or_else(|| Some((last, in_metadata("session_id")?)))
        .or_else(|| Some((last + 1, text(resource.attributes.get("session.id"))?)))
        .or(made_up);
    let user =
        said(attributes, &USERS, None).or_else(|| Some((USERS.len(), in_metadata("user_id")?)));
    OfTrace {
        name: name(span),
        session: session.map(ranked),
        user: user.map(ranked),
        tags: tags(attributes),
        metadata: trace_metadata(attributes, shared),
    }
}

fn ranked((rank, value): (usize, Text<'_>)) -> Said<Text<'_>> {
    Said { rank: u8::try_from(rank).unwrap_or(u8::MAX), value }
}

/// What the first of these keys says that is there, and its place; one of them may be
/// left out.
fn said<'a>(
    attributes: &Attributes<'a>,
    keys: &[&str],
    without: Option<&str>,
) -> Option<(usize, Text<'a>)> {
    let asked = keys.iter().enumerate().filter(|(_, key)| Some(**key) != without);
    asked.into_iter().find_map(|(at, key)| Some((at, unquoted(attributes.get(key))?)))
}

/// The id of a conversation, which Pydantic AI makes up for each run that is given none:
/// a UUID of version 7.
const CONVERSATION: &str = "gen_ai.conversation.id";

fn is_made_up(attributes: &Attributes<'_>, id: &str, scope: &Scope<'_>) -> bool {
    let is_conversation = as_str(attributes.get(CONVERSATION)) == Some(id);
    let is_uuid7 = id.len() == 36 && id.as_bytes().get(14) == Some(&b'7');
    scope.name.starts_with("pydantic-ai") && is_conversation && is_uuid7
}

/// The name of the trace, where the span says more than its own name, which is the
/// trace's anyway when it is the root.
fn name<'a>(span: &Span<'a>) -> Option<Said<Text<'a>>> {
    let name = text(span.attributes.get("langfuse.trace.name"));
    name.map(|value| Said { rank: 0, value }).or_else(|| {
        let value = text(span.attributes.get("ai.telemetry.functionId"))?;
        span.parent_id.is_none().then_some(Said { rank: 1, value })
    })
}

fn tags<'a>(attributes: &Attributes<'a>) -> Vec<Text<'a>> {
    let mut tags: Vec<_> =
        TAGS.iter().flat_map(|key| texts(attributes.get(key))).filter(|t| !t.is_empty()).collect();
    if let Some(list) = as_str(attributes.get("langsmith.span.tags")) {
        let named = list.split(',').map(str::trim).filter(|tag| !tag.is_empty());
        tags.extend(named.map(|tag| Text::from(tag.to_owned())));
    }
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// The metadata of the trace, as far as this span and its resource have any: what was
/// given for the trace before what the resource says alone.
fn trace_metadata<'a>(attributes: &Attributes<'_>, shared: &Shared<'_>) -> Option<Said<Text<'a>>> {
    let mut json = JsonWriter::new(Detail::Full);
    let mut names: HashSet<&str> = HashSet::new();
    let mut rank = 1;
    json.object(|object| {
        for (prefix, kind) in METADATA {
            for (key, value) in attributes.with_prefix(prefix) {
                let name = key.get(prefix.len()..).unwrap_or_default();
                if !is_said(key) && names.insert(name) {
                    object.field(name).parsed(value, kind);
                }
            }
        }
        for key in RELEASE {
            if let Some(value) = attributes.get(key) {
                object.field(key).value(value);
            }
        }
        rank = u8::from(object.is_empty());
        if let Some(json) = &shared.resource_json {
            object.field("resource").raw(json);
        }
    });
    let json = json.finish();
    (json != "{}").then(|| Said { rank, value: json.into() })
}

/// Whether an attribute is one of those that say something of the trace.
pub(super) fn is_said(key: &str) -> bool {
    SESSIONS.contains(&key)
        || USERS.contains(&key)
        || TAGS.contains(&key)
        || matches!(key, "langfuse.trace.name" | "langsmith.span.tags")
}

/// Whether an attribute is part of the trace's metadata.
pub(super) fn is_metadata(key: &str) -> bool {
    METADATA.iter().any(|(prefix, _)| key.starts_with(prefix)) || RELEASE.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::super::tests::span;
    use super::*;
    use crate::formats::otlp::span::{AnyValue, Resource};

    #[test]
    fn an_explicit_session_counts_before_one_that_was_made_up() {
        let found = of_trace(&span(&[("gen_ai.conversation.id", "made-up")]), &Shared::nothing());
        let explicit = of_trace(
            &span(&[("session.id", "s"), ("gen_ai.conversation.id", "m")]),
            &Shared::nothing(),
        );
        assert_eq!(explicit.session.as_ref().unwrap().value, "s");
        assert!(explicit.session.unwrap().rank < found.session.unwrap().rank);
        for metadata in [
            r#"{"session_id":"s","user_id":"u"}"#,
            r#"{"sess\u0069on\u005fid":"s","user\u005fid":"u"}"#,
        ] {
            let found = of_trace(&span(&[("metadata", metadata)]), &Shared::nothing());
            let (session, user) = (found.session.unwrap().value, found.user.unwrap().value);
            assert_eq!((session, user), ("s".into(), "u".into()), "{metadata}");
        }
        let mlflow =
            Attributes::of(vec![("mlflow.trace.session".into(), AnyValue::Text("\"s\"".into()))]);
        assert_eq!(said(&mlflow, &SESSIONS, None).unwrap().1, "s");
    }

    #[test]
    fn a_conversation_that_was_made_up_counts_last() {
        let scope = Scope { name: "pydantic-ai".into(), ..Scope::default() };
        let shared = Shared::of(Resource::default(), scope);
        let rank = |id| {
            let span = span(&[("gen_ai.conversation.id", id)]);
            of_trace(&span, &shared).session.unwrap().rank
        };
        let made_up = "01a20f2d-28c5-74e0-b345-e116288b1461";
        assert!(rank(made_up) > rank("sess-42"));
        let both =
            span(&[("gen_ai.conversation.id", made_up), ("langsmith.metadata.session_id", "s")]);
        let found = of_trace(&both, &shared).session.unwrap();
        assert_eq!(found.value, "s");
    }

    #[test]
    fn only_a_root_gives_its_function_to_the_trace() {
        let mut root = span(&[("ai.telemetry.functionId", "support")]);
        assert_eq!(
            of_trace(&root, &Shared::nothing()).name,
            Some(Said { rank: 1, value: "support".into() })
        );
        root.parent_id = Some(crate::formats::otlp::span::Id([1; 8]));
        assert_eq!(of_trace(&root, &Shared::nothing()).name, None);
    }

    #[test]
    fn tags_are_those_of_every_source() {
        let span = span(&[("tag.tags", r#"["b","a"]"#), ("langsmith.span.tags", "c, a,")]);
        assert_eq!(of_trace(&span, &Shared::nothing()).tags, ["a", "b", "c"]);
    }

    #[test]
    fn metadata_is_what_was_given_and_the_resource() {
        let span = span(&[
            ("langfuse.trace.metadata.version", "\"2.1\""),
            ("traceloop.association.properties.session_id", "s"),
            ("traceloop.association.properties.plan", "pro"),
        ]);
        let name = ("service.name".into(), AnyValue::Text("shop".into()));
        let resource = Resource { attributes: Attributes::of(vec![name]) };
        let shared = Shared::of(resource, Scope::default());
        let found = trace_metadata(&span.attributes, &shared).unwrap();
        let json = r#"{"version":"2.1","plan":"pro","resource":{"service.name":"shop"}}"#;
        assert_eq!(found, Said { rank: 0, value: json.into() });
        let alone = trace_metadata(&Attributes::default(), &shared).unwrap();
        assert_eq!(
            alone,
            Said { rank: 1, value: r#"{"resource":{"service.name":"shop"}}"#.into() }
        );
        assert_eq!(trace_metadata(&Attributes::default(), &Shared::nothing()), None);
    }
}
