"""Who speaks for a partner over raw HTTP: what is not signed by it, over these bytes and now, is refused."""

import base64
import hashlib
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marketplace.base.clock import wall_now
from marketplace.hours.links.signing import Asked, sign
from tests.marketplace.hours.links.partners import Scene, untouched


async def test_a_request_with_another_body_than_was_signed_is_refused(scene: Scene) -> None:
    for changed in (scene.message(61), scene.message(60, payee=f"taiyuan/{scene.payer.member.id}")):
        sent = json.dumps(changed).encode()
        answer = await scene.partner.send("PUT", f"/relays/{uuid4()}", scene.message(), sent=sent)
        assert (answer.status_code, answer.json()["code"]) == (401, "link_signature_refused")
        assert "signature" not in answer.headers
    await untouched(scene)


async def test_a_body_and_its_digest_changed_together_are_refused(scene: Scene) -> None:
    sent = json.dumps(scene.message(61)).encode()
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(sent).digest()).decode()}:"
    answer = await scene.partner.send(
        "PUT", f"/relays/{uuid4()}", scene.message(), sent=sent, headers={"Content-Digest": digest}
    )
    assert answer.json()["code"] == "link_signature_refused"
    await untouched(scene)


async def test_another_links_key_is_refused(scene: Scene) -> None:
    stranger = Ed25519PrivateKey.generate()
    answer = await scene.partner.send("PUT", f"/relays/{uuid4()}", scene.message(), key=stranger)
    assert (answer.status_code, answer.json()["code"]) == (401, "link_signature_refused")
    await untouched(scene)


async def test_a_signature_for_another_path_method_or_link_is_refused(scene: Scene) -> None:
    body = json.dumps(scene.message()).encode()
    relay, link = uuid4(), str(scene.link_id)
    path = f"/v1/links/{link}/relays/{relay}"
    right = Asked("PUT", path, "", body)
    for asked, named in (
        (Asked("PUT", f"/v1/links/{link}/relays/{uuid4()}", "", body), link),
        (Asked("POST", path, "", body), link),
        (Asked("PUT", path, "received=1", body), link),
        (right, str(uuid4())),
    ):
        headers = sign(asked, scene.partner.key, link=named, nonce=uuid4().hex, at=wall_now())
        answer = await scene.partner.http.put(
            path, content=body, headers={**headers, "Content-Type": "application/json"}
        )
        assert answer.json()["code"] == "link_signature_refused", asked
    await untouched(scene)


@pytest.mark.parametrize("minutes", [-6, 6])
async def test_a_moment_too_far_from_ours_is_refused_by_name(scene: Scene, minutes: int) -> None:
    at = wall_now() + timedelta(minutes=minutes)
    answer = await scene.partner.send("PUT", f"/relays/{uuid4()}", scene.message(), at=at)
    assert (answer.status_code, answer.json()["code"]) == (401, "link_timestamp_stale")
    await untouched(scene)


@pytest.mark.parametrize(
    "headers",
    [
        {"Signature": "bank=:AAAA:"},
        {"Signature": "bank=:not base64:"},
        {"Signature": ""},
        {"Signature-Input": ""},
        {"Signature-Input": 'bank=("@method");created=1;keyid="x";nonce="0123456789abcdef";alg="ed25519"'},
        {"Content-Digest": "sha-256=:AAAA:"},
    ],
)
async def test_mangled_signatures_are_refused(scene: Scene, headers: dict[str, str]) -> None:
    answer = await scene.partner.send("PUT", f"/relays/{uuid4()}", scene.message(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "link_signature_refused")
    await untouched(scene)


async def test_an_unsigned_request_and_an_unknown_link_are_refused(scene: Scene) -> None:
    bare = await scene.partner.http.put(f"/v1/links/{scene.link_id}/relays/{uuid4()}", json=scene.message())
    assert (bare.status_code, bare.json()["code"]) == (401, "link_signature_refused")
    scene.partner.link_id = uuid4()
    answer = await scene.partner.send("GET", "/head")
    assert (answer.status_code, answer.json()["code"]) == (404, "link_unknown")
