"""Bounds and proofs: every plan is a solution of the statement at its own cost; small days are solved to the end."""

from __future__ import annotations

import json
from dataclasses import replace
from math import floor
from pathlib import Path

import pytest
from ortools.sat.python import cp_model
from typer.testing import CliRunner

from dispatch import Plan, Problem, check, dump_plan, dump_problem, explain, lower_bound, solve
from dispatch.cli import app
from dispatch.document import parse_plan, to_json
from dispatch.errors import DayTooLarge
from dispatch.neighbourhoods import polish
from dispatch.proof import conflict, statement
from dispatch.proof.conflict import may_be_left_out
from dispatch.proof.prices import Prices
from dispatch.proof.statement import Statement
from dispatch.shifts import Break
from dispatch.tasks import Member
from dispatch.timing.assembly import plan_of
from dispatch.timing.network import Network
from tests.dispatch.builders import MINUTE, earliest, meal, minutes, problem, served, shift, visit
from tests.dispatch.builders import plan_of as plan_made_by
from tests.dispatch.city import district, spiced
from tests.dispatch.constraints import ROWS, Row
from tests.dispatch.test_optimum import optimum, small


def nothing(day: Problem) -> Plan:
    """The plan that serves nobody."""
    return plan_of(day, (), list(day.tasks))


def cost_as_stated(day: Problem, plan: Plan) -> int | None:
    """What the statement says a plan costs; None if it holds the plan for impossible."""
    stated = Statement(Network(day), range(len(day.tasks)))
    prices = Prices(stated.routes, stated.hours, most=10**13)
    for variable, value in stated.values_of(plan):
        stated.model.add(variable == value)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    stated.model.minimize(prices.total)
    if solver.solve(stated.model) != cp_model.OPTIMAL:
        return None
    return floor(solver.objective_value / prices.scale - prices.slack)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
def test_each_constraint_is_stated(row: Row) -> None:
    found = lower_bound(row.day, nothing(row.day), seconds=20)
    assert check(row.day, found.plan) == []
    assert row.measure(found.plan) == row.expected
    assert found.is_optimal


def test_a_day_without_any_shift_costs_what_leaving_all_out_costs() -> None:
    day = replace(problem(visit(), meal()), shifts=())
    found = lower_bound(day, nothing(day), seconds=5)
    assert found.lower == found.plan.cost["total"] == 2 * 50 * 100_000


@pytest.mark.parametrize("seed", range(8))
def test_the_bound_of_up_to_seven_visits_is_the_optimum(seed: int) -> None:
    day = small(seed, 4 + seed % 4)
    found = lower_bound(day, nothing(day), seconds=30)
    assert found.lower == found.plan.cost["total"] == optimum(day)


@pytest.mark.parametrize("seed", range(24))
def test_every_plan_is_a_solution_of_the_statement_at_no_more_than_its_cost(seed: int) -> None:
    day = spiced(seed, tasks=14, shifts=4)
    plan = solve(day, seed=seed, time_limit_seconds=30, iterations=40)
    stated = cost_as_stated(day, plan)
    breaks = [stop for route in plan.routes for stop in route.stops if stop.kind == "break"]
    milder = day.objective.wait_second * sum(stop.travel_seconds for stop in breaks) + 5 * len(day.shifts)
    assert stated is not None
    assert plan.cost["total"] - milder <= stated <= plan.cost["total"]


@pytest.mark.parametrize("seed", range(6))
def test_a_plan_that_is_met_is_checked_and_no_dearer(seed: int) -> None:
    day = spiced(seed, tasks=8, shifts=3)
    plan = solve(day, seed=seed, time_limit_seconds=30, iterations=3)
    found = lower_bound(day, plan, seconds=3, seed=seed)
    assert check(day, found.plan) == []
    assert found.lower <= found.plan.cost["total"] <= plan.cost["total"]


def test_the_bound_rises_and_is_told() -> None:
    told: list[int] = []
    day = small(3, 7)
    found = lower_bound(day, nothing(day), seconds=30, told=lambda _seconds, lower: told.append(lower))
    assert told == sorted(told)
    assert told[-1] <= found.lower


def test_a_day_without_tasks_costs_nothing() -> None:
    day = problem(shift())
    assert lower_bound(day, nothing(day), seconds=1).is_optimal


def test_a_large_day_is_refused() -> None:
    day = district(1, tasks=200, shifts=20)
    with pytest.raises(DayTooLarge) as refused:
        lower_bound(day, nothing(day), seconds=1)
    assert refused.value.ways > refused.value.most


def full_hour(*more: object) -> Problem:
    """An hour in which `long` leaves no room for a second visit of ten minutes."""
    day = shift(window=minutes(0, 60), breaks=(Break("tea", minutes(0, 60), 60),))
    return problem(day, visit("long", "p1", crew=(Member(50 * MINUTE),), priority=90), visit("v1", priority=10), *more)


def test_what_crowds_a_task_out_is_proved_and_named() -> None:
    day = full_hour(visit("brief", "p1", crew=(Member(10),), priority=95))
    plan = solve(day, seed=1, time_limit_seconds=5, iterations=50)
    assert served(plan) == {"long", "brief"}
    reasons = explain(day, plan, proof_seconds=5)[0].reasons
    assert [reason.code for reason in reasons] == ["conflict", "priority_lost"]
    assert reasons[0].detail == "proved: no plan serves it beside long"


def test_nothing_is_proved_of_what_could_be_served() -> None:
    day = problem(visit("a"), visit("b"))
    network = Network(day)
    assert conflict(network, 1, [0], seconds=5) is None


def test_a_crew_that_no_hour_can_bring_together_is_proved_impossible() -> None:
    early, late = shift("early", window=minutes(0, 30)), shift("late", window=minutes(40, 90))
    day = problem(early, late, visit("pair", crew=2))
    assert conflict(Network(day), 0, [], seconds=5) == []


def test_of_a_travel_table_nothing_is_left_out() -> None:
    day = full_hour()
    assert not may_be_left_out(Network(day), 0)  # the builders' towns are tables


@pytest.mark.parametrize("seed", range(4))
def test_a_proof_on_some_tasks_of_a_day_never_speaks_against_a_plan(seed: int) -> None:
    day = district(seed, tasks=30, shifts=6)
    plan = solve(day, seed=seed, time_limit_seconds=30, iterations=300)
    network = Network(day)
    there = sorted(network.tasks[name] for name in served(plan))
    for task in there[::7]:
        others = [other for other in there if other != task]
        assert conflict(network, task, others[::3], seconds=1) is None


def test_the_command_says_how_far_a_plan_is_from_the_cheapest(tmp_path: Path) -> None:
    day = small(2, 5)
    plan = nothing(day)
    for name, text in (("day", to_json(dump_problem(day))), ("plan", to_json(dump_plan(plan)))):
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    files = [str(tmp_path / "day.json"), str(tmp_path / "plan.json")]
    said = CliRunner().invoke(app, ["bound", *files, "-o", str(tmp_path / "best.json"), "--json"])
    figures = json.loads(said.stdout)
    best = parse_plan((tmp_path / "best.json").read_bytes())
    assert figures["optimal"]
    assert figures["lower"] == figures["best"] == best.cost["total"] == optimum(day)
    assert check(day, best) == []
    told = CliRunner().invoke(app, ["bound", *files])
    assert f"no plan costs less than {optimum(day)}: proved" in told.stdout


def test_the_command_refuses_a_large_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement, "MOST_ARCS", 3)
    day = small(2, 5)
    (tmp_path / "day.json").write_text(to_json(dump_problem(day)), encoding="utf-8")
    (tmp_path / "plan.json").write_text(to_json(dump_plan(nothing(day))), encoding="utf-8")
    said = CliRunner().invoke(app, ["bound", str(tmp_path / "day.json"), str(tmp_path / "plan.json")])
    assert said.exit_code == 2
    assert "ways between stops" in said.stderr


def test_neighbourhoods_of_a_day_with_crews_and_lunches_keep_it_valid_and_no_dearer() -> None:
    day = district(3, tasks=30, shifts=8)
    plan = solve(day, seed=1, time_limit_seconds=30, iterations=2)
    heard: list[int] = []
    found = polish(day, plan, seconds=4, heard=lambda _seconds, cost: heard.append(cost))
    assert check(day, found.plan) == []
    assert found.plan.cost["total"] <= plan.cost["total"]
    assert heard == sorted(heard, reverse=True)
    assert heard[-1] == found.plan.cost["total"]
    assert 0 <= found.proved <= found.opened > 0


def test_two_routes_that_cross_are_untangled_and_proved() -> None:
    # one shift at either end of the line, each sent to the door beside the other
    day = problem(shift("left"), shift("right", start="p9", end="p9"), visit("near", "p1"), visit("far", "p8"))
    wrong = plan_made_by(earliest(day, ["far"], ["near"]))
    found = polish(day, wrong, seconds=10)
    assert (found.opened, found.proved) == (2, 2)
    assert found.plan.cost["travel_second"] == 4 * MINUTE
    assert polish(day, found.plan, seconds=10).plan == found.plan


def test_improving_exactly_from_the_command_line(tmp_path: Path) -> None:
    day = problem(shift("left"), shift("right", start="p9", end="p9"), visit("near", "p1"), visit("far", "p8"))
    wrong = plan_made_by(earliest(day, ["far"], ["near"]))
    (tmp_path / "day.json").write_text(to_json(dump_problem(day)), encoding="utf-8")
    (tmp_path / "plan.json").write_text(to_json(dump_plan(wrong)), encoding="utf-8")
    files = [str(tmp_path / name) for name in ("day.json", "plan.json")]
    said = CliRunner().invoke(app, ["improve", *files, "--exact", "-o", str(tmp_path / "best.json")])
    assert said.exit_code == 0
    assert "2 neighbourhoods opened, 2 proved to be cheapest" in said.stderr
    assert parse_plan((tmp_path / "best.json").read_bytes()).cost["total"] == 4 * MINUTE


@pytest.mark.parametrize(
    "words", [("improve", "day.json", "plan.json", "--exact"), ("solve", "day.json", "--engine", "routing")]
)
def test_rounds_are_refused_where_there_are_none(words: tuple[str, ...]) -> None:
    said = CliRunner().invoke(app, [*words, "--iterations", "10"])
    assert (said.exit_code, "counts no rounds" in said.stderr) == (2, True)
