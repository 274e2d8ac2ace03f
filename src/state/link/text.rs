//! A link as text and back.
//!
//! | key | value |
//! | --- | --- |
//! | `v` | the version of these keys, 1 |
//! | `weights`, `config`, `prompts`, `scores`, `tokenizer`, `tokenizerConfig` | a file: hash or `-`, size in bytes, name; shards of weights one after another |
//! | `pick`; `bos`, `pad` | which scores of a file; how text prompts are read |
//! | a field of [`RunSettings`] | where it is not as usual |
//! | `k`; `edge` | the edge count; an edge's name or index and its mask, once for each changed edge, or nothing where none is |
//! | `select` | a node's or an edge's name, or nothing |
//! | `look`, `orientation`, `heads`, `opened`, `closed`, `path`, `focus`, `window`, `ports`, `compact`, `spacing`, `positions` | the view |
//! | `measure`, `log`, `prompt`, `position`, `drawer` | what is plotted and looked at |
//! | `compare`; `compareSize` | an edge count of the same scores, `official`, `demo`, or a file as above; how many edges of it |
//! | `differences` | whether only differences are drawn |
//! | `find`; `find-…` | the algorithm of the next search, by its key; what is entered in a field of it, by its control's id |
//!
//! What is as the example has it (the demo, or a figure that the address names before the fragment) is not said.
//!
//! Whoever made a link may have written anything: unknown keys are passed over, and so are values that are wrong, each with a note.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::{Map, Value};

use super::{FileHash, Link, LinkedCircuit, LinkedFile, Usual, form};
use crate::state::files::Role;
use crate::state::picture::{Look, View};
use crate::state::screen::Drawer;
use circuitscope_core::{EdgeCounts, Metric, RunSettings};
use circuitscope_picture::Orientation;
use circuitscope_picture::view::{Focus, Heads};
use circuitscope_wire::engine::{EdgeRef, MaskEdit};

/// Longer fragments are not read. Firefox takes addresses of a megabyte; two thousand changed edges are about 60 kB.
const MAX_BYTES: usize = 1 << 20;
/// Longer names are none of a file, a node or an edge. File systems allow 255 bytes.
const MAX_NAME: usize = 300;
/// As much of a wrong value is said again, in characters,
const MAX_QUOTED: usize = 60;
/// and as many wrong values are named, so that a remark about a link stays some lines long.
const MAX_NOTES: usize = 6;

const VERSION: &str = "1";
const OFFICIAL: &str = "official";
const DEMO: &str = "demo";
const FIELD: &str = "find-";
/// No algorithm has so many fields.
const MAX_FIELDS: usize = 40;
const ROLES: [(Role, &str); 6] = [
    (Role::Weights, "weights"),
    (Role::Config, "config"),
    (Role::Prompts, "prompts"),
    (Role::Scores, "scores"),
    (Role::Tokenizer, "tokenizer"),
    (Role::TokenizerConfig, "tokenizerConfig"),
];
const LOOKS: [(Look, &str); 3] = [(Look::Flow, "flow"), (Look::Matrix, "matrix"), (Look::AutoCircuit, "auto-circuit")];
const ORIENTATIONS: [(Orientation, &str); 2] =
    [(Orientation::Horizontal, "horizontal"), (Orientation::Vertical, "vertical")];
const HEADS: [(Heads, &str); 3] = [(Heads::Auto, "auto"), (Heads::Apart, "apart"), (Heads::ByLayer, "layers")];
const SWITCH: [(bool, &str); 2] = [(false, "0"), (true, "1")];

type Pairs = Vec<(String, String)>;
/// A value, or what was expected.
type Read<T> = Result<T, &'static str>;

impl Link {
    /// The fragment without `#`; empty where everything is as usual.
    pub fn write(&self, usual: &Usual) -> String {
        let (mut pairs, usual) = (Pairs::new(), usual.link(&self.files));
        self.write_files(&mut pairs);
        write_run(&mut pairs, &self.run, &usual.run);
        self.write_circuit(&mut pairs, &usual);
        write_view(&mut pairs, &self.view, &usual.view);
        self.write_rest(&mut pairs, &usual);
        if !pairs.is_empty() {
            pairs.insert(0, pair("v", VERSION));
        }
        form::write(&pairs)
    }

    fn write_files(&self, pairs: &mut Pairs) {
        pairs.extend(self.files.iter().map(|file| pair(name_of(&ROLES, file.role), &file_text(file))));
        pairs.extend(self.pick.iter().map(|pick| pair("pick", pick)));
        for (key, on) in [("bos", self.texts.prepend_bos), ("pad", self.texts.pad)] {
            pairs.extend((!on).then(|| pair(key, "0")));
        }
    }

    fn write_circuit(&self, pairs: &mut Pairs, usual: &Self) {
        pairs.extend(self.requested.filter(|_| self.requested != usual.requested).map(|k| pair("k", &k.to_string())));
        let edits = if self.edits == usual.edits { &[][..] } else { &self.edits };
        pairs.extend((self.edits.is_empty() && !usual.edits.is_empty()).then(|| pair("edge", "")));
        for MaskEdit { edge, mask } in edits {
            pairs.push(match edge {
                EdgeRef::Idx(edge_idx) => pair("edge", &format!("{edge_idx},{mask}")),
                EdgeRef::Name(name) => pair("edge", &format!("{name},{mask}")),
            });
        }
        let selection = self.selection.as_deref().unwrap_or_default();
        pairs.extend((self.selection != usual.selection).then(|| pair("select", selection)));
    }

    fn write_rest(&self, pairs: &mut Pairs, usual: &Self) {
        pairs.extend((self.metric != usual.metric).then(|| pair("measure", self.metric.key())));
        let log_y = self.log_y.map_or("", |log_y| name_of(&SWITCH, log_y));
        pairs.extend((self.log_y != usual.log_y).then(|| pair("log", log_y)));
        for (key, index, usual) in [("prompt", self.prompt, usual.prompt), ("position", self.position, usual.position)]
        {
            pairs.extend((index != usual).then(|| pair(key, &index.to_string())));
        }
        pairs.extend(self.drawer.map(|drawer| pair("drawer", drawer.key())));
        pairs.extend(self.compare.as_ref().map(|compare| match compare {
            LinkedCircuit::Size(n_edges) => pair("compare", &n_edges.to_string()),
            LinkedCircuit::Official => pair("compare", OFFICIAL),
            LinkedCircuit::Demo => pair("compare", DEMO),
            LinkedCircuit::File(file) => pair("compare", &file_text(file)),
        }));
        pairs.extend(self.find.iter().map(|find| pair("find", find)));
        pairs.extend(self.find_fields.iter().map(|(id, text)| pair(id, text)));
        pairs.extend(self.compare_size.map(|n_edges| pair("compareSize", &n_edges.to_string())));
    }

    /// Reads a fragment, with or without `#`: a link, and what could not be read.
    pub fn read(text: &str, usual: &Usual) -> (Self, Vec<String>) {
        let text = text.trim_start_matches('#');
        if text.len() > MAX_BYTES {
            return (
                usual.link(&[]),
                vec![format!("the link should be at most {MAX_BYTES} bytes, found {}", text.len())],
            );
        }
        let mut notes = Vec::new();
        // The files decide what is usual.
        let (files, others): (Pairs, Pairs) = form::read(text).into_iter().partition(|(key, _)| role_of(key).is_some());
        let mut named = Self::default();
        named.read_all(&files, &mut notes);
        let mut link = Self { files: named.files.clone(), ..usual.link(&named.files) };
        if others.iter().any(|(key, _)| key == "edge") {
            link.edits.clear();
        }
        link.read_all(&others, &mut notes);
        (link, shortened(notes))
    }

    fn read_all(&mut self, pairs: &Pairs, notes: &mut Vec<String>) {
        for (key, value) in pairs {
            if let Err(expected) = self.read_pair(key, value) {
                let found: String = value.chars().take(MAX_QUOTED).collect();
                notes.push(format!("`{key}` should be {expected}, found {found:?}"));
            }
        }
    }

    fn read_pair(&mut self, key: &str, value: &str) -> Read<()> {
        let View { look, orientation, options, compact, layer_spacing, by_mask } = &mut self.view;
        match key {
            "v" if value != VERSION => return Err("1, the version that this page knows"),
            "pick" => self.pick = Some(name(value)?),
            "bos" => self.texts.prepend_bos = switch(value)?,
            "pad" => self.texts.pad = switch(value)?,
            "k" => self.requested = Some(number(value)?),
            "edge" if value.is_empty() => {}
            "edge" => self.edits.push(edit(value)?),
            "select" => self.selection = some(value, name)?,
            "look" => *look = named(&LOOKS, value, "flow, matrix or auto-circuit")?,
            "orientation" => *orientation = named(&ORIENTATIONS, value, "horizontal or vertical")?,
            "heads" => options.heads = named(&HEADS, value, "auto, apart or layers")?,
            "opened" => options.opened = numbers(value)?,
            "closed" => options.closed = numbers(value)?,
            "path" => options.on_path_only = switch(value)?,
            "focus" => options.focus = some(value, focus)?,
            "window" => options.window = some(value, window)?,
            "ports" => options.merge_ports = !switch(value)?,
            "compact" => *compact = switch(value)?,
            "spacing" => *layer_spacing = switch(value)?,
            "mask" => *by_mask = switch(value)?,
            "positions" => options.all_positions = switch(value)?,
            "differences" => options.differences_only = switch(value)?,
            "measure" => self.metric = metric(value)?,
            "log" => self.log_y = some(value, switch)?,
            "prompt" => self.prompt = number(value)?,
            "position" => self.position = number(value)?,
            "drawer" => self.drawer = Some(drawer(value)?),
            "compare" => self.compare = Some(compare(value)?),
            "find" => self.find = Some(name(value)?),
            _ if key.starts_with(FIELD) && self.find_fields.len() < MAX_FIELDS => {
                self.find_fields.push((name(key)?, name(value)?));
            }
            "compareSize" => self.compare_size = Some(number(value)?),
            _ => match role_of(key) {
                Some(role) => self.files.push(file(role, value)?),
                None => read_setting(&mut self.run, key, value)?,
            },
        }
        Ok(())
    }
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn shortened(mut notes: Vec<String>) -> Vec<String> {
    if notes.len() > MAX_NOTES {
        let n_more = notes.len() - MAX_NOTES;
        notes.truncate(MAX_NOTES);
        notes.push(format!("and {n_more} more"));
    }
    notes
}

/// The fields that are not as usual, by the names and values of serde; edge counts as a person types them.
fn write_run(pairs: &mut Pairs, run: &RunSettings, usual: &RunSettings) {
    let (run, usual) = (fields(run), fields(usual));
    let changed = run.iter().filter(|(key, value)| usual.get(*key) != Some(value));
    pairs.extend(changed.map(|(key, value)| pair(key, &setting_text(value))));
}

fn read_setting(run: &mut RunSettings, key: &str, text: &str) -> Read<()> {
    let mut fields = fields(run);
    let Some(present) = fields.get(key) else { return Ok(()) };
    let wrong = "a value of this setting";
    let value = setting_value(key, text, present).ok_or(wrong)?;
    fields.insert(key.to_owned(), value);
    *run = serde_json::from_value(Value::Object(fields)).map_err(|_| wrong)?;
    Ok(())
}

fn fields(run: &RunSettings) -> Map<String, Value> {
    match serde_json::to_value(run) {
        Ok(Value::Object(fields)) => fields,
        // A struct of names and numbers is an object.
        _ => Map::new(),
    }
}

fn setting_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(list) => {
            let counts = list.get("list").and_then(Value::as_array).into_iter().flatten();
            counts.map(Value::to_string).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

/// A value of the kind that the field has.
fn setting_value(key: &str, text: &str, present: &Value) -> Option<Value> {
    if key == "edgeCounts" {
        return serde_json::to_value(EdgeCounts::parse(text).ok()?).ok();
    }
    match present {
        Value::Bool(_) => text.parse().ok().map(Value::Bool),
        Value::Number(_) => number(text).ok().map(Value::from),
        _ => Some(Value::String(text.to_owned())),
    }
}

/// What of a view is not as usual.
fn write_view(pairs: &mut Pairs, view: &View, usual: &View) {
    let usual = view_pairs(usual);
    pairs.extend(view_pairs(view).into_iter().zip(usual).filter(|(now, usual)| now != usual).map(|(now, _)| now));
}

/// All that a link can say of a view, in one order.
fn view_pairs(view: &View) -> Pairs {
    let View { look, orientation, options, compact, layer_spacing, by_mask } = view;
    let blocks = |blocks: &BTreeSet<usize>| blocks.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let focus = options.focus.as_ref().map_or_else(String::new, |Focus { name, hops }| {
        hops.map_or_else(|| name.clone(), |hops| format!("{name},{hops}"))
    });
    let window = options.window.as_ref().map_or_else(String::new, |window| format!("{}-{}", window.start, window.end));
    let texts = [
        pair("look", name_of(&LOOKS, *look)),
        pair("orientation", name_of(&ORIENTATIONS, *orientation)),
        pair("heads", name_of(&HEADS, options.heads)),
        pair("opened", &blocks(&options.opened)),
        pair("closed", &blocks(&options.closed)),
        pair("focus", &focus),
        pair("window", &window),
    ];
    let switches = [
        ("ports", !options.merge_ports),
        ("path", options.on_path_only),
        ("compact", *compact),
        ("spacing", *layer_spacing),
        ("mask", *by_mask),
        ("positions", options.all_positions),
        ("differences", options.differences_only),
    ];
    texts.into_iter().chain(switches.map(|(key, on)| pair(key, name_of(&SWITCH, on)))).collect()
}

/// A value, or none where the text is empty.
fn some<T>(text: &str, read: impl Fn(&str) -> Read<T>) -> Read<Option<T>> {
    if text.is_empty() { Ok(None) } else { read(text).map(Some) }
}

/// A name, and how many hops around it.
fn focus(text: &str) -> Read<Focus> {
    let (node, hops) = match text.split_once(',') {
        Some((node, hops)) => (node, Some(number(hops)?)),
        None => (text, None),
    };
    Ok(Focus { name: name(node)?, hops })
}

/// The first block and the one after the last.
fn window(text: &str) -> Read<Range<usize>> {
    let expected = "the first block and the one after the last, such as 3-9";
    let (start, end) = text.split_once('-').ok_or(expected)?;
    let window = number(start)?..number(end)?;
    if window.is_empty() { Err(expected) } else { Ok(window) }
}

fn file_text(LinkedFile { name, n_bytes, hash, .. }: &LinkedFile) -> String {
    format!("{},{n_bytes},{name}", hash.as_ref().map_or("-", FileHash::digits))
}

fn file(role: Role, text: &str) -> Read<LinkedFile> {
    let expected = "a hash or -, a size and a name, with commas between";
    let mut parts = text.splitn(3, ',');
    let [Some(hash), Some(n_bytes), Some(file)] = [parts.next(), parts.next(), parts.next()] else {
        return Err(expected);
    };
    let hash = if hash == "-" { None } else { Some(FileHash::parse(hash).ok_or(expected)?) };
    let n_bytes = n_bytes.parse().map_err(|_| expected)?;
    Ok(LinkedFile { role, name: name(file)?, n_bytes, hash })
}

/// An edge's name or index, and its mask.
fn edit(text: &str) -> Read<MaskEdit> {
    let expected = "an edge and its mask from 0 to 1, such as A0.1->MLP 1,0.5";
    let (edge, mask) = text.rsplit_once(',').ok_or(expected)?;
    let mask: f32 = mask.parse().map_err(|_| expected)?;
    if !(0.0..=1.0).contains(&mask) {
        return Err(expected);
    }
    let edge = match edge.parse() {
        Ok(edge_idx) => EdgeRef::Idx(edge_idx),
        Err(_) => EdgeRef::Name(name(edge)?),
    };
    Ok(MaskEdit { edge, mask })
}

fn name(text: &str) -> Read<String> {
    let is_name = !text.is_empty() && text.len() <= MAX_NAME && !text.chars().any(char::is_control);
    if is_name { Ok(text.to_owned()) } else { Err("a name") }
}

fn number(text: &str) -> Read<usize> {
    text.parse().map_err(|_| "a number")
}

fn numbers(text: &str) -> Read<BTreeSet<usize>> {
    text.split(',').filter(|_| !text.is_empty()).map(number).collect()
}

fn switch(text: &str) -> Read<bool> {
    named(&SWITCH, text, "0 or 1")
}

fn metric(text: &str) -> Read<Metric> {
    Metric::ALL.into_iter().find(|metric| metric.key() == text).ok_or("a measure such as Clean KL Div")
}

fn drawer(text: &str) -> Read<Drawer> {
    Drawer::ALL.into_iter().find(|drawer| drawer.key() == text).ok_or("edges, circuits, settings or compare")
}

fn compare(text: &str) -> Read<LinkedCircuit> {
    match text {
        OFFICIAL => Ok(LinkedCircuit::Official),
        DEMO => Ok(LinkedCircuit::Demo),
        _ if text.contains(',') => file(Role::Scores, text).map(LinkedCircuit::File),
        _ => number(text).map(LinkedCircuit::Size).map_err(|_| "a number, official, demo or a file"),
    }
}

fn role_of(key: &str) -> Option<Role> {
    ROLES.into_iter().find(|(_, name)| *name == key).map(|(role, _)| role)
}

fn named<T: Copy, const N: usize>(names: &[(T, &str); N], text: &str, expected: &'static str) -> Read<T> {
    names.iter().find(|(_, name)| *name == text).map(|(value, _)| *value).ok_or(expected)
}

/// The name of a value; all values have one.
fn name_of<T: Copy + PartialEq, const N: usize>(names: &[(T, &'static str); N], value: T) -> &'static str {
    names.iter().find(|(named, _)| *named == value).map_or("", |(_, name)| name)
}

#[cfg(test)]
mod tests;
