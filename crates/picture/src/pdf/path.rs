//! The `d` of a path as lines and curves from point to point.

use super::SvgError;

/// A step of an outline, in absolute coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Segment {
    Move([f64; 2]),
    Line([f64; 2]),
    /// A cubic Bézier curve: two control points and the end.
    Curve([f64; 2], [f64; 2], [f64; 2]),
    Close,
}

/// How far the control points of a quarter of a circle are from its ends, in radii: `4/3 (sqrt 2 - 1)`, which puts the middle
/// of the curve on the circle.
const QUARTER: f64 = 0.552_284_749_831;

/// Reads the commands M, L, H, V, C, Q and Z, absolute and relative.
///
/// # Errors
/// When there is anything else.
pub(super) fn segments(d: &str) -> Result<Vec<Segment>, SvgError> {
    let mut pen = Pen { segments: Vec::new(), here: [0.0; 2], start: [0.0; 2] };
    for (command, numbers) in commands(d)? {
        pen.run(command, &numbers).ok_or_else(|| SvgError::attribute("d", d))?;
    }
    Ok(pen.segments)
}

/// A rectangle, by left, top, width and height, with round corners where there is a radius.
pub(super) fn rectangle([x, y, width, height]: [f64; 4], radius: f64) -> Vec<Segment> {
    let (right, bottom) = (x + width, y + height);
    if radius <= 0.0 {
        let corners = [[right, y], [right, bottom], [x, bottom]].map(Segment::Line);
        return std::iter::once(Segment::Move([x, y])).chain(corners).chain([Segment::Close]).collect();
    }
    let [rx, ry] = [radius.min(width / 2.0), radius.min(height / 2.0)];
    let [kx, ky] = [rx, ry].map(|r| r * (1.0 - QUARTER));
    vec![
        Segment::Move([x + rx, y]),
        Segment::Line([right - rx, y]),
        Segment::Curve([right - kx, y], [right, y + ky], [right, y + ry]),
        Segment::Line([right, bottom - ry]),
        Segment::Curve([right, bottom - ky], [right - kx, bottom], [right - rx, bottom]),
        Segment::Line([x + rx, bottom]),
        Segment::Curve([x + kx, bottom], [x, bottom - ky], [x, bottom - ry]),
        Segment::Line([x, y + ry]),
        Segment::Curve([x, y + ky], [x + kx, y], [x + rx, y]),
        Segment::Close,
    ]
}

/// The commands with their numbers.
fn commands(d: &str) -> Result<Vec<(char, Vec<f64>)>, SvgError> {
    let mut commands: Vec<(char, Vec<f64>)> = Vec::new();
    let mut rest = d.trim_start();
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_alphabetic() {
            commands.push((c, Vec::new()));
            rest = &rest[1..];
        } else {
            let end = number_end(rest);
            let number = rest[..end].parse().map_err(|_| SvgError::attribute("d", d))?;
            commands.last_mut().ok_or_else(|| SvgError::attribute("d", d))?.1.push(number);
            rest = &rest[end..];
        }
        rest = rest.trim_start_matches([' ', ',', '\n']);
    }
    Ok(commands)
}

/// Where the number at the start of a text ends: `5-9` are two.
fn number_end(text: &str) -> usize {
    let mut has_point = false;
    for (i, c) in text.char_indices() {
        let goes_on = match c {
            '0'..='9' => true,
            '-' => i == 0,
            '.' => !std::mem::replace(&mut has_point, true),
            _ => false,
        };
        if !goes_on {
            return i;
        }
    }
    text.len()
}

struct Pen {
    segments: Vec<Segment>,
    here: [f64; 2],
    /// Of the part of the outline that is being drawn.
    start: [f64; 2],
}

impl Pen {
    fn run(&mut self, command: char, numbers: &[f64]) -> Option<()> {
        let is_relative = command.is_ascii_lowercase();
        let n = match command.to_ascii_uppercase() {
            'M' | 'L' => 2,
            'H' | 'V' => 1,
            'C' => 6,
            'Q' => 4,
            'Z' => {
                self.segments.push(Segment::Close);
                self.here = self.start;
                return numbers.is_empty().then_some(());
            }
            _ => return None,
        };
        if numbers.is_empty() || !numbers.len().is_multiple_of(n) {
            return None;
        }
        for (i, group) in numbers.chunks_exact(n).enumerate() {
            let base = if is_relative { self.here } else { [0.0; 2] };
            self.step(command.to_ascii_uppercase(), group, base, i > 0);
        }
        Some(())
    }

    fn step(&mut self, command: char, numbers: &[f64], base: [f64; 2], is_next: bool) {
        let point = |i: usize| [base[0] + numbers[i], base[1] + numbers[i + 1]];
        let here = self.here;
        let segment = match command {
            'M' if !is_next => {
                self.start = point(0);
                Segment::Move(point(0))
            }
            'H' => Segment::Line([base[0] + numbers[0], here[1]]),
            'V' => Segment::Line([here[0], base[1] + numbers[0]]),
            'C' => Segment::Curve(point(0), point(2), point(4)),
            'Q' => {
                // The same curve as a cubic: its control points lie two thirds of the way to that of the quadratic one.
                let (control, end) = (point(0), point(2));
                let towards = |from: [f64; 2]| [0, 1].map(|i| from[i] + (control[i] - from[i]) * 2.0 / 3.0);
                Segment::Curve(towards(here), towards(end), end)
            }
            _ => Segment::Line(point(0)),
        };
        self.segments.push(segment);
        if let Segment::Move(end) | Segment::Line(end) | Segment::Curve(_, _, end) = segment {
            self.here = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_commands_start_at_the_point_before() {
        let [moved, line] = [Segment::Move([1.0, 2.0]), Segment::Line([4.5, 2.0])];
        assert_eq!(segments("M1 2h3.5").unwrap(), [moved, line]);
        assert_eq!(segments("M1 2H4.5").unwrap(), [moved, line]);
        let curve = Segment::Curve([2.0, 2.0], [3.0, 1.0], [4.0, -1.0]);
        assert_eq!(segments("M1 2c1 0 2-1 3-3z").unwrap(), [moved, curve, Segment::Close]);
        assert_eq!(segments("M1 2C2 2 3 1 4 -1Z").unwrap(), [moved, curve, Segment::Close]);
    }

    #[test]
    fn a_close_goes_back_to_the_start() {
        let found = segments("M1 1v2zl1 0").unwrap();
        let expected =
            [Segment::Move([1.0, 1.0]), Segment::Line([1.0, 3.0]), Segment::Close, Segment::Line([2.0, 1.0])];
        assert_eq!(found, expected);
    }

    #[test]
    fn numbers_need_no_space_between_them() {
        assert_eq!(segments("M1.5-2L.5.25").unwrap(), [Segment::Move([1.5, -2.0]), Segment::Line([0.5, 0.25])]);
    }

    #[test]
    fn what_pictures_have_not_is_refused() {
        for d in ["M1", "A1 1 0 0 0 2 2", "M1 2L3", "1 2", "M1 x"] {
            assert!(segments(d).is_err(), "{d}");
        }
    }
}
