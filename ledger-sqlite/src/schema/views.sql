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
    ),
    reserved AS (
        SELECT
            wallet,
            -- In two parts, because a sum past 64 bits would be an error for the whole view; and no
            -- figure rather than a wrong one where it is too large for SQL.
            CASE
                WHEN count(*) = sum(typeof(remaining) = 'integer')
                    AND sum(remaining / 1000000000) + sum(remaining % 1000000000) / 1000000000
                        < 9223372036
                THEN sum(remaining / 1000000000) * 1000000000 + sum(remaining % 1000000000)
            END AS held
        FROM hold
        WHERE state = 0
            AND expires_at > CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER)
        GROUP BY wallet
    )
SELECT
    wallet.id AS wallet,
    wallet.name AS name,
    wallet.owner AS owner,
    asset.code AS asset,
    asset.scale AS scale,
    CASE WHEN tail.version > state.version THEN tail.posted ELSE state.posted END AS posted,
    CASE WHEN reserved.wallet IS NULL THEN 0 ELSE reserved.held END AS held,
    CASE WHEN tail.version > state.version THEN tail.version ELSE state.version END AS version
FROM wallet
JOIN asset ON asset.world = wallet.asset
JOIN wallet_state AS state ON state.id = wallet.id
LEFT JOIN tail ON tail.wallet = wallet.id
LEFT JOIN reserved ON reserved.wallet = wallet.id;

CREATE VIEW history AS
SELECT
    journal.from_wallet AS wallet,
    journal.id AS id,
    journal.item AS posting,
    strftime('%Y-%m-%dT%H:%M:%fZ', ((journal.id >> 22) + 1577836800000) / 1000.0, 'unixepoch') AS at,
    coalesce(
        (
            SELECT json_extract(header.body, '$.dated.at') FROM journal AS header
            WHERE header.row = journal.row - journal.item
        ),
        strftime('%Y-%m-%dT%H:%M:%fZ', ((journal.id >> 22) + 1577836800000) / 1000.0, 'unixepoch')
    ) AS effective_at,
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
    coalesce(
        (
            SELECT json_extract(header.body, '$.dated.at') FROM journal AS header
            WHERE header.row = journal.row - journal.item
        ),
        strftime('%Y-%m-%dT%H:%M:%fZ', ((journal.id >> 22) + 1577836800000) / 1000.0, 'unixepoch')
    ),
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
    coalesce(
        json_extract(journal.body, '$.dated.at'),
        strftime('%Y-%m-%dT%H:%M:%fZ', ((journal.id >> 22) + 1577836800000) / 1000.0, 'unixepoch')
    ) AS effective_at,
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

CREATE VIEW holds AS
SELECT
    hold.id AS id,
    hold.wallet AS wallet,
    hold.target AS target,
    asset.code AS asset,
    asset.scale AS scale,
    hold.amount AS amount,
    hold.tolerance AS tolerance,
    hold.captured AS captured,
    CASE WHEN is_live THEN hold.remaining ELSE 0 END AS remaining,
    strftime('%Y-%m-%dT%H:%M:%fZ', hold.expires_at / 1000.0, 'unixepoch') AS expires_at,
    CASE
        WHEN is_live THEN 'open'
        WHEN hold.state = 1 THEN 'captured'
        WHEN hold.state = 2 THEN 'released'
        ELSE 'expired'
    END AS state
FROM (
    SELECT
        *,
        state = 0 AND expires_at
            > CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER) AS is_live
    FROM hold
) AS hold
JOIN wallet ON wallet.id = hold.wallet
JOIN asset ON asset.world = wallet.asset;
