"""A ledger with something of every kind in it, and every kind of corruption that the tables' owner can plant in it."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.town import BAI_B, HOUR, ISSUANCE, LIU_A, NOON, POOL_A, RESERVE, VERA_A, WANG_B, Town, post
from timebank import (
    Capture,
    CloseAccount,
    Hold,
    Release,
    Reverse,
    SetLimits,
    Transfer,
    account_id,
    close_period,
    open_account,
    run_cycle,
    take_snapshot,
)
from timebank.audit import make_root
from timebank.export import export_lines

MONDAY = date(2026, 3, 2)
ZHAO_A = account_id("A", "minute", "member", "zhao")  # may owe 200, and spends them in B


async def busy(town: Town) -> bytes:
    """Services in and across branches, a reversal, an excess, holds in every state, a night with a draw, a period, a
    snapshot and a root, then one more service. Returns the root, as it is given to the branches."""
    await town.do(
        open_account("A", "minute", "member", owner="zhao", floor=-200),
        open_account("A", "minute", "relief"),
        town.move(ISSUANCE, RESERVE, 120, key="fund"),
        town.move(BAI_B, VERA_A, 60, key="v1"),
        town.move(BAI_B, WANG_B, 30, key="v2"),
        town.move(BAI_B, VERA_A, 45, key="v3"),
        Reverse("r3", "v3", NOON, "mistake"),
        town.move(ZHAO_A, WANG_B, 200, key="debt"),
        SetLimits("capped", LIU_A, floor=0, cap=10),
        post("over", Transfer(BAI_B, LIU_A, 15), excess_to=POOL_A),
        Hold("h1", BAI_B, 60, NOON + HOUR, "task:1"),
        Hold("h2", BAI_B, 20, NOON + HOUR, "task:2"),
        Hold("h3", BAI_B, 25, NOON + HOUR, "task:3"),
        Capture("c2", "h2", WANG_B, NOON, "visit:2", amount=15),
        Release("free3", "h3"),
        open_account("B", "minute", "member", owner="gone"),
        CloseAccount("close:gone", account_id("B", "minute", "member", "gone")),
    )
    async with town.begin() as tx:
        await run_cycle(tx, "city", unit="minute", on_day=MONDAY, caps={"A": 50}, now=NOON)
    async with town.begin() as tx:
        starts_at = NOON - timedelta(days=9)
        await close_period(tx, "A", starts_at=starts_at, ends_at=starts_at + HOUR, now=NOON)
    async with town.begin() as tx:
        await take_snapshot(tx)
    async with town.begin() as tx:
        root = await make_root(tx, on_day=MONDAY)
    await town.give(BAI_B, VERA_A, 5, key="last")
    return root


async def plant(tx: AsyncSession, *statements: str) -> None:
    """As the owner, with every trigger and foreign key off."""
    await tx.execute(text("SET LOCAL session_replication_role = replica"))
    for statement in statements:
        await tx.execute(text(statement))


# the whole history anew after another amount was planted: digests, chains, balances
REWRITTEN = """
DO $$ DECLARE e record; p record; d bytea; BEGIN
  UPDATE ledger_posting SET amount = sign(amount) * 25 WHERE entry = (SELECT id FROM ledger_entry WHERE key = 'v2');
  UPDATE ledger_entry SET amount = 25 WHERE key = 'v2';
  ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_floor;
  UPDATE ledger_account SET posted = 0, version = 0, chain_head = sha256(uuid_send(id));
  FOR e IN SELECT entry.*, r.key AS of FROM ledger_entry entry LEFT JOIN ledger_entry r ON r.id = entry.reverses
           ORDER BY entry.id LOOP
    SELECT ledger_digest(e.key, e.payload_hash, e.kind, e.reference, e.occurred_at, e.of,
        array_agg(ROW(role, account, book, unit, branch, partner, amount)::ledger_leg ORDER BY leg)) INTO d
      FROM ledger_posting WHERE entry = e.id;
    UPDATE ledger_entry SET digest = d WHERE id = e.id;
    FOR p IN SELECT * FROM ledger_posting WHERE entry = e.id AND account IS NOT NULL ORDER BY leg LOOP
      UPDATE ledger_account SET posted = posted + p.amount, version = version + 1,
        chain_head = ledger_link(chain_head, d, id, version + 1, p.amount, posted + p.amount) WHERE id = p.account;
      UPDATE ledger_posting l SET version = a.version, balance_after = a.posted, hash = a.chain_head
        FROM ledger_account a WHERE a.id = p.account AND l.entry = e.id AND l.leg = p.leg;
    END LOOP;
  END LOOP;
  UPDATE ledger_account SET owed = GREATEST(0, floor - (posted - held));
  DELETE FROM ledger_root_leaf; DELETE FROM ledger_root;
  PERFORM ledger_make_root('2026-03-02');
END $$"""


async def export(tx: AsyncSession) -> list[str]:
    """The export's lines."""
    return [line async for line in export_lines(tx)]


@dataclass(frozen=True, slots=True)
class Corruption:
    """What is planted, the proof's check that finds it, and what the verifier says of the row; None: it cannot know."""

    what: str
    planted: tuple[str, ...]
    proof: str | None
    verifier: str | None


def _id(key: str) -> str:
    return f"(SELECT id FROM ledger_entry WHERE key = '{key}')"


def _leg(key: str, leg: int) -> str:
    return f"entry = {_id(key)} AND leg = {leg}"


def _forget(key: str) -> tuple[str, ...]:
    """An entry's removal that leaves everything else agreeing: of an account's last entry nothing else is missed."""
    return (
        (
            "UPDATE ledger_account a SET posted = a.posted - p.amount, version = a.version - 1, owed = 0,"
            " chain_head = (SELECT COALESCE((SELECT hash FROM ledger_posting b WHERE b.account = a.id"
            " AND b.version = p.version - 1), sha256(uuid_send(a.id))))"
            f" FROM ledger_posting p WHERE p.account = a.id AND p.entry = {_id(key)}"
        ),
        f"DELETE FROM ledger_posting WHERE entry = {_id(key)}",
        f"DELETE FROM ledger_entry WHERE key = '{key}'",
    )


def _no_check(name: str) -> str:
    return f"ALTER TABLE ledger_account DROP CONSTRAINT {name}"


GROWN = "UPDATE ledger_posting SET amount = amount + 1"
FORGED = (
    (
        "INSERT INTO ledger_entry (key, payload_hash, kind, reference, occurred_at, amount, digest)"
        " VALUES ('forged', '', 'service', 'visit:x', now(), 60, sha256('x'))"
    ),
    (
        "INSERT INTO ledger_posting (entry, leg, role, account, book, unit, amount, version, balance_after, hash)"
        f" VALUES ({_id('forged')}, 1, 'account', '{BAI_B}', 'B', 'minute', -60, 99, 0, ''),"
        f" ({_id('forged')}, 2, 'account', '{WANG_B}', 'B', 'minute', 60, 99, 0, '')"
    ),
)
SWAPPED = (
    f"UPDATE ledger_posting SET leg = 90 WHERE {_leg('v2', 1)}",
    f"UPDATE ledger_posting SET leg = 1 WHERE {_leg('v2', 2)}",
    f"UPDATE ledger_posting SET leg = 2 WHERE {_leg('v2', 90)}",
)
DIGEST, CHAIN = "entry_differs_from_digest", "chain_broken"
CYCLE, DEBT = "cycle_differs_from_postings", "cycle_debt_differs_from_postings"
PARTNERS = "cycle_partners_differ_from_postings"
CORRUPTIONS = (
    Corruption("changed amount", (f"{GROWN} WHERE {_leg('v1', 1)}",), "entry_unbalanced", "differs from its digest"),
    Corruption(
        "changed amounts that balance",
        (f"UPDATE ledger_posting SET amount = amount * 2 WHERE entry = {_id('v2')}",),
        DIGEST,
        "differs from its digest",
    ),
    Corruption("swapped legs", SWAPPED, DIGEST, "differs from its digest"),
    Corruption(
        "entry moved to another account",
        (f"UPDATE ledger_posting SET account = '{POOL_A}', version = 90 WHERE {_leg('v1', 2)}",),
        DIGEST,
        "differs from its digest",
    ),
    Corruption(
        "legs removed", (f"DELETE FROM ledger_posting WHERE entry = {_id('v2')}",), "entry_without_legs", "digest"
    ),
    Corruption(
        "entry removed",
        (f"DELETE FROM ledger_posting WHERE entry = {_id('v1')}", "DELETE FROM ledger_entry WHERE key = 'v1'"),
        CHAIN,
        "wrong version or balance",
    ),
    Corruption("last entry removed, before the day's root", _forget("last"), None, None),
    Corruption(
        "last entry removed, after the day's root",
        (*_forget("last"), *_forget("c2")),
        "root_leaf_differs_from_chain",
        "had another head",
    ),
    Corruption("entry inserted", FORGED, DIGEST, "differs from its digest"),
    Corruption(
        "changed clearing leg",
        (f"UPDATE ledger_posting SET partner = 'city' WHERE {_leg('v1', 3)}",),
        DIGEST,
        "differs from its digest",
    ),
    Corruption(
        "position of another branch",
        (f"UPDATE ledger_posting SET branch = 'A' WHERE {_leg('v1', 4)}",),
        "branch_not_mirrored",
        "differs from its digest",
    ),
    Corruption(
        "leg in a foreign book",
        (f"UPDATE ledger_posting SET book = 'A' WHERE entry = {_id('v2')}",),
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
        (f"UPDATE ledger_entry SET reverses = {_id('v2')} WHERE key = 'r3'",),
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
            f"UPDATE ledger_posting SET entry = 900 WHERE entry = {_id('v1')}",
            "UPDATE ledger_entry SET id = 900 WHERE key = 'v1'",
        ),
        "entries_out_of_order",
        "wrong version",
    ),
    Corruption(
        "changed hash", (f"UPDATE ledger_posting SET hash = sha256('x') WHERE {_leg('v1', 1)}",), CHAIN, "is broken"
    ),
    Corruption(
        "changed balance after",
        (f"UPDATE ledger_posting SET balance_after = 0 WHERE {_leg('v1', 2)}",),
        CHAIN,
        "wrong version or balance",
    ),
    Corruption(
        "changed chain head",
        (f"UPDATE ledger_account SET chain_head = sha256('x') WHERE id = '{BAI_B}'",),
        "head_differs_from_chain",
        "differs from its postings",
    ),
    Corruption(
        "changed balance",
        (f"UPDATE ledger_account SET posted = posted + 60 WHERE id = '{VERA_A}'",),
        "balance_differs_from_postings",
        "differs from its postings",
    ),
    Corruption(
        "changed balance of the issuance",
        ("UPDATE ledger_account SET posted = posted + 1 WHERE kind = 'reserve'",),
        "supply_differs_from_issuance",
        "differs from its postings",
    ),
    Corruption(
        "changed held",
        (f"UPDATE ledger_account SET held = held - 1 WHERE id = '{BAI_B}'",),
        "held_differs_from_holds",
        "differs from its postings or holds",
    ),
    Corruption(
        "changed owed", (f"UPDATE ledger_account SET owed = 7 WHERE id = '{BAI_B}'",), "below_floor", "below its floor"
    ),
    Corruption(
        "changed floor",
        (f"UPDATE ledger_account SET floor = -5000 WHERE id = '{VERA_A}'",),
        "limits_differ_from_command",
        "other limits than were set",
    ),
    Corruption(
        "changed cap",
        (f"UPDATE ledger_account SET cap = 90000 WHERE id = '{LIU_A}'",),
        "limits_differ_from_command",
        "other limits than were set",
    ),
    Corruption(
        "lowered ceiling",
        (_no_check("ledger_account_floor"), "UPDATE ledger_account SET floor = -100, owed = 0 WHERE kind = 'issuance'"),
        "issued_beyond_authorised",
        "below its floor",
    ),
    Corruption(
        "closed account reopened",
        ("UPDATE ledger_account SET state = 'open' WHERE owner = 'gone'",),
        "state_differs_from_command",
        "is open, which nobody said",
    ),
    Corruption(
        "account closed with minutes",
        (
            _no_check("ledger_account_closed_at_zero"),
            f"UPDATE ledger_account SET state = 'closed' WHERE id = '{VERA_A}'",
        ),
        "closed_not_empty",
        "closed, but not empty",
    ),
    Corruption(
        "account moved to another book",
        ("UPDATE ledger_account SET book = 'A' WHERE owner = 'gone'",),
        "account_differs_from_command",
        "is another than was opened",
    ),
    Corruption(
        "account of another owner",
        (f"UPDATE ledger_account SET owner = 'me' WHERE id = '{VERA_A}'",),
        "account_differs_from_command",
        "is another than was opened",
    ),
    Corruption(
        "account removed",
        (f"DELETE FROM ledger_account WHERE id = '{POOL_A}'",),
        "posting_in_foreign_book",
        "unknown account",
    ),
    Corruption(
        "book moved to another city",
        (
            "INSERT INTO ledger_book (id, kind) VALUES ('elsewhere', 'city')",
            "UPDATE ledger_book SET city = 'elsewhere' WHERE id = 'B'",
        ),
        "posting_in_foreign_book",
        "in a foreign book",
    ),
    Corruption(
        "changed hold",
        (
            "UPDATE ledger_hold SET amount = 50 WHERE key = 'h1'",
            f"UPDATE ledger_account SET held = 50 WHERE id = '{BAI_B}'",
        ),
        "hold_differs_from_command",
        "differs from its command",
    ),
    Corruption(
        "hold given to another account",
        (f"UPDATE ledger_hold SET account = '{VERA_A}' WHERE key = 'h3'",),
        "hold_differs_from_command",
        "differs from its command",
    ),
    Corruption(
        "prolonged hold",
        ("UPDATE ledger_hold SET expires_at = expires_at + interval '1 year' WHERE key = 'h1'",),
        "hold_differs_from_command",
        "expires at another time",
    ),
    Corruption(
        "hold removed", ("DELETE FROM ledger_hold WHERE key = 'h3'",), "hold_differs_from_command", "is missing"
    ),
    Corruption(
        "hold inserted",
        (
            (
                "INSERT INTO ledger_hold (key, account, amount, held_at, expires_at, state, resolved_at, reference)"
                f" VALUES ('h9', '{VERA_A}', 5, now(), now(), 'released', now(), 'x')"
            ),
        ),
        "hold_differs_from_command",
        "differs from its command",
    ),
    Corruption(
        "command under an entry's key",
        (
            (
                "INSERT INTO ledger_command (key, payload_hash, answer)"
                " SELECT 'v1', payload_hash, answer FROM ledger_command WHERE key = 'close:gone'"
            ),
        ),
        "key_used_twice",
        "used twice",
    ),
    Corruption(
        "changed command",
        ("UPDATE ledger_command SET answer = replace(answer, '\"cap\": 10', '\"cap\": 99') WHERE key = 'capped'",),
        "command_differs_from_hash",
        "differs from its hash",
    ),
    Corruption(
        "changed root",
        ("UPDATE ledger_root SET root = sha256('x')",),
        "root_differs_from_leaves",
        "differs from its leaves",
    ),
    Corruption(
        "changed leaf",
        (f"UPDATE ledger_root_leaf SET head = sha256('x') WHERE account = '{BAI_B}'",),
        "root_leaf_differs_from_chain",
        "had another head",
    ),
    Corruption(
        "leaf removed",
        (f"DELETE FROM ledger_root_leaf WHERE account = '{POOL_A}'",),
        "root_differs_from_leaves",
        "differs from its leaves",
    ),
    Corruption(
        "changed snapshot",
        ("UPDATE ledger_snapshot SET amount = amount + 1 WHERE branch = 'A'",),
        "snapshot_differs_from_postings",
        "differs from its postings",
    ),
    Corruption(
        "entry in a closed period",
        ("UPDATE ledger_period SET ends_at = ends_at + interval '10 d', recorded_at = recorded_at - interval '9 h'",),
        "entry_in_closed_period",
        "in a closed period",
    ),
    Corruption(
        "changed gross of a night",
        ("UPDATE ledger_cycle_line SET owes = owes + 1, is_owed = is_owed + 1 WHERE branch = 'A'",),
        PARTNERS,
        "and its partners owe",
    ),
    Corruption(
        "changed net of a night", ("UPDATE ledger_cycle_line SET owes = owes + 1 WHERE branch = 'A'",), CYCLE, "settled"
    ),
    Corruption(
        "changed debt of a night",
        ("UPDATE ledger_cycle_line SET debt = debt + 1 WHERE branch = 'A'",),
        DEBT,
        "the debt of branch A",
    ),
    Corruption(
        "raised cap of a night",
        ("UPDATE ledger_cycle_line SET cap = 99999 WHERE branch = 'A'",),
        DEBT,
        "not what its cap allows",
    ),
    Corruption("lowered cap of a night", ("UPDATE ledger_cycle_line SET cap = 1 WHERE branch = 'A'",), None, None),
    Corruption(
        "changed draw of a night",
        ("UPDATE ledger_cycle_line SET drawn = drawn - 1 WHERE branch = 'A'",),
        DEBT,
        "drew another amount",
    ),
    Corruption(
        "changed partner of a night",
        ("UPDATE ledger_cycle_partner SET partner = 'B' WHERE branch = 'B' AND partner = 'city'",),
        PARTNERS,
        "and its partners owe",
    ),
    Corruption(
        "night removed",
        ("DELETE FROM ledger_cycle_partner", "DELETE FROM ledger_cycle_line", "DELETE FROM ledger_cycle"),
        "settlement_without_cycle",
        "no cycle names entry",
    ),
    Corruption(
        "settlement removed",
        (
            f"DELETE FROM ledger_posting WHERE entry = {_id('cycle:city:minute:2026-03-02')}",
            "DELETE FROM ledger_entry WHERE key = 'cycle:city:minute:2026-03-02'",
        ),
        CYCLE,
        "snapshot of A clearing",
    ),
)
