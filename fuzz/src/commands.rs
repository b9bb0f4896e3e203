//! Sequences of commands against the model, in memory and in a file that is opened again in between. Bytes
//! choose the calls.

use std::sync::Arc;

use ledger_core::{Clock, Ledger, ManualClock, MemoryStore, Timestamp};
use ledger_sqlite::{Durability, SqliteLedger};
use tempfile::TempDir;

use crate::bytes::Bytes;
use crate::engine::{Call, Engine};
use crate::model::{Act, Cmd, EUR, Model, NOBODY, WORLD, Window};
use torture::summary::working_folder;

/// When it begins: 2026-03-01.
const BEGINNING: i64 = 1_772_366_400_000;
const CALLS_MAX: usize = 48;
const FILE: &str = "test.ledger";
/// A limit: stays, none, or an amount.
type Limit = Option<Option<i128>>;

/// Sends calls, and compares each answer with the model's. Planted: the model's credit line is shorter.
pub fn check(data: &[u8], planted: bool) {
    let mut bytes = Bytes::new(data);
    let clock = Arc::new(ManualClock::new(Timestamp::from_unix_ms(BEGINNING)));
    let mut place = Place::choose(&mut bytes);
    let (mut engine, mut model) = Engine::new(place.open(clock.clone()), clock.clone());
    if planted {
        model.state.wallets[2].floor = Some(-400);
    }
    let mut earlier: Vec<Call> = vec![];
    for _ in 0..CALLS_MAX {
        if bytes.is_empty() {
            break;
        }
        if let (true, Place::File(..)) = (bytes.one_in(12), &place) {
            if bytes.one_in(2) {
                crash(&mut engine, &mut place, clock.clone());
            } else {
                reopen(&mut engine, &place, clock.clone());
            }
        }
        let call = match bytes.below(8) {
            0 if !earlier.is_empty() => earlier[bytes.below(earlier.len())].clone(),
            _ => call(&mut bytes),
        };
        engine.call(&mut model, &call);
        earlier.push(call);
    }
    finish(engine, &model, &place, &clock);
}

enum Place {
    Memory(usize),
    /// The folder, and whether another ledger would be kept out.
    File(TempDir, bool),
}

impl Place {
    fn choose(bytes: &mut Bytes<'_>) -> Self {
        match bytes.below(8) {
            0..3 => Self::Memory(1),
            3..6 => Self::Memory(3),
            other => Self::File(working_folder().unwrap(), other == 7),
        }
    }

    fn open(&self, clock: Arc<ManualClock>) -> Ledger {
        match self {
            Self::Memory(lanes) => {
                let store = MemoryStore::with_lanes(*lanes);
                Ledger::builder(store).clock(clock).build().unwrap()
            }
            Self::File(..) => self.file(clock).unwrap().ledger().clone(),
        }
    }

    /// With few keys in memory there are runs of them on the disk.
    fn file(&self, clock: Arc<ManualClock>) -> Option<SqliteLedger> {
        let Self::File(folder, exclusive) = self else { return None };
        let builder = SqliteLedger::builder(folder.path().join(FILE));
        let builder = builder.durability(Durability::Memory).exclusive(*exclusive);
        Some(builder.recent_keys(4).clock(clock).open().unwrap())
    }
}

/// What was written by now is carried elsewhere while the file is open, as a crash leaves it, and opened there.
fn crash(engine: &mut Engine, place: &mut Place, clock: Arc<ManualClock>) {
    let Place::File(folder, exclusive) = &*place else { return };
    let elsewhere = working_folder().unwrap();
    for name in [FILE, "test.ledger-wal"] {
        std::fs::copy(folder.path().join(name), elsewhere.path().join(name)).unwrap();
    }
    let left = Place::File(elsewhere, *exclusive);
    engine.ledger = left.open(clock);
    *place = left;
}

/// Closes the file first: an exclusive one can't be opened twice.
fn reopen(engine: &mut Engine, place: &Place, clock: Arc<ManualClock>) {
    engine.ledger = Ledger::in_memory();
    engine.ledger = place.open(clock);
}

fn finish(mut engine: Engine, model: &Model, place: &Place, clock: &Arc<ManualClock>) {
    if matches!(place, Place::Memory(_)) {
        return;
    }
    reopen(&mut engine, place, clock.clone());
    engine.check_against(model);
    engine.ledger = Ledger::in_memory();
    let file = place.file(clock.clone()).unwrap();
    assert_eq!(file.verify().unwrap().problem, None);
    assert!(clock.now().unix_ms() <= model.now);
}

fn call(bytes: &mut Bytes<'_>) -> Call {
    match bytes.below(9) {
        0..3 => Call::Each(vec![cmd(bytes)]),
        3 | 4 => Call::Each((0..2 + bytes.below(4)).map(|_| cmd(bytes)).collect()),
        5 | 6 => Call::All((0..bytes.below(4)).map(|_| cmd(bytes)).collect()),
        7 => Call::Wait(1 + i64::from(bytes.u8())),
        _ => Call::Wait(1 + i64::from(bytes.u32() % 7_000)),
    }
}

fn cmd(bytes: &mut Bytes<'_>) -> Cmd {
    let (key, act) = (bytes.u8() % 60, act(bytes));
    let tags = bytes.u8();
    let expect = (tags & 0x38 == 0x38).then(|| (wallet(bytes), u64::from(bytes.u8() % 8)));
    let effective = (tags & 0x07 == 0x07).then(|| time(bytes));
    Cmd { key, act, expect, effective, tag: (tags >> 6 == 3).then(|| bytes.u8() % 3) }
}

/// Around the beginning.
fn time(bytes: &mut Bytes<'_>) -> i64 {
    BEGINNING - 100 + i64::from(bytes.u32() % 800)
}

fn wallet(bytes: &mut Bytes<'_>) -> usize {
    match bytes.below(32) {
        0 => WORLD,
        1 => EUR,
        2 => NOBODY,
        other => 1 + other % (EUR - 1),
    }
}

fn amount(bytes: &mut Bytes<'_>) -> i128 {
    match bytes.u8() {
        255 => i128::MAX - i128::from(bytes.u8()),
        254 => i128::MAX / 2,
        253 => -i128::from(bytes.u8() % 3),
        252 => i128::from(bytes.u32()),
        small => 1 + i128::from(small) * 2,
    }
}

fn some(bytes: &mut Bytes<'_>) -> Option<i128> {
    bytes.one_in(2).then(|| amount(bytes))
}

fn limit(bytes: &mut Bytes<'_>, from: i128) -> Limit {
    match bytes.below(4) {
        0 | 1 => None,
        2 => Some(None),
        _ => Some(Some(from + i128::from(bytes.u32() % 800))),
    }
}

fn lasting(bytes: &mut Bytes<'_>) -> i64 {
    i64::from(bytes.u8()) - 1
}

fn window(bytes: &mut Bytes<'_>) -> Window {
    let ms = [90, 700, 5_000, 60_000, 0][bytes.below(5)];
    let (leaves, amount) = (bytes.one_in(2), some(bytes).map(|n| n % 900));
    Window { leaves, ms, amount, count: bytes.one_in(2).then(|| bytes.below(6)) }
}

fn legs(count: usize, bytes: &mut Bytes<'_>) -> Act {
    Act::Move((0..count).map(|_| (wallet(bytes), wallet(bytes), amount(bytes))).collect())
}

fn act(bytes: &mut Bytes<'_>) -> Act {
    match bytes.below(32) {
        0..5 => Act::Deposit(wallet(bytes), amount(bytes)),
        5..8 => Act::Withdraw(wallet(bytes), amount(bytes)),
        8..12 => legs(1, bytes),
        12..15 => {
            let count = bytes.below(6);
            legs(count, bytes)
        }
        15 => Act::Status("frozen", wallet(bytes)),
        16 => Act::Status("open", wallet(bytes)),
        17 => Act::Status("closed", wallet(bytes)),
        18..21 => {
            let (from, to, amount) = (wallet(bytes), wallet(bytes), amount(bytes));
            Act::Hold { from, to, amount, extra: i128::from(bytes.u8() % 60), ms: lasting(bytes) }
        }
        21..24 => Act::Capture(bytes.below(12), some(bytes), bytes.one_in(2)),
        24 => Act::Release(bytes.below(12)),
        25 => Act::Extend(bytes.below(12), lasting(bytes)),
        26 => Act::Expire(bytes.below(12)),
        27 => {
            let wallet = wallet(bytes);
            Act::Limits(wallet, [limit(bytes, -600), limit(bytes, 0), limit(bytes, -1)])
        }
        28 => {
            let wallet = wallet(bytes);
            Act::Windows(wallet, (0..bytes.below(3)).map(|_| window(bytes)).collect())
        }
        29 => Act::Lock(time(bytes)),
        30 => Act::Unlock(bytes.one_in(2).then(|| time(bytes))),
        _ => {
            let only = bytes.one_in(3).then(|| u32::from(bytes.u8() % 4));
            Act::Reverse(bytes.below(30), only, some(bytes))
        }
    }
}
