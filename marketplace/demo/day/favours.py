"""Volunteers' tasks: hours earned at home in the morning, redeemed for a mother elsewhere the same afternoon."""

from dataclasses import dataclass, field
from datetime import time
from typing import Any

from marketplace.base.actor import Role
from marketplace.demo.callers import Caller
from marketplace.demo.callers.exchange import together
from marketplace.demo.day.stage import Stage
from marketplace.demo.population import CastVolunteer

MINUTES = 60
MORNING, AFTERNOON = (time(8, 30), time(9)), (time(14), time(14, 30))
PAGE = 200


@dataclass(slots=True)
class Favours:
    """The tasks of a day: those of the morning, those for mothers with who asked for them."""

    morning: list[str] = field(default_factory=list)
    for_mothers: list[tuple[str, Caller]] = field(default_factory=list)


def children(stage: Stage, visits: int) -> list[CastVolunteer]:
    """Volunteers with a mother elsewhere; as many as suits the size of the day, at least two."""
    found = [one for one in stage.line.cast.volunteers if one.mother is not None]
    return found[: max(2, visits // 25)]


async def ask_and_grab(stage: Stage, favours: Favours, volunteers: list[CastVolunteer]) -> None:
    """Officers ask for help for elders of their districts; these volunteers take it."""

    async def one(numbered: tuple[int, CastVolunteer]) -> None:
        turn, volunteer = numbered
        officer = stage.line.staff(Role.OFFICER, volunteer.district)
        elder_id = await _key_elder(officer, turn)
        task = await _ask(stage, officer, elder_id, MORNING, "auto", f"morning:{turn}")
        await _grab(stage.line.caller(volunteer.person.phone), task)
        favours.morning.append(task["id"])

    await together(one, list(enumerate(volunteers)))


async def redeem(stage: Stage, favours: Favours, volunteers: list[CastVolunteer]) -> None:
    """Who earned hours this morning asks for help for the mother, paid with them; somebody of her district comes."""

    async def one(numbered: tuple[int, CastVolunteer]) -> None:
        turn, volunteer = numbered
        child = stage.line.caller(volunteer.person.phone)
        mother = volunteer.mother
        if mother is None:
            return
        elder_id = await _elder_of(child, stage.line.cast.elders[mother].person.name.zh)
        task = await _ask(stage, child, elder_id, AFTERNOON, "me", f"mother:{turn}")
        helper = _helper(stage, stage.line.cast.elders[mother].district, turn)
        await _grab(stage.line.caller(helper.person.phone), task)
        favours.for_mothers.append((task["id"], child))

    await together(one, list(enumerate(volunteers)))


async def confirm_for_mothers(favours: Favours) -> None:
    """The children confirm what was done for their mothers."""

    async def one(asked: tuple[str, Caller]) -> None:
        task_id, child = asked
        visit_id = (await child.get(f"/v1/tasks/{task_id}"))["visit_id"]
        await child.post(f"/v1/visits/{visit_id}/confirm", key=f"demo:confirm:{visit_id}")

    await together(one, favours.for_mothers)


async def _key_elder(officer: Caller, turn: int) -> str:
    """An elder of the district for whom the city grants hours."""
    elders = (await officer.get("/v1/elders", limit=PAGE))["elders"]
    entitled = [elder for elder in elders if elder["categories"]]
    return str(entitled[turn % len(entitled)]["id"])


async def _elder_of(child: Caller, name: str) -> str:
    # as a volunteer she may also see the elders she helps; her mother is known by name
    elders = (await child.get("/v1/elders"))["elders"]
    return str(next(elder["id"] for elder in elders if elder["name"] == name))


async def _ask(
    stage: Stage, caller: Caller, elder_id: str, window: tuple[time, time], paid_by: str, key: str
) -> dict[str, Any]:
    asked = {
        "elder_id": elder_id,
        "kind": "companionship",
        "window_start": stage.instant(window[0]).isoformat(),
        "window_end": stage.instant(window[1]).isoformat(),
        "minutes": MINUTES,
        "paid_by": paid_by,
    }
    task: dict[str, Any] = await caller.post("/v1/tasks", asked, key=f"demo:{stage.seed}:task:{key}")
    return task


async def _grab(volunteer: Caller, task: dict[str, Any]) -> None:
    open_tasks = await volunteer.pages("/v1/tasks", "items", district_id=task["district_id"], limit=PAGE)
    if task["id"] in {one["id"] for one in open_tasks}:
        await volunteer.post(f"/v1/tasks/{task['id']}/grab", key=f"demo:grab:{task['id']}")


def _helper(stage: Stage, district: int, turn: int) -> CastVolunteer:
    """A volunteer of the mother's district who has no mother elsewhere to see to."""
    free = [one for one in stage.line.cast.volunteers if one.district == district and one.mother is None]
    return free[turn % len(free)]
