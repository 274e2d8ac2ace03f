//! Where a figure's files are: which URLs a figure may name, and which hosts it would ask.
//!
//! A figure is read by people who did not write it. Its URLs are relative to the figure, or `http` and `https`; all that a browser
//! reads otherwise than it looks (a scheme without slashes, a backslash, a name before an `@`) is refused, so that the host that a
//! reader is asked about is the one that is asked.

/// The longest URL; browsers and servers take at least this much.
const MAX_CHARS: usize = 2048;

/// What is wrong with a URL of a file: what was expected and what was found. None where nothing is.
pub(super) fn wrong_with(url: &str) -> Option<(&'static str, String)> {
    let shown = || format!("{:?}", url.chars().take(80).collect::<String>());
    if url.is_empty() || url.chars().count() > MAX_CHARS {
        return Some(("a URL of 1 to 2048 characters", format!("{} characters", url.chars().count())));
    }
    if url.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Some(("a URL without spaces, control characters and backslashes", shown()));
    }
    let is_good =
        if is_relative(url) { true } else { authority(url).is_some_and(|authority| host(authority).is_some()) };
    (!is_good).then(|| ("a relative URL, or https:// or http:// with a plain host name", shown()))
}

/// The host of an absolute URL with its port, in lower case and without the usual port; none of a relative one.
pub(super) fn host_of(url: &str) -> Option<String> {
    if is_relative(url) { None } else { host(authority(url)?) }
}

/// The last part of a URL's path, which a file is called by.
pub(super) fn file_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path)
}

/// Whether a URL has neither a scheme nor a host. `//host/path` has a host.
fn is_relative(url: &str) -> bool {
    let start = url.split(['/', '?', '#']).next().unwrap_or(url);
    !start.contains(':') && !url.starts_with("//")
}

/// What stands between the slashes of an absolute URL of a scheme that is allowed.
fn authority(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let is_web = ["https", "http"].into_iter().any(|web| scheme.eq_ignore_ascii_case(web));
    if is_web { rest.split(['/', '?', '#']).next() } else { None }
}

/// A host name (or a number, or an IPv6 address) with its port, if it is written plainly.
fn host(authority: &str) -> Option<String> {
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (authority, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err() || !port.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let is_good = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.chars().all(is_name),
    };
    let port = port.filter(|port| !matches!(*port, "80" | "443")).map_or(String::new(), |port| format!(":{port}"));
    is_good.then(|| name.to_ascii_lowercase() + &port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_are_what_they_look_like() {
        let rows = [
            ("model.safetensors", None, "model.safetensors"),
            ("../a/./b.json?x=1:2#c", None, "b.json"),
            ("/a/b/", None, "b"),
            ("./a:b.json", None, "a:b.json"),
            ("?figure", None, ""),
            ("https://Example.org/a%20b/c.json", Some("example.org"), "c.json"),
            ("HTTP://example.org:80?x", Some("example.org"), "example.org:80"),
            ("https://127.0.0.1:8080/x", Some("127.0.0.1:8080"), "x"),
            ("https://[::1]:8080/x", Some("[::1]:8080"), "x"),
            ("https://[2001:db8::1]/x", Some("[2001:db8::1]"), "x"),
        ];
        for (url, host, name) in rows {
            assert_eq!((wrong_with(url), host_of(url).as_deref(), file_name(url)), (None, host, name), "{url}");
        }
    }

    #[test]
    fn urls_that_are_refused() {
        let long = "a".repeat(2049);
        let rows = [
            "",
            &long,
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            " javascript:alert(1)",
            "java\tscript:alert(1)",
            "data:,x",
            "file:///etc/passwd",
            "blob:https://a.org/1",
            "ftp://a.org/x",
            "//a.org/x",
            "/\\a.org/x",
            "\\\\a.org\\x",
            "https:a.org/x",
            "https:/a.org/x",
            "https:///a.org/x",
            "https://a.org@b.org/x",
            "https://a.org:x/",
            "https://a.org:+8/",
            "https://a.org:/",
            "https://ä.org/",
            "https://a%2eorg/",
            "https://[::1/",
            "https://[x]/",
            "https://a b/",
            "a:b",
        ];
        for url in rows {
            assert!(wrong_with(url).is_some(), "{url:?}");
        }
    }
}
