//! What is done for each route. A handler is a function over the ports; which one it is,
//! and what becomes of its failure, is `serve`'s.

pub mod alerts;
pub mod compat;
pub mod evaluators;
pub mod health;
pub mod ingest;
pub mod management;
pub mod mcp;
pub mod operator;
pub mod pages;
pub mod prices;
pub mod rating;
pub mod reading;
pub mod rules;
pub mod scores;
pub mod settings;
pub mod share;
pub mod sign_in;
