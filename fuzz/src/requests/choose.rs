//! Requests out of bytes, in plain words and as commands.

use std::time::Duration;

use ledger_core::{
    CaptureSpec, Command, HoldId, HoldSpec, Key, Leg, LimitsSpec, MetaKey, Metadata, Money,
    ReversalSpec, Timestamp, TransactionId, WalletId, Window,
};

use crate::bytes::Bytes;
use crate::json::Json;
use crate::requests::plain::{Part, Request};
use crate::requests::{Both, NOW, Shop};

/// Longest duration, in milliseconds: 400 days.
const LONGEST: u64 = 400 * 86_400_000;
/// Text that is longer than that may be too long for metadata.
const META_BYTES: usize = 10_000;

/// The kind's number, the body, and the command without what can go with any.
type Chosen = (u8, Vec<Part>, Command);

impl Shop {
    pub(super) fn choose(&self, key: Key, bytes: &mut Bytes<'_>) -> Both {
        let (kind, body, command) = match bytes.below(12) {
            0..4 => self.moves(key, bytes),
            4 => self.statuses(key, bytes),
            5 => self.hold(key, bytes),
            6 | 7 => self.on_hold(key, bytes),
            8 => self.reversal(key, bytes),
            9 => self.limits(key, bytes),
            10 => periods(key, bytes),
            _ => index(key, bytes),
        };
        let effective = bytes.one_in(4).then(|| NOW - i64::from(bytes.u32()));
        let at = effective.map(Timestamp::from_unix_ms);
        let command = at.map_or(command.clone(), |at| command.effective_at(at));
        let (meta, command) = with_meta(command, bytes);
        (Request { kind, meta, body, effective }, command)
    }

    fn money(&self, asset: usize, bytes: &mut Bytes<'_>) -> (Part, Money) {
        let minor = match bytes.below(4) {
            0 => bytes.i128() >> 2,
            1 => i128::from(bytes.i64()),
            _ => i128::from(bytes.u8()),
        };
        let asset = self.assets[asset];
        let part = Part::Money(minor, asset.scale(), asset.code().to_string());
        (part, asset.minor(minor))
    }

    fn some_money(&self, asset: usize, bytes: &mut Bytes<'_>) -> (Vec<Part>, Option<Money>) {
        if bytes.one_in(2) {
            return (vec![Part::Choice(0)], None);
        }
        let (part, money) = self.money(asset, bytes);
        (vec![Part::Choice(1), part], Some(money))
    }

    fn wallet(&self, asset: usize, bytes: &mut Bytes<'_>) -> WalletId {
        self.wallets[asset][bytes.below(3)]
    }

    fn asset(&self, bytes: &mut Bytes<'_>) -> usize {
        bytes.below(self.assets.len())
    }

    fn leg(&self, bytes: &mut Bytes<'_>) -> (Vec<Part>, Leg) {
        let asset = self.asset(bytes);
        let [from, to] = [self.wallet(asset, bytes), self.wallet(asset, bytes)];
        let (part, money) = self.money(asset, bytes);
        let parts = vec![Part::Number(from.raw()), Part::Number(to.raw()), part];
        (parts, Leg::new(from, to, money))
    }

    fn moves(&self, key: Key, bytes: &mut Bytes<'_>) -> Chosen {
        let form = bytes.below(5);
        if form < 2 {
            let asset = self.asset(bytes);
            let (wallet, world) = (self.wallet(asset, bytes), self.wallets[asset][0]);
            let (part, money) = self.money(asset, bytes);
            let ends = if form == 0 { [world, wallet] } else { [wallet, world] };
            let [from, to] = ends.map(|end| Part::Number(end.raw()));
            let body = vec![Part::Count(1), from, to, part];
            return match form {
                0 => (1, body, Command::deposit(key, wallet, money)),
                _ => (2, body, Command::withdraw(key, wallet, money)),
            };
        }
        let count = [1, bytes.below(5), 2][form - 2];
        let (parts, legs): (Vec<_>, Vec<_>) = (0..count).map(|_| self.leg(bytes)).unzip();
        let length = Part::Count(u32::try_from(count).unwrap());
        let body = std::iter::once(length).chain(parts.into_iter().flatten()).collect();
        match (form, &*legs) {
            (2, [leg]) => (3, body, Command::transfer(key, leg.from, leg.to, leg.amount)),
            (4, [paid, goods]) => (14, body, Command::trade(key, *paid, *goods)),
            _ => (4, body, Command::post(key, legs)),
        }
    }

    fn statuses(&self, key: Key, bytes: &mut Bytes<'_>) -> Chosen {
        let asset = self.asset(bytes);
        let wallet = self.wallet(asset, bytes);
        let body = vec![Part::Number(wallet.raw())];
        match bytes.below(8) {
            0..3 => (5, body, Command::freeze(key, wallet)),
            7 => (7, body, Command::close(key, wallet)),
            _ => (6, body, Command::unfreeze(key, wallet)),
        }
    }

    fn hold(&self, key: Key, bytes: &mut Bytes<'_>) -> Chosen {
        let asset = self.asset(bytes);
        let [from, to] = [self.wallet(asset, bytes), self.wallet(asset, bytes)];
        let (part, money) = self.money(asset, bytes);
        let extra = i128::from(bytes.u8());
        let (ms, lasting) = duration(bytes);
        let spec = HoldSpec::new(from, to, money, lasting);
        let ends = [from, to].map(|end| Part::Number(end.raw()));
        let rest = [part, Part::Amount(extra), Part::Number(ms)];
        let body = ends.into_iter().chain(rest).collect();
        (8, body, Command::hold(key, spec.tolerance(self.assets[asset].minor(extra))))
    }

    fn on_hold(&self, key: Key, bytes: &mut Bytes<'_>) -> Chosen {
        let unknown = HoldId::from_raw(1).unwrap();
        let hold = self.holds.get(bytes.below(4)).copied().unwrap_or(unknown);
        let mut body = vec![Part::Number(hold.raw())];
        match bytes.below(6) {
            0 => (10, body, Command::release(key, hold)),
            1 => (12, body, Command::expire(key, hold)),
            2 => {
                let (ms, lasting) = duration(bytes);
                body.push(Part::Number(ms));
                (11, body, Command::extend(key, hold, lasting))
            }
            _ => {
                let asset = self.asset(bytes);
                let (parts, amount) = self.some_money(asset, bytes);
                let rest = bytes.one_in(2);
                body.extend(parts);
                body.push(Part::Choice(rest.into()));
                let spec =
                    amount.map_or(CaptureSpec::of(hold), |it| CaptureSpec::of(hold).amount(it));
                (9, body, Command::capture(key, if rest { spec.release_rest() } else { spec }))
            }
        }
    }

    fn reversal(&self, key: Key, bytes: &mut Bytes<'_>) -> Chosen {
        let unknown = TransactionId::from_raw(1).unwrap();
        let id = self.transactions.get(bytes.below(8)).copied().unwrap_or(unknown);
        let mut spec = ReversalSpec::of(id);
        let mut body = vec![Part::Number(id.raw())];
        if bytes.one_in(2) {
            let posting = u32::try_from(bytes.below(4)).unwrap();
            spec = spec.posting(posting);
            body.extend([Part::Choice(1), Part::Number(posting.into())]);
        } else {
            body.push(Part::Choice(0));
        }
        let asset = self.asset(bytes);
        let (parts, amount) = self.some_money(asset, bytes);
        body.extend(parts);
        (13, body, Command::reverse(key, amount.map_or(spec, |it| spec.amount(it))))
    }

    fn limits(&self, key: Key, bytes: &mut Bytes<'_>) -> Chosen {
        let asset = self.asset(bytes);
        let wallet = self.wallet(asset, bytes);
        let mut spec = LimitsSpec::of(wallet);
        let mut body = vec![Part::Number(wallet.raw())];
        for which in 0..3 {
            if bytes.one_in(2) {
                body.push(Part::Choice(0));
                continue;
            }
            let (parts, amount) = self.some_money(asset, bytes);
            body.push(Part::Choice(1));
            body.extend(parts);
            spec = match (which, amount) {
                (0, Some(floor)) => spec.floor(floor),
                (0, None) => spec.no_floor(),
                (1, Some(ceiling)) => spec.ceiling(ceiling),
                (1, None) => spec.no_ceiling(),
                (_, Some(largest)) => spec.largest(largest),
                (_, None) => spec.no_largest(),
            };
        }
        if bytes.one_in(2) {
            let mut windows: Vec<_> =
                (0..bytes.below(4)).map(|_| self.window(asset, bytes)).collect();
            spec = spec.windows(windows.iter().map(|it| it.2));
            windows.sort_by_key(|it| it.0);
            body.push(Part::Count(u32::try_from(windows.len()).unwrap()));
            body.extend(windows.into_iter().flat_map(|it| it.1));
        }
        (15, body, Command::set_limits(key, spec))
    }

    /// A window, and by what it is sorted.
    fn window(&self, asset: usize, bytes: &mut Bytes<'_>) -> ((bool, u64), Vec<Part>, Window) {
        let enters = bytes.one_in(2);
        let (ms, lasting) = duration(bytes);
        let (parts, amount) = self.some_money(asset, bytes);
        let window = if enters { Window::entering(lasting) } else { Window::leaving(lasting) };
        let mut window = amount.map_or(window, |most| window.amount(most));
        let mut body = vec![Part::Choice(enters.into()), Part::Number(ms)];
        body.extend(parts);
        if bytes.one_in(2) {
            let count = bytes.u32() >> bytes.below(32);
            window = window.count(count);
            body.extend([Part::Choice(1), Part::Number(count.into())]);
        } else {
            body.push(Part::Choice(0));
        }
        ((enters, ms), body, window)
    }
}

fn duration(bytes: &mut Bytes<'_>) -> (u64, Duration) {
    let ms = u64::from(bytes.u32()) % LONGEST + 1;
    (ms, Duration::from_millis(ms))
}

fn periods(key: Key, bytes: &mut Bytes<'_>) -> Chosen {
    let until = NOW - i64::from(bytes.u32());
    let time = Timestamp::from_unix_ms(until);
    match bytes.below(3) {
        0 => (16, vec![Part::Time(until)], Command::lock_periods(key, time)),
        1 => (18, vec![Part::Choice(0)], Command::unlock_periods(key, None)),
        _ => (18, vec![Part::Choice(1), Part::Time(until)], Command::unlock_periods(key, time)),
    }
}

fn index(key: Key, bytes: &mut Bytes<'_>) -> Chosen {
    let any = |_| MetaKey::new(bytes.text(6)).ok();
    let keys: Vec<MetaKey> = (0..4).filter_map(any).collect();
    let mut sorted: Vec<String> = keys.iter().map(ToString::to_string).collect();
    sorted.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    let length = Part::Count(u32::try_from(keys.len()).unwrap());
    let body = std::iter::once(length).chain(sorted.into_iter().map(Part::Text)).collect();
    (17, body, Command::index_metadata(key, keys))
}

fn with_meta(command: Command, bytes: &mut Bytes<'_>) -> (Option<Json>, Command) {
    if !bytes.one_in(3) {
        return (None, command);
    }
    let meta = Json::object(bytes);
    let text = meta.spell(bytes);
    match Metadata::from_json(&text) {
        Ok(read) => (Some(meta), command.meta(read)),
        Err(error) => {
            assert!(text.len() > META_BYTES, "{text}: {error}");
            (None, command)
        }
    }
}
