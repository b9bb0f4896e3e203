//! A short form of each target, without libFuzzer: what is committed as its seeds, and what is random; and with
//! a fault planted, which it must find.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use fastrand::Rng;
use fuzz::{TARGETS, Target};

#[path = "../../ledger-sqlite/tests/support/mod.rs"]
mod support;

/// Random inputs, and how many of them a planted fault may hide from.
const COUNT: usize = 3_000;
const BYTES_MAX: usize = 600;

fn target(name: &str) -> Target {
    TARGETS.iter().find(|(it, _)| *it == name).unwrap().1
}

/// The committed inputs of a target, by their names.
fn seeds(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut seeds: Vec<_> = files
        .map(|path| (path.file_name().unwrap().display().to_string(), fs::read(path).unwrap()))
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{name} has no seeds");
    seeds
}

/// What is random, and what is a seed with random changes, in turns.
fn random(rng: &mut Rng, seeds: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut data: Vec<u8> = if rng.bool() {
        (0..rng.usize(1..BYTES_MAX)).map(|_| rng.u8(..)).collect()
    } else {
        rng.choice(seeds).unwrap().1.clone()
    };
    for _ in 0..rng.usize(1..6) {
        if let Some(byte) = rng.choice(&mut data) {
            *byte = rng.u8(..);
        }
    }
    data.truncate(rng.usize(1..BYTES_MAX));
    data
}

/// Fails, saying how to see it again, if the target does.
fn holds(name: &str, count: usize) {
    let (seeds, mut rng) = (seeds(name), Rng::with_seed(1));
    for (file, data) in &seeds {
        let found = catch_unwind(AssertUnwindSafe(|| target(name)(data, false)));
        assert!(found.is_ok(), "the seed {file} of {name} fails");
    }
    for _ in 0..count {
        let data = random(&mut rng, &seeds);
        let found = catch_unwind(AssertUnwindSafe(|| target(name)(&data, false)));
        assert!(found.is_ok(), "{name} fails with {data:?}");
    }
}

/// Looks for what was planted, in silence.
fn finds(name: &str, count: usize) {
    let (seeds, mut rng) = (seeds(name), Rng::with_seed(1));
    let random = (0..count).map(|_| random(&mut rng, &seeds)).collect::<Vec<_>>();
    let mut inputs = seeds.iter().map(|(_, data)| data).chain(&random);
    let found =
        inputs.any(|data| catch_unwind(AssertUnwindSafe(|| target(name)(data, true))).is_err());
    assert!(found, "{name} does not find what was planted");
}

#[test]
fn texts() {
    holds("texts", 10 * COUNT);
    finds("texts", 10 * COUNT);
}

#[test]
fn requests() {
    holds("requests", COUNT);
    finds("requests", COUNT);
}

#[test]
fn commands() {
    holds("commands", COUNT);
    finds("commands", COUNT);
}

#[test]
fn damage() {
    holds("damage", COUNT / 10);
    finds("damage", COUNT);
}

/// Makes the file that is damaged. It is to be made again when the schema has changed.
#[test]
#[ignore = "it writes into the sources"]
fn make_whole_ledger() {
    let file = support::TestFile::new();
    let ledger = file.builder().recent_keys(4).open().unwrap();
    support::Shop::on(&ledger).do_business();
    ledger.close_file().unwrap();
    fs::copy(file.path(), PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("whole.ledger")).unwrap();
}
