//! Spans for whoever listens with `tracing`; nothing without that feature.

#[cfg(feature = "tracing")]
mod spans {
    pub(crate) type Span = tracing::span::EnteredSpan;

    pub(crate) fn call(requests: usize) -> Span {
        tracing::debug_span!("ledger.call", requests).entered()
    }

    pub(crate) fn group(requests: usize) -> Span {
        tracing::debug_span!("ledger.group", requests).entered()
    }

    pub(crate) fn retry(why: &dyn std::fmt::Display, pause: std::time::Duration) {
        tracing::debug!(%why, ?pause, "ledger.retry");
    }

    pub(crate) fn failed(why: &dyn std::fmt::Display) {
        tracing::warn!(%why, "ledger.group_failed");
    }
}

#[cfg(not(feature = "tracing"))]
mod spans {
    pub(crate) struct Span;

    pub(crate) fn call(_requests: usize) -> Span {
        Span
    }

    pub(crate) fn group(_requests: usize) -> Span {
        Span
    }

    pub(crate) fn retry(_why: &dyn std::fmt::Display, _pause: std::time::Duration) {}

    pub(crate) fn failed(_why: &dyn std::fmt::Display) {}
}

pub(crate) use spans::{call, failed, group, retry};
