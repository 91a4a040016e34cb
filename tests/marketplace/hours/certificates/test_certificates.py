import asyncio
import base64
import csv
import dataclasses
import hashlib
import io
import json
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
from pypdf import PdfReader
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from marketplace.base.actor import Actor, Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.books import pool_account
from marketplace.hours.certificates.signing import is_signed
from marketplace.people.models import Account
from tests.builders import an_actor
from tests.marketplace.hours.builders import apply, balances, legs_of
from tests.marketplace.hours.certificates.builders import BODY, Campus, a_campus
from timebank import Post, Reverse, Transfer

Headers = Callable[[Actor], dict[str, str]]


async def issued(client: httpx.AsyncClient, as_: Headers, campus: Campus, **changes: object) -> httpx.Response:
    return await client.post(campus.path, json=BODY | changes, headers=as_(campus.student.actor))


async def reverse_task(platform: Platform, campus: Campus, place: int) -> None:
    key = f"task:{campus.tasks[place].id}:credit"
    await apply(platform, [Reverse(f"{key}:reversed", key, platform.now(), "dispute")])


async def test_hours_are_certified_spent_and_checked_by_anyone_without_a_name(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47, 60)
    answer = await issued(client, as_, campus)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["minutes"], made["total_minutes"], made["spent_minutes"]) == ({"companionship": 107}, 107, 107)
    assert (made["credits"], made["hours_per_credit"]) == (0, 40)
    # the case of decision 21: student -107, certified +107, in the branch's book alone
    branch = str(campus.district_id)
    assert await legs_of(platform, f"certificate:{made['id']}") == [
        (branch, "certified", 107),
        (branch, "member", -107),
    ]
    assert await balances(platform, campus.student.account) == [(0, 0)]
    # anybody: the code as a person may type it, no token
    public = await client.get(f"/v1/certificates/{made['code'].lower().replace('-', ' ')}")
    assert public.status_code == 200, public.text
    told = public.json()
    assert (told["status"], told["minutes"], told["total_minutes"]) == ("valid", {"companionship": 107}, 107)
    async with transaction(platform.db) as tx:
        name = (await tx.get_one(Account, campus.student.member.account_id)).name
        assert await prove(tx) == []
    for secret in (name, "2023001234", "示例大学", str(campus.student.member.id)):
        assert secret not in public.text
    (key,) = (await client.get("/v1/certificate-keys")).json()["items"]
    signature, public_key = base64.b64decode(told["signature"]), base64.b64decode(key["public_key"])
    assert key["id"] == told["key_id"]
    assert is_signed(told["signed"], signature, public_key)
    assert not is_signed(told["signed"].replace("107", "108"), signature, public_key)
    assert json.loads(told["signed"])["document_sha256"] == told["document_sha256"]


async def test_the_pdf_names_the_student_and_is_the_one_whose_hash_is_public(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    made = (await issued(client, as_, campus)).json()
    headers = as_(campus.student.actor) | {"Accept": "application/pdf"}
    answer = await client.get(f"{campus.path}/{made['id']}", headers=headers)
    assert answer.headers["content-type"] == "application/pdf"
    public = (await client.get(f"/v1/certificates/{made['code']}")).json()
    assert hashlib.sha256(answer.content).hexdigest() == public["document_sha256"]
    said = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    async with transaction(platform.db) as tx:
        name = (await tx.get_one(Account, campus.student.member.account_id)).name
    address = f"https://liuzhu.example/certificates/{made['code']}"
    for words in (name, "示例大学", "2023001234", "陪伴 companionship", "0:47", made["code"], made["key_id"], address):
        assert words in said, words


async def test_the_csv_has_a_row_per_category_and_the_total(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    made = (await issued(client, as_, campus, school="=HYPERLINK(1)")).json()
    answer = await client.get(f"{campus.path}/{made['id']}?format=csv", headers=as_(campus.student.actor))
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["category"], row["minutes"], row["hours"]) for row in rows] == [
        ("companionship", "47", "0:47"),
        ("total", "47", "0:47"),
    ]
    assert rows[0]["school"] == "'=HYPERLINK(1)"  # no spreadsheet runs it


async def test_each_minute_is_certified_once(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    campus = await a_campus(platform, 47, 60)
    first = (await issued(client, as_, campus, up_to_minutes=100)).json()
    second = (await issued(client, as_, campus)).json()
    assert (first["total_minutes"], second["total_minutes"]) == (100, 7)
    third = await issued(client, as_, campus)
    assert (third.status_code, third.json()["code"]) == (409, "nothing_to_certify")
    assert (third.json()["verified_minutes"], third.json()["certified_minutes"]) == (107, 107)


async def test_two_requests_at_once_do_not_certify_the_same_minute(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47, 60)
    answers = await asyncio.gather(*(issued(client, as_, campus, up_to_minutes=60) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]
    assert sum(answer.json().get("total_minutes", 0) for answer in answers) == 107
    async with transaction(platform.db) as tx:
        assert await tx.scalar(text("SELECT sum(until_minute - from_minute) FROM certified_minutes")) == 107
    assert await balances(platform, campus.student.account) == [(0, 0)]


async def test_the_database_itself_keeps_certified_minutes_single_verified_and_unchanged(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    made = (await issued(client, as_, campus)).json()
    insert = "INSERT INTO certified_minutes VALUES (:c, :t, :a, :b, false)"
    attacks = [
        (insert, 46, 47, "certified_once"),
        (insert, 47, 48, "verified minutes"),
        (insert, 5, 5, "certified_minutes_range"),
        ("UPDATE certified_minutes SET until_minute = 1", 0, 0, "and stay"),
        ("DELETE FROM certified_minutes", 0, 0, "and stay"),
    ]
    for attack, start, end, why in attacks:
        row = {"c": UUID(made["id"]), "t": campus.tasks[0].id, "a": start, "b": end}
        with pytest.raises(DBAPIError, match=why):
            await attacked(platform, attack, row if ":c" in attack else {})


async def attacked(platform: Platform, attack: str, row: dict[str, object]) -> None:
    async with transaction(platform.db) as tx:
        await tx.execute(text(attack), row)


async def test_who_spent_her_minutes_is_told_what_is_short_and_nothing_changes(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47, 60)
    gift = Transfer(campus.student.account, pool_account(campus.district_id), 10)
    await apply(platform, [Post("gift", (gift,), "gift", "gift", platform.now())])
    answer = await issued(client, as_, campus)
    assert (answer.status_code, answer.json()["code"]) == (409, "minutes_spent")
    assert (answer.json()["needed_minutes"], answer.json()["available_minutes"]) == (107, 97)
    assert await balances(platform, campus.student.account) == [(97, 0)]
    assert (await issued(client, as_, campus, up_to_minutes=97)).status_code == 201


async def test_where_the_rules_say_so_certified_minutes_stay_spendable(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    rules = platform.policy.timebank
    students = rules.students.model_copy(update={"stays_spendable": True})
    policy = platform.policy.model_copy(update={"timebank": rules.model_copy(update={"students": students})})
    client._transport.app.state.platform = dataclasses.replace(platform, policy=policy)  # type: ignore[attr-defined]
    made = (await issued(client, as_, campus)).json()
    assert (made["total_minutes"], made["spent_minutes"]) == (47, 0)
    assert await balances(platform, campus.student.account) == [(47, 0)]
    assert (await issued(client, as_, campus)).json()["code"] == "nothing_to_certify"


async def test_a_revoked_certificate_gives_its_minutes_back(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    made = (await issued(client, as_, campus)).json()
    path, why = f"/v1/certificates/{made['id']}/revoke", {"reason": "学号有误"}
    assert (await client.post(path, json=why, headers=as_(campus.student.actor))).status_code == 403
    assert (await client.post(path, json=why, headers=as_(campus.foreign))).status_code == 404
    gone = await client.post(path, json=why, headers=as_(campus.officer))
    assert (gone.status_code, gone.json()["status"], gone.json()["revoked_reason"]) == (200, "revoked", "学号有误")
    again = await client.post(path, json=why, headers=as_(campus.officer))
    assert (again.status_code, again.json()["code"]) == (409, "certificate_not_in_force")
    public = (await client.get(f"/v1/certificates/{made['code']}")).json()
    assert public["status"] == "revoked"
    assert "学号有误" not in json.dumps(public, ensure_ascii=False)
    assert await balances(platform, campus.student.account) == [(47, 0)]
    assert (await issued(client, as_, campus)).json()["total_minutes"] == 47


async def test_a_certificate_is_reissued_with_the_right_number_in_one_step(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    old = (await issued(client, as_, campus)).json()
    body = {"reason": "学号有误", "student_number": "2023009999"}
    answer = await client.post(f"/v1/certificates/{old['id']}/reissue", json=body, headers=as_(campus.officer))
    assert answer.status_code == 201, answer.text
    new = answer.json()
    assert (new["replaces"], new["total_minutes"], new["spent_minutes"]) == (old["id"], 47, 47)
    pdf = await client.get(f"{campus.path}/{new['id']}?format=pdf", headers=as_(campus.student.actor))
    assert "2023009999" in PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    listed = (await client.get(campus.path, headers=as_(campus.student.actor))).json()["items"]
    assert [(one["id"], one["status"]) for one in listed] == [(new["id"], "valid"), (old["id"], "revoked")]
    assert await balances(platform, campus.student.account) == [(0, 0)]
    async with transaction(platform.db) as tx:
        assert await prove(tx) == []


async def test_a_certificate_whose_hours_were_taken_back_is_questioned_and_reissued_without_them(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47, 60)
    made = (await issued(client, as_, campus)).json()
    await reverse_task(platform, campus, 1)
    assert (await client.get(f"/v1/certificates/{made['code']}")).json()["status"] == "questioned"
    path = f"/v1/certificates?district_id={campus.district_id}"
    listed = (await client.get(path, headers=as_(campus.officer))).json()["items"]
    assert [one["id"] for one in listed] == [made["id"]]
    body = {"reason": "hours taken back"}
    new = await client.post(f"/v1/certificates/{made['id']}/reissue", json=body, headers=as_(campus.officer))
    assert (new.status_code, new.json()["total_minutes"]) == (201, 47)
    assert await balances(platform, campus.student.account) == [(0, 0)]
    assert (await client.get(path, headers=as_(campus.officer))).json()["items"] == []


async def test_hours_that_were_taken_back_are_not_certified(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47, 60)
    await reverse_task(platform, campus, 0)
    assert (await issued(client, as_, campus)).json()["total_minutes"] == 60


async def test_old_certificates_stay_verifiable_after_a_change_of_key(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47, 60)
    old = (await issued(client, as_, campus, up_to_minutes=47)).json()
    settings = dataclasses.replace(platform.settings, certificate_key=b"d" * 32)
    client._transport.app.state.platform = dataclasses.replace(  # type: ignore[attr-defined]
        platform, settings=settings, parts={}
    )
    new = (await issued(client, as_, campus)).json()
    assert new["key_id"] != old["key_id"]
    keys = {key["id"]: key["public_key"] for key in (await client.get("/v1/certificate-keys")).json()["items"]}
    for made in (old, new):
        told = (await client.get(f"/v1/certificates/{made['code']}")).json()
        key = base64.b64decode(keys[told["key_id"]])
        assert is_signed(told["signed"], base64.b64decode(told["signature"]), key)


async def test_without_a_key_nothing_is_issued(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    campus = await a_campus(platform, 47)
    settings = dataclasses.replace(platform.settings, certificate_key=None)
    client._transport.app.state.platform = dataclasses.replace(  # type: ignore[attr-defined]
        platform, settings=settings, parts={}
    )
    answer = await issued(client, as_, campus)
    assert (answer.status_code, answer.json()["code"]) == (409, "signing_key_missing")
    assert await balances(platform, campus.student.account) == [(47, 0)]


async def test_what_cannot_be_certified_is_refused_by_name(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    wrong: list[tuple[dict[str, object], int, str]] = [
        ({"since": "2026-03-06"}, 400, "period_to_certify"),
        ({"until": "2030-01-01"}, 400, "period_to_certify"),
        ({"since": "1990-01-01"}, 400, "period_to_certify"),
        ({"since": "2026-02-01", "until": "2026-02-28"}, 409, "nothing_to_certify"),
        ({"up_to_minutes": 0}, 400, "malformed"),
        ({"student_number": "学号"}, 400, "malformed"),
        ({"school": ""}, 400, "malformed"),
    ]
    for changes, status, code in wrong:
        answer = await issued(client, as_, campus, **changes)
        assert (answer.status_code, answer.json()["code"]) == (status, code), changes
    assert await balances(platform, campus.student.account) == [(47, 0)]


async def test_a_stranger_neither_asks_nor_reads(platform: Platform, client: httpx.AsyncClient, as_: Headers) -> None:
    campus = await a_campus(platform, 47)
    made = (await issued(client, as_, campus)).json()
    async with transaction(platform.db) as tx:
        stranger = await an_actor(platform, tx, Role.VOLUNTEER)
    for actor in (stranger, campus.foreign):
        assert (await client.post(campus.path, json=BODY, headers=as_(actor))).status_code == 404
        assert (await client.get(f"{campus.path}/{made['id']}?format=pdf", headers=as_(actor))).status_code == 404
    assert (await client.get("/v1/certificates/0000-0000-0000-0000")).status_code == 404


async def test_a_request_that_is_repeated_with_its_key_is_answered_again(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    headers = as_(campus.student.actor)
    first, second = [await client.post(campus.path, json=BODY, headers=headers) for _ in range(2)]
    assert first.json() == second.json()
