//! Disks that are full, or may not be written. They need the right to mount; without it there is nothing to test.

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ledger_core::{CaptureSpec, Class, Error, ErrorKind, HoldSpec, Key, LimitsSpec, WalletSpec};
use ledger_sqlite::SqliteLedger;
use nix::unistd::geteuid;
use tempfile::TempDir;

use crate::support::Shop;
use crate::{assert_kept, can, funded, not_tested, pay};

/// Something mounted on a folder of its own.
struct Mounted(TempDir);

impl Mounted {
    fn new(arguments: &[&str]) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let path = folder.path().to_str().unwrap();
        can("mount", &[arguments, &[path]].concat()).then(|| Self(folder))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

fn small_disk(size: &str) -> Option<Mounted> {
    Mounted::new(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
}

/// Writes until there is not a byte of room.
fn fill(disk: &Mounted) {
    let mut size = 1 << 20;
    let mut content: Vec<u8> = vec![];
    while size > 0 {
        content.resize(content.len() + size, 1);
        if fs::write(disk.path("ballast"), &content).is_err() {
            content.truncate(content.len() - size);
            size /= 2;
        }
    }
    // The last page, too.
    let _ = fs::write(disk.path("ballast"), vec![1; content.len() + 8_192]);
}

/// Tries each verb once; the keys that were answered with yes, and every error.
fn try_all(shop: &Shop, round: u32) -> (Vec<String>, Vec<(String, Error)>) {
    let Shop { ledger, alice, bob, .. } = shop;
    let key = |what: &str| format!("{what} {round}");
    let one = || shop.usd("0.01");
    let (mut answered, mut refused) = (vec![], vec![]);
    let mut note = |what: &str, answer: Result<(), Error>| match answer {
        Ok(()) => answered.push(key(what)),
        Err(error) => refused.push((key(what), error)),
    };
    note("deposit", ledger.deposit(alice, one(), &*key("deposit")).map(drop));
    note("withdraw", ledger.withdraw(alice, one(), &*key("withdraw")).map(drop));
    note("transfer", ledger.transfer(alice, bob, one(), &*key("transfer")).map(drop));
    let spec = HoldSpec::new(alice, bob, one(), Duration::from_hours(1));
    match ledger.hold(spec, &*key("hold")) {
        Err(error) => note("hold", Err(error)),
        Ok(hold) => {
            note("hold", Ok(()));
            note(
                "extend",
                ledger.extend(&hold, Duration::from_hours(2), &*key("extend")).map(drop),
            );
            note("capture", ledger.capture(CaptureSpec::of(&hold), &*key("capture")).map(drop));
        }
    }
    let limits = LimitsSpec::of(bob).largest(shop.usd(&format!("{}", 10 + round)));
    note("limits", ledger.set_limits(limits, &*key("limits")).map(drop));
    note("freeze", ledger.freeze(bob, &*key("freeze")).map(drop));
    note("unfreeze", ledger.unfreeze(bob, &*key("unfreeze")).map(drop));
    let both = ["batch a", "batch b"].map(|name| {
        ledger_core::Command::transfer(Key::new(key(name)).unwrap(), alice, bob, one())
    });
    note("batch a", ledger.submit_all(both).map(drop));
    if let Err(error) = ledger.open_wallet(WalletSpec::new(key("wallet"), shop.usd).unwrap()) {
        refused.push((key("wallet"), error));
    }
    (answered, refused)
}

#[test]
fn a_disk_that_is_full_to_the_last_byte_refuses_every_verb_and_goes_on_when_there_is_room() {
    let Some(disk) = small_disk("16m") else { return };
    let path = disk.path("test.ledger");
    let ledger = SqliteLedger::open(&path).unwrap();
    let shop = Shop::on(&ledger);
    shop.fund("1000", "fund");
    let (mut answered, mut absent, mut refusals) = (vec![], vec![], 0);
    for round in 0..400 {
        if round % 100 == 20 {
            fill(&disk);
        }
        let (keys, refused) = try_all(&shop, round);
        answered.extend(keys);
        for (key, error) in refused {
            // What was frozen stays so where there was no room to thaw it: that is a no of the rules.
            if error.class() != Class::Rejected {
                assert_eq!(error.kind(), ErrorKind::StoreFull, "{error}");
                absent.push(key);
                refusals += 1;
            }
        }
        if refusals > 40 {
            fs::remove_file(disk.path("ballast")).unwrap();
            let _thawed = ledger.unfreeze(&shop.bob, &*format!("thaw {round}"));
            refusals = 0;
        }
    }
    assert!(answered.len() > 100 && absent.len() > 100);
    for key in absent {
        assert_eq!(ledger.transaction_by_key(key.as_str()).unwrap(), None, "{key} was not written");
    }
    drop((shop, ledger));
    let _none = fs::remove_file(disk.path("ballast"));
    assert_kept(&path, &answered);
}

#[test]
fn on_a_full_disk_none_is_made_and_one_that_is_there_can_be_opened_later() {
    let Some(disk) = small_disk("3m") else { return };
    let (path, new) = (disk.path("test.ledger"), disk.path("new.ledger"));
    let ledger = SqliteLedger::open(&path).unwrap();
    Shop::on(&ledger).fund("1000", "fund");
    let (answered, _) = pay(&ledger, "before", 3);
    drop(ledger);
    fill(&disk);
    let refused = SqliteLedger::open(&new).unwrap_err();
    assert_eq!(refused.class(), Class::Transient, "{refused}");
    // Either there is room enough for what it takes, or it is refused until there is.
    match SqliteLedger::open(&path) {
        Err(error) => assert_eq!(error.class(), Class::Transient, "{error}"),
        Ok(ledger) => assert!(ledger.transaction_by_key("fund").unwrap().is_some()),
    }
    fs::remove_file(disk.path("ballast")).unwrap();
    assert_kept(&path, &answered);
    let ledger = SqliteLedger::open(&new).unwrap();
    Shop::on(&ledger).fund("1", "fund");
}

#[test]
fn a_disk_that_may_not_be_written_is_refused_in_one_sentence_and_nothing_is_changed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("test.ledger");
    let ledger = SqliteLedger::open(&path).unwrap();
    Shop::on(&ledger).fund("1000", "fund");
    let (answered, _) = pay(&ledger, "before", 3);
    drop(ledger);
    let source = folder.path().to_str().unwrap();
    let Some(mounted) = Mounted::new(&["--bind", "-o", "ro", source]) else { return };
    if fs::write(mounted.path("try"), "").is_ok() {
        let target = mounted.0.path().to_str().unwrap();
        assert!(can("mount", &["-o", "remount,bind,ro", target]));
    }
    for name in ["test.ledger", "new.ledger"] {
        let refused = SqliteLedger::open(mounted.path(name)).unwrap_err();
        assert_eq!(refused.class(), Class::Fatal);
        assert!(refused.to_string().contains("check"), "{refused}");
    }
    let checked = SqliteLedger::verify_file(mounted.path("test.ledger"), &[], &mut |_| {
        ControlFlow::Continue(())
    });
    assert!(checked.is_err() || checked.is_ok_and(|found| found.is_ok()));
    drop(mounted);
    assert_kept(&path, &answered);
}

#[test]
fn rights_that_are_taken_away_while_it_is_open_lose_nothing() {
    if geteuid().is_root() {
        not_tested("root is refused nothing");
        return;
    }
    let (file, ledger) = funded();
    let (mut answered, _) = pay(&ledger, "before", 3);
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    for ending in ["", "-wal", "-shm", "-lock"] {
        set(&file.beside(ending), 0o000).unwrap();
    }
    // What is open stays open.
    let (keys, refused) = pay(&ledger, "after", 3);
    answered.extend(keys);
    assert!(refused.iter().all(|error| error.class() != Class::Rejected), "{refused:?}");
    for ending in ["", "-wal", "-shm", "-lock"] {
        set(&file.beside(ending), 0o600).unwrap();
    }
    drop(ledger);
    assert_kept(&file.path(), &answered);
}
