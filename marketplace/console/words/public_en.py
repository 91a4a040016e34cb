"""Public pages in English."""

PUBLIC_EN: dict[str, str] = {
    "time_bank": "Time bank",
    "minutes": "Minutes",
    "hours_minutes": "h:mm",
    "total": "Total",
    "certificate": "Certificate of volunteer hours",
    "certificate_check": "Check",
    "certificate_code": "Certificate no.",
    "certificate_issuer": "Issuer",
    "certificate_period": "Period",
    "certificate_issued": "Issued on",
    "certificate_credits": "Credits",
    "certificate_credits_of": "{credits} (one per {hours} hours)",
    "certificate_category": "Category",
    "certificate_hash": "SHA-256 of the PDF: the file you were shown is genuine if its own is the same.",
    "certificate_key": "Signing key",
    "certificate_unknown": "There is no certificate with this number. Compare it with the paper.",
    "certificate_valid": "Valid",
    "certificate_questioned": "In question: some of these hours were taken back since. Ask the issuer.",
    "certificate_revoked": "Revoked",
}
