//! JSON by byte range: scanning text and looking into it without building a tree
//! of values. Nothing here knows a wire format, allocates for what it passes over,
//! or recurses.

pub mod descend;
pub mod error;
pub mod lex;
pub mod number;
pub mod scan;
pub mod text;
pub mod value;
