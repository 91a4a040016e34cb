import pytest

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import pool_account, programme_account
from marketplace.hours.errors import CeilingTooLow
from marketplace.hours.members.programmes import CeilingReached, grant, set_ceiling
from tests.marketplace.hours.builders import SYSTEM, Bank, a_bank, balances, give


async def bank_with(platform: Platform, ceiling: int) -> Bank:
    async with transaction(platform.db) as tx:
        return await a_bank(platform, tx, ceiling=ceiling)


async def test_a_programme_never_issues_more_than_its_ceiling(platform: Platform) -> None:
    bank = await bank_with(platform, 100)
    pool = pool_account(bank.town.districts[0].id)
    async with transaction(platform.db) as tx:
        await give(platform, tx, bank, pool, 70)
    with pytest.raises(CeilingReached) as refused:
        async with transaction(platform.db) as tx:
            await give(platform, tx, bank, pool, 31)
    assert refused.value.data == {"available": 30}
    async with transaction(platform.db) as tx:
        await give(platform, tx, bank, pool, 30)
    assert await balances(platform, programme_account(bank.programme_id), pool) == [(-100, 0), (100, 0)]


async def test_a_grant_is_given_once_per_key(platform: Platform) -> None:
    bank = await bank_with(platform, 100)
    pool = pool_account(bank.town.districts[0].id)
    for _ in range(2):
        async with transaction(platform.db) as tx:
            await grant(tx, bank.programme_id, pool, 40, key="march", now=platform.now())
    assert await balances(platform, pool) == [(40, 0)]


async def test_a_ceiling_moves_but_not_below_what_was_granted(platform: Platform) -> None:
    bank = await bank_with(platform, 100)
    pool = pool_account(bank.town.districts[0].id)
    async with transaction(platform.db) as tx:
        await give(platform, tx, bank, pool, 70)
    with pytest.raises(CeilingTooLow):
        async with transaction(platform.db) as tx:
            await set_ceiling(tx, bank.programme_id, 69, actor=SYSTEM, now=platform.now())
    async with transaction(platform.db) as tx:
        programme = await set_ceiling(tx, bank.programme_id, 200, actor=SYSTEM, now=platform.now())
    assert (programme.ceiling_minutes, programme.version) == (200, 2)
    async with transaction(platform.db) as tx:
        await give(platform, tx, bank, pool, 130)
