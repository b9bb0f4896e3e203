//! Runs the program in a folder of its own, and reads what it says.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The program.
pub const LEDGER: &str = env!("CARGO_BIN_EXE_ledger");

/// A folder, removed when it is dropped.
pub struct Folder(TempDir);

/// What a call came to.
#[derive(Debug)]
pub struct Said {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Folder {
    /// An empty folder.
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A folder with `shop.ledger`: alice has 100.00 dollars, and the shop nothing.
    pub fn with_shop() -> Self {
        let folder = Self::new();
        folder.done("open-wallet shop.ledger user:alice USD --owner alice");
        folder.done("open-wallet shop.ledger shop:42 USD");
        folder.done("deposit shop.ledger user:alice 100.00 USD --key d1");
        folder
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Says it to the program, word by word.
    pub fn call(&self, words: &[&str]) -> Said {
        let mut command = Command::new(LEDGER);
        command.args(words).current_dir(self.0.path());
        command.output().unwrap().into()
    }

    /// The same with words that have spaces between them, and none in them.
    pub fn say(&self, line: &str) -> Said {
        self.call(&line.split(' ').collect::<Vec<_>>())
    }

    /// What is said when all is well.
    pub fn done(&self, line: &str) -> String {
        let said = self.say(line);
        assert_eq!(said.code, 0, "{line}: {said:?}");
        said.out
    }

    /// The same in JSON: a value for each line.
    pub fn json(&self, line: &str) -> Vec<Value> {
        let out = self.done(&format!("{line} --json"));
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A single value in JSON.
    pub fn one(&self, line: &str) -> Value {
        let mut values = self.json(line);
        assert_eq!(values.len(), 1, "{line}: {values:?}");
        values.remove(0)
    }

    /// What is refused: the exit code and the JSON error.
    pub fn refused(&self, line: &str) -> (i32, Value) {
        let said = self.say(&format!("{line} --json"));
        assert_eq!(said.out, "", "{line}");
        (said.code, serde_json::from_str(&said.err).unwrap())
    }

    /// What a wallet has, as text: posted, held.
    pub fn balance(&self, wallet: &str) -> [String; 2] {
        let balance = self.one(&format!("balance shop.ledger {wallet}"));
        ["posted", "held"].map(|name| money(&balance[name]))
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap_or(-1);
        Self { code, out: text(output.stdout), err: text(output.stderr) }
    }
}

/// An amount in JSON as people write it.
pub fn money(value: &Value) -> String {
    format!("{} {}", value["amount"].as_str().unwrap(), value["asset"].as_str().unwrap())
}
