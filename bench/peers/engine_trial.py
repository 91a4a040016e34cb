"""One of our engines on one problem document: `engine_trial.py PROBLEM PLAN SECONDS SEED CORE liuzhu|routing`, in a
process of its own. The line of JSON says what CPU and wall time it used; the plan lies in PLAN.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from dispatch import dump_plan, parse_problem
from dispatch.benchmarks.trial import cpu_clock, pin
from dispatch.document import to_json
from dispatch.search.warm import warm_up
from dispatch.solving import solve, solve_by_routing

ENGINES = {"liuzhu": solve, "routing": solve_by_routing}


def main(problem: Path, plan: Path, seconds: float, seed: int, core: str, engine: str) -> int:
    """Solve, write, print."""
    pin((int(core),) if core else ())
    read = parse_problem(problem.read_bytes())
    warm_up()  # loading the compiled search is not part of the limit, as loading a peer's library is not of its
    chosen = ENGINES[engine]
    wall, began = time.monotonic(), time.process_time()
    found = chosen(read, seed=seed, time_limit_seconds=seconds, **cpu_clock(chosen))
    used = {"cpu_seconds": time.process_time() - began, "wall_seconds": time.monotonic() - wall}
    plan.write_text(to_json(dump_plan(found)), encoding="utf-8")
    print(json.dumps({name: round(value, 3) for name, value in used.items()}))
    return 0


if __name__ == "__main__":
    _, one, two, three, four, five, six = sys.argv
    raise SystemExit(main(Path(one), Path(two), float(three), int(four), five, six))
