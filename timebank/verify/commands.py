"""Commands of an export that make no entry, and the holds that some of them made."""

import json
from datetime import datetime

from timebank.verify.rows import Ask, Caps, Read, Row, bad, digest_of

STATES = {
    "hold": ("held",),
    "release": ("released", "expired", "captured"),
    "open": ("open",),
    "limits": ("open",),
    "close": ("closed",),
    "reopen": ("open",),
    "cycle": ("ran",),
}
SETS = {"open": ("limits", "state", "identity"), "limits": ("limits",), "close": ("state",), "reopen": ("state",)}


def command(read: Read, row: Row, line: int) -> None:
    """A command without entry: its hash, and what it sets on its account."""
    if row["key"] in read.entries:
        bad(f"key {row['key']!r} is used twice")
    said = None if row["said"] is None else json.loads(row["said"])  # none: written before commands were kept
    if row["state"] == "held":
        text = None if said is None else (said["account"], said["reference"], said["expires_at"])
        read.asks[row["key"]] = Ask(line, row["amount"], text)
    if said is None:
        return
    if digest_of(row["said"].encode()) != row["payload_hash"] or said["key"] != row["key"]:
        bad(f"command {row['key']!r} differs from its hash")
    if row["state"] not in STATES[said["type"]]:
        bad(f"command {row['key']!r} has the answer of another")
    if said["type"] == "cycle":
        read.caps[said["city"], said["unit"], said["on_day"]] = Caps(line, said["caps"], row["payload_hash"])
        if row["key"] != f"cycle:{said['city']}:{said['unit']}:{said['on_day']}:caps":
            bad(f"command {row['key']!r} is of another night than its key says")
    for what in SETS.get(said["type"], ()):
        _sets(read, row, said, what)


def _sets(read: Read, row: Row, said: Row, what: str) -> None:
    one = read.accounts.get(said["account"])
    if one is None:
        bad(f"account {said['account']}, of which command {row['key']!r} speaks, is missing")
    if row["recorded_at"] > one.said_at.get(what, -(2**63)):
        one.said_at[what] = row["recorded_at"]
        one.said[what] = said


def hold(read: Read, row: Row, _line: int) -> None:
    """A hold, as its command made it."""
    if row["account"] not in read.accounts:
        bad(f"hold {row['key']!r} is on an unknown account")
    if row["state"] not in {"held", "captured", "released", "expired"}:
        bad(f"hold {row['key']!r} is in no state that there is")
    if row["state"] == "held":
        read.accounts[row["account"]].held += row["amount"]
    ask = read.asks.pop(row["key"], None)
    if ask is None or ask.amount != row["amount"]:
        bad(f"hold {row['key']!r} differs from its command")
    if (row["captured"] > 0) != (row["state"] == "captured") or not 0 <= row["captured"] <= row["amount"]:
        bad(f"hold {row['key']!r} was captured by more than it held, or without being captured")
    if ask.text is None:
        return
    account, reference, expires_at = ask.text
    if (row["account"], row["reference"]) != (account, reference):
        bad(f"hold {row['key']!r} differs from its command")
    if row["expires_at"] != _microseconds(expires_at):
        bad(f"hold {row['key']!r} expires at another time than its command said")


def _microseconds(instant: str) -> int:
    moment = datetime.fromisoformat(instant)
    past = moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds
