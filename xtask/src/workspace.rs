//! Where things are, and how programs are run there.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// An error is told once, by `main`, so its text is all there is to it.
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
        if env::var_os("CARGO_TARGET_DIR").is_none() {
            command.env("CARGO_TARGET_DIR", self.cache.join("target"));
        }
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
