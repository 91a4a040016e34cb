"""VROOM on a relaxed city day, in the peers' environment: a liuzhu/problem@1 document in, routes out as JSON.

The relaxation: the members of a crew are independent jobs that need not meet nor be different people, a lunch may
ride for any time, and nobody is preferred. All else is kept: windows, skills, exclusions, breaks, capacity, setup
once per stay, shifts from home to home, each mode's own travel times. A task's priority is VROOM's own.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import vroom

EARTH_RADIUS_METRES = 6_371_008.8
EXPLORATION = 5
MEMBERS = 10  # a job's id is task × MEMBERS + member


def durations(document: dict[str, Any], model: dict[str, Any]) -> np.ndarray:
    """Whole seconds between all places, rounded up, as our own tables have them."""
    lon, lat = np.radians(np.array([place["lonlat"] for place in document["places"]])).T
    seconds = np.empty((len(lon), len(lon)), dtype=np.uint32)
    for row in range(len(lon)):
        half = np.sin((lat - lat[row]) / 2) ** 2 + math.cos(lat[row]) * np.cos(lat) * np.sin((lon - lon[row]) / 2) ** 2
        metres = 2 * EARTH_RADIUS_METRES * np.arcsin(np.sqrt(half)) * model["detour"]
        seconds[row] = np.ceil(metres * 3.6 / model["kmh"] - 1e-9)
    return seconds


class Stating:
    """Turns the document into VROOM's input. Skills are numbers; an excluded caregiver lacks a skill of the visit's."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.place = {place["id"]: number for number, place in enumerate(document["places"])}
        self.setup = {place["id"]: place.get("setup_seconds", 0) for place in document["places"]}
        names = {skill for shift in document["shifts"] for skill in shift.get("skills", ())}
        self.skill = {name: number for number, name in enumerate(sorted(names))}
        self.bars = [visit for visit in document["visits"] if visit.get("excluded")]
        self.bar = {visit["id"]: len(self.skill) + number for number, visit in enumerate(self.bars)}

    def input(self) -> vroom.Input:
        """The whole problem."""
        found = vroom.Input()
        for mode in {shift["mode"] for shift in self.document["shifts"]}:
            found.set_durations_matrix(mode, durations(self.document, self.document["travel"][mode]))
        for number, shift in enumerate(self.document["shifts"]):
            found.add_vehicle(self._vehicle(number, shift))
        for number, visit in enumerate(self.document["visits"]):
            for member, needs in enumerate(visit["crew"]):
                found.add_job(self._job(number * MEMBERS + member, visit, needs))
        for number, box in enumerate(self.document["deliveries"], start=len(self.document["visits"])):
            found.add_shipment(
                self._step(number * MEMBERS, box["pickup"]), self._step(number * MEMBERS, box["dropoff"]),
                amount=vroom.Amount([box["load"]["boxes"]]), skills=self._skills(box), priority=box["priority"],
            )  # fmt: skip
        return found

    def _skills(self, task: dict[str, Any]) -> set[int]:
        return {self.skill.get(name, 2**31) for name in task.get("skills", ())}  # a skill that nobody has

    def _windows(self, stop: dict[str, Any]) -> list[vroom.TimeWindow]:
        """Ours hold starts of service, VROOM's hold starts of the setup before it."""
        setup = self.setup[stop["place"]]
        return [vroom.TimeWindow(begin - setup, end - setup) for begin, end in stop["windows"]]

    def _vehicle(self, number: int, shift: dict[str, Any]) -> vroom.Vehicle:
        welcome = {
            bar for visit in self.bars if shift["caregiver"] not in visit["excluded"] for bar in [self.bar[visit["id"]]]
        }
        return vroom.Vehicle(
            number, start=self.place[shift["start"]], end=self.place[shift["end"]], profile=shift["mode"],
            capacity=[shift["capacity"]["boxes"]], skills=self._skills(shift) | welcome,
            time_window=vroom.TimeWindow(*shift["window"]),
            breaks=[
                vroom.Break(index, [vroom.TimeWindow(*rest["window"])], service=rest["seconds"])
                for index, rest in enumerate(shift.get("breaks", ()))
            ],
        )  # fmt: skip

    def _job(self, number: int, visit: dict[str, Any], needs: dict[str, Any]) -> vroom.Job:
        barred = {self.bar[visit["id"]]} if visit["id"] in self.bar else set()
        return vroom.Job(
            number, self.place[visit["place"]], default_setup=self.setup[visit["place"]],
            default_service=needs["service_seconds"], delivery=vroom.Amount([0]),
            skills=self._skills(needs) | barred, priority=visit["priority"],
            time_windows=self._windows(visit),
        )  # fmt: skip

    def _step(self, number: int, halt: dict[str, Any]) -> vroom.ShipmentStep:
        return vroom.ShipmentStep(
            number, self.place[halt["place"]], default_setup=self.setup[halt["place"]],
            default_service=halt["service_seconds"],
            time_windows=self._windows(halt),
        )  # fmt: skip


def main(problem: str, answer: str, seconds: float, core: str) -> None:
    """Solve, write the steps of every route, print what time it took."""
    if core and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})
    stated = Stating(json.loads(Path(problem).read_text("utf-8"))).input()
    wall, began = time.monotonic(), time.process_time()
    solution = stated.solve(exploration_level=EXPLORATION, nb_threads=1, timeout=timedelta(seconds=seconds))
    used = {"cpu_seconds": time.process_time() - began, "wall_seconds": time.monotonic() - wall}
    routes = [
        {
            "shift": route["vehicle"], "begin": route["steps"][0]["arrival"],
            "steps": [[step["type"], *divmod(step["id"], MEMBERS)] for step in route["steps"][1:-1]],
        }
        for route in solution.to_dict()["routes"]
    ]  # fmt: skip
    Path(answer).write_text(json.dumps(routes), encoding="utf-8")
    print(json.dumps({name: round(value, 3) for name, value in used.items()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[5])
