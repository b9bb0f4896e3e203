#!/usr/bin/env python3
"""The canonical encoding of docs/canonical-encoding.md, written a second time, to hold the first
against it. Prints the table of test vectors; with --check, compares it with the one in the document.
"""

import hashlib
import pathlib
import struct
import sys

NAMES = "deposit withdrawal transfer post freeze unfreeze close hold capture release extend expire reversal trade limits period_lock index_metadata period_unlock"
KINDS = {name: number for number, name in enumerate(NAMES.split(), 1)}


def u32(number):
    return struct.pack(">I", number)


def u64(number):
    return struct.pack(">Q", number)


def i128(number):
    return number.to_bytes(16, "big", signed=True)


def text(string):
    return u32(len(string.encode())) + string.encode()


def sha256(encoded):
    return hashlib.sha256(encoded).digest()


def json_value(value):
    if value is None:
        return b"n"
    if value is False:
        return b"f"
    if value is True:
        return b"t"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        return b"i" + i128(value)
    if isinstance(value, float):
        return b"d" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"s" + text(value)
    if isinstance(value, list):
        return b"a" + u32(len(value)) + b"".join(map(json_value, value))
    names = sorted(value, key=str.encode)
    return b"o" + u32(len(value)) + b"".join(text(name) + json_value(value[name]) for name in names)


def metadata(value):
    return sha256(b"M1" + json_value(value))


def request(kind, body, meta=None):
    with_meta = b"\x01" + metadata(meta) if meta else b"\x00"
    return sha256(b"C1" + bytes([KINDS[kind]]) + with_meta + body)


def money(minor, scale, code):
    return i128(minor) + bytes([scale]) + text(code)


def move(kind, legs, meta=None, effective=None):
    encoded = [u64(source) + u64(target) + money(*amount) for source, target, *amount in legs]
    dated = b"" if effective is None else i128(effective)
    return request(kind, u32(len(legs)) + b"".join(encoded) + dated, meta)


def hold(wallet, target, amount, tolerance, ms):
    body = u64(wallet) + u64(target) + money(*amount) + i128(tolerance) + u64(ms)
    return request("hold", body)


def some_money(amount):
    return b"\x01" + money(*amount) if amount else b"\x00"


def capture(number, amount, release_rest):
    return request("capture", u64(number) + some_money(amount) + bytes([release_rest]))


def reversal(number, posting=None, amount=None):
    which = b"\x00" if posting is None else b"\x01" + u64(posting)
    return request("reversal", u64(number) + which + some_money(amount))


def limits(wallet, *changes):
    encoded = [b"\x00" if change == "stays" else b"\x01" + some_money(change) for change in changes]
    return request("limits", u64(wallet) + b"".join(encoded))


def windows(wallet, *given):
    encoded = b"\x00" * 3 + u32(len(given))
    for enters, ms, amount, count in given:
        often = b"\x01" + u64(count) if count else b"\x00"
        encoded += bytes([enters]) + u64(ms) + some_money(amount) + often
    return request("limits", u64(wallet) + encoded)


def on_hold(kind, number, extra=b""):
    return request(kind, u64(number) + extra)


def set_status(kind, wallet):
    return request(kind, u64(wallet))


def batch(items):
    return sha256(b"B1" + u32(len(items)) + b"".join(text(key) + digest for key, digest in items))


def within(whole, fingerprint):
    return sha256(b"P1" + whole + fingerprint)


WORLD, ALICE, BOB, HOLD = 256, 512, 1024, 1536
DEPOSIT = move("deposit", [(WORLD, ALICE, 10_000, 2, "USD")])
TRANSFER = move("transfer", [(ALICE, BOB, 1_250, 2, "USD")])
BATCH = batch([("a", DEPOSIT), ("b", TRANSFER)])
META = {"sku": "A1", "count": 3, "price": 0.5, "weight": -2.0, "gift": True, "note": None, "tags": ["é", ""]}

VECTORS = [
    ("metadata `{}`", metadata({})),
    (
        'metadata `{"sku": "A1", "count": 3, "price": 0.5, "weight": -2.0, "gift": true, "note": null, "tags": ["é", ""]}`',
        metadata(META),
    ),
    ("deposit of 100.00 USD to Alice", DEPOSIT),
    ("withdrawal of 5.00 USD from Alice", move("withdrawal", [(ALICE, WORLD, 500, 2, "USD")])),
    ("transfer of 12.50 USD from Alice to Bob", TRANSFER),
    (
        "the same with the metadata above",
        move("transfer", [(ALICE, BOB, 1_250, 2, "USD")], META),
    ),
    (
        "the same without it, taking effect at 2020-01-01T00:00:00Z",
        move("transfer", [(ALICE, BOB, 1_250, 2, "USD")], effective=1_577_836_800_000),
    ),
    ("lock of all periods before 2020-01-01T00:00:00Z", request("period_lock", i128(1_577_836_800_000))),
    ("unlock of the periods from 2020-01-01T00:00:00Z on", request("period_unlock", b"\x01" + i128(1_577_836_800_000))),
    ("unlock of all periods", request("period_unlock", b"\x00")),
    ("metadata indexed by order and sku", request("index_metadata", u32(2) + text("order") + text("sku"))),
    (
        "post of 1.00 USD from Alice to Bob and 0.10 USD from Bob to Alice",
        move("post", [(ALICE, BOB, 100, 2, "USD"), (BOB, ALICE, 10, 2, "USD")]),
    ),
    ("freeze of Bob", set_status("freeze", BOB)),
    ("unfreeze of Bob", set_status("unfreeze", BOB)),
    ("close of Bob", set_status("close", BOB)),
    (
        "hold of 7.50 USD on Alice for Bob, 1.00 USD more at most, for an hour",
        hold(ALICE, BOB, (750, 2, "USD"), 100, 3_600_000),
    ),
    ("capture of hold 1536", capture(HOLD, None, False)),
    ("capture of 6.00 USD of it, the rest released", capture(HOLD, (600, 2, "USD"), True)),
    ("release of it", on_hold("release", HOLD)),
    ("its extension by a day", on_hold("extend", HOLD, u64(86_400_000))),
    ("its expiry", on_hold("expire", HOLD)),
    (
        "limits of Alice: a floor of -50.00 USD and no ceiling",
        limits(ALICE, (-5_000, 2, "USD"), None, "stays"),
    ),
    (
        "windows of Alice: 100.00 USD a day leave, 5 payments an hour enter",
        windows(ALICE, (False, 86_400_000, (10_000, 2, "USD"), None), (True, 3_600_000, None, 5)),
    ),
    ("reversal of transaction 1280", reversal(1280)),
    ("reversal of 5.00 USD of its posting 0", reversal(1280, 0, (500, 2, "USD"))),
    ("the deposit under key a, in a batch with the transfer under key b", within(BATCH, DEPOSIT)),
    ("the transfer under key b, in the same batch", within(BATCH, TRANSFER)),
]

if __name__ == "__main__":
    table = "".join(f"| {what} | `{digest.hex()}` |\n" for what, digest in VECTORS)
    if "--check" not in sys.argv:
        print(table, end="")
    elif table not in pathlib.Path(__file__).with_name("canonical-encoding.md").read_text():
        sys.exit("docs/canonical-encoding.md has other test vectors than this script")
