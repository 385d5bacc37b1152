//! What several events say of one thing, put together: of most fields the newest that says
//! something, of metadata all of them. The same rules as the index has
//! (`ingest_core::fold`), for what the index does not keep.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::model::{Json, Rank, SpanBody};

/// A span of what its events say, the oldest first, and so pieces before all others;
/// `None` without any.
#[must_use]
pub fn merge_bodies<'a>(bodies: Vec<(Rank, SpanBody<'a>)>) -> Option<SpanBody<'a>> {
    let both = |old: SpanBody<'a>, rank, new: SpanBody<'a>| SpanBody {
        parent: new.parent.or(old.parent),
        name: new.name.or(old.name),
        kind: new.kind.or(old.kind),
        start: match (old.start, new.start) {
            (Some(old), Some(new)) => Some(old.min(new)),
            (old, new) => new.or(old),
        },
        end: new.end.or(old.end),
        input: merge_content(old.input, rank, new.input),
        output: merge_content(old.output, rank, new.output),
        model: new.model.or(old.model),
        model_parameters: new.model_parameters.or(old.model_parameters),
        usage: crate::model::Usage {
            prompt: new.usage.prompt.or(old.usage.prompt),
            completion: new.usage.completion.or(old.usage.completion),
            total: match (new.usage.prompt, new.usage.completion) {
                // Both say what it is, where nothing else does.
                (Some(_), Some(_)) => new.usage.total,
                _ => new.usage.total.or(old.usage.total),
            },
            cached: new.usage.cached.or(old.usage.cached),
            cache_write: new.usage.cache_write.or(old.usage.cache_write),
            cache_write_1h: new.usage.cache_write_1h.or(old.usage.cache_write_1h),
            audio: new.usage.audio.or(old.usage.audio),
        },
        cost: new.cost.or(old.cost),
        status: new.status.or(old.status),
        error_message: new.error_message.or(old.error_message),
        metadata: merge_metadata(old.metadata, new.metadata),
        of_trace: new.of_trace.or(old.of_trace),
        ..new
    };
    let merged = bodies.into_iter().reduce(|(_, old), (rank, new)| (rank, both(old, rank, new)));
    merged.map(|(_, body)| body)
}

/// What counts of two inputs or outputs: the newer's; of pieces, which are lists, both.
fn merge_content<'a>(old: Option<Json<'a>>, rank: Rank, new: Option<Json<'a>>) -> Option<Json<'a>> {
    match (old, new) {
        (Some(old), Some(new)) if rank == Rank::Piece => {
            let lists = old.strip_suffix(']').zip(new.strip_prefix('['));
            let both = lists.map(|(first, then)| Json::Owned(format!("{first},{then}")));
            both.or(Some(new))
        }
        (old, new) => new.or(old),
    }
}

/// Both together: what the newer says of a key counts, objects within each other.
#[must_use]
pub fn merge_metadata<'a>(old: Option<Json<'a>>, new: Option<Json<'a>>) -> Option<Json<'a>> {
    match (old, new) {
        (Some(old), Some(new)) => Some(merge_json(&old, &new).map_or(new, Json::Owned)),
        (old, new) => new.or(old),
    }
}

/// Two objects in one, with the keys in the order in which they first come; `None` where
/// one of them is none. A null in the newer takes no part.
fn merge_json(old: &str, new: &str) -> Option<String> {
    let (mut all, new) = (object(old)?.0, object(new)?.0);
    for (key, value) in new {
        match all.iter_mut().find(|(known, _)| *known == key) {
            Some(_) if value.get() == "null" => {}
            Some((_, known)) => {
                let both = merge_json(known.get(), value.get());
                let both = both.and_then(|json| RawValue::from_string(json).ok());
                *known = both.unwrap_or(value);
            }
            None => all.push((key, value)),
        }
    }
    let mut json = String::from("{");
    for (key, value) in all {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(&serde_json::to_string(&key).ok()?);
        json.push(':');
        json.push_str(value.get());
    }
    json.push('}');
    Some(json)
}

fn object(json: &str) -> Option<Object> {
    serde_json::from_str(json).ok()
}

/// An object's keys with their values as text, in their order.
struct Object(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    all.push(entry);
                }
                Ok(Object(all))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_objects_deeply_and_keeps_values_as_text() {
        for (old, new, both) in [
            (r#"{"a":1.0}"#, r#"{"b":2}"#, r#"{"a":1.0,"b":2}"#),
            (r#"{"a":1,"b":1}"#, r#"{"a":2}"#, r#"{"a":2,"b":1}"#),
            (r#"{"a":{"x":1}}"#, r#"{"a":{"y":[1, 2]}}"#, r#"{"a":{"x":1,"y":[1, 2]}}"#),
            (r#"{"a":{"x":1}}"#, r#"{"a":3}"#, r#"{"a":3}"#),
            (r#"{"a":1}"#, r#"{"a":null,"b":null}"#, r#"{"a":1,"b":null}"#),
            ("[1]", r#"{"a":1}"#, r#"{"a":1}"#),
        ] {
            let merged = merge_metadata(Some(old.into()), Some(new.into()));
            assert_eq!(merged.as_deref(), Some(both), "{old} {new}");
        }
    }
}
