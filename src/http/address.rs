//! The address of a request, taken apart by hand: a parser of URLs has all of Unicode's
//! host names in it, a fifth of the Worker's size, and the platform has done its work.

/// The address of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// The scheme and the host: `https://example.com`.
    pub origin: &'a str,
    /// The path and the query.
    pub target: &'a str,
    /// The path.
    pub path: &'a str,
    /// The query, without its `?`.
    pub query: &'a str,
}

impl<'a> Address<'a> {
    /// That of a URL.
    #[must_use]
    pub fn of(url: &'a str) -> Self {
        let host = url.find("://").map_or(0, |at| at + 3);
        let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
        let (origin, target) = url.split_at(end);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self { origin, target, path, query }
    }

    /// Whether it is one of https.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.origin.starts_with("https:")
    }
}

/// A field of a form or of a query string.
#[must_use]
pub fn find_field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_url_apart() {
        for (url, origin, path, query) in [
            ("https://e.test/a/b?c=/d?e", "https://e.test", "/a/b", "c=/d?e"),
            ("http://localhost:3000/", "http://localhost:3000", "/", ""),
            ("http://localhost", "http://localhost", "", ""),
            ("/a?b", "", "/a", "b"),
        ] {
            let found = Address::of(url);
            assert_eq!((found.origin, found.path, found.query), (origin, path, query), "{url}");
        }
    }
}
