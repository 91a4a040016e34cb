"""What an officer has filled in so far. All of it stands in the address, so that a page works without script.

Why it is done is not among it: it is asked for last, beside the button that does it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from marketplace.base.errors import Malformed

MOST_CHOSEN = 50  # people on one form; more go by the API
YEARS = range(2000, 2200)


class Query(Protocol):
    """The fields of an address, some of them there several times."""

    def getall(self, key: str, default: list[str]) -> list[str]: ...

    def get(self, key: str, default: str) -> str: ...


class NotADay(Malformed):
    """A day that cannot be read."""

    code = "not_a_day"
    zh = "请按 2026-03-02 的形式填写日期。"
    en = "Write the day like 2026-03-02."


class TooManyChosen(Malformed):
    """More people than a form at the counter takes."""

    code = "too_many_chosen"
    zh = "一次最多选择 {most} 人。"
    en = "At most {most} people are chosen at once."


@dataclass(frozen=True, slots=True)
class Filled:
    """The form: who was chosen with her share (None: not told yet), whom is looked for, and the other fields as told.

    `going`: the officer wants to go on to the confirmation.
    """

    shares: Mapping[UUID, int | None]
    text: str
    going: bool
    way: str
    minutes: int | None
    every: int
    from_on: date | None
    until_on: date | None
    proof: str

    @property
    def chosen(self) -> Sequence[UUID]:
        """Who was chosen, in the order in which they were."""
        return list(self.shares)


def filled(query: Query, ways: Sequence[str]) -> Filled:
    """Read the form. `Malformed` for what no field of it can hold, `NotADay`, `TooManyChosen`.

    Going on while somebody is still looked for means looking for her first; looking for nobody means going on.
    """
    ids = [_id(one) for one in [*query.getall("who", []), *query.getall("pick", [])] if one]
    shares = {one: _number(query.get(f"share.{one}", "")) for one in ids}
    if len(shares) > MOST_CHOSEN:
        raise TooManyChosen(most=MOST_CHOSEN)
    text, picked = query.get("q", "").strip(), bool(query.get("pick", ""))
    wanted = query.get("way", "")
    return Filled(
        shares=shares,
        text="" if picked else text,
        going=query.get("step", "") in {"go", "search"} and not text and not picked,
        way=wanted if wanted in ways else next(iter(ways), ""),
        minutes=_number(query.get("minutes", "")),
        every=_number(query.get("every", "")) or 0,
        from_on=_day(query.get("from_on", "")),
        until_on=_day(query.get("until_on", "")),
        proof=query.get("proof", ""),
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Malformed(pointer="/who", reason=text[:40]) from error


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal()):
        return None
    return int(text[:9]) or None  # what is too large the schema of the API refuses


def _day(text: str) -> date | None:
    """None only where nothing was told: an end that is not understood must not become no end."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise NotADay from error
    if day.year not in YEARS:
        raise NotADay
    return day
