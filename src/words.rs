//! Numbers and durations in words.

use circuitscope_picture::strip::text::count_text;

/// A number with about three significant digits.
pub fn short(x: f64) -> String {
    let size = x.abs();
    if size != 0.0 && !(1e-3..1e5).contains(&size) {
        format!("{x:.1e}")
    } else if size < 1.0 {
        format!("{x:.4}")
    } else if size < 10.0 {
        format!("{x:.3}")
    } else {
        format!("{x:.1}")
    }
}

/// `12,345`
pub fn grouped(n: usize) -> String {
    count_text(n)
}

/// `1 edge`, `12,345 edges`; `noun` is the word for one.
pub fn counted(n: usize, noun: &str) -> String {
    let ending = match noun {
        _ if n == 1 => "",
        _ if noun.ends_with('s') => "es",
        _ => "s",
    };
    format!("{} {noun}{ending}", grouped(n))
}

/// A duration in milliseconds, roughly.
pub fn duration(ms: f64) -> String {
    let s = ms / 1000.0;
    match s {
        _ if s < 1.0 => "less than a second".to_owned(),
        _ if s < 10.0 => format!("{s:.1} s"),
        _ if s < 90.0 => format!("{s:.0} s"),
        _ if s < 5400.0 => format!("{:.0} min", s / 60.0),
        _ => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0.0, 1.0, -0.0123, 12.345, 1e-7, 3.2e6].map(short),
            ["0.0000", "1.000", "-0.0123", "12.3", "1.0e-7", "3.2e6"]
        );
    }

    #[test]
    fn one_of_a_thing_is_not_several() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "head")), ["0 heads", "1 head", "2 heads"]);
        assert_eq!([1, 12_345].map(|n| counted(n, "forward pass")), ["1 forward pass", "12,345 forward passes"]);
    }

    #[test]
    fn durations_are_rough() {
        assert_eq!(
            [20.0, 2_340.0, 40_000.0, 200_000.0, 7_200_000.0].map(duration),
            ["less than a second", "2.3 s", "40 s", "3 min", "2.0 h"]
        );
    }
}
