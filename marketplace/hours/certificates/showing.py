"""What of a certificate is shown to anybody, read from the text that was signed."""

import base64
import json

from marketplace.hours.certificates.document import Facts
from marketplace.hours.certificates.models import Certificate
from marketplace.hours.certificates.reading import Shown
from marketplace.hours.certificates.schemas import PublicCertificateOut

WORDS = ("issuer_zh", "issuer_en", "branch_zh", "branch_en", "minutes")


def address_of(certificate: Certificate, site: str) -> str:
    """Where anybody checks it: what its QR code says."""
    return f"{site}/certificates/{certificate.code}"


def public_out(shown: Shown) -> PublicCertificateOut:
    """What anybody may know."""
    one = shown.certificate
    said = json.loads(one.statement)
    return PublicCertificateOut(
        code=one.code,
        status=shown.status,
        **{name: said[name] for name in WORDS},
        since=one.since,
        until=one.until,
        total_minutes=one.total_minutes,
        hours_per_credit=one.hours_per_credit,
        credits=one.credits,
        issued_at=one.issued_at,
        revoked_at=one.revoked_at,
        document_sha256=one.document_sha256.hex(),
        key_id=one.key_id,
        signed=one.statement,
        signature=base64.b64encode(one.signature).decode(),
    )


def facts_of(certificate: Certificate, site: str) -> Facts:
    """What the certificate says."""
    said = json.loads(certificate.statement)
    return Facts(
        code=certificate.code,
        issuer=(said["issuer_zh"], said["issuer_en"]),
        branch=(said["branch_zh"], said["branch_en"]),
        since=certificate.since,
        until=certificate.until,
        minutes=said["minutes"],
        hours_per_credit=certificate.hours_per_credit,
        credits=certificate.credits,
        issued_at=certificate.issued_at,
        key_id=certificate.key_id,
        policy=certificate.policy,
        address=address_of(certificate, site),
    )
