import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.people.access import give_access
from marketplace.people.accounts import actor_of
from marketplace.people.grants import grant
from marketplace.people.models import Elder
from marketplace.people.schemas import GrantIn
from marketplace.providers.models import Provider
from marketplace.quality.models import Rating
from tests.builders import a_town, an_account, an_actor, an_elder
from tests.marketplace.providers.builders import a_provider, an_admin
from tests.marketplace.quality.builders import a_booking

As = Callable[[Actor], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Scene:
    """A served booking that a family member made for an elder, and everybody around it."""

    provider: Provider
    elder: Elder
    booking_id: UUID
    booker: Actor
    herself: Actor
    officer: Actor
    admin: Actor

    @property
    def path(self) -> str:
        return f"/v1/bookings/{self.booking_id}/rating"


async def a_scene(platform: Platform, *, state: str = "completed") -> Scene:
    async with transaction(platform.db) as tx:
        town = await a_town(tx)
        provider = await a_provider(platform, tx, town.districts[0])
        own, booker = await an_account(platform, tx, Role.ELDER), await an_account(platform, tx, Role.FAMILY)
        elder = await an_elder(platform, tx, town.communities[0], account=own)
        booking = await a_booking(platform, tx, provider, elder, booker, state=state)
        return Scene(
            provider=provider,
            elder=elder,
            booking_id=booking.id,
            booker=await actor_of(tx, booker),
            herself=await actor_of(tx, own),
            officer=await an_actor(platform, tx, Role.OFFICER, region=town.districts[0]),
            admin=await an_admin(platform, tx, provider),
        )


async def tally(platform: Platform, scene: Scene) -> tuple[int, int]:
    async with transaction(platform.db) as tx:
        provider = await tx.get_one(Provider, scene.provider.id)
        return provider.rating_sum, provider.rating_count


async def test_a_rating_counts_once_and_shows_in_the_providers_mean(
    platform: Platform, client: httpx.AsyncClient, as_: As
) -> None:
    scene = await a_scene(platform)
    rated = await client.post(scene.path, headers=as_(scene.booker), json={"stars": 5, "comment": "守时"})
    assert (rated.status_code, rated.json()["stars"], rated.json()["comment"]) == (201, 5, "守时")
    provider = await client.get(f"/v1/providers/{scene.provider.id}", headers=as_(scene.booker))
    assert provider.json()["rating"] == {"mean": 4.09, "count": 1}  # (40 + 5) / 11
    again = await client.post(scene.path, headers=as_(scene.herself), json={"stars": 1})
    assert (again.status_code, again.json()["code"]) == (409, "already_rated")
    assert await tally(platform, scene) == (5, 1)


async def test_two_ratings_at_once_leave_one(platform: Platform, client: httpx.AsyncClient, as_: As) -> None:
    scene = await a_scene(platform)
    answers = await asyncio.gather(
        client.post(scene.path, headers=as_(scene.booker), json={"stars": 5}),
        client.post(scene.path, headers=as_(scene.herself), json={"stars": 3}),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert (await tally(platform, scene))[1] == 1


async def test_a_repeated_request_rates_once(platform: Platform, client: httpx.AsyncClient, as_: As) -> None:
    scene = await a_scene(platform)
    headers = as_(scene.booker)
    first, second = [await client.post(scene.path, headers=headers, json={"stars": 4}) for _ in range(2)]
    assert first.json() == second.json()
    assert await tally(platform, scene) == (4, 1)


async def test_family_with_a_standing_grant_may_rate_and_with_a_past_one_not(
    platform: Platform, client: httpx.AsyncClient, as_: As
) -> None:
    scene = await a_scene(platform)
    async with transaction(platform.db) as tx:
        family = await an_actor(platform, tx, Role.FAMILY)
        assert family.account_id is not None
        until = platform.now() + timedelta(days=1)
        data = GrantIn(account_id=family.account_id, relation="child", scopes=("view",), until=until)
        await grant(tx, scene.elder.id, data, actor=scene.herself, now=platform.now())
    platform.clock.set(until)  # type: ignore[attr-defined]  # the tests' clock moves
    late = await client.post(scene.path, headers=as_(family), json={"stars": 5})
    assert late.status_code == 404
    platform.clock.set(until - timedelta(seconds=1))  # type: ignore[attr-defined]
    assert (await client.post(scene.path, headers=as_(family), json={"stars": 5})).status_code == 201


async def test_staff_and_the_caregiver_may_know_of_it_but_not_rate(
    platform: Platform, client: httpx.AsyncClient, as_: As
) -> None:
    scene = await a_scene(platform)
    async with transaction(platform.db) as tx:
        caregiver = await an_actor(platform, tx, Role.CAREGIVER)
        assert caregiver.account_id is not None
        await give_access(
            tx,
            scene.elder.id,
            caregiver.account_id,
            "view",
            since=platform.now(),
            until=None,
            because="assignment:test",
        )
    for who in (scene.officer, caregiver):
        assert (await client.post(scene.path, headers=as_(who), json={"stars": 5})).status_code == 403
    assert await tally(platform, scene) == (0, 0)


async def test_strangers_and_the_providers_admin_find_no_booking_to_rate(
    platform: Platform, client: httpx.AsyncClient, as_: As
) -> None:
    scene = await a_scene(platform)
    async with transaction(platform.db) as tx:
        stranger = await an_actor(platform, tx, Role.FAMILY)
    for who in (stranger, scene.admin):
        assert (await client.post(scene.path, headers=as_(who), json={"stars": 5})).status_code == 404
        assert (await client.get(scene.path, headers=as_(who))).status_code == 404
    missing = await client.post(f"/v1/bookings/{uuid4()}/rating", headers=as_(scene.booker), json={"stars": 5})
    assert missing.status_code == 404


@pytest.mark.parametrize("state", ["confirmed", "in_service", "cancelled", "failed"])
async def test_what_was_not_served_is_not_rated(
    platform: Platform, client: httpx.AsyncClient, as_: As, state: str
) -> None:
    scene = await a_scene(platform, state=state)
    answer = await client.post(scene.path, headers=as_(scene.booker), json={"stars": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_served")
    assert await tally(platform, scene) == (0, 0)


async def test_the_words_lie_sealed_and_are_read_by_who_may(
    platform: Platform, client: httpx.AsyncClient, as_: As
) -> None:
    scene = await a_scene(platform)
    words = "请打 19900007777 找陈阿婆"
    await client.post(scene.path, headers=as_(scene.booker), json={"stars": 2, "comment": words})
    async with transaction(platform.db) as tx:
        (rating,) = await tx.scalars(select(Rating))
    assert rating.comment_sealed is not None
    assert b"19900007777" not in rating.comment_sealed
    for who in (scene.booker, scene.herself, scene.officer):
        assert (await client.get(scene.path, headers=as_(who))).json()["comment"] == words


@pytest.mark.parametrize(
    "body",
    [
        {"stars": 0},
        {"stars": 6},
        {"stars": -1},
        {"stars": 10**30},
        {"stars": 4.5},
        {"stars": "five"},
        {"stars": None},
        {"stars": 5, "comment": "x" * 501},
        {"stars": 5, "provider_id": str(uuid4())},
        {},
        [],
        "five",
    ],
)
async def test_a_malformed_rating_is_refused(platform: Platform, client: httpx.AsyncClient, as_: As, body: Any) -> None:
    scene = await a_scene(platform)
    answer = await client.post(scene.path, headers=as_(scene.booker), json=body)
    assert answer.status_code == 400, answer.text
    assert await tally(platform, scene) == (0, 0)
