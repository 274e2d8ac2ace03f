//! The workflow that publishes the site: that it is YAML, and does what the README says.

use std::path::Path;

use yaml_rust2::{Yaml, YamlLoader};

fn workflow() -> Yaml {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/workflows/pages.yml");
    let mut documents = YamlLoader::load_from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn steps(workflow: &Yaml) -> Vec<&Yaml> {
    let jobs = workflow["jobs"].as_hash().unwrap();
    jobs.values().flat_map(|job| job["steps"].as_vec().unwrap()).collect()
}

#[test]
fn it_runs_cargo_xtask_build_and_nothing_else() {
    let workflow = workflow();
    let steps = steps(&workflow);
    let run: Vec<_> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    assert_eq!(run, ["cargo xtask build"]);
    // A step runs or uses something, and what is used has a version.
    for step in steps {
        let used = step["uses"].as_str();
        assert!(used.is_some() != step["run"].as_str().is_some(), "{step:?}");
        assert!(used.is_none_or(|used| used.starts_with("actions/") && used.contains("@v")), "{step:?}");
    }
}

#[test]
fn it_publishes_dist_with_the_permissions_that_this_takes() {
    let workflow = workflow();
    let steps = steps(&workflow);
    let uses = |name: &str| {
        let is_it = |used: &str| used.split_once('@').is_some_and(|(action, _)| action == name);
        steps.iter().find(|step| step["uses"].as_str().is_some_and(is_it)).copied()
    };
    assert!(uses("actions/checkout").is_some());
    assert_eq!(uses("actions/upload-pages-artifact").unwrap()["with"]["path"].as_str(), Some("dist"));
    let deploy = &workflow["jobs"]["deploy"];
    assert_eq!(deploy["needs"].as_str(), Some("build"));
    assert_eq!(deploy["environment"]["name"].as_str(), Some("github-pages"));
    for permission in ["pages", "id-token"] {
        assert_eq!(deploy["permissions"][permission].as_str(), Some("write"), "{permission}");
    }
    assert!(uses("actions/deploy-pages").is_some());
    // YAML 1.1 reads the key `on` as a truth value; GitHub and this reader do not.
    assert_eq!(workflow["on"]["push"]["branches"][0].as_str(), Some("main"));
}
