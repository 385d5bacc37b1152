//! What a project has, used and may: for whoever is signed in; changed by administrators.

mod alerts;
pub mod newest;
pub mod page;
mod parts;

/// What is asked of the settings; keys by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// To see them.
    Show,
    /// To make a key.
    CreateKey,
    /// To make a key that takes over from another.
    RotateKey(String),
    /// To end a key.
    RevokeKey(String),
    /// To queue dead letters again: the one that the form names, or all that are shown.
    Replay,
}
