"""After the door: approval by rule or person, exceptions, nobody coming, lists for staff."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from marketplace.base import timers
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.people.access import give_access
from marketplace.visits import jobs
from marketplace.visits.service import assign
from tests.builders import an_account, an_actor
from tests.conftest import MovableClock
from tests.marketplace.visits.attending import Headers, attend, attended_visit, messages, send, send_at, visit_now
from tests.marketplace.visits.builders import (
    SYSTEM,
    Attended,
    a_performer,
    a_shift,
    a_visit,
    an_attended_visit,
    at,
    report,
)


async def test_complete_evidence_is_approved_by_rule_after_a_day(
    platform: Platform,
    clock: MovableClock,
    client: httpx.AsyncClient,
    as_: Headers,
) -> None:
    one = await attended_visit(platform)
    await attend(platform, clock, client, as_, one)
    assert (await visit_now(platform, one)).state == "checked_out"
    clock.set(at(10) + timedelta(hours=24) - timedelta(seconds=1))
    await timers.fire_due(platform)
    assert await messages(platform, "visit.approval_due") == []
    clock.set(at(10) + timedelta(hours=24))
    await timers.fire_due(platform)
    (due,) = await messages(platform, "visit.approval_due")
    for _ in range(2):  # a message comes at least once
        await jobs.approve_due(platform, Message(name="visit.approval_due", ids=due))
    assert (await visit_now(platform, one)).state == "approved"
    cause = {"visit_id": str(one.visit.id), "cause_kind": "booking", "cause_id": str(one.visit.cause_id)}
    assert await messages(platform, "visit.checked_in") == [cause]
    assert await messages(platform, "visit.checked_out") == [cause]
    assert await messages(platform, "visit.approved") == [cause]


async def test_an_exception_is_listed_and_approved_by_an_officer_of_the_district_alone(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    one = await attended_visit(platform)
    await attend(platform, clock, client, as_, one, mocked=True)
    async with transaction(platform.db) as tx:
        officer = await an_actor(platform, tx, Role.OFFICER, region=one.town.districts[0])
        foreign = await an_actor(platform, tx, Role.OFFICER, region=one.town.districts[1])
    listed = await client.get("/v1/visits/exceptions", headers=as_(officer))
    assert [(item["id"], item["findings"]) for item in listed.json()["items"]] == [(str(one.visit.id), ["mocked"])]
    assert (await client.get("/v1/visits/exceptions", headers=as_(foreign))).json()["items"] == []
    path, why = f"/v1/visits/{one.visit.id}/approve", {"reason": "called the elder"}
    assert (await client.post(path, json=why, headers=as_(foreign))).status_code == 404
    assert (await client.post(path, json=why, headers=as_(one.actor))).status_code == 403
    approved = await client.post(path, json=why, headers=as_(officer))
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    again = await client.post(path, json=why, headers=as_(officer))
    assert (again.status_code, again.json()["state"]) == (409, "approved")
    assert len(await messages(platform, "visit.approved")) == 1


async def test_the_family_confirms_at_once_and_strangers_do_not(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    one = await attended_visit(platform)
    async with transaction(platform.db) as tx:
        family, stranger, sighted = [await an_actor(platform, tx, Role.FAMILY) for _ in range(3)]
        for actor, because in ((family, f"grant:{uuid4()}"), (sighted, f"assignment:{uuid4()}")):
            assert actor.account_id is not None
            await give_access(tx, one.elder.id, actor.account_id, "view", since=at(0), until=None, because=because)
    path = f"/v1/visits/{one.visit.id}/confirm"
    assert (await client.post(path, headers=as_(family))).status_code == 409  # nobody has come yet
    await attend(platform, clock, client, as_, one)
    for actor in (stranger, sighted):
        assert (await client.post(path, headers=as_(actor))).status_code == 404
    confirmed = await client.post(path, headers=as_(family))
    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "approved")


async def test_a_performer_does_not_confirm_her_own_visit(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    one = await attended_visit(platform)
    await attend(platform, clock, client, as_, one)
    assert one.actor.account_id is not None
    async with transaction(platform.db) as tx:
        await give_access(tx, one.elder.id, one.actor.account_id, "view", since=at(0), until=None, because="grant:hers")
    both = Actor(one.actor.account_id, frozenset({Role.CAREGIVER, Role.FAMILY}), region_path="-")
    own = await client.post(f"/v1/visits/{one.visit.id}/confirm", headers=as_(both))
    assert (own.status_code, own.json()["code"]) == (409, "own_visit")


async def look(platform: Platform, one: Attended) -> None:
    await jobs.missed_due(platform, Message(name="visit.missed_due", ids={"id": str(one.visit.id)}))


async def test_nobody_came_is_noticed_an_hour_after_the_window(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    one = await attended_visit(platform)
    clock.set(at(11) - timedelta(seconds=1))
    await look(platform, one)
    assert (await visit_now(platform, one)).state == "published"
    clock.set(at(11))
    for _ in range(2):
        await look(platform, one)
    assert (await visit_now(platform, one)).state == "missed"
    assert len(await messages(platform, "visit.missed")) == 1
    # the performer was there but offline: her report is kept as evidence, for a person to judge
    kept = await send(client, as_, one, "in", report(platform, one, device_at=at(9).isoformat()))
    assert (kept.status_code, kept.json()["visit_state"]) == (200, "missed")


async def test_a_forgotten_check_out_becomes_an_exception_after_a_day(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    one = await attended_visit(platform)
    clock.set(at(9))
    await send(client, as_, one, "in", report(platform, one))
    clock.set(at(11))
    await look(platform, one)
    assert (await visit_now(platform, one)).state == "checked_in"
    clock.set(at(10) + timedelta(hours=24))
    await look(platform, one)
    visit = await visit_now(platform, one)
    assert (visit.state, visit.findings) == ("exception", ["no_check_out"])


async def test_of_a_crew_of_two_one_never_comes(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    async with transaction(platform.db) as tx:
        one = await an_attended_visit(platform, tx)
        bath = await a_visit(tx, one.elder, crew_size=2, window_start=at(13), window_end=at(14))
        mate = await a_performer(platform, tx, one.town.districts[0])
        pair = [
            await assign(tx, bath.id, who.id, starts_at=at(13), ends_at=at(14), member=member, actor=SYSTEM, now=at(9))
            for member, who in enumerate((one.performer, mate))
        ]
    crew = Attended(one.town, one.elder, bath, pair[0], one.performer, one.actor)
    await send_at(clock, at(13), client, as_, crew, "in", platform)
    await send_at(clock, at(14), client, as_, crew, "out", platform)
    assert (await visit_now(platform, crew)).state == "checked_in"  # the other may still be inside
    clock.set(at(15))
    await look(platform, crew)
    visit = await visit_now(platform, crew)
    assert (visit.state, visit.findings) == ("exception", ["crew_incomplete"])


async def test_staff_list_the_visits_of_their_region_page_by_page(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    async with transaction(platform.db) as tx:
        one = await an_attended_visit(platform, tx)
        other = await a_visit(tx, one.elder, window_start=at(14), window_end=at(15))
        here = await an_actor(platform, tx, Role.DISPATCHER, region=one.town.districts[0])
        there = await an_actor(platform, tx, Role.DISPATCHER, region=one.town.districts[1])
        regulator = await an_actor(platform, tx, Role.REGULATOR)

    async def listed(actor: Actor, query: str = "") -> dict[str, Any]:
        found: dict[str, Any] = (await client.get(f"/v1/visits{query}", headers=as_(actor))).json()
        return found

    assert [item["id"] for item in (await listed(here))["items"]] == [str(one.visit.id), str(other.id)]
    assert [item["id"] for item in (await listed(here, "?state=planned&day=2026-03-02"))["items"]] == [str(other.id)]
    assert (await listed(here, "?day=2026-03-03"))["items"] == []
    assert (await listed(there))["items"] == []
    page = await listed(here, "?limit=1")
    assert page["next_after"] == str(one.visit.id)
    rest = await listed(here, f"?limit=1&after={page['next_after']}")
    assert ([item["id"] for item in rest["items"]], rest["next_after"]) == ([str(other.id)], None)
    assert (await client.get("/v1/visits", headers=as_(regulator))).status_code == 403
    for query in ("?state=lost", "?day=2026-02-30", "?limit=0", "?after=x", "?district_id=1"):
        assert (await client.get(f"/v1/visits{query}", headers=as_(here))).status_code == 400


async def test_an_absent_caregivers_shift_is_withdrawn_by_those_who_may(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    async with transaction(platform.db) as tx:
        one = await an_attended_visit(platform, tx)
        shift = await a_shift(tx, one.performer, one.town.districts[0])
        here = await an_actor(platform, tx, Role.DISPATCHER, region=one.town.districts[0])
        there = await an_actor(platform, tx, Role.DISPATCHER, region=one.town.districts[1])
        account = await an_account(platform, tx, Role.PROVIDER)
    own = Actor(account.id, frozenset({Role.PROVIDER}), provider_id=one.performer.provider_id)
    other = Actor(account.id, frozenset({Role.PROVIDER}), provider_id=uuid4())
    path, why = f"/v1/shifts/{shift.id}/absent", {"reason": "ill this morning"}
    for actor, status in ((there, 404), (other, 404), (one.actor, 403)):
        assert (await client.post(path, json=why, headers=as_(actor))).status_code == status
    assert (await client.post(path, json={"reason": ""}, headers=as_(here))).status_code == 400
    assert (await client.post(path, json={}, headers=as_(here))).status_code == 400
    for actor in (own, here):  # the second finds it done
        told = await client.post(path, json=why, headers=as_(actor))
        assert (told.status_code, told.json()["state"]) == (200, "withdrawn")
    assert len(await messages(platform, "shift.withdrawn")) == 1
