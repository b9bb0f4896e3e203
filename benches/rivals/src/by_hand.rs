//! What people write themselves over rusqlite, by a careful one: balances, unique keys, a history
//! index, all in one transaction; and the limit, a bare append.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use rusqlite::Connection;

use crate::transfer::{Book, Transfer};

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("opened");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
             PRAGMA temp_store = MEMORY;",
        )
        .expect("set");
    connection
}

/// A careful person's ledger.
pub struct Careful(Mutex<Connection>);

const CAREFUL: &str = "
    CREATE TABLE wallet (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0)) STRICT;
    CREATE TABLE transfer (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        from_wallet INTEGER NOT NULL REFERENCES wallet,
        to_wallet INTEGER NOT NULL REFERENCES wallet,
        amount INTEGER NOT NULL CHECK (amount > 0),
        at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE entry (
        wallet INTEGER NOT NULL,
        transfer INTEGER NOT NULL,
        amount INTEGER NOT NULL,
        balance INTEGER NOT NULL,
        PRIMARY KEY (wallet, transfer)
    ) STRICT, WITHOUT ROWID;";

impl Careful {
    pub fn make(path: &Path, wallets: usize) -> Self {
        let mut connection = open(path);
        connection.execute_batch(CAREFUL).expect("made");
        let transaction = connection.transaction().expect("begun");
        for wallet in 0..wallets {
            transaction
                .execute("INSERT INTO wallet VALUES (?1, 1000000000)", [wallet as i64])
                .expect("opened");
        }
        transaction.commit().expect("committed");
        Self(Mutex::new(connection))
    }

    /// Fills the file as if so many transfers had been made: in the order of each index, which is
    /// much faster than making them.
    pub fn load(&self, transfers: &[Transfer]) {
        let mut connection = self.lock();
        let transaction = connection.transaction().expect("begun");
        {
            transaction.execute_batch("DROP TABLE transfer; DROP TABLE entry;").expect("dropped");
            let unindexed = CAREFUL.split_once("CREATE TABLE transfer").expect("there").1;
            transaction.execute_batch(&format!("CREATE TABLE transfer{unindexed}")).expect("made");
            let mut by_key: Vec<(usize, &Transfer)> = transfers.iter().enumerate().collect();
            by_key.sort_unstable_by(|a, b| a.1.key.cmp(&b.1.key));
            let mut insert = transaction
                .prepare("INSERT INTO transfer VALUES (?1, ?2, ?3, ?4, 1, 1772366400)")
                .expect("prepared");
            for (id, it) in transfers.iter().enumerate() {
                insert
                    .execute((id as i64 + 1, &it.key, it.from as i64, it.to as i64))
                    .expect("inserted");
            }
            let mut entries: Vec<(usize, usize, i64)> = transfers
                .iter()
                .enumerate()
                .flat_map(|(id, it)| [(it.from, id + 1, -1), (it.to, id + 1, 1)])
                .collect();
            entries.sort_unstable();
            let mut insert = transaction
                .prepare("INSERT INTO entry VALUES (?1, ?2, ?3, 1000000000)")
                .expect("prepared");
            for (wallet, id, amount) in entries {
                insert.execute((wallet as i64, id as i64, amount)).expect("inserted");
            }
        }
        transaction.commit().expect("committed");
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().expect("nobody panicked")
    }
}

fn pay(connection: &Connection, it: &Transfer) -> rusqlite::Result<()> {
    let known = connection
        .prepare_cached("SELECT from_wallet, to_wallet, amount FROM transfer WHERE key = ?1")?
        .exists([&it.key])?;
    if known {
        return Ok(());
    }
    let (from, to) = (it.from as i64, it.to as i64);
    let mut take = connection.prepare_cached(
        "UPDATE wallet SET balance = balance - 1 WHERE id = ?1 RETURNING balance",
    )?;
    let from_balance: i64 = take.query_row([from], |row| row.get(0))?;
    let mut give = connection.prepare_cached(
        "UPDATE wallet SET balance = balance + 1 WHERE id = ?1 RETURNING balance",
    )?;
    let to_balance: i64 = give.query_row([to], |row| row.get(0))?;
    connection
        .prepare_cached(
            "INSERT INTO transfer (key, from_wallet, to_wallet, amount, at) \
             VALUES (?1, ?2, ?3, 1, unixepoch())",
        )?
        .execute((&it.key, from, to))?;
    let id = connection.last_insert_rowid();
    let mut entry = connection.prepare_cached("INSERT INTO entry VALUES (?1, ?2, ?3, ?4)")?;
    entry.execute((from, id, -1, from_balance))?;
    entry.execute((to, id, 1, to_balance))?;
    Ok(())
}

impl Book for Careful {
    fn transfer(&self, transfers: &[Transfer]) {
        let connection = self.lock();
        connection.execute_batch("BEGIN IMMEDIATE").expect("begun");
        for it in transfers {
            pay(&connection, it).expect("paid");
        }
        connection.execute_batch("COMMIT").expect("committed");
    }
}

/// Rows of as many bytes as the ledger keeps for a transfer, and nothing else.
pub struct Bare(Mutex<Connection>);

/// Bytes of a bare row's content. With SQLite's own it takes what a line of the ledger takes.
const BARE_BYTES: usize = 120;

impl Bare {
    pub fn make(path: &Path) -> Self {
        let connection = open(path);
        connection
            .execute_batch("CREATE TABLE line (row INTEGER PRIMARY KEY, content BLOB) STRICT")
            .expect("made");
        Self(Mutex::new(connection))
    }
}

impl Book for Bare {
    fn transfer(&self, transfers: &[Transfer]) {
        let connection = self.0.lock().expect("nobody panicked");
        connection.execute_batch("BEGIN IMMEDIATE").expect("begun");
        {
            let mut insert = connection
                .prepare_cached("INSERT INTO line (content) VALUES (?1)")
                .expect("prepared");
            let mut content = [7; BARE_BYTES];
            for it in transfers {
                content[..16].copy_from_slice(it.key.as_bytes());
                insert.execute([&content[..]]).expect("inserted");
            }
        }
        connection.execute_batch("COMMIT").expect("committed");
    }
}
