//! `hold`, `capture`, `release` and `holds`.

use clap::Args;
use ledger_core::{CaptureSpec, Command, HoldId, HoldQuery, HoldSpec, HoldState, Rejection};

use crate::book::{Book, FileArg};
use crate::failure::{Done, Failure};
use crate::input::{AmountArg, LimitArg, PartArg, Span, money};
use crate::output::Output;
use crate::request::{self, Movement, Request};

/// Reserves money on a wallet for another one.
#[derive(Args, Debug)]
pub struct Hold {
    #[command(flatten)]
    file: FileArg,
    /// The wallet on which it is reserved
    wallet: String,
    /// The wallet that gets what is captured
    target: String,
    #[command(flatten)]
    amount: AmountArg,
    /// How long it stays reserved, such as 30m or 7d
    #[arg(long = "for", value_name = "TIME")]
    lasting: Span,
    /// How much more than the amount may be captured
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    tolerance: Option<String>,
    #[command(flatten)]
    request: Request,
}

impl Hold {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let (wallet, target) = (book.named(&self.wallet)?, book.named(&self.target)?);
        let amount = self.amount.of(wallet.asset)?;
        let mut spec = HoldSpec::new(&wallet, &target, amount, self.lasting.0);
        if let Some(tolerance) = &self.tolerance {
            spec = spec.tolerance(money(tolerance, wallet.asset)?);
        }
        self.request.send(&book, output, |key| Command::hold(key, spec))
    }
}

/// Moves reserved money to its target.
#[derive(Args, Debug)]
pub struct Capture {
    #[command(flatten)]
    file: FileArg,
    /// The hold's id
    hold: HoldId,
    #[command(flatten)]
    amount: PartArg,
    /// Give back what remains then
    #[arg(long)]
    release_rest: bool,
    #[command(flatten)]
    movement: Movement,
}

impl Capture {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let mut spec = CaptureSpec::of(self.hold);
        if let Some(amount) = self.amount.given() {
            spec = spec.amount(money(&amount, known(&book, self.hold)?.amount.asset())?);
        }
        if self.release_rest {
            spec = spec.release_rest();
        }
        self.movement.send(&book, output, |key| Command::capture(key, spec))
    }
}

fn known(book: &Book, hold: HoldId) -> Result<ledger_core::Hold, Failure> {
    let unknown = || ledger_core::Error::from(Rejection::UnknownHold { hold });
    Ok(book.get_hold(hold)?.ok_or_else(unknown)?)
}

/// Gives back all that is still reserved.
#[derive(Args, Debug)]
pub struct Release {
    #[command(flatten)]
    file: FileArg,
    /// The hold's id
    hold: HoldId,
    #[command(flatten)]
    request: Request,
}

impl Release {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        self.request.send(&book, output, |key| Command::release(key, self.hold))
    }
}

/// Lists holds.
#[derive(Args, Debug)]
pub struct Holds {
    #[command(flatten)]
    file: FileArg,
    /// Only those on this wallet
    #[arg(long, value_name = "NAME")]
    wallet: Option<String>,
    /// Only those in this state: open, captured, released or expired
    #[arg(long, value_parser = state)]
    state: Option<HoldState>,
    #[command(flatten)]
    limit: LimitArg,
}

fn state(text: &str) -> Result<HoldState, String> {
    let found = HoldState::ALL.iter().find(|state| state.code() == text);
    found.copied().ok_or_else(|| "a hold is open, captured, released or expired".to_owned())
}

impl Holds {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let mut query = HoldQuery::all();
        if let Some(name) = &self.wallet {
            query = query.wallet(&book.named(name)?);
        }
        if let Some(state) = self.state {
            query = query.state(state);
        }
        output.pages(&self.limit, |limit, after| {
            let page = book.holds(&query.clone().limit(limit).after(after))?;
            let rows = page.holds.iter().map(|hold| request::hold(hold, &book)).collect();
            Ok((rows, page.next))
        })
    }
}
