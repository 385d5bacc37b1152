//! A span's detail.

pub mod chat;
pub mod cost;
pub mod image;
pub mod messages;
pub mod page;
pub mod payload;
pub mod payload_field;
pub mod thread;
