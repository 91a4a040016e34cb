"""A cycle with the names of its branches."""

from collections.abc import Mapping
from uuid import UUID

from marketplace.hours.ledger.schemas import CycleLineOut, CycleOut, PartnerOut
from marketplace.people.models import Region
from timebank import BranchLine, Cycle, PartnerLine

THE_CITY = ("市级", "the city")


def cycle_out(cycle: Cycle, names: Mapping[str, Region], *, whole: bool) -> CycleOut:
    """The cycle as an answer; `whole`: it holds every branch."""
    return CycleOut(
        on_day=cycle.on_day,
        ran_at=cycle.ran_at,
        cut_off=cycle.cut_off,
        city_net=cycle.city_net if whole else None,
        lines=[_line(line, names) for line in cycle.lines],
    )


def _line(line: BranchLine, names: Mapping[str, Region]) -> CycleLineOut:
    zh, en = _named(line.branch, names)
    return CycleLineOut(
        district_id=UUID(line.branch),
        name_zh=zh,
        name_en=en,
        owes=line.owes,
        is_owed=line.is_owed,
        net=line.net,
        debt=line.debt,
        cap=line.cap,
        breached=line.breached,
        drawn=line.drawn,
        partners=[_partner(one, names) for one in line.partners],
    )


def _partner(one: PartnerLine, names: Mapping[str, Region]) -> PartnerOut:
    district = names.get(one.partner)
    zh, en = _named(one.partner, names)
    return PartnerOut(
        district_id=district.id if district else None,
        name_zh=zh,
        name_en=en,
        owes=one.owes,
        is_owed=one.is_owed,
        net=one.net,
    )


def _named(book: str, names: Mapping[str, Region]) -> tuple[str, str]:
    district = names.get(book)
    return (district.name_zh, district.name_en) if district else THE_CITY
