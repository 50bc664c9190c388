//! The documents are true: the configurations in them hold, the commands exist, the links lead somewhere.

use std::process::Command;

use tempfile::TempDir;

use crate::harness::{binary, replace, workspace};

/// The documents that users read.
const DOCUMENTS: [&str; 10] = [
    "README.md",
    "docs/clients.md",
    "docs/configuration.md",
    "docs/endpoints.md",
    "docs/fleet.md",
    "docs/record.md",
    "docs/security.md",
    "docs/support.md",
    "docs/translation.md",
    "envoy/README.md",
];

#[test]
fn configurations_in_the_documents_hold() {
    let mut checked = 0;
    for document in DOCUMENTS {
        for block in blocks(&read(document), "yaml") {
            // What is Envoy's own has no providers, and a fragment nobody who may call.
            let has = |key| block.lines().any(|line| line.starts_with(key));
            if has("providers:") && has("agents:") {
                expect_valid(&block, document);
                checked += 1;
            }
        }
    }
    assert!(checked >= 2, "only {checked} configurations were found");
    expect_valid(&read("envoy/broker.yaml"), "envoy/broker.yaml");
}

#[test]
fn commands_in_the_documents_exist() {
    let mut checked = 0;
    for document in DOCUMENTS {
        for block in blocks(&read(document), "") {
            for line in block.lines().filter_map(|line| line.strip_prefix("broker ")) {
                expect_command(line.split(" #").next().unwrap_or_default(), document);
                checked += 1;
            }
            for script in block.lines().filter_map(|line| line.strip_prefix("./")) {
                let script = script.split(' ').next().unwrap_or_default();
                assert!(
                    workspace().join(script).is_file(),
                    "{document}: there is no {script}"
                );
            }
        }
    }
    assert!(checked >= 6, "only {checked} commands were found");
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    for document in DOCUMENTS.into_iter().chain(["CONTRIBUTING.md", "CHANGELOG.md"]) {
        let folder = workspace()
            .join(document)
            .parent()
            .expect("a folder of the document")
            .to_owned();
        for link in read(document)
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = link.split('#').next().unwrap_or_default();
            if !link.contains("://") && !file.is_empty() {
                assert!(folder.join(file).exists(), "{document}: `{link}` leads nowhere");
            }
        }
    }
}

fn broker() -> Command {
    Command::new(binary())
}

/// A document of the repository.
pub fn read(document: &str) -> String {
    std::fs::read_to_string(workspace().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"))
}

/// The fenced blocks of a document in this language.
fn blocks(document: &str, language: &str) -> Vec<String> {
    document
        .split("\n```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.split_once('\n'))
        .filter(|(own, _)| *own == language)
        .map(|(_, content)| content.to_owned())
        .collect()
}

#[track_caller]
fn expect_valid(yaml: &str, place: &str) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("broker.yaml");
    replace(&path, yaml);
    let output = broker()
        .arg("validate")
        .arg("--config")
        .arg(&path)
        .output()
        .expect("the broker command");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "in {place}: {said}");
    assert!(!said.contains("warning"), "in {place}: {said}");
}

/// Asserts that a command line names a command, and options that it has.
#[track_caller]
fn expect_command(line: &str, place: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let names = words
        .iter()
        .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase()));
    let output = broker()
        .args(names)
        .arg("--help")
        .output()
        .expect("the broker command");
    assert!(output.status.success(), "{place}: there is no `broker {line}`");
    let help = String::from_utf8_lossy(&output.stdout);
    for option in words.iter().filter(|word| word.starts_with("--")) {
        assert!(
            help.contains(option),
            "{place}: `broker {line}`: no option {option}"
        );
    }
}

#[test]
fn blocks_are_told_by_their_language() {
    let document = "a\n```yaml\nx: 1\n```\nb\n```\nbroker up\n```\n";
    assert_eq!(blocks(document, "yaml"), ["x: 1"]);
    assert_eq!(blocks(document, ""), ["broker up"]);
}
