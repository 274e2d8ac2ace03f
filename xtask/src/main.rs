//! `cargo xtask serve | build | pages | cards | npm | test | train | schema | check-types`: sets up what is missing, then does it.
//!
//! [`tools`] installs, at the versions that the project asks for, into a cache outside the clone; [`site`] builds the static
//! site, shrinks it and holds it to its size; [`pages`] writes the pages around the tool, [`offline`] the list of what is kept for
//! later visits; [`npm`] makes a package of the site; [`types`] writes and checks the types of the JavaScript module; [`browser`]
//! runs the tests that need one; [`train`] makes the demos' models.

mod browser;
mod npm;
mod offline;
mod pages;
mod site;
mod tools;
mod train;
mod types;
mod workspace;

use std::process::ExitCode;

use workspace::{Result, Workspace};

const USAGE: &str = "\
Usage: cargo xtask <command>

  serve [trunk's options]  builds the site, serves it on http://127.0.0.1:8080 and rebuilds it when a file changes
  build                    makes the static site in dist/, ready for any host
  pages                    writes the pages around the tool into a built site anew, in dist/
  cards                    draws the pictures of the demos that social networks show, over a built site
  npm                      makes the npm package of a built site, for `npm pack`
  test [--webgpu-all]      runs every test there is: native, then in Chromium, and a short one in Firefox and WebKit;
                           --webgpu-all also compares every reference run on WebGPU, not one of each graph
  train NAME [options]     trains the model of a demo anew, ioi, induction or greater-than, scores its edges and records
                           its figure;
                           options: --seed N, --steps N, --device cpu|gpu|auto
  schema                   writes the types and names of the JavaScript module anew, www/module/schema.*
  check-types              checks the types of the JavaScript module and of an example that uses it

Each installs what it misses, in $CIRCUITSCOPE_CACHE (else $XDG_CACHE_HOME/circuitscope, else ~/.cache/circuitscope).
$CHROMIUM and $FIREFOX name the browsers, if they are not found by themselves.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[&str]) -> Result<()> {
    match args {
        ["serve", options @ ..] => serve(&Workspace::find()?, options),
        ["build"] => build(&Workspace::find()?),
        ["npm"] => npm(&Workspace::find()?),
        ["cards"] => cards(&Workspace::find()?),
        ["pages"] => pages(&Workspace::find()?),
        ["test"] => test(&Workspace::find()?, false),
        ["test", "--webgpu-all"] => test(&Workspace::find()?, true),
        ["train", name, options @ ..] => train::train(&Workspace::find()?, name, options),
        ["schema"] => types::write_schema(&Workspace::find()?),
        ["check-types"] => check_types(&Workspace::find()?),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(format!(
            "expected serve, build, pages, cards, npm, test, train, schema or check-types, found {args:?}\n\n{USAGE}"
        )
        .into()),
    }
}

fn serve(workspace: &Workspace, options: &[&str]) -> Result<()> {
    tools::ensure_builders(workspace)?;
    let root = workspace.root.clone();
    std::thread::spawn(move || pages::keep_written(&root));
    workspace.run(workspace.command("trunk").args(["serve", "--offline", "true"]).args(options))
}

fn build(workspace: &Workspace) -> Result<()> {
    tools::ensure_builders(workspace)?;
    site::build(workspace)
}

fn npm(workspace: &Workspace) -> Result<()> {
    let package = npm::make(workspace)?;
    println!("The package is in {}: `npm pack` makes one file of it", package.display());
    Ok(())
}

fn pages(workspace: &Workspace) -> Result<()> {
    pages::write(&workspace.root, &workspace.root.join("dist"))
}

fn check_types(workspace: &Workspace) -> Result<()> {
    types::check(workspace, &tools::ensure_node_modules(workspace)?)
}

fn cards(workspace: &Workspace) -> Result<()> {
    browser::cards(workspace, &tools::ensure_chromium(workspace)?, &tools::ensure_node_modules(workspace)?)
}

/// Types and native tests come first: they need neither the site nor a browser.
fn test(workspace: &Workspace, webgpu_all: bool) -> Result<()> {
    tools::ensure_builders(workspace)?;
    let chromium = tools::ensure_chromium(workspace)?;
    let missing = tools::ensure_other_browsers(workspace);
    let node_modules = tools::ensure_node_modules(workspace)?;
    let vite = tools::ensure_vite(workspace)?;
    types::check(workspace, &node_modules)?;
    workspace.run(workspace.command("cargo").args(["test", "--workspace", "--locked"]))?;
    site::build(workspace)?;
    npm::make(workspace)?;
    browser::test(workspace, &browser::Browser { chromium, missing, node_modules, vite, webgpu_all })
}
