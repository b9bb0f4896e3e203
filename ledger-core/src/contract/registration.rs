//! Assets and wallets are there once, whoever asks for them.

use std::sync::Arc;

use crate::contract::shop::{Shop, kind_of};
use crate::store::Store;
use crate::{Asset, AssetSpec, ErrorKind, Metadata, Owner, Status, WalletQuery, WalletSpec};

pub fn an_asset_is_defined_once(store: Arc<dyn Store>) {
    let ledger = Shop::new(store).ledger;
    let karat = |n| Metadata::from_json(&format!("{{\"karat\":{n}}}")).unwrap();
    let gold = Asset::new("GOLD", 3).unwrap();
    let spec = AssetSpec::new(gold).attributes(karat(18));
    assert_eq!(ledger.define_asset(spec.clone()).unwrap(), gold);
    assert_eq!(ledger.define_asset(spec.clone()).unwrap(), gold);
    assert_eq!(ledger.define_asset(gold).unwrap(), gold, "attributes were not given");
    assert_eq!(ledger.asset("GOLD").unwrap(), gold);

    let other = AssetSpec::new(gold).attributes(karat(24));
    assert_eq!(kind_of(ledger.define_asset(other)), ErrorKind::AssetConflict);
    let other = Asset::new("GOLD", 4).unwrap();
    assert_eq!(kind_of(ledger.define_asset(other)), ErrorKind::AssetConflict);

    let assets = ledger.assets(None).unwrap();
    let codes: Vec<_> = assets.iter().map(|asset| asset.asset.code().to_string()).collect();
    assert_eq!(codes, ["GOLD", "USD"]);
    assert_eq!(assets[0].attributes, Some(karat(18)));
    let after = ledger.assets(Some(gold.code())).unwrap();
    assert_eq!(after.len(), 1);
}

pub fn a_wallet_is_opened_once(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let owner = Owner::new("carol").unwrap();
    let meta = Metadata::from_json(r#"{"tier":"gold"}"#).unwrap();
    let spec = shop
        .spec("user:carol")
        .owner("carol")
        .unwrap()
        .floor(shop.usd("-5"))
        .unwrap()
        .ceiling(shop.usd("10"))
        .unwrap()
        .meta(meta.clone());
    let carol = shop.open(spec.clone());
    assert_eq!(shop.open(spec), carol);
    assert_eq!((carol.owner.clone(), carol.meta.clone()), (Some(owner), Some(meta)));
    assert_eq!(carol.floor, Some(shop.usd("-5")));
    assert_eq!(carol.ceiling, Some(shop.usd("10")));
    assert_eq!((carol.status, carol.opened_at), (Status::Open, carol.id.time()));
    assert_eq!(shop.ledger.wallet("user:carol").unwrap(), Some(carol.clone()));
    assert_eq!(shop.ledger.wallet_by_id(&carol).unwrap(), Some(carol.clone()));
    assert_eq!(shop.ledger.wallet("user:dave").unwrap(), None);
    let balance = shop.ledger.balance(&carol).unwrap();
    assert_eq!((balance.posted, balance.version), (shop.usd("0"), 0));
    assert_eq!(balance.available, Some(shop.usd("5")));
}

pub fn only_given_options_are_compared(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let spec = |name: &str| shop.spec(name);
    let carol = shop.open(spec("carol").owner("carol").unwrap().floor(shop.usd("-5")).unwrap());
    assert_eq!(shop.open(spec("carol")), carol);
    let eur = Asset::iso("EUR").unwrap();
    for other in [
        WalletSpec::new("carol", eur).unwrap(),
        spec("carol").owner("eve").unwrap(),
        spec("carol").floor(shop.usd("-6")).unwrap(),
        spec("carol").no_floor(),
        spec("carol").ceiling(shop.usd("1")).unwrap(),
        spec("carol").meta(Metadata::from_json("{\"a\":1}").unwrap()),
    ] {
        assert_eq!(kind_of(shop.ledger.open_wallet(other)), ErrorKind::WalletConflict);
    }
    // What changed later doesn't count.
    shop.ledger.freeze(&carol, "freeze").unwrap();
    let frozen = shop.open(spec("carol").floor(shop.usd("-5")).unwrap());
    assert_eq!((frozen.id, frozen.status), (carol.id, Status::Frozen));
}

pub fn iso_currencies_need_no_definition(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let yen = shop.ledger.asset("JPY").unwrap();
    assert_eq!(yen.scale(), 0);
    assert_eq!(kind_of(shop.ledger.world(yen)), ErrorKind::UnknownAsset, "not used yet");
    shop.open(WalletSpec::new("yen", yen).unwrap());
    let world = shop.ledger.world(yen).unwrap();
    assert_eq!((world.name.as_str(), world.floor), ("world/JPY", None));
    assert_eq!(shop.ledger.balance(&world).unwrap().available, None);
}

pub fn unknown_assets_have_no_wallets(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let points = Asset::new("POINTS", 0).unwrap();
    let spec = WalletSpec::new("points", points).unwrap();
    assert_eq!(kind_of(shop.ledger.open_wallet(spec.clone())), ErrorKind::UnknownAsset);
    assert_eq!(kind_of(shop.ledger.asset("POINTS")), ErrorKind::UnknownAsset);
    assert_eq!(shop.ledger.wallet("points").unwrap(), None);
    shop.ledger.define_asset(points).unwrap();
    assert_eq!(shop.open(spec).asset, points);
    let wrong_scale = WalletSpec::new("more", Asset::new("POINTS", 2).unwrap()).unwrap();
    assert_eq!(kind_of(shop.ledger.open_wallet(wrong_scale)), ErrorKind::AssetConflict);
}

pub fn many_wallets_open_in_one_call(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    let eur = Asset::iso("EUR").unwrap();
    let specs = ["one", "two", "one"].map(|name| shop.spec(name));
    let conflict = WalletSpec::new("two", eur).unwrap();
    let opened = shop.ledger.open_wallets(specs.into_iter().chain([conflict])).unwrap();
    assert_eq!(opened.len(), 4);
    assert_eq!(opened[0].as_ref().unwrap(), opened[2].as_ref().unwrap());
    assert_ne!(opened[0].as_ref().unwrap().id, opened[1].as_ref().unwrap().id);
    assert_eq!(opened[3].as_ref().unwrap_err().kind(), ErrorKind::WalletConflict);
}

pub fn wallets_are_listed_by_name_in_pages(store: Arc<dyn Store>) {
    let shop = Shop::new(store);
    for n in 0..7 {
        let spec = shop.spec(&format!("team/{n}"));
        shop.open(if n % 2 == 0 { spec.owner("even").unwrap() } else { spec });
    }
    let names = |query: &WalletQuery| {
        let page = shop.ledger.wallets(query).unwrap();
        (page.wallets.iter().map(|w| w.name.to_string()).collect::<Vec<_>>(), page.next)
    };
    let team = WalletQuery::all().prefix("team/").limit(3);
    let (first, next) = names(&team);
    assert_eq!(first, ["team/0", "team/1", "team/2"]);
    let (second, next) = names(&team.clone().after(next));
    assert_eq!(second, ["team/3", "team/4", "team/5"]);
    let (third, next) = names(&team.clone().after(next));
    assert_eq!((third, next), (vec!["team/6".to_owned()], None));

    let even = Owner::new("even").unwrap();
    let (owned, _) = names(&WalletQuery::all().owner(even.clone()));
    assert_eq!(owned, ["team/0", "team/2", "team/4", "team/6"]);
    let (both, _) = names(&WalletQuery::all().owner(even).prefix("user:"));
    assert!(both.is_empty());
    let (all, _) = names(&WalletQuery::all());
    assert_eq!(all.len(), 10, "with Alice, Bob and the world");
    assert_eq!(kind_of(shop.ledger.wallets(&WalletQuery::all().limit(0))), ErrorKind::InvalidPage);
}
