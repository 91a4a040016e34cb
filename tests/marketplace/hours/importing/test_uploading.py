"""Over the API: a report, the commit of exactly what it promised, and how far it is."""

import dataclasses
from collections.abc import Awaitable, Callable

import httpx
import pytest

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.importing.errors import ReportStale
from marketplace.hours.importing.report import Files, judge
from tests.builders import an_actor
from tests.marketplace.hours.importing.builders import BALANCES, BANK, a_city, body_of, counts, files_with, imported

Headers = Callable[[Actor], dict[str, str]]
Deliver = Callable[[Platform], Awaitable[int]]


async def test_an_operator_uploads_reads_the_report_and_a_job_commits_what_it_promised(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, deliver_all: Deliver
) -> None:
    await a_city(platform)
    async with transaction(platform.db) as tx:
        operator, officer = [await an_actor(platform, tx, role) for role in (Role.OPERATOR, Role.OFFICER)]
    before = await counts(platform)
    assert (await client.post("/v1/imports/dry-run", json=body_of(BANK), headers=as_(officer))).status_code == 403
    report = (await client.post("/v1/imports/dry-run", json=body_of(BANK), headers=as_(operator))).json()
    assert (report["problems"], report["members"]) == ([], {"elder": 1, "individual": 3})
    assert (report["entries"], report["minutes"], report["done"]) == (5, 290, False)
    assert await counts(platform) == before
    wrong = await client.post("/v1/imports", json=body_of(BANK) | {"token": "0" * 64}, headers=as_(operator))
    assert (wrong.status_code, wrong.json()["code"]) == (409, "report_stale")
    body, headers = body_of(BANK) | {"token": report["token"]}, as_(operator)
    first, again = [await client.post("/v1/imports", json=body, headers=headers) for _ in range(2)]
    assert (first.status_code, first.json()["minutes"], first.json()["state"]) == (202, 290, "running")
    assert again.json() == first.json()
    address = first.headers["location"]
    assert (address, first.json()["done_steps"]) == (first.json()["address"], 0)
    assert (await client.get(address, headers=as_(officer))).status_code == 403
    await deliver_all(platform)
    seen = (await client.get(address, headers=as_(operator))).json()
    assert (seen["state"], seen["done_steps"], seen["trouble"]) == ("done", seen["steps"], None)
    assert (await client.get("/v1/imports", headers=as_(operator))).json() == [seen]
    assert (await counts(platform))["imported_member"] == 4
    late = await client.post("/v1/imports", json=body, headers=as_(operator))
    assert (late.status_code, late.json()) == (202, seen)
    assert (await client.get(f"/v1/imports/{operator.account_id}", headers=as_(operator))).status_code == 404
    assert (await client.post("/v1/imports/dry-run", json=body_of(BANK), headers=as_(operator))).json()["done"]


async def test_a_report_names_every_problem_and_gives_no_token(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    await a_city(platform)
    async with transaction(platform.db) as tx:
        operator = await an_actor(platform, tx, Role.OPERATOR)
    body = body_of(Files(files_with(balances=BALANCES.replace("V,90", "V,91"))))
    report = (await client.post("/v1/imports/dry-run", json=body, headers=as_(operator))).json()
    assert (report["token"], report["problems_total"]) == (None, 1)
    assert report["problems"][0] == {
        "file": "balances.csv",
        "line": 3,
        "column": "minutes",
        "code": "balance_differs",
        "zh": "余额 91 与历史合计 90 不符",
        "en": "the balance is 91, its history makes 90",
    }
    broken = await client.post("/v1/imports/dry-run", json=body | {"members": "=="}, headers=as_(operator))
    assert (broken.status_code, broken.json()["code"]) == (400, "not_base64")


async def test_a_token_is_of_one_report_alone(platform: Platform) -> None:
    await a_city(platform)
    async with transaction(platform.db) as tx:
        judged = await judge(tx, platform.vault, BANK, policy=platform.policy, now=platform.now())
    with pytest.raises(ReportStale):
        await imported(platform, Files(files_with(history=None)), token=judged.report.token)
    policy = platform.policy.model_copy(update={"version": 2})
    with pytest.raises(ReportStale):
        await imported(dataclasses.replace(platform, policy=policy), token=judged.report.token)
    assert (await imported(platform, token=judged.report.token)).minutes == 290
