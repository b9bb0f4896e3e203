-- The journal: the truth. Rows are appended and never changed; all other tables but `note` can be
-- made again from it. One row is one line of a record; a posting is one line.
CREATE TABLE journal (
    row INTEGER PRIMARY KEY,        -- 1, 2, 3, without gaps
    id INTEGER NOT NULL,            -- the record's id, the same on all its lines
    item INTEGER NOT NULL,          -- which line of the record: 0, 1, 2
    kind INTEGER,                   -- what the record is (table `kind`); NULL on a later posting
    key TEXT,                       -- the caller's key
    fingerprint BLOB,               -- SHA-256 of the request
    from_wallet INTEGER,            -- who pays, or whose status changes
    to_wallet INTEGER,              -- who is paid
    amount ANY,                     -- smallest units: INTEGER, or 16 bytes where that is too small
    from_balance ANY,               -- what from_wallet holds after it
    to_balance ANY,                 -- what to_wallet holds after it
    floor INTEGER,                  -- the floor of from_wallet, if both are INTEGER
    from_version INTEGER,           -- how often from_wallet has changed, this line included
    to_version INTEGER,
    links BLOB,                     -- where the two wallets' lines before are
    note BLOB,                      -- SHA-256 of metadata and actor with a salt (table `note`)
    body TEXT,                      -- what has no column of its own, as JSON
    seal BLOB,                      -- on the last line of a commit: SHA-256 over it and the seal before
    CONSTRAINT balance_is_below_the_floor CHECK (from_balance >= floor)
) STRICT;

-- Metadata and actor of a line: apart, so that they can be erased.
CREATE TABLE note (
    row INTEGER PRIMARY KEY,
    salt BLOB NOT NULL,
    meta TEXT,
    actor TEXT
) STRICT;

-- What the file is.
CREATE TABLE property (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
