"""`./run bench routing`: our engine against PyVRP and VROOM on classic routing instances, in the same run.

Every solver gets the same whole-number instance, one core, one thread and the same limit by CPU time, in alternating
rounds, a seed per round; every solution is judged from the original values. PyVRP asks the process clock after each
iteration. VROOM knows no seed and only a limit by wall time, which on a core of its own is the same; its exploration
level is its highest, and what CPU it used is shown. A quick run: --per-class 1 --seeds 1 --seconds 5.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from dataclasses import asdict
from pathlib import Path
from statistics import fmean

from bench.peers.environment import ROOT, ensure_peers, versions
from bench.peers.machine import machine
from bench.peers.race import OURS, SOLVERS, Entry, Heat, Race, entry_of
from dispatch.benchmarks.bench import instance_paths
from dispatch.benchmarks.best_known import beside, read_best_known
from dispatch.benchmarks.errors import BadFile
from dispatch.benchmarks.judges.score import BestKnown
from dispatch.benchmarks.names import class_of, natural
from dispatch.benchmarks.processes import TooFewCores, core_groups
from dispatch.benchmarks.report import signed
from dispatch.benchmarks.trial import Result

SAMPLES = ROOT / "tests" / "dispatch" / "data"
NAMES = {OURS: "Liuzhu", "pyvrp": "PyVRP", "vroom": "VROOM"}


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="./run bench routing", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=[SAMPLES], help="folders of instances, or instances")
    parser.add_argument("--only", default="*", help="only instances whose name matches, such as 'R1*'")
    parser.add_argument("--per-class", type=int, help="only the first N instances of each class")
    parser.add_argument("--seconds", type=float, default=10.0, help="CPU seconds per solver, instance and seed")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="processes at once, each on a core of its own")
    parser.add_argument("--solvers", default=",".join(SOLVERS), help="which take part")
    parser.add_argument("--best-known", type=Path, help="CSV; default: best_known.csv beside or above the instances")
    parser.add_argument("--json", action="store_true", help="print every result as JSON instead of the table")
    asked = parser.parse_args()
    unknown = set(asked.solvers.split(",")) - set(SOLVERS)
    if unknown or asked.seconds <= 0 or asked.seeds < 1 or asked.jobs < 1:
        parser.error(f"solvers are {', '.join(SOLVERS)}; seconds, seeds and jobs are positive")
    return asked


def entries_of(asked: argparse.Namespace) -> list[Entry]:
    """The instances asked for. Raises BadFile."""
    found: list[Entry] = []
    for folder in asked.folders:
        table = asked.best_known or beside(folder if folder.is_dir() else folder.parent)
        known: dict[str, BestKnown] = read_best_known(table) if table else {}
        for path in instance_paths(folder, asked.only):
            if class_of(path.stem).endswith("patients"):
                continue  # home care is no routing problem the peers can state
            if (
                asked.per_class is None
                or sum(class_of(e.path.stem) == class_of(path.stem) for e in found) < asked.per_class
            ):
                found.append(entry_of(path, known))
    return found


def told(heat: Heat, result: Result) -> None:
    """A line of progress."""
    outcome = f"{result.cost:.2f} with {result.vehicles}" if result.feasible else result.error or result.faults[0]
    line = f"seed {heat.seed}  {result.instance:<12} {NAMES[heat.solver]:<7} {outcome}  ({result.cpu_seconds:.1f} s)"
    print(line, file=sys.stderr, flush=True)


def table_of(race: Race) -> list[str]:
    """Markdown: per class the mean gap of each solver, its least and greatest mean over the seeds, its CPU time."""
    classes: dict[str, list[Entry]] = defaultdict(list)
    for entry in race.entries:
        classes[class_of(entry.path.stem)].append(entry)
    names = [NAMES[solver] for solver in race.solvers]
    lines = [f"| class | instances | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    for name in sorted(classes, key=natural):
        cells = [cell(race, solver, classes[name]) for solver in race.solvers]
        lines.append(f"| {name} | {len(classes[name])} | {' | '.join(cells)} |")
    return lines


def cell(race: Race, solver: str, entries: list[Entry]) -> str:
    """`+0.84 % (+0.70 to +0.95), 10.0 s`; where vehicles come first, those above the best known before it."""
    standings = [race.standing(solver, entry) for entry in entries]
    solved = [result for standing in standings for result in standing.solved]
    failed = sum(len(standing.results) for standing in standings) - len(solved)
    parts = []
    more = [extra for standing in standings if (extra := standing.more_vehicles) is not None]
    if more:
        parts.append(f"{sum(more):+d} vehicles")
    gaps = [gaps for standing in standings if (gaps := standing.gaps())]
    if gaps:
        by_seed = [fmean(column) for column in zip(*gaps, strict=False)]
        spread = f" ({signed(min(by_seed))} to {signed(max(by_seed))})" if len(by_seed) > 1 else ""
        parts.append(f"{signed(fmean(fmean(g) for g in gaps))} %{spread}")
    if solved:
        parts.append(f"{fmean(result.cpu_seconds for result in solved):.1f} s")
    if failed:
        parts.append(f"{failed} failed")
    return ", ".join(parts) or "-"


def report(race: Race, asked: argparse.Namespace, missing: str | None) -> None:
    """Print the table, or everything as JSON."""
    about = {
        "limit": f"{asked.seconds:g} s of CPU, 1 core, 1 thread, {asked.seeds} seeds, {asked.jobs} at once",
        "peers": ", ".join(f"{name} {version}" for name, version in versions().items()),
        **machine(),
        **({"missing peers": missing} if missing else {}),
    }
    if asked.json:
        results = [
            {"solver": solver, "class": class_of(name), **asdict(result)}
            for (solver, name), found in race.results.items()
            for result in found
        ]
        print(json.dumps({"about": about, "results": results}, indent=2))
        return
    print("\n".join(table_of(race)))
    print("\nMean gap to the best known (least and greatest mean of a seed), CPU time used.")
    print("; ".join(f"{name}: {value}" for name, value in about.items()))


def main() -> int:
    """Run the race."""
    asked = arguments()
    try:
        groups, entries = core_groups(asked.jobs, 1), entries_of(asked)
    except (BadFile, TooFewCores) as error:
        print(error, file=sys.stderr)
        return 2
    names = Counter(entry.path.stem for entry in entries)
    if not entries or len(names) < len(entries):
        print(f"{names.most_common(1)[0][0]} stands twice" if names else "no .txt instance matches", file=sys.stderr)
        return 2
    solvers = [solver for solver in SOLVERS if solver in asked.solvers.split(",")]
    missing = ensure_peers() if solvers != [OURS] else None
    if missing:
        print(f"the peers are left out: {missing}", file=sys.stderr)
        solvers = [OURS] if OURS in solvers else []
    race = Race(entries, solvers, asked.seconds, asked.seeds, told)
    finished = bool(solvers) and race.run(groups)
    report(race, asked, missing)
    return 0 if finished else 130 if solvers else 1


if __name__ == "__main__":
    raise SystemExit(main())
