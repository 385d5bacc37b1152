//! How often one may ask. The counting is the platform's, per location and
//! approximate; here is who is counted under what name, and how much is let
//! through.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use crate::error::Reject;

/// The window of every limit, in seconds: the platform knows 10 and 60.
pub const WINDOW_S: u32 = 10;

/// The limits that wrangler.toml binds, in requests a window, each with its
/// binding. A limit is part of its binding, so a project picks one of these.
pub const LIMITS: [(u32, &str); 3] =
    [(100, "LIMIT_100"), (1_000, "LIMIT_1000"), (10_000, "LIMIT_10000")];

/// Failed look-ups of keys that one address may cause in a window.
pub const GUESSES: u32 = 100;

/// One count to be held against one limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The binding that counts.
    pub binding: &'static str,
    /// Who is counted.
    pub subject: String,
    /// Requests a window.
    pub limit: u32,
}

/// Whether a project's keys may have this limit: 0 is none.
#[must_use]
pub fn is_limit(limit: u32) -> bool {
    limit == 0 || LIMITS.iter().any(|(known, _)| *known == limit)
}

/// What a key's request is counted as; `None` where the project has no limit.
///
/// Reads are counted apart: whoever reads too much is kept from reading, never
/// from writing. Clients of this API do not send a write again.
#[must_use]
pub fn request(key_id: &str, limit: u32, read: bool) -> Option<Check> {
    let (limit, binding) = LIMITS.iter().find(|(most, _)| *most >= limit && limit > 0)?;
    let subject = if read { format!("{key_id}/read") } else { key_id.into() };
    Some(Check { binding, subject, limit: *limit })
}

/// The part of a client's address that stands for the client: all of it, or the
/// first half of an IPv6 address, of whose second half each client has plenty.
#[must_use]
pub fn network(address: &str) -> Cow<'_, str> {
    match address.parse::<Ipv6Addr>().map(|address| address.segments()) {
        Ok([a, b, c, d, ..]) => format!("{a:x}:{b:x}:{c:x}:{d:x}::/64").into(),
        Err(_) => address.into(),
    }
}

/// What a look-up of a key that turned out not to exist is counted as, of a
/// [`network`].
#[must_use]
pub fn guess(address: &str) -> Check {
    Check { binding: "LIMIT_100", subject: format!("address/{address}"), limit: GUESSES }
}

impl Check {
    /// The 429 of who is over this limit.
    #[must_use]
    pub fn exceeded(&self) -> Reject {
        Reject::RateLimited { limit: self.limit, window_s: WINDOW_S }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_client_is_its_network() {
        for (address, is) in [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "2001:db8:0:0::/64"),
            ("2001:DB8:0:0:ffff::2", "2001:db8:0:0::/64"),
            ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
            ("", ""),
            ("what is this", "what is this"),
        ] {
            assert_eq!(network(address), is);
        }
    }

    #[test]
    fn counts_reads_apart() {
        let write = request("k", 1_000, false).unwrap();
        let read = request("k", 1_000, true).unwrap();
        assert_eq!((write.binding, write.limit), ("LIMIT_1000", 1_000));
        assert_eq!((read.binding, read.limit), ("LIMIT_1000", 1_000));
        assert_ne!(write.subject, read.subject);
        assert_eq!(request("k", 0, false), None);
        assert_eq!(request("k", 100, true).unwrap().limit, 100);
    }
}
