"""Seeded histories of a city against the oracle; and the proof of that: a planted fault is found and cut short."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from marketplace.base.embedded.postgres import Postgres
from tests.timebank.simulation import again, steps
from tests.timebank.simulation.course import Divergence, play, replay
from tests.timebank.simulation.oracle import Expected, Oracle
from tests.timebank.simulation.report import as_python
from tests.timebank.simulation.shrinking import shortest_prefix, shrink
from tests.timebank.simulation.stage import Stage
from tests.timebank.simulation.steps import Crash, Step
from timebank import Capture, Hold, Post, Release

STEPS = 5_000


@pytest.fixture(scope="module")
def standing(postgres: Postgres, migrated: str) -> Stage:
    """Histories on this test process's server, which nobody kills here."""
    found = Stage(postgres)
    asyncio.run(found.build(migrated))
    return found


async def test_a_history_of_5000_steps_agrees_with_the_oracle_and_passes_the_proof(standing: Stage) -> None:
    async with standing.world() as world:
        course = await play(world, 7, STEPS, proofs=2)
    assert course.divergence is None, as_python(course.steps[-1:], course.divergence)
    figures = course.comparison
    assert len(course.steps) == STEPS
    assert len(figures.codes) >= 18  # kinds of refusals that were met
    assert len(figures.crashes) == 4  # moments at which clients died
    assert len(figures.oracle.state.entries) > STEPS // 4
    assert figures.oracle.state.cycles
    assert figures.oracle.state.periods


class Generous(Oracle):
    """An oracle with one wrong rule: a capture may take more than was held."""

    def capture(self, command: Capture, now: object) -> Expected:
        hold = self.state.holds.get(command.hold_key)
        if hold is not None and command.amount is not None and command.amount > hold.amount:
            return Expected(command.key, "posted", command.amount)
        return super().capture(command, now)  # type: ignore[arg-type]


FORGETFUL = """
CREATE OR REPLACE FUNCTION ledger_resolve(h ledger_hold, p_state text, p_captured bigint, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE ledger_hold SET state = p_state, captured = p_captured, resolved_at = p_now WHERE key = h.key;
  IF p_state = 'released' THEN RETURN; END IF; -- the planted fault: what was set aside is not given back
  UPDATE ledger_account SET held = held - h.amount, owed = GREATEST(0, floor - (posted - held + h.amount))
    WHERE id = h.account;
END $$
"""


async def cut_short(
    standing: Stage, *, sql: str = "", make_oracle: Callable[[], Oracle] = Oracle
) -> tuple[list[Step], Divergence]:
    """What is left of a history that meets a planted fault."""
    async with standing.world(sql=sql) as world:

        async def fails(candidate: Sequence[Step]) -> Divergence | None:
            return (await replay(world, candidate, make_oracle=make_oracle)).divergence

        course = await play(world, 3, 300, make_oracle=make_oracle)
        assert course.divergence is not None
        prefix = await shortest_prefix(fails, course)
        assert prefix == course.steps[: len(prefix)]
        assert await fails(prefix[:-1]) is None
        left = await shrink(fails, prefix)
        divergence = await fails(left)
    assert divergence is not None
    return left, divergence


def commands(left: list[Step]) -> list[type]:
    return [type(command) for step in left if isinstance(step, steps.Call | Crash) for command in step.commands]


async def test_a_fault_planted_in_the_ledger_is_found_and_cut_to_a_hold_and_its_release(standing: Stage) -> None:
    left, divergence = await cut_short(standing, sql=FORGETFUL)
    assert commands(left) == [Hold, Release]
    assert "posted, held, owed" in divergence.subject


async def test_a_wrong_rule_in_the_oracle_is_found_and_cut_to_a_hold_and_its_capture(standing: Stage) -> None:
    left, divergence = await cut_short(standing, make_oracle=Generous)
    assert commands(left)[-2:] == [Hold, Capture]
    assert len(commands(left)) <= 3  # at most one more, that gave the account what was held
    assert (divergence.expected, divergence.found) == ("None", "capture_too_large")


async def test_what_a_divergence_prints_is_python_that_makes_the_same_steps(standing: Stage) -> None:
    async with standing.world() as world:
        course = await play(world, 3, 300)
    played: list[list[Step]] = []
    printed = as_python(course.steps, Divergence(299, "subject", "one thing", "another"))
    assert f"{again.__name__}(" in printed
    exec(printed.replace("\nagain(", "\nplayed.append("), {"played": played})  # noqa: S102  # it is our own print
    assert played == [course.steps]
    assert Post in commands(played[0])
