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
