//! The first bytes of a file: whether it is a ledger, and of which schema. Reading them changes nothing.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ledger_sqlite::APPLICATION_ID;

/// The schema that this version writes: opening a file of an earlier one brings it forward.
const SCHEMA: u32 = 3;

/// The header of an SQLite file.
pub struct Header([u8; 100]);

impl Header {
    /// Reads it.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut header = [0; 100];
        File::open(path)?.read_exact(&mut header)?;
        Ok(Self(header))
    }

    /// Whether it is an SQLite file.
    pub fn is_sqlite(&self) -> bool {
        self.0.starts_with(b"SQLite format 3\0")
    }

    /// Whether it is a ledger's, too.
    pub fn is_ledger(&self) -> bool {
        self.is_sqlite() && self.number(68) == APPLICATION_ID.cast_unsigned()
    }

    /// The ledger's schema.
    pub fn schema(&self) -> u32 {
        self.number(60)
    }

    fn number(&self, at: usize) -> u32 {
        let bytes = self.0.iter().skip(at).take(4);
        bytes.fold(0, |number, byte| number << 8 | u32::from(*byte))
    }
}

/// The schema of a ledger that would be brought forward if it were opened.
pub fn earlier_schema(path: &Path) -> Option<u32> {
    let header = Header::read(path).ok().filter(Header::is_ledger)?;
    Some(header.schema()).filter(|schema| *schema < SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_ledger_is_of_the_schema_that_is_written() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("new.ledger");
        ledger_sqlite::SqliteLedger::open(&path).unwrap().close_file().unwrap();
        let header = Header::read(&path).unwrap();
        assert!(header.is_ledger());
        assert_eq!((header.schema(), earlier_schema(&path)), (SCHEMA, None));
    }
}
