"""Who may book for whom, and who may be charged."""

from uuid import UUID

from sqlalchemy import text

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.people.elders import elder_for
from tests.builders import an_actor
from tests.marketplace.checkout.builders import give
from tests.marketplace.checkout.conftest import VISA, Desk


async def test_a_family_member_pays_and_the_elder_is_the_beneficiary(desk: Desk) -> None:
    market = desk.market
    booking = await desk.book(actor=market.officer, payer_id=str(market.family.account_id), channel="phone")
    assert booking["booked_by"] == str(market.officer.account_id)
    assert booking["payer_id"] == str(market.family.account_id)
    assert (booking["elder_id"], booking["channel"]) == (str(market.elder.id), "phone")
    assert (await desk.show(booking))["id"] == booking["id"]  # the payer sees what he pays for


async def test_nobody_is_charged_who_may_not_pay(platform: Platform, desk: Desk) -> None:
    async with transaction(platform.db) as tx:
        stranger = await an_actor(platform, tx, Role.FAMILY)
        booker = await an_actor(platform, tx, Role.FAMILY)
        await give(tx, desk.market.elder.id, booker, "view", "book", now=platform.now())
    refused = await desk.book(payer_id=str(stranger.account_id), expect=403)
    assert refused["code"] == "payer_not_allowed"
    # who may book but not pay cannot spend the daughter's money, only her own
    await desk.book(actor=booker, payer_id=str(desk.market.family.account_id), expect=403)
    await desk.book(actor=booker, payer_id=str(desk.market.officer.account_id), expect=403)
    assert (await desk.book(actor=booker))["payer_id"] == str(booker.account_id)


async def test_only_staff_book_by_telephone(desk: Desk) -> None:
    assert (await desk.book(channel="phone", expect=403))["code"] == "channel_not_allowed"


async def test_nobody_books_for_an_elder_who_did_not_let_him(platform: Platform, desk: Desk) -> None:
    async with transaction(platform.db) as tx:
        stranger = await an_actor(platform, tx, Role.FAMILY)
        watcher = await an_actor(platform, tx, Role.FAMILY)
        await give(tx, desk.market.elder.id, watcher, "view", now=platform.now())
        foreign = await an_actor(platform, tx, Role.OFFICER, region=desk.market.town.districts[1])
        regulator = await an_actor(platform, tx, Role.REGULATOR)
    for actor in (stranger, watcher, foreign, regulator, desk.market.admin):
        await desk.post("/v1/quotes", desk.market.asks(), actor=actor, expect=404)
    quote = await desk.quote()
    body = {"quote_id": quote["id"], "payment_method": VISA}
    await desk.post("/v1/bookings", body, actor=stranger, expect=404)


async def test_a_grant_that_ended_books_no_more(platform: Platform, desk: Desk) -> None:
    quote = await desk.quote()
    async with transaction(platform.db) as tx:
        await tx.execute(text("DELETE FROM access"))
    await desk.post("/v1/bookings", {"quote_id": quote["id"], "payment_method": VISA}, expect=404)


async def test_the_elder_books_for_herself(desk: Desk) -> None:
    booking = await desk.book(actor=desk.market.elder_actor)
    assert booking["booked_by"] == booking["payer_id"] == str(desk.market.elder_actor.account_id)
    async with transaction(desk.platform.db) as tx:
        elder = await elder_for(
            tx, UUID(booking["elder_id"]), actor=desk.market.elder_actor, now=desk.platform.now(), scope="book"
        )
    assert elder.id == desk.market.elder.id
