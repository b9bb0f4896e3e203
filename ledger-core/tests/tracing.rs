//! With the `tracing` feature, calls and groups are spans.

#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use ledger_core::{Asset, Ledger, WalletSpec};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down the names of spans as they are entered and left.
#[derive(Default)]
struct Listener {
    names: Arc<Mutex<Vec<String>>>,
    spans: Mutex<Vec<&'static str>>,
    next: AtomicU64,
}

impl Listener {
    fn note(&self, what: &str, span: &Id) {
        let place = usize::try_from(span.into_u64()).unwrap() - 1;
        let name = self.spans.lock().unwrap().get(place).copied().unwrap();
        self.names.lock().unwrap().push(format!("{what} {name}"));
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.spans.lock().unwrap().push(span.metadata().name());
        Id::from_u64(self.next.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, span: &Id) {
        self.note("enter", span);
    }

    fn exit(&self, span: &Id) {
        self.note("exit", span);
    }
}

#[test]
fn a_call_is_a_span_around_its_group() {
    let listener = Listener::default();
    let names = listener.names.clone();
    let ledger = Ledger::in_memory();
    let usd = Asset::iso("USD").unwrap();
    tracing::subscriber::with_default(listener, || {
        ledger.open_wallet(WalletSpec::new("alice", usd).unwrap()).unwrap();
    });
    let expected =
        ["enter ledger.call", "enter ledger.group", "exit ledger.group", "exit ledger.call"];
    assert_eq!(*names.lock().unwrap(), expected);
}
