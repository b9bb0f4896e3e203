//! Checks the journal line by line against accounts of its own, which share nothing with those that
//! the lines were decided on.

use hashbrown::{HashMap, HashSet};
use ledger_core::store::StoreResult;
use ledger_core::{
    Amount, Asset, AssetCode, Direction, Hold, Kind, Limits, MetaKey, RetentionRecord, Reverses,
    Status, Timestamp, TransactionId, WalletId, WalletName, bounds,
};

use crate::audit::holds::HoldCheck;
use crate::audit::windows::WindowCheck;
use crate::chain::links::{Link, Links};
use crate::chain::roots::Roots;
use crate::journal::encode::Body;
use crate::journal::read::{End, ReadLine};
use crate::journal::records::{Said, body};
use crate::schema::directory::Registered;
use crate::schema::kinds::LineKind;

/// What the lines so far say of a wallet.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) asset: Asset,
    pub(crate) is_world: bool,
    pub(crate) floor: Option<Amount>,
    pub(crate) ceiling: Option<Amount>,
    pub(crate) largest: Option<Amount>,
    pub(crate) status: Status,
    pub(crate) posted: Amount,
    pub(crate) version: u64,
    pub(crate) roots: Roots,
    /// How it must be found by its name.
    pub(crate) registered: Registered,
}

/// The lines so far.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    pub(crate) wallets: HashMap<WalletId, Checked>,
    pub(crate) assets: HashMap<AssetCode, WalletId>,
    names: HashSet<WalletName>,
    pub(crate) holds: HoldCheck,
    pub(crate) windows: WindowCheck,
    /// The header of the record that the line before belongs to.
    header: Option<ReadLine>,
    last: Option<(u64, u64, u32)>,
    pub(crate) epoch: u64,
    pub(crate) epoch_row: u64,
    pub(crate) transactions: u64,
    /// Until when periods are locked, and the line that says so.
    pub(crate) locked: Option<(u64, Option<Timestamp>)>,
    /// By which keys of their metadata transactions are found, and the line that says so.
    pub(crate) indexed: Option<(u64, Vec<MetaKey>)>,
    /// How long keys are remembered, and the line that says so.
    retentions: Vec<(u64, RetentionRecord)>,
}

impl Checker {
    /// Checks the next line. What is wrong is said in one sentence.
    pub(crate) fn line(&mut self, line: &ReadLine) -> StoreResult<()> {
        self.check_place(line)?;
        if line.item == 0 {
            self.header = Some(line.clone());
        }
        let header = self.header.as_ref().ok_or_else(|| line.damaged("belongs to no record"))?;
        let kind = header.kind.ok_or_else(|| line.damaged("has no kind"))?;
        match kind {
            LineKind::Done(kind) => self.done(kind, line),
            LineKind::Refused(_) => refused(line),
            LineKind::Asset => self.asset(line),
            LineKind::Wallet => self.wallet(line),
            LineKind::Epoch => self.epoch(line),
            LineKind::Retention => self.retention(line),
        }
    }

    /// The world of what a line moved.
    pub(crate) fn asset_of(&self, line: &ReadLine) -> StoreResult<WalletId> {
        let from = line.from.and_then(|from| self.wallets.get(&from.wallet));
        from.map(|from| from.registered.world).ok_or_else(|| line.damaged("moves nothing"))
    }

    /// What the record of the last line says that it reverses.
    pub(crate) fn reverses(&self) -> StoreResult<Option<Reverses>> {
        match &self.header {
            Some(header) if header.kind == Some(LineKind::Done(Kind::Reversal)) => {
                match body(header)? {
                    Body::Reversal(reverses) => Ok(Some(reverses)),
                    _ => Err(header.damaged("does not say what it reverses")),
                }
            }
            _ => Ok(None),
        }
    }

    /// Lines are numbered without gaps, records without gaps in their lines, and ids grow.
    fn check_place(&mut self, line: &ReadLine) -> StoreResult<()> {
        let id = line.id.raw();
        let follows = match self.last {
            None => line.row == 1 && line.item == 0,
            Some((row, last, item)) => {
                let begins = line.item == 0 && id > last;
                let goes_on = line.item == item + 1 && id == last;
                line.row == row + 1 && (begins || goes_on)
            }
        };
        if !follows {
            return Err(line.damaged("does not follow the one before it"));
        }
        self.last = Some((line.row, id, line.item));
        Ok(())
    }

    fn done(&mut self, kind: Kind, line: &ReadLine) -> StoreResult<()> {
        let is_first = line.item == 0;
        if is_first {
            self.transactions += 1;
        }
        if (line.key.is_some(), line.fingerprint.is_some(), line.kind.is_some())
            != (is_first, is_first, is_first)
        {
            return Err(line.damaged("has a key where it should not, or none where it should"));
        }
        if !is_possible(kind, line) {
            return Err(line.damaged(&format!("is no line of a {kind}")));
        }
        let said = Said::of(line)?;
        let is_dated = said.effective_at != line.id.time();
        let until = self.locked.and_then(|(_, until)| until).unwrap_or(Timestamp::EARLIEST);
        let is_early = said.effective_at < until.max(Timestamp::EARLIEST);
        if is_dated && (is_early || !is_first || line.amount.is_none()) {
            return Err(line.damaged("is dated earlier than it could be"));
        }
        match (line.amount, kind) {
            (Some(amount), _) => self.posting(kind, amount, line),
            (None, Kind::Hold | Kind::Release | Kind::Extend | Kind::Expire) => {
                self.hold_line(kind, line)
            }
            (None, Kind::Limits) => self.limits(line),
            (None, Kind::PeriodLock | Kind::PeriodUnlock) => self.period_lock(kind, line),
            (None, Kind::IndexMetadata) => self.index_metadata(line),
            (None, _) => self.status(kind, line),
        }
    }

    fn posting(&mut self, kind: Kind, amount: Amount, line: &ReadLine) -> StoreResult<()> {
        let (Some(from), Some(to)) = (line.from, line.to) else {
            return Err(line.damaged("is a posting without its wallets"));
        };
        let has_body = kind == Kind::Capture || (kind == Kind::Reversal && line.item == 0);
        let world = self.known(from.wallet, line)?.registered.world;
        let from_world = kind != Kind::Deposit || from.wallet == world;
        let to_world = kind != Kind::Withdrawal || to.wallet == world;
        if !from_world || !to_world {
            return Err(line.damaged("does not come from outside, or go there"));
        }
        let says_more = Said::of(line)?.body.is_some();
        if !amount.is_positive() || from.wallet == to.wallet || says_more != has_body {
            return Err(line.damaged("is no posting"));
        }
        let hold = (kind == Kind::Capture).then(|| self.hold(kind, amount, line)).transpose()?;
        if hold.is_some_and(|hold| hold.target != to.wallet) {
            return Err(line.damaged("captures for someone else than the hold's target"));
        }
        // What was reserved was counted then; what is captured beyond it was not.
        let was_counted = hold.is_some_and(|hold| hold.captured.amount() <= hold.amount.amount());
        let negative = amount.checked_neg().ok_or_else(|| line.damaged("has no such amount"))?;
        let beyond = hold.and_then(|hold| hold.captured.checked_sub(hold.amount));
        let spent = beyond.map_or(amount, |beyond| beyond.amount());
        let is_spent = kind != Kind::Reversal && !was_counted;
        let largest = self.known(from.wallet, line)?.largest;
        if is_spent && largest.is_some_and(|largest| spent > largest) {
            return Err(line.damaged("moves more than may leave its wallet at once"));
        }
        if kind != Kind::Reversal {
            self.pass_windows(was_counted, [from.wallet, to.wallet], amount, line)?;
        }
        let (from_link, asset, floor) = self.side(from, negative, line)?;
        let (to_link, other, _) = self.side(to, amount, line)?;
        if asset != other {
            return Err(line.damaged("moves one asset into another"));
        }
        let comparable = narrow(floor).filter(|_| narrow(Some(from.balance)).is_some());
        if line.floor != comparable {
            return Err(line.damaged("has another floor than its wallet"));
        }
        check_links(line, Links { from: from_link, to: to_link })
    }

    /// Counts what moves in the windows of both wallets, and refuses what one of them does not let through.
    fn pass_windows(
        &mut self,
        was_counted: bool,
        [from, to]: [WalletId; 2],
        amount: Amount,
        line: &ReadLine,
    ) -> StoreResult<()> {
        let now = line.id.time();
        let reserved = (self.holds.held(from, now), self.holds.open(from));
        if (!was_counted && !self.windows.lets(from, Direction::Out, amount, reserved, now))
            || !self.windows.lets(to, Direction::In, amount, reserved, now)
        {
            return Err(line.damaged("moves more than may move within a time"));
        }
        self.windows.moved(from, Direction::Out, amount, now);
        self.windows.moved(to, Direction::In, amount, now);
        Ok(())
    }

    /// Moves one side's account on, and compares it with what the line says.
    fn side(
        &mut self,
        end: End,
        change: Amount,
        line: &ReadLine,
    ) -> StoreResult<(Link, Asset, Option<Amount>)> {
        let held = self.holds.held(end.wallet, line.id.time());
        let wallet = self.known(end.wallet, line)?;
        let balance = wallet.posted.checked_add(change);
        if balance != Some(end.balance) {
            return Err(line.damaged(&format!(
                "says that wallet {} holds {}, and its postings say {}",
                end.wallet,
                end.balance.minor(),
                balance.map_or("too much".to_owned(), |balance| balance.minor().to_string()),
            )));
        }
        if wallet.status != Status::Open {
            return Err(line.damaged(&format!(
                "moves money of wallet {}, which is {}",
                end.wallet, wallet.status
            )));
        }
        let is_low = change.is_negative() && is_below(wallet.floor, end.balance, held);
        let is_high = change.is_positive() && wallet.ceiling.is_some_and(|most| end.balance > most);
        if is_low || is_high {
            return Err(line.damaged(&format!("takes wallet {} past its limit", end.wallet)));
        }
        wallet.posted = end.balance;
        let linked = touch(wallet, end, line)?;
        Ok((linked, wallet.asset, wallet.floor))
    }

    /// Takes in what a line says of a hold.
    fn hold(&mut self, kind: Kind, moved: Amount, line: &ReadLine) -> StoreResult<Hold> {
        let (Some(end), Body::Hold(found)) = (line.from, body(line)?) else {
            return Err(line.damaged("is about no hold"));
        };
        let asset = self.known(end.wallet, line)?.asset;
        let hold = found.hold(end.wallet, asset);
        let is_its_own = kind != Kind::Hold || hold.id.stamp() == line.id;
        if is_its_own && self.holds.take(kind, &hold, moved, line.id.time()) {
            return Ok(hold);
        }
        Err(line.damaged("changes a hold in a way that can't be"))
    }

    /// A line that moves no money, but reserves some or gives some back.
    fn hold_line(&mut self, kind: Kind, line: &ReadLine) -> StoreResult<()> {
        let hold = self.hold(kind, Amount::ZERO, line)?;
        let now = line.id.time();
        let reserved = self.holds.held(hold.wallet, now);
        let all = (reserved, self.holds.open(hold.wallet));
        let lets = self.windows.lets(hold.wallet, Direction::Out, Amount::ZERO, all, now);
        let target = self.known(hold.target, line)?;
        let (target_asset, target_status) = (target.asset, target.status);
        let (Some(end), None) = (line.from, line.to) else {
            return Err(line.damaged("is about no hold"));
        };
        let wallet = self.known(end.wallet, line)?;
        let both_open = (wallet.status, target_status) == (Status::Open, Status::Open);
        let is_large = wallet.largest.is_some_and(|largest| hold.amount.amount() > largest);
        let is_free = !is_below(wallet.floor, wallet.posted, reserved);
        let covered = is_free && both_open && !is_large && lets;
        if target_asset != wallet.asset
            || end.balance != wallet.posted
            || (kind == Kind::Hold && !covered)
        {
            return Err(line.damaged("reserves what can't be reserved"));
        }
        touch_alone(wallet, end, line)
    }

    fn status(&mut self, kind: Kind, line: &ReadLine) -> StoreResult<()> {
        let (Some(end), None, Body::Status(change)) = (line.from, line.to, body(line)?) else {
            return Err(line.damaged("is no change of status"));
        };
        let held = self.holds.held(end.wallet, line.id.time());
        let wallet = self.known(end.wallet, line)?;
        let to = match kind {
            Kind::Freeze => Status::Frozen,
            Kind::Unfreeze => Status::Open,
            Kind::Close => Status::Closed,
            _ => return Err(line.damaged("is no change of status")),
        };
        let empty = (wallet.posted, held) == (Amount::ZERO, Some(Amount::ZERO));
        let agrees = change.wallet == end.wallet
            && change.version == end.version
            && (change.from, change.to) == (wallet.status, to)
            && change.from != change.to
            && change.from != Status::Closed
            && end.balance == wallet.posted
            && (to != Status::Closed || empty);
        if !agrees {
            return Err(line.damaged("changes a status in a way that can't be"));
        }
        wallet.status = to;
        touch_alone(wallet, end, line)
    }

    fn limits(&mut self, line: &ReadLine) -> StoreResult<()> {
        let (Some(end), None, Body::Limits(change)) = (line.from, line.to, body(line)?) else {
            return Err(line.damaged("is no change of limits"));
        };
        let windows = self.windows.of(end.wallet);
        let asset = self.known(end.wallet, line)?.asset;
        let possible = self.windows.set(end.wallet, asset, &change.to.windows);
        let wallet = self.known(end.wallet, line)?;
        let crosses = change.to.floor.zip(change.to.ceiling).is_some_and(|(low, high)| low > high);
        let agrees = (change.wallet, change.version) == (end.wallet, end.version)
            && change.from == Limits { windows, ..wallet.limits() }
            && possible
            && end.balance == wallet.posted
            && wallet.status != Status::Closed
            && !wallet.is_world
            && !crosses;
        if !agrees {
            return Err(line.damaged("changes limits in a way that can't be"));
        }
        let Limits { floor, ceiling, largest, .. } = change.to;
        (wallet.floor, wallet.ceiling, wallet.largest) = (floor, ceiling, largest);
        touch_alone(wallet, end, line)
    }

    fn period_lock(&mut self, kind: Kind, line: &ReadLine) -> StoreResult<()> {
        let (None, None, Body::PeriodLock(lock)) = (line.from, line.to, body(line)?) else {
            return Err(line.damaged("is no lock of periods"));
        };
        let from = self.locked.and_then(|(_, until)| until);
        let is_right = match kind {
            Kind::PeriodLock => lock.until.is_some() && lock.until >= from,
            _ => lock.until <= from,
        };
        if lock.from != from || !is_right || lock.until > Some(line.id.time()) {
            return Err(line.damaged("locks periods in a way that can't be"));
        }
        self.locked = Some((line.row, lock.until));
        check_links(line, Links::default())
    }

    fn index_metadata(&mut self, line: &ReadLine) -> StoreResult<()> {
        let (None, None, Body::IndexMetadata(change)) = (line.from, line.to, body(line)?) else {
            return Err(line.damaged("does not say by what transactions are found"));
        };
        let before = self.indexed.as_ref().map_or(&[][..], |(_, keys)| keys);
        let is_sorted = change.to.is_sorted_by(|one, next| one < next);
        if change.from != before || !is_sorted || change.to.len() > bounds::META_KEYS_MAX {
            return Err(
                line.damaged("changes by what transactions are found in a way that can't be")
            );
        }
        self.indexed = Some((line.row, change.to));
        check_links(line, Links::default())
    }

    /// When the record of the last line took effect, if that was earlier than it was recorded.
    pub(crate) fn backdated(&self) -> StoreResult<Option<Timestamp>> {
        let Some(header) = self.header.as_ref().filter(|header| header.body.is_some()) else {
            return Ok(None);
        };
        let effective = Said::of(header)?.effective_at;
        Ok(Some(effective).filter(|effective| *effective != header.id.time()))
    }

    fn known(&mut self, wallet: WalletId, line: &ReadLine) -> StoreResult<&mut Checked> {
        let known = self.wallets.get_mut(&wallet);
        known
            .ok_or_else(|| line.damaged(&format!("touches wallet {wallet}, which is not open yet")))
    }

    fn asset(&mut self, line: &ReadLine) -> StoreResult<()> {
        let Body::Asset(asset) = body(line)? else { return Err(line.damaged("is no asset")) };
        let world = asset.world_wallet();
        let opened = Checked::opened(&world, asset.world, line.row);
        if asset.world.stamp() != line.id
            || self.assets.insert(asset.code(), asset.world).is_some()
            || self.wallets.insert(asset.world, opened).is_some()
        {
            return Err(line.damaged("defines an asset again"));
        }
        Ok(())
    }

    fn wallet(&mut self, line: &ReadLine) -> StoreResult<()> {
        let Body::Wallet(wallet) = body(line)? else { return Err(line.damaged("is no wallet")) };
        let world = self.assets.get(&wallet.asset.code());
        let world = world.ok_or_else(|| line.damaged("opens a wallet in an unknown asset"))?;
        let opened = Checked::opened(&wallet, *world, line.row);
        if wallet.id.stamp() != line.id
            || !self.names.insert(wallet.name)
            || self.wallets.insert(wallet.id, opened).is_some()
        {
            return Err(line.damaged("opens a wallet again"));
        }
        Ok(())
    }

    fn retention(&mut self, line: &ReadLine) -> StoreResult<()> {
        let Body::Retention(found) = body(line)? else {
            return Err(line.damaged("does not say how long keys are remembered"));
        };
        let last = self.retentions.last().map(|(_, last)| last);
        let id = TransactionId::from_stamp(line.id);
        if found != RetentionRecord::after(last, id, found.keep) {
            return Err(line.damaged("says wrongly which keys are forgotten"));
        }
        self.retentions.push((line.row, found));
        Ok(())
    }

    /// The line that says how long keys are remembered; 0 if none does.
    pub(crate) fn retention_row(&self) -> u64 {
        self.retentions.last().map_or(0, |(row, _)| *row)
    }

    /// Whether the key of a line was forgotten when another was written.
    pub(crate) fn was_forgotten(&self, one: &ReadLine, two: &ReadLine) -> bool {
        let behind = self.retentions.partition_point(|(row, _)| *row < two.row);
        let held = behind.checked_sub(1).and_then(|last| self.retentions.get(last));
        held.is_some_and(|(_, held)| held.forgets(one.id.time(), two.id.time()))
    }

    /// The last line of which the keys are forgotten at the end.
    pub(crate) fn forgotten_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.retentions.last().and_then(|(_, last)| last.forgotten_at(now))
    }

    fn epoch(&mut self, line: &ReadLine) -> StoreResult<()> {
        match body(line)? {
            Body::Epoch(epoch) if epoch.number == self.epoch + 1 => {
                self.epoch = epoch.number;
                self.epoch_row = line.row;
                Ok(())
            }
            _ => Err(line.damaged("is not the next epoch")),
        }
    }
}

impl Checked {
    /// Its limits, but for its windows.
    pub(crate) fn limits(&self) -> Limits {
        let Self { floor, ceiling, largest, .. } = *self;
        Limits { floor, ceiling, largest, ..Limits::default() }
    }

    fn opened(record: &ledger_core::store::WalletRecord, world: WalletId, row: u64) -> Self {
        Self {
            asset: record.asset,
            is_world: record.name.is_world(),
            floor: record.floor,
            ceiling: record.ceiling,
            largest: None,
            status: Status::Open,
            posted: Amount::ZERO,
            version: 0,
            roots: Roots::default(),
            registered: Registered {
                name: record.name.to_string(),
                owner: record.owner.as_ref().map(ToString::to_string),
                world,
                row,
            },
        }
    }
}

fn refused(line: &ReadLine) -> StoreResult<()> {
    let is_first = line.item == 0;
    let has_all = line.key.is_some() && line.fingerprint.is_some() && line.kind.is_some();
    let moves = line.amount.is_some() || line.from.is_some() || line.to.is_some();
    if !has_all || moves || line.body.is_some() != is_first {
        return Err(line.damaged("is no refusal"));
    }
    if is_first && !matches!(body(line)?, Body::Refusal { .. }) {
        return Err(line.damaged("is no refusal"));
    }
    Ok(())
}

/// Whether a request of that kind has such a line.
fn is_possible(kind: Kind, line: &ReadLine) -> bool {
    match kind {
        Kind::Deposit | Kind::Withdrawal | Kind::Transfer | Kind::Capture => {
            line.amount.is_some() && line.item == 0
        }
        Kind::Trade => line.amount.is_some() && line.item <= 1,
        Kind::Post | Kind::Reversal => line.amount.is_some(),
        _ => line.amount.is_none() && line.item == 0,
    }
}

/// Whether a balance less what is reserved is below the floor.
fn is_below(floor: Option<Amount>, balance: Amount, held: Option<Amount>) -> bool {
    let Some(floor) = floor else { return false };
    let free = held.and_then(|held| balance.checked_sub(held));
    free.is_none_or(|free| free < floor)
}

/// Counts a line that touched a wallet.
fn touch(wallet: &mut Checked, end: End, line: &ReadLine) -> StoreResult<Link> {
    wallet.version += 1;
    if wallet.version != end.version {
        return Err(line.damaged(&format!(
            "is change {} of wallet {}, and should be {}",
            end.version, end.wallet, wallet.version
        )));
    }
    Ok(wallet.roots.push(line.row))
}

/// Counts a line that touched this wallet only.
fn touch_alone(wallet: &mut Checked, end: End, line: &ReadLine) -> StoreResult<()> {
    let from = touch(wallet, end, line)?;
    check_links(line, Links { from, to: Link::default() })
}

fn check_links(line: &ReadLine, expected: Links) -> StoreResult<()> {
    if line.links == expected {
        return Ok(());
    }
    Err(line.damaged("does not link to the lines before it"))
}

fn narrow(amount: Option<Amount>) -> Option<i64> {
    amount.and_then(|amount| i64::try_from(amount.minor()).ok())
}
