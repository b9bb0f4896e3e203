//! The full check of a file. It trusts nothing that is derived, and stops at the first thing wrong.

use hashbrown::HashMap;
use ledger_core::store::{StoreError, StoreResult, Terms};
use ledger_core::{AssetCode, Hold, Limits, WalletId};
use rusqlite::{Connection, Row};

use crate::audit::check::{Checked, Checker};
use crate::audit::head::Head;
use crate::audit::keys::{KeyCheck, Twice};
use crate::audit::reversals::ReversalCheck;
use crate::audit::watch::{Progress, STEP, Watch};
use crate::base::failure::{damaged, reading};
use crate::chain::account::Account;
use crate::journal::end;
use crate::journal::line::{COLUMNS, Cell};
use crate::journal::note::{Note, StoredNote};
use crate::journal::read::{self, ReadLine};
use crate::journal::seal::{self, Seal, Sealing};
use crate::journal::tags::{self, TagHasher};
use crate::schema::backdated::{self, Moved};
use crate::schema::connect::in_snapshot;
use crate::schema::create;
use crate::schema::directory::{self, Registered};
use crate::schema::holds;
use crate::schema::kinds::LineKind;
use crate::schema::progress;
use crate::schema::registry;
use crate::schema::reversals::{self, Part};
use crate::state::terms;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// The first thing wrong; none if nothing is.
    pub problem: Option<String>,
    /// Whether the check came to its end, or was stopped by its watcher or by a problem.
    pub complete: bool,
    /// Lines of the journal that were checked.
    pub lines: u64,
    /// Transactions among them.
    pub transactions: u64,
    /// Wallets that were checked, with those that stand for everything outside.
    pub wallets: u64,
    /// Notes (metadata and actor) that were erased.
    pub erased: u64,
    /// The end of the journal that was checked.
    pub head: Head,
}

impl Verification {
    fn failed_at_once(problem: String) -> Self {
        let head = Head { epoch: 0, lines: 0, seal: seal::FIRST };
        let (lines, transactions, wallets, erased) = (0, 0, 0, 0);
        let problem = Some(problem);
        Self { problem, complete: false, lines, transactions, wallets, erased, head }
    }

    /// Whether everything was checked and nothing is wrong.
    pub fn is_ok(&self) -> bool {
        self.complete && self.problem.is_none()
    }
}

/// Checks the file that `connection` is open on, as it is when this begins, and that it has `anchors`,
/// heads that were kept elsewhere.
///
/// What is derived is read in one snapshot. The journal is not: its lines never change, and a snapshot
/// that is kept long would keep the log from being used again.
pub(crate) fn verify(
    connection: &Connection,
    anchors: &[Head],
    watch: Watch<'_>,
) -> StoreResult<Verification> {
    let check = in_snapshot(connection, || Verifier::new(connection, anchors));
    let mut check = match check {
        Ok(check) => check,
        Err(StoreError::Broken(problem)) => return Ok(Verification::failed_at_once(problem)),
        Err(other) => return Err(other),
    };
    let problem = match check.run(watch) {
        Ok(done) => {
            check.complete = done;
            None
        }
        Err(StoreError::Broken(problem)) => Some(problem),
        Err(other) => return Err(other),
    };
    Ok(Verification {
        problem,
        complete: check.complete,
        lines: check.lines,
        transactions: check.checker.transactions,
        wallets: check.checker.wallets.len() as u64,
        erased: check.erased,
        head: check.head,
    })
}

/// What is derived in the file, at one moment.
struct Derived {
    states: HashMap<WalletId, Account>,
    registered: Vec<(WalletId, Registered)>,
    assets: Vec<(AssetCode, WalletId, u64)>,
    /// All states take in every line up to this.
    saved: u64,
    /// All keys up to this line are in runs.
    keys_upto: u64,
    /// The line that began the epoch.
    epoch_row: u64,
    /// The line that says how long keys are remembered.
    retention_row: u64,
    /// The line that says which periods are locked.
    lock_row: u64,
    /// Notes where there is no line.
    stray_notes: u64,
    /// All metadata up to this line is in the index.
    tagged: u64,
    /// The line that says what is in the index.
    indexed_row: u64,
    hasher: TagHasher,
    terms: Terms,
    /// Movements noted by when they took effect.
    backdated: u64,
    holds: Vec<Hold>,
    reversals: Vec<Part>,
}

impl Derived {
    fn read(connection: &Connection) -> StoreResult<Self> {
        Ok(Self {
            states: registry::load_all(connection)?,
            registered: directory::list_all(connection)?,
            assets: directory::list_all_assets(connection)?,
            saved: progress::Progress::Balances.get(connection)?,
            keys_upto: progress::Progress::Keys.get(connection)?,
            epoch_row: progress::Progress::Epoch.get(connection)?,
            retention_row: progress::Progress::Retention.get(connection)?,
            lock_row: progress::Progress::PeriodLock.get(connection)?,
            stray_notes: stray_notes(connection)?,
            tagged: progress::Progress::Tags.get(connection)?,
            indexed_row: progress::Progress::Indexed.get(connection)?,
            hasher: TagHasher::load(connection)?,
            terms: known_terms(connection)?,
            backdated: backdated::count(connection)?,
            holds: holds::all(connection)?,
            reversals: reversals::all(connection)?,
        })
    }
}

struct Verifier<'a> {
    connection: &'a Connection,
    anchors: &'a [Head],
    derived: Derived,
    checker: Checker,
    reversals: ReversalCheck,
    keys: KeyCheck,
    twice: Twice,
    sealing: Sealing,
    seal: Seal,
    head: Head,
    lines: u64,
    erased: u64,
    /// Movements that took effect before they were recorded.
    backdated: u64,
    complete: bool,
}

impl<'a> Verifier<'a> {
    fn new(connection: &'a Connection, anchors: &'a [Head]) -> StoreResult<Self> {
        check_pages(connection)?;
        end::check(connection)?;
        Ok(Self {
            connection,
            anchors,
            derived: Derived::read(connection)?,
            checker: Checker::default(),
            reversals: ReversalCheck::default(),
            keys: KeyCheck::new(connection)?,
            twice: Twice::default(),
            sealing: Sealing::after(&seal::FIRST),
            seal: seal::FIRST,
            head: Head::read(connection)?,
            lines: 0,
            erased: 0,
            backdated: 0,
            complete: false,
        })
    }

    /// Says whether it came to the end.
    fn run(&mut self, watch: Watch<'_>) -> StoreResult<bool> {
        let (connection, total) = (self.connection, self.head.lines);
        while self.lines < total {
            let (first, last) = (self.lines + 1, total.min(self.lines + STEP));
            read::rows(connection, first, last, |row| self.line(row).map(|()| true))?;
            if self.lines != last {
                return Err(damaged(format!("line {} of the journal is missing", self.lines + 1)));
            }
            if watch(Progress { done: self.lines, total }).is_break() {
                return Ok(false);
            }
        }
        self.check_end()?;
        Ok(true)
    }

    fn line(&mut self, row: &Row<'_>) -> StoreResult<()> {
        let line = ReadLine::read(row)?;
        self.checker.line(&line)?;
        if line.item == 0 && !self.reversals.is_whole() {
            return Err(line.damaged("comes before a reversal has all its lines"));
        }
        if let Some(reverses) = self.checker.reverses()? {
            let asset = self.checker.asset_of(&line)?;
            self.reversals.take(&line, &reverses, asset, self.connection)?;
        }
        self.check_backdated(&line)?;
        self.check_seal(&line, row)?;
        self.check_note(&line)?;
        let opened = matches!(line.kind, Some(LineKind::Wallet | LineKind::Asset));
        let opened = opened.then(|| WalletId::from_stamp(line.id));
        let ends = [line.from, line.to].into_iter().flatten().map(|end| end.wallet);
        for wallet in opened.into_iter().chain(ends) {
            self.check_state(wallet, &line)?;
        }
        if let Some(entry) = self.keys.line(&line) {
            self.twice.add(entry);
        }
        self.lines += 1;
        Ok(())
    }

    /// What was moved as of an earlier time is noted, and there are as many notes in all.
    fn check_backdated(&mut self, line: &ReadLine) -> StoreResult<()> {
        let Some(effective) = self.checker.backdated()? else { return Ok(()) };
        let (Some(from), Some(to), Some(amount)) = (line.from, line.to, line.amount) else {
            return Ok(());
        };
        let taken = amount.checked_neg().ok_or_else(|| line.damaged("has no such amount"))?;
        for (wallet, amount) in [(from.wallet, taken), (to.wallet, amount)] {
            let (id, posting) = (line.id.raw(), line.item);
            let moved = Moved { wallet, effective, id, posting, amount };
            if !backdated::is_noted(&moved, self.connection)? {
                return Err(line.damaged("is not noted by when it took effect; rebuild mends it"));
            }
            self.backdated += 1;
        }
        Ok(())
    }

    fn check_seal(&mut self, line: &ReadLine, row: &Row<'_>) -> StoreResult<()> {
        let cell = |column| row.get_ref(column).ok().and_then(Cell::of);
        let cells: Option<Vec<Cell<'_>>> = (0..COLUMNS.len()).map(cell).collect();
        let cells =
            cells.ok_or_else(|| line.damaged("has a value of a kind that is never written"))?;
        self.sealing.line(&cells);
        let kept = self.anchors.iter().filter(|anchor| anchor.lines == line.row);
        for anchor in kept {
            if (Some(anchor.seal), anchor.epoch) != (line.seal, self.checker.epoch) {
                return Err(line.damaged(&format!(
                    "does not have the seal of the head that was kept, {anchor}"
                )));
            }
        }
        let Some(found) = line.seal else { return Ok(()) };
        let sealing = std::mem::replace(&mut self.sealing, Sealing::after(&found));
        if sealing.finish() != found {
            return Err(
                line.damaged("ends a commit whose seal is broken: one of its lines was changed")
            );
        }
        self.seal = found;
        Ok(())
    }

    fn check_note(&mut self, line: &ReadLine) -> StoreResult<()> {
        let note = StoredNote::find(line.row, self.connection)?;
        match (line.note, note) {
            (None, None) => Ok(()),
            (Some(_), None) => {
                self.erased += 1;
                Ok(())
            }
            (Some(digest), Some(note)) if note.digest() == digest => {
                self.check_tags(line, &note.read()?)
            }
            _ => Err(line.damaged("has a note that is not the one it was written with")),
        }
    }

    /// What is in the index of metadata too much does no harm; what is missing is not found.
    fn check_tags(&self, line: &ReadLine, note: &Note) -> StoreResult<()> {
        let is_indexed =
            line.row <= self.derived.tagged && matches!(line.kind, Some(LineKind::Done(_)));
        let Some(meta) = note.meta.as_ref().filter(|_| is_indexed) else {
            return Ok(());
        };
        let Derived { hasher, terms, .. } = &self.derived;
        if tags::are_there(self.connection, hasher, terms, line.row, meta)? {
            return Ok(());
        }
        Err(line.damaged("is not found by its metadata; rebuild mends it"))
    }

    /// Compares a wallet's state as it was written down with what the lines say, at the line that it
    /// was written after.
    fn check_state(&mut self, wallet: WalletId, line: &ReadLine) -> StoreResult<()> {
        let Some(checked) = self.checker.wallets.get(&wallet) else { return Ok(()) };
        let states = &mut self.derived.states;
        let sound = match states.get(&wallet) {
            // It was passed, and a line up to which all should be written is not in it.
            None => line.row > self.derived.saved,
            Some(state) if state.row.version == checked.version => {
                let windows = &mut self.checker.windows;
                states.remove(&wallet).is_some_and(|state| {
                    agrees(checked, &state) && windows.agrees(&state.row, line.id.time())
                })
            }
            Some(state) => state.row.version > checked.version,
        };
        if sound { Ok(()) } else { Err(state_damaged(wallet)) }
    }

    fn check_end(&mut self) -> StoreResult<()> {
        if self.seal != self.head.seal {
            return Err(damaged("the journal does not end with a seal"));
        }
        let is_met = |anchor: &&Head| (1..=self.lines).contains(&anchor.lines);
        if let Some(anchor) = self.anchors.iter().find(|anchor| !is_met(anchor)) {
            return Err(damaged(format!("the journal was cut off: it ends before {anchor}")));
        }
        if let Some(wallet) = self.derived.states.keys().next() {
            return Err(state_damaged(*wallet));
        }
        if self.derived.stray_notes > 0 {
            return Err(damaged("there are notes of no line"));
        }
        check_rest(self.connection)?;
        self.check_registry()?;
        if !self.checker.holds.is_all(&self.derived.holds) {
            return Err(damaged("holds are not as their lines say; rebuild makes them again"));
        }
        if !self.reversals.is_whole() {
            return Err(damaged("the journal ends before a reversal has all its lines"));
        }
        if !self.reversals.is_all(std::mem::take(&mut self.derived.reversals)) {
            return Err(damaged("reversals are not as their lines say; rebuild makes them again"));
        }
        if self.derived.backdated != self.backdated {
            let problem =
                "more is noted of when things took effect than there was; rebuild mends it";
            return Err(damaged(problem));
        }
        self.check_sums()?;
        let Derived { epoch_row, retention_row, lock_row, indexed_row, .. } = self.derived;
        if epoch_row != self.checker.epoch_row
            || retention_row != self.checker.retention_row()
            || lock_row != self.checker.locked.map_or(0, |(row, _)| row)
            || indexed_row != self.checker.indexed.as_ref().map_or(0, |(row, _)| *row)
        {
            return Err(damaged("the derived tables claim to be further than the journal"));
        }
        self.keys.finish(self.derived.keys_upto, self.forgotten()?)?;
        let twice = std::mem::take(&mut self.twice);
        let twice = twice.find(self.connection, |one, two| self.checker.was_forgotten(one, two))?;
        twice.map_or(Ok(()), |row| {
            Err(damaged(format!("line {row} of the journal has a key that was used before")))
        })
    }

    /// The last line of which the keys are forgotten.
    fn forgotten(&self) -> StoreResult<u64> {
        let last = read::line(self.connection, self.lines)?;
        let until = last.and_then(|last| self.checker.forgotten_until(last.id.time()));
        until.map_or(Ok(0), |until| read::last_until(self.connection, until, self.lines))
    }

    /// Assets and wallets are found by their names, all of them and no others.
    fn check_registry(&self) -> StoreResult<()> {
        for (wallet, registered) in &self.derived.registered {
            let opened = self.checker.wallets.get(wallet);
            if opened.is_none_or(|opened| opened.registered != *registered) {
                return Err(damaged(format!(
                    "wallet {wallet} is registered otherwise than it was opened; rebuild mends it"
                )));
            }
        }
        let known = &self.checker.assets;
        let odd = |(code, world, row): &(AssetCode, WalletId, u64)| {
            let opened = self.checker.wallets.get(world).map(|world| world.registered.row);
            known.get(code) != Some(world) || opened != Some(*row)
        };
        let (wallets, assets) = (&self.derived.registered, &self.derived.assets);
        let missing = wallets.len() != self.checker.wallets.len() || assets.len() != known.len();
        if missing || assets.iter().any(odd) {
            return Err(damaged("wallets or assets are not as they were opened; rebuild mends it"));
        }
        Ok(())
    }

    /// What all wallets of an asset hold adds up to nothing.
    fn check_sums(&self) -> StoreResult<()> {
        let mut sums: HashMap<WalletId, i128> = HashMap::new();
        for wallet in self.checker.wallets.values() {
            // Past 128 bits it wraps, and zero stays zero.
            let sum = sums.entry(wallet.registered.world).or_default();
            *sum = sum.wrapping_add(wallet.posted.minor());
        }
        let unbalanced = self.checker.assets.iter().find(|(_, world)| sums.get(*world) != Some(&0));
        unbalanced.map_or(Ok(()), |(code, _)| {
            Err(damaged(format!("all wallets in {code} together do not hold zero")))
        })
    }
}

/// What holds for the ledger as a whole, if the file can tell; that it can is checked at the end.
fn known_terms(connection: &Connection) -> StoreResult<Terms> {
    match terms(connection) {
        Err(StoreError::Broken(_)) => Ok(Terms::default()),
        known => known,
    }
}

/// Whether SQLite's own structures are sound, with the indexes by which names are found.
fn check_pages(connection: &Connection) -> StoreResult<()> {
    let whole = "quick_check(1)";
    let indexed =
        ["wallet", "asset", "hold", "reversal", "backdated", "tag", "progress", "property"];
    let indexed = indexed.map(|table| format!("integrity_check({table})"));
    for pragma in [whole.to_owned()].into_iter().chain(indexed) {
        let found: String = connection
            .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
            .map_err(reading)?;
        if found != "ok" {
            return Err(damaged(found));
        }
    }
    Ok(())
}

/// How many notes there are where there is no line.
fn stray_notes(connection: &Connection) -> StoreResult<u64> {
    let sql = "SELECT count(*) FROM note WHERE row < 1 OR row > (SELECT max(row) FROM journal)";
    connection.query_row(sql, [], |row| row.get(0)).map_err(reading)
}

/// What no line leads to: lines before the first, names of kinds.
fn check_rest(connection: &Connection) -> StoreResult<()> {
    let count =
        |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u64>(0)).map_err(reading);
    if count("SELECT count(*) FROM journal WHERE row < 1")? > 0 {
        return Err(damaged("the journal has lines before its first"));
    }
    let mut find = connection
        .prepare("SELECT number, code, outcome FROM kind ORDER BY number")
        .map_err(reading)?;
    let found = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let found: Vec<(i64, String, String)> = found.and_then(Iterator::collect).map_err(reading)?;
    let mut expected = create::kinds();
    expected.sort_unstable();
    if !found.iter().map(|(number, code, outcome)| (*number, &**code, &**outcome)).eq(expected) {
        return Err(damaged("the names of the kinds of lines were changed; rebuild mends it"));
    }
    Ok(())
}

fn agrees(checked: &Checked, state: &Account) -> bool {
    let row = &state.row;
    let same = (row.asset, row.is_world, row.status, row.posted)
        == (checked.asset, checked.is_world, checked.status, checked.posted);
    let limits = Limits { windows: Vec::new(), ..row.limits() };
    same && limits == checked.limits() && state.roots == checked.roots
}

fn state_damaged(wallet: WalletId) -> StoreError {
    damaged(format!(
        "the balance of wallet {wallet} as it was written down is not what its postings say; rebuild \
         makes it again"
    ))
}
