//! The fields of an event that something is read of, and where each of them lies.

use crate::json::value::{Kind, Value};

macro_rules! places {
    ($(#[$doc:meta])* $name:ident { $($field:ident $key:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub(super) struct $name { $(pub(super) $field: Option<Value>,)+ }

        impl $name {
            /// Keeps the place of a known field's value. A null is none.
            pub(super) fn set(&mut self, key: &str, value: Value) {
                let value = Some(value).filter(|value| value.kind() != Kind::Null);
                match key {
                    $($key => self.$field = value.or(self.$field),)+
                    _ => {}
                }
            }
        }
    };
}

places! {
    /// An event's own fields.
    Envelope {
        id "id",
        kind "type",
        timestamp "timestamp",
        body "body",
    }
}

places! {
    /// The fields of `body`, whatever the event is.
    Fields {
        id "id",
        trace "traceId",
        parent "parentObservationId",
        kind "type",
        name "name",
        timestamp "timestamp",
        start "startTime",
        end "endTime",
        decorator_start "start_time",
        decorator_end "end_time",
        input "input",
        output "output",
        model "model",
        model_parameters "modelParameters",
        usage "usage",
        usage_details "usageDetails",
        cost_details "costDetails",
        level "level",
        status_message "statusMessage",
        metadata "metadata",
        session "sessionId",
        user "userId",
        tags "tags",
        observation "observationId",
        value "value",
        data_type "dataType",
        comment "comment",
    }
}
