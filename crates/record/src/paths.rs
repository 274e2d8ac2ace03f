//! Paths on a disk as relative URLs, and back.

use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

/// The URL of a file, relative to a figure in a folder. Both paths have no symbolic links in them.
pub fn relative_url(folder: &Path, file: &Path) -> String {
    let (folder, file): (Vec<_>, Vec<_>) = (folder.components().collect(), file.components().collect());
    let n_shared = folder.iter().zip(&file).take_while(|(a, b)| a == b).count();
    let up = folder[n_shared..].iter().map(|_| "..".to_owned());
    let down = file[n_shared..].iter().map(|part| encoded(&part.as_os_str().to_string_lossy()));
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The path of a relative URL in a folder; none where it is not one of a file on this disk.
pub fn path_of(folder: &Path, url: &str) -> Option<PathBuf> {
    let path = decoded(url.split(['?', '#']).next().unwrap_or(url))?;
    let path = Path::new(&path);
    // A server's root is not the disk's.
    let is_relative =
        path.components().all(|part| matches!(part, Component::Normal(_) | Component::ParentDir | Component::CurDir));
    (is_relative && path.file_name().is_some()).then(|| folder.join(path))
}

/// Letters, digits and `-._~` stay (RFC 3986, unreserved characters); every other byte is written as `%20`.
fn encoded(part: &str) -> String {
    part.bytes().fold(String::new(), |mut url, byte| {
        match byte {
            b'-' | b'.' | b'_' | b'~' => url.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => url.push(char::from(byte)),
            byte => {
                let _ = write!(url, "%{byte:02X}");
            }
        }
        url
    })
}

fn decoded(url: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(url.len());
    let mut rest = url.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                (u8::try_from(16 * digit(high)? + digit(low)?).ok()?, after)
            }
            (b'%', _) => return None,
            (byte, after) => (*byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_to_their_files() {
        let rows = [
            ("/a/b", "/a/b/model.safetensors", "model.safetensors"),
            ("/a/b", "/a/c/é x%.json", "../c/%C3%A9%20x%25.json"),
            ("/a/b/c", "/d.json", "../../../d.json"),
        ];
        for (folder, file, url) in rows {
            assert_eq!(relative_url(Path::new(folder), Path::new(file)), url);
        }
        assert_eq!(
            path_of(Path::new("/a/b"), "../c/%C3%A9%20x%25.json?v=1"),
            Some(PathBuf::from("/a/b/../c/é x%.json"))
        );
        for url in ["/etc/passwd", "%2Fetc/passwd", "%", "%zz", "", "..", "%FF"] {
            assert_eq!(path_of(Path::new("/a"), url), None, "{url}");
        }
    }
}
