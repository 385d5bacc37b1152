//! What all pages share: the frame, numbers and times, files, JSON on a page.

pub mod asset;
pub mod format;
pub mod json;
pub mod json_view;
pub mod layout;
pub mod markdown;
pub mod span_duration;
pub mod status;
pub mod trace_state;
pub mod url;
