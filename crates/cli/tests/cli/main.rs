//! The program as it is run: every subcommand on good and on bad input. What it computes is held against the reference cases.

mod convert;
mod discover;
mod draw;
mod figure;
mod help;
mod models;
mod run;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use circuitscope_core::Algorithm;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use safetensors::SafeTensors;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Bad input, or something failed.
const FAILED: i32 = 1;
/// The command line is wrong.
const USAGE: i32 = 2;

fn circuitscope(args: &[&str]) -> Assert {
    Command::new(env!("CARGO_BIN_EXE_circuitscope")).args(args).assert()
}

#[track_caller]
fn refused(args: &[&str], code: i32, says: &[&str]) {
    let assert = circuitscope(args).code(code).stdout("").stderr(contains("error: ").count(1));
    says.iter().fold(assert, |assert, text| assert.stderr(contains(*text)));
}

/// A path below the project's fixtures.
fn fixture(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(path);
    path.to_str().unwrap().to_owned()
}

/// A file of the reference case `gpt2`.
fn gpt2(file: &str) -> String {
    fixture(&format!("cases/gpt2/{file}"))
}

/// A file in a folder of the test's own.
fn temp(dir: &TempDir, file: &str) -> String {
    dir.path().join(file).to_str().unwrap().to_owned()
}

fn write(dir: &TempDir, file: &str, text: &str) -> String {
    let path = temp(dir, file);
    fs::write(&path, text).unwrap();
    path
}

fn read_json(path: impl Into<PathBuf>) -> Value {
    serde_json::from_slice(&fs::read(path.into()).unwrap()).unwrap()
}

fn stdout_json(args: &[&str]) -> Value {
    serde_json::from_slice(&circuitscope(args).success().get_output().stdout).unwrap()
}

/// The tensors of a safetensors file, by name.
fn tensors(bytes: &[u8]) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let numbers = |bytes: &[u8]| bytes.chunks(4).map(|x| f32::from_le_bytes(x.try_into().unwrap())).collect();
    let mut tensors: Vec<_> =
        file.iter().map(|(name, t)| (name.to_owned(), t.shape().to_vec(), numbers(t.data()))).collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors
}

fn tensor(path: &str, name: &str) -> (Vec<usize>, Vec<f32>) {
    let tensors = tensors(&fs::read(path).unwrap());
    let (_, shape, numbers) = tensors.into_iter().find(|t| t.0 == name).unwrap_or_else(|| panic!("{path}: no {name}"));
    (shape, numbers)
}

/// `[edge count, value]` pairs of metrics, as a case has them and as `--metrics FILE.json` does.
#[track_caller]
fn assert_metrics(found: &Value, expected: &Value) {
    for (key, points) in expected.as_object().unwrap() {
        let found = found["metrics"][key]["values"].as_array().unwrap();
        let points = points.as_array().unwrap();
        assert_eq!(found.len(), points.len(), "{key}");
        for (found, expected) in found.iter().zip(points) {
            let [f, e] = [found, expected].map(|point| point[1].as_f64().unwrap());
            assert!(
                found[0] == expected[0] && (f - e).abs() <= 1e-4 + 1e-3 * e.abs(),
                "{key}: {found}, not {expected}"
            );
        }
    }
}
