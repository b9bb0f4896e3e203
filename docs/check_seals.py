"""Checks the seals of a ledger with nothing but Python: check_seals.py FILE [HEAD]"""
import hashlib
import sqlite3
import sys


def cell(value):
    if value is None:
        return b"n"
    if isinstance(value, int):
        return b"i" + value.to_bytes(8, "big", signed=True)
    tag, raw = (b"t", value.encode()) if isinstance(value, str) else (b"b", value)
    return tag + len(raw).to_bytes(4, "big") + raw


path, head = sys.argv[1], (sys.argv[2:] or [None])[0]
seal = found = bytes(32)
sealing = hashlib.sha256(seal)
for row in sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute("SELECT * FROM journal ORDER BY row"):
    *values, found = row
    sealing.update(b"".join(map(cell, values)))
    if found is not None:
        if sealing.digest() != found:
            sys.exit(f"the commit that ends in line {values[0]} was changed")
        seal, sealing = found, hashlib.sha256(found)
        if head and head.split(":")[1] == str(values[0]):
            head = None if head.endswith(found.hex()) else sys.exit("not the head that was kept")
if found is None or head:
    sys.exit("the journal was cut off")
print(f"{values[0]} lines, sealed by {seal.hex()}")
