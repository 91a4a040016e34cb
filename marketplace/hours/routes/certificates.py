"""Certificates of hours: asking for one, keeping it as PDF or CSV, checking one in public, revoking and reissuing."""

import base64
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import audit
from marketplace.base.actor import Actor, Role
from marketplace.base.crypto import Erased
from marketplace.base.errors import Unknown
from marketplace.base.platform import Platform
from marketplace.hours.certificates import issuing, reading, revoking
from marketplace.hours.certificates.document import as_csv
from marketplace.hours.certificates.holder import holder_of
from marketplace.hours.certificates.issuing import Ask, Desk
from marketplace.hours.certificates.models import Certificate
from marketplace.hours.certificates.reading import Shown
from marketplace.hours.certificates.schemas import (
    CertificateIn,
    CertificateKeyOut,
    CertificateKeys,
    CertificateList,
    CertificateOut,
    PublicCertificateOut,
    ReissueIn,
    RevokeIn,
)
from marketplace.hours.certificates.showing import address_of, facts_of, public_out
from marketplace.hours.certificates.signing import signer_of
from marketplace.hours.members.proxies import member_for
from marketplace.hours.models import Member
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx
from marketplace.web.formats import file_answer, wanted

TAGS = ["certificates"]
OFFICERS = (Role.OFFICER, Role.OPERATOR)


def desk_of(platform: Platform) -> Desk:
    """Who issues in this process. `SigningKeyMissing`."""
    return Desk(platform.policy, signer_of(platform), platform.vault, platform.settings.address)


@post(
    "/v1/members/{member_id:uuid}/certificates",
    tags=TAGS,
    guards=[signed_in],
    operation_id="issueCertificate",
)
async def issue_certificate(
    member_id: FromPath[UUID],
    data: JSONBody[CertificateIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> CertificateOut:
    """Certify the student's verified hours of a period, each minute once. By the rules they may be spent by that."""

    async def work() -> CertificateOut:
        member = await member_for(tx, member_id, actor=actor)
        ask = Ask(**data.model_dump())
        made = await issuing.issue(tx, desk_of(platform), member.id, ask, actor=actor, now=now)
        return _out(platform, Shown(made, "valid"))

    return await once(tx, CertificateOut, work)


@get("/v1/members/{member_id:uuid}/certificates", tags=TAGS, guards=[signed_in], operation_id="listCertificates")
async def list_certificates(member_id: FromPath[UUID], tx: Tx, actor: Acting, platform: Home) -> CertificateList:
    """A member's certificates, newest first."""
    member = await member_for(tx, member_id, actor=actor)
    found = await reading.certificates_of(tx, member)
    return CertificateList(items=[_out(platform, one) for one in found])


@get(
    "/v1/members/{member_id:uuid}/certificates/{certificate_id:uuid}",
    tags=TAGS,
    guards=[signed_in],
    operation_id="showCertificate",
)
async def show_certificate(
    request: Request[Any, Any, Any],
    member_id: FromPath[UUID],
    certificate_id: FromPath[UUID],
    tx: Tx,
    actor: Acting,
    platform: Home,
) -> Response[Any]:
    """A certificate; with `Accept` or `?format=` as PDF, exactly as it was issued, or CSV."""
    member, shown = await reading.certificate_for(tx, certificate_id, actor=actor)
    if member.id != member_id:
        raise Unknown(what="certificate")
    form = wanted(request, "json", "csv", "pdf")
    if form == "json":
        return Response(_out(platform, shown))
    return await _file(tx, platform, member, shown.certificate, form, actor)


async def _file(
    tx: AsyncSession, platform: Platform, member: Member, certificate: Certificate, form: str, actor: Actor
) -> Response[Any]:
    if actor.account_id != member.account_id:
        audit.note(tx, "certificate.read", actor=actor, entity="certificate", entity_id=certificate.id)
    try:
        if form == "pdf":
            content: str | bytes = await reading.document_of(tx, platform.vault, member, certificate)
        else:
            holder = await holder_of(tx, platform.vault, member, certificate)
            content = as_csv(
                facts_of(certificate, platform.settings.address), holder, certificate.document_sha256.hex()
            )
    except Erased:  # the member asked to be forgotten; what is public of her certificates stays
        raise Unknown(what="certificate") from None
    return file_answer(content, form, name=f"certificate-{certificate.code}")


@get("/v1/certificates/{code:str}", tags=TAGS, operation_id="checkCertificate", exclude_from_auth=True)
async def check_certificate(code: FromPath[str], tx: Tx) -> PublicCertificateOut:
    """Check a certificate: is it in force, what does it say, whose signature does it bear? Nobody is named."""
    shown, _key = await reading.public(tx, code)
    return public_out(shown)


@get("/v1/certificate-keys", tags=TAGS, operation_id="certificateKeys", exclude_from_auth=True)
async def certificate_keys(tx: Tx) -> CertificateKeys:
    """The public keys of certificates, the newest first: with them anybody checks a signature."""
    return CertificateKeys(
        items=[
            CertificateKeyOut(
                id=key.id, public_key=base64.b64encode(key.public_key).decode(), used_since=key.used_since
            )
            for key in await reading.keys(tx)
        ]
    )


@get("/v1/certificates", tags=TAGS, guards=[requires(*OFFICERS)], operation_id="questionedCertificates")
async def questioned_certificates(
    tx: Tx, actor: Acting, platform: Home, district_id: FromQuery[UUID]
) -> CertificateList:
    """A branch's certificates in force of which hours or the school are in doubt by now: each wants an officer."""
    found = await reading.questioned(tx, district_id, actor=actor)
    return CertificateList(items=[_out(platform, one) for one in found])


@post(
    "/v1/certificates/{certificate_id:uuid}/revoke",
    tags=TAGS,
    guards=[requires(*OFFICERS)],
    operation_id="revokeCertificate",
    status_code=200,
)
async def revoke_certificate(
    certificate_id: FromPath[UUID],
    data: JSONBody[RevokeIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> CertificateOut:
    """Revoke a certificate: its minutes are free again, and those it took come back to the member."""

    async def work() -> CertificateOut:
        await reading.may_revoke(tx, certificate_id, actor=actor)
        rules = platform.policy.timebank
        gone = await revoking.revoke(tx, certificate_id, reason=data.reason, rules=rules, actor=actor, now=now)
        return _out(platform, Shown(gone, "revoked"))

    return await once(tx, CertificateOut, work)


@post(
    "/v1/certificates/{certificate_id:uuid}/reissue",
    tags=TAGS,
    guards=[requires(*OFFICERS)],
    operation_id="reissueCertificate",
)
async def reissue_certificate(
    certificate_id: FromPath[UUID],
    data: JSONBody[ReissueIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> CertificateOut:
    """Revoke a certificate and issue another in its place, with school and number as the membership has them now."""

    async def work() -> CertificateOut:
        await reading.may_revoke(tx, certificate_id, actor=actor)
        made = await _reissued(tx, platform, certificate_id, data, actor=actor, now=now)
        return _out(platform, Shown(made, "valid"))

    return await once(tx, CertificateOut, work)


async def _reissued(
    tx: AsyncSession, platform: Platform, certificate_id: UUID, data: ReissueIn, *, actor: Actor, now: datetime
) -> Certificate:
    return await revoking.reissue(
        tx,
        desk_of(platform),
        certificate_id,
        reason=data.reason,
        school=data.school,
        student_number=data.student_number,
        actor=actor,
        now=now,
    )


def _out(platform: Platform, shown: Shown) -> CertificateOut:
    one = shown.certificate
    shared = set(CertificateOut.model_fields) - {"address", "status", "document_sha256"}
    return CertificateOut(
        **one.model_dump(include=shared),
        status=shown.status,
        document_sha256=one.document_sha256.hex(),
        address=address_of(one, platform.settings.address),
    )


HANDLERS: list[Any] = [
    issue_certificate,
    list_certificates,
    show_certificate,
    check_certificate,
    certificate_keys,
    questioned_certificates,
    revoke_certificate,
    reissue_certificate,
]
