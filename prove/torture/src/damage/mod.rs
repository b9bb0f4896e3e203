//! Bytes of a file are changed behind the ledger's back. Opening it or `verify` must say so, or nothing that
//! was told may be another; nothing panics. Where all that was changed is derived, `rebuild` must make it again.

mod trees;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fastrand::Rng;
use ledger_core::Error;
use ledger_core::store::Store;
use ledger_sqlite::SqliteLedger;

use crate::check::{self, Loss};
use crate::damage::trees::{Change, Trees};
use crate::summary::{self, Budget, Row};
use crate::workload::clerk::Clerk;
use crate::workload::told::{Tell, Told};

const FILE: &str = "test.ledger";
/// How often one file is changed, each time from the beginning.
const CHANGES: usize = 300;

/// How much was changed in a part of the file, and what came of it.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    found: u64,
    harmless: u64,
    mended: u64,
}

/// What was changed so far.
#[derive(Debug, Default)]
struct Hit {
    parts: BTreeMap<String, Count>,
    tables: BTreeSet<String>,
}

/// What came of a change.
enum Outcome {
    Found { mended: bool },
    Harmless,
}

/// A file that can be changed, each time from the beginning.
struct Whole<'a> {
    path: &'a Path,
    bytes: Vec<u8>,
    trees: Trees,
    told: Told,
    planted: bool,
}

/// Changes bytes of files in that folder as long as the budget allows. Where planted, nobody calls
/// `verify`.
pub fn run(folder: &Path, seed: u64, planted: bool, budget: &Budget) -> io::Result<Row> {
    let mut row = Row::new("damage", "changes", seed);
    row.expects = planted.then_some("");
    let mut rng = Rng::with_seed(seed);
    let mut hit = Hit::default();
    while budget.goes_on(&row) && row.losses == 0 {
        let folder = summary::folder_in(folder)?;
        let path = folder.path().join(FILE);
        let whole = Whole::make(&path, rng.u64(..), planted)?;
        for _ in 0..CHANGES {
            if !budget.goes_on(&row) || row.losses > 0 {
                break;
            }
            whole.change(&mut rng, &mut row, &mut hit)?;
        }
    }
    row.took = budget.took();
    row.part = hit.name(planted);
    row.more = hit.lines();
    Ok(row)
}

impl Hit {
    fn name(&self, planted: bool) -> String {
        let ending = if planted { ", not verified" } else { "" };
        format!("damage of {} tables{ending}", self.tables.len())
    }

    fn lines(&self) -> Vec<String> {
        let line = |(part, count): (&String, &Count)| {
            let Count { found, harmless, mended } = count;
            format!(
                "{part}: {found} found, {mended} of them mended by rebuild, {harmless} harmless"
            )
        };
        self.parts.iter().map(line).collect()
    }
}

impl<'a> Whole<'a> {
    fn make(path: &'a Path, seed: u64, planted: bool) -> io::Result<Self> {
        let told = business(path, seed).map_err(io::Error::other)?;
        let bytes = fs::read(path)?;
        let trees = Trees::of(path).map_err(io::Error::other)?;
        Ok(Self { path, bytes, trees, told, planted })
    }

    fn change(&self, rng: &mut Rng, row: &mut Row, hit: &mut Hit) -> io::Result<()> {
        for entry in fs::read_dir(self.path.with_file_name(""))? {
            fs::remove_file(entry?.path())?;
        }
        let mut bytes = self.bytes.clone();
        let Change { what, at } = self.trees.change(&mut bytes, rng);
        let must_mend = self.trees.all_derived(&self.bytes, &bytes);
        fs::write(self.path, bytes)?;
        row.count += 1;
        let part = self.trees.at(at);
        hit.tables.extend(self.trees.table_at(at).map(str::to_owned));
        let count = hit.parts.entry(part.to_owned()).or_default();
        match catch_unwind(AssertUnwindSafe(|| self.look(must_mend))) {
            Ok(Ok(Outcome::Harmless)) => count.harmless += 1,
            Ok(Ok(Outcome::Found { mended })) => {
                count.found += 1;
                count.mended += u64::from(mended);
            }
            Ok(Err(loss)) => row.lose(|| format!("{what} at {at} in {part}: {loss}")),
            Err(_) => row.lose(|| format!("{what} at {at} in {part}: it panicked")),
        }
        Ok(())
    }

    /// What the ledger says of the changed file.
    fn look(&self, must_mend: bool) -> Result<Outcome, Loss> {
        let (path, told) = (self.path, &self.told);
        let is_found = !self.planted && problem(path).is_some();
        let copy = path.with_file_name("copy");
        fs::copy(path, &copy).map_err(|error| error.to_string())?;
        let opened = SqliteLedger::builder(path).recent_keys(12).open();
        if is_found || opened.is_err() {
            drop(opened);
            use_it(&copy, told);
            return mend(path, told, must_mend).map(|mended| Outcome::Found { mended });
        }
        let ledger = opened.map_err(|error| error.to_string())?;
        let store: &dyn Store = ledger.store().as_ref();
        check::same_store(store, &ledger, told)?;
        check::keys_are_found(&ledger, told, 7)?;
        Ok(Outcome::Harmless)
    }
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

/// What `verify` has to say. Nobody erased a note here, so one that is erased is damage.
fn problem(path: &Path) -> Option<String> {
    match SqliteLedger::verify_file(path, &[], &mut |_| ControlFlow::Continue(())) {
        Err(error) => Some(error.to_string()),
        Ok(found) => found.problem.or((found.erased > 0).then(|| "a note is erased".to_owned())),
    }
}

/// Whatever a damaged file answers, nothing panics.
fn use_it(path: &Path, told: &Told) {
    let Ok(ledger) = check::open(path) else { return };
    let ledger = &ledger;
    let store: &dyn Store = ledger.store().as_ref();
    let _whatever = check::same_store(store, ledger, told);
    let _whatever = check::goes_on(ledger, told);
}

/// Makes what is derived again: then all is as it was told, or it is still said that it is not, which must not
/// be where nothing else was changed.
fn mend(path: &Path, told: &Told, must_mend: bool) -> Result<bool, Loss> {
    let left =
        rebuild(path, must_mend).map_or_else(|error| Some(error.to_string()), |()| problem(path));
    match left {
        Some(left) if must_mend => return Err(format!("what is derived was not mended: {left}")),
        Some(_) => return Ok(false),
        None => {}
    }
    let ledger = check::open(path).map_err(|error| format!("mended, it says, but {error}"))?;
    check::same_store(ledger.store().as_ref(), &ledger, told)
        .map(|()| true)
        .map_err(|loss| format!("mended, it says, but {loss}"))
}

/// Where what is derived knows of more lines than there are, or can't be asked, `rebuild` says what to do; it is
/// right to do so where the journal is known to be whole.
fn rebuild(path: &Path, is_whole: bool) -> Result<(), Error> {
    let go_on = &mut |_| ControlFlow::Continue(());
    match SqliteLedger::rebuild(path, go_on) {
        Err(error) if is_whole && error.to_string().contains("rebuild with keep_what_is_left") => {
            SqliteLedger::builder(path).keep_what_is_left().rebuild(go_on)
        }
        rebuilt => rebuilt,
    }
}
