//! The tools for which we export.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where `make` puts Python's tools.
const PYTHON_TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/python/bin");

/// A tool, if it is there. Where everything is checked, it must be.
pub fn find(name: &str, package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(PathBuf::from(PYTHON_TOOLS)).chain(std::env::split_paths(&path));
    let found = folders.map(|folder| folder.join(name)).find(|tool| tool.is_file());
    if found.is_none() {
        let problem = format!("{name} is missing; install {package}");
        assert!(std::env::var_os("CI").is_none(), "{problem}");
        // Not by eprintln, which tests that succeed keep to themselves.
        let said = format!("NOT TESTED, because {problem}\n");
        std::io::stderr().write_all(said.as_bytes()).unwrap();
    }
    found
}

/// Runs a tool and gives whether it was content, and all it said.
pub fn run<S: AsRef<OsStr>>(tool: &Path, args: impl IntoIterator<Item = S>) -> (bool, String) {
    let output = Command::new(tool).args(args).env("LC_ALL", "C.UTF-8").output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// The rows of a table of comma-separated values, without its header.
pub fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let (mut quoted, mut letters) = (false, csv.chars().peekable());
    while let Some(letter) = letters.next() {
        let row = rows.last_mut().unwrap();
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                row.last_mut().unwrap().push('"');
                letters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\r' if !quoted => {}
            '\n' if !quoted => rows.push(vec![String::new()]),
            letter => row.last_mut().unwrap().push(letter),
        }
    }
    assert_eq!(rows.pop(), Some(vec![String::new()]), "the last line has no end");
    rows.remove(0);
    rows
}
