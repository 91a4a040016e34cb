"""Entries, their legs and the chains of their accounts."""

from tests.timebank.corruption.kinds import Corruption, entry_id, forget, leg_of
from tests.timebank.corruption.town import rewritten
from tests.timebank.town import BAI_B, POOL_A, WANG_B

GROWN = "UPDATE ledger_posting SET amount = amount + 1"
FORGED = (
    (
        "INSERT INTO ledger_entry (key, payload_hash, kind, reference, occurred_at, amount, digest)"
        " VALUES ('forged', '', 'service', 'visit:x', now(), 60, sha256('x'))"
    ),
    (
        "INSERT INTO ledger_posting (entry, leg, role, account, book, unit, amount, version, balance_after, hash)"
        f" VALUES ({entry_id('forged')}, 1, 'account', '{BAI_B}', 'B', 'minute', -60, 99, 0, ''),"
        f" ({entry_id('forged')}, 2, 'account', '{WANG_B}', 'B', 'minute', 60, 99, 0, '')"
    ),
)
SWAPPED = (
    f"UPDATE ledger_posting SET leg = 90 WHERE {leg_of('v2', 1)}",
    f"UPDATE ledger_posting SET leg = 1 WHERE {leg_of('v2', 2)}",
    f"UPDATE ledger_posting SET leg = 2 WHERE {leg_of('v2', 90)}",
)
DIGEST, CHAIN = "entry_differs_from_digest", "chain_broken"
ENTRIES = (
    Corruption("changed amount", (f"{GROWN} WHERE {leg_of('v1', 1)}",), "entry_unbalanced", "differs from its digest"),
    Corruption(
        "changed amounts that balance",
        (f"UPDATE ledger_posting SET amount = amount * 2 WHERE entry = {entry_id('v2')}",),
        DIGEST,
        "differs from its digest",
    ),
    Corruption("swapped legs", SWAPPED, DIGEST, "differs from its digest"),
    Corruption(
        "entry moved to another account",
        (f"UPDATE ledger_posting SET account = '{POOL_A}', version = 90 WHERE {leg_of('v1', 2)}",),
        DIGEST,
        "differs from its digest",
    ),
    Corruption(
        "legs removed", (f"DELETE FROM ledger_posting WHERE entry = {entry_id('v2')}",), "entry_without_legs", "digest"
    ),
    Corruption(
        "entry removed",
        (f"DELETE FROM ledger_posting WHERE entry = {entry_id('v1')}", "DELETE FROM ledger_entry WHERE key = 'v1'"),
        CHAIN,
        "wrong version or balance",
    ),
    Corruption("last entry removed, before the day's root", forget("last"), None, None),
    Corruption(
        "reversed entry of another amount, all history rewritten",
        (rewritten("v3", 44),),
        "reversal_is_no_mirror",
        "does not mirror entry 'v3'",
    ),
    Corruption(
        "last entry removed, after the day's root",
        (*forget("last"), *forget("c2")),
        "root_leaf_differs_from_chain",
        "had another head",
    ),
    Corruption("entry inserted", FORGED, DIGEST, "differs from its digest"),
    Corruption(
        "changed clearing leg",
        (f"UPDATE ledger_posting SET partner = 'city' WHERE {leg_of('v1', 3)}",),
        DIGEST,
        "differs from its digest",
    ),
    Corruption(
        "position of another branch",
        (f"UPDATE ledger_posting SET branch = 'A' WHERE {leg_of('v1', 4)}",),
        "branch_not_mirrored",
        "differs from its digest",
    ),
    Corruption(
        "leg in a foreign book",
        (f"UPDATE ledger_posting SET book = 'A' WHERE entry = {entry_id('v2')}",),
        "posting_in_foreign_book",
        "differs from its digest",
    ),
    *(
        Corruption(
            f"changed {field}",
            (f"UPDATE ledger_entry SET {field} = {value} WHERE key = 'v1'",),
            DIGEST,
            "differs from its digest",
        )
        for field, value in {
            "occurred_at": "occurred_at - interval '1 day'",
            "kind": "'gift'",
            "reference": "'visit:other'",
            "key": "'other'",
            "payload_hash": "sha256('x')",
        }.items()
    ),
    Corruption(
        "changed reverses",
        (f"UPDATE ledger_entry SET reverses = {entry_id('v2')} WHERE key = 'r3'",),
        "reversal_is_no_mirror",
        "digest",
    ),
    Corruption(
        "changed entry's amount",
        ("UPDATE ledger_entry SET amount = 61 WHERE key = 'v1'",),
        "entry_amount_differs_from_legs",
        "another amount than its legs",
    ),
    Corruption(
        "entry renumbered",
        (
            "ALTER TABLE ledger_entry ALTER id DROP IDENTITY",
            f"UPDATE ledger_posting SET entry = 900 WHERE entry = {entry_id('v1')}",
            "UPDATE ledger_entry SET id = 900 WHERE key = 'v1'",
        ),
        "entries_out_of_order",
        "wrong version",
    ),
    Corruption(
        "changed hash", (f"UPDATE ledger_posting SET hash = sha256('x') WHERE {leg_of('v1', 1)}",), CHAIN, "is broken"
    ),
    Corruption(
        "changed balance after",
        (f"UPDATE ledger_posting SET balance_after = 0 WHERE {leg_of('v1', 2)}",),
        CHAIN,
        "wrong version or balance",
    ),
    Corruption(
        "changed chain head",
        (f"UPDATE ledger_account SET chain_head = sha256('x') WHERE id = '{BAI_B}'",),
        "head_differs_from_chain",
        "differs from its postings",
    ),
)
