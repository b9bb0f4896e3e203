//! Where the demo's file is, and what can be done with it next.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::input::must_be_free;

const FILE: &str = "shop.ledger";
const COPY: &str = "copy.ledger";
const STATEMENT: &str = "statement.html";

/// The file that was asked for, which must not be there; or one in a new folder.
pub(super) fn choose(path: Option<&Path>) -> Result<PathBuf, Failure> {
    match path {
        Some(path) => must_be_free(path).map(|()| path.to_owned()),
        None => of_its_own(),
    }
}

/// A new folder each time: what is in another may be somebody's.
fn of_its_own() -> Result<PathBuf, Failure> {
    let target = Path::new("target");
    let place = if target.is_dir() { target.to_owned() } else { std::env::temp_dir() };
    let folder = tempfile::Builder::new().prefix("ledger-demo-").tempdir_in(&place);
    let folder = folder.map_err(|error| Failure::of_path(&place, &error))?;
    Ok(folder.keep().join(FILE))
}

/// Commands to go on with, as they can be copied.
pub(super) fn next_commands(path: &Path) -> Vec<String> {
    let program = std::env::args_os().next().unwrap_or_else(|| "ledger".into());
    let program = quoted(&program.to_string_lossy());
    let file = quoted(&path.display().to_string());
    let copy = quoted(&path.with_file_name(COPY).display().to_string());
    let statement = quoted(&path.with_file_name(STATEMENT).display().to_string());
    let command =
        |verb: &str, rest: &str| format!("{program} {verb} {file} {rest}").trim_end().to_owned();
    vec![
        command("history", "customer:01 --limit 5"),
        command("transfer", "customer:01 customer:02 1.00 USD --key gift:1"),
        command(
            "transfer",
            "customer:01 customer:02 1.00 USD --key gift:1   # again: the same one",
        ),
        command("hold", "customer:01 shop:sales 2.50 --for 1h"),
        command("balance", "customer:01 customer:02 --json"),
        command("statement", &format!("customer:01 --html {statement}")),
        command("export", "hledger | head -20"),
        command("backup", &copy),
        command("verify", ""),
        command("doctor", ""),
    ]
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@".contains(&byte);
    if word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word() {
        assert_eq!(quoted("target/debug/ledger"), "target/debug/ledger");
        assert_eq!(quoted("my shop's"), r"'my shop'\''s'");
    }
}
