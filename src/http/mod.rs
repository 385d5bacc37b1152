//! HTTP without a socket: from a request to its reply, over ports. [`serve`] is the way
//! of a request; nothing here knows the platform.

pub mod address;
mod alert_routes;
pub mod body;
mod exchange;
mod handlers;
pub mod headers;
pub mod newest_release;
pub mod platform;
pub mod route;
pub mod router;
pub mod routes;
pub mod serve;

#[cfg(test)]
mod openapi_tests;
#[cfg(test)]
mod tests;
