"""A certificate is issued, printed, and checked by anybody without a name; who may not is told so."""

import base64
import csv
import hashlib
import io
import json

import httpx
from pypdf import PdfReader

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from marketplace.hours.certificates.signing import is_signed
from marketplace.people.models import Account
from tests.builders import an_actor
from tests.marketplace.hours.builders import a_person, balances, legs_of
from tests.marketplace.hours.certificates.builders import BODY, Headers, a_campus, issued, prove_student


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
    campus = await a_campus(platform, 47, school="=HYPERLINK(1)")
    made = (await issued(client, as_, campus, school=None)).json()
    answer = await client.get(f"{campus.path}/{made['id']}?format=csv", headers=as_(campus.student.actor))
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["category"], row["minutes"], row["hours"]) for row in rows] == [
        ("companionship", "47", "0:47"),
        ("total", "47", "0:47"),
    ]
    assert rows[0]["school"] == "'=HYPERLINK(1)"  # no spreadsheet runs it


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
        ({"student_number": ""}, 400, "malformed"),
        ({"school": ""}, 400, "malformed"),
        ({"student_number": "2023001235"}, 409, "student_differs"),
        ({"school": "示例学院"}, 409, "student_differs"),
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


async def test_school_and_number_are_those_of_the_membership(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    differs = (await issued(client, as_, campus, school="示例学院")).json()
    assert differs["errors"][0]["pointer"] == "/school"
    assert differs["detail"] == "The school differs from her membership's: correct that first, then ask again."
    made = (await issued(client, as_, campus, school=None, student_number=None)).json()
    answer = await client.get(f"{campus.path}/{made['id']}?format=csv", headers=as_(campus.student.actor))
    (row, _) = csv.DictReader(io.StringIO(answer.text))
    assert (row["school"], row["student_number"]) == ("示例大学", "2023001234")


async def test_who_is_no_student_joins_as_one_first(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    async with transaction(platform.db) as tx:
        other = await a_person(platform, tx, campus.bank)
    path = f"/v1/members/{other.member.id}/certificates"
    answer = await client.post(path, json=BODY, headers=as_(other.actor))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_student")
    student = {"student": {"school": "示例大学", "number": "77"}, "district_id": str(campus.district_id), "gender": "f"}
    assert (await client.post("/v1/members", json=student, headers=as_(other.actor))).status_code == 201
    answer = await client.post(path, json=BODY | {"student_number": "77"}, headers=as_(other.actor))
    assert (answer.status_code, answer.json()["code"]) == (409, "student_not_proved")
    async with transaction(platform.db) as tx:
        await prove_student(tx, other, campus.officer, now=platform.now())
    answer = await client.post(path, json=BODY | {"student_number": "77"}, headers=as_(other.actor))
    assert answer.json()["code"] == "nothing_to_certify"
