//! Children: each is this program again, running the test `child` in a role.

#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::support::TestFile;

const PATH: &str = "LEDGER_TEST_PATH";
const ROLE: &str = "LEDGER_TEST_ROLE";

/// The path, the role and what else it is told; none in what is no child.
pub fn role() -> Option<(String, String, String)> {
    let (path, role) = (env::var(PATH).ok()?, env::var(ROLE).ok()?);
    let (role, name) = role.split_once(' ').unwrap();
    Some((path, role.to_owned(), name.to_owned()))
}

/// Says a line to whoever started it.
pub fn answer(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n> {line}").unwrap();
    out.flush().unwrap();
}

/// Waits for a line from there.
pub fn read_line() -> String {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    line
}

/// This program again, in a role.
pub struct Process {
    pub child: Child,
    out: BufReader<ChildStdout>,
}

impl Process {
    pub fn start(file: &TestFile, role: &str) -> Self {
        Self::start_at(file.path().to_str().unwrap(), role)
    }

    pub fn start_at(path: &str, role: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env(PATH, path)
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// Waits until it says something that begins like this; gives the rest.
    pub fn wait_for(&mut self, what: &str) -> String {
        let mut line = String::new();
        while self.out.read_line(&mut line).unwrap() > 0 {
            if let Some(rest) = line.strip_prefix(&format!("> {what}")) {
                return rest.trim().to_owned();
            }
            line.clear();
        }
        panic!("the child never said {what}");
    }

    /// Waits for its end; gives what it said on lines that begin like this.
    pub fn all_said(&mut self, what: &str) -> Vec<String> {
        let mut said = String::new();
        self.out.read_to_string(&mut said).unwrap();
        self.child.wait().unwrap();
        let lines = said.lines().filter_map(|line| line.strip_prefix("> ")?.strip_prefix(what));
        lines.map(|rest| rest.trim().to_owned()).collect()
    }

    pub fn go_on(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    /// Kills it; gives what it had said, line by line.
    pub fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut said = String::new();
        self.out.read_to_string(&mut said).unwrap();
        // What stands behind the last line's end is half a line.
        said.truncate(said.rfind('\n').unwrap_or(0));
        said
    }

    pub fn finish(mut self) {
        self.wait_for("done");
        assert!(self.child.wait().unwrap().success());
    }
}

/// Forks; `child` says whether all is well in the child, which then ends at once.
#[cfg(unix)]
#[allow(unsafe_code, reason = "there is no safe fork")]
pub fn fork(child: impl FnOnce() -> bool) -> nix::unistd::Pid {
    use nix::libc;
    use nix::unistd::{ForkResult, fork};
    // SAFETY: the child calls nothing that needs a thread it does not have, and never returns.
    match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            let well = catch_unwind(AssertUnwindSafe(child)).unwrap_or(false);
            unsafe { libc::_exit(i32::from(!well)) }
        }
    }
}
