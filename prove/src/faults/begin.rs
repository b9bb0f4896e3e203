//! What a run begins from: nothing, a file as a crash leaves it, or one of an earlier schema.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ledger_core::store::{Record, Store};
use ledger_core::{Clock, Error, ManualClock, Retry, Timestamp};
use ledger_sqlite::{SqliteLedger, SqliteLedgerBuilder};

use crate::disk::image::Image;
use crate::summary;
use crate::workload::clerk::Clerk;
use crate::workload::told::{Said, Tell, Told};

pub(super) const FILE: &str = "test.ledger";

/// The oldest schema there is.
const EARLIER: &[u8] =
    include_bytes!("../../../ledger-sqlite/tests/fixtures/schema-1.ledger").as_slice();
/// It has fewer records.
const RECORDS_MAX: usize = 1_000;
/// When it is, in milliseconds: in the year 2027.
const NOW: i64 = 1_800_000_000_000;

/// What is in the folder when a run begins, and what was told until then.
#[derive(Debug)]
pub(super) struct Beginning {
    pub(super) name: &'static str,
    pub(super) image: Image,
    pub(super) told: Told,
}

impl Beginning {
    /// Every one there is.
    pub(super) fn all(seed: u64) -> io::Result<[Self; 3]> {
        let nothing = Self { name: "nothing", image: Image::default(), told: Told::default() };
        Ok([nothing, Self::crashed(seed)?, Self::earlier()?])
    }

    /// All that was done is in the log.
    fn crashed(seed: u64) -> io::Result<Self> {
        let (folder, left) = (summary::working_folder()?, summary::working_folder()?);
        let site = Site::new(folder.path(), 1);
        let mut told = Told::default();
        let ledger = some_business(&site, seed, &mut |tell| told.hear(&tell));
        let ledger = ledger.map_err(io::Error::other)?;
        for name in [FILE, "test.ledger-wal"] {
            std::fs::copy(folder.path().join(name), left.path().join(name))?;
        }
        drop(ledger);
        Ok(Self { name: "a log that a crash left", image: Image::read(left.path())?, told })
    }

    /// What was told is what the journal says, which nobody changes.
    fn earlier() -> io::Result<Self> {
        let folder = summary::working_folder()?;
        let site = Site::new(folder.path(), 1);
        std::fs::write(&site.path, EARLIER)?;
        let image = Image::read(folder.path())?;
        let ledger = site.open().map_err(io::Error::other)?;
        let records = ledger.store().records(None, RECORDS_MAX);
        let records = records.map_err(|error| io::Error::other(error.to_string()))?;
        let mut told = Told::default();
        told.hear(&Tell::Opened);
        records.iter().flat_map(tells_of).for_each(|tell| told.hear(&tell));
        Ok(Self { name: "an earlier schema", image, told })
    }
}

fn some_business(
    site: &Site,
    seed: u64,
    tell: &mut dyn FnMut(Tell),
) -> Result<SqliteLedger, Error> {
    let ledger = site.open()?;
    tell(Tell::Opened);
    let mut clerk = Clerk::new("before", seed, &ledger, tell)?;
    for _ in 0..8 {
        clerk.work(&ledger, tell)?;
    }
    Ok(ledger)
}

/// What whoever asked for a record was told.
fn tells_of(record: &Record) -> Vec<Tell> {
    match record {
        Record::Transaction(it) => {
            vec![Tell::Said(it.key.to_string(), Said::Done(Box::new((**it).clone())))]
        }
        Record::Refusal(it) => {
            let said = Said::of_error(&Error::from(it.rejection.clone()));
            it.items.iter().map(|item| Tell::Said(item.key.to_string(), said.clone())).collect()
        }
        Record::Wallet(it) => vec![Tell::Wallet(it.name.to_string(), it.id)],
        _ => Vec::new(),
    }
}

/// Where a run takes place.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) path: PathBuf,
    tries: u32,
    clock: Arc<Counting>,
}

impl Site {
    /// A file in a folder; groups are tried so many times.
    pub(super) fn new(folder: &Path, tries: u32) -> Self {
        Self { path: folder.join(FILE), tries, clock: Arc::new(Counting::default()) }
    }

    /// Without pauses: whoever is tried again at once fails again at once.
    pub(super) fn file(&self) -> SqliteLedgerBuilder {
        let retry =
            Retry { tries: self.tries, pause_min: Duration::ZERO, pause_max: Duration::ZERO };
        let file = SqliteLedger::builder(&self.path).clock(self.clock.clone());
        let file = file.recent_keys(12).lock_wait(Duration::from_millis(2));
        file.ledger(move |ledger| ledger.retry(retry))
    }

    pub(super) fn open(&self) -> Result<SqliteLedger, Error> {
        self.file().open()
    }
}

/// A clock that goes on whenever it is looked at, so that the same run is the same again.
#[derive(Debug)]
struct Counting(ManualClock);

impl Default for Counting {
    fn default() -> Self {
        Self(ManualClock::new(Timestamp::from_unix_ms(NOW)))
    }
}

impl Clock for Counting {
    fn now(&self) -> Timestamp {
        self.0.advance(Duration::from_millis(1));
        self.0.now()
    }

    fn sleep(&self, duration: Duration) {
        self.0.sleep(duration);
    }

    fn random(&self) -> u64 {
        self.0.random()
    }
}

#[cfg(test)]
mod tests {
    use ledger_sqlite::SCHEMA_VERSION;

    use super::*;
    use crate::check;

    #[test]
    fn a_file_is_there_as_it_was_left_with_all_that_was_told() {
        let [nothing, crashed, earlier] = Beginning::all(1).unwrap();
        assert!(!nothing.told.is_open && !nothing.image.has(FILE));
        assert!(crashed.image.has("test.ledger-wal"));
        for (beginning, schema) in [(crashed, SCHEMA_VERSION), (earlier, 1)] {
            let folder = summary::working_folder().unwrap();
            beginning.image.write(folder.path()).unwrap();
            let path = folder.path().join(FILE);
            assert_eq!(SqliteLedger::schema_of_file(&path).unwrap(), Some(schema));
            assert!(beginning.told.is_open && beginning.told.answers.len() > 5);
            check::reopened(&path, &beginning.told).unwrap();
        }
    }
}
