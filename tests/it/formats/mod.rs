//! Scores in other programs' formats: against what those programs wrote, round trips as laws, and hostile files.

mod edge_lists;
mod mib;
mod readme;
mod round_trips;
mod torch;
mod written_elsewhere;

use std::io::{Cursor, Write};
use std::path::PathBuf;

use circuitscope_core::{
    CircuitError, Graph, GraphConfig, ModelConfig, ModelSize, PruneScores, ScoresInfo, Source, TensorFile,
};
use circuitscope_core::{Extent, FORMATS, FormatId, recognise, supported_files};
use circuitscope_formats::{
    File, FormatError, FoundScores, Session, TorchFile, TorchTensor, Wanted, WriteRequest, read_scores, write_scores,
};
use circuitscope_wire::reader::{Event, Request};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::support::{CASES, Case, CaseGraph, read_text};

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn wanted<'a>(model: &'a ModelConfig, pick: Option<&'a str>) -> Wanted<'a> {
    Wanted { model, graph: GraphConfig::default(), seq_len: None, pick }
}

/// Reads a file for the model of the case `gpt2`.
fn read(file: &str, bytes: &[u8], pick: Option<&str>) -> Result<FoundScores, FormatError> {
    read_scores(file, bytes, &wanted(&Case::open("gpt2").config(), pick))
}

#[track_caller]
fn refused(file: &str, bytes: &[u8], parts: &[&str]) {
    let message = read(file, bytes, None).expect_err(file).to_string();
    for part in parts.iter().chain([&file]) {
        assert!(message.contains(part), "{message:?} should say {part:?}");
    }
    assert!(message.len() < 2000, "{message:?} is short");
}

/// A generator of numbers (splitmix64; Steele, Lea and Flood 2014), so that a failure is found again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// Any number of 32 bits but NaN: infinite, subnormal and zeros of both signs too.
    fn score(&mut self) -> f32 {
        let bits = self.next();
        let special = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE, f32::MAX, 1e-45];
        let any = f32::from_bits(bits as u32);
        if bits >> 60 == 0 {
            special[(bits >> 32) as usize % special.len()]
        } else if any.is_nan() {
            1.5
        } else {
            any
        }
    }
}
