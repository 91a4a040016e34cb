"""Certificates are revoked, questioned and reissued."""

import io
import json

import httpx
from pypdf import PdfReader

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.audit import prove
from tests.marketplace.hours.builders import balances
from tests.marketplace.hours.certificates.builders import Headers, a_campus, issued, reverse_task


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
    path, headers = f"/v1/certificates/{old['id']}/reissue", as_(campus.officer)
    body = {"reason": "学号有误", "student_number": "2023009999"}
    early = await client.post(path, json=body, headers=headers)
    assert (early.status_code, early.json()["code"]) == (409, "student_differs")  # her membership first
    right, changes = (
        {"school": "示例大学", "number": "2023009999"},
        campus.path.replace("certificates", "student-changes"),
    )
    asked = (await client.post(changes, json=right, headers=as_(campus.student.actor))).json()
    confirm = f"{changes}/{asked['id']}/confirm"
    assert (await client.post(confirm, json={"proof": "student_card"}, headers=as_(campus.officer))).status_code == 200
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
