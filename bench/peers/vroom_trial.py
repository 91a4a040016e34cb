"""VROOM on one instance, in the peers' environment: arrays in, routes out as a line of JSON.

It takes no seed and no clock: on one thread and one core of its own its timeout in wall time is the nearest to a
limit by CPU, and at exploration level 5, its highest, it often ends by itself long before. What it used is reported.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta

import numpy as np
import vroom

DEPOT = 0
EXPLORATION = 5


def input_of(arrays: dict[str, np.ndarray]) -> vroom.Input:
    """Jobs for VRPTW, shipments for pickup and delivery; a vehicle costs what it costs our engine."""
    found = vroom.Input()
    found.set_durations_matrix("car", arrays["matrix"].astype(np.uint32))
    window = [vroom.TimeWindow(int(a), int(b)) for a, b in zip(arrays["ready"], arrays["due"], strict=True)]
    service, demand = arrays["service"].tolist(), arrays["demand"].tolist()
    costs = vroom.VehicleCosts(fixed=int(arrays["fixed"]))
    for number in range(int(arrays["vehicles"])):
        found.add_vehicle(
            vroom.Vehicle(
                number, start=DEPOT, end=DEPOT, capacity=[int(arrays["capacity"])], time_window=window[DEPOT],
                costs=costs,
            )
        )  # fmt: skip

    def step(node: int) -> vroom.ShipmentStep:
        return vroom.ShipmentStep(node, node, default_service=service[node], time_windows=[window[node]])

    pairs = arrays["pairs"].tolist()
    for pickup, delivery in pairs:
        found.add_shipment(step(pickup), step(delivery), amount=vroom.Amount([demand[pickup]]))
    for node in range(1, len(demand)) if not pairs else ():
        found.add_job(
            vroom.Job(
                node, node, default_service=service[node], delivery=vroom.Amount([demand[node]]),
                time_windows=[window[node]],
            )
        )  # fmt: skip
    return found


def main(path: str, seconds: float, core: str) -> None:
    """Solve and print."""
    if core and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})
    stated = input_of(dict(np.load(path)))
    wall, began = time.monotonic(), time.process_time()
    solution = stated.solve(exploration_level=EXPLORATION, nb_threads=1, timeout=timedelta(seconds=seconds))
    cpu = time.process_time() - began
    steps = [
        [step for step in route["steps"] if step["type"] not in ("start", "end")]
        for route in solution.to_dict()["routes"]
    ]
    answer = {
        "routes": [[step["id"] for step in route] for route in steps],
        "cpu_seconds": round(cpu, 3), "wall_seconds": round(time.monotonic() - wall, 3), "iterations": 0,
    }  # fmt: skip
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[4])
