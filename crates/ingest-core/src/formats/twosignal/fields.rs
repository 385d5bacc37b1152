//! The fields of an event that the index needs: their names in both spellings,
//! and the slots that remember where each was last seen. What their values
//! must be is in `validate`.

use crate::json::value::{Kind, Value};

/// A key, if it names a field: that, and whether in camel case.
pub(super) type Named = Option<(Field, bool)>;

macro_rules! fields {
    ($($(#[$doc:meta])* $level:ident { $($field:ident $snake:literal $(/ $camel:literal)?,)+ })+) => {
        /// A field of an event, at one of its levels.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Field { $($($field,)+)+ }

        /// Where in an event a field is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Level { $($(#[$doc])* $level,)+ }

        impl Field {
            /// Its level, its name in snake case and its name in camel case.
            fn names(self) -> (Level, &'static [u8], &'static [u8]) {
                match self {
                    $($(Self::$field => (Level::$level, $snake, fields!(@last $snake $($camel)?)),)+)+
                }
            }
        }

        impl Level {
            /// The field of this level that a key names.
            pub(super) fn field(self, key: &[u8]) -> Named {
                match self {
                    $(Self::$level => match key {
                        $($snake => Some((Field::$field, false)),
                          $($camel => Some((Field::$field, true)),)?)+
                        _ => None,
                    },)+
                }
            }

            /// A bit for each of its fields.
            fn mask(self) -> u32 {
                match self { $(Self::$level => 0 $(| 1 << Field::$field as u32)+,)+ }
            }
        }
    };
    (@last $snake:literal) => { $snake };
    (@last $snake:literal $camel:literal) => { $camel };
}

fields! {
    /// The envelope.
    Event {
        EventId b"id",
        EventType b"type",
        Timestamp b"timestamp",
        Body b"body",
    }
    /// `body`, a trace's or a span's.
    Body {
        Id b"id",
        Name b"name",
        Type b"type",
        TraceId b"trace_id" / b"traceId",
        ParentSpanId b"parent_span_id" / b"parentSpanId",
        StartTime b"start_time" / b"startTime",
        EndTime b"end_time" / b"endTime",
        Input b"input",
        Output b"output",
        Model b"model",
        ModelParameters b"model_parameters" / b"modelParameters",
        Usage b"usage",
        Cost b"cost",
        Status b"status",
        ErrorMessage b"error_message" / b"errorMessage",
        Metadata b"metadata",
        Tags b"tags",
        Evaluators b"evaluators",
        SessionId b"session_id" / b"sessionId",
        ParentTraceId b"parent_trace_id" / b"parentTraceId",
        DeploymentId b"deployment_id" / b"deploymentId",
    }
    /// `body.usage`.
    Usage {
        PromptTokens b"prompt_tokens" / b"promptTokens",
        CompletionTokens b"completion_tokens" / b"completionTokens",
        TotalTokens b"total_tokens" / b"totalTokens",
        CachedTokens b"cached_tokens" / b"cachedTokens",
    }
}

impl Field {
    /// Where it is in an event, in snake case or in camel case.
    pub(super) fn path(self, camel: bool) -> String {
        let (level, snake, other) = self.names();
        let prefix = match level {
            Level::Event => "",
            Level::Body => "body.",
            Level::Usage => "body.usage.",
        };
        format!("{prefix}{}", String::from_utf8_lossy(if camel { other } else { snake }))
    }
}

/// How many fields there are.
pub(super) const FIELDS: usize = Field::CachedTokens as usize + 1;

/// Where each field of one event was last seen. A null leaves what was there:
/// it means missing, whichever spelling has it.
pub(super) struct Slots {
    seen: u32,
    camel: u32,
    values: [Value; FIELDS],
}

impl Slots {
    pub(super) fn new() -> Self {
        let none = Value::new(Kind::Null, 0, 0);
        Self { seen: 0, camel: 0, values: [none; FIELDS] }
    }

    /// Forgets all fields, for the next event.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.seen = 0;
    }

    /// Forgets the fields of a level, which begins anew.
    #[inline]
    pub(super) fn clear_level(&mut self, level: Level) {
        self.seen &= !level.mask();
    }

    #[inline]
    pub(super) fn set(&mut self, key: Named, value: Value) {
        let Some((field, camel)) = key.filter(|_| value.kind() != Kind::Null) else { return };
        let bit = 1 << field as u32;
        self.seen |= bit;
        self.camel = if camel { self.camel | bit } else { self.camel & !bit };
        if let Some(slot) = self.values.get_mut(field as usize) {
            *slot = value;
        }
    }

    #[inline]
    pub(super) fn get(&self, field: Field) -> Option<Value> {
        let seen = self.seen & 1 << field as u32 != 0;
        if seen { self.values.get(field as usize).copied() } else { None }
    }

    /// Whether a field was last seen in camel case.
    pub(super) fn is_camel(&self, field: Field) -> bool {
        self.seen & self.camel & 1 << field as u32 != 0
    }
}

const _: () = assert!(FIELDS <= u32::BITS as usize);
