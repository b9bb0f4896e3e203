//! Limits that the system sets to a process, and signals that interrupt its calls. Each child works until it can't,
//! says what was answered, and goes on once the limit is gone.

use std::fs::File;
use std::path::Path;
use std::thread;

use ledger_core::{Class, Command, Error, HistoryQuery, Key, Ledger, Metadata};
use ledger_sqlite::SqliteLedger;
use nix::libc;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use tempfile::TempDir;

use crate::process::{Process, answer};
use crate::support::{Shop, TestFile};
use crate::{assert_kept, funded, pay};

/// What a child does under a limit.
pub fn limited(path: &str, limit: &str) {
    let ledger = SqliteLedger::open(path).unwrap();
    match limit {
        "size" => writes_too_much(path, &ledger, true),
        "size, killed" => writes_too_much(path, &ledger, false),
        "files" => opens_too_many(path, &ledger),
        "memory" => takes_too_much(&ledger),
        "signals" => is_interrupted(path, &ledger),
        other => panic!("{other}"),
    }
}

fn tell(keys: &[String]) {
    for key in keys {
        answer(&format!("answered {key}"));
    }
}

/// Pays until it is refused; then again without the limit.
fn writes_too_much(path: &str, ledger: &Ledger, survives: bool) {
    if survives {
        on_signal(Signal::SIGXFSZ, SigHandler::SigIgn);
    }
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    let length = std::fs::metadata(format!("{path}-wal")).unwrap().len();
    setrlimit(Resource::RLIMIT_FSIZE, length + 300_000, hard).unwrap();
    let mut refused = vec![];
    for round in 0..10_000 {
        let (keys, errors) = pay(ledger, &format!("big {round}"), 1);
        tell(&keys);
        refused.extend(errors);
        if refused.len() == 3 {
            break;
        }
    }
    setrlimit(Resource::RLIMIT_FSIZE, hard, hard).unwrap();
    assert_eq!(refused.len(), 3);
    assert_refused_for_now(&refused);
    goes_on(ledger);
}

fn assert_refused_for_now(refused: &[Error]) {
    for error in refused {
        assert!(matches!(error.class(), Class::Transient | Class::Indeterminate), "{error}");
    }
}

fn goes_on(ledger: &Ledger) {
    let (keys, refused) = pay(ledger, "goes on", 3);
    assert!(refused.is_empty(), "{refused:?}");
    tell(&keys);
}

/// Leaves no descriptor to anyone, and uses the ledger in every way.
fn opens_too_many(path: &str, ledger: &SqliteLedger) {
    // Whoever has read before has what it takes to read.
    assert!(ledger.wallet("user:alice").unwrap().is_some());
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 64, hard).unwrap();
    let mut all = vec![];
    while let Ok(file) = File::open("/dev/null") {
        all.push(file);
    }
    let shop = Shop::on(ledger);
    thread::scope(|scope| {
        for number in 0..6 {
            scope.spawn(move || use_all(ledger, number));
        }
    });
    let refused = SqliteLedger::open(path).unwrap_err();
    assert!(refused.class() != Class::Rejected, "{refused}");
    assert!(ledger.backup(format!("{path}.copy")).is_err());
    let (keys, _) = pay(ledger, "without", 20);
    tell(&keys);
    drop(all);
    let (one, other) = (SqliteLedger::open(path).unwrap(), shop);
    assert_eq!(Shop::on(&one).posted(&other.bob), other.posted(&other.bob));
    goes_on(ledger);
}

fn use_all(ledger: &Ledger, number: u32) {
    tell(&pay(ledger, &format!("thread {number}"), 20).0);
    let Ok(Some(alice)) = ledger.wallet("user:alice") else { return };
    if let Ok(page) = ledger.history(&alice, &HistoryQuery::newest_first()) {
        assert!(!page.entries.is_empty());
    }
    if let Ok(balance) = ledger.balance(&alice) {
        assert!(balance.posted.is_positive());
    }
}

/// Takes memory until it is refused, and goes on without the limit; or ends where there is none. It stops no earlier.
fn takes_too_much(ledger: &Ledger) {
    let alice = ledger.wallet("user:alice").unwrap().unwrap();
    let note = format!("{{\"note\":\"{}\"}}", "x".repeat(16_000));
    tell(&pay(ledger, "before", 3).0);
    let (_, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
    // What it has it keeps, and gets no more.
    setrlimit(Resource::RLIMIT_AS, 0, hard).unwrap();
    for round in 0.. {
        let deposit = |number: u32| {
            let key = Key::new(format!("much {round} {number}")).unwrap();
            let meta = Metadata::from_json(&note).unwrap();
            Command::deposit(key, &alice, alice.asset.minor(1)).meta(meta)
        };
        let Ok(answers) = ledger.submit_each((0..60).map(deposit)) else { break };
        let refused = answers.iter().any(Result::is_err);
        for receipt in answers.into_iter().flatten() {
            answer(&format!("answered {}", receipt.key));
        }
        if refused {
            break;
        }
    }
    setrlimit(Resource::RLIMIT_AS, hard, hard).unwrap();
    goes_on(ledger);
}

/// Signals all the time, whose handlers do not have calls go on by themselves.
fn is_interrupted(path: &str, ledger: &Ledger) {
    extern "C" fn nothing(_: libc::c_int) {}
    on_signal(Signal::SIGALRM, SigHandler::Handler(nothing));
    every_half_millisecond(true);
    for round in 0..60 {
        let (keys, refused) = pay(ledger, &format!("stormy {round}"), 5);
        assert!(refused.is_empty(), "{refused:?}");
        tell(&keys);
        if round % 10 == 0 {
            let other = SqliteLedger::open(path).unwrap();
            let (keys, refused) = pay(&other, &format!("stormy, too {round}"), 2);
            assert!(refused.is_empty(), "{refused:?}");
            tell(&keys);
            assert_eq!(other.verify().unwrap().problem, None);
        }
    }
    every_half_millisecond(false);
}

#[allow(unsafe_code, reason = "there is no safe way to handle a signal")]
fn on_signal(signal: Signal, handler: SigHandler) {
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: the handlers do nothing.
    unsafe { sigaction(signal, &action) }.unwrap();
}

#[allow(unsafe_code, reason = "no crate here sets such a timer")]
fn every_half_millisecond(on: bool) {
    let time = libc::timeval { tv_sec: 0, tv_usec: if on { 500 } else { 0 } };
    let timer = libc::itimerval { it_interval: time, it_value: time };
    // SAFETY: a valid timer, and nothing to be told of the one before.
    let set = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    assert_eq!(set, 0);
}

/// Runs a child under a limit; gives how many it said were answered, and whether it came to its end.
fn run(path: &Path, limit: &str) -> (usize, bool) {
    let mut child = Process::start_at(path.to_str().unwrap(), &format!("limited {limit}"));
    let said = child.all_said("");
    let answered: Vec<String> =
        said.iter().filter_map(|it| it.strip_prefix("answered ")).map(str::to_owned).collect();
    assert_kept(path, &answered);
    (answered.len(), said.iter().any(|it| it == "done"))
}

fn new_file() -> TestFile {
    let (file, ledger) = funded();
    ledger.close_file().unwrap();
    file
}

#[test]
fn a_file_that_may_not_grow_refuses_for_now_and_goes_on_when_it_may() {
    let (answered, is_done) = run(&new_file().path(), "size");
    assert!(is_done && answered > 3, "{answered}");
}

#[test]
fn a_process_that_is_killed_for_a_file_that_may_not_grow_loses_nothing() {
    let (answered, is_done) = run(&new_file().path(), "size, killed");
    assert!(!is_done && answered > 0, "{answered}");
}

#[test]
fn without_descriptors_it_is_refused_and_goes_on_when_there_are_some() {
    let (answered, is_done) = run(&new_file().path(), "files");
    assert!(is_done && answered > 20, "{answered}");
}

#[test]
fn without_memory_nothing_that_was_answered_is_lost() {
    let (answered, _) = run(&new_file().path(), "memory");
    assert!(answered >= 3, "{answered}");
}

#[test]
fn signals_that_interrupt_calls_disturb_nothing() {
    let memory = Path::new("/dev/shm");
    let folders = [TempDir::new().ok(), TempDir::new_in(memory).ok()];
    for folder in folders.into_iter().flatten() {
        let path = folder.path().join("test.ledger");
        Shop::on(&SqliteLedger::open(&path).unwrap()).fund("1000", "fund");
        let (answered, is_done) = run(&path, "signals");
        assert!(is_done, "{}", path.display());
        assert_eq!(answered, 300 + 6 * 2);
    }
}
