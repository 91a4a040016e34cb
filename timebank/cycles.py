"""The nightly cycle: netting between the branches of a city, settlement, and help from the city's reserve.

A cycle cuts off at the last entry there is. Per branch it settles `net = owes - is_owed` in one entry for all (clearing
-net, settled +net); the city is a party like any other, so that the nets of all branches and the city's own sum to
zero. What a branch has settled and not been relieved of is its debt. A debt above the branch's cap is an alert: as much
of it as the city's reserve can bear is drawn for the branch's relief. Nobody is ever refused for it.
"""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from timebank.calls import call
from timebank.errors import InvalidCommand
from timebank.limits import MAX_AMOUNT, check_day, check_instant, check_text, check_unit


@dataclass(frozen=True, slots=True)
class PartnerLine:
    """What a branch owes one partner (a branch, or the city) by the cycle's entries, and is owed by it."""

    partner: str
    owes: int
    is_owed: int

    @property
    def net(self) -> int:
        """Above 0: the branch owes."""
        return self.owes - self.is_owed


@dataclass(frozen=True, slots=True)
class BranchLine:
    """A branch in a cycle. `owes` and `is_owed` are gross; `debt` is what it owes in all after settling, before the
    reserve's draw; `cap` None: there is none. `drawn` came from the reserve."""

    branch: str
    owes: int
    is_owed: int
    debt: int
    cap: int | None
    drawn: int
    partners: tuple[PartnerLine, ...]

    @property
    def net(self) -> int:
        """What was settled; above 0: the branch owed."""
        return self.owes - self.is_owed

    @property
    def breached(self) -> bool:
        """Whether the debt is above the cap: somebody must be told."""
        return self.cap is not None and self.debt > self.cap


@dataclass(frozen=True, slots=True)
class Cycle:
    """A cycle that was run. `entry` is the settlement's, None where nobody owed anything."""

    city: str
    unit: str
    on_day: date
    cut_off: int
    entry: int | None
    ran_at: datetime
    lines: tuple[BranchLine, ...]
    repeated: bool = field(default=False, compare=False)  # it had been run before, nothing was written now

    @property
    def city_net(self) -> int:
        """The city's own part: minus the branches' nets, which is what it issued in the cycle less what came back."""
        return -sum(line.net for line in self.lines)


_RUN = text("SELECT ledger_run_cycle(:city, :unit, :on_day, CAST(:caps AS jsonb), :now)")
_CYCLE = text(
    "SELECT city, unit, on_day, cut_off, entry, ran_at FROM ledger_cycle"
    " WHERE city = :city AND unit = :unit AND on_day = :on_day"
)
_LINES = text(
    "SELECT branch, owes, is_owed, debt, cap, drawn FROM ledger_cycle_line"
    " WHERE city = :city AND unit = :unit AND on_day = :on_day ORDER BY branch"
)
_PARTNERS = text(
    "SELECT branch, partner, owes, is_owed FROM ledger_cycle_partner"
    " WHERE city = :city AND unit = :unit AND on_day = :on_day ORDER BY branch, partner"
)


async def run_cycle(
    tx: AsyncSession, city: str, *, unit: str, on_day: date, caps: Mapping[str, int], now: datetime
) -> Cycle:
    """Run a day's cycle, or read the one that was run: repeating it writes nothing. `caps` by branch; one not named has
    none. Waits for writers under way; call it in a transaction of its own, not after `apply`.

    Raises `UnknownBook`; `InvalidCommand` for a day before that of the last cycle, or more than a day after `now`'s."""
    check_text("city", city)
    check_unit(unit)
    check_day("on_day", on_day)
    check_instant("now", now)
    for branch, cap in caps.items():
        check_text("caps", branch)
        if isinstance(cap, bool) or not isinstance(cap, int) or not 0 <= cap <= MAX_AMOUNT:
            raise InvalidCommand({"field": "caps", "branch": branch, "reason": f"an integer from 0 to {MAX_AMOUNT}"})
    fresh = await call(tx, _RUN, city=city, unit=unit, on_day=on_day, caps=json.dumps(dict(caps)), now=now)
    found = await find_cycle(tx, city, unit=unit, on_day=on_day)
    if found is None:
        raise AssertionError("a cycle that was run is there")
    return replace(found, repeated=not fresh)


async def find_cycle(tx: AsyncSession, city: str, *, unit: str, on_day: date) -> Cycle | None:
    """The cycle of a day; None if none was run."""
    asked = {"city": city, "unit": unit, "on_day": on_day}
    head = (await tx.execute(_CYCLE, asked)).one_or_none()
    if head is None:
        return None
    partners: dict[str, list[PartnerLine]] = {}
    for branch, partner, owes, is_owed in await tx.execute(_PARTNERS, asked):
        partners.setdefault(branch, []).append(PartnerLine(partner, owes, is_owed))
    lines = tuple(
        BranchLine(**row._asdict(), partners=tuple(partners.get(row.branch, ())))
        for row in await tx.execute(_LINES, asked)
    )
    return Cycle(**head._asdict(), lines=lines)


def cycle_json(cycle: Cycle) -> str:
    """The whole report, with nets and alerts."""
    document = asdict(cycle) | {"on_day": cycle.on_day.isoformat(), "ran_at": cycle.ran_at.isoformat()}
    document["city_net"] = cycle.city_net
    del document["repeated"]
    for line, written in zip(cycle.lines, document["lines"], strict=True):
        written |= {"net": line.net, "breached": line.breached}
    return json.dumps(document, ensure_ascii=False, indent=2)


def cycle_csv(cycle: Cycle) -> str:
    """A row per branch and partner, and one per branch with partner `*` that sums them up."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("on_day", "unit", "branch", "partner", "owes", "is_owed", "net", "debt", "cap", "drawn"))
    for line in cycle.lines:
        for one in line.partners:
            writer.writerow(
                (cycle.on_day, cycle.unit, line.branch, one.partner, one.owes, one.is_owed, one.net, "", "", "")
            )
        cap = "" if line.cap is None else line.cap
        sums = (line.owes, line.is_owed, line.net, line.debt, cap, line.drawn)
        writer.writerow((cycle.on_day, cycle.unit, line.branch, "*", *sums))
    return out.getvalue()
