//! Files and folders that may not be written. Whoever runs the tests as root may write everything, so
//! a child does it, which is this program again under a user that owns nothing.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use ledger_sqlite::SqliteLedger;

use crate::support::{Shop, TestFile};

const PATH: &str = "LEDGER_TEST_PATH";
const NOBODY: u32 = 65_534;
/// A folder into which the child tries to copy the file.
const CLOSED: &str = "closed";

/// Without the variable this is no child.
#[test]
fn child() {
    let Ok(path) = env::var(PATH) else { return };
    let checked = SqliteLedger::verify_file(&path, &[], &mut |_| ControlFlow::Continue(()));
    match checked {
        Err(error) => println!("\nchecked {:?}: {error}", error.kind()),
        Ok(found) => println!("\nchecked {:?}", found.problem),
    }
    let said = match SqliteLedger::open(&path) {
        Err(error) => format!("{:?}: {error}", error.kind()),
        Ok(ledger) => {
            if let Err(error) = ledger.backup(Path::new(&path).with_file_name(CLOSED).join("copy"))
            {
                println!("\ncopied {:?}: {error}", error.kind());
            }
            match Shop::on(&ledger).pay("1", "more") {
                Err(error) => format!("{:?}: {error}", error.kind()),
                Ok(_) => "paid".to_owned(),
            }
        }
    };
    println!("\nsaid {said}");
}

/// What happens to someone who opens the file and may do only what the modes allow: of the file, of
/// its lock file, of the folder.
fn opened_by_another(file: &TestFile, modes: [u32; 2], folder_mode: u32) -> String {
    told_by_another("said ", file, modes, folder_mode)
}

/// The same for someone who checks it.
fn checked_by_another(file: &TestFile, mode: u32, folder_mode: u32) -> String {
    told_by_another("checked ", file, [mode, 0o600], folder_mode)
}

fn told_by_another(what: &str, file: &TestFile, modes: [u32; 2], folder_mode: u32) -> String {
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    let path = file.path();
    let folder = path.parent().unwrap();
    let program = folder.join("child");
    // By another process: a file that this one writes can't be run by a child that inherited it.
    let copied = Command::new("cp").arg(env::current_exe().unwrap()).arg(&program).status();
    assert!(copied.unwrap().success());
    set(&program, 0o755).unwrap();
    let _absent = set(&file.path(), modes[0]);
    let _absent = set(&file.beside("-lock"), modes[1]);
    set(folder, folder_mode).unwrap();
    let mut command = Command::new(&program);
    command.args(["child", "--exact", "--nocapture"]).env(PATH, file.path());
    if nix::unistd::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().unwrap();
    set(folder, 0o755).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix(what)).unwrap_or(&text).to_owned()
}

#[test]
fn a_file_that_may_not_be_written_is_refused_in_one_sentence() {
    let file = TestFile::with_business();
    for (modes, folder_mode) in
        [([0o444, 0o444], 0o555), ([0o444, 0o666], 0o555), ([0o444, 0o666], 0o777)]
    {
        let said = opened_by_another(&file, modes, folder_mode);
        assert!(said.starts_with("StoreRefused: "), "{said}");
        assert!(said.contains("check") && said.contains("permissions"), "{said}");
    }
    assert_eq!(file.problem(), "");
}

#[test]
fn whoever_may_not_write_the_file_leaves_nothing_in_its_owners_way() {
    let file = TestFile::with_business();
    let _absent = fs::remove_file(file.beside("-lock"));
    let said = opened_by_another(&file, [0o444, 0o666], 0o777);
    assert!(said.contains("it can't be written") && said.contains("permissions"), "{said}");
    for ending in ["-lock", "-wal", "-shm"] {
        assert!(!file.beside(ending).exists(), "{ending}");
    }
}

#[test]
fn a_folder_that_may_not_be_written_is_refused_in_one_sentence() {
    let file = TestFile::new();
    let said = opened_by_another(&file, [0o666, 0o666], 0o555);
    assert!(said.starts_with("StoreRefused: "), "{said}");
    assert!(said.contains("it can't be made") && said.contains("permissions"), "{said}");
    assert!(!file.path().exists());
}

#[test]
fn a_copy_in_a_folder_that_may_not_be_written_is_refused_in_one_sentence() {
    let file = TestFile::with_business();
    let closed = file.path().with_file_name(CLOSED);
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    let said = told_by_another("copied ", &file, [0o666, 0o666], 0o777);
    assert!(said.starts_with("InvalidValue: "), "{said}");
    assert!(said.contains("it can't be made") && said.contains("permissions"), "{said}");
    assert_eq!(fs::read_dir(&closed).unwrap().count(), 0);
}

#[test]
fn a_file_that_may_not_even_be_read_is_refused_in_one_sentence() {
    let file = TestFile::with_business();
    let said = opened_by_another(&file, [0o000, 0o666], 0o777);
    assert!(said.starts_with("StoreRefused: "), "{said}");
    assert!(said.contains("check") && said.contains("permissions"), "{said}");
    assert_eq!(file.problem(), "");
}

#[test]
fn a_file_that_may_only_be_read_can_be_checked_and_nothing_is_made_beside_it() {
    let file = TestFile::with_business();
    for (mode, folder_mode) in [(0o444, 0o555), (0o666, 0o555), (0o444, 0o777)] {
        assert_eq!(checked_by_another(&file, mode, folder_mode), "None");
        for ending in ["-wal", "-shm"] {
            assert!(!file.beside(ending).exists(), "{ending}");
        }
    }
}

#[test]
fn a_sound_file_that_can_not_be_checked_is_not_called_broken() {
    let left = TestFile::crashed();
    for ending in ["", "-wal"] {
        fs::set_permissions(left.beside(ending), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let said = checked_by_another(&left, 0o444, 0o555);
    assert!(said.starts_with("StoreRefused: ") && said.contains("has a log"), "{said}");
    let said = checked_by_another(&left, 0o000, 0o555);
    assert!(said.starts_with("StoreRefused: ") && said.contains("permissions"), "{said}");
    fs::set_permissions(left.path(), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(left.problem(), "");
}
