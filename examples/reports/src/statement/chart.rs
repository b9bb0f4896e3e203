//! The balance over time, drawn as SVG: a step line, because a balance stays as it is until it changes.
//!
//! Only the drawing is stretched to the page's width; its labels keep their size.

use std::fmt::Write as _;
use std::io::{self, Write};

use ledger_core::{Amount, Money, Timestamp};

use crate::statement::curve::Point;
use crate::statement::summary::Summary;
use crate::statement::text::{Figure, clock, day};
use crate::statement::ticks::Scale;

/// The drawing's own width and height, in units of its own.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 1_000.0;
/// Where the drawing stands, and how high it is, in pixels.
const TOP: f64 = 22.0;
const TALL: f64 = 190.0;

/// Times that are written below.
const TIMES: i64 = 3;
/// When this is shorter, times of day are written instead of days.
const SHORT_MS: i64 = 2 * 86_400_000;

pub(super) fn write(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let points = summary.curve.points();
    let scale = Scale::of(points.iter().map(|point| point.balance.minor()));
    let bottom = TOP + TALL;
    writeln!(
        out,
        "<figure class=\"chart\">\n<svg width=\"100%\" height=\"{}\" role=\"img\" \
         aria-labelledby=\"chart-title chart-about\">\n<title id=\"chart-title\">Balance over \
         time</title>\n<desc id=\"chart-about\">{}</desc>",
        bottom + 26.0,
        about(summary, &points),
    )?;
    lines(scale, summary, out)?;
    let outline = Outline { scale, from: summary.from, until: summary.until };
    writeln!(
        out,
        "<svg y=\"{TOP}\" width=\"100%\" height=\"{TALL}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         preserveAspectRatio=\"none\" overflow=\"visible\">\n<path class=\"area\" d=\"{}\"/>\n\
         <path class=\"curve\" d=\"{}\"/>\n</svg>",
        outline.area(&points),
        outline.steps(&points),
    )?;
    times(summary, bottom + 18.0, out)?;
    writeln!(out, "</svg>\n</figure>")
}

/// The lines of the scale, below the curve.
fn lines(scale: Scale, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let label = labels(scale, summary);
    for line in scale.lines() {
        let class = if line == 0 { "zero" } else { "grid" };
        let y = TOP + (1.0 - scale.height(line)) * TALL;
        writeln!(
            out,
            "<line class=\"{class}\" x1=\"0\" x2=\"100%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\n\
             <text x=\"8\" y=\"{:.1}\">{}</text>",
            y - 5.0,
            label(line),
        )?;
    }
    Ok(())
}

/// What the curve shows, in words.
fn about(summary: &Summary, points: &[Point]) -> String {
    let shown = |money: Money| format!("{} {}", Figure::of(money), money.asset().code());
    let asset = summary.opening.asset();
    let of = |balance: Option<Amount>| shown(asset.of(balance.unwrap_or(Amount::ZERO)));
    format!(
        "From {} on {} to {} on {}; the lowest balance is {}, the highest {}.",
        shown(summary.opening),
        day(summary.from),
        shown(summary.closing),
        day(summary.last()),
        of(points.iter().map(|point| point.balance).min()),
        of(points.iter().map(|point| point.balance).max()),
    )
}

/// How values are written: without digits after the point where none of them has any.
fn labels(scale: Scale, summary: &Summary) -> impl Fn(i128) -> String {
    let asset = summary.opening.asset();
    let full = move |line: i128| Figure::of(asset.minor(line)).to_string();
    let digits =
        |line| full(line).split_once('.').map_or(0, |(_, it)| it.trim_end_matches('0').len());
    let most = scale.lines().map(digits).max().unwrap_or(0);
    move |line| match full(line).split_once('.') {
        Some((whole, _)) if most == 0 => whole.to_owned(),
        Some((whole, fraction)) => {
            let fraction: String = fraction.chars().take(most.max(2)).collect();
            format!("{whole}.{fraction}")
        }
        None => full(line),
    }
}

fn times(summary: &Summary, y: f64, out: &mut dyn Write) -> io::Result<()> {
    let (from, last) = (summary.from.unix_ms(), summary.last().unix_ms());
    let span = last.saturating_sub(from);
    let written = |time| if span < SHORT_MS { clock(time) } else { day(time) };
    let mut before = String::new();
    for place in 0..TIMES {
        let time = from.saturating_add(span / (TIMES - 1) * place);
        let text = written(Timestamp::from_unix_ms(time));
        if text != before {
            let (x, class) = match place {
                0 => ("0", "begin"),
                it if it == TIMES - 1 => ("100%", "end"),
                _ => ("50%", "middle"),
            };
            writeln!(out, "<text class=\"{class}\" x=\"{x}\" y=\"{y:.1}\">{text}</text>")?;
        }
        before = text;
    }
    Ok(())
}

/// Where points stand in the drawing.
struct Outline {
    scale: Scale,
    from: Timestamp,
    until: Timestamp,
}

impl Outline {
    #[allow(clippy::cast_precision_loss, reason = "a place on paper")]
    fn x(&self, time: Timestamp) -> f64 {
        let span = self.until.unix_ms().saturating_sub(self.from.unix_ms()).max(1);
        let since = time.unix_ms().saturating_sub(self.from.unix_ms());
        since as f64 / span as f64 * WIDTH
    }

    fn y(&self, balance: i128) -> f64 {
        (1.0 - self.scale.height(balance)) * HEIGHT
    }

    /// From each point on level, until the next one's time.
    fn steps(&self, points: &[Point]) -> String {
        let mut path = String::new();
        for (place, point) in points.iter().enumerate() {
            let (x, y) = (self.x(point.at), self.y(point.balance.minor()));
            let _ = match place {
                0 => write!(path, "M{x:.1} {y:.1}"),
                _ => write!(path, "H{x:.1}V{y:.1}"),
            };
        }
        let _ = write!(path, "H{WIDTH}");
        path
    }

    /// What lies between the steps and zero.
    fn area(&self, points: &[Point]) -> String {
        format!("{}V{:.1}H0Z", self.steps(points), self.y(0))
    }
}
