//! Tables of commands and what each is answered.

use ledger_core::{Command, Ledger, Receipt, Result, WalletId};

/// Where a table's commands are sent. All of them have the key "row".
pub trait World {
    fn new() -> Self;
    fn ledger(&self) -> &Ledger;
    /// Wallets that a no must leave as they are.
    fn watched(&self) -> Vec<WalletId>;
    /// A command that is carried out.
    fn welcome(&self) -> Command;
}

/// What it shows; the command; what it is answered: "ok", or the code of the error and a part of its text.
pub type Row<W> = (&'static str, fn(&W) -> Command, &'static str, &'static str);

pub fn code(answer: &Result<Receipt>) -> &'static str {
    answer.as_ref().map_or_else(|error| error.kind().code(), |_| "ok")
}

pub fn check_answers<W: World>(rows: &[Row<W>]) {
    for (what, make, expected, text) in rows {
        let world = W::new();
        let (ledger, watched) = (world.ledger(), world.watched());
        let before = ledger.balances(&watched).unwrap();
        let answer = ledger.submit(make(&world));
        assert_eq!(code(&answer), *expected, "{what}: {answer:?}");
        let Err(refused) = answer else { continue };
        assert!(refused.to_string().contains(text), "{what}: {refused}");
        assert_eq!(before, ledger.balances(&watched).unwrap(), "{what}: a no changes nothing");
        let found = ledger.transaction_by_key("row").unwrap();
        let remembered = refused.rejection().unwrap().is_remembered();
        assert_eq!(found.is_some(), remembered, "{what}: remembered or not");
        if !remembered {
            // The key is still unused.
            assert!(!ledger.submit(world.welcome()).unwrap().replayed, "{what}");
        }
    }
}

pub fn check_batches_and_retries<W: World>(rows: &[Row<W>]) {
    for (what, make, expected, _) in rows {
        let world = W::new();
        let all = world.ledger().submit_all([make(&world)]).map(|mut receipts| receipts.remove(0));
        assert_eq!(code(&all), *expected, "{what} all or nothing");
        let world = W::new();
        let two = world.ledger().submit_each([make(&world), make(&world)]).unwrap();
        assert_eq!((code(&two[0]), code(&two[1])), (*expected, *expected), "{what} twice");
    }
}
