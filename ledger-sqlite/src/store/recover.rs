//! Ending a doubt. Whether a failed commit is in the file is not for the old connections to say: what
//! they show may be in memory only. Everything is opened anew, and only after all of the log has been
//! moved into the database and flushed does anyone look.

use ledger_core::store::{StoreError, StoreResult};

use crate::state::State;
use crate::store::SqliteStore;
use crate::store::checkpoint;
use crate::store::writer::Writer;

impl SqliteStore {
    pub(super) fn end_doubt(&self) -> StoreResult<()> {
        let mut writer = self.writer.lock();
        if !self.health.is_in_doubt() {
            // Someone else did it, or there is nothing that could be done.
            return self.health.check();
        }
        let _turn = self.take_turn(&|| false)?;
        let mut state = self.state.write();
        drop(self.readers.drain());
        self.health.note(self.identity.check())?;
        *writer = self.connect(|_| Writer::open(&self.place, &self.settings))?;
        // While the log can't be flushed, nothing is moved, and the doubt stays.
        writer.room.flush()?;
        let moved = self.checkpointed(checkpoint::truncate(&writer.connection))?;
        if moved.busy {
            let problem = "the log can't be settled while others read; try again";
            return Err(StoreError::Busy(problem.to_owned()));
        }
        // SQLite has cut the log off and not flushed that: what failed could come back.
        writer.room.flush()?;
        *state = State::load(&writer.connection)?;
        self.health.recover();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use ledger_core::store::{Store, Wants};
    use ledger_core::{Asset, ErrorKind, Ledger, LedgerBuilder, Retry, Wallet, WalletSpec};
    use tempfile::TempDir;

    use super::*;
    use ledger_core::Interrupt;

    use crate::store::settings::Settings;

    struct Shop {
        store: Arc<SqliteStore>,
        ledger: Ledger,
        alice: Wallet,
        _folder: TempDir,
    }

    /// A ledger that tries once and gives up, so that each failure is seen.
    fn shop() -> Shop {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("test.ledger");
        let settings = Settings { wait: Duration::from_millis(5), ..Settings::default() };
        let store = Arc::new(SqliteStore::open(&path, settings, Interrupt::NONE).unwrap());
        let ledger = LedgerBuilder::on(store.clone());
        let ledger = ledger
            .retry(Retry { tries: 1, pause_min: Duration::ZERO, pause_max: Duration::ZERO })
            .build()
            .unwrap();
        let usd = Asset::iso("USD").unwrap();
        let alice = ledger.open_wallet(WalletSpec::new("alice", usd).unwrap()).unwrap();
        Shop { store, ledger, alice, _folder: folder }
    }

    fn deposit(shop: &Shop, key: &str) -> Result<bool, ErrorKind> {
        let receipt = shop.ledger.deposit(&shop.alice, shop.alice.asset.minor(1), key);
        receipt.map(|receipt| receipt.replayed).map_err(|error| error.kind())
    }

    fn posted(shop: &Shop) -> i128 {
        shop.ledger.balance(&shop.alice).unwrap().posted.amount().minor()
    }

    #[test]
    fn a_commit_that_failed_and_is_not_there_is_carried_out_by_the_retry() {
        let shop = shop();
        shop.store.writer.lock().connection.commit_hook(Some(|| true)).unwrap();
        assert_eq!(deposit(&shop, "a"), Err(ErrorKind::Indeterminate));
        assert_eq!(posted(&shop), 0);
        assert_eq!(deposit(&shop, "a"), Ok(false));
        assert_eq!(posted(&shop), 1);
    }

    #[test]
    fn a_commit_that_failed_and_is_there_all_the_same_is_found_by_the_retry() {
        static FAILURES: AtomicUsize = AtomicUsize::new(0);
        let shop = shop();
        shop.store
            .writer
            .lock()
            .connection
            .wal_hook(Some(|_: &mut rusqlite::hooks::Wal, _| {
                FAILURES.fetch_add(1, Ordering::SeqCst);
                Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(10), None))
            }))
            .unwrap();
        assert_eq!(deposit(&shop, "a"), Err(ErrorKind::Indeterminate));
        assert_eq!(FAILURES.load(Ordering::SeqCst), 1);
        assert_eq!(posted(&shop), 1);
        assert_eq!(deposit(&shop, "a"), Ok(true));
        assert_eq!(posted(&shop), 1);
    }

    #[cfg(unix)]
    #[test]
    fn files_that_cant_be_looked_at_after_a_commit_leave_a_doubt_that_ends() {
        let shop = shop();
        let (path, kept) = (shop.store.place.beside("-wal"), shop.store.place.beside(".kept"));
        let hide = {
            let (path, kept) = (path.clone(), kept.clone());
            move || {
                std::fs::rename(&path, &kept).unwrap();
                // A link to itself: the system says neither what is there nor that nothing is.
                std::os::unix::fs::symlink(&path, &path).unwrap();
                false
            }
        };
        shop.store.writer.lock().connection.commit_hook(Some(hide)).unwrap();
        assert_eq!(deposit(&shop, "a"), Err(ErrorKind::Indeterminate));
        assert!(matches!(shop.store.recover(), Err(StoreError::Busy(_))));
        std::fs::rename(&kept, &path).unwrap();
        assert_eq!(deposit(&shop, "a"), Ok(true));
        assert_eq!(posted(&shop), 1);
    }

    /// Has the file with that ending moved away while a commit is made.
    #[cfg(unix)]
    fn deposit_as_it_moves(shop: &Shop, ending: &str) -> Result<bool, ErrorKind> {
        let (path, kept) = (shop.store.place.beside(ending), shop.store.place.beside(".kept"));
        let take_away = move || {
            std::fs::rename(&path, &kept).unwrap();
            std::fs::write(&path, "").unwrap();
            false
        };
        shop.store.writer.lock().connection.commit_hook(Some(take_away)).unwrap();
        deposit(shop, "as it moves")
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_answered_that_went_into_a_log_nobody_finds() {
        for ending in ["-wal", "-shm"] {
            let shop = shop();
            assert_eq!(deposit_as_it_moves(&shop, ending), Err(ErrorKind::Indeterminate));
            assert_eq!(deposit(&shop, "later"), Err(ErrorKind::StoreBroken), "{ending}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_answered_while_the_database_moves_is_in_the_log_and_stays_there() {
        let shop = shop();
        assert_eq!(deposit_as_it_moves(&shop, ""), Ok(false));
        let log = shop.store.place.beside("-wal");
        let length = std::fs::metadata(&log).unwrap().len();
        assert_eq!(deposit(&shop, "later"), Err(ErrorKind::StoreBroken));
        assert!(shop.store.settle().is_err());
        assert_eq!(std::fs::metadata(&log).unwrap().len(), length);
        assert_eq!(std::fs::metadata(shop.store.place.path()).unwrap().len(), 0);
    }

    #[test]
    fn a_doubt_stops_everything_until_the_log_is_settled() {
        let shop = shop();
        deposit(&shop, "before").unwrap();
        let begun = shop.store.begin().unwrap();
        drop(begun);
        // A reader keeps the log from being settled.
        let reader = shop.store.reader().unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM journal").unwrap();
        shop.store.writer.lock().connection.commit_hook(Some(|| true)).unwrap();
        assert_eq!(deposit(&shop, "a"), Err(ErrorKind::Indeterminate));
        for _ in 0..2 {
            assert!(matches!(shop.store.begin().err(), Some(StoreError::InDoubt(_))));
            assert!(matches!(shop.store.row(shop.alice.id), Err(StoreError::InDoubt(_))));
            assert!(matches!(shop.store.records(None, 1), Err(StoreError::InDoubt(_))));
            assert!(matches!(shop.store.recover(), Err(StoreError::Busy(_))));
        }
        reader.execute_batch("COMMIT").unwrap();
        shop.store.recover().unwrap();
        shop.store.recover().unwrap();
        assert_eq!(deposit(&shop, "a"), Ok(false));
        assert_eq!(posted(&shop), 2);
    }

    #[test]
    fn after_a_checkpoint_that_failed_everyone_closes_the_file_before_anyone_goes_on() {
        let shop = shop();
        deposit(&shop, "before").unwrap();
        let path = shop.store.place.path().to_owned();
        let open = || SqliteStore::open(&path, shop.store.settings, Interrupt::NONE);
        let other = open().unwrap();
        let failed = StoreError::Broken("the disk failed".to_owned());
        shop.store.checkpointed::<()>(Err(failed)).unwrap_err();
        assert_eq!(deposit(&shop, "a"), Err(ErrorKind::StoreBroken));
        shop.ledger.balance(&shop.alice).unwrap_err();
        for _ in 0..2 {
            let error = other.begin().err().unwrap();
            assert!(error.to_string().contains("a checkpoint failed"), "{error}");
            other.row(shop.alice.id).unwrap_err();
        }
        assert!(open().unwrap_err().to_string().contains("close the ledger wherever it is open"));
        drop(other);
        assert!(open().is_err());
        let (log, lock) = (shop.store.place.beside("-wal"), shop.store.place.beside("-lock"));
        let Shop { store, ledger, alice, _folder } = shop;
        drop((ledger, store));
        assert!(std::fs::metadata(log).unwrap().len() > 0, "it is moved by whoever is alone");
        let store = SqliteStore::open(&path, Settings::default(), Interrupt::NONE).unwrap();
        assert_eq!(std::fs::read(lock).unwrap(), b"");
        let posted = store.row(alice.id).unwrap().unwrap().posted;
        assert_eq!(posted.minor(), 1);
    }

    #[test]
    fn a_group_that_was_open_when_the_doubt_arose_is_refused() {
        let shop = shop();
        let mut group = shop.store.begin().unwrap();
        shop.store.health.ail(StoreError::InDoubt("a test".to_owned()));
        assert!(matches!(group.load(&Wants::default()), Err(StoreError::InDoubt(_))));
        assert!(matches!(group.commit(Vec::new()), Err(StoreError::InDoubt(_))));
        shop.store.recover().unwrap();
        assert_eq!(deposit(&shop, "a"), Ok(false));
    }

    #[test]
    fn a_reader_that_keeps_the_log_from_being_used_again_stops_writing_until_it_is_done() {
        let shop = shop();
        deposit(&shop, "before").unwrap();
        let reader = shop.store.reader().unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM journal").unwrap();
        deposit(&shop, "beside it").unwrap();
        {
            let mut writer = shop.store.writer.lock();
            writer.log_bytes_max = 0;
            writer.checkpoint().unwrap();
            assert!(writer.log_bytes > 0);
        }
        let error = shop.ledger.deposit(&shop.alice, shop.alice.asset.minor(1), "a").unwrap_err();
        assert_eq!(error.class(), ledger_core::Class::Transient);
        assert!(error.to_string().contains("readers keep it"), "{error}");
        assert_eq!(posted(&shop), 2);
        reader.execute_batch("COMMIT").unwrap();
        assert_eq!(deposit(&shop, "a"), Ok(false));
        assert_eq!(posted(&shop), 3);
    }
}
