"""`./run bench city_day`: a day of the demo city as a liuzhu/problem@1 document, deterministic from a seed.

55 % visits, of which 30 % are baths and 15 % of the baths need two; 45 % lunches from kitchens, 40 minutes in the box
at most. Homes lie at the real street frontage of the extract in this repository, caregivers go on foot, by e-bike and
by car. Travel is great-circle × detour: no matrix is written at any size. `--share` keeps to a part of the city: 1,000
tasks on a twentieth of it lie as densely as 20,000 on the whole.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.city_parts.demand import Demand
from bench.city_parts.ground import Ground
from bench.city_parts.staff import Staff
from bench.city_parts.unservable import unservable
from dispatch import dump_problem
from dispatch.document import to_json
from dispatch.places import GreatCircle
from dispatch.problem import Problem

SIZES = (200, 1_000, 5_000, 20_000)
MOST_TASKS = 40_000  # beyond, several families would live behind every door of the city
MODES = {"walk": GreatCircle(1.3, 4.5), "ebike": GreatCircle(1.4, 18.0), "car": GreatCircle(1.5, 30.0)}


def city_day(tasks: int, *, seed: int, share: float = 1.0, staffing: float = 1.0) -> Problem:
    """A day of that many visits and lunches. `share` of the city's doors, from its middle outwards; `staffing`
    scales the number of caregivers. Raises ValueError for a number out of range."""
    if not 20 <= tasks <= MOST_TASKS:
        raise ValueError(f"a city day has 20 to {MOST_TASKS} tasks, not {tasks}")
    if not 0 < share <= 1 or not 0 < staffing <= 10:
        raise ValueError("share lies above 0 and up to 1, staffing above 0 and up to 10")
    ground = Ground(seed, tasks=tasks, share=share)
    demand = Demand(ground, seed, tasks=tasks)
    staff = Staff(ground, demand, seed, staffing=staffing)
    return Problem(
        places=ground.places,
        travel=MODES,
        shifts=staff.shifts,
        visits=staff.with_wishes(demand.visits),
        deliveries=demand.lunches,
    )


def main() -> int:
    """Write a day and say what is in it."""
    parser = argparse.ArgumentParser(prog="./run bench city_day", description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000, help=f"visits and lunches, such as {SIZES}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of the city's doors, from the middle outwards")
    parser.add_argument("--staffing", type=float, default=1.0, help="caregivers, relative to the usual number")
    parser.add_argument("-o", "--output", type=Path, help="where the document goes; default stdout")
    asked = parser.parse_args()
    try:
        problem = city_day(asked.tasks, seed=asked.seed, share=asked.share, staffing=asked.staffing)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    text = to_json(dump_problem(problem))
    if asked.output:
        asked.output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    impossible = len(unservable(problem))
    print(
        f"{len(problem.visits)} visits, {sum(len(v.crew) > 1 for v in problem.visits)} by two; "
        f"{len(problem.deliveries)} lunches; {len(problem.shifts)} shifts; {len(problem.places)} places; "
        f"{impossible} tasks proven to fit nobody",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
