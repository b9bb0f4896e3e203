//! Bytes of a file are changed behind the ledger's back. Opening it or `verify` must say so, or nothing that
//! was told may be another; nothing panics. What is derived can be made again.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fastrand::Rng;
use ledger_core::Error;
use ledger_core::store::Store;
use ledger_sqlite::SqliteLedger;
use rusqlite::Connection;

use crate::check::{self, Loss};
use crate::summary::{self, Budget, Row};
use crate::workload::clerk::Clerk;
use crate::workload::told::{Tell, Told};

const FILE: &str = "test.ledger";
const PAGE: usize = 4_096;
/// How often one file is changed, each time from the beginning.
const CHANGES: usize = 300;

/// How much was changed in a part of the file, and what came of it.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    found: u64,
    harmless: u64,
    mended: u64,
}

/// What came of a change.
enum Outcome {
    Found { mended: bool },
    Harmless,
}

/// Changes bytes of files in that folder as long as the budget allows. Where planted, nobody calls
/// `verify`.
pub fn run(folder: &Path, seed: u64, planted: bool, budget: &Budget) -> io::Result<Row> {
    let name = if planted { "damage, not verified" } else { "damage" };
    let mut row = Row::new(name, "changes", seed);
    row.expected_losses = planted;
    let mut rng = Rng::with_seed(seed);
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    while budget.goes_on(&row) && row.losses == 0 {
        one_file(folder, &mut rng, planted, budget, &mut row, &mut counts)?;
    }
    row.took = budget.took();
    row.more = counts
        .iter()
        .map(|(part, count)| {
            let Count { found, harmless, mended } = count;
            format!(
                "{part}: {found} found, {mended} of them mended by rebuild, {harmless} harmless"
            )
        })
        .collect();
    Ok(row)
}

fn one_file(
    folder: &Path,
    rng: &mut Rng,
    planted: bool,
    budget: &Budget,
    row: &mut Row,
    counts: &mut BTreeMap<String, Count>,
) -> io::Result<()> {
    let folder = summary::folder_in(folder)?;
    let path = folder.path().join(FILE);
    let told = business(&path, rng.u64(..)).map_err(io::Error::other)?;
    let whole = fs::read(&path)?;
    let parts = parts(&path).map_err(io::Error::other)?;
    for _ in 0..CHANGES {
        if !budget.goes_on(row) || row.losses > 0 {
            break;
        }
        for entry in fs::read_dir(folder.path())? {
            fs::remove_file(entry?.path())?;
        }
        let mut bytes = whole.clone();
        let (what, at) = change(&mut bytes, rng);
        fs::write(&path, bytes)?;
        row.count += 1;
        let page = at / PAGE + 1;
        let part =
            if page == 1 { "header and schema" } else { parts.get(&page).map_or("free", |it| it) };
        let count = counts.entry(part.to_owned()).or_default();
        match catch_unwind(AssertUnwindSafe(|| look(&path, &told, planted))) {
            Ok(Ok(Outcome::Harmless)) => count.harmless += 1,
            Ok(Ok(Outcome::Found { mended })) => {
                count.found += 1;
                count.mended += u64::from(mended);
            }
            Ok(Err(loss)) => row.lose(|| format!("{what} at {at} in {part}: {loss}")),
            Err(_) => row.lose(|| format!("{what} at {at} in {part}: it panicked")),
        }
    }
    Ok(())
}

fn business(path: &Path, seed: u64) -> Result<Told, Error> {
    let mut told = Told::default();
    let tell = &mut |tell: Tell| told.hear(&tell);
    let ledger = SqliteLedger::builder(path).recent_keys(12).open()?;
    let mut clerk = Clerk::new("0", seed, &ledger, tell)?;
    for _ in 0..60 {
        clerk.work(&ledger, tell)?;
    }
    ledger.close_file()?;
    Ok(told)
}

/// Which table or index each page belongs to.
fn parts(path: &Path) -> rusqlite::Result<BTreeMap<usize, String>> {
    let file = Connection::open(path)?;
    let mut find = file.prepare("SELECT pageno, name FROM dbstat")?;
    find.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Changes something somewhere.
fn change(bytes: &mut Vec<u8>, rng: &mut Rng) -> (&'static str, usize) {
    let at = rng.usize(..bytes.len());
    let pages = bytes.len() / PAGE;
    match rng.u8(0..20) {
        0 => {
            bytes.truncate(at);
            ("cut off", at)
        }
        1 => {
            let from = at / PAGE * PAGE;
            bytes.iter_mut().skip(from).take(PAGE).for_each(|byte| *byte = 0);
            ("a page of zeros", at)
        }
        2 => {
            let (one, other) = (at / PAGE * PAGE, rng.usize(..pages) * PAGE);
            let page = bytes.get(other..other + PAGE).map(<[u8]>::to_vec).unwrap_or_default();
            if let Some(place) = bytes.get_mut(one..one + PAGE) {
                place.copy_from_slice(&page);
            }
            ("another page", at)
        }
        3..6 => {
            bytes.iter_mut().skip(at).take(8).for_each(|byte| *byte = rng.u8(..));
            ("eight bytes", at)
        }
        _ => {
            bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << rng.u8(0..8));
            ("a bit", at)
        }
    }
}

/// What the ledger says of a changed file.
fn look(path: &Path, told: &Told, planted: bool) -> Result<Outcome, Loss> {
    let is_found = !planted && !is_clean(path);
    let copy = path.with_file_name("copy");
    fs::copy(path, &copy).map_err(|error| error.to_string())?;
    let opened = SqliteLedger::builder(path).recent_keys(12).open();
    if is_found || opened.is_err() {
        drop(opened);
        use_it(&copy, told);
        return mend(path, told).map(|mended| Outcome::Found { mended });
    }
    let ledger = opened.map_err(|error| error.to_string())?;
    let store: &dyn Store = ledger.store().as_ref();
    check::same_store(store, &ledger, told)?;
    check::keys_are_found(&ledger, told, 7)?;
    Ok(Outcome::Harmless)
}

/// Whether `verify` has nothing to say. Nobody erased a note here, so one that is erased is damage.
fn is_clean(path: &Path) -> bool {
    let found = SqliteLedger::verify_file(path, &[], &mut |_| ControlFlow::Continue(()));
    found.is_ok_and(|found| found.problem.is_none() && found.erased == 0)
}

/// Whatever a damaged file answers, nothing panics.
fn use_it(path: &Path, told: &Told) {
    let Ok(ledger) = check::open(path) else { return };
    let ledger = &ledger;
    let store: &dyn Store = ledger.store().as_ref();
    let _whatever = check::same_store(store, ledger, told);
    let _whatever = check::goes_on(ledger, told);
}

/// Makes what is derived again: then all is as it was told, or `verify` still says that it is not.
fn mend(path: &Path, told: &Told) -> Result<bool, Loss> {
    let go_on = &mut |_| ControlFlow::Continue(());
    if SqliteLedger::rebuild(path, go_on).is_err() {
        return Ok(false);
    }
    if !is_clean(path) {
        return Ok(false);
    }
    let ledger = check::open(path).map_err(|error| format!("mended, it says, but {error}"))?;
    check::same_store(ledger.store().as_ref(), &ledger, told)
        .map(|()| true)
        .map_err(|loss| format!("mended, it says, but {loss}"))
}
