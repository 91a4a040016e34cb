"""Certificates are signed with the key of their day."""

import base64
import dataclasses

import httpx

from marketplace.base.platform import Platform
from marketplace.hours.certificates.signing import is_signed
from tests.marketplace.hours.builders import balances
from tests.marketplace.hours.certificates.builders import Headers, a_campus, issued


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
