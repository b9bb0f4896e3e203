//! Runs each program of the cookbook in an empty folder. Each asserts what it claims.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The names of the recipes in a language.
fn recipes(folder: &str, ending: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let names =
        fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
    let names = names.filter_map(|name| Some(name.strip_suffix(ending)?.to_owned()));
    names.filter(|name| !name.starts_with("test_")).collect()
}

/// All programs of the package are built beside each other.
fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_readme")).with_file_name(format!("{name}{EXE_SUFFIX}"))
}

#[test]
fn every_recipe_runs() {
    let names = recipes("src/bin", ".rs");
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(program(&name)).current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_recipe_is_there_in_both_languages() {
    assert_eq!(recipes("src/bin", ".rs"), recipes("python", ".py"));
}
