"""Access tokens: a signed statement of who acts, good for ten minutes of wall time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from marketplace.base.actor import Actor, Role
from marketplace.base.errors import NotSignedIn

LIFETIME = timedelta(minutes=10)
ALGORITHM = "HS256"
ISSUER = "liuzhu"


def issue(actor: Actor, secret: bytes, *, at: datetime | None = None) -> str:
    """A token for `actor`, valid from `at` (wall time) for ten minutes."""
    start = at or datetime.now(UTC)
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": str(actor.account_id),
        "iat": start,
        "exp": start + LIFETIME,
        "roles": sorted(actor.roles),
        "region": actor.region_path,
        "provider": str(actor.provider_id) if actor.provider_id else None,
        "lang": actor.language,
    }
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def read(token: str, secret: bytes) -> Actor:
    """The actor of a valid token; `NotSignedIn` for an expired, forged or mangled one."""
    try:
        claims = jwt.decode(
            token, secret, algorithms=[ALGORITHM], issuer=ISSUER, options={"require": ["exp", "sub", "iss"]}
        )
        return Actor(
            account_id=UUID(claims["sub"]),
            roles=frozenset(Role(role) for role in claims["roles"]),
            region_path=claims["region"],
            provider_id=UUID(claims["provider"]) if claims["provider"] else None,
            language="en" if claims["lang"] == "en" else "zh",
        )
    except (jwt.InvalidTokenError, ValueError, KeyError, TypeError) as error:
        raise NotSignedIn from error
