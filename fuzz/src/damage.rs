//! A ledger's file is changed behind its back: bits, bytes, pages, its end, and what stands beside it. It must
//! open and `verify` and show what it showed before, or say that something is wrong; nothing panics.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ledger_core::{HistoryQuery, Ledger, WalletQuery};
use ledger_sqlite::SqliteLedger;

use crate::bytes::Bytes;
use torture::summary::working_folder;

/// The file that is changed. A test makes it; whoever changes it sees first that it is as it must be.
pub const WHOLE: &[u8] = include_bytes!("../whole.ledger");
const PAGE: usize = 4_096;
const CHANGES_MAX: usize = 8;

/// Changes the file and looks what comes of it. Planted: `verify` is not asked.
pub fn check(data: &[u8], planted: bool) {
    static SHOWN: OnceLock<Shown> = OnceLock::new();
    let shown = SHOWN.get_or_init(look_at_whole);
    let mut bytes = Bytes::new(data);
    let mut file = WHOLE.to_vec();
    for _ in 0..CHANGES_MAX {
        if bytes.is_empty() {
            break;
        }
        change(&mut file, &mut bytes);
    }
    let log = if bytes.one_in(8) { bytes.rest() } else { &[] };
    let folder = working_folder().unwrap();
    let path = put(folder.path(), &file, log);
    if !planted && !is_clean(&path) {
        use_it(&path);
        mend(&path, shown);
        return;
    }
    // What can't be opened is refused; what can shows what it showed.
    if let Ok(ledger) = SqliteLedger::open(&path) {
        match look(&ledger) {
            Ok(found) => same(&found, shown, "changed, and nobody said so"),
            Err(error) => assert!(planted, "verify has nothing to say, and {error}"),
        }
    }
}

/// What a ledger shows of each wallet: what it has, and its history.
type Shown = BTreeMap<String, (String, Vec<String>)>;

fn look(ledger: &Ledger) -> ledger_core::Result<Shown> {
    let mut shown = Shown::new();
    for query in [WalletQuery::all(), WalletQuery::all().prefix("world/")] {
        for wallet in ledger.wallets(&query.limit(1_000))?.wallets {
            let query = HistoryQuery::newest_first().limit(1_000);
            let history = ledger.history(&wallet, &query)?.entries;
            let history = history.iter().map(|entry| format!("{entry:?}")).collect();
            // A time of looking is no part of what is shown.
            let balance = ledger.balance(&wallet)?;
            let said = format!("{} {} {}", balance.posted, balance.held, balance.version);
            shown.insert(format!("{wallet:?}"), (said, history));
        }
    }
    Ok(shown)
}

/// What is shown of the file as it is. If there were something wrong with it, no change could be.
fn look_at_whole() -> Shown {
    let folder = working_folder().unwrap();
    let path = put(folder.path(), WHOLE, &[]);
    assert!(is_clean(&path), "make whole.ledger again");
    look(&SqliteLedger::open(&path).expect("it is whole")).expect("it is whole")
}

fn put(folder: &Path, file: &[u8], log: &[u8]) -> PathBuf {
    let path = folder.join("test.ledger");
    fs::write(&path, file).unwrap();
    if !log.is_empty() {
        fs::write(folder.join("test.ledger-wal"), log).unwrap();
    }
    path
}

/// Changes something somewhere.
fn change(file: &mut Vec<u8>, bytes: &mut Bytes<'_>) {
    if file.is_empty() {
        return;
    }
    let at = bytes.u32() as usize % file.len();
    let pages = file.len().div_ceil(PAGE);
    match bytes.below(16) {
        0 => file.truncate(at),
        1 => fill(file, at / PAGE * PAGE, &[0; PAGE]),
        2 => {
            let from = bytes.below(pages) * PAGE;
            let page = file[from..].iter().copied().take(PAGE).collect::<Vec<u8>>();
            fill(file, at / PAGE * PAGE, &page);
        }
        3 => file.extend(bytes.take(64)),
        4 => {
            let taken = bytes.take(32);
            fill(file, at, taken);
        }
        5 => fill(file, at, &bytes.i64().to_be_bytes()),
        6..9 => fill(file, at, &[bytes.u8()]),
        other => file[at] ^= 1 << (other % 8),
    }
}

fn fill(file: &mut [u8], at: usize, with: &[u8]) {
    file.iter_mut().skip(at).zip(with).for_each(|(byte, with)| *byte = *with);
}

/// Whether `verify` has nothing to say. No note was erased, so one that is erased is damage.
fn is_clean(path: &Path) -> bool {
    let found = SqliteLedger::verify_file(path, &[], &mut |_| ControlFlow::Continue(()));
    found.is_ok_and(|found| found.problem.is_none() && found.erased == 0)
}

fn same(found: &Shown, shown: &Shown, what: &str) {
    let differs =
        |(wallet, told): &(&String, &(String, Vec<String>))| shown.get(*wallet) != Some(told);
    if let Some((wallet, told)) = found.iter().find(differs) {
        panic!("{what}: {wallet}: {told:?}, and it was {:?}", shown.get(wallet));
    }
    assert_eq!(found.len(), shown.len(), "{what}");
}

/// Whatever a damaged file answers, nothing panics.
fn use_it(path: &Path) {
    let copy = path.with_extension("copy");
    fs::copy(path, &copy).unwrap();
    let Ok(ledger) = SqliteLedger::open(&copy) else { return };
    let _whatever = look(&ledger);
    if let Ok(Some(wallet)) = ledger.wallet("user:alice") {
        let _whatever = ledger.deposit(&wallet, wallet.asset.minor(1), "after the damage");
        let _whatever = ledger.transaction_by_key("fund");
    }
}

/// Where all that is derived can be made again, all is as it was, or `verify` still says that it is not.
fn mend(path: &Path, shown: &Shown) {
    let go_on = &mut |_| ControlFlow::Continue(());
    if SqliteLedger::rebuild(path, go_on).is_err() || !is_clean(path) {
        return;
    }
    let ledger = SqliteLedger::open(path).expect("mended, it says");
    same(&look(&ledger).expect("mended, it says"), shown, "mended");
}
