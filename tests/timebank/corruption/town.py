"""A ledger with something of every kind in it, and planting corruption in it as the tables' owner."""

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
    snapshot and a root, then a night without a draw and one more service. Returns the root, as branches get it."""
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
        Capture("c2", "h2", WANG_B, NOON, "探访:2", amount=15),
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
    async with town.begin() as tx:
        await run_cycle(tx, "city", unit="minute", on_day=MONDAY + timedelta(days=1), caps={"A": 100}, now=NOON)
    await town.give(BAI_B, VERA_A, 5, key="last")
    return root


async def plant(tx: AsyncSession, *statements: str) -> None:
    """As the owner, with every trigger and foreign key off."""
    await tx.execute(text("SET LOCAL session_replication_role = replica"))
    for statement in statements:
        await tx.execute(text(statement))


_REWRITTEN = """
DO $$ DECLARE e record; p record; d bytea; BEGIN
  UPDATE ledger_posting SET amount = sign(amount) * {amount}
    WHERE entry = (SELECT id FROM ledger_entry WHERE key = '{key}');
  UPDATE ledger_entry SET amount = {amount} WHERE key = '{key}';
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


def rewritten(key: str, amount: int) -> str:
    """An entry of another amount, and the whole history anew after it: digests, chains, balances, the root."""
    return _REWRITTEN.format(key=key, amount=amount)


async def export(tx: AsyncSession) -> list[str]:
    """The export's lines."""
    return [line async for line in export_lines(tx)]
