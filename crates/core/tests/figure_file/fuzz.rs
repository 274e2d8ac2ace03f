//! Figures with damage of every kind: each is read or refused in words, and none ends the program.

use circuitscope_core::FigureFile;
use serde_json::{Value, json};

use super::random::Random;
use super::sample::{demo, full};

/// Reads a text; whether it was a figure. What was read can be written, and is then the same.
fn read(text: &str) -> bool {
    match FigureFile::from_json("f", text) {
        Ok(figure) => {
            let json = figure.to_json("f").unwrap_or_else(|error| panic!("read, but not written: {error}\n{text}"));
            assert_eq!(FigureFile::from_json("f", &json).as_ref(), Ok(&figure));
            true
        }
        Err(error) => {
            let error = error.to_string();
            assert!(error.starts_with('f') && error.len() < 2_000, "{error}");
            assert!(!error.contains(|c: char| c.is_control()), "{error:?}");
            false
        }
    }
}

#[test]
fn truncated() {
    let mut random = Random(1);
    let json = full().to_json("f").unwrap();
    assert!(read(&json));
    for _ in 0..500 {
        let mut end = random.below(json.len());
        while !json.is_char_boundary(end) {
            end -= 1;
        }
        assert!(!read(&json[..end]), "{end}");
    }
}

#[test]
fn with_other_bytes() {
    let mut random = Random(2);
    let json = full().to_json("f").unwrap();
    let mut n_read = 0;
    for _ in 0..1_500 {
        let mut bytes = json.clone().into_bytes();
        for _ in 0..=random.below(3) {
            // Half of the time what JSON is made of.
            let byte = if random.below(2) == 0 { b"{}[]\",:0e-\\"[random.below(11)] } else { random.next() as u8 };
            let at = random.below(bytes.len());
            bytes[at] = byte;
        }
        n_read += usize::from(read(&String::from_utf8_lossy(&bytes)));
    }
    assert!((1..1_500).contains(&n_read), "{n_read} of 1500 were read: some changes are harmless, and others are not");
}

#[test]
fn with_parts_cut_out_and_doubled() {
    let mut random = Random(3);
    let json = full().to_json("f").unwrap();
    for _ in 0..500 {
        let (a, b) = (random.below(json.len()), random.below(json.len()));
        let (start, end) = (a.min(b), a.max(b).min(a.min(b) + 200));
        let (Some(part), Some(before), Some(after)) = (json.get(start..end), json.get(..start), json.get(end..)) else {
            continue;
        };
        read(&format!("{before}{after}"));
        read(&format!("{before}{part}{part}{after}"));
    }
}

#[test]
fn with_values_of_other_types() {
    let mut random = Random(4);
    for figure in [full(), demo()] {
        let figure: Value = serde_json::from_str(&figure.to_json("f").unwrap()).unwrap();
        let n_values = count(&figure);
        for _ in 0..500 {
            let mut changed = figure.clone();
            let other = [
                json!(null),
                json!(true),
                json!(-1),
                json!(0),
                json!(1e300),
                json!(u64::MAX),
                json!(""),
                json!("a\u{0}"),
                json!([]),
                json!([[[]]]),
                json!({}),
                json!({"edges": 1}),
                json!(1_u64 << 53),
                json!("edges"),
                json!({"f32": "AACAfw=="}),
            ];
            let mut left = random.below(n_values);
            replace(&mut changed, &mut left, &other[random.below(other.len())]);
            read(&changed.to_string());
        }
    }
}

/// How many values there are in a value, itself among them.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum::<usize>(),
        Value::Object(object) => object.values().map(count).sum(),
        _ => 0,
    }
}

/// Puts another value in place of the one of a number.
fn replace(value: &mut Value, left: &mut usize, other: &Value) -> bool {
    if *left == 0 {
        *value = other.clone();
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(list) => list.iter_mut().any(|item| replace(item, left, other)),
        Value::Object(object) => object.values_mut().any(|item| replace(item, left, other)),
        _ => false,
    }
}
