//! Files and folders that are renamed, removed or replaced while the ledger is open.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use ledger_core::{Class, ErrorKind, HistoryQuery, Result, Wallet};
use ledger_sqlite::SqliteLedger;
use tempfile::TempDir;

use crate::process::Process;
use crate::support::{Shop, TestFile};
use crate::{assert_honest, assert_kept, assert_no_more, funded, pay};

/// The ledger's files.
const FILES: [&str; 4] = ["", "-wal", "-shm", "-lock"];

/// What is done to a file; what it was is kept elsewhere.
#[derive(Clone, Copy, Debug)]
enum Act {
    Rename,
    Empty,
    Copy,
    AnotherLedger,
}

const ACTS: [Act; 4] = [Act::Rename, Act::Empty, Act::Copy, Act::AnotherLedger];

impl Act {
    fn on(self, file: &TestFile, ending: &str) {
        let (path, kept) = (file.beside(ending), file.beside(".kept"));
        fs::rename(&path, &kept).unwrap();
        match self {
            Self::Rename => {}
            Self::Empty => fs::write(&path, "").unwrap(),
            Self::Copy => drop(fs::copy(&kept, &path).unwrap()),
            Self::AnotherLedger => drop(fs::copy(another().path(), &path).unwrap()),
        }
    }
}

/// A ledger with as many lines, in which Alice has more.
fn another() -> TestFile {
    let file = TestFile::new();
    let ledger = file.open();
    Shop::on(&ledger).fund("7000", "fund");
    ledger.close_file().unwrap();
    file
}

#[test]
fn files_that_are_taken_away_and_put_back_have_all_that_was_answered() {
    for ending in FILES {
        for act in ACTS {
            let (file, ledger) = funded();
            let (answered, _) = pay(&ledger, "before", 3);
            act.on(&file, ending);
            let (more, refused) = pay(&ledger, "after", 3);
            assert!(more.is_empty(), "{act:?} of {ending:?}: answered {more:?}");
            assert_honest(&refused);
            drop(ledger);
            fs::rename(file.beside(".kept"), file.beside(ending)).unwrap();
            assert_kept(&file.path(), &answered);
            assert_no_more(&file.path(), answered.len(), &refused);
        }
    }
}

#[test]
fn what_others_do_meanwhile_with_files_that_were_replaced_is_kept() {
    let mut kept = 0;
    for ending in FILES {
        for act in ACTS {
            let (file, ledger) = funded();
            // What is in the database by now is not lost with the log.
            ledger.close_file().unwrap();
            let ledger = file.open();
            act.on(&file, ending);
            let mut other = Process::start(&file, "pays other");
            let (mut answered, refused) = pay(&ledger, "one", 3);
            assert_honest(&refused);
            answered.extend(other.all_said("answered "));
            answered.extend(pay(&ledger, "two", 3).0);
            drop(ledger);
            // Some of what is there now is refused by whoever opens it next; what opens has it all.
            match SqliteLedger::open(file.path()) {
                Ok(_) => {
                    assert_kept(&file.path(), &answered);
                    kept += answered.len();
                }
                Err(error) => {
                    assert!(answered.is_empty(), "{act:?} {ending:?} {answered:?}: {error}");
                }
            }
        }
    }
    assert!(kept > 0, "everything was refused");
}

#[test]
fn a_lock_file_that_is_removed_lets_nobody_in_beside_the_only_one() {
    let acts: [fn(&TestFile); 2] = [
        |file| fs::remove_file(file.beside("-lock")).unwrap(),
        |file| fs::rename(file.beside("-lock"), file.beside(".kept")).unwrap(),
    ];
    for act in acts {
        let file = TestFile::new();
        let ledger = file.builder().exclusive(true).open().unwrap();
        let shop = Shop::on(&ledger);
        shop.fund("0.03", "fund");
        act(&file);
        let mut other = Process::start(&file, "pays other");
        let theirs = other.all_said("answered ");
        // The other may have paid all there was: from the same money, nobody pays twice.
        let (ours, refused) = pay(&ledger, "ours", 3);
        assert_honest(&refused);
        assert_ne!(ours.is_empty(), theirs.is_empty(), "{ours:?} {theirs:?}");
        drop((shop, ledger));
        assert_kept(&file.path(), &[ours, theirs].concat());
    }
}

#[test]
fn another_ledger_in_the_place_of_the_file_is_not_shown() {
    let (file, ledger) = funded();
    let alice = Shop::on(&ledger).alice;
    ledger.close_file().unwrap();
    let looks: [fn(&SqliteLedger, &Wallet) -> Result<String>; 5] = [
        |ledger, alice| Ok(ledger.balance(alice)?.posted.to_string()),
        |ledger, alice| {
            let page = ledger.history(alice, &HistoryQuery::newest_first())?;
            Ok(page.entries[0].balance_after.to_string())
        },
        |ledger, _| ledger.transaction_by_key("fund").map(|it| format!("{it:?}")),
        |ledger, _| Ok(format!("{:?}", ledger.query("SELECT posted FROM balance")?.rows)),
        |ledger, _| Ok(format!("{:?}", ledger.head()?)),
    ];
    for (look, waits) in looks.into_iter().flat_map(|look| [(look, false), (look, true)]) {
        let ledger = file.open();
        if waits {
            // From now on a connection that reads the old file is open.
            look(&ledger, &alice).unwrap();
        }
        fs::rename(file.path(), file.beside(".kept")).unwrap();
        fs::copy(another().path(), file.path()).unwrap();
        let refused = look(&ledger, &alice).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::StoreBroken, "{refused}");
        assert!(refused.to_string().contains("was removed, renamed or replaced"), "{refused}");
        drop(ledger);
        fs::rename(file.beside(".kept"), file.path()).unwrap();
    }
    assert_eq!(Shop::on(&file.open()).posted(&alice), "1000.00 USD");
}

#[test]
fn a_folder_that_is_renamed_is_noticed_and_one_that_comes_back_has_everything() {
    for replaced in [false, true] {
        let parent = TempDir::new().unwrap();
        let (folder, elsewhere) = (parent.path().join("a"), parent.path().join("b"));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("test.ledger");
        let ledger = SqliteLedger::open(&path).unwrap();
        Shop::on(&ledger).fund("1000", "fund");
        let (answered, _) = pay(&ledger, "before", 3);
        fs::rename(&folder, &elsewhere).unwrap();
        if replaced {
            fs::create_dir(&folder).unwrap();
            let other = SqliteLedger::open(&path).unwrap();
            Shop::on(&other).fund("7000", "fund");
        }
        let (more, refused) = pay(&ledger, "after", 3);
        assert!(more.is_empty(), "{more:?}");
        assert_honest(&refused);
        drop(ledger);
        if replaced {
            assert_kept(&path, &["fund".to_owned()]);
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::rename(&elsewhere, &folder).unwrap();
        assert_kept(&path, &answered);
        assert_no_more(&path, answered.len(), &refused);
    }
}

#[test]
fn a_link_that_leads_elsewhere_meanwhile_changes_nothing() {
    let parent = TempDir::new().unwrap();
    let folders = ["one", "two"].map(|name| parent.path().join(name));
    for folder in &folders {
        fs::create_dir(folder).unwrap();
    }
    let link = parent.path().join("link");
    symlink(&folders[0], &link).unwrap();
    let ledger = SqliteLedger::open(link.join("test.ledger")).unwrap();
    Shop::on(&ledger).fund("1000", "fund");
    fs::remove_file(&link).unwrap();
    symlink(&folders[1], &link).unwrap();
    let (answered, refused) = pay(&ledger, "after", 3);
    assert_eq!((answered.len(), refused.len()), (3, 0));
    assert_eq!(ledger.balance(&Shop::on(&ledger).bob).unwrap().posted.to_string(), "0.03 USD");
    drop(ledger);
    assert_kept(&folders[0].join("test.ledger"), &answered);
    assert!(is_empty(&folders[1]));
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn a_second_name_that_is_made_while_it_is_open_is_refused_to_whoever_opens_it() {
    let (file, ledger) = funded();
    fs::hard_link(file.path(), file.beside(".second")).unwrap();
    for path in [file.path(), file.beside(".second")] {
        let refused = SqliteLedger::open(&path).unwrap_err();
        assert_eq!(refused.class(), Class::Fatal);
        assert!(refused.to_string().contains("2 names"), "{refused}");
    }
    // Whoever has it open goes on: there is one log.
    let (answered, _) = pay(&ledger, "after", 3);
    drop(ledger);
    fs::remove_file(file.beside(".second")).unwrap();
    assert_kept(&file.path(), &answered);
}

#[test]
fn a_lock_file_that_is_lost_stops_the_ledger_as_the_other_files_do() {
    let (file, ledger) = funded();
    let alice = Shop::on(&ledger).alice;
    Act::Rename.on(&file, "-lock");
    let (_, refused) = pay(&ledger, "after", 1);
    for error in [&refused[0], &ledger.balance(&alice).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::StoreBroken, "{error}");
        assert!(error.to_string().contains("the lock file"), "{error}");
        assert!(error.to_string().contains("nothing was written"), "{error}");
    }
}

#[test]
fn a_file_that_cant_be_looked_at_for_a_moment_is_not_lost() {
    for ending in FILES {
        let (file, ledger) = funded();
        let (shop, path) = (Shop::on(&ledger), file.beside(ending));
        Act::Rename.on(&file, ending);
        // A link to itself: the system says neither what is there nor that nothing is.
        symlink(&path, &path).unwrap();
        let refused = shop.pay("0.01", "meanwhile").unwrap_err();
        assert_eq!(refused.class(), Class::Transient, "{ending:?}: {refused}");
        fs::rename(file.beside(".kept"), &path).unwrap();
        let (answered, refused) = pay(&ledger, "after", 3);
        assert!(refused.is_empty(), "{ending:?}: {refused:?}");
        drop((shop, ledger));
        assert_kept(&file.path(), &answered);
    }
}
