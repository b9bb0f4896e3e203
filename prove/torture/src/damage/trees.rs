//! Where in a file its tables and indexes are, and changes to one of them.

use std::collections::BTreeMap;
use std::path::Path;

use fastrand::Rng;
use rusqlite::{Connection, Row};

/// Bytes of a page.
const PAGE: usize = 4_096;
/// The table of all tables.
const SCHEMA: &str = "sqlite_schema";
/// Tables that can't be made again from others.
const KEPT: [&str; 4] = ["journal", "note", "property", SCHEMA];

/// A page of a table or of an index.
#[derive(Clone, Debug)]
struct Page {
    number: usize,
    tree: String,
    table: String,
    rows: u64,
}

/// The tables and indexes of a file.
#[derive(Debug, Default)]
pub struct Trees {
    pages: BTreeMap<usize, Page>,
    by_name: BTreeMap<String, Vec<usize>>,
}

/// What was changed.
#[derive(Debug)]
pub struct Change {
    /// In words.
    pub what: &'static str,
    /// At which byte.
    pub at: usize,
}

impl Trees {
    /// The trees of the file there.
    pub fn of(path: &Path) -> rusqlite::Result<Self> {
        let file = Connection::open(path)?;
        let mut find = file.prepare(
            "SELECT pageno, dbstat.name, coalesce(tbl_name, dbstat.name), ncell FROM dbstat \
             LEFT JOIN sqlite_schema ON sqlite_schema.name = dbstat.name",
        )?;
        let page = |row: &Row<'_>| {
            Ok(Page {
                number: row.get(0)?,
                tree: row.get(1)?,
                table: row.get(2)?,
                rows: row.get(3)?,
            })
        };
        let mut trees = Self::default();
        for page in find.query_map([], page)? {
            let page = page?;
            trees.by_name.entry(page.tree.clone()).or_default().push(page.number);
            trees.pages.insert(page.number, page);
        }
        Ok(trees)
    }

    /// The tree at that byte.
    pub fn at(&self, at: usize) -> &str {
        self.page(at).map_or("free", |page| &page.tree)
    }

    /// The table that has rows in the page of that byte, or whose index has.
    pub fn table_at(&self, at: usize) -> Option<&str> {
        self.page(at).filter(|page| page.rows > 0).map(|page| page.table.as_str())
    }

    /// Whether all that is not the same is derived from what is.
    pub fn all_derived(&self, whole: &[u8], changed: &[u8]) -> bool {
        let is_derived =
            |at| self.page(at).is_some_and(|page| !KEPT.contains(&page.table.as_str()));
        let mut pages = whole.chunks(PAGE).zip(changed.chunks(PAGE)).enumerate();
        whole.len() == changed.len()
            && pages.all(|(number, (old, new))| old == new || is_derived(number * PAGE))
    }

    /// Changes something somewhere: in any byte, or in any tree, so that small ones have their turn.
    pub fn change(&self, bytes: &mut Vec<u8>, rng: &mut Rng) -> Change {
        let at = if rng.bool() { rng.usize(..bytes.len()) } else { self.place(bytes.len(), rng) };
        Change { what: change(bytes, at, rng), at }
    }

    fn place(&self, length: usize, rng: &mut Rng) -> usize {
        let tree = self.by_name.values().nth(rng.usize(..self.by_name.len().max(1)));
        let page = tree.and_then(|pages| pages.get(rng.usize(..pages.len())));
        let start = page.map_or(0, |page| (page - 1) * PAGE);
        (start + rng.usize(..PAGE)).min(length - 1)
    }

    fn page(&self, at: usize) -> Option<&Page> {
        self.pages.get(&(at / PAGE + 1))
    }
}

fn change(bytes: &mut Vec<u8>, at: usize, rng: &mut Rng) -> &'static str {
    let pages = bytes.len() / PAGE;
    match rng.u8(0..20) {
        0 => {
            bytes.truncate(at);
            "cut off"
        }
        1 => {
            let from = at / PAGE * PAGE;
            bytes.iter_mut().skip(from).take(PAGE).for_each(|byte| *byte = 0);
            "a page of zeros"
        }
        2 => {
            let (one, other) = (at / PAGE * PAGE, rng.usize(..pages) * PAGE);
            let page = bytes.get(other..other + PAGE).map(<[u8]>::to_vec).unwrap_or_default();
            if let Some(place) = bytes.get_mut(one..one + PAGE) {
                place.copy_from_slice(&page);
            }
            "another page"
        }
        3..6 => {
            bytes.iter_mut().skip(at).take(8).for_each(|byte| *byte = rng.u8(..));
            "eight bytes"
        }
        _ => {
            bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << rng.u8(0..8));
            "a bit"
        }
    }
}
