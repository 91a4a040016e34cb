"""PyVRP on one instance, in the peers' environment: arrays in, routes out as a line of JSON.

It is stopped by CPU time: its stopping criterion asks the process clock after every iteration.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np
import pyvrp


def data_of(arrays: dict[str, np.ndarray]) -> pyvrp.ProblemData:
    """The instance as PyVRP states it: clients for VRPTW, shipments for pickup and delivery."""
    matrix, ready, due, service, demand = (arrays[name] for name in ("matrix", "ready", "due", "service", "demand"))
    nodes = range(1, len(matrix))
    pairs = arrays["pairs"].tolist()
    clients, shipments = [], []
    for pickup, delivery in pairs:
        shipments.append(
            pyvrp.Shipment(
                pickup, delivery,
                int(ready[pickup]), int(due[pickup]), int(service[pickup]),
                int(ready[delivery]), int(due[delivery]), int(service[delivery]),
                amount=[int(demand[pickup])],
            )
        )  # fmt: skip
    if not pairs:
        clients = [
            pyvrp.Client(
                node, delivery=[int(demand[node])], service_duration=int(service[node]),
                tw_early=int(ready[node]), tw_late=int(due[node]),
            )
            for node in nodes
        ]  # fmt: skip
    day = {"tw_early": int(ready[0]), "tw_late": int(due[0])}
    fleet = pyvrp.VehicleType(
        int(arrays["vehicles"]), capacity=[int(arrays["capacity"])], fixed_cost=int(arrays["fixed"]), **day
    )
    locations = [pyvrp.Location(0, 0) for _ in range(len(matrix))]  # travel is in the matrix
    return pyvrp.ProblemData(
        locations, clients, [pyvrp.Depot(0, **day)], [fleet], [matrix], [matrix], shipments=shipments
    )


def nodes_of(route: pyvrp.Route, pairs: list[list[int]]) -> list[int]:
    """The nodes of a route in driving order."""
    found = []
    for stop in route:
        if stop.is_client():
            found.append(stop.idx + 1)
        elif stop.is_pickup():
            found.append(pairs[stop.idx][0])
        elif stop.is_delivery():
            found.append(pairs[stop.idx][1])
    return found


def main(path: str, seconds: float, seed: int, core: str) -> None:
    """Solve and print."""
    if core and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})
    arrays = dict(np.load(path))
    data = data_of(arrays)
    wall, began = time.monotonic(), time.process_time()
    result = pyvrp.solve(data, stop=lambda _best: time.process_time() - began >= seconds, seed=seed, display=False)
    cpu = time.process_time() - began
    answer = {
        "routes": [nodes_of(route, arrays["pairs"].tolist()) for route in result.best.routes()],
        "cpu_seconds": round(cpu, 3), "wall_seconds": round(time.monotonic() - wall, 3),
        "iterations": result.num_iterations,
    }  # fmt: skip
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
