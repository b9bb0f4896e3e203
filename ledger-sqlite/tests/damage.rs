//! Whatever is changed in a file behind the ledger's back, `verify` names it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::ops::ControlFlow;

use ledger_core::ErrorKind;
use ledger_sqlite::{Head, SqliteLedger};

use crate::support::{Shop, TestFile};

#[test]
fn verify_names_what_was_changed() {
    // Each changes something in another place, and what verify says must have these words.
    for (sql, said) in [
        ("UPDATE journal SET amount = amount + 1 WHERE key = 'pay'", "its postings say"),
        ("UPDATE journal SET to_balance = 1 WHERE key = 'pay'", "its postings say"),
        ("UPDATE journal SET key = 'other' WHERE key = 'pay'", "seal is broken"),
        ("UPDATE journal SET fingerprint = zeroblob(32) WHERE key = 'pay'", "seal is broken"),
        ("UPDATE journal SET id = id + 1 WHERE key = 'pay'", "seal is broken"),
        ("UPDATE journal SET floor = NULL WHERE key = 'pay'", "another floor"),
        ("UPDATE journal SET links = x'00000000' WHERE key = 'pay'", "does not link"),
        ("UPDATE journal SET from_version = 9 WHERE key = 'pay'", "should be"),
        ("UPDATE journal SET kind = 4 WHERE key = 'pay'", "seal is broken"),
        ("UPDATE journal SET kind = 99 WHERE key = 'pay'", "unknown kind"),
        ("UPDATE journal SET amount = -1 WHERE key = 'pay'", "is no posting"),
        ("UPDATE journal SET seal = NULL WHERE key = 'pay'", "seal is broken"),
        ("UPDATE journal SET seal = zeroblob(32) WHERE key = 'pay'", "seal is broken"),
        ("UPDATE journal SET body = '{}' WHERE key = 'too much'", "broken body"),
        ("UPDATE journal SET to_wallet = from_wallet WHERE key = 'pay'", "is no posting"),
        ("DELETE FROM journal WHERE key = 'pay'", "does not follow"),
        ("UPDATE note SET meta = '{\"sku\":\"A2\"}'", "note"),
        ("INSERT INTO note (row, salt) VALUES (1, zeroblob(16))", "note"),
        ("UPDATE wallet_state SET posted = posted + 1 WHERE version = 1", "written down"),
        ("UPDATE wallet_state SET version = version - 1 WHERE version = 5", "the chain of wallet"),
        (
            "UPDATE wallet_state SET roots = x'643f013f013f' WHERE version > 0",
            "the chain of wallet",
        ),
        ("UPDATE asset SET row = 19 - row", "not as they were opened"),
        ("UPDATE kind SET code = 'deposit' WHERE number = 2", "names of the kinds"),
        ("INSERT INTO journal (row, id, item, kind) VALUES (-1, 7, 0, 1)", "before its first"),
        ("INSERT INTO note (row, salt) VALUES (1000, zeroblob(16))", "note knows of line 1000"),
        ("UPDATE progress SET value = 9223372036854775807 WHERE what = 'balances'", "lost its end"),
        ("INSERT INTO key_run VALUES (1, 0, 1000000000000000, 1, 9, 0, 0, NULL, NULL)", "can't be"),
        ("INSERT INTO key_run VALUES (1, 0, 9, 1, 9, 0, 0, NULL, NULL)", "key index"),
        ("UPDATE wallet_state SET status = 0 WHERE status = 1", "written down"),
        ("UPDATE wallet_state SET floor = NULL WHERE floor = 0", "written down"),
        ("DELETE FROM wallet_state WHERE version = 5", "written down"),
        ("UPDATE wallet SET name = 'user:eve' WHERE name = 'user:bob'", "registered otherwise"),
        ("UPDATE wallet SET owner = 'eve' WHERE name = 'user:bob'", "registered otherwise"),
        ("DELETE FROM asset WHERE code = 'WEI'", "has no wallet"),
        ("UPDATE progress SET value = 3 WHERE what = 'epoch'", "epoch"),
        ("UPDATE progress SET value = 3 WHERE what = 'retention'", "claim to be further"),
        ("UPDATE progress SET value = 3 WHERE what = 'keys'", "key index"),
        ("INSERT INTO key_run VALUES (1, 0, 1, 1, 9, 0, 0, NULL, NULL)", "key index"),
    ] {
        let file = TestFile::with_business();
        assert_eq!(file.problem(), "");
        assert!(file.sql().execute(sql, []).unwrap() > 0, "{sql}");
        let problem = file.problem();
        assert!(problem.contains(said), "{sql}: {problem}");
    }
}

#[test]
fn a_query_that_meets_damage_is_no_wrong_query() {
    let file = TestFile::with_business();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'note'";
    let page: usize = file.sql().query_row(root, [], |row| row.get(0)).unwrap();
    let ledger = file.open();
    let mut bytes = std::fs::read(file.path()).unwrap();
    bytes[(page - 1) * 4_096..page * 4_096].fill(0xFF);
    std::fs::write(file.path(), bytes).unwrap();
    assert_eq!(ledger.query("SELECT * FROM note").unwrap_err().kind(), ErrorKind::StoreBroken);
    assert_eq!(ledger.query("SELECT * FROM nothing").unwrap_err().kind(), ErrorKind::InvalidValue);
}

#[test]
fn erased_notes_are_no_damage() {
    let file = TestFile::with_business();
    assert_eq!(file.sql().execute("DELETE FROM note", []).unwrap(), 1);
    let found = file.open().verify().unwrap();
    assert_eq!((found.problem.as_deref(), found.erased), (None, 1));
}

#[test]
fn a_journal_that_was_cut_off_or_written_anew_lacks_the_head_that_was_kept() {
    let file = TestFile::with_business();
    let ledger = file.open();
    let head = ledger.head().unwrap();
    let go_on = &mut |_| ControlFlow::Continue(());
    assert!(ledger.verify_with(&[head], go_on).unwrap().is_ok());
    Shop::on(&ledger).ledger.unfreeze(&Shop::on(&ledger).bob, "thaw").unwrap();
    assert!(ledger.verify_with(&[head], go_on).unwrap().is_ok());
    drop(ledger);

    let other = TestFile::with_business();
    let found = other.open().verify_with(&[head], go_on).unwrap();
    assert!(found.problem.unwrap().contains("head that was kept"));

    file.sql().execute("DELETE FROM journal WHERE row > 15", []).unwrap();
    // What is derived still knows that there was more; whoever cut it off may have seen to that.
    let refused = SqliteLedger::rebuild(file.path(), go_on).unwrap_err();
    assert!(refused.to_string().contains("has lost its end: it has 15 lines"), "{refused}");
    SqliteLedger::builder(file.path()).keep_what_is_left().rebuild(go_on).unwrap();
    let ledger = file.open();
    let found = ledger.verify_with(&[head], go_on).unwrap();
    assert!(!found.is_ok(), "{found:?}");
    let text: Head = head.to_string().parse().unwrap();
    assert_eq!(text, head);
}

#[test]
fn a_journal_that_has_lost_its_end_is_noticed_though_the_marks_are_behind() {
    // Each of these tells of it when all others know nothing.
    let known = [
        ("wallet", "UPDATE wallet SET row = 1"),
        ("asset", "UPDATE asset SET row = 1"),
        ("note", "DELETE FROM note"),
        ("hold", "DELETE FROM hold"),
        ("key_run", "DELETE FROM key_run"),
    ];
    for (teller, _) in &known[..4] {
        let others = known.iter().filter(|(table, _)| table != teller).map(|(_, forget)| *forget);
        let others = others.collect::<Vec<_>>().join("; ");
        let file = TestFile::with_business();
        let forget = "UPDATE progress SET value = 0 WHERE what <> 'runs'";
        let cut = format!("{forget}; {others}; DELETE FROM journal WHERE row > 1");
        file.sql().execute_batch(&cut).unwrap();
        let said = "has lost its end: it has 1 lines";
        let error = file.builder().open().unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        let go_on = &mut |_| ControlFlow::Continue(());
        let error = SqliteLedger::rebuild(file.path(), go_on).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        let found = SqliteLedger::verify_file(file.path(), &[], go_on).unwrap();
        assert!(found.problem.unwrap().contains(said));
    }
}

#[test]
fn a_ledger_is_not_opened_on_derived_tables_that_can_not_be() {
    // Keys that are thought to be in runs, and are not, would be used twice.
    for sql in [
        "UPDATE progress SET value = 9223372036854775807 WHERE what = 'keys'",
        "UPDATE progress SET value = 9 WHERE what = 'keys'",
        "UPDATE progress SET value = 9223372036854775807 WHERE what = 'balances'",
        "INSERT INTO key_run VALUES (1, 0, 1000000000000000, 1, 9, 0, 0, NULL, NULL)",
        "INSERT INTO key_run VALUES (1, 4294967295, 1, 1, 9, 0, 0, NULL, NULL)",
        "INSERT INTO key_run VALUES (1, 0, 9, 1, 9, 0, 0, NULL, NULL)",
    ] {
        let file = TestFile::with_business();
        assert!(file.sql().execute(sql, []).unwrap() > 0, "{sql}");
        let error = file.builder().open().unwrap_err();
        assert!(error.to_string().contains("damaged"), "{sql}: {error}");
    }
}

#[test]
fn a_head_is_missed_also_where_its_line_has_no_seal_any_more() {
    let file = TestFile::with_business();
    let go_on = &mut |_| ControlFlow::Continue(());
    let early = file.open().head().unwrap();
    Shop::on(&file.open()).ledger.unfreeze(&Shop::on(&file.open()).bob, "thaw").unwrap();
    // Everything sealed anew as if it were one commit.
    let lines = early.lines + 1;
    let sql = file.sql();
    sql.execute("UPDATE journal SET seal = NULL WHERE row < ?1", [lines]).unwrap();
    drop(sql);
    let found = SqliteLedger::verify_file(file.path(), &[early], go_on).unwrap();
    assert!(found.problem.unwrap().contains("head that was kept"));
    // Each of several heads counts.
    let other = TestFile::with_business();
    let right = other.open().head().unwrap();
    for heads in [[right, early], [early, right]] {
        let found = SqliteLedger::verify_file(other.path(), &heads, go_on).unwrap();
        assert!(found.problem.unwrap().contains("head that was kept"));
    }
}

#[test]
fn an_index_that_lacks_a_name_is_found() {
    let file = TestFile::with_business();
    let page: u64 = file
        .sql()
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_wallet_1'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let mut bytes = std::fs::read(file.path()).unwrap();
    let (start, name) = (usize::try_from((page - 1) * 4_096).unwrap(), b"user:alice");
    let found = bytes[start..start + 4_096].windows(name.len()).position(|it| it == name);
    bytes[start + found.unwrap() + 5] ^= 1;
    std::fs::write(file.path(), bytes).unwrap();
    assert!(file.problem().contains("index"), "{}", file.problem());
}

#[test]
fn rebuild_mends_all_that_is_derived() {
    for sql in [
        "UPDATE wallet_state SET posted = 7, roots = x''",
        "DELETE FROM wallet_state",
        "DELETE FROM wallet",
        "DELETE FROM asset",
        "UPDATE wallet SET name = 'user:eve' WHERE name = 'user:bob'",
        "DELETE FROM progress",
        "INSERT INTO key_run VALUES (1, 0, 1, 1, 9, 0, 0, NULL, NULL)",
        "INSERT INTO key_chunk VALUES (1, zeroblob(12))",
    ] {
        let file = TestFile::with_business();
        file.sql().execute(sql, []).unwrap();
        let mut steps = 0;
        SqliteLedger::rebuild(file.path(), &mut |_| {
            steps += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
        assert!(steps > 0);
        assert_eq!(file.problem(), "", "{sql}");
        let ledger = file.open();
        let shop = Shop::on(&ledger);
        assert_eq!(shop.posted(&shop.bob), "18.50 USD");
        assert!(shop.pay("12.50", "pay").unwrap().replayed, "{sql}");
    }
}

#[test]
fn rebuild_mends_tables_that_can_not_be_read_and_never_gives_the_journals_pages_away() {
    let whole = TestFile::with_business();
    let pages = "SELECT iif(tbl_name IN ('journal', 'note', 'property'), 'kept', name), rootpage \
                 FROM sqlite_schema WHERE rootpage > 0";
    let roots: Vec<(String, usize)> = {
        let sql = whole.sql();
        let mut find = sql.prepare(pages).unwrap();
        let rows = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let bytes = std::fs::read(whole.path()).unwrap();
    let page = |number: usize| (number - 1) * 4_096..number * 4_096;
    let journal = roots.iter().find(|(name, _)| name == "kept").unwrap().1;
    let derived = || roots.iter().filter(|(name, _)| name != "kept");
    assert!(derived().count() > 12);
    for (name, root) in derived() {
        // As if it had nothing, and as if all that the journal has were its own.
        for instead in [vec![0; 4_096], bytes[page(journal)].to_vec()] {
            let file = TestFile::new();
            let mut changed = bytes.clone();
            changed[page(*root)].copy_from_slice(&instead);
            std::fs::write(file.path(), changed).unwrap();
            assert_ne!(file.problem(), "", "{name}");
            let go_on = &mut |_| ControlFlow::Continue(());
            if let Err(error) = SqliteLedger::rebuild(file.path(), go_on) {
                // It can't be told from this table whether the journal is whole.
                assert!(error.to_string().contains("rebuild with keep_what_is_left"), "{error}");
                file.builder().keep_what_is_left().rebuild(go_on).unwrap();
            }
            assert_eq!(file.problem(), "", "{name}");
            let unused = file.sql().query_row("PRAGMA integrity_check", [], |row| row.get(0));
            assert_eq!(unused, Ok("ok".to_owned()), "{name}");
            let ledger = file.open();
            let shop = Shop::on(&ledger);
            assert_eq!(shop.posted(&shop.bob), "18.50 USD");
            assert!(shop.pay("12.50", "pay").unwrap().replayed, "{name}");
        }
    }
}

#[test]
fn rebuild_refuses_a_journal_that_no_ledger_wrote_and_changes_nothing() {
    let wallets_body = "(SELECT body FROM journal WHERE kind = 202 LIMIT 1)";
    let assets_body = "(SELECT body FROM journal WHERE kind = 201 LIMIT 1)";
    for (change, said) in [
        ("item = 1 WHERE key = 'pay'", "does not follow the one before it"),
        ("from_version = 9 WHERE key = 'pay'", "does not follow the wallet's line before"),
        ("to_wallet = NULL WHERE key = 'pay'", "is a posting without its parts"),
        ("from_wallet = 7 WHERE key = 'pay'", "wallet 7 is in the journal only"),
        ("amount = NULL WHERE key = 'pay'", "has no body"),
        ("kind = NULL WHERE key = 'pay'", "has no kind"),
        ("key = NULL WHERE key = 'pay'", "has no key"),
        ("fingerprint = NULL WHERE key = 'pay'", "has no fingerprint"),
        ("body = NULL WHERE key = 'too much'", "has no body"),
        ("body = WALLET WHERE key = 'too much'", "is no refusal"),
        ("kind = 2 WHERE key = 'no b'", "is not refused as the rest of its batch is"),
        ("body = WALLET WHERE key = 'freeze'", "changes nothing that is known"),
        ("body = WALLET WHERE kind = 201", "is no asset"),
        ("body = ASSET WHERE kind = 202", "is no wallet"),
        ("kind = 204 WHERE kind = 202", "does not say how long keys are remembered"),
    ] {
        let change = change.replace("WALLET", wallets_body).replace("ASSET", assets_body);
        let (file, sql) = (TestFile::with_business(), format!("UPDATE journal SET {change}"));
        assert!(file.sql().execute(&sql, []).unwrap() > 0, "{sql}");
        let derived = || {
            let all =
                "SELECT group_concat(concat_ws(' ', id, hex(posted), version)) FROM wallet_state";
            file.sql().query_row(all, [], |row| row.get::<_, String>(0)).unwrap()
        };
        let before = derived();
        let go_on = &mut |_| ControlFlow::Continue(());
        let refused = SqliteLedger::rebuild(file.path(), go_on).unwrap_err();
        assert!(refused.to_string().contains(said), "{sql}: {refused}");
        assert_eq!(derived(), before, "{sql}");
    }
}

#[test]
fn nothing_is_decided_on_a_journal_that_has_become_shorter_while_open() {
    let file = TestFile::with_business();
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    shop.fund("1.00", "last");
    let cut = "DELETE FROM journal WHERE row = (SELECT max(row) FROM journal)";
    file.sql().execute(cut, []).unwrap();
    let refused = shop.ledger.deposit(&shop.alice, shop.usd("1"), "next").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::StoreBroken);
    assert!(refused.to_string().contains("has become shorter"), "{refused}");
}

#[test]
fn long_work_can_be_stopped() {
    let file = TestFile::with_business();
    let stop = &mut |_| ControlFlow::Break(());
    let found = file.open().verify_with(&[], stop).unwrap();
    assert!(!found.complete && found.problem.is_none() && !found.is_ok());
    SqliteLedger::rebuild(file.path(), stop).unwrap_err();
    assert_eq!(file.problem(), "");
}

/// SQLite takes a log as far as its checksums are right: that is how it tells a commit that was cut off.
#[test]
fn a_log_ends_where_it_was_changed_and_only_a_head_that_was_kept_elsewhere_tells() {
    let file = TestFile::new();
    let ledger = file.open();
    let shop = Shop::on(&ledger);
    shop.fund("100.00", "fund");
    let read_log = || std::fs::read(file.beside("-wal")).unwrap();
    let before = read_log();
    shop.pay("12.50", "pay").unwrap();
    let (head, log) = (ledger.head().unwrap(), read_log());
    // The log has room for what comes, so it need not have become longer.
    let is_new = |at: &usize| before.get(*at) != log.get(*at);
    let first = (0..log.len()).find(is_new).unwrap();
    let last = (0..log.len()).rfind(is_new).unwrap();

    let (bare, go_on) = (std::fs::read(file.path()).unwrap(), &mut |_| ControlFlow::Continue(()));
    // Everywhere in what was added: heads of frames, and the pages behind them.
    for at in (first..=last).step_by(500) {
        let left = TestFile::new();
        let mut changed = log.clone();
        changed[at] ^= 1;
        std::fs::write(left.path(), &bare).unwrap();
        std::fs::write(left.beside("-wal"), changed).unwrap();
        let missed = SqliteLedger::verify_file(left.path(), &[head], go_on).unwrap();
        assert!(missed.problem.unwrap().contains("it ends before"), "{at}");
        assert_eq!(left.problem(), "", "{at}: nothing in the file shows it");
        let ledger = left.open();
        assert_eq!(ledger.transaction_by_key("pay").unwrap(), None, "{at}: it was answered");
        assert!(ledger.transaction_by_key("fund").unwrap().is_some(), "{at}");
        let missed = ledger.verify_with(&[head], go_on).unwrap();
        assert!(missed.problem.unwrap().contains("it ends before"), "{at}");
    }
    assert!(ledger.verify_with(&[head], go_on).unwrap().is_ok());
}
