"""Books and accounts of an export, and at its end: whether each account equals its postings, holds and commands."""

from uuid import UUID

from timebank.verify.rows import Account, Read, Row, bad


def book(read: Read, row: Row, _line: int) -> None:
    """A branch's book or a city's."""
    if row["kind"] not in {"city", "branch"} or (row["kind"] == "city") != (row["city"] is None):
        bad(f"book {row['id']} is neither a city's nor a branch's")
    if row["state"] not in {"open", "closed"}:
        bad(f"book {row['id']} is neither open nor closed")
    read.books[row["id"]] = row


def account(read: Read, row: Row, line: int) -> None:
    """An account; whether it equals its postings is seen at the end."""
    if row["book"] not in read.books:
        bad(f"account {row['id']} is in an unknown book")
    read.accounts[row["id"]] = Account(row, line, UUID(row["id"]).bytes)
    if row["owed"] != (0 if row["floor"] is None else max(0, row["floor"] - row["posted"] + row["held"])):
        bad(f"account {row['id']} is below its floor")
    if row["state"] not in {"open", "closed"}:
        bad(f"account {row['id']} is neither open nor closed")
    if row["state"] == "closed" and (row["posted"], row["held"], row["owed"]) != (0, 0, 0):
        bad(f"account {row['id']} is closed, but not empty")


def at_the_end(one: Account) -> None:
    """The account beside its postings, its holds and what was said of it."""
    row = one.row
    stored = (row["posted"], row["version"], row["chain_head"], row["held"])
    if stored != (one.posted, one.version, one.head.hex(), one.held):
        bad(f"account {row['id']} differs from its postings or holds", one.line)
    if row["kind"] == "issuance" and row["posted"] < row["floor"] - row["owed"]:
        bad(f"account {row['id']} issued more than authorised", one.line)
    _as_said(row, one.line, one.said)


def _as_said(row: Row, line: int, said: dict[str, Row]) -> None:
    if "limits" in said and any(row[name] != said["limits"][name] for name in ("floor", "cap")):
        bad(f"account {row['id']} has other limits than were set", line)
    if "state" in said and (row["state"] == "closed") != (said["state"]["type"] == "close"):
        bad(f"account {row['id']} is {row['state']}, which nobody said", line)
    names = ("book", "unit", "kind", "owner")
    if "identity" in said and any(row[name] != said["identity"].get(name) for name in names):
        bad(f"account {row['id']} is another than was opened", line)
