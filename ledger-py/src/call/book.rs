//! A ledger that is open, and closing it.

use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ledger_core::bounds::LOCK_WAIT;
use ledger_core::{Field, Invalid, KeyRetention, Ledger, LedgerBuilder, MemoryStore};
use ledger_sqlite::{Durability, SqliteLedger};
use parking_lot::RwLock;
use pyo3::prelude::*;

use crate::base::plain::duration;
use crate::base::whole::Whole;
use crate::call::clock::PyClock;
use crate::call::detach::{check_outside_of_calls, detached, guarded, interrupt};
use crate::out::directory::Directory;
use crate::out::fault::{Fault, Taken};

/// A ledger that calls are made on. The file is closed when the last call on it has come to its end.
pub(crate) struct Open {
    pub(crate) ledger: Ledger,
    pub(crate) file: Option<SqliteLedger>,
    pub(crate) wallets: Arc<Directory>,
}

/// A ledger's handle.
#[pyclass(frozen, module = "ledger._ledger")]
pub(crate) struct Book {
    open: RwLock<Option<Arc<Open>>>,
    wallets: Arc<Directory>,
    opened_by: u32,
}

impl Book {
    fn new(ledger: Ledger, file: Option<SqliteLedger>, name: &str) -> Self {
        let wallets = Arc::new(Directory::of(name.into()));
        let open = Open { ledger, file, wallets: wallets.clone() };
        Self { open: RwLock::new(Some(Arc::new(open))), wallets, opened_by: process::id() }
    }

    /// The ledger, unless it is closed, or this is another process than the one that opened it: nothing
    /// of a parent may be touched, and no lock of its taken.
    pub(crate) fn open(&self) -> Result<Arc<Open>, Fault> {
        if self.is_forked() {
            let message = "the ledger was open in a process that was forked, and this is its child; open \
                           the ledger after the fork, or start processes by spawning them";
            return Err(Fault::own("forked", message));
        }
        self.open.read().clone().ok_or_else(|| {
            Fault::own("closed", "the ledger is closed; open it again with ledger.open")
        })
    }

    fn is_forked(&self) -> bool {
        process::id() != self.opened_by
    }

    /// Carries out `work` on the ledger without the interpreter.
    pub(crate) fn run<T: Send, E: Into<Fault>>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Open) -> Result<T, E> + Send,
    ) -> PyResult<T> {
        self.with(py, |open| detached(py, || work(&open)))
    }

    /// Carries out `work`, which writes, on the ledger.
    pub(crate) fn write<T>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(Arc<Open>) -> Taken<T>,
    ) -> PyResult<T> {
        self.with(py, |open| {
            check_outside_of_calls()?;
            work(open)
        })
    }

    /// Carries out `work` on the ledger; what goes wrong becomes an exception.
    pub(crate) fn with<T>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(Arc<Open>) -> Taken<T>,
    ) -> PyResult<T> {
        let result = self.open().map_err(Into::into).and_then(|open| {
            let result = guarded(|| work(open.clone()));
            if Arc::strong_count(&open) == 1 {
                // It was closed meanwhile, and this call was the last one: the file is closed now.
                py.detach(|| drop(open));
            }
            result
        });
        result.map_err(|trouble| trouble.raise(py, &self.wallets))
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        if self.is_forked() {
            // It is the parent's, with everything in it.
            std::mem::forget(self.open.get_mut().take());
        }
    }
}

#[pymethods]
impl Book {
    /// The path of the file.
    #[getter]
    fn file(&self) -> &str {
        &self.wallets.file
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        !self.is_forked() && self.open.read().is_none()
    }

    /// Closes it: new calls are refused, those under way come to their end.
    fn close(&self, py: Python<'_>) {
        if !self.is_forked() {
            py.detach(|| {
                let open = self.open.write().take();
                drop(open);
            });
        }
    }
}

/// Settings of a file, times in microseconds.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    durability: String,
    exclusive: bool,
    node: Whole,
    /// None for whatever the file has.
    key_retention: Option<i128>,
    lock_wait: i128,
    call_wait: Option<i128>,
}

impl Settings {
    fn node(&self) -> Result<u8, Invalid> {
        self.node.within(0..=255, Field::Config, "node")
    }

    fn call_wait(&self) -> Result<Option<Duration>, Invalid> {
        self.call_wait.map(|us| duration(us, Field::Config)).transpose()
    }

    /// Refuses what only a file can have: ignored, it would promise what nobody keeps.
    fn check_without_a_file(&self) -> Result<(), Invalid> {
        let usual = LOCK_WAIT.as_micros();
        let of_files = [
            ("durability", self.durability == "full"),
            ("exclusive", !self.exclusive),
            ("lock_wait", u128::try_from(self.lock_wait) == Ok(usual)),
        ];
        let Some((name, _)) = of_files.into_iter().find(|(_, is_usual)| !is_usual) else {
            return Ok(());
        };
        let problem = format!(
            "{name} is about a file and the programs that share it, and a ledger in memory has none; leave it out"
        );
        Err(Invalid::new(Field::Config, problem))
    }
}

/// Opens the ledger in a file.
#[pyfunction]
pub(crate) fn open_file(py: Python<'_>, path: PathBuf, settings: Settings) -> PyResult<Book> {
    let opened = detached(py, || open_with(&path, &settings));
    let nobody = Directory::of("".into());
    let file = opened.map_err(|trouble| trouble.raise(py, &nobody))?;
    let full = std::fs::canonicalize(&path).unwrap_or(path);
    Ok(Book::new(file.ledger().clone(), Some(file), &full.to_string_lossy()))
}

fn open_with(path: &PathBuf, settings: &Settings) -> Result<SqliteLedger, Fault> {
    let durability = match settings.durability.as_str() {
        "full" => Durability::Full,
        "normal" => Durability::Normal,
        "memory" => Durability::Memory,
        other => {
            let problem =
                format!("durability must be \"full\", \"normal\" or \"memory\", not {other:?}");
            return Err(Invalid::new(Field::Config, problem).into());
        }
    };
    let call_wait = settings.call_wait()?;
    let mut builder = SqliteLedger::builder(path)
        .durability(durability)
        .exclusive(settings.exclusive)
        .node(settings.node()?)
        .lock_wait(duration(settings.lock_wait, Field::Config)?)
        .interrupt(interrupt())
        .ledger(move |ledger| ledger.call_wait(call_wait));
    if let Some(keep) = settings.key_retention {
        builder = builder.key_retention(retention(keep)?);
    }
    Ok(builder.open()?)
}

/// How long keys are kept.
pub(crate) fn retention(microseconds: i128) -> Result<KeyRetention, Fault> {
    if microseconds < 0 {
        let problem = "how long keys are kept can't be below zero";
        return Err(Invalid::new(Field::Config, problem).into());
    }
    Ok(KeyRetention::lasting(duration(microseconds, Field::Config)?)?)
}

/// Opens a ledger in memory, which is gone when it is closed.
#[pyfunction]
#[pyo3(signature = (settings=None, clock=None))]
pub(crate) fn open_memory(
    py: Python<'_>,
    settings: Option<Settings>,
    clock: Option<Py<PyClock>>,
) -> PyResult<Book> {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!(":memory:{}:{number}", process::id());
    let mut builder = Ledger::builder(MemoryStore::new()).interrupt(interrupt());
    if let Some(clock) = clock {
        builder = builder.clock(clock.get().0.clone());
    }
    let opened = in_memory(builder, settings.as_ref());
    let ledger = opened.map_err(|fault| fault.raise(py, &Directory::of("".into())))?;
    Ok(Book::new(ledger, None, &name))
}

fn in_memory(mut builder: LedgerBuilder, settings: Option<&Settings>) -> Result<Ledger, Fault> {
    let Some(settings) = settings else { return Ok(builder.build()?) };
    settings.check_without_a_file()?;
    builder = builder.node(settings.node()?).call_wait(settings.call_wait()?);
    let keep = settings.key_retention.map(retention).transpose()?;
    let ledger = builder.build()?;
    if let Some(keep) = keep {
        ledger.set_key_retention(keep)?;
    }
    Ok(ledger)
}
