"""What stands in the way of taking an import back: whoever has done something since, by name."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

import timebank
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.books import CITY
from marketplace.hours.importing.errors import ImportInUse
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.undoing.obstacles import obstacles_to
from tests.marketplace.hours.importing.builders import Here, a_city, counts, imported, members_of
from tests.marketplace.hours.importing.leaving import looked_at, taken_back
from timebank import links

TOKEN = "INSERT INTO refresh_token (id, account_id, family_id, token_hash, expires_at)"
TRAINING = "INSERT INTO training (id, member_id, kind, passed_on, recorded_at)"
WRONGS = {
    "signed in": (
        f"{TOKEN} SELECT gen_random_uuid(), account_id, gen_random_uuid(), 'x', now() FROM member WHERE id = :v",
        ("V", "signed_in", "refresh_token", 1),
    ),
    "trained": (
        f"{TRAINING} VALUES (gen_random_uuid(), :v, 'induction', current_date, now())",
        ("V", "referred_to", "training", 1),
    ),
    "suspended": ("UPDATE member SET state = 'suspended' WHERE id = :v", ("V", "standing_changed", "", 1)),
    "guards a minor": (
        "UPDATE member SET kind = 'minor', guardian_id = :v, birth_on = '2012-01-01' WHERE id = :outsider",
        ("V", "referred_to", "member", 1),
    ),
}


async def an_outsider(platform: Platform, here: Here) -> UUID:
    """A member who did not come with the bank, with nothing on her account."""
    async with transaction(platform.db) as tx:
        outsider = uuid4()
        account = "INSERT INTO account (id, name, phone_sealed, phone_hash, roles, language, state)"
        await tx.execute(text(f"{account} VALUES (:id, 'x', 'x', 'x', '{{}}', 'zh', 'active')"), {"id": outsider})
        given = {"id": outsider, "district": here.town.districts[0].id}
        member = "INSERT INTO member (id, kind, account_id, district_id, ledger_account, state, version, joined_at)"
        await tx.execute(text(f"{member} VALUES (:id, 'individual', :id, :district, :id, 'pending', 1, now())"), given)
        return outsider


async def test_whoever_did_something_since_stands_in_the_way_by_name(platform: Platform) -> None:
    here = await a_city(platform)
    made = await imported(platform)
    given = {"v": (await members_of(platform))["V"].id, "outsider": await an_outsider(platform, here)}
    for wrong, (statement, obstacle) in WRONGS.items():
        async with transaction(platform.db) as tx:
            attempt = await tx.begin_nested()
            await tx.execute(text(statement), {name: given[name] for name in given if f":{name}" in statement})
            found = await obstacles_to(tx, await tx.get_one(BankImport, made.id))
            assert [(one.member, one.code, one.table, one.count) for one in found] == [obstacle], wrong
            await attempt.rollback()
    async with transaction(platform.db) as tx:
        await tx.execute(text("UPDATE member SET state = 'suspended' WHERE id = :v"), {"v": given["v"]})
    before = await counts(platform)
    with pytest.raises(ImportInUse):
        await taken_back(platform, made.id)
    assert await counts(platform) == before
    async with transaction(platform.db) as tx:
        assert (await tx.get_one(BankImport, made.id)).state == "done"


async def test_minutes_that_moved_or_are_set_aside_stand_in_the_way(platform: Platform) -> None:
    await a_city(platform)
    made = await imported(platform)
    members, now = await members_of(platform), platform.now()
    gift = timebank.Transfer(members["V"].ledger_account, members["W"].ledger_account, 10)
    async with transaction(platform.db) as tx:
        held = timebank.Hold("held", members["E"].ledger_account, 10, now + timedelta(days=1), "by hand")
        await timebank.apply(tx, [timebank.Post("gift", (gift,), "gift", "a gift", now), held], now=now)
    assert (await looked_at(platform, made.id))[3] == [
        ("E", "held", "", 1),
        ("V", "moved", "", 1),
        ("W", "moved", "", 1),
    ]


async def test_a_payment_of_another_bank_on_its_way_stands_in_the_way_until_it_has_ended(platform: Platform) -> None:
    await a_city(platform)
    made = await imported(platform)
    volunteer, now, link, relay = (await members_of(platform))["V"], platform.now(), uuid4(), uuid4()
    async with transaction(platform.db) as tx:
        await links.open_link(
            tx, link, book=CITY, unit="minute", our_name="here", their_name="there", limit=100, now=now
        )
    async with transaction(platform.db) as tx:
        await links.prepare_in(
            tx,
            link,
            relay,
            account=volunteer.ledger_account,
            excess_to=None,
            unit="minute",
            amount=30,
            payer="there/somebody",
            payee=f"here/{volunteer.id}",
            expires_at=now + timedelta(hours=1),
            now=now,
        )
    assert (await looked_at(platform, made.id))[3] == [("V", "expects", "", 1)]
    async with transaction(platform.db) as tx:
        await links.end_relay(tx, link, relay, "in", state="aborted", reason="gone", now=now)
    assert (await taken_back(platform, made.id)).state == "undone"
