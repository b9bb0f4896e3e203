//! A ledger in a file.

use std::fmt;
use std::ops::{ControlFlow, Deref};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ledger_core::store::{Store, StoreError};
use ledger_core::{
    Clock, Error, Field, Interrupt, Invalid, KeyRetention, Ledger, LedgerBuilder, Result, bounds,
};

use crate::audit::head::Head;
use crate::audit::query::{Table, Value};
use crate::audit::verify::Verification;
use crate::audit::watch::Watch;
use crate::keys::index::RECENT_MAX;
use crate::options::Durability;
use crate::store::settings::{Pace, Settings};
use crate::store::{FileStats, SqliteStore, rebuild_file, schema_of_file, verify_file};

/// A ledger in one SQLite file.
///
/// It reads like the [`Ledger`] it is. Threads share it by reference, or by cloning the ledger in it.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("shop.ledger");
/// use ledger_core::{Asset, WalletSpec};
/// use ledger_sqlite::SqliteLedger;
///
/// let ledger = SqliteLedger::open(&path)?;
/// let usd = Asset::iso("USD")?;
/// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
/// ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
/// drop(ledger);
///
/// let ledger = SqliteLedger::open(&path)?;
/// assert_eq!(ledger.balance(&alice)?.posted.to_string(), "100.00 USD");
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SqliteLedger {
    ledger: Ledger,
    store: Arc<SqliteStore>,
}

impl SqliteLedger {
    /// Opens the ledger in that file, or makes it. Errors: see [`SqliteLedgerBuilder::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder(path).open()
    }

    /// Settings for opening it.
    pub fn builder(path: impl AsRef<Path>) -> SqliteLedgerBuilder {
        SqliteLedgerBuilder {
            path: path.as_ref().to_owned(),
            settings: Settings::default(),
            interrupt: Interrupt::NONE,
            adjust: Vec::new(),
            retention: None,
        }
    }

    /// The schema of the ledger in a file: [`SCHEMA_VERSION`](crate::SCHEMA_VERSION), or an earlier one, which
    /// opening the file brings forward for good. None where there is nothing yet, and opening would make a ledger.
    /// The file is left as it is.
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("shop.ledger");
    /// use ledger_sqlite::{SCHEMA_VERSION, SqliteLedger};
    ///
    /// std::fs::write(&path, "").unwrap();
    /// assert_eq!(SqliteLedger::schema_of_file(&path)?, None);
    /// let ledger = SqliteLedger::open(&path)?;
    /// assert_eq!(SqliteLedger::schema_of_file(&path)?, Some(SCHEMA_VERSION));
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `StoreBroken` if the file is there and none of a ledger.
    pub fn schema_of_file(path: impl AsRef<Path>) -> Result<Option<i32>> {
        Ok(schema_of_file(path.as_ref())?)
    }

    /// The end of the journal: keep it elsewhere, and [`verify_with`](Self::verify_with) can later
    /// tell whether anything before it was changed or cut off.
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("shop.ledger");
    /// # use ledger_sqlite::SqliteLedger;
    /// let ledger = SqliteLedger::open(path)?;
    /// let head = ledger.head()?.to_string(); // to be kept elsewhere
    /// let anchor = head.parse().unwrap();
    /// let found = ledger.verify_with(&[anchor], &mut |_| std::ops::ControlFlow::Continue(()))?;
    /// assert_eq!(found.problem, None);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn head(&self) -> Result<Head> {
        Ok(self.store.head()?)
    }

    /// Checks everything in the file.
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("shop.ledger");
    /// # use ledger_sqlite::SqliteLedger;
    /// let ledger = SqliteLedger::open(path)?;
    /// let found = ledger.verify()?;
    /// assert_eq!(found.problem, None);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    pub fn verify(&self) -> Result<Verification> {
        self.verify_with(&[], &mut |_| ControlFlow::Continue(()))
    }

    /// Checks everything in the file, and that it has these heads, which were kept elsewhere. Calls
    /// `watch` now and then, which may stop it.
    pub fn verify_with(&self, anchors: &[Head], watch: Watch<'_>) -> Result<Verification> {
        Ok(self.store.verify(anchors, watch)?)
    }

    /// The same for a file in which the ledger is not open, perhaps because it is too damaged for
    /// that. It may be one that can only be read.
    ///
    /// # Errors
    ///
    /// `StoreBroken` if the file is none of a ledger, or too damaged to be checked; `StoreRefused` if nothing
    /// is wrong with it, but it may not be read, or is of an earlier schema; `StoreBusy` if someone begins to
    /// write meanwhile to what this process may only read.
    pub fn verify_file(
        path: impl AsRef<Path>,
        anchors: &[Head],
        watch: Watch<'_>,
    ) -> Result<Verification> {
        Ok(verify_file(path.as_ref(), anchors, watch)?)
    }

    /// Copies the file, as it is at one moment, to a path where there is none yet. Writing goes on
    /// meanwhile, as long as the write-ahead log stays below 1 GiB.
    ///
    /// The copy knows that it is one: opening it begins a new epoch, so that it can't be taken for
    /// this file. Keys that were used after the copy was made are unknown in it, so a retry of such
    /// a request would be carried out again.
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("shop.ledger");
    /// # use ledger_core::{Asset, WalletSpec};
    /// # use ledger_sqlite::SqliteLedger;
    /// let ledger = SqliteLedger::open(path)?;
    /// let alice = ledger.open_wallet(WalletSpec::new("user:alice", Asset::iso("USD")?)?)?;
    /// ledger.backup(folder.path().join("monday.ledger"))?;
    /// let copy = SqliteLedger::open(folder.path().join("monday.ledger"))?;
    /// assert_eq!(copy.wallet("user:alice")?, Some(alice));
    /// assert!(copy.head()?.epoch > ledger.head()?.epoch);
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidValue` if there is something at the path already, or nothing can be made there; `StoreFull` without
    /// room for the copy. Nothing is left at the path then.
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<()> {
        self.store.backup(path.as_ref()).map_err(|error| asked_wrongly(Field::Value, error))
    }

    /// Asks the file in SQL. Only reading is possible.
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("shop.ledger");
    /// # use ledger_core::{Asset, WalletSpec};
    /// # use ledger_sqlite::{SqliteLedger, Value};
    /// let ledger = SqliteLedger::open(path)?;
    /// let usd = Asset::iso("USD")?;
    /// let alice = ledger.open_wallet(WalletSpec::new("user:alice", usd)?)?;
    /// ledger.deposit(&alice, usd.money("100.00")?, "stripe:ch_1")?;
    /// let found = ledger.query("SELECT posted FROM balance WHERE name = 'user:alice'")?;
    /// assert_eq!(found.rows, [[Value::Integer(100_00)]]);
    /// assert!(ledger.query("DELETE FROM journal").is_err());
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidValue` if SQLite can't carry the query out, or it does not only read, or finds more rows than a
    /// list has room for; `StoreBusy` if it was interrupted; `StoreBroken` if it meets damage.
    pub fn query(&self, sql: &str) -> Result<Table> {
        self.query_with(sql, &[])
    }

    /// The same with values for the parameters of the SQL, one for each `?`. What users have typed belongs
    /// here, and never into the text.
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("shop.ledger");
    /// # use ledger_sqlite::{SqliteLedger, Value};
    /// let ledger = SqliteLedger::open(path)?;
    /// let found = ledger.query_with("SELECT ? || 1", &[Value::Text("it's ".to_owned())])?;
    /// assert_eq!(found.rows, [[Value::Text("it's 1".to_owned())]]);
    /// assert!(ledger.query_with("SELECT ?", &[]).is_err());
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`query`](Self::query), and if there are more or fewer values than parameters.
    pub fn query_with(&self, sql: &str, params: &[Value]) -> Result<Table> {
        self.store.query(sql, params).map_err(|error| asked_wrongly(Field::Value, error))
    }

    /// Writes down what is behind, so that the next opening is quick, and closes the file. What was
    /// answered is safe without it; dropping the ledger does the same and keeps silent if it fails.
    ///
    /// Clones of the ledger keep the file open until they are dropped as well.
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("shop.ledger");
    /// # use ledger_core::{Asset, WalletSpec};
    /// # use ledger_sqlite::SqliteLedger;
    /// let ledger = SqliteLedger::open(path)?;
    /// let old = ledger.open_wallet(WalletSpec::new("old", Asset::iso("USD")?)?)?;
    /// ledger.close_wallet(&old, "closing:1")?; // a wallet
    /// ledger.close_file()?;
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `StoreBusy` if others keep writing for as long as it waits, and whatever else a write can meet. The file is
    /// closed all the same: the next opening takes longer.
    pub fn close_file(self) -> Result<()> {
        Ok(self.store.settle()?)
    }

    /// Figures of the file and of the memory that goes with it.
    pub fn file_stats(&self) -> Result<FileStats> {
        Ok(self.store.file_stats()?)
    }

    /// Makes everything in the file that is derived from the journal again: balances, the index of
    /// keys, names. It is refused while anyone has the file open, and where the journal has lost its end. A
    /// crash meanwhile leaves it as it was. The journal itself is taken as it stands; whether that is whole,
    /// [`verify_file`](Self::verify_file) says afterwards.
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("shop.ledger");
    /// # use ledger_sqlite::SqliteLedger;
    /// SqliteLedger::open(&path)?.close_file()?;
    /// SqliteLedger::rebuild(&path, &mut |_| std::ops::ControlFlow::Continue(()))?;
    /// # Ok::<(), ledger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `StoreBusy` while it is open anywhere; `StoreBroken` if the journal can't be read or has lost its end.
    pub fn rebuild(path: impl AsRef<Path>, watch: Watch<'_>) -> Result<()> {
        Self::builder(path).rebuild(watch)
    }

    fn agree_on_retention(&self, keep: KeyRetention) -> Result<()> {
        let is_new = Store::records(self.store.as_ref(), None, 1)?.is_empty();
        if is_new {
            // Someone else may be making the file as well: who comes second finds what the first has said.
            self.begin_key_retention(keep)?;
        }
        let known = self.key_retention()?;
        if keep == known {
            return Ok(());
        }
        let said = |keep: KeyRetention| match Option::<Duration>::from(keep) {
            None => "for ever".to_owned(),
            Some(duration) => format!("for {duration:?}"),
        };
        let problem = format!(
            "key_retention is a property of the file: this one remembers keys {}, not {}; open it \
             without the option, or change it with set_key_retention",
            said(known),
            said(keep)
        );
        Err(Invalid::new(Field::Config, problem).into())
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The store below it.
    pub fn store(&self) -> &Arc<SqliteStore> {
        &self.store
    }
}

impl Deref for SqliteLedger {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        &self.ledger
    }
}

/// What the caller can mend is a rejection, not a failure of the store.
fn asked_wrongly(field: Field, error: StoreError) -> Error {
    match error {
        StoreError::Refused(problem) => Invalid::new(field, problem).into(),
        other => other.into(),
    }
}

type Adjust = Box<dyn FnOnce(LedgerBuilder) -> LedgerBuilder + Send>;

/// Settings of a file that is about to be opened. What is not set is as usual.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("shop.ledger");
/// use ledger_core::KeyRetention;
/// use ledger_sqlite::{Durability, SqliteLedger};
/// use std::time::Duration;
///
/// let month = Duration::from_hours(30 * 24);
/// let ledger = SqliteLedger::builder(path)
///     .durability(Durability::Full)
///     .exclusive(true)
///     .lock_wait(Duration::from_millis(250))
///     .key_retention(KeyRetention::lasting(month)?)
///     .open()?;
/// # drop(ledger);
/// # Ok::<(), ledger_core::Error>(())
/// ```
#[must_use]
pub struct SqliteLedgerBuilder {
    path: PathBuf,
    settings: Settings,
    interrupt: Interrupt,
    adjust: Vec<Adjust>,
    retention: Option<KeyRetention>,
}

impl fmt::Debug for SqliteLedgerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, settings, retention, .. } = self;
        let mut said = f.debug_struct("SqliteLedgerBuilder");
        said.field("path", path).field("settings", settings).field("retention", retention);
        said.finish_non_exhaustive()
    }
}

impl SqliteLedgerBuilder {
    /// What a commit that was answered survives.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.settings.durability = durability;
        self
    }

    /// Keeps every other process, and every other ledger of this one, from opening the file. Balances
    /// then come from memory alone.
    pub fn exclusive(mut self, exclusive: bool) -> Self {
        self.settings.exclusive = exclusive;
        self
    }

    /// How long a group waits for other processes that write.
    pub fn lock_wait(mut self, wait: Duration) -> Self {
        self.settings.wait = wait;
        self.ledger(move |ledger| ledger.lock_wait(wait))
    }

    /// How long keys are remembered. It is a property of the file: set when it is made, and the same
    /// whenever it is opened. [`Ledger::set_key_retention`] changes it.
    pub fn key_retention(mut self, keep: KeyRetention) -> Self {
        self.retention = Some(keep);
        self
    }

    /// How many of the latest keys are kept in memory before they are written to the disk. Fewer take
    /// less memory, and more work.
    pub fn recent_keys(mut self, keys: usize) -> Self {
        self.settings.recent_keys = keys.clamp(1, RECENT_MAX);
        self
    }

    /// Takes the time from this clock instead of the machine's.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        self.ledger(move |ledger| ledger.clock(clock))
    }

    /// The number in the lowest bits of every id: give each ledger its own where ids of several
    /// ledgers meet.
    pub fn node(self, node: u8) -> Self {
        self.ledger(move |ledger| ledger.node(node))
    }

    /// What may end a wait early, for other processes too, and long queries and backups: see
    /// [`LedgerBuilder::interrupt`].
    pub fn interrupt(mut self, interrupt: Interrupt) -> Self {
        self.interrupt = interrupt.clone();
        self.ledger(move |ledger| ledger.interrupt(interrupt))
    }

    /// Any other setting of the ledger.
    pub fn ledger(
        mut self,
        adjust: impl FnOnce(LedgerBuilder) -> LedgerBuilder + Send + 'static,
    ) -> Self {
        self.adjust.push(Box::new(adjust));
        self
    }

    /// Has [`rebuild`](Self::rebuild) go on where the journal has lost its end, which it refuses otherwise: what
    /// was there is gone then, and nobody will see it any more.
    pub fn keep_what_is_left(mut self) -> Self {
        self.settings.keep_what_is_left = true;
        self
    }

    /// Moves the log and writes wallets down after every few lines, for tests of what happens between.
    #[doc(hidden)]
    pub fn in_small_steps(mut self) -> Self {
        self.settings.pace = Pace::IN_SMALL_STEPS;
        self
    }

    /// See [`SqliteLedger::rebuild`].
    pub fn rebuild(self, watch: Watch<'_>) -> Result<()> {
        Ok(rebuild_file(&self.path, &self.settings, watch)?)
    }

    /// Opens the ledger.
    ///
    /// # Errors
    ///
    /// `StoreBusy` if it is open elsewhere in exclusive mode, or others keep writing; `StoreBroken` if the file is
    /// damaged or none of a ledger, or on a network; `StoreRefused` if it may not be read or written;
    /// `InvalidConfig` for settings that can't be.
    pub fn open(self) -> Result<SqliteLedger> {
        if self.settings.wait > bounds::WAIT_MAX {
            let problem = format!("lock_wait must be at most {:?}", bounds::WAIT_MAX);
            return Err(Invalid::new(Field::Config, problem).into());
        }
        let store = Arc::new(SqliteStore::open(&self.path, self.settings, self.interrupt)?);
        let builder = LedgerBuilder::on(store.clone());
        let builder = self.adjust.into_iter().fold(builder, |builder, adjust| adjust(builder));
        let ledger = SqliteLedger { ledger: builder.build()?, store };
        if let Some(keep) = self.retention {
            ledger.agree_on_retention(keep)?;
        }
        Ok(ledger)
    }
}
