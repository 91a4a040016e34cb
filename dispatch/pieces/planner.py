"""A day by pieces: cut, solve each piece by itself, then open the borders again and again until the time is up."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from dispatch.pieces.borders import recut
from dispatch.pieces.cut import cut
from dispatch.pieces.ground import Ground
from dispatch.pieces.hands import Hands
from dispatch.pieces.merge import merged
from dispatch.pieces.opening import Day, Opening
from dispatch.pieces.piece import piece_problem
from dispatch.pieces.work import Task
from dispatch.plan import Plan, Route
from dispatch.problem import Problem
from dispatch.progress import Progress, Told
from dispatch.refine import Clock
from dispatch.sentences import count_of
from dispatch.stopping import Stop

# Share and seconds, and how hot borders are opened (`work`), were found on one generated day of 3,000 tasks.
FIRST_SHARE = 0.2  # of the time for pieces from nothing, the rest for borders
ROUND_SECONDS = 0.003  # of one core per task: how long a border round should take
MOST_ROUNDS = 12
TOLD_SECONDS = 1.0  # how often the figures of the day as it stands are summed up
LEAST_SECONDS = 0.05  # of a task, however late it is
INSERTING_SECONDS = 4.0  # of a task at most, in the last round: what a search leaves out most often fits exactly
COUNTED_ROUNDS = 2  # border rounds where iterations are counted


class Planner:
    """The routes of a day as they stand, by shift, and the work that makes them cheaper."""

    def __init__(
        self,
        problem: Problem,
        clock: Clock,
        hands: Hands,
        *,
        size: int,
        seed: int,
        iterations: int | None,
        until: float,
        workers: int,
        tell: Progress,
        told: Told | None = None,
        stop: Stop,
    ) -> None:
        self.problem, self.clock, self.hands = problem, clock, hands
        self.size, self.seed, self.iterations = size, seed, iterations
        self.until, self.workers, self.stop = until, workers, stop
        self.tell, self._told, self._told_at = tell, told, -TOLD_SECONDS
        self.ground = Ground(problem)
        self.routes: Mapping[str, Route] = {}
        self.iterated = 0
        self.round = 0

    def solve_pieces(self) -> None:
        """Fill the day from nothing, piece by piece."""
        pieces = cut(self.problem, self.size)
        self.tell(f"cut into {count_of(len(pieces), 'piece')}", self.clock.spent)
        self._figures()
        problems = [piece_problem(self.problem, piece) for piece in pieces]
        share = FIRST_SHARE if len(pieces) > 1 else 1.0
        until = self.clock.now() + share * (self.until - self.clock.now())
        inserting = 0.0 if len(pieces) > 1 else INSERTING_SECONDS  # rounds over the borders go on with it faster
        for answer in self.hands.answers(self._tasks(problems, until=until, inserting=inserting), self.stop):
            name = f"piece {answer.number + 1} of {len(pieces)}: {count_of(len(problems[answer.number].tasks), 'task')}"
            if answer.plan is None:
                self.tell(f"{name}, none served: {answer.fault or 'stopped'}", self.clock.spent)
                continue
            self.routes = {**self.routes, **{route.shift: route for route in answer.plan.routes}}
            self.iterated += answer.plan.iterations
            self.tell(f"{name}, {len(answer.plan.unassigned)} unserved", self.clock.spent)
            self._figures()

    def open_borders(self) -> None:
        """Rounds over the borders until the time is up, or a set number of them where iterations are counted."""
        while not self.stop() and (left := self._rounds_left()) > 0:
            self.round += 1
            now = self.clock.now()
            self._open(now + (self.until - now) / left, last=left == 1)

    def _rounds_left(self) -> int:
        """How many more rounds there should be; the last one takes what time is left."""
        if self.iterations is not None:
            return COUNTED_ROUNDS - self.round
        seconds = (self.until - self.clock.now()) * self.workers / max(1, len(self.problem.tasks))
        if seconds < ROUND_SECONDS / 4:
            return 0
        return min(max(1, MOST_ROUNDS - self.round), max(1, round(seconds / ROUND_SECONDS)))

    def _open(self, until: float, *, last: bool) -> None:
        day = Day(self.problem, dict(self.routes))
        pieces = recut(day, self.ground, size=self.size, number=self.round)
        openings = [day.open(piece) for piece in pieces]
        inserting = INSERTING_SECONDS if last else 0.0
        problems, plans = [one.problem for one in openings], [one.plan for one in openings]
        tasks = self._tasks(problems, plans, until=until, inserting=inserting)
        cheaper = 0
        for answer in self.hands.answers(tasks, self.stop):
            if answer.plan is not None:
                cheaper += self._take(openings[answer.number], answer.plan)
                self._figures()
            elif answer.fault:
                self.tell(f"a border stays as it is: {answer.fault}", self.clock.spent)
        plan = merged(self.problem, self.routes)
        self.tell(
            f"border round {self.round}: {cheaper} of {count_of(len(pieces), 'piece')} cheaper, "
            f"{len(plan.unassigned)} unserved, costs {plan.cost['total']}",
            self.clock.spent,
        )

    def _figures(self) -> None:
        """Tell what the day as it stands costs and leaves out, if it was not told just now."""
        spent = self.clock.spent
        if self._told is not None and spent - self._told_at >= TOLD_SECONDS:
            self._told_at = spent
            plan = merged(self.problem, self.routes)
            self._told(spent, plan.cost["total"], len(plan.unassigned))

    def _take(self, opening: Opening, plan: Plan) -> bool:
        """Take a piece's cheaper plan over, if that makes the whole day cheaper."""
        shifts = {shift.id for shift in opening.problem.shifts}
        routes = {shift: route for shift, route in self.routes.items() if shift not in shifts}
        routes |= {route.shift: route for route in opening.routes(plan)}
        weights = self.problem.objective
        if weights.max_late_second or weights.unfair_second:  # what looks at all routes together
            total = merged(self.problem, self.routes).cost["total"]
            if merged(self.problem, routes).cost["total"] >= total:
                return False
        self.routes = routes
        self.iterated += plan.iterations
        return True

    def _tasks(
        self, problems: Sequence[Problem], plans: Sequence[Plan] = (), *, until: float, inserting: float
    ) -> Iterator[Task]:
        """A task per piece, made when somebody is free for it: each gets its share of what time is left by then, and
        may go on inserting exactly for `inserting` seconds, or as much as is its share of the whole day's rest."""
        left = sum(len(problem.tasks) for problem in problems)
        for number, problem in enumerate(problems):
            now, share = self.clock.now(), min(1.0, self.workers * len(problem.tasks) / max(1, left))
            left -= len(problem.tasks)
            seconds = share * (until - now) if self.iterations is None else self.until - now
            chance = random.Random(f"{self.seed} {self.round} {number}")  # noqa: S311  # a seeded search, no secret
            yield Task(
                number,
                problem,
                plans[number] if plans else None,
                chance.getrandbits(31),
                max(LEAST_SECONDS, seconds),
                max(LEAST_SECONDS, min(inserting, share * (self.until - now))),
                self.iterations,
            )
