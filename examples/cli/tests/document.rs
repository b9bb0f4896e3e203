//! The examples of `docs/cli.md` are carried out in their order, and say what the page says.
//!
//! What differs from run to run (ids, times, digests) is only compared in its place; later commands get the
//! ids of this run. With `UPDATE=1` the page is written anew.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ledger_core::Timestamp;

use crate::support::{Folder, LEDGER};

/// A command and what it says.
struct Example {
    command: String,
    output: String,
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md")
}

/// The examples of each block, and the text before, between and after the blocks.
fn read(page: &str) -> (Vec<String>, Vec<Vec<Example>>) {
    const BEGIN: &str = "```console\n";
    const END: &str = "```\n";
    let mut texts = Vec::new();
    let mut blocks = Vec::new();
    let mut parts = page.split_inclusive(BEGIN);
    texts.push(parts.next().unwrap().to_owned());
    for part in parts {
        let (block, text) = part.split_once(END).unwrap();
        texts.push(format!("{END}{text}"));
        let mut examples: Vec<Example> = Vec::new();
        for line in block.lines() {
            match (line.strip_prefix("$ "), examples.last_mut()) {
                (Some(command), _) => {
                    examples.push(Example { command: command.to_owned(), output: String::new() });
                }
                (None, Some(example)) => example.output.extend([line, "\n"]),
                (None, None) => panic!("a block begins without a command: {line}"),
            }
        }
        blocks.push(examples);
    }
    (texts, blocks)
}

/// Carries it out as a shell does, where `ledger` is the program.
fn carry_out(folder: &Folder, command: &str) -> String {
    let programs = Path::new(LEDGER).parent().unwrap().display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec 2>&1; {command}")]).env("PATH", path);
    let output = shell.current_dir(folder.folder()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || "\",{}[]();".contains(c)).collect()
}

fn is_id(word: &str) -> bool {
    word.len() >= 15 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The words of a text, without those that differ from run to run.
fn lasting(text: &str) -> Vec<String> {
    let words = words(text).into_iter().filter(|word| !word.is_empty());
    let masked = words.map(|word| {
        let last = word.rsplit(':').next().unwrap();
        let is_digest = last.len() >= 32 && last.bytes().all(|byte| byte.is_ascii_hexdigit());
        match word {
            _ if is_id(word) => "ID".to_owned(),
            _ if word.parse::<Timestamp>().is_ok() => "TIME".to_owned(),
            _ if is_digest => word.replace(last, "DIGEST"),
            other => other.to_owned(),
        }
    });
    masked.collect()
}

#[test]
fn the_page_says_what_the_program_says() {
    let text = fs::read_to_string(page()).unwrap();
    let (texts, blocks) = read(&text);
    let folder = Folder::new();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let update = std::env::var_os("UPDATE").is_some();
    let mut written = String::new();
    for (before, block) in texts.iter().zip(&blocks) {
        written.push_str(before);
        for Example { command, output } in block {
            let known = ids.iter().fold(command.clone(), |text, (old, new)| text.replace(old, new));
            let said = carry_out(&folder, &known);
            if !update {
                assert_eq!(lasting(&said), lasting(output), "$ {command}\n{said}");
            }
            let old = words(output).into_iter().filter(|word| is_id(word));
            let new = words(&said).into_iter().filter(|word| is_id(word));
            ids.extend(old.zip(new).map(|(old, new)| (old.to_owned(), new.to_owned())));
            written.extend(["$ ", &known, "\n", &said]);
        }
    }
    written.push_str(texts.last().unwrap());
    assert!(blocks.iter().flatten().count() > 20, "the page has examples");
    if update {
        fs::write(page(), written).unwrap();
    }
}
