//! Who may do what: API keys, the dashboard's login, rate limits.

pub mod api_keys;
pub mod key_header;
pub mod key_table;
pub mod local_only;
pub mod login_cookie;
pub mod rate_limits;
pub mod scope;
pub mod share_link;
mod signature;
