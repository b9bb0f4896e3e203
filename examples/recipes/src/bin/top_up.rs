//! A wallet is topped up by a webhook that is sent twice.

use ledger_core::{Actor, Command, ErrorKind, Ledger, Metadata, Receipt, Result, WalletSpec};
use ledger_sqlite::SqliteLedger;

/// What the payment provider tells us: at least once, perhaps late, perhaps twice at the same time.
struct Webhook {
    event: &'static str,
    charge: &'static str,
    user: u64,
    amount: &'static str,
    currency: &'static str,
}

fn top_up(ledger: &Ledger, webhook: &Webhook) -> Result<Receipt> {
    let asset = ledger.asset(webhook.currency)?;
    let name = format!("user:{}/main", webhook.user);
    let wallet = ledger.open_wallet(WalletSpec::new(name, asset)?)?;
    // The charge is the key, not the event: two events can tell of one charge. For the same reason the
    // event is no part of the request; it is the reason that the actor gives.
    let key = format!("stripe:{}", webhook.charge).parse()?;
    let reference = serde_json::json!({ "reference": webhook.charge });
    ledger.submit(
        Command::deposit(key, &wallet, asset.money(webhook.amount)?)
            .meta(Metadata::new(&reference)?)
            .actor(Actor::new("webhook")?.reason(webhook.event)?),
    )
}

fn main() -> Result<()> {
    let ledger = SqliteLedger::open("top-up.ledger")?;
    let webhook =
        Webhook { event: "evt_1", charge: "ch_1", user: 7, amount: "25.00", currency: "USD" };
    let first = top_up(&ledger, &webhook)?;

    // Sent again: the first answer, marked as a replay. Answer the provider with 200 both times.
    let again = top_up(&ledger, &Webhook { event: "evt_2", ..webhook })?;
    assert_eq!((again.id, again.replayed), (first.id, true));

    // Sent eight times at once, by eight threads: still one deposit.
    let all_answered = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8).map(|_| scope.spawn(|| top_up(&ledger, &webhook))).collect();
        calls.into_iter().all(|call| call.join().is_ok_and(|answer| answer.is_ok()))
    });
    assert!(all_answered);
    let usd = ledger.asset("USD")?;
    let wallet = ledger.open_wallet(WalletSpec::new("user:7/main", usd)?)?;
    assert_eq!(ledger.balance(&wallet)?.posted, usd.money("25.00")?);

    // The same charge with another amount is no retry: somebody should look.
    let odd = top_up(&ledger, &Webhook { amount: "2500.00", ..webhook });
    assert!(odd.is_err_and(|error| error.kind() == ErrorKind::KeyConflict));
    Ok(())
}
