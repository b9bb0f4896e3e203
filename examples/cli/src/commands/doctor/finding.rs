//! A finding, with its advice.

use crate::record::Record;

/// How a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Look,
    /// Something must be done.
    Bad,
}

/// Something that was looked at.
#[derive(Debug)]
pub(super) struct Finding {
    what: &'static str,
    pub(super) state: State,
    found: String,
    advice: Option<String>,
}

impl Finding {
    /// As it should be.
    pub(super) fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, state: State::Ok, found: found.into(), advice: None }
    }

    /// Worth knowing.
    pub(super) fn look(
        what: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let advice = Some(advice.into());
        Self { what, state: State::Look, found: found.into(), advice }
    }

    /// Something must be done.
    pub(super) fn bad(
        what: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { state: State::Bad, ..Self::look(what, found, advice) }
    }

    /// As it is shown.
    pub(super) fn shown(&self) -> Record {
        let state = match self.state {
            State::Ok => "ok",
            State::Look => "look",
            State::Bad => "bad",
        };
        Record::default()
            .with("what", self.what)
            .with("state", state)
            .with("found", self.found.as_str())
            .with("advice", self.advice.as_deref())
    }
}
