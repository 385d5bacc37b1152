//! What a key may do. A key that sits in every agent should not be able to read what others
//! sent, and one that a reader has should not be able to send.

use crate::error::Reject;

/// Something that a key may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To send: batches, scores, what is to be validated or routed.
    Ingest,
    /// To ask: everything with GET, and the dashboard.
    Read,
    /// To do all of it.
    Admin,
}

impl Scope {
    /// Every scope with its spelling.
    const ALL: [(Self, &'static str); 3] =
        [(Self::Ingest, "ingest"), (Self::Read, "read"), (Self::Admin, "admin")];

    fn bit(self) -> u8 {
        1 << self as u8
    }

    /// What somebody is told whose key may not do this.
    fn refusal(self) -> &'static str {
        match self {
            Self::Ingest => "this key may not send: it has not the scope ingest",
            Self::Read => "this key may not read: it has not the scope read",
            Self::Admin => "this takes a key of the scope admin",
        }
    }
}

/// The scopes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// What a key may do of which nothing else was said: to send and to read.
    pub const DEFAULT: &'static str = "ingest,read";

    /// The scopes of a list with commas; `None` for a list of nothing or of something else.
    #[must_use]
    pub fn parse(list: &str) -> Option<Self> {
        let scope = |word: &str| Scope::ALL.iter().find(|(_, name)| *name == word);
        let mut bits = list.split(',').map(|word| scope(word.trim()).map(|(scope, _)| scope.bit()));
        bits.try_fold(0, |all, bit| bit.map(|bit| all | bit)).map(Self)
    }

    /// The list, each scope once.
    #[must_use]
    pub fn to_list(self) -> String {
        let has = Scope::ALL.iter().filter(|(scope, _)| self.0 & scope.bit() != 0);
        has.map(|(_, name)| *name).collect::<Vec<_>>().join(",")
    }

    /// Checks that a key with these may do that.
    ///
    /// # Errors
    /// 403 where it may not.
    pub fn check(self, wanted: Scope) -> Result<(), Reject> {
        let allowed = self.0 & (wanted.bit() | Scope::Admin.bit()) != 0;
        if allowed { Ok(()) } else { Err(Reject::Forbidden(wanted.refusal())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_do_what_its_scopes_say_and_no_more() {
        use Scope::{Admin, Ingest, Read};
        for (list, allowed) in [
            ("ingest", &[Ingest][..]),
            ("read", &[Read]),
            (" read , ingest", &[Ingest, Read]),
            ("admin", &[Ingest, Read, Admin]),
        ] {
            let scopes = Scopes::parse(list).unwrap();
            for scope in [Ingest, Read, Admin] {
                assert_eq!(scopes.check(scope).is_ok(), allowed.contains(&scope), "{list}");
            }
        }
        assert_eq!(Scopes::parse("read,ingest,read").unwrap().to_list(), Scopes::DEFAULT);
        for none in ["", ",", "write", "ingest,", "READ"] {
            assert_eq!(Scopes::parse(none), None, "{none}");
        }
    }
}
