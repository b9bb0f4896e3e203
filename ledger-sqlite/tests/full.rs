//! A disk without room: nothing is lost, and the ledger goes on once there is some.
//!
//! It needs the right to mount a small disk; without it there is nothing to test.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use ledger_core::{Class, ErrorKind};
use ledger_sqlite::SqliteLedger;
use tempfile::TempDir;

use crate::support::{Shop, TestFile};

/// A disk of a few mebibytes.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(options: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(folder.path())
            .status();
        let disk = Self(folder);
        if mounted.is_ok_and(|status| status.success()) {
            return Some(disk);
        }
        eprintln!("not tested: no right to mount a small disk");
        std::mem::forget(disk);
        None
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

/// Fills what room there is, tells how the ledger fares, and makes room again.
fn fill_and_free(ballast: usize) {
    let Some(disk) = SmallDisk::mount("size=3m") else { return };
    let ledger = SqliteLedger::open(disk.path("test.ledger")).unwrap();
    let shop = Shop::on(&ledger);
    shop.fund("1000000", "fund");
    fs::write(disk.path("ballast"), vec![1; ballast]).unwrap();
    let (mut paid, mut refused) = (0, 0);
    for number in 0..100_000 {
        match shop.pay("0.01", &format!("key {number}")) {
            Ok(_) => paid += 1,
            Err(error) => {
                let said = (error.kind(), error.class());
                assert_eq!(said, (ErrorKind::StoreFull, Class::Transient), "{ballast}: {error}");
                assert!(error.to_string().contains("disk is full"), "{error}");
                refused += 1;
            }
        }
        if refused == 5 {
            break;
        }
    }
    assert!(paid > 0 && refused == 5, "{ballast}: {paid} {refused}");
    // Reading goes on, and so does writing once there is room.
    let posted =
        |paid: i128| assert_eq!(ledger.balance(&shop.bob).unwrap().posted, shop.usd.minor(paid));
    posted(paid);
    fs::remove_file(disk.path("ballast")).unwrap();
    assert!(!shop.pay("0.01", "after").unwrap().replayed);
    assert!(shop.pay("0.01", "key 0").unwrap().replayed);
    posted(paid + 1);
    assert_eq!(ledger.verify().unwrap().problem, None);
    drop((ledger, shop));
    let ledger = SqliteLedger::open(disk.path("test.ledger")).unwrap();
    let posted = Shop::on(&ledger).posted(&Shop::on(&ledger).bob);
    assert_eq!(posted, format!("{}.{:02} USD", (paid + 1) / 100, (paid + 1) % 100));
}

#[test]
fn a_full_disk_is_transient_and_loses_nothing() {
    // The disk fills at another place of a commit each time.
    for step in 0..24 {
        fill_and_free((1 << 20) + step * 4_096 + step * 100);
    }
}

#[test]
fn a_disk_that_has_no_more_names_is_full() {
    let Some(disk) = SmallDisk::mount("size=3m,nr_inodes=4") else { return };
    let file = TestFile::with_business();
    let ledger = file.open();
    let taken = (0..9).map(|number| disk.path(&number.to_string()));
    let taken: Vec<_> = taken.take_while(|path| fs::write(path, "").is_ok()).collect();
    let error = ledger.backup(disk.path("copy")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreFull, "{error}");
    for path in &taken {
        fs::remove_file(path).unwrap();
    }
    ledger.backup(disk.path("copy")).unwrap();
}
