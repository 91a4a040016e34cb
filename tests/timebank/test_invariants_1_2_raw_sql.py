"""Invariants 1 and 2 against raw SQL: as the tables' owner, and as an application role that does not own them."""

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.town import BAI_B, VERA_A, WANG_B, Town
from timebank.errors import AppendOnly, EntrySealed, InvalidCommand, LedgerError, UnbalancedEntry, named
from timebank.proof import prove
from timebank.schema import grant_sql

ENTRY = (
    "INSERT INTO ledger_entry (key, payload_hash, kind, reference, occurred_at, amount, digest)"
    " VALUES ('forged', '', 'service', 'visit:x', now(), 60, {digest}) RETURNING id"
)
ALL_SEALED = ("ledger_entry", "ledger_posting", "ledger_command")
KEPT = ("ledger_account", "ledger_hold", "ledger_book")


async def refusal(town: Town, *statements: str) -> LedgerError:
    """What the ledger answers to raw statements in one transaction."""
    with pytest.raises(DBAPIError) as raised:
        await run(town, *statements)
    found = named(raised.value)
    assert found is not None, raised.value
    return found


async def run(town: Town, *statements: str) -> None:
    async with town.begin() as tx:
        for statement in statements:
            await tx.execute(text(statement))


def legs(*amounts: int, first: int = 1, clearing: int = 0, entry: str = "(SELECT max(id) FROM ledger_entry)") -> str:
    """Raw legs on Vera's account for an entry, and one clearing leg of her branch if wanted."""
    rows = [
        f"({entry}, {leg}, 'account', '{VERA_A}', 'A', 'minute', NULL, {amount}, {leg}, {amount}, '')"
        for leg, amount in enumerate(amounts, start=first)
    ]
    if clearing:
        last = first + len(amounts)
        rows.append(f"({entry}, {last}, 'clearing', NULL, 'A', 'minute', 'A', {clearing}, NULL, NULL, NULL)")
    columns = "entry, leg, role, account, book, unit, branch, amount, version, balance_after, hash"
    return f"INSERT INTO ledger_posting ({columns}) VALUES {', '.join(rows)}"


def forged(*amounts: int, clearing: int = 0) -> str:
    """A raw entry with its legs, in one statement as the ledger writes them."""
    made = ENTRY.format(digest="''")
    with_its_legs = legs(*amounts, clearing=clearing, entry="(SELECT id FROM made)")
    return f"WITH made AS ({made}) {with_its_legs}"


async def test_invariant_1_an_unbalanced_entry_is_refused(town: Town) -> None:
    found = await refusal(town, forged(60, -59))
    assert isinstance(found, UnbalancedEntry)
    assert found.data["reason"] == "book and unit"


async def test_invariant_1_an_entry_of_one_leg_is_refused(town: Town) -> None:
    assert isinstance(await refusal(town, forged(60)), UnbalancedEntry)


async def test_invariant_1_an_entry_without_legs_is_refused(town: Town) -> None:
    found = await refusal(town, ENTRY.format(digest="''"))
    assert isinstance(found, UnbalancedEntry)
    assert found.data["reason"] == "no legs"


async def test_invariant_1_legs_without_an_entry_are_refused(town: Town) -> None:
    assert isinstance(
        await refusal(town, legs(60, -60, entry="(SELECT max(id) + 1 FROM ledger_entry)")), UnbalancedEntry
    )


async def test_invariant_1_legs_that_are_not_what_their_accounts_say_are_refused(town: Town) -> None:
    found = await refusal(town, forged(60, -60))
    assert isinstance(found, UnbalancedEntry)
    assert found.data["reason"] == "account"


async def test_invariant_1_legs_that_fit_but_are_not_what_the_digest_says_are_refused(town: Town) -> None:
    moves = [
        f"UPDATE ledger_account SET posted = posted + {amount}, version = version + 1, chain_head = 'x'"
        f" WHERE id = '{account}'"
        for account, amount in ((BAI_B, -60), (WANG_B, 60))
    ]
    rows = (
        f"SELECT made.id, {leg}, 'account', a.id, 'B', 'minute', {amount}, a.version, a.posted, a.chain_head"
        f" FROM made, ledger_account a WHERE a.id = '{account}'"
        for leg, account, amount in ((1, BAI_B, -60), (2, WANG_B, 60))
    )
    columns = "entry, leg, role, account, book, unit, amount, version, balance_after, hash"
    made = ENTRY.format(digest="''")
    forgery = f"WITH made AS ({made}) INSERT INTO ledger_posting ({columns}) {' UNION ALL '.join(rows)}"
    found = await refusal(town, *moves, forgery)
    assert isinstance(found, UnbalancedEntry)
    assert found.data["reason"] == "digest"


@pytest.mark.parametrize("first", [1, 91])
async def test_invariant_1_a_sealed_entry_takes_no_more_legs(town: Town, first: int) -> None:
    with pytest.raises(DBAPIError) as raised:
        await run(town, legs(60, -60, first=first))
    # legs with numbers of their own collide, those after a gap are no whole entry
    assert isinstance(named(raised.value), EntrySealed) if first > 1 else isinstance(raised.value, IntegrityError)


async def test_invariant_1_clearing_without_its_mirror_is_refused(town: Town) -> None:
    found = await refusal(town, forged(-60, clearing=60))
    assert isinstance(found, UnbalancedEntry)
    assert found.data["reason"] == "mirror"


@pytest.mark.parametrize("change", ["unit = 'hour'", "kind = 'issuance', floor = NULL"])
async def test_invariant_12_an_account_of_no_unit_or_an_issuance_without_a_ceiling_is_not_opened(
    town: Town, change: str
) -> None:
    values = {"unit": "'minute'", "kind": "'member'", "floor": "0"} | dict(
        one.split(" = ") for one in change.split(", ")
    )
    columns, worth = ", ".join(values), ", ".join(values.values())
    statement = (
        f"INSERT INTO ledger_account (id, book, chain_head, {columns})"
        f" SELECT id, 'A', sha256(uuid_send(id)), {worth} FROM (SELECT gen_random_uuid() AS id) new"
    )
    assert isinstance(await refusal(town, statement), InvalidCommand)


@pytest.mark.parametrize("table", ALL_SEALED)
@pytest.mark.parametrize("attack", ["UPDATE {} SET key = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_invariant_2_history_takes_no_update_delete_or_truncate(town: Town, table: str, attack: str) -> None:
    statement = attack.format(table).replace("ledger_posting SET key = 'x'", "ledger_posting SET amount = 1")
    assert isinstance(await refusal(town, statement), AppendOnly)


@pytest.mark.parametrize("table", KEPT)
@pytest.mark.parametrize("attack", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_invariant_2_accounts_holds_and_books_are_never_removed(town: Town, table: str, attack: str) -> None:
    assert isinstance(await refusal(town, attack.format(table)), AppendOnly)


@pytest.mark.parametrize(
    "change", ["posted = posted + 60", "version = version + 1", "book = 'A'", "unit = 'fen'", "owner = 'me'"]
)
async def test_invariant_2_a_balance_does_not_move_alone_and_an_account_keeps_its_identity(
    town: Town, change: str
) -> None:
    assert isinstance(await refusal(town, f"UPDATE ledger_account SET {change} WHERE id = '{BAI_B}'"), AppendOnly)


async def test_invariant_2_an_account_cannot_be_inserted_with_a_balance(town: Town) -> None:
    statement = (
        "INSERT INTO ledger_account (id, book, unit, kind, posted, chain_head)"
        f" VALUES ('{uuid4()}', 'A', 'minute', 'member', 60, '')"
    )
    assert isinstance(await refusal(town, statement), AppendOnly)


async def test_invariant_2_an_application_role_may_use_the_functions_and_read_but_write_nothing_itself(
    town: Town,
) -> None:
    role = f"application_{uuid4().hex}"
    async with AsyncSession(town.engine) as tx, tx.begin():
        await tx.execute(text(f'CREATE ROLE "{role}"'))
        for statement in grant_sql(role):
            await tx.execute(text(statement))
    async with AsyncSession(town.engine) as tx:
        await tx.execute(text(f'SET ROLE "{role}"'))
        await tx.execute(
            text("SELECT ledger_apply(CAST(:commands AS jsonb), now())"),
            {
                "commands": '[{"type": "post", "key": "as-role", "kind": "service", "reference": "visit:1",'
                f' "occurred_at": "2026-03-02T04:00:00Z", "transfers": [{{"source": "{BAI_B}",'
                f' "destination": "{VERA_A}", "amount": 60}}]}}]'
            },
        )
        await tx.execute(text("RESET ROLE"))
        await tx.commit()
    assert await town.posted(BAI_B, VERA_A) == [540, 60]
    for attack in (
        "UPDATE ledger_account SET posted = 1",
        "DELETE FROM ledger_posting",
        "TRUNCATE ledger_entry CASCADE",
        ENTRY.format(digest="''"),
        "ALTER TABLE ledger_posting DISABLE TRIGGER ALL",
        "SELECT ledger_free_expired(NULL, now())",
    ):
        async with AsyncSession(town.engine) as tx:
            await tx.execute(text(f'SET LOCAL ROLE "{role}"'))
            with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
                await tx.execute(text(attack))
    async with AsyncSession(town.engine) as tx:
        assert await prove(tx) == []
        for revoke in (f'DROP OWNED BY "{role}"', f'DROP ROLE "{role}"'):
            await tx.execute(text(revoke))
        await tx.commit()
