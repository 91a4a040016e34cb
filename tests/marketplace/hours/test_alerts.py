"""What only a person can mend is an alert, once per cause, until somebody says what was done about it."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID, uuid4

import httpx

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.alerts.service import alerts_for, raise_alert
from marketplace.hours.books import member_account, pool_account
from marketplace.hours.jobs import cycle_due, debt_above_cap
from tests.builders import an_actor
from tests.conftest import MovableClock
from tests.marketplace.hours.builders import Bank, apply
from tests.marketplace.hours.conftest import OlderDatabases
from tests.marketplace.hours.test_cycles import HALF_PAST_MIDNIGHT, scene
from timebank import Command, Post, SetLimits, Transfer

Headers = Callable[[Actor], dict[str, str]]
Deliver = Callable[[Platform], Awaitable[int]]
DAY = timedelta(days=1)


async def overdrawn(platform: Platform, bank: Bank, minutes: int, *, key: str) -> None:
    """The second branch's member gives more than her branch may owe."""
    first, second = (district.id for district in bank.town.districts)
    vera = member_account(second, "account:vera")
    gift = Transfer(vera, pool_account(first), minutes)
    commands: list[Command] = [
        SetLimits(f"trust:{key}", vera, -1_000_000, None),
        Post(key, (gift,), "gift", key, platform.now()),
    ]
    await apply(platform, commands)


async def test_a_branch_above_its_cap_is_an_alert_until_an_operator_says_what_was_done(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient, as_: Headers
) -> None:
    bank = await scene(platform)
    cap = platform.policy.timebank.debt_cap_minutes
    second = bank.town.districts[1]
    async with transaction(platform.db) as tx:
        operator = await an_actor(platform, tx, Role.OPERATOR)
        own, foreign = [await an_actor(platform, tx, Role.OFFICER, region=one) for one in bank.town.districts[::-1]]
    for night in range(2):
        await overdrawn(platform, bank, cap + 200, key=f"much:{night}")
        clock.set(HALF_PAST_MIDNIGHT + night * DAY)
        await cycle_due(platform, Message(name="cycle.due", ids={}))
        ids = {"district_id": str(second.id), "day": f"2026-03-0{2 + night}"}
        for _ in range(2):  # delivered twice
            await debt_above_cap(platform, Message(name="cycle.debt_above_cap", ids=ids))
    (alert,) = (await client.get("/v1/ledger/alerts", headers=as_(own))).json()["items"]
    # she had 90; the second branch gave twice cap + 200
    assert (alert["figures"]["debt_minutes"], alert["times"]) == (2 * (cap + 200) - 90, 2)
    assert (alert["since"], alert["last_on"]) == ("2026-03-02", "2026-03-03")
    assert (await client.get("/v1/ledger/alerts", headers=as_(foreign))).json()["items"] == []
    path, note = f"/v1/ledger/alerts/{alert['id']}/close", {"note": "与该区商定下月补足"}
    assert (await client.post(path, json=note, headers=as_(own))).status_code == 403
    done = await client.post(path, json=note, headers=as_(operator))
    assert (done.status_code, done.json()["state"], done.json()["note"]) == (200, "closed", note["note"])
    again = await client.post(path, json=note, headers=as_(operator))
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    await debt_above_cap(platform, Message(name="cycle.debt_above_cap", ids=ids))  # once more, after it was closed
    assert (await client.get("/v1/ledger/alerts", headers=as_(operator))).json()["items"] == []


async def test_the_nights_message_reaches_the_alert(
    platform: Platform, clock: MovableClock, deliver_all: Deliver, client: httpx.AsyncClient, as_: Headers
) -> None:
    bank = await scene(platform)
    await overdrawn(platform, bank, platform.policy.timebank.debt_cap_minutes + 200, key="much")
    clock.set(HALF_PAST_MIDNIGHT)
    await deliver_all(platform)
    async with transaction(platform.db) as tx:
        operator = await an_actor(platform, tx, Role.OPERATOR)
    assert len((await client.get("/v1/ledger/alerts", headers=as_(operator))).json()["items"]) == 1


async def noticed(platform: Platform, subject: UUID, cause: str, day: int, *, height: int = 1) -> bool:
    """A link diverged, as a consumer would say it."""
    async with transaction(platform.db) as tx:
        on, now = date(2026, 3, day), platform.now()
        figures = {"reason": "sent_differs", "height": height}
        return await raise_alert(tx, "link_diverged", subject, cause=cause, figures=figures, day=on, now=now)


async def test_what_happens_again_renews_one_alert_and_each_cause_counts_once(platform: Platform) -> None:
    link = uuid4()
    raised = [await noticed(platform, link, cause, day, height=day) for cause, day in (("a", 2), ("b", 4), ("a", 5))]
    assert raised == [True, True, False]
    assert await noticed(platform, link, "late", 1, height=9)  # of an earlier day: counts, and its figures do not stand
    async with transaction(platform.db) as tx:
        (alert,) = await alerts_for(tx, actor=Actor.system(), state="open")
        assert (alert.times, alert.figures["height"]) == (3, 4)
        assert (alert.since, alert.last_on) == (date(2026, 3, 1), date(2026, 3, 4))


async def test_a_citys_alert_is_for_operators_and_opens_anew_when_it_happens_again(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    bank = await scene(platform)
    link = uuid4()
    await noticed(platform, link, "first", 2)
    async with transaction(platform.db) as tx:
        operator, regulator = [await an_actor(platform, tx, role) for role in (Role.OPERATOR, Role.REGULATOR)]
        officer = await an_actor(platform, tx, Role.OFFICER, region=bank.town.districts[0])
    (alert,) = (await client.get("/v1/ledger/alerts", headers=as_(regulator))).json()["items"]
    assert (alert["kind"], alert["subject"], alert["district_id"]) == ("link_diverged", str(link), None)
    assert (await client.get("/v1/ledger/alerts", headers=as_(officer))).json()["items"] == []
    path, note = f"/v1/ledger/alerts/{alert['id']}/close", {"note": "与对方核对后恢复"}
    told = [(await client.post(path, json=note, headers=as_(one))).status_code for one in (regulator, officer)]
    assert told == [403, 404]
    assert (await client.post(path, json=note, headers=as_(operator))).status_code == 200
    assert not await noticed(platform, link, "first", 2)  # its message once more
    assert await noticed(platform, link, "second", 2)
    (again,) = (await client.get("/v1/ledger/alerts", headers=as_(operator))).json()["items"]
    assert (again["times"], again["id"] != alert["id"]) == (1, True)


async def test_an_officer_closes_what_is_her_branchs_own(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    bank = await scene(platform)
    first, second = bank.town.districts
    async with transaction(platform.db) as tx:
        own, foreign = [await an_actor(platform, tx, Role.OFFICER, region=one) for one in (first, second)]
        await raise_alert(
            tx,
            "series_trouble",
            uuid4(),
            cause="2026-03-02",
            figures={"trouble": "no_hours_source"},
            district_id=first.id,
            now=platform.now(),
        )
    (alert,) = (await client.get("/v1/ledger/alerts", headers=as_(own))).json()["items"]
    path, note = f"/v1/ledger/alerts/{alert['id']}/close", {"note": "已向区资源池申请"}
    told = [(await client.post(path, json=note, headers=as_(one))).status_code for one in (foreign, own, own)]
    assert told == [404, 200, 409]


async def test_debts_of_an_older_database_are_taken_over_with_their_nights(older_database: OlderDatabases) -> None:
    older = await older_database("0016")
    region = uuid4()
    await older.connection.execute(
        "INSERT INTO region (id, level, code, name_zh, name_en, path, lon, lat)"
        " VALUES ($1, 'district', 'd', '区', 'D', 'd/', 0, 0)",
        region,
    )
    await older.connection.execute(
        "INSERT INTO debt_alert (id, district_id, debt_minutes, drawn_minutes, since, last_on, nights, state, version,"
        " opened_at) VALUES ($1, $2, 60310, 310, '2026-03-01', '2026-03-03', 3, 'open', 3, now())",
        uuid4(),
        region,
    )
    await older.upgrade()
    alert = await older.connection.fetchrow("SELECT * FROM alert")
    causes = await older.connection.fetch("SELECT cause FROM alert_cause ORDER BY cause")
    assert alert is not None
    assert (alert["kind"], alert["subject"], alert["times"]) == ("debt_above_cap", region, 3)
    assert alert["figures"] == '{"debt_minutes": 60310, "drawn_minutes": 310}'
    assert [row["cause"] for row in causes] == ["2026-03-01", "2026-03-02", "2026-03-03"]
