"""Names of accounts: an id made from what the account is for, so that nobody needs a look-up or opens it twice."""

from uuid import UUID, uuid5

from timebank.commands import OpenAccount

_NAMESPACE = UUID("6f4c1a52-7d0e-5b6e-9d0a-2b8f5b1c7e11")  # fixed once: changing it would rename every account

MEMBER = "member"
POOL = "pool"
EXPIRED = "expired"
ISSUANCE = "issuance"
RESERVE = "reserve"
RELIEF = "relief"


def account_id(book: str, unit: str, kind: str, owner: str = "") -> UUID:
    """The id of the account of this kind and owner in this book: the same every time, on every machine."""
    return uuid5(_NAMESPACE, f"{book}\x1f{unit}\x1f{kind}\x1f{owner}")


def open_account(
    book: str, unit: str, kind: str, *, owner: str | None = None, floor: int | None = 0, cap: int | None = None
) -> OpenAccount:
    """The command that opens the account `account_id` names; repeating it is answered and changes nothing."""
    account = account_id(book, unit, kind, owner or "")
    return OpenAccount(
        key=f"open:{account}", account=account, book=book, unit=unit, kind=kind, owner=owner, floor=floor, cap=cap
    )
