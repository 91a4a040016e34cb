"""What surrounds an export's entries: commands, holds, closed periods, snapshots, cycles, roots."""

import json
from bisect import bisect_left
from collections import defaultdict
from datetime import date, datetime
from uuid import UUID

from timebank.verify.entries import number
from timebank.verify.rows import Read, Row, bad, digest_of, total
from timebank.verify.shapes import LINE, check_shape

STATES = {
    "hold": ("held",),
    "release": ("released", "expired", "captured"),
    "open": ("open",),
    "limits": ("open",),
    "close": ("closed",),
    "reopen": ("open",),
}
SETS = {"open": ("limits", "state", "identity"), "limits": ("limits",), "close": ("state",), "reopen": ("state",)}


def command(read: Read, row: Row, line: int) -> None:
    """A command without entry: its hash, and what it sets on its account."""
    if row["key"] in read.entries:
        bad(f"key {row['key']!r} is used twice")
    read.commands[row["key"]] = (line, row)
    if row["said"] is None:
        return  # written before commands were kept
    said = json.loads(row["said"])
    if digest_of(row["said"].encode()) != row["payload_hash"] or said["key"] != row["key"]:
        bad(f"command {row['key']!r} differs from its hash")
    if row["state"] not in STATES[said["type"]]:
        bad(f"command {row['key']!r} has the answer of another")
    row["said"] = said
    for what in SETS.get(said["type"], ()):
        place = (said["account"], what)
        if row["recorded_at"] > read.said_at.get(place, -(2**63)):
            read.said_at[place] = row["recorded_at"]
            read.said.setdefault(said["account"], {})[what] = said


def hold(read: Read, row: Row, _line: int) -> None:
    """A hold, as its command made it."""
    if row["account"] not in read.accounts:
        bad(f"hold {row['key']!r} is on an unknown account")
    if row["state"] not in {"held", "captured", "released", "expired"}:
        bad(f"hold {row['key']!r} is in no state that there is")
    if row["state"] == "held":
        read.held[row["account"]] += row["amount"]
    read.holds.add(row["key"])
    _line, said = read.commands.get(row["key"], (0, None))
    if said is None or said["state"] != "held" or said["amount"] != row["amount"]:
        bad(f"hold {row['key']!r} differs from its command")
    if (row["captured"] > 0) != (row["state"] == "captured") or not 0 <= row["captured"] <= row["amount"]:
        bad(f"hold {row['key']!r} was captured by more than it held, or without being captured")
    if said["said"] is None:
        return
    there = said["said"]
    if (row["account"], row["reference"]) != (there["account"], there["reference"]):
        bad(f"hold {row['key']!r} differs from its command")
    if row["expires_at"] != _microseconds(there["expires_at"]):
        bad(f"hold {row['key']!r} expires at another time than its command said")


def _microseconds(instant: str) -> int:
    moment = datetime.fromisoformat(instant)
    past = moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def period(read: Read, row: Row, _line: int) -> None:
    """A closed period: no entry was recorded in it later."""
    if row["book"] not in read.books or row["starts_at"] >= row["ends_at"]:
        bad(f"period of {row['book']} is of an unknown book, or ends before it starts")
    if row["book"] not in read.in_order:
        read.in_order[row["book"]] = sorted(read.occurred[row["book"]])
    there = read.in_order[row["book"]]
    for occurred_at, recorded_at, entry in there[bisect_left(there, (row["starts_at"],)) :]:
        if occurred_at >= row["ends_at"]:
            break
        if recorded_at > row["recorded_at"]:
            bad(f"entry {entry} was recorded in a closed period of book {row['book']}")


def snapshot(read: Read, row: Row, _line: int) -> None:
    """A stored sum of legs without an account."""
    sums = read.sums[row["branch"], row["role"], row["unit"]]
    if row["amount"] != total(sums, row["upto_entry"]):
        bad(f"snapshot of {row['branch']} {row['role']} to entry {row['upto_entry']} differs from its postings")


def cycle(read: Read, row: Row, _line: int) -> None:
    """A night: what was traded since the last one, settled, owed and drawn."""
    name = f"cycle of {row['city']} {row['unit']} {row['on_day']}"
    last = read.cycles.get((row["city"], row["unit"]))
    after = last["cut_off"] if last else 0
    gross: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for entry, leg in read.trades[bisect_left(read.trades, after + 1, key=lambda one: one[0]) :]:
        if entry > row["cut_off"]:
            break
        if leg["unit"] == row["unit"] and read.books[leg["branch"]]["city"] == row["city"]:
            gross[leg["branch"]][leg["partner"]][leg["amount"] < 0] += abs(leg["amount"])
    for one in row["lines"]:
        check_shape(one, LINE, f"line of the {name}")
        _cycle_line(read, row, one, name)
        made = gross.pop(one["branch"], {})
        partners = [[partner, *made[partner]] for partner in sorted(made)]
        totals = [sum(sums[side] for sums in made.values()) for side in (0, 1)]
        if one["partners"] != partners or [one["owes"], one["is_owed"]] != totals:
            bad(f"{name}: what branch {one['branch']} and its partners owe differs from the postings")
    if gross:
        bad(f"{name} has no line of branch {min(gross)}")
    if row["entry"] is not None:
        _named(read, row["entry"], f"cycle:{row['city']}:{row['unit']}:{row['on_day']}", name)
    read.cycles[row["city"], row["unit"]] = row


def _cycle_line(read: Read, row: Row, one: Row, name: str) -> None:
    branch = one["branch"]
    sums = read.sums[branch, "settled", row["unit"]]
    entry = row["entry"] or 0
    settled = total(sums, entry) - total(sums, entry - 1)
    if one["owes"] - one["is_owed"] != settled:
        bad(f"{name}: branch {branch} settled {settled}")
    if one["debt"] != max(0, total(sums, row["cut_off"]) + settled):
        bad(f"{name}: the debt of branch {branch} differs from its postings")
    above = 0 if one["cap"] is None else max(0, one["debt"] - one["cap"])
    if one["drawn"] > above or (one["drawn"] > 0) != (one["draw"] is not None):
        bad(f"{name}: branch {branch} drew {one['drawn']}, which is not what its cap allows")
    if one["draw"] is not None:
        key = f"cycle:{row['city']}:{row['unit']}:{row['on_day']}:draw:{branch}"
        if _named(read, one["draw"], key, name)["amount"] != one["drawn"]:
            bad(f"{name}: branch {branch} drew another amount")


def _named(read: Read, entry: int, key: str, name: str) -> Row:
    row = read.by_id.get(entry)
    if row is None or row["key"] != key:
        bad(f"{name} names entry {entry}, which is missing or another")
    read.settling.add(entry)
    return row


def root(read: Read, row: Row, _line: int) -> None:
    """A day's Merkle root over heads that the accounts had."""
    date.fromisoformat(row["on_day"])
    level = []
    for account, version, head in row["leaves"]:
        heads = read.heads.get(account)
        if heads is None or version >= len(heads) or version < 0 or heads[version] != head:
            bad(f"root of {row['on_day']}: account {account} had another head at version {version}")
        level.append(bytes.fromhex(digest_of(b"\0" + UUID(account).bytes + number(version) + bytes.fromhex(head))))
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        odd = level[-1:] if len(level) % 2 else []
        level = [bytes.fromhex(digest_of(b"\1" + left + right)) for left, right in pairs] + odd
    if (level[0].hex() if level else digest_of(b"")) != row["root"]:
        bad(f"root of {row['on_day']} differs from its leaves")
    read.roots[row["on_day"]] = row["root"]
