"""Raw SQL on links and relays: as the application's role, and as the tables' owner."""

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.timebank.links.banks import Banks, pay
from tests.timebank.town import NOON
from timebank.errors import AppendOnly, named
from timebank.links.mirrors import (
    word_of,
)
from timebank.links.moves import record
from timebank.links.protocol import Answer, Move, Step
from timebank.proof import prove
from timebank.schema import grant_sql


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE ledger_relay SET state = 'aborted' WHERE state = 'committed'",
        "UPDATE ledger_relay SET amount = 1",
        "UPDATE ledger_relay SET confirmed_at = now()",
        "DELETE FROM ledger_relay",
        "TRUNCATE ledger_relay",
        "DELETE FROM ledger_link",
        "UPDATE ledger_link SET sent_height = 0",
        "UPDATE ledger_link SET sent_head = ''",
        "UPDATE ledger_link SET their_name = 'north'",
    ],
)
async def test_raw_sql_cannot_rewrite_a_relay_or_its_link(banks: Banks, attack: str) -> None:
    east, west = banks
    await pay(east, west, 60)
    with pytest.raises(DBAPIError) as refused:
        async with east.begin() as tx:
            await tx.execute(text(attack))
    assert isinstance(named(refused.value), AppendOnly)


@pytest.mark.parametrize(
    ("tampering", "check"),
    [
        ("UPDATE ledger_relay SET amount = amount + 1", "relay_chain_broken"),
        ("UPDATE ledger_link SET received_height = 5", "link_head_differs_from_relays"),
        ("UPDATE ledger_link SET balance = balance + 1", "link_differs_from_relays"),
        (
            "UPDATE ledger_relay SET state = 'aborted', seq = NULL, decided_at = NULL, head = NULL, entry = NULL",
            "relay_without_its_hold",
        ),
    ],
)
async def test_the_proof_finds_what_the_owner_tampered_with(banks: Banks, tampering: str, check: str) -> None:
    east, west = banks
    await pay(east, west, 60)
    column = "id" if "ledger_link" in tampering else "link"
    async with AsyncSession(east.engine) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger fires
        await tx.execute(text(f"{tampering} WHERE {column} = '{east.id}'"))
        assert check in {failure.name for failure in await prove(tx)}
        await tx.rollback()


async def test_an_application_role_relays_by_the_functions_and_writes_nothing_itself(banks: Banks) -> None:
    east, west = banks
    role = f"application_{uuid4().hex}"
    async with east.begin() as tx:
        await tx.execute(text(f'CREATE ROLE "{role}"'))
        for statement in grant_sql(role):
            await tx.execute(text(statement))
    relay = await east.start(60)
    async with east.begin() as tx:
        await tx.execute(text(f'SET LOCAL ROLE "{role}"'))
        assert await record(tx, relay, Step.PREPARE, Answer("prepared"), now=NOON) is Move.COMMIT
        assert (await word_of(tx, east.id, received=0)).sent_height == 1
    await pay(west, east, 10)
    for attack in ("UPDATE ledger_relay SET reason = 'x'", "UPDATE ledger_link SET their_limit = 0"):
        async with AsyncSession(east.engine) as tx:
            await tx.execute(text(f'SET LOCAL ROLE "{role}"'))
            with pytest.raises(DBAPIError, match="permission denied"):
                await tx.execute(text(attack))
    async with east.begin() as tx:
        for revoke in (f'DROP OWNED BY "{role}"', f'DROP ROLE "{role}"'):
            await tx.execute(text(revoke))
