//! Requests that their keys spell out, so that they can be sent again by whoever knows the key alone, as clients do
//! whose server was killed before it answered.

use ledger_core::{Command, Error, Key, Ledger, Wallet};

use crate::check::Loss;
use crate::workload::told::{Said, Tell, Told};

/// What a key may ask for, of Ann and Bob.
pub const VERBS: [&str; 3] = ["deposit", "withdraw", "transfer"];

/// How many that were answered are sent again, beside all that were not.
const ANSWERED: usize = 3;

/// The request that ends a key of the form `…/verb/amount`; none if it has another.
pub fn command(key: &str, ann: &Wallet, bob: &Wallet) -> Result<Option<Command>, Error> {
    let mut words = key.rsplit('/');
    let (amount, verb) = (words.next().and_then(|it| it.parse().ok()), words.next());
    let (Some(amount), Some(verb)) = (amount, verb) else { return Ok(None) };
    let (key, amount) = (Key::new(key)?, ann.asset.minor(amount));
    Ok(match verb {
        "deposit" => Some(Command::deposit(key, ann.id, amount)),
        "withdraw" => Some(Command::withdraw(key, ann.id, amount)),
        "transfer" => Some(Command::transfer(key, ann.id, bob.id, amount)),
        _ => None,
    })
}

/// Sends them again: what is there is answered as it was, and only what is not there is carried out now.
pub fn send_again(
    ledger: &Ledger,
    keys: &[String],
    tell: &mut dyn FnMut(Tell),
) -> Result<(), Loss> {
    let wallets = ["user:ann", "user:bob"].map(|name| ledger.wallet(name));
    let [Ok(Some(ann)), Ok(Some(bob))] = wallets else { return Ok(()) };
    for key in keys {
        let command = command(key, &ann, &bob).map_err(|error| error.to_string())?;
        let Some(command) = command else { continue };
        let found = ledger.transaction_by_key(key.as_str()).map_err(|error| error.to_string())?;
        tell(Tell::Sent(key.clone()));
        let answer = ledger.submit(command);
        let said = Said::of(&answer);
        tell(Tell::Said(key.clone(), said.clone()));
        let is_replay = answer.as_ref().map_or_else(Error::is_replay, |receipt| receipt.replayed);
        let is_same = found.as_ref().is_none_or(|found| Said::found(Some(found)) == said);
        if is_replay != found.is_some() || !is_same {
            return Err(format!("{key} was {found:?}, and sent again it is {answer:?}"));
        }
    }
    Ok(())
}

/// All whose senders were not answered, and some of the others.
pub fn keys(told: &Told) -> Vec<String> {
    let all = || told.answers.iter().filter(|(key, _)| key.contains('/'));
    let is_open = |said: &Said| matches!(said, Said::Sent | Said::Maybe);
    let open = all().filter(|(_, said)| is_open(said));
    let answered = all().filter(|(_, said)| !is_open(said)).take(ANSWERED);
    open.chain(answered).map(|(key, _)| key.clone()).collect()
}
