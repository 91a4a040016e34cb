"""`LivePlan`: the face of a plan under way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dispatch.check import check
from dispatch.errors import ChangeRefused, PlanUnfit, StaleProposal, TaskRefused, UnknownShift, UnknownTask
from dispatch.live.delay import delayed, observed, written_late
from dispatch.live.excuse import excused
from dispatch.live.ground import NoRoom
from dispatch.live.kernels.handle import PREDS
from dispatch.live.lateness import lateness_of
from dispatch.live.moves import has_begun, moves_between
from dispatch.live.proposing import MOST_WAYS, changed_by, outcome_of, proposals
from dispatch.live.published import next_plan, with_task, without_task
from dispatch.live.removing import put_back, served, withdraw, withdrawal
from dispatch.live.rescue import relieved
from dispatch.live.tables import Added, Spare
from dispatch.live.values import Base, Lateness, Move, Proposal, Removal, StopKey
from dispatch.live.warm import Change, Copy, Past, Routes, Warm
from dispatch.live.writing import changed_shifts
from dispatch.live.yielding import Yielded, take_out, with_late_breaks
from dispatch.places import Place
from dispatch.plan import Plan, PlanStopKind
from dispatch.problem import Problem
from dispatch.tasks import Delivery, Task


class LivePlan:
    """A published day kept warm. Problem and plan are values: a change gives new ones and raises `version`.

    Times are arguments. `now` may never go back; stops that have started by then stay as they are, and nobody is sent
    anywhere that she would have to have left for before. A stop never starts earlier than the plan promised."""

    def __init__(self, problem: Problem, plan: Plan, *, now: int = 0, spare: Spare | None = None) -> None:
        """Takes seconds for 5,000 visits. Raises PlanUnfit for a plan that breaks a rule or cannot be kept."""
        violations = check(problem, plan)
        if violations:
            raise PlanUnfit([str(violation) for violation in violations])
        self.problem, self.plan, self.now, self.version = problem, plan, now, 0
        self._spare = spare or Spare()
        self._past: Past | None = None
        self._warm = self._made(problem, plan)

    def _made(self, problem: Problem, plan: Plan) -> Warm:
        warm = Warm(problem, plan, self._spare)
        warm.freeze(self.now)
        return warm

    def propose(
        self, task: Task | str, *, k: int = 5, now: int | None = None, places: tuple[Place, ...] = ()
    ) -> list[Proposal]:
        """The k cheapest ways to serve a task, the cheapest first, every place of every allowed shift considered: an
        unassigned one by its id, or a new one, whose new places come along. Empty if it fits nowhere.

        Raises UnknownTask, and TaskRefused for a task that is served already or makes no sense."""
        if not 1 <= k <= MOST_WAYS:
            raise ValueError(f"k lies between 1 and {MOST_WAYS}")
        self._at(now)
        if isinstance(task, str):
            return proposals(self._warm, self._unserved(task), k=k, version=self.version)
        added = self._add(task, places)
        try:
            return proposals(self._warm, task, k=k, version=self.version, places=places)
        finally:
            self._warm.tables.take_back(added)

    def commit(self, proposal: Proposal, *, now: int | None = None) -> Plan:
        """Do as proposed. Raises StaleProposal if the plan has changed since, or what the proposal builds on has begun
        meanwhile; ChangeRefused if the checker, asked about the whole plan, objects. Then nothing has changed."""
        if proposal.version != self.version:
            raise StaleProposal(proposal.version, self.version)
        self._at(now)
        done = self._repaired if proposal.base.taken_out else self._served
        plan, _ = self._changed(lambda: done(proposal))
        self._warm.tables.ground.keep([place.id for place in proposal.places])
        return plan

    def _served(self, proposal: Proposal) -> tuple[Problem, Routes, set[str]]:
        task, problem = proposal.task, self.problem
        if task.id not in problem.tasks:
            self._add(task, proposal.places)
            problem = with_task(problem, task, proposal.places)
        elif task.id not in self._left_out():
            raise TaskRefused(task.id, "it is served already")
        warm = self._warm
        preds = proposal.way[PREDS : PREDS + (1 if isinstance(task, Delivery) else len(task.crew))]
        if not all(map(warm.is_open, preds)):
            raise StaleProposal(proposal.version, self.version)
        told = warm.go(warm.tables.number[task.id], np.array(proposal.way, np.int64))
        if told is None:
            raise StaleProposal(proposal.version, self.version)
        outcome = outcome_of(warm, told)
        if (outcome.placements, outcome.moves) != (proposal.placements, proposal.moves):
            raise StaleProposal(proposal.version, self.version)
        return problem, warm.written(changed_by(told)), self._left_out() - {task.id}

    def remove(self, shift: str, *, now: int, rounds: int = 40, seed: int = 0) -> Removal:
        """A caregiver drops out: what she has begun, or has aboard, stays with her, everything else goes to others as
        far as it can. Her shift then ends with what she keeps. `rounds` bounds the search for those that fit nowhere.

        Raises UnknownShift, and ChangeRefused as `commit` does: see `yielding` for what gives way before that."""
        self._at(now)
        number = self._warm.number_of.get(shift)
        if number is None:
            raise UnknownShift(shift)
        out, late = withdrawal(self._warm, number), list[int]()

        def change() -> tuple[Problem, Routes, set[str]]:
            warm, before = self._warm, self._warm.tables.state.rows.copy()
            problem, yielded = withdraw(warm, self.problem, number, out, now)
            put_back(warm, [*out.taken, *yielded.tasks], rounds=rounds, seed=seed)
            late.extend(yielded.late)
            routes = warm.written({*changed_shifts(warm.tables, before), *yielded.shifts})
            names = {warm.tables.ids[task] for task in out.taken}
            gone = served(warm.before(routes).values()) - served(routes.values())
            return problem, routes, self._left_out() | gone | (names - served(routes.values()))

        return self._removal(change, late, tuple(self._warm.tables.ids[task] for task in out.stranded))

    def _removal(self, change: Change, late: list[int], stranded: tuple[str, ...] = ()) -> Removal:
        before = self._left_out()
        plan, moves = self._changed(change)
        unserved = tuple(entry.id for entry in plan.unassigned if entry.id not in before)
        return Removal(plan, moves, unserved, stranded, tuple(self.problem.shifts[one].id for one in late))

    def remove_task(self, name: str, *, now: int, rounds: int = 40, seed: int = 0) -> Removal:
        """A visit or delivery is cancelled: the problem no longer has it. Raises UnknownTask, and ChangeRefused if it
        has begun or is aboard."""
        self._at(now)
        if name not in self.problem.tasks:
            raise UnknownTask(name)
        warm, is_served, late = self._warm, name not in self._left_out(), list[int]()
        number = warm.tables.number[name]
        if is_served and warm.tables.has_begun(number):
            raise ChangeRefused([f"{name} has begun"])
        if any(entry.delivery == name for shift in self.problem.shifts for entry in shift.aboard):
            raise ChangeRefused([f"{name} is aboard"])

        def change() -> tuple[Problem, Routes, set[str]]:
            before, problem, yielded = warm.tables.state.rows.copy(), without_task(self.problem, name), Yielded()
            if is_served:
                yielded = take_out(warm, [number])
                problem = with_late_breaks(warm, problem, yielded)
                put_back(warm, yielded.tasks, rounds=rounds, seed=seed)
                late.extend(yielded.late)
            routes = warm.written({*changed_shifts(warm.tables, before), *yielded.shifts})
            gone = served(warm.before(routes).values()) - served(routes.values())
            return problem, routes, (self._left_out() | gone) - {name}

        removal = self._removal(change, late)
        warm.tables.forget(name)
        return removal

    def running_late(self, shift: str, seconds: int, *, now: int, k: int = 3) -> Lateness:
        """What becomes of the plan if a caregiver leaves her present stop (or reaches the one she drives to) that much
        later: nothing is changed. Raises UnknownShift, ValueError, and ChangeRefused if the delay reaches what has
        begun elsewhere."""
        if seconds <= 0:
            raise ValueError("a delay lasts at least a second")
        self._at(now)
        if shift not in self._warm.number_of:
            raise UnknownShift(shift)
        return lateness_of(self._warm, self.problem, Base(shift, seconds), k=k, version=self.version)

    def started(
        self, name: str, at: int, *, kind: PlanStopKind = "visit", member: int = 0, now: int | None = None, k: int = 3
    ) -> Lateness:
        """What becomes of the plan now that a stop was seen to start at a second: `running_late` from that stop on,
        whatever the plan says has begun behind it. No delay if it started on time. Raises UnknownStop, ValueError,
        ChangeRefused."""
        return self._observed((kind, name, member), at, now, k, finished=False)

    def finished(
        self, name: str, at: int, *, kind: PlanStopKind = "visit", member: int = 0, now: int | None = None, k: int = 3
    ) -> Lateness:
        """The same for a stop that was seen to end at a second."""
        return self._observed((kind, name, member), at, now, k, finished=True)

    def _observed(self, key: StopKey, at: int, now: int | None, k: int, *, finished: bool) -> Lateness:
        if now is not None and now < at:
            raise ValueError(f"{at} is still to come at {now}")
        base = observed(self.plan, key, at, finished=finished)
        self._at(max(at, self.now) if now is None else now)
        return lateness_of(self._warm, self.problem, base, k=k, version=self.version)

    def accept(self, lateness: Lateness, *, leave_out: bool = False, now: int | None = None) -> Plan:
        """Promise the later starts of a delay that breaks nothing. `leave_out`: what it endangers goes elsewhere, or
        becomes unassigned; what is late whatever is left out is a fact, and the problem's rule gives way by as many
        seconds. Raises StaleProposal, ChangeRefused."""
        if lateness.version != self.version:
            raise StaleProposal(lateness.version, self.version)
        if lateness.endangered and not leave_out:
            raise ChangeRefused(
                [f"{one.cause} of {one.id} is missed by {one.seconds} s" for one in lateness.endangered]
            )
        self._at(now)
        base = relieved(self._warm, lateness.base, lateness.endangered)

        def change() -> tuple[Problem, Routes, set[str]]:
            warm, before = self._warm, self._warm.tables.state.rows.copy()
            if not delayed(warm, base):
                raise ChangeRefused(["the delay breaks a rule, or reaches what has begun elsewhere"])
            put_back(warm, [warm.tables.number[name] for name in base.taken_out], rounds=0, seed=0)
            routes, longer = written_late(warm, base, before)
            lost = {name for name in base.taken_out if not warm.serves(name)}
            return excused(self.problem, (*base.excuses, *longer)), routes, self._left_out() | lost

        return self._changed(change)[0]

    def _repaired(self, proposal: Proposal) -> tuple[Problem, Routes, set[str]]:
        """A delay, what it endangers taken out, and the first of it served elsewhere."""
        warm, before = self._warm, self._warm.tables.state.rows.copy()
        done = delayed(warm, proposal.base)
        changed = warm.go(warm.tables.number[proposal.task.id], np.array(proposal.way, np.int64)) if done else None
        if changed is None:
            raise StaleProposal(proposal.version, self.version)
        routes, longer = written_late(warm, proposal.base, before)
        return excused(self.problem, longer), routes, self._left_out() | set(proposal.leaves_out)

    def undo(self, *, now: int | None = None) -> Plan:
        """Take the last change back. Raises ChangeRefused if there is none, or if a stop has begun since that it would
        move."""
        self._at(now)
        past = self._past
        if past is None:
            raise ChangeRefused(["there is nothing to undo"])
        moves = moves_between(self.plan.routes, past.plan.routes)
        if moved := [move for move in moves if has_begun(move, past.now, self.now)]:
            raise ChangeRefused([f"{move.kind} {move.id} on {move.shift} has begun" for move in moved])
        if past.copy is None:
            self._warm = self._made(past.problem, past.plan)
        else:
            self._warm.restore(past.copy)
            self._warm.price_by(past.problem)
            self._warm.freeze(self.now)
        self.problem, self.plan, self._past = past.problem, past.plan, None
        self.version += 1
        return self.plan

    def _changed(self, change: Change) -> tuple[Plan, tuple[Move, ...]]:
        """Make a change of the state, have its plan checked as a whole, and accept it; else all stays as it was."""
        warm, copy = self._warm, self._warm.copy()
        try:
            problem, routes, left_out = change()
            priced = self._warm.account  # with the pins that were: what they held was never late
            self._warm.price_by(problem)
            order = [name for name in problem.tasks if name in left_out]
            plan = next_plan(self._warm, problem, self.plan, routes, order, priced=priced)
            moves = moves_between(self._warm.before(routes).values(), routes.values())
        except Exception:
            self._back_to(warm, copy)
            raise
        self._past = Past(self.problem, self.plan, self.now, copy if warm is self._warm else None)
        self._warm.accept(routes)
        self.problem, self.plan = problem, plan
        self.version += 1
        self._warm.freeze(self.now)
        return plan, moves

    def _back_to(self, warm: Warm, copy: Copy) -> None:
        self._warm = warm
        warm.restore(copy)
        warm.price_by(self.problem)
        warm.freeze(self.now)

    def _at(self, now: int | None) -> None:
        if now is None or now == self.now:
            return
        if now < self.now:
            raise ValueError(f"it was {self.now} already, it cannot be {now}")
        self.now = now
        self._warm.freeze(now)

    def _left_out(self) -> set[str]:
        return {entry.id for entry in self.plan.unassigned}

    def _unserved(self, name: str) -> Task:
        if name not in self.problem.tasks:
            raise UnknownTask(name)
        if name not in self._left_out():
            raise TaskRefused(name, "it is served already")
        return self.problem.tasks[name]

    def _add(self, task: Task, places: tuple[Place, ...]) -> Added:
        """Put a new task into spare rows; when they are used up the tables are made anew, once."""
        known = {place.id: place for place in places}
        try:
            return self._warm.tables.add(task, known)
        except NoRoom:
            self._warm = self._made(self.problem, self.plan)
            if self._past is not None:
                self._past = replace(self._past, copy=None)
            return self._warm.tables.add(task, known)
