//! The index of metadata: where in the journal the values of some keys stand.
//!
//! It is made some thousand lines behind the journal's end, so that writing does not wait for it; what is
//! behind its mark is looked through. It holds hashes, not values, so that an erased note is gone; and
//! what it leads to is confirmed by the note itself.
//!
//! It is written in parts, each for a stretch of the journal. A table of hashes that is written all over
//! gets slower as it grows, because each entry then changes a page of its own.

use std::hash::Hasher;
use std::sync::Arc;

use ledger_core::store::{StoreResult, Terms};
use ledger_core::{MetaKey, MetaValue, Metadata};
use rusqlite::Connection;
use siphasher::sip::SipHasher13;

use crate::base::failure::{before_commit, damaged, reading};
use crate::schema::progress::Progress;
use crate::schema::secret;

/// Lines of a part.
const PART_LINES: u64 = 65_536;
/// Pages of two parts in which every line has a note, for each key, about.
const PART_PAGES: u64 = 1_024;
const PAGE_BYTES: u64 = 4_096;
/// How many lines the index may be behind before it is worked on.
const LAG_LINES: u64 = 4_096;
/// Notes that a commit puts in at most: twice of what there can be in that many lines, so that the index
/// catches up.
const STEP_NOTES: usize = 8_192;
/// And bytes of them, about: larger notes make for smaller steps.
const STEP_BYTES: usize = 2 << 20;

/// Hashes keys and values of metadata, under the file's own secret.
pub(crate) struct TagHasher([u8; 16]);

impl TagHasher {
    pub(crate) fn load(connection: &Connection) -> StoreResult<Self> {
        secret::load(connection).map(Self)
    }

    /// A key has no zero byte in it, so that no two pairs are hashed as the same bytes.
    fn hash(&self, key: &str, value: &MetaValue) -> i64 {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(key.as_bytes());
        hasher.write(&[0]);
        hasher.write(value.as_json().as_bytes());
        hasher.finish().cast_signed()
    }

    /// The hashes of what metadata has under the keys that are indexed.
    fn hashes(&self, meta: &str, terms: &Terms) -> StoreResult<Vec<i64>> {
        let found = terms.found_in(meta).map_err(damaged)?;
        Ok(found.iter().map(|(key, value)| self.hash(key, value)).collect())
    }
}

fn part(row: u64) -> u64 {
    row / PART_LINES
}

/// The writer's work on the index.
#[derive(Debug, Default)]
pub(crate) struct TagWork {
    /// Up to this line the index is made, as far as this process knows.
    mark: u64,
    /// What was in the index then.
    indexed: Arc<[MetaKey]>,
}

impl TagWork {
    /// Does a piece of it if it is time, towards the line `upto`; says how many bytes it changed.
    pub(crate) fn step(
        &mut self,
        connection: &Connection,
        terms: &Terms,
        upto: u64,
    ) -> StoreResult<u64> {
        let is_same = self.indexed == terms.indexed;
        if is_same && self.mark + LAG_LINES > upto {
            return Ok(0);
        }
        let step = step(connection, terms, upto)?;
        *self = Self { mark: step.mark, indexed: terms.indexed.clone() };
        Ok(step.bytes)
    }
}

/// A piece of work on the index.
struct Step {
    /// All metadata up to this line is in the index.
    mark: u64,
    /// Bytes of the pages that it changed, about.
    bytes: u64,
}

/// Brings the index a bounded piece further, towards the line `upto`.
fn step(connection: &Connection, terms: &Terms, upto: u64) -> StoreResult<Step> {
    let mark = Progress::Tags.get(connection)?;
    if mark + LAG_LINES > upto {
        return Ok(Step { mark, bytes: 0 });
    }
    let (mut entries, mark) = read(connection, terms, mark, upto)?;
    entries.sort_unstable();
    let pages = (entries.len() as u64).min(PART_PAGES * terms.keys().count() as u64);
    let mut insert = connection
        .prepare_cached("INSERT OR IGNORE INTO tag (part, hash, row) VALUES (?1, ?2, ?3)")
        .map_err(before_commit)?;
    for (part, hash, row) in entries {
        insert.execute((part, hash, row)).map_err(before_commit)?;
    }
    Progress::Tags.set(mark, connection)?;
    Ok(Step { mark, bytes: pages * PAGE_BYTES })
}

/// Brings the index to the line `upto`.
pub(crate) fn finish(connection: &Connection, terms: &Terms, upto: u64) -> StoreResult<()> {
    while step(connection, terms, upto)?.mark + LAG_LINES <= upto {}
    Ok(())
}

type Entries = Vec<(u64, i64, u64)>;

/// Lines of requests that were carried out: nothing else is looked for.
const DONE: &str = "journal.kind BETWEEN 1 AND 99";

/// The entries of the notes behind `mark`, and the line up to which these are all.
fn read(
    connection: &Connection,
    terms: &Terms,
    mark: u64,
    upto: u64,
) -> StoreResult<(Entries, u64)> {
    let hasher = TagHasher::load(connection)?;
    let sql = format!(
        "SELECT note.row, note.meta FROM note JOIN journal USING (row) \
         WHERE note.row > ?1 AND note.row <= ?2 AND note.meta NOT NULL AND {DONE} ORDER BY note.row"
    );
    let mut find = connection.prepare_cached(&sql).map_err(reading)?;
    let mut rows = find.query((mark, upto)).map_err(reading)?;
    let (mut entries, mut notes, mut bytes) = (Vec::new(), 0, 0);
    while let Some(row) = rows.next().map_err(reading)? {
        let line = row.get(0).map_err(reading)?;
        let meta: String = row.get(1).map_err(reading)?;
        let found = hasher.hashes(&meta, terms)?;
        entries.extend(found.into_iter().map(|hash| (part(line), hash, line)));
        (notes, bytes) = (notes + 1, bytes + meta.len());
        if notes == STEP_NOTES || bytes >= STEP_BYTES {
            return Ok((entries, line));
        }
    }
    Ok((entries, upto))
}

/// The lines behind `after` whose notes may have this value under this key, in order, until `each` says
/// no.
pub(crate) fn find(
    connection: &Connection,
    key: &str,
    value: &MetaValue,
    after: u64,
    mut each: impl FnMut(u64) -> StoreResult<bool>,
) -> StoreResult<()> {
    let mark = Progress::Tags.get(connection)?;
    let hash = TagHasher::load(connection)?.hash(key, value);
    // Entries behind the mark are of a time before other keys were named: what is there is read below.
    let sql =
        "SELECT row FROM tag WHERE part = ?1 AND hash = ?2 AND row > ?3 AND row <= ?4 ORDER BY row";
    for part in part(after)..=part(mark) {
        if !each_row(connection, sql, (part, hash, after, mark), &mut each)? {
            return Ok(());
        }
    }
    // Metadata has one spelling, so what has the pair has it word by word.
    let text = format!("{}:{}", MetaValue::from(key).as_json(), value.as_json());
    let sql = format!(
        "SELECT note.row FROM note JOIN journal USING (row) \
         WHERE note.row > ?1 AND instr(note.meta, ?2) > 0 AND {DONE} ORDER BY note.row"
    );
    each_row(connection, &sql, (after.max(mark), text), &mut each)?;
    Ok(())
}

fn each_row(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    each: &mut impl FnMut(u64) -> StoreResult<bool>,
) -> StoreResult<bool> {
    let mut find = connection.prepare_cached(sql).map_err(reading)?;
    let mut rows = find.query(parameters).map_err(reading)?;
    while let Some(row) = rows.next().map_err(reading)? {
        if !each(row.get(0).map_err(reading)?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a line's metadata is found by each of the keys that are indexed.
pub(crate) fn are_there(
    connection: &Connection,
    hasher: &TagHasher,
    terms: &Terms,
    row: u64,
    meta: &Metadata,
) -> StoreResult<bool> {
    let mut find = connection
        .prepare_cached("SELECT 1 FROM tag WHERE part = ?1 AND hash = ?2 AND row = ?3")
        .map_err(reading)?;
    for hash in hasher.hashes(meta.as_json(), terms)? {
        if !find.exists((part(row), hash, row)).map_err(reading)? {
            return Ok(false);
        }
    }
    Ok(true)
}
