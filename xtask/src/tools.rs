//! Installs what is missing. What is there at the right version, in the cache or on the path, is left alone.

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::{Result, Workspace, answer};

/// trunk 0.22 asks for a newer rustc than `rust-toolchain.toml` pins.
const TRUNK_VERSION: &str = "0.21.14";
/// wasm-opt as an npm package. Older ones (Debian 12's 108) reject the instructions that this rustc emits.
const BINARYEN_VERSION: &str = "132.0.0";
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The tools are run for seconds and compiled for minutes: compile them quickly.
const QUICK_COMPILE: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
];

/// Everything that building the site takes: the wasm target, wasm-bindgen, trunk, and the crates of the lock file.
///
/// # Errors
/// When one of them cannot be installed.
pub fn ensure_builders(workspace: &Workspace) -> Result<()> {
    workspace.claim_build_output()?;
    ensure_wasm_target(workspace)?;
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock"))?;
    let wasm_bindgen = locked_version(&lock, "wasm-bindgen").ok_or("Cargo.lock names no wasm-bindgen")?;
    // Its own lock file names a dependency that the registry no longer has.
    ensure_cargo_tool(workspace, "wasm-bindgen", &["wasm-bindgen-cli", "--version", wasm_bindgen])?;
    ensure_cargo_tool(workspace, "trunk", &["trunk", "--locked", "--version", TRUNK_VERSION])?;
    // trunk is then run without the network, lest it fetch tools of its own.
    workspace.run(workspace.command("cargo").args(["fetch", "--quiet", "--locked"]))
}

fn ensure_wasm_target(workspace: &Workspace) -> Result<()> {
    let libdir = answer(workspace.command("rustc").args(["--print", "target-libdir", "--target", WASM_TARGET]));
    if libdir.is_some_and(|libdir| Path::new(&libdir).is_dir()) {
        return Ok(());
    }
    workspace.run(workspace.command("rustup").args(["target", "add", WASM_TARGET]))
}

/// Installs a program with the arguments of `cargo install`, the last of which is the version.
fn ensure_cargo_tool(workspace: &Workspace, program: &str, install: &[&str]) -> Result<()> {
    let version = install.last().copied().unwrap_or_default();
    let found = answer(workspace.command(program).arg("--version")).unwrap_or_default();
    if found.split_whitespace().any(|word| word == version) {
        return Ok(());
    }
    eprintln!("Installing {program} {version} in {}", workspace.tools().display());
    let mut command = workspace.command("cargo");
    command.args(["install", "--quiet", "--root"]).arg(workspace.tools()).args(install).envs(QUICK_COMPILE);
    // Without a target folder of ours cargo compiles it in a temporary one.
    workspace.run(command.env_remove("CARGO_TARGET_DIR"))
}

/// The version of a package in the text of a `Cargo.lock`.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

/// The path of wasm-opt.
///
/// # Errors
/// When it cannot be installed.
pub fn ensure_wasm_opt(workspace: &Workspace) -> Result<PathBuf> {
    let dir = workspace.cache.join("npm").join(format!("binaryen-{BINARYEN_VERSION}"));
    let wasm_opt = dir.join("node_modules").join(".bin").join("wasm-opt");
    if !wasm_opt.exists() {
        eprintln!("Installing wasm-opt {BINARYEN_VERSION} in {}", dir.display());
        fs::create_dir_all(&dir)?;
        let package = format!("binaryen@{BINARYEN_VERSION}");
        npm(workspace, &dir, &["install", "--no-save", &package])?;
    }
    Ok(wasm_opt)
}

/// The folder of npm packages with the drivers of the browser tests and the compiler that checks types.
///
/// # Errors
/// When it cannot be installed.
pub fn ensure_node_modules(workspace: &Workspace) -> Result<PathBuf> {
    ensure_locked(workspace, "tests/web", "web", "the browser drivers and TypeScript")
}

/// The folder of npm packages with Vite, which bundles the npm package in a test.
///
/// # Errors
/// When it cannot be installed.
pub fn ensure_vite(workspace: &Workspace) -> Result<PathBuf> {
    ensure_locked(workspace, "tests/web/vite", "vite", "Vite")
}

/// Installs the packages of a lock file of the clone in a folder of the cache, which it gives.
fn ensure_locked(workspace: &Workspace, from: &str, name: &str, what: &str) -> Result<PathBuf> {
    let (from, dir) = (workspace.root.join(from), workspace.cache.join("npm").join(name));
    let (wanted, installed) = (from.join("package-lock.json"), dir.join("installed-package-lock.json"));
    let node_modules = dir.join("node_modules");
    let lock = fs::read(&wanted).map_err(|error| format!("{}: {error}", wanted.display()))?;
    if fs::read(&installed).is_ok_and(|found| found == lock) && node_modules.is_dir() {
        return Ok(node_modules);
    }
    eprintln!("Installing {what} in {}", dir.display());
    fs::create_dir_all(&dir)?;
    for file in ["package.json", "package-lock.json", ".npmrc"] {
        let from = from.join(file);
        fs::copy(&from, dir.join(file)).map_err(|error| format!("{}: {error}", from.display()))?;
    }
    npm(workspace, &dir, &["ci"])?;
    fs::write(installed, lock)?;
    Ok(node_modules)
}

fn npm(workspace: &Workspace, dir: &Path, args: &[&str]) -> Result<()> {
    if answer(workspace.command("npm").arg("--version")).is_none() {
        return Err(
            "npm is needed, for wasm-opt, the browser drivers, TypeScript and Vite: install Node.js 20.19 or newer"
                .into(),
        );
    }
    let mut command = workspace.command("npm");
    workspace.run(command.current_dir(dir).args(args).args(["--no-audit", "--no-fund"]))
}

/// The path of a Chromium: `$CHROMIUM`, or one that is installed, or on Debian as root one that apt installs.
///
/// # Errors
/// When there is none and it cannot be installed; the message says what to do.
pub fn ensure_chromium(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        let error = || format!("CHROMIUM should name a browser, found {}", path.display());
        return if path.is_file() { Ok(path) } else { Err(error().into()) };
    }
    if let Some(path) = find_chromium() {
        return Ok(path);
    }
    if !has_apt(workspace) {
        return Err("Chromium is needed for the browser tests: install it (on Debian, as root: \
                    apt-get install chromium), or name one you have: CHROMIUM=/path/to/chromium"
            .into());
    }
    apt_install(workspace, &["chromium"])?;
    find_chromium().ok_or_else(|| "apt installed no chromium; name a browser: CHROMIUM=/path/to/chromium".into())
}

fn find_chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    let on_a_mac = [
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ];
    find_on_path(&names).or_else(|| on_a_mac.map(PathBuf::from).into_iter().find(|path| path.is_file()))
}

/// The first of some programs that is on the path.
fn find_on_path(names: &[&str]) -> Option<PathBuf> {
    let dirs: Vec<_> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    names.iter().flat_map(|name| dirs.iter().map(move |dir| dir.join(name))).find(|path| path.is_file())
}

/// Whether packages can be installed without a question: on Debian, as root.
fn has_apt(workspace: &Workspace) -> bool {
    let root = answer(workspace.command("id").arg("-u")).is_some_and(|id| id == "0");
    root && Path::new("/etc/debian_version").exists()
}

fn apt_install(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    eprintln!("Installing {} through apt", packages.join(", "));
    let apt = || {
        let mut command = workspace.command("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    workspace.run(apt().args(["update", "-qq"]))?;
    workspace.run(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
}

/// A browser that the tests drive beside Chromium, where there is one.
struct OtherBrowser {
    name: &'static str,
    /// Its programs; of each any of some names.
    programs: &'static [&'static [&'static str]],
    /// The packages of Debian that have them.
    packages: &'static [&'static str],
    /// The variable by which a person names a program of theirs.
    named_by: Option<&'static str>,
    /// The variable that tells the tests why there is none.
    missing: &'static str,
}

/// `tests/web/engines` looks for the same programs.
const OTHER_BROWSERS: [OtherBrowser; 2] = [
    OtherBrowser {
        name: "Firefox",
        programs: &[&["firefox-esr", "firefox"]],
        packages: &["firefox-esr"],
        named_by: Some("FIREFOX"),
        missing: "CIRCUITSCOPE_NO_FIREFOX",
    },
    OtherBrowser {
        name: "WebKit",
        programs: &[&["WebKitWebDriver"], &["Xvfb"]],
        packages: &["webkit2gtk-driver", "xvfb"],
        named_by: None,
        missing: "CIRCUITSCOPE_NO_WEBKIT",
    },
];

/// Installs the browsers beside Chromium where it can be done. For each that is missing: a variable for the tests, and why.
pub fn ensure_other_browsers(workspace: &Workspace) -> Vec<(&'static str, String)> {
    let missing = OTHER_BROWSERS.iter().filter_map(|browser| Some((browser, why_missing(workspace, browser)?)));
    missing
        .map(|(OtherBrowser { name, missing, .. }, why)| {
            eprintln!("The tests in {name} will be skipped: {why}");
            (*missing, why)
        })
        .collect()
}

/// Why a browser is not here even after an attempt to install it; nothing if it is.
fn why_missing(workspace: &Workspace, browser: &OtherBrowser) -> Option<String> {
    let OtherBrowser { name, programs, packages, named_by, .. } = browser;
    let is_here = || programs.iter().all(|names| find_on_path(names).is_some());
    if named_by.is_some_and(|variable| std::env::var_os(variable).is_some()) || is_here() {
        return None;
    }
    let packages_named = packages.join(" ");
    if !has_apt(workspace) {
        return Some(format!("{name} is not installed (on Debian, as root: apt-get install {packages_named})"));
    }
    match apt_install(workspace, packages) {
        Err(error) => Some(format!("{name} could not be installed: {error}")),
        Ok(()) if is_here() => None,
        Ok(()) => Some(format!("{packages_named} of apt holds no {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn the_locked_version_is_that_of_the_very_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.1.0\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"registry\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
