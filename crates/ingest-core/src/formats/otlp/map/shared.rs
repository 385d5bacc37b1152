//! What the spans of one scope share: made once for all of them.

use super::detail::Detail;
use crate::formats::otlp::json_writer::JsonWriter;
use crate::formats::otlp::span::{Resource, Scope};

/// A resource and a scope.
pub(crate) struct Shared<'a> {
    pub(super) resource: Resource<'a>,
    pub(super) scope: Scope<'a>,
    /// The resource's attributes as a JSON object; `None` where it has none.
    pub(super) resource_json: Option<String>,
}

impl<'a> Shared<'a> {
    pub(crate) fn of(resource: Resource<'a>, scope: Scope<'a>) -> Self {
        let attributes = resource.attributes.all();
        let mut json = JsonWriter::new(Detail::Full);
        json.object(|object| {
            for (key, value) in attributes {
                object.field(key).value(value);
            }
        });
        let resource_json = (!attributes.is_empty()).then(|| json.finish());
        Self { resource, scope, resource_json }
    }

    /// No resource and no scope.
    #[cfg(test)]
    pub(super) fn nothing() -> Self {
        Self::of(Resource::default(), Scope::default())
    }
}
