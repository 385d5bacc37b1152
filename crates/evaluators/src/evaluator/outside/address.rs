//! Addresses that evaluators may be sent to: which are well formed, and whose hosts the
//! operator allows. What is not plain is refused: two readers of one address must not differ.

/// Why an address may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is no plain address.
    Malformed,
    /// It is not `https`.
    Insecure,
    /// It is in a private network.
    Private,
    /// Its host is none of those that are allowed.
    NotAllowed,
}

impl Refused {
    /// For people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "expected an address such as https://example.com/judge",
            Self::Insecure => "expected an address that begins with https://",
            Self::Private => "expected an address that is not in a private network",
            Self::NotAllowed => "its host is none of those in EVALUATOR_HOSTS",
        }
    }
}

/// Longest address, in bytes.
const MAX_BYTES: usize = 2_048;

/// Whether an address may be used: `allowed` are hosts with commas between them, each with its
/// port where that is said, `*` any. `is_local`: whether this is local development, where
/// loopback is allowed, and there without `https`.
///
/// # Errors
/// Why not.
pub fn check(url: &str, allowed: &str, is_local: bool) -> Result<(), Refused> {
    let plain = |b: u8| b.is_ascii_graphic() && !br#"\<>"`{}|^"#.contains(&b);
    if url.len() > MAX_BYTES || !url.bytes().all(plain) {
        return Err(Refused::Malformed);
    }
    let (scheme, authority) = parts(url).ok_or(Refused::Malformed)?;
    let (host, port) = split(&authority).ok_or(Refused::Malformed)?;
    let loopback = is_loopback(host);
    match scheme {
        "https" => {}
        "http" if is_local && loopback => {}
        "http" => return Err(Refused::Insecure),
        _ => return Err(Refused::Malformed),
    }
    if is_private(host) && !(is_local && loopback) {
        return Err(Refused::Private);
    }
    let mut allowed = allowed.split(',').map(|host| host.trim().to_ascii_lowercase());
    let is_one = |entry: String| match entry.as_str() {
        "*" => true,
        entry if entry == authority => true,
        entry => entry == host && matches!(port, None | Some("443")),
    };
    if allowed.any(is_one) { Ok(()) } else { Err(Refused::NotAllowed) }
}

/// Which server an address is at: its scheme, host and port.
pub(super) fn origin(url: &str) -> Option<(String, String, u16)> {
    let (scheme, authority) = parts(url)?;
    let (host, port) = split(&authority)?;
    let port = match port {
        Some(port) => port.parse().ok()?,
        None => {
            if scheme == "https" {
                443
            } else {
                80
            }
        }
    };
    Some((scheme.to_owned(), host.to_owned(), port))
}

/// The scheme of an address, and what stands before its path, in lower case.
fn parts(url: &str) -> Option<(&str, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    Some((scheme, authority.to_ascii_lowercase()))
}

/// A host, and its port where one is said.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, "")) => (authority, None),
        Some((_, port)) => {
            let port = port.strip_prefix(':')?;
            (authority.strip_suffix(port)?.strip_suffix(':')?, Some(port))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let well_formed = match inside {
        Some(address) => address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.'),
        None => host.bytes().all(is_name) && !host.ends_with('.'),
    };
    let port_is_number = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    (well_formed && !host.is_empty() && port_is_number).then_some((host, port))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || octets(host).is_some_and(|[first, ..]| first == 127)
}

/// Whether a host is in a private network, as far as its name tells: names that resolve to
/// such addresses are the platform's to refuse, which has no way there.
fn is_private(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        // Global addresses begin with 2 or 3; of mapped ones nobody needs any.
        return !address.starts_with(['2', '3']) || address.contains('.');
    }
    let named = [".localhost", ".local", ".internal"].iter().any(|end| host.ends_with(end));
    // A last part that is a number, in any notation, makes an address of it.
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.starts_with(|c: char| c.is_ascii_digit());
    let private = match octets(host) {
        Some([0 | 10 | 127, ..] | [169, 254, ..] | [192, 168, ..]) => true,
        Some([172, second, ..]) => (16..32).contains(&second),
        Some([100, second, ..]) => (64..128).contains(&second),
        Some([first, ..]) => first >= 224,
        None => numeric,
    };
    host == "localhost" || named || private
}

fn octets(host: &str) -> Option<[u8; 4]> {
    let mut octets = [0; 4];
    let mut parts = host.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        // `010` is eight to some readers.
        *octet = part.parse().ok().filter(|_| part.len() == 1 || !part.starts_with('0'))?;
    }
    parts.next().is_none().then_some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_operator_allows_is_asked() {
        use Refused::{Insecure, Malformed, NotAllowed, Private};
        let hosts = "judge.example, other.example:8443";
        for (url, local, expected) in [
            ("https://judge.example/x?y=1", false, Ok(())),
            ("https://JUDGE.example", false, Ok(())),
            ("https://judge.example:443/", false, Ok(())),
            ("https://judge.example:8443/", false, Err(NotAllowed)),
            ("https://other.example:8443/", false, Ok(())),
            ("https://other.example/", false, Err(NotAllowed)),
            ("https://evil.example/judge.example", false, Err(NotAllowed)),
            ("https://judge.example.evil.example/", false, Err(NotAllowed)),
            ("https://judge.example@evil.example/", false, Err(Malformed)),
            ("https://judge.example\\@evil.example/", false, Err(Malformed)),
            ("https://judge.example#@evil.example/", false, Ok(())),
            ("http://judge.example/", false, Err(Insecure)),
            ("http://judge.example/", true, Err(Insecure)),
            ("ftp://judge.example/", false, Err(Malformed)),
            ("https:///x", false, Err(Malformed)),
            ("https://judge.example:0/", false, Err(Malformed)),
            ("https://judge.example:x/", false, Err(Malformed)),
            ("https://jüdge.example/", false, Err(Malformed)),
            ("judge.example", false, Err(Malformed)),
            ("https://10.0.0.1/", false, Err(Private)),
        ] {
            assert_eq!(check(url, hosts, local), expected, "{url} {local}");
        }
    }

    #[test]
    fn a_star_allows_all_but_private_networks() {
        for host in ["example.com", "8.8.8.8", "172.32.0.1", "[2606:4700::1]"] {
            assert_eq!(check(&format!("https://{host}/"), "*", false), Ok(()), "{host}");
        }
        for host in [
            "localhost",
            "a.localhost",
            "printer.local",
            "metadata.google.internal",
            "127.0.0.1",
            "127.1",
            "0177.0.0.1",
            "2130706433",
            "0x7f000001",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[fd00::1]",
            "[fe80::1]",
        ] {
            assert_eq!(
                check(&format!("https://{host}/"), "*", false),
                Err(Refused::Private),
                "{host}"
            );
        }
    }

    #[test]
    fn loopback_is_for_local_development() {
        for url in ["http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]:8080/x"] {
            assert_eq!(check(url, "*", true), Ok(()), "{url}");
            assert_eq!(check(url, "*", false), Err(Refused::Insecure), "{url}");
        }
        assert_eq!(check("http://10.0.0.1/", "*", true), Err(Refused::Insecure));
        assert_eq!(check("http://127.0.0.1:8080/x", "127.0.0.1:8080", true), Ok(()));
        assert_eq!(
            check("http://127.0.0.1:8081/x", "127.0.0.1:8080", true),
            Err(Refused::NotAllowed)
        );
    }
}
