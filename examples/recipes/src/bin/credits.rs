//! Credits for usage: they expire, the oldest are used first, and nobody uses too many at once.

use std::sync::Arc;
use std::time::Duration;

use ledger_core::{
    Answer, Asset, CaptureSpec, Command, ErrorKind, Hold, HoldQuery, HoldSpec, HoldState, Ledger,
    LimitsSpec, ManualClock, Money, Result, Wallet, WalletSpec, Window,
};
use ledger_sqlite::SqliteLedger;

const DAY: Duration = Duration::from_hours(24);

/// What is granted is held for usage, until it expires: so `held` is what can be used, at any moment.
fn grant(ledger: &Ledger, [own, used]: &[Wallet; 2], amount: Money, days: u32) -> Result<()> {
    let key = format!("grant:{}:{days}", own.name);
    let granted = Command::deposit(format!("{key}:in").parse()?, own, amount);
    let spec = HoldSpec::new(own, used, amount, DAY * days);
    ledger.submit_all([granted, Command::hold(key.parse()?, spec)])?;
    Ok(())
}

/// What was granted and has not expired, on as many pages as there are; what expires first is in front.
fn grants(ledger: &Ledger, own: &Wallet) -> Result<Vec<Hold>> {
    let open = HoldQuery::all().wallet(own).state(HoldState::Open);
    let mut page = ledger.holds(&open)?;
    let mut grants = page.holds;
    while page.next.is_some() {
        page = ledger.holds(&open.clone().after(page.next))?;
        grants.extend(page.holds);
    }
    grants.sort_by_key(|grant| grant.expires_at);
    Ok(grants)
}

/// Uses credits, of the grants that expire first; says whether there were enough.
fn use_credits(ledger: &Ledger, own: &Wallet, amount: i128, key: &str) -> Result<bool> {
    loop {
        // A retry would choose among other grants than the first call did, so ask for that one's answer.
        match ledger.transaction_by_key(format!("{key}:0"))? {
            Some(Answer::Done(_)) => return Ok(true),
            Some(Answer::Refused { refusal, .. }) => return Err(refusal.rejection.clone().into()),
            None => {}
        }
        let version = ledger.balance(own)?.version;
        let (mut left, mut parts) = (amount, Vec::new());
        for grant in grants(ledger, own)? {
            let part = grant.remaining.amount().minor().min(left);
            if part > 0 {
                let capture = CaptureSpec::of(&grant).amount(own.asset.minor(part));
                let key = format!("{key}:{}", parts.len()).parse()?;
                let command = Command::capture(key, capture);
                // All parts or none, and only if nobody was faster since we looked: else look again.
                let is_first = parts.is_empty();
                parts.push(if is_first { command.expect_version(own, version) } else { command });
                left -= part;
            }
        }
        if left > 0 {
            return Ok(false);
        }
        match ledger.submit_all(parts) {
            Err(error) if error.kind() == ErrorKind::VersionMismatch => {}
            answer => return answer.map(|_| true),
        }
    }
}

fn main() -> Result<()> {
    let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse()?));
    let ledger = SqliteLedger::builder("credits.ledger").clock(Arc::clone(&clock)).open()?;
    let credit = ledger.define_asset(Asset::new("CREDIT", 0)?)?;
    let open = |name| ledger.open_wallet(WalletSpec::new(name, credit)?);
    let wallets = [open("user:7/credits")?, open("user:7/used")?];
    let [own, used] = &wallets;
    // A gift in many parts that expire late; what expires sooner comes after it, and is used before.
    for days in 61..=120 {
        grant(&ledger, &wallets, credit.minor(1), days)?;
    }
    grant(&ledger, &wallets, credit.minor(100), 30)?;
    grant(&ledger, &wallets, credit.minor(50), 60)?;

    // At most 130 an hour, whichever grants they come from.
    let hour = Window::entering(Duration::from_hours(1)).amount(credit.minor(130));
    ledger.set_limits(LimitsSpec::of(used).windows([hour]), "limits:7:1")?;

    assert!(use_credits(&ledger, own, 120, "job:1")?);
    assert!(use_credits(&ledger, own, 120, "job:1")?, "sent again, and used once");
    assert_eq!(ledger.balance(own)?.held, credit.minor(90));
    for _first_and_sent_again in 0..2 {
        let fast = use_credits(&ledger, own, 20, "job:2");
        assert!(fast.is_err_and(|error| error.kind() == ErrorKind::WindowExceeded));
    }
    assert!(!use_credits(&ledger, own, 91, "job:3")?, "there are 90");

    // Of the grants that expire first: the gift is whole after sixty days, when the others have expired.
    clock.advance(DAY * 60);
    assert_eq!(ledger.balance(own)?.held, credit.minor(60));
    assert!(!use_credits(&ledger, own, 61, "job:4")?);
    clock.advance(DAY * 60);
    assert!(!use_credits(&ledger, own, 1, "job:5")?);

    // What has expired is free, by itself; the books are cleaned up whenever there is time.
    let expired = ledger.balance(own)?;
    assert_eq!((expired.held, expired.available), (credit.minor(0), Some(credit.minor(90))));
    ledger.withdraw(own, credit.minor(90), "expired:7:2026-06-29")?;
    Ok(())
}
