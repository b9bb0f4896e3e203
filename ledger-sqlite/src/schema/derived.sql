-- Derived: assets.
CREATE TABLE asset (
    world INTEGER PRIMARY KEY,      -- the wallet for everything outside
    code TEXT NOT NULL UNIQUE,
    scale INTEGER NOT NULL,
    row INTEGER NOT NULL            -- its line in the journal
) STRICT;

-- Derived: wallets.
CREATE TABLE wallet (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT,
    asset INTEGER NOT NULL,         -- the asset's world
    row INTEGER NOT NULL            -- its line in the journal
) STRICT;
CREATE INDEX wallet_by_owner ON wallet (owner, name) WHERE owner IS NOT NULL;

-- Derived, and behind the journal: what wallets hold. The views add what the journal has beyond it.
CREATE TABLE wallet_state (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    posted ANY NOT NULL,
    floor ANY,
    ceiling ANY,
    largest ANY,                    -- the most that may leave it at once
    windows TEXT,                   -- how much may move within a time, and what of that is used, as JSON
    status INTEGER NOT NULL,        -- 0 open, 1 frozen, 2 closed
    roots BLOB NOT NULL             -- where its lines are
) STRICT;

-- Derived: holds, as their last lines say.
CREATE TABLE hold (
    id INTEGER PRIMARY KEY,
    wallet INTEGER NOT NULL,
    target INTEGER NOT NULL,
    amount ANY NOT NULL,
    tolerance ANY NOT NULL,
    captured ANY NOT NULL,
    remaining ANY NOT NULL,
    expires_at INTEGER NOT NULL,    -- milliseconds since 1970
    state INTEGER NOT NULL          -- 0 open, 1 captured, 2 released, 3 expired
) STRICT;
CREATE INDEX hold_by_wallet ON hold (wallet, state, expires_at);
CREATE INDEX hold_by_deadline ON hold (expires_at) WHERE state = 0;

-- Derived: what was reversed, part by part.
CREATE TABLE reversal (
    original INTEGER NOT NULL,      -- the transaction that was reversed
    by INTEGER NOT NULL,            -- the one that did
    posting INTEGER NOT NULL,       -- which of the original's postings
    amount ANY NOT NULL,
    asset INTEGER NOT NULL,         -- the asset's world
    PRIMARY KEY (original, by, posting)
) STRICT, WITHOUT ROWID;

-- Derived: what was moved as of an earlier time than that at which it was recorded.
CREATE TABLE backdated (
    wallet INTEGER NOT NULL,
    effective INTEGER NOT NULL,     -- when it took effect, in milliseconds since 1970
    id INTEGER NOT NULL,            -- the transaction
    posting INTEGER NOT NULL,
    amount ANY NOT NULL,            -- below zero where money left
    PRIMARY KEY (wallet, effective, id, posting)
) STRICT, WITHOUT ROWID;

-- Derived, and behind the journal: where values of metadata stand, by the hash of a key and its value.
CREATE TABLE tag (
    part INTEGER NOT NULL,          -- row / 65536
    hash INTEGER NOT NULL,
    row INTEGER NOT NULL,
    PRIMARY KEY (part, hash, row)
) STRICT, WITHOUT ROWID;

-- Derived: where keys are, sorted by hash, in runs that are never changed.
CREATE TABLE key_run (
    run INTEGER PRIMARY KEY,
    level INTEGER NOT NULL,
    keys INTEGER NOT NULL,
    first_row INTEGER NOT NULL,     -- the journal's lines that it covers
    last_row INTEGER NOT NULL,
    forgotten INTEGER NOT NULL,     -- it leaves out the keys of lines up to this
    state INTEGER NOT NULL,         -- 0 in use, 1 being written, 2 to be removed
    merged_into INTEGER,            -- the run being written from it
    owner INTEGER                   -- who is writing it
) STRICT;
CREATE TABLE key_chunk (
    place INTEGER PRIMARY KEY,      -- run * 2^32 + number
    entries BLOB NOT NULL           -- 12 bytes each: 7 of the key's hash, 5 of the line
) STRICT;

-- Derived: how far the other derived tables are.
CREATE TABLE progress (
    what TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The numbers in the journal's column `kind`.
CREATE TABLE kind (
    number INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
