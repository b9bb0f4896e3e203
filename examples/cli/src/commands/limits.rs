//! `limits`: what a wallet may hold and spend.

use clap::Args;
use ledger_core::{Command, Direction, LimitsSpec, Money, Wallet, Window};

use crate::book::{Book, FileArg};
use crate::failure::{Done, Failure};
use crate::input::{Span, money};
use crate::output::Output;
use crate::record::Record;
use crate::request::{Request, window as window_shown};

/// Shows a wallet's limits, or changes those that are given.
#[derive(Args, Debug)]
pub struct Limits {
    #[command(flatten)]
    file: FileArg,
    /// The wallet's name
    wallet: String,
    /// The least it may hold, such as -50.00 for a credit line, or none
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    floor: Option<String>,
    /// The most it may hold, or none
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    ceiling: Option<String>,
    /// The most that may leave it at once, or none
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    largest: Option<String>,
    /// The most that may leave it within a time, such as 100.00/24h, or none; can be given several times. Limits
    /// on what comes in, or on how often, stay
    #[arg(long, value_name = "AMOUNT/TIME", allow_hyphen_values = true)]
    leaving: Vec<String>,
    #[command(flatten)]
    request: Request,
}

const NONE: &str = "none";

impl Limits {
    /// Does it.
    pub fn run(&self, output: &mut Output) -> Done {
        let book = self.file.open(output)?;
        let wallet = book.named(&self.wallet)?;
        let given = [&self.floor, &self.ceiling, &self.largest];
        if given.iter().all(|limit| limit.is_none()) && self.leaving.is_empty() {
            self.request.must_be_empty("give a limit to change too")?;
            return output.record(&shown(&book, &wallet)?);
        }
        let spec = self.spec(&wallet)?;
        self.request.send(&book, output, |key| Command::set_limits(key, spec))
    }

    fn spec(&self, wallet: &Wallet) -> Result<LimitsSpec, Failure> {
        let spec = LimitsSpec::of(wallet);
        let [floor, ceiling, largest] =
            [&self.floor, &self.ceiling, &self.largest].map(Option::as_deref);
        let spec = set(spec, floor, wallet, LimitsSpec::floor, LimitsSpec::no_floor)?;
        let spec = set(spec, ceiling, wallet, LimitsSpec::ceiling, LimitsSpec::no_ceiling)?;
        let spec = set(spec, largest, wallet, LimitsSpec::largest, LimitsSpec::no_largest)?;
        let given = match self.leaving.as_slice() {
            [] => return Ok(spec),
            [none] if none == NONE => &[],
            windows => windows,
        };
        let others = wallet.windows.iter().filter(|it| !can_be_given(it)).copied().map(Ok);
        let windows = others.chain(given.iter().map(|text| window(text, wallet)));
        Ok(spec.windows(windows.collect::<Result<Vec<_>, _>>()?))
    }
}

/// Sets a limit as it was given, if it was: to an amount, or to none.
fn set(
    spec: LimitsSpec,
    text: Option<&str>,
    wallet: &Wallet,
    to: fn(LimitsSpec, Money) -> LimitsSpec,
    to_none: fn(LimitsSpec) -> LimitsSpec,
) -> Result<LimitsSpec, Failure> {
    Ok(match text {
        None => spec,
        Some(NONE) => to_none(spec),
        Some(amount) => to(spec, money(amount, wallet.asset)?),
    })
}

/// Whether a window is one that `--leaving` sets.
fn can_be_given(window: &Window) -> bool {
    window.direction == Direction::Out && window.count.is_none()
}

fn window(text: &str, wallet: &Wallet) -> Result<Window, Failure> {
    let form = "--leaving must be an amount and a time, such as 100.00/24h";
    let (amount, lasting) = text.split_once('/').ok_or_else(|| Failure::usage(form))?;
    let Span(lasting) = lasting.parse().map_err(|problem: String| Failure::usage(problem))?;
    Ok(Window::leaving(lasting).amount(money(amount, wallet.asset)?))
}

fn shown(book: &Book, wallet: &Wallet) -> Result<Record, Failure> {
    let windows = book.window_use(wallet)?.into_iter().map(|it| {
        window_shown(&it.window)
            .with("used", it.used)
            .with("room", it.room)
            .with("room_count", it.room_count.map(u64::from))
    });
    Ok(Record::default()
        .with("wallet", wallet.name.as_str())
        .with("floor", wallet.floor)
        .with("ceiling", wallet.ceiling)
        .with("largest", wallet.largest)
        .with("windows", windows.collect::<Vec<_>>()))
}
