import asyncio
import csv
import io
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, text

import timebank
from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.members.joining import Attending, join
from marketplace.hours.members.words import in_words
from marketplace.hours.models import Member
from marketplace.people.accounts import actor_of
from tests.builders import an_account, an_actor, an_elder
from tests.marketplace.hours.builders import (
    SYSTEM,
    TEN,
    Bank,
    Person,
    a_bank,
    a_member_elder,
    a_person,
    a_task,
    give,
    serve,
)

Headers = Callable[[Actor], dict[str, str]]


async def bank_of(platform: Platform) -> Bank:
    async with transaction(platform.db) as tx:
        return await a_bank(platform, tx)


async def earned(platform: Platform, minutes: int = 60) -> tuple[Bank, Person]:
    """A volunteer who served an elder of her own branch."""
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder, _ = await a_member_elder(platform, tx, bank, minutes=60)
        volunteer = await a_person(platform, tx, bank)
        task = await a_task(platform, tx, elder)
    await serve(platform, task, volunteer, minutes)
    return bank, volunteer


async def test_joining_opens_an_account_in_the_home_branch(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    bank = await bank_of(platform)
    async with transaction(platform.db) as tx:
        actor = await an_actor(platform, tx, Role.VOLUNTEER)
    body = {"district_id": str(bank.town.districts[1].id), "gender": "m", "mode": "ebike", "skills": ["escort"]}
    for _ in range(2):
        answer = await client.post("/v1/members", json=body, headers=as_(actor))
        assert answer.status_code == 201, answer.text
    assert answer.json()["kind"] == "individual"
    assert answer.json()["performer_id"] is not None
    async with transaction(platform.db) as tx:
        member = (await tx.scalars(select(Member))).one()
        balance = await timebank.balance(tx, member.ledger_account, now=platform.now())
    assert (balance.book, balance.floor, balance.cap) == (body["district_id"], 0, 90_000)


async def test_an_account_joins_once_however_many_ask_at_once(platform: Platform) -> None:
    bank = await bank_of(platform)
    async with transaction(platform.db) as tx:
        account = await an_account(platform, tx, Role.VOLUNTEER)

    async def joins() -> Member:
        async with transaction(platform.db) as tx:
            return await join(
                tx,
                account.id,
                district_id=bank.town.districts[0].id,
                rules=platform.policy.timebank,
                actor=SYSTEM,
                now=platform.now(),
                attending=Attending(gender="f"),
            )

    members = await asyncio.gather(*(joins() for _ in range(5)))
    assert len({member.id for member in members}) == 1
    async with transaction(platform.db) as tx:
        assert await tx.scalar(select(func.count()).select_from(Member)) == 1
        assert await tx.scalar(text("SELECT count(*) FROM performer")) == 1


async def test_a_volunteers_gender_must_be_known(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    bank = await bank_of(platform)
    async with transaction(platform.db) as tx:
        actor = await an_actor(platform, tx, Role.VOLUNTEER)
    body = {"district_id": str(bank.town.districts[0].id)}
    answer = await client.post("/v1/members", json=body, headers=as_(actor))
    assert (answer.status_code, answer.json()["code"]) == (400, "gender_missing")
    async with transaction(platform.db) as tx:
        assert await tx.scalar(select(func.count()).select_from(Member)) == 0


async def test_an_elder_with_an_account_is_one_member(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        account = await an_account(platform, tx, Role.ELDER)
        elder = await an_elder(platform, tx, bank.town.communities[1], account=account)
        # the elder's district is her branch, whatever is asked for
        person = await a_person(platform, tx, bank, account=account, district=0)
    assert person.member.kind == "elder"
    assert (person.member.elder_id, person.member.district_id) == (elder.id, elder.district_id)


async def test_an_elder_joins_without_naming_her_district(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        account = await an_account(platform, tx, Role.ELDER)
        elder = await an_elder(platform, tx, bank.town.communities[1], account=account)
        actor = await actor_of(tx, account)
    answer = await client.post("/v1/members", json={}, headers=as_(actor))
    assert (answer.status_code, answer.json()["elder_id"]) == (201, str(elder.id))


async def test_an_officer_lets_an_elder_join_and_a_stranger_cannot(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    async with transaction(platform.db) as tx:
        bank = await a_bank(platform, tx)
        elder = await an_elder(platform, tx, bank.town.communities[0])
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
        foreign = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[1])
    body = {"elder_id": str(elder.id)}
    assert (await client.post("/v1/members", json=body, headers=as_(foreign))).status_code == 404
    answer = await client.post("/v1/members", json=body, headers=as_(officer))
    assert (answer.status_code, answer.json()["kind"]) == (201, "elder")


async def test_ones_hours_are_told_in_minutes_and_in_words(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    _, volunteer = await earned(platform, 47)
    answer = (await client.get("/v1/me/hours", headers=as_(volunteer.actor))).json()
    assert (answer["balance_minutes"], answer["held_minutes"], answer["available_minutes"]) == (47, 0, 47)
    assert [entry["words"] for entry in answer["entries"]] == ["47 minutes earned by companionship"]
    chinese = as_(volunteer.actor) | {"Accept-Language": "zh-CN"}
    answer = (await client.get("/v1/me/hours", headers=chinese)).json()
    assert answer["entries"][0]["words"] == "志愿服务（陪伴）获得 47 分钟"


async def test_who_is_no_member_has_no_hours(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    async with transaction(platform.db) as tx:
        actor = await an_actor(platform, tx, Role.FAMILY)
    assert (await client.get("/v1/me/hours", headers=as_(actor))).status_code == 404


async def test_a_statement_adds_up_and_its_days_are_the_citys(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    bank, volunteer = await earned(platform)
    # 23:59 on the 3rd and 00:01 on the 4th in the city, both the 3rd in UTC
    for at in (TEN + timedelta(hours=13, minutes=59), TEN + timedelta(hours=14, minutes=1)):
        platform.clock.set(at)  # type: ignore[attr-defined]
        async with transaction(platform.db) as tx:
            await give(platform, tx, bank, volunteer.account, 5)
    address = f"/v1/members/{volunteer.member.id}/statement"
    found = (await client.get(f"{address}?from=2026-03-03&to=2026-03-03", headers=as_(volunteer.actor))).json()
    assert (found["opening_minutes"], found["closing_minutes"]) == (0, 65)
    assert [entry["minutes"] for entry in found["entries"]] == [60, 5]
    found = (await client.get(f"{address}?from=2026-03-04&to=2026-03-04", headers=as_(volunteer.actor))).json()
    assert (found["opening_minutes"], found["closing_minutes"]) == (65, 70)


async def test_a_statement_comes_as_csv_on_demand(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    _, volunteer = await earned(platform)
    headers = as_(volunteer.actor) | {"Accept": "text/csv"}
    answer = await client.get(f"/v1/members/{volunteer.member.id}/statement", headers=headers)
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["minutes"], row["balance_after_minutes"], row["kind"]) == ("60", "60", "task")


async def test_a_statement_is_for_the_member_the_branchs_officers_and_the_operator(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    bank, volunteer = await earned(platform)
    async with transaction(platform.db) as tx:
        own, foreign = [await an_actor(platform, tx, Role.OFFICER, region=district) for district in bank.town.districts]
        operator = await an_actor(platform, tx, Role.OPERATOR)
        regulator = await an_actor(platform, tx, Role.REGULATOR)
        other = await a_person(platform, tx, bank)
    address = f"/v1/members/{volunteer.member.id}/statement"
    seen = {
        name: (await client.get(address, headers=as_(actor))).status_code
        for name, actor in {
            "member": volunteer.actor,
            "own officer": own,
            "operator": operator,
            "foreign officer": foreign,
            "regulator": regulator,
            "other member": other.actor,
        }.items()
    }
    assert seen == {
        "member": 200,
        "own officer": 200,
        "operator": 200,
        "foreign officer": 404,
        "regulator": 404,
        "other member": 404,
    }
    async with transaction(platform.db) as tx:
        readers = (await tx.scalars(text("SELECT actor_id FROM audit WHERE action = 'statement.read'"))).all()
    assert sorted(map(str, readers)) == sorted(map(str, (own.account_id, operator.account_id)))


@pytest.mark.parametrize("query", ["from=2026-03-05&to=2026-03-04", "from=2015-01-01&to=2026-03-04", "from=soon"])
async def test_a_period_that_cannot_be_is_refused(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, query: str
) -> None:
    bank = await bank_of(platform)
    async with transaction(platform.db) as tx:
        person = await a_person(platform, tx, bank)
        actor = await actor_of(tx, await an_account(platform, tx, Role.OPERATOR))
    answer = await client.get(f"/v1/members/{person.member.id}/statement?{query}", headers=as_(actor))
    assert answer.status_code == 400


def test_an_unknown_kind_of_entry_is_still_told_in_words() -> None:
    assert in_words("something_new", -5, None, "en") == "5 minutes given"
    assert in_words("task", -30, "shopping", "zh") == "接受服务（代购）支出 30 分钟"
