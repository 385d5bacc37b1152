//! The wire formats: how bytes become events.

pub mod decoded;
pub mod twosignal;
