"""Nights of an export: what was traded since the one before, settled, owed and drawn."""

from collections import defaultdict

from timebank.verify.rows import Caps, Read, Row, Sums, Written, bad, digest_of
from timebank.verify.shapes import LINE

Gross = dict[str, dict[str, list[int]]]  # by branch and partner: what is owed, what is to be had


def cycle(read: Read, row: Row, _line: int) -> None:
    """A night: what was traded since the last one, settled, owed and drawn."""
    name = f"cycle of {row['city']} {row['unit']} {row['on_day']}"
    gross, caps = _gross(read, row), _caps(read, row, name)
    for one in row["lines"]:
        LINE.read(one, f"line of the {name}")
        _line_of(read, row, one, name)
        _capped(read, one, caps, name)
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


def _gross(read: Read, row: Row) -> Gross:
    """By branch and partner, from the clearing legs since the last night."""
    last = read.cycles.get((row["city"], row["unit"]))
    names = list(read.partners)
    gross: Gross = {}
    for branch, book in read.books.items():
        sums = read.sums.get((branch, "clearing", row["unit"]))
        if sums is None or book["city"] != row["city"]:
            continue
        made: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for place in range(sums.place(last["cut_off"] if last else 0), sums.place(row["cut_off"])):
            partner, amount = names[sums.partners[place]], sums.amounts[place]
            if partner is not None:  # a settlement is no trade
                made[partner][amount < 0] += abs(amount)
        if made:
            gross[branch] = made
    return gross


def _line_of(read: Read, row: Row, one: Row, name: str) -> None:
    branch = one["branch"]
    sums = read.sums.get((branch, "settled", row["unit"])) or Sums()
    entry = row["entry"] or 0
    settled = sums.total(entry) - sums.total(entry - 1)
    if one["owes"] - one["is_owed"] != settled:
        bad(f"{name}: branch {branch} settled {settled}")
    if one["debt"] != max(0, sums.total(row["cut_off"]) + settled):
        bad(f"{name}: the debt of branch {branch} differs from its postings")
    above = 0 if one["cap"] is None else max(0, one["debt"] - one["cap"])
    if one["drawn"] > above or (one["drawn"] > 0) != (one["draw"] is not None):
        bad(f"{name}: branch {branch} drew {one['drawn']}, which is not what its cap allows")
    if one["draw"] is not None:
        key = f"cycle:{row['city']}:{row['unit']}:{row['on_day']}:draw:{branch}"
        if _named(read, one["draw"], key, name).amount != one["drawn"]:
            bad(f"{name}: branch {branch} drew another amount")


def _caps(read: Read, row: Row, name: str) -> Caps | None:
    """What the night was told; None: it was run before caps were kept."""
    caps = read.caps.pop((row["city"], row["unit"], row["on_day"]), None)
    if caps is not None:
        read.capped.add((row["city"], row["unit"]))
    elif (row["city"], row["unit"]) in read.capped:
        bad(f"{name}: its caps are not kept, those of an earlier one are")
    return caps


def _capped(read: Read, one: Row, caps: Caps | None, name: str) -> None:
    """The line's cap is what the night was told, and what it drew was drawn by that."""
    if caps is not None and caps.by_branch.get(one["branch"]) != one["cap"]:
        bad(f"{name}: branch {one['branch']} had another cap")
    if one["draw"] is not None:
        draw = read.nights[one["draw"]]
        if draw.payload_hash != (digest_of(draw.key.encode()) if caps is None else caps.payload_hash):
            bad(f"{name}: branch {one['branch']} drew by other caps")


def _named(read: Read, entry: int, key: str, name: str) -> Written:
    """The entry that a night names."""
    found = read.nights.get(entry)
    if found is None or found.key != key:
        bad(f"{name} names entry {entry}, which is missing or another")
    read.settling.add(entry)
    return found
