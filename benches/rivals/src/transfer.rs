//! What every ledger is asked to do, and how.

/// A transfer between two wallets by their numbers, under a key of 16 bytes.
#[derive(Clone, Debug)]
pub struct Transfer {
    pub key: String,
    pub from: usize,
    pub to: usize,
}

/// A ledger, as the workloads see it.
pub trait Book: Sync {
    /// Carries all of them out, durably; one commit for all if the ledger can.
    fn transfer(&self, transfers: &[Transfer]);
}

/// Transfers with random keys, evenly over the wallets; the same in every run.
pub struct Source {
    wallets: usize,
    next: u64,
    hot: bool,
}

impl Source {
    pub fn over(wallets: usize) -> Self {
        Self { wallets, next: 0, hot: false }
    }

    /// Everybody pays the first wallet or is paid by it.
    pub fn hot(wallets: usize) -> Self {
        Self { hot: true, ..Self::over(wallets) }
    }

    /// Goes on far behind where others are.
    pub fn from(self, next: u64) -> Self {
        Self { next, ..self }
    }

    pub fn take(&mut self, count: usize) -> Vec<Transfer> {
        (0..count).map(|_| self.one()).collect()
    }

    fn one(&mut self) -> Transfer {
        self.next += 1;
        let wallets = self.wallets as u64;
        let place = |number: u64| usize::try_from(mix(number) % wallets).expect("small");
        let from = if self.hot { 0 } else { place(2 * self.next) };
        let to = place(2 * self.next + 1);
        let to = if from == to { (to + 1) % self.wallets } else { to };
        let (from, to) = if self.hot && self.next % 2 == 0 { (to, from) } else { (from, to) };
        Transfer { key: format!("{:016x}", mix(self.next ^ (1 << 60))), from, to }
    }
}

/// A fixed, well-spread sequence.
fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
