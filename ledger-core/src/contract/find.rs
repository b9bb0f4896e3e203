//! Transactions are found by their metadata.

use std::sync::Arc;

use crate::contract::shop::{Shop, key, kind_of};
use crate::store::Store;
use crate::{
    Command, ErrorKind, FindQuery, Kind, MetaKey, MetaValue, Metadata, Receipt, TransactionId,
};

impl Shop {
    fn tagged(&self, meta: &str, text: &str) -> Receipt {
        let deposit = Command::deposit(key(text), &self.alice, self.usd("1"));
        self.ledger.submit(deposit.meta(Metadata::from_json(meta).unwrap())).unwrap()
    }

    fn found(&self, name: &str, value: impl Into<MetaValue>) -> Vec<TransactionId> {
        let page = self.ledger.find(&FindQuery::new(name, value).unwrap()).unwrap();
        page.transactions.iter().map(|transaction| transaction.id).collect()
    }
}

pub fn transactions_are_found_by_reference_and_by_what_is_indexed(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let before = shop.tagged(r#"{"order": 7, "reference": "inv:1"}"#, "before").id;
    let indexed = shop.ledger.index_metadata(["order", "gift"], "index").unwrap();
    assert_eq!((indexed.kind, indexed.postings.len()), (Kind::IndexMetadata, 0));
    let keys = ["gift", "order"].map(|key| MetaKey::new(key).unwrap());
    assert_eq!(indexed.indexed().unwrap().to, keys);
    assert_eq!(shop.ledger.indexed_metadata().unwrap(), keys);
    let after = shop.tagged(r#"{"gift": true, "order": 7.0}"#, "after").id;
    let other = shop.tagged(r#"{"order": "7", "gift": false, "reference": "inv:2"}"#, "other").id;
    shop.tagged(r#"{"order": [7], "gift": null, "note": {"order": 7}}"#, "nested");
    shop.tagged(r#"{"note": "\"order\":7", "order:7": 1}"#, "misleading");
    assert_eq!(shop.found("order", 7), [before, after]);
    assert_eq!(shop.found("order", "7"), [other]);
    assert_eq!(shop.found("order", 8), []);
    assert_eq!(shop.found("gift", true), [after]);
    assert_eq!(shop.found("gift", false), [other]);
    let reference = shop.ledger.find(&FindQuery::reference("inv:1")).unwrap();
    assert_eq!(reference.transactions[0].id, before);
    assert_eq!(shop.found("reference", "inv:2"), [other]);
    // A retry is the same transaction.
    assert!(shop.tagged(r#"{"order": 7, "reference": "inv:1"}"#, "before").replayed);
    assert_eq!(shop.found("order", 7), [before, after]);
}

pub fn what_is_not_indexed_is_not_looked_for(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let find = |name: &str| shop.ledger.find(&FindQuery::new(name, "x").unwrap());
    assert_eq!(kind_of(find("order")), ErrorKind::InvalidMetadata);
    shop.ledger.index_metadata(["order"], "one").unwrap();
    assert_eq!(find("order").unwrap().transactions, []);
    assert_eq!(find("reference").unwrap().transactions, []);
    assert!(shop.ledger.index_metadata(["order"], "one").unwrap().replayed);
    let change = shop.ledger.index_metadata(["sku"], "other").unwrap();
    assert_eq!(change.indexed().unwrap().from, [MetaKey::new("order").unwrap()]);
    assert_eq!(kind_of(find("order")), ErrorKind::InvalidMetadata);
    let twice = shop.ledger.index_metadata(["a", "b", "a"], "x");
    assert_eq!(kind_of(twice), ErrorKind::InvalidMetadata);
    let many: Vec<String> = (0..17).map(|n| format!("key {n}")).collect();
    assert_eq!(kind_of(shop.ledger.index_metadata(&many, "x")), ErrorKind::InvalidMetadata);
    assert_eq!(kind_of(shop.ledger.index_metadata([""], "x")), ErrorKind::InvalidMetadata);
    shop.ledger.index_metadata(&many[..16], "x").unwrap();
    let none: [&str; 0] = [];
    shop.ledger.index_metadata(none, "y").unwrap();
    assert_eq!(shop.ledger.indexed_metadata().unwrap(), []);
}

pub fn what_is_found_comes_in_pages(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let all: Vec<_> = (0..7)
        .map(|n| shop.tagged(r#"{"reference": "same"}"#, &format!("tagged {n}")).id)
        .collect();
    let query = FindQuery::reference("same").limit(3);
    let (mut seen, mut next) = (Vec::new(), None);
    loop {
        let page = shop.ledger.find(&query.clone().after(next)).unwrap();
        seen.extend(page.transactions.iter().map(|transaction| transaction.id));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(seen, all);
    assert_eq!(shop.ledger.find(&query.clone().limit(7)).unwrap().next, None);
    assert_eq!(kind_of(shop.ledger.find(&query.clone().limit(0))), ErrorKind::InvalidPage);
    assert_eq!(kind_of(shop.ledger.find(&query.limit(1_001))), ErrorKind::InvalidPage);
}

pub fn what_was_refused_or_moved_nothing_is_told_apart(store: Arc<dyn Store>) {
    let shop = Shop::funded(store);
    let meta = || Metadata::from_json(r#"{"reference": "r"}"#).unwrap();
    let much = Command::withdraw(key("much"), &shop.alice, shop.usd("1000")).meta(meta());
    assert_eq!(kind_of(shop.ledger.submit(much)), ErrorKind::InsufficientFunds);
    assert_eq!(shop.found("reference", "r"), []);
    let spec = shop.spec("carol").meta(meta());
    shop.open(spec);
    let frozen = Command::freeze(key("freeze"), &shop.bob).meta(meta());
    let frozen = shop.ledger.submit(frozen).unwrap();
    assert_eq!(shop.found("reference", "r"), [frozen.id]);
}
