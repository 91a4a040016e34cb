from collections.abc import Callable

import httpx

from marketplace.base.actor import Actor
from marketplace.base.platform import Platform
from tests.marketplace.hours.certificates.builders import BODY, a_campus

Headers = Callable[[Actor], dict[str, str]]


async def test_anybody_checks_a_certificate_on_a_page_that_names_nobody(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    campus = await a_campus(platform, 47)
    made = (await client.post(campus.path, json=BODY, headers=as_(campus.student.actor))).json()
    code = made["code"]
    for language, words in (("zh", ("有效", "陪伴")), ("en", ("Valid", "companionship"))):
        for address in (f"/certificates/{code}?lang={language}", f"/certificates?code={code}&lang={language}"):
            shown = await client.get(address)
            assert shown.status_code == 200
            for part in (*words, code, made["document_sha256"], "0:47"):
                assert part in shown.text, part
            assert "2023001234" not in shown.text
    await client.post(f"/v1/certificates/{made['id']}/revoke", json={"reason": "ab"}, headers=as_(campus.officer))
    for language, word in (("zh", "已撤销"), ("en", "Revoked")):
        assert word in (await client.get(f"/certificates/{code}?lang={language}")).text


async def test_an_unknown_code_is_told_so_and_the_form_offered(client: httpx.AsyncClient) -> None:
    assert (await client.get("/certificates")).status_code == 200
    shown = await client.get("/certificates/<b>nonsense")
    assert (shown.status_code, "<b>nonsense" in shown.text) == (404, False)
    assert "没有此编号的证书" in shown.text
