//! Progress of long work, on standard error, for people at a terminal only.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ledger_sqlite::Progress;

use crate::output::Output;

/// A bar that goes away when it is dropped.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar for so many steps of work; where the number is not known, it tells the time.
    pub fn new(output: &Output, doing: &'static str, steps: Option<u64>) -> Self {
        let bar = if output.is_json() || !io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::with_draw_target(steps, ProgressDrawTarget::stderr())
        };
        let form = if steps.is_some() {
            "{msg} [{wide_bar}] {human_pos}/{human_len} {eta}"
        } else {
            "{msg} {elapsed}"
        };
        // Nothing is drawn before the first step.
        Self(bar.with_style(style(form)).with_message(doing))
    }

    /// So much is done, of so much.
    pub fn set(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    /// One step more is done.
    pub fn step(&self) {
        self.0.inc(1);
    }

    /// Watches work of the ledger's own.
    pub fn watch(&self) -> impl FnMut(Progress) -> ControlFlow<()> + '_ {
        |progress| {
            self.set(progress.done, progress.total);
            ControlFlow::Continue(())
        }
    }

    /// Moves by itself while something is waited for.
    pub fn moving(self) -> Self {
        self.0.enable_steady_tick(std::time::Duration::from_millis(200));
        self
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The forms are this file's own; the usual one does as well.
fn style(form: &str) -> ProgressStyle {
    ProgressStyle::with_template(form)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
