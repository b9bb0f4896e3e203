//! What is exported, as the tools see it for which it is meant.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use ledger_core::{Amount, Asset, WalletSpec};
use ledger_reports::Format;
use support::{Town, exported, tools};
use tempfile::TempDir;

fn hledger() -> Option<PathBuf> {
    tools::find("hledger", "Debian's package hledger")
}

fn beancount(tool: &str) -> Option<PathBuf> {
    tools::find(tool, "beancount and beanquery for Python, as `make target/python/ready` does")
}

/// A file with that text.
fn file(text: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    fs::write(&path, text).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

/// The names that stand below the lines which begin like this, by the word that follows there.
fn named(journal: &str, begin: &str, name: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (line, next) in journal.lines().zip(journal.lines().skip(1)) {
        if let Some(word) = line.strip_prefix(begin) {
            let name = next.trim().strip_prefix(name).unwrap_or_else(|| panic!("{line}: {next}"));
            found.insert(word.split(' ').next().unwrap().to_owned(), name.to_owned());
        }
    }
    found
}

/// A decimal number, as in `0.000012`, of one as in `1.2E-5`.
fn plain(number: &str) -> String {
    let Some((digits, places)) = number.split_once("E-") else { return number.to_owned() };
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let zeros = "0".repeat(places.parse::<usize>().unwrap() - 1);
    format!("{sign}0.{zeros}{}", digits.replace('.', ""))
}

#[test]
fn hledger_accepts_the_journal_and_has_the_same_balances() {
    let Some(hledger) = hledger() else { return };
    for seed in 1..=3 {
        let town = Town::lived(seed, 400);
        let (_, journal) = town.export(Format::Hledger);
        let (_folder, file) = file(&journal);
        let (content, said) = tools::run(&hledger, ["-f", &file, "check", "--strict"]);
        assert!(content, "{said}");

        let form = ["balance", "--flat", "--empty", "--no-total", "--layout=bare", "-Ocsv"];
        let (content, csv) = tools::run(&hledger, ["-f", &file].into_iter().chain(form));
        assert!(content, "{csv}");
        let wallets = named(&journal, "account ", "; wallet: ");
        let found: BTreeMap<String, String> = tools::rows(&csv)
            .into_iter()
            .map(|row| {
                let name = wallets[&row[0]].replace("%2C", ",").replace("%25", "%");
                let asset = town.ledger.asset(row[1].trim_matches('"')).unwrap();
                (name, asset.money(&row[2]).unwrap().to_string())
            })
            .collect();
        assert_eq!(found, town.balances());
        assert_eq!(wallets.len(), town.balances().len());
    }
}

#[test]
fn beancount_accepts_the_ledger_and_has_the_same_balances() {
    let (Some(check), Some(query)) = (beancount("bean-check"), beancount("bean-query")) else {
        return;
    };
    for seed in 1..=3 {
        let town = Town::lived(seed, 400);
        let (_, journal) = town.export(Format::Beancount);
        let (_folder, file) = file(&journal);
        let (content, said) = tools::run(&check, [&file]);
        assert!(content && said.is_empty(), "{said}");

        let sql = "SELECT account, currency, sum(number) GROUP BY account, currency";
        let (content, csv) = tools::run(&query, ["-f", "csv", &file, sql]);
        assert!(content, "{csv}");
        let wallets = named(&journal, "1900-01-01 open ", "wallet: ");
        let assets = named(&journal, "1900-01-01 commodity ", "asset: ");
        let read = |text: &str| serde_json::from_str::<String>(text).unwrap();
        let mut expected = town.balances();
        for row in tools::rows(&csv) {
            let name = read(&wallets[&row[0]]);
            let asset = town.ledger.asset(&read(&assets[&row[1]])).unwrap();
            let found = asset.money(&plain(row[2].trim())).unwrap().to_string();
            assert_eq!(Some(found), expected.remove(&name), "{name}");
        }
        assert!(expected.values().all(|rest| rest.starts_with('0')), "not there: {expected:?}");
        assert_eq!(wallets.len(), town.balances().len());
    }
}

#[test]
fn the_tools_notice_a_balance_that_is_off_by_one_unit() {
    let (Some(hledger), Some(check)) = (hledger(), beancount("bean-check")) else { return };
    let town = Town::new(1);
    town.ledger.deposit(&town.wallets[0], Asset::iso("USD").unwrap().minor(10_00), "d").unwrap();
    for (format, tool, args) in
        [(Format::Hledger, hledger, &["check", "-f"][..]), (Format::Beancount, check, &[])]
    {
        let (_, journal) = town.export(format);
        let spot = if format == Format::Hledger { "== 10.00" } else { "  10.00 ~" };
        assert_eq!(journal.matches(spot).count(), 1, "{journal}");
        for (to, is_right) in [(spot.to_owned(), true), (spot.replace("10.00", "10.01"), false)] {
            let (_folder, file) = file(&journal.replace(spot, &to));
            let (content, said) = tools::run(&tool, args.iter().copied().chain([file.as_str()]));
            assert_eq!(content, is_right, "{format}: {said}");
        }
    }
}

/// hledger counts exactly, whatever the number of digits. beancount has 28, and says so.
#[test]
fn amounts_of_all_digits_are_exact() {
    let (Some(hledger), Some(check)) = (hledger(), beancount("bean-check")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger_sqlite::SqliteLedger::open(folder.path().join("huge")).unwrap();
    for (code, scale) in [("WHOLE", 0), ("FINE", 38), ("WEI", 18)] {
        let asset = ledger.define_asset(Asset::new(code, scale).unwrap()).unwrap();
        let wallet = ledger.open_wallet(WalletSpec::new(code, asset).unwrap()).unwrap();
        ledger.deposit(&wallet, asset.of(Amount::MAX), code).unwrap();
        ledger.withdraw(&wallet, asset.minor(1), format!("{code} back")).unwrap();
    }
    let (_, journal) = exported(&ledger, Format::Hledger);
    let (_folder, path) = file(&journal);
    let (content, said) = tools::run(&hledger, ["check", "--strict", "-f", &path]);
    assert!(content, "{said}");
    let (_, journal) = exported(&ledger, Format::Beancount);
    let (_folder, path) = file(&journal);
    let (content, said) = tools::run(&check, [&path]);
    assert!(!content && said.contains("does not balance"), "{said}");
}
