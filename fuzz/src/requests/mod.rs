//! Requests of every kind: the fingerprint of each is that of the documented encoding, written a second
//! time; two of them are taken for the same one if, and only if, they are.

mod choose;
mod plain;

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger_core::{
    Answer, Asset, Command, ErrorKind, Fingerprint, HoldId, Key, Kind, Ledger, ManualClock,
    MemoryStore, Receipt, Timestamp, TransactionId, WalletId, WalletSpec,
};
use sha2::{Digest, Sha256};

use crate::bytes::Bytes;
use crate::requests::plain::Request;

/// Requests of one input.
const REQUESTS_MAX: usize = 16;
/// Before it, requests take effect when they say so.
const NOW: i64 = 1_800_000_000_000;

/// Sends requests under few keys. Planted: when a request takes effect is left out of the second encoding.
pub fn check(data: &[u8], planted: bool) {
    let mut bytes = Bytes::new(data);
    let mut shop = Shop::new();
    for _ in 0..REQUESTS_MAX {
        if bytes.is_empty() {
            break;
        }
        shop.send(&mut bytes, planted);
    }
}

struct Shop {
    ledger: Ledger,
    assets: Vec<Asset>,
    /// Of each asset in turn: what stands outside, and two without a floor.
    wallets: Vec<[WalletId; 3]>,
    holds: Vec<HoldId>,
    transactions: Vec<TransactionId>,
    /// What was remembered under each key, in words.
    known: BTreeMap<String, String>,
    words: BTreeMap<[u8; 32], String>,
}

impl Shop {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_unix_ms(NOW)));
        let ledger = Ledger::builder(MemoryStore::new()).clock(clock).build().unwrap();
        // Codes that would run into what stands beside them.
        let assets = [("USD", 2), ("A", 0), ("AB", 0), ("A.B", 38)];
        let assets = assets.map(|(code, scale)| Asset::new(code, scale).unwrap());
        for asset in assets {
            ledger.define_asset(asset).unwrap();
        }
        let open = |asset: Asset, name: &str| {
            let spec = WalletSpec::new(format!("{}:{name}", asset.code()), asset).unwrap();
            ledger.open_wallet(spec.no_floor()).unwrap().id
        };
        let wallets = assets.iter().map(|&asset| {
            let [one, two] = [open(asset, "one"), open(asset, "two")];
            [ledger.world(asset).unwrap().id, one, two]
        });
        let wallets = wallets.collect();
        Self {
            ledger,
            assets: assets.to_vec(),
            wallets,
            holds: vec![],
            transactions: vec![],
            known: BTreeMap::new(),
            words: BTreeMap::new(),
        }
    }

    fn send(&mut self, bytes: &mut Bytes<'_>, planted: bool) {
        let key = format!("key {}", bytes.below(6));
        let (request, command) = self.choose(Key::new(&key).unwrap(), bytes);
        let again = command.clone();
        let answer = self.ledger.submit(command);
        let words = request.words();
        match &answer {
            Err(error) if error.kind() == ErrorKind::KeyConflict => {
                let known = self.known.get(&key).expect("a conflict with nothing");
                assert_ne!(*known, words, "the same request is a conflict");
                return;
            }
            Ok(receipt) => {
                assert_eq!(receipt.replayed, self.known.contains_key(&key), "{words}");
                self.take_in(receipt);
            }
            Err(_) => {}
        }
        let found = self.ledger.transaction_by_key(key.as_str()).unwrap();
        if let Some(known) = self.known.get(&key) {
            // What can't be right is refused before anyone looks for its key.
            let is_invalid =
                answer.as_ref().is_err_and(|error| !is_remembered(found.as_ref(), error));
            assert!(*known == words || is_invalid, "{words} is taken for {known}");
        } else if let Some(found) = found {
            self.remember(key, found.fingerprint().unwrap(), &request, planted);
            assert_eq!(self.ledger.submit(again).is_ok(), answer.is_ok(), "{words} again");
        }
    }

    /// The encoding is the documented one, and no other request has it.
    fn remember(&mut self, key: String, found: &Fingerprint, request: &Request, planted: bool) {
        let expected = Sha256::digest(request.encode(planted));
        assert_eq!(found.as_bytes().as_slice(), expected.as_slice(), "{request:?}");
        let words = request.words();
        let twin = self.words.insert(*found.as_bytes(), words.clone());
        assert!(twin.is_none_or(|twin| twin == words), "{words} has the fingerprint of another");
        self.known.insert(key, words);
    }

    fn take_in(&mut self, receipt: &Receipt) {
        if !receipt.replayed {
            self.transactions.push(receipt.id);
            let made = receipt.hold().filter(|_| receipt.kind == Kind::Hold);
            self.holds.extend(made.map(|hold| hold.id));
        }
    }
}

/// Whether an error is the answer that is remembered.
fn is_remembered(found: Option<&Answer>, error: &ledger_core::Error) -> bool {
    matches!(found, Some(Answer::Refused { refusal, .. })
        if ledger_core::Error::from(refusal.rejection.clone()).kind() == error.kind())
}

/// A request in plain words and as a command.
type Both = (Request, Command);
