from collections.abc import Callable

import httpx
import pytest

from marketplace.base.actor import Actor
from marketplace.base.platform import Platform
from tests.marketplace.hours.certificates.builders import BODY, a_campus

Headers = Callable[[Actor], dict[str, str]]


@pytest.mark.parametrize(("language", "words"), [("zh", ("有效", "陪伴")), ("en", ("Valid", "companionship"))])
async def test_anybody_checks_a_certificate_on_a_page_that_names_nobody(
    platform: Platform, client: httpx.AsyncClient, as_: Headers, language: str, words: tuple[str, str]
) -> None:
    campus = await a_campus(platform, 47)
    made = (await client.post(campus.path, json=BODY, headers=as_(campus.student.actor))).json()
    for address in (
        f"/certificates/{made['code']}?lang={language}",
        f"/certificates?code={made['code']}&lang={language}",
    ):
        shown = await client.get(address)
        assert shown.status_code == 200
        for part in (*words, made["code"], made["document_sha256"], "0:47"):
            assert part in shown.text, part
        assert "2023001234" not in shown.text
    await client.post(f"/v1/certificates/{made['id']}/revoke", json={"reason": "ab"}, headers=as_(campus.officer))
    shown = await client.get(f"/certificates/{made['code']}?lang={language}")
    assert ("已撤销" if language == "zh" else "Revoked") in shown.text


async def test_an_unknown_code_is_told_so_and_the_form_offered(client: httpx.AsyncClient) -> None:
    assert (await client.get("/certificates")).status_code == 200
    shown = await client.get("/certificates/<b>nonsense")
    assert (shown.status_code, "<b>nonsense" in shown.text) == (404, False)
    assert "没有此编号的证书" in shown.text
