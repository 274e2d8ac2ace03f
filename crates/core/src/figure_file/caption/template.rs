//! A caption's text and placeholders.

use crate::error::CircuitError;
use crate::figure_file::by_metric::known;
use crate::figure_file::check::shortened;
use crate::measure::metric::Metric;

/// A part of a caption.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Piece<'a> {
    Text(&'a str),
    Claim { written: &'a str, claim: Claim },
}

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Claim {
    Edges(Which),
    Value(Metric, Which),
    Spread(Metric, Which),
    Share(Metric, Which),
    Clean(Metric),
    Corrupt(Metric),
}

/// Which circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Count(usize),
    All,
    Shown,
}

/// What a placeholder can be, for messages.
const KINDS: &str = "{edges:K}, {value:METRIC:K}, {spread:METRIC:K}, {share:METRIC:K}, {clean:METRIC} or {corrupt:METRIC}, \
                     where K is a number of edges, `all` or `shown`, and METRIC a metric such as logitDiff";

/// The parts of a caption.
///
/// # Errors
/// When a brace is alone or a placeholder is not known; the message names it.
pub fn pieces<'a>(file: &str, caption: &'a str) -> Result<Vec<Piece<'a>>, CircuitError> {
    let mut pieces = Vec::new();
    let mut rest = caption;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        pieces.push(Piece::Text(before));
        if from.starts_with("{{") || from.starts_with("}}") {
            pieces.push(Piece::Text(&from[..1]));
            rest = &from[2..];
            continue;
        }
        let inside = from.strip_prefix('{').and_then(|from| from.split_once('}'));
        let alone = || {
            let expected = "braces in pairs ({{ and }} are braces as text)";
            CircuitError::field(file, "caption", expected, format!("{:?}", shortened(from)))
        };
        let (written, after) = inside.ok_or_else(alone)?;
        let claim = claim(written)
            .ok_or_else(|| CircuitError::field(file, "caption", KINDS, format!("{{{}}}", shortened(written))))?;
        pieces.push(Piece::Claim { written, claim });
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

fn claim(written: &str) -> Option<Claim> {
    let parts: Vec<&str> = written.splitn(4, ':').map(str::trim).collect();
    Some(match parts[..] {
        ["edges", n] => Claim::Edges(which(n)?),
        ["value", key, n] => Claim::Value(metric(key)?, which(n)?),
        ["spread", key, n] => Claim::Spread(metric(key)?, which(n)?),
        ["share", key, n] => Claim::Share(metric(key)?, which(n)?),
        ["clean", key] => Claim::Clean(metric(key)?),
        ["corrupt", key] => Claim::Corrupt(metric(key)?),
        _ => return None,
    })
}

fn which(text: &str) -> Option<Which> {
    match text {
        "all" => Some(Which::All),
        "shown" => Some(Which::Shown),
        n => n.parse().ok().map(Which::Count),
    }
}

/// A metric by its key in the file, or by that key in snake case.
fn metric(key: &str) -> Option<Metric> {
    let mut words = key.split('_');
    let first = words.next()?.to_owned();
    let camel = words.fold(first, |camel, word| match word.split_at_checked(1) {
        Some((initial, rest)) => camel + &initial.to_ascii_uppercase() + rest,
        None => camel,
    });
    known(&camel)
}
