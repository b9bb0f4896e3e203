-- The derived tables and views of schema 1.

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
    held ANY NOT NULL,
    floor ANY,
    ceiling ANY,
    status INTEGER NOT NULL,        -- 0 open, 1 frozen, 2 closed
    roots BLOB NOT NULL             -- where its lines are
) STRICT;

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

-- Every figure here is exact at any moment: what the derived tables lack is taken from the journal.

CREATE VIEW balance AS
WITH
    tail AS (
        SELECT wallet, max(version) AS version, posted FROM (
            SELECT from_wallet AS wallet, from_version AS version, from_balance AS posted
            FROM journal
            WHERE row > (SELECT value FROM progress WHERE what = 'balances')
                AND from_wallet IS NOT NULL
            UNION ALL
            SELECT to_wallet, to_version, to_balance
            FROM journal
            WHERE row > (SELECT value FROM progress WHERE what = 'balances')
                AND to_wallet IS NOT NULL
        )
        GROUP BY wallet
    )
SELECT
    wallet.id AS wallet,
    wallet.name AS name,
    wallet.owner AS owner,
    asset.code AS asset,
    asset.scale AS scale,
    CASE WHEN tail.version > state.version THEN tail.posted ELSE state.posted END AS posted,
    state.held AS held,
    CASE WHEN tail.version > state.version THEN tail.version ELSE state.version END AS version
FROM wallet
JOIN asset ON asset.world = wallet.asset
JOIN wallet_state AS state ON state.id = wallet.id
LEFT JOIN tail ON tail.wallet = wallet.id;

CREATE VIEW history AS
SELECT
    journal.from_wallet AS wallet,
    journal.id AS id,
    journal.item AS posting,
    strftime('%Y-%m-%dT%H:%M:%fZ', ((journal.id >> 22) + 1577836800000) / 1000.0, 'unixepoch') AS at,
    '-' AS sign,
    journal.amount AS amount,
    journal.from_balance AS balance_after,
    journal.from_version AS version,
    journal.to_wallet AS counterparty
FROM journal WHERE journal.amount IS NOT NULL
UNION ALL
SELECT
    journal.to_wallet,
    journal.id,
    journal.item,
    strftime('%Y-%m-%dT%H:%M:%fZ', ((journal.id >> 22) + 1577836800000) / 1000.0, 'unixepoch'),
    '+',
    journal.amount,
    journal.to_balance,
    journal.to_version,
    journal.from_wallet
FROM journal WHERE journal.amount IS NOT NULL;

CREATE VIEW transactions AS
SELECT
    journal.id AS id,
    strftime('%Y-%m-%dT%H:%M:%fZ', ((journal.id >> 22) + 1577836800000) / 1000.0, 'unixepoch') AS at,
    kind.code AS kind,
    kind.outcome AS outcome,
    journal.key AS key,
    note.meta AS meta,
    note.actor AS actor,
    journal.row AS row
FROM journal
JOIN kind ON kind.number = journal.kind
LEFT JOIN note ON note.row = journal.row
WHERE journal.key IS NOT NULL;
