//! What the program says of itself.

use super::*;

#[test]
fn help_lists_what_there_is() {
    let rows: [(&[&str], &[&str]); 9] = [
        (
            &[],
            &[
                "run",
                "discover",
                "draw",
                "figure",
                "convert",
                "models",
                "completions",
                "Terms:",
                "prune score",
                "Exit codes:",
            ],
        ),
        (
            &["run"],
            &["--edge-counts", "--patch-type", "--ablation", "--metrics", "--svg", "--pick", "Examples:", "CMD"],
        ),
        (&["discover"], &["--algorithm", "--set", "--tokenizer", "--no-bos", "--no-pad", "--selection", "thresholds"]),
        (
            &["draw"],
            &["--score-threshold", "--edge-count", "--look", "--format", "--orientation", "--positions", "Examples:"],
        ),
        (&["figure"], &["--verify", "--tolerance", "--svg", "write", "Examples:"]),
        (&["figure", "write"], &["--edges", "--attention", "--caption", "--label", "{share:METRIC:K}", "Examples:"]),
        (&["convert"], &["--to", "--out", "--extent", "--pick", "edge-list-csv", "Examples:"]),
        (&["models"], &["--json", "Examples:"]),
        (&["completions"], &["bash", "zsh", "fish", "Examples:"]),
    ];
    for (command, texts) in rows {
        let assert = circuitscope(&[command, &["--help"]].concat()).success().stderr("");
        texts.iter().fold(assert, |assert, text| assert.stdout(contains(*text)));
    }
    refused(&["fly"], USAGE, &["unrecognized subcommand 'fly'"]);
    circuitscope(&[]).code(USAGE).stderr(contains("Usage: circuitscope"));
    circuitscope(&["--version"]).success().stdout(contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_know_commands_and_options() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        circuitscope(&["completions", shell]).success().stdout(contains("discover").and(contains("edge-count")));
    }
    for shell in ["bash", "zsh", "fish"] {
        circuitscope(&["completions", shell]).success().stdout(contains("tokenwise_mean_clean"));
    }
    refused(&["completions", "cmd"], USAGE, &["bash", "zsh"]);
}

#[test]
fn help_names_every_algorithm() {
    let assert = circuitscope(&["discover", "--help"]).success();
    let help = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    for algorithm in Algorithm::offered() {
        assert!(help.contains(algorithm.name()), "{}", algorithm.name());
    }
}
