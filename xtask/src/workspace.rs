//! Where things are, and how programs are run there.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};
use std::{env, io};

/// An error is printed once, by `main`, so its text is all there is to it.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The clone and the cache beside it.
pub struct Workspace {
    /// The clone's top folder.
    pub root: PathBuf,
    /// Installed tools and build output, outside the clone, so that the next clone finds them.
    pub cache: PathBuf,
}

impl Workspace {
    /// The workspace that cargo started this program for.
    ///
    /// # Errors
    /// When it was not cargo that started it, or there is no home folder to keep a cache in.
    pub fn find() -> Result<Self> {
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR").ok_or("start this as `cargo xtask`")?;
        let root = Path::new(&manifest_dir).parent().ok_or("xtask has no folder above it")?.to_owned();
        Ok(Self { root, cache: cache_dir()? })
    }

    /// A program to run in the clone, with the installed tools first on its path.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("PATH", self.path());
        command.env("CARGO_TARGET_DIR", self.target_dir());
        // trunk takes only `true` and `false` for what others take anything for.
        if env::var_os("NO_COLOR").is_some() {
            command.env("NO_COLOR", "true");
        }
        command
    }

    /// Says what is run, runs it and says how long it took.
    ///
    /// # Errors
    /// When it cannot be started or fails.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        let line = shown(command);
        eprintln!("\n$ {line}");
        let start = Instant::now();
        let status = command.status().map_err(|error| format!("`{line}` could not be started: {error}"))?;
        if !status.success() {
            return Err(format!("`{line}` failed: {status}").into());
        }
        eprintln!("  took {:.0} s", start.elapsed().as_secs_f64());
        Ok(())
    }

    /// Makes cargo compile this clone's own code anew if another clone was the last to use the build output.
    ///
    /// What cargo built of the two has the same names, and cargo only asks whether a source is newer than that.
    ///
    /// # Errors
    /// When a file's time cannot be set.
    pub fn claim_build_output(&self) -> Result<()> {
        let (mark, root) = (self.target_dir().join("clone.txt"), self.root.to_string_lossy());
        if fs::read_to_string(&mark).is_ok_and(|clone| clone == root) {
            return Ok(());
        }
        let sources = ["src", "crates", "tests", "benches", "xtask"].map(|dir| self.root.join(dir));
        for dir in sources.iter().filter(|dir| dir.is_dir()) {
            for file in files(dir)?.iter().filter(|file| file.extension().is_some_and(|e| e == "rs")) {
                File::options().append(true).open(file)?.set_modified(SystemTime::now())?;
            }
        }
        fs::create_dir_all(self.target_dir())?;
        fs::write(mark, root.as_bytes())?;
        Ok(())
    }

    /// Where cargo puts what it builds.
    fn target_dir(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.cache.join("target"), PathBuf::from)
    }

    /// Where `cargo install` and npm put programs.
    pub fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    fn path(&self) -> OsString {
        let found = env::var_os("PATH").unwrap_or_default();
        let dirs = std::iter::once(self.tools().join("bin")).chain(env::split_paths(&found));
        env::join_paths(dirs).unwrap_or(found)
    }
}

/// What a program prints for a question such as `trunk --version`; nothing where there is no such program.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// All files below a folder, sorted.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn cache_dir() -> Result<PathBuf> {
    let dir = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let xdg = || dir("XDG_CACHE_HOME").map(|cache| cache.join("circuitscope"));
    let home = || dir("HOME").or_else(|| dir("USERPROFILE")).map(|home| home.join(".cache").join("circuitscope"));
    let cache = dir("CIRCUITSCOPE_CACHE").or_else(xdg).or_else(home);
    let cache = cache.ok_or("no home folder; name one for the cache in CIRCUITSCOPE_CACHE")?;
    std::path::absolute(&cache).map_err(|error| format!("{}: {error}", cache.display()).into())
}

/// A command as one would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
