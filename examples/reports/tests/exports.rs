//! What is in an export.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::io::{self, Write};
use std::time::Duration;

use ledger_core::{
    Answer, Asset, Command, HoldSpec, Metadata, ReversalSpec, Transaction, TransactionId,
    WalletSpec,
};
use ledger_reports::{Format, Progress, ReportError, export};
use ledger_sqlite::SqliteLedger;
use serde_json::{Value, json};
use support::{Town, exported, tools};

/// All transactions that have postings, with the names of their wallets.
fn recorded(town: &Town, id: &str) -> std::sync::Arc<Transaction> {
    let id: TransactionId = id.parse().unwrap();
    match town.ledger.transaction(id).unwrap().unwrap() {
        Answer::Done(transaction) => transaction,
        Answer::Refused { .. } => panic!("{id} was refused"),
    }
}

/// What a caller wrote, of a field that may have got an apostrophe.
fn taken(field: &str) -> &str {
    field.strip_prefix('\'').unwrap_or(field)
}

#[test]
fn csv_has_a_line_for_each_posting_from_which_all_can_be_read_back() {
    let town = Town::lived(7, 300);
    let (exported, csv) = town.export(Format::Csv);
    assert_eq!(csv.lines().count(), csv.matches("\r\n").count(), "lines end as RFC 4180 has it");
    let rows = tools::rows(&csv);
    assert_eq!(rows.len() as u64, exported.postings);
    let mut last = (0, 0);
    for row in &rows {
        let transaction = recorded(&town, &row[0]);
        let place: usize = row[1].parse().unwrap();
        let posting = transaction.postings[place];
        let name = |wallet| town.ledger.wallet_by_id(wallet).unwrap().unwrap().name.to_string();
        assert_eq!(row[2], transaction.at.to_string());
        assert_eq!(row[3], transaction.effective_at.to_string());
        assert_eq!(row[4], transaction.kind.code());
        assert_eq!(taken(&row[5]), transaction.key.as_str());
        assert_eq!(taken(&row[6]), name(posting.from));
        assert_eq!(taken(&row[7]), name(posting.to));
        assert_eq!(format!("{} {}", row[8], row[9]), posting.amount.to_string());
        let asset = posting.amount.asset();
        assert_eq!(asset.money(&row[10]).unwrap().amount(), posting.from_balance);
        assert_eq!(asset.money(&row[11]).unwrap().amount(), posting.to_balance);
        let meta = transaction.meta.as_ref().map_or("", Metadata::as_json);
        assert_eq!(row[14], meta);
        let actor = transaction.actor.as_ref().map_or("", |actor| actor.who.as_str());
        assert_eq!(taken(&row[15]), actor);
        let here = (transaction.id.raw(), place);
        assert!(here > last, "in the order of the journal");
        last = here;
    }
}

#[test]
fn no_field_of_a_csv_is_a_formula() {
    let town = Town::lived(7, 300);
    let (_, csv) = town.export(Format::Csv);
    assert!(
        csv.contains(",'=1+1,") && csv.contains(",'＝1＋1") && csv.contains(",'@eve,"),
        "{csv:.2000}"
    );
    for field in tools::rows(&csv).iter().flatten() {
        let is_number = field.parse::<f64>().is_ok();
        assert!(is_number || !field.starts_with(['=', '+', '-', '@', '＝', '\t']), "{field}");
    }
}

#[test]
fn json_lines_have_every_transaction_with_names() {
    let town = Town::lived(8, 300);
    let (exported, text) = town.export(Format::JsonLines);
    assert_eq!(text.lines().count() as u64, exported.transactions);
    let mut postings = 0;
    for line in text.lines() {
        let found: Value = serde_json::from_str(line).unwrap();
        let transaction = recorded(&town, found["id"].as_str().unwrap());
        assert_eq!(found["key"], transaction.key.as_str());
        assert_eq!(found["kind"], transaction.kind.code());
        assert_eq!(found["effective_at"], transaction.effective_at.to_string());
        assert_eq!(found["meta"], serde_json::to_value(&transaction.meta).unwrap());
        for (line, posting) in
            found["postings"].as_array().unwrap().iter().zip(&*transaction.postings)
        {
            let wallet = town.ledger.wallet(line["to"].as_str().unwrap()).unwrap().unwrap();
            assert_eq!(wallet.id, posting.to);
            let amount =
                format!("{} {}", line["amount"].as_str().unwrap(), line["asset"].as_str().unwrap());
            assert_eq!(amount, posting.amount.to_string());
            postings += 1;
        }
    }
    assert_eq!(postings, exported.postings);
}

#[test]
fn json_lines_say_what_else_changed() {
    let town = Town::new(1);
    let [from, to] = [&town.wallets[0], &town.wallets[1]];
    let usd = Asset::iso("USD").unwrap();
    let paid = town.ledger.deposit(from, usd.minor(10_00), "d").unwrap();
    let spec = HoldSpec::new(from, to, usd.minor(5_00), Duration::from_hours(1));
    let hold = town.ledger.hold(spec, "h").unwrap();
    town.ledger.freeze(to, "f").unwrap();
    town.ledger.reverse(ReversalSpec::of(paid.id).amount(usd.minor(1_00)), "r").unwrap();
    let (exported, text) = town.export(Format::JsonLines);
    assert_eq!((exported.transactions, exported.postings), (4, 2));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0].get("change"), None);
    let told = &lines[1]["change"]["hold"]["hold"];
    assert_eq!(told["wallet"], "user:alice");
    assert_eq!(told["target"], "user:Alice");
    assert_eq!(told["id"], hold.id.to_string());
    assert_eq!(lines[2]["change"]["status"]["wallet"], "user:Alice");
    assert_eq!(lines[3]["change"]["reversal"]["transaction"], json!(paid.id));
}

#[test]
fn acts_that_move_no_money_are_comments_for_accountants() {
    let town = Town::new(1);
    town.ledger.freeze(&town.wallets[0], "f").unwrap();
    for (format, comment) in
        [(Format::Hledger, "; 2026-03-01 ("), (Format::Beancount, ";; 2026-03-01 (")]
    {
        let (_, text) = town.export(format);
        let line = text.lines().find(|line| line.ends_with(") freeze f")).unwrap();
        assert!(line.starts_with(comment), "{line}");
    }
    let (_, csv) = town.export(Format::Csv);
    assert_eq!(csv.lines().count(), 1, "only the header");
}

#[test]
fn numbers_that_beancount_rounds_are_counted() {
    let town = Town::new(1);
    let usd = Asset::iso("USD").unwrap();
    let long = usd.minor(10_i128.pow(28));
    town.ledger.deposit(&town.wallets[0], usd.minor(10_i128.pow(28) - 1), "28 digits").unwrap();
    assert_eq!(town.export(Format::Beancount).0.too_long, 0);
    town.ledger.deposit(&town.wallets[1], long, "29 digits").unwrap();
    let (exported, text) = town.export(Format::Beancount);
    // What was paid, what the wallet holds, and what all wallets hold together.
    assert_eq!(exported.too_long, 3);
    assert!(text.contains("  100000000000000000000000000.00 USD\n"), "in full all the same");
    assert_eq!(town.export(Format::Hledger).0.too_long, 0);
}

#[test]
fn what_took_effect_earlier_stands_on_the_earlier_day() {
    let town = Town::new(1);
    let usd = Asset::iso("USD").unwrap();
    let deposit = Command::deposit("d".parse().unwrap(), &town.wallets[0], usd.minor(1));
    let earlier = "1999-12-31T23:59:59.999Z".parse().unwrap();
    town.ledger.submit(deposit.effective_at(earlier)).unwrap();
    let (_, text) = town.export(Format::Hledger);
    assert!(
        text.contains("\n1999-12-31 * (") && text.contains("; recorded: 2026-03-01T"),
        "{text}"
    );
}

#[test]
fn an_export_is_of_one_moment_also_while_others_write() {
    let town = Town::lived(9, 300);
    let usd = Asset::iso("USD").unwrap();
    let busiest = town.ledger.wallet("user:alice").unwrap().unwrap();
    for &format in Format::VALUES {
        let (_, before) = town.export(format);
        let (mut out, mut writes) = (Vec::new(), 0);
        let mut write = |_: Progress| {
            writes += 1;
            let key = format!("{format} {writes}");
            let spec = WalletSpec::new(&key, usd).unwrap();
            let wallet = town.ledger.open_wallet(spec).unwrap();
            town.ledger.deposit(&busiest, usd.minor(1), format!("{key} a")).unwrap();
            town.ledger.deposit(&wallet, usd.minor(1), key).unwrap();
        };
        export(&town.ledger, format, &mut out, &mut write).unwrap();
        assert!(writes > 2, "{writes}");
        assert!(String::from_utf8(out).unwrap() == before, "{format}");
        assert_ne!(town.export(format).1, before);
    }
}

/// A copy's last line is no record: that it is one. What is written behind it must not be waited for.
#[test]
fn a_copy_is_exported_while_others_write() {
    let town = Town::lived(9, 300);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.ledger");
    town.ledger.backup(&path).unwrap();
    let copy = SqliteLedger::builder(path).clock(town.clock.clone()).open().unwrap();
    let (_, before) = exported(&copy, Format::Csv);
    let wallet = &town.wallets[2];
    let (mut out, mut calls) = (Vec::new(), 0);
    let mut write = |_: Progress| {
        calls += 1;
        assert!(calls < 20, "it goes on for as long as others do");
        let key = |n| format!("{calls} {n}").parse().unwrap();
        let deposits = (0..300).map(|n| Command::deposit(key(n), wallet, wallet.asset.minor(1)));
        copy.submit_each(deposits).unwrap();
    };
    export(&copy, Format::Csv, &mut out, &mut write).unwrap();
    assert!(String::from_utf8(out).unwrap() == before);
}

#[test]
fn progress_grows_and_reaches_the_end() {
    let town = Town::lived(3, 300);
    let mut seen: Vec<Progress> = Vec::new();
    export(&town.ledger, Format::Csv, &mut Vec::new(), &mut |at| seen.push(at)).unwrap();
    assert!(seen.len() > 2 && seen.is_sorted_by_key(|at| at.done));
    let last = seen.last().unwrap();
    assert_eq!((last.done, last.total), (last.total, town.ledger.head().unwrap().lines));
}

#[test]
fn an_empty_ledger_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path().join("empty")).unwrap();
    for &format in Format::VALUES {
        assert_eq!(exported(&ledger, format).0.transactions, 0);
    }
}

#[test]
fn a_reader_that_goes_away_is_an_error() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let town = Town::new(1);
    for &format in &[Format::Csv, Format::Hledger] {
        let error = export(&town.ledger, format, &mut Gone, &mut |_| {}).unwrap_err();
        assert!(matches!(error, ReportError::Output(it) if it.kind() == io::ErrorKind::BrokenPipe));
    }
}
