//! Makes `dist/`: trunk builds it, wasm-opt shrinks it, the build's name goes into it, and its size is checked.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::workspace::{Result, Workspace, files};
use crate::{offline, pages, tools};

/// What the page may weigh on the wire, in bytes after brotli.
const PAGE_LIMIT: usize = 940_000;
/// What the engine may weigh on the wire, in bytes after brotli.
pub const ENGINE_LIMIT: usize = 2_160_000;
/// What the reader of tokenizers and foreign formats may weigh on the wire, in bytes after brotli.
const READER_LIMIT: usize = 700_000;
/// What the viewer may weigh on the wire, in bytes after brotli: whoever reads a post with a figure in it fetches it.
pub const VIEWER_LIMIT: usize = 330_000;
/// What the element may weigh on the wire, in bytes after brotli: it is fetched before any figure is near the screen.
pub const ELEMENT_LIMIT: usize = 10_000;
/// `element.js` and what it imports.
const ELEMENT_FILES: [&str; 3] = ["element.js", "module/fetching.js", "module/poster.js"];
/// What the element fetches for its first figure.
const VIEWER_FILES: [&str; 2] = ["viewer.js", "viewer_bg.wasm"];
/// What the engine's worker fetches.
const ENGINE_FILES: [&str; 3] = ["engine-worker.js", "engine.js", "engine_bg.wasm"];
/// The same in browsers that have relaxed SIMD.
const RELAXED_FILES: [&str; 3] = ["engine-worker.js", "engine-relaxed.js", "engine-relaxed_bg.wasm"];
/// What the reader's worker fetches.
const READER_FILES: [&str; 3] = ["reader-worker.js", "reader.js", "reader_bg.wasm"];
/// Names the site's address for social networks, which want pictures by their whole addresses.
const ADDRESS: &str = "CIRCUITSCOPE_SITE";
/// Stands in the sources for the build's name.
pub const BUILD_ID: &str = "__BUILD_ID__";
/// The engine for browsers that have relaxed SIMD.
const RELAXED: &str = "engine-relaxed";
/// What rustc 1.95 emits for wasm32 with `simd128`. wasm-opt should use nothing beyond it.
const WASM_FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// Builds the static site in `dist/`, with the tools of [`tools::ensure_builders`].
///
/// # Errors
/// When wasm-opt cannot be installed, a tool fails, or a program of the site is above its size.
pub fn build(workspace: &Workspace) -> Result<()> {
    let wasm_opt = tools::ensure_wasm_opt(workspace)?;
    workspace.run(workspace.command("trunk").args(["build", "--offline", "true"]))?;
    let dist = workspace.root.join("dist");
    pages::write(&workspace.root, &dist)?;
    for wasm in files(&dist)?.iter().filter(|path| path.extension().is_some_and(|e| e == "wasm")) {
        shrink(workspace, &wasm_opt, wasm)?;
    }
    let build = stamp(&dist)?;
    offline::write(&dist, &build)?;
    hold_sizes(&dist)
}

/// Runs wasm-opt in place. The last result of each program is kept: a module that did not change takes no time.
fn shrink(workspace: &Workspace, wasm_opt: &Path, wasm: &Path) -> Result<()> {
    let kept = workspace.cache.join("wasm-opt");
    fs::create_dir_all(&kept)?;
    let name = match wasm.file_name().and_then(|name| name.to_str()) {
        Some("engine_bg.wasm") => "engine",
        Some("engine-relaxed_bg.wasm") => RELAXED,
        Some("reader_bg.wasm") => "reader",
        Some("viewer_bg.wasm") => "viewer",
        _ => "page",
    };
    let (before, after) = (kept.join(format!("{name}.before.wasm")), kept.join(format!("{name}.after.wasm")));
    let module = fs::read(wasm)?;
    if !(after.is_file() && fs::read(&before).is_ok_and(|kept| kept == module)) {
        if before.is_file() {
            fs::remove_file(&before)?;
        }
        let mut command = workspace.command(&wasm_opt.to_string_lossy());
        command.arg("-Oz").args(WASM_FEATURES);
        if name == RELAXED {
            command.arg("--enable-relaxed-simd");
        }
        workspace.run(command.arg("--output").arg(&after).arg(wasm))?;
        fs::write(before, module)?;
    }
    fs::copy(after, wasm)?;
    Ok(())
}

/// Writes the build's name, a hash of all its files, where [`BUILD_ID`] stands, and the site's address where [`pages::SITE_URL`] does. Gives
/// the name.
fn stamp(dist: &Path) -> Result<String> {
    let site_url = site_url();
    let mut hash = FNV_OFFSET;
    for path in files(dist)? {
        hash = fnv1a(hash, &fs::read(path)?);
    }
    let id = format!("{hash:016x}");
    for path in files(dist)? {
        let has_marks = path.extension().is_some_and(|extension| extension == "js" || extension == "html");
        if has_marks || path.ends_with(pages::OEMBED) {
            let text = fs::read_to_string(&path)?;
            let stamped = text.replace(BUILD_ID, &id).replace(pages::SITE_URL, &site_url);
            if stamped != text {
                fs::write(path, stamped)?;
            }
        }
    }
    Ok(id)
}

/// Where the site is going to be, from [`ADDRESS`]; empty where that is not known, for then addresses are relative.
fn site_url() -> String {
    let url = std::env::var(ADDRESS).unwrap_or_default();
    if url.is_empty() || url.ends_with('/') { url } else { url + "/" }
}

/// The offset basis of 64-bit FNV-1a (Fowler, Noll, Vo; RFC 9923).
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// 64-bit FNV-1a: short, and the same on every machine.
fn fnv1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Prints what each program weighs.
///
/// # Errors
/// When one weighs more than it may.
fn hold_sizes(dist: &Path) -> Result<()> {
    let worker = |names: [&str; 3]| names.map(|name| dist.join(name));
    let programs = [
        ("page", Size::of(&page_files(dist)?)?, PAGE_LIMIT),
        ("element", Size::of(&ELEMENT_FILES.map(|name| dist.join(name)))?, ELEMENT_LIMIT),
        ("viewer", Size::of(&VIEWER_FILES.map(|name| dist.join(name)))?, VIEWER_LIMIT),
        ("engine", Size::of(&worker(ENGINE_FILES))?, ENGINE_LIMIT),
        (RELAXED, Size::of(&worker(RELAXED_FILES))?, ENGINE_LIMIT),
        ("reader", Size::of(&worker(READER_FILES))?, READER_LIMIT),
    ];
    println!("\n               raw bytes   brotli     limit");
    for (name, size, limit) in programs {
        size.print(name, limit);
    }
    match programs.iter().find(|(_, size, limit)| size.brotli > *limit) {
        Some((name, size, limit)) => {
            Err(format!("the {name} should be at most {limit} bytes after brotli, found {}", size.brotli).into())
        }
        None => Ok(()),
    }
}

/// The page and the scripts, modules and styles that it names.
fn page_files(dist: &Path) -> Result<Vec<PathBuf>> {
    let index = dist.join("index.html");
    let html = fs::read_to_string(&index)?;
    let mut page = files(dist)?;
    page.retain(|path| {
        let loaded = path.extension().is_some_and(|e| e == "js" || e == "wasm" || e == "css");
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        loaded && path.parent() == Some(dist) && html.contains(&format!("/{name}\""))
    });
    // Without these, something else would be weighed.
    for kind in ["js", "wasm", "css"] {
        if !page.iter().any(|path| path.extension().is_some_and(|e| e == kind)) {
            return Err(format!("{} names no .{kind} file", index.display()).into());
        }
    }
    page.push(index);
    Ok(page)
}

/// What files weigh together, in bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Size {
    raw: usize,
    /// At quality 11, each file by itself, as a server sends them.
    brotli: usize,
}

impl Size {
    fn of(files: &[PathBuf]) -> Result<Self> {
        let mut size = Self { raw: 0, brotli: 0 };
        for file in files {
            let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            size.raw += bytes.len();
            size.brotli += brotli_len(&bytes)?;
        }
        Ok(size)
    }

    fn print(self, name: &str, limit: usize) {
        println!("{name:<14} {:>9} {:>8} {limit:>9}", self.raw, self.brotli);
    }
}

/// The length after brotli at quality 11 with the window of 4 MiB that servers use.
fn brotli_len(bytes: &[u8]) -> Result<usize> {
    let mut compressed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut compressed, 1 << 16, 11, 22);
    writer.write_all(bytes)?;
    drop(writer);
    Ok(compressed.len())
}

#[cfg(test)]
mod tests {
    use super::{FNV_OFFSET, brotli_len, fnv1a};

    #[test]
    fn fnv1a_gives_the_published_vectors() {
        // From the FNV reference's test vectors: the empty string, "a" and "foobar".
        assert_eq!(fnv1a(FNV_OFFSET, b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(FNV_OFFSET, b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(FNV_OFFSET, b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn brotli_shrinks_what_repeats_and_not_what_does_not() {
        let noise: Vec<u8> = (0..100_000_u64).map(|i| (fnv1a(FNV_OFFSET, &i.to_le_bytes()) >> 32) as u8).collect();
        assert!(brotli_len(&[7; 100_000]).unwrap() < 100);
        assert!(brotli_len(&noise).unwrap() > 99_000);
    }
}
