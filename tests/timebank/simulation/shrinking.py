"""The shortest history that still diverges: the shortest failing prefix, then whatever of it is not needed is left out.

Replays are deterministic, so a candidate either diverges or does not. `fails` plays one on a fresh database.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace

from tests.timebank.simulation.course import Course, Divergence
from tests.timebank.simulation.steps import Call, Crash, Step

Fails = Callable[[Sequence[Step]], Awaitable[Divergence | None]]


async def shortest_prefix(fails: Fails, course: Course) -> list[Step]:
    """The shortest prefix of the course that fails; everything agreed after its first `course.sound` steps."""
    steps = course.steps
    sound, failing = course.sound, len(steps)
    if failing - 1 > sound and await fails(steps[:-1]) is None:
        return list(steps)  # the usual case: the last step was the first that went wrong
    while failing - sound > 1:
        middle = (sound + failing) // 2
        if await fails(steps[:middle]) is None:
            sound = middle
        else:
            failing = middle
    return list(steps[:failing])


async def shrink(fails: Fails, prefix: Sequence[Step]) -> list[Step]:
    """The prefix without steps, and steps without commands, that are not needed for it to fail."""
    steps = await _minimal(fails, await _suffix(fails, prefix))
    while True:
        for candidate in _simpler(steps):
            if await fails(candidate) is not None:
                steps = await _minimal(fails, candidate)
                break
        else:
            return steps


async def _suffix(fails: Fails, steps: Sequence[Step]) -> list[Step]:
    """The last few steps, if they fail by themselves: 1, 2, 4, 8 …"""
    count = 1
    while count < len(steps):
        if await fails(steps[-count:]) is not None:
            return list(steps[-count:])
        count *= 2
    return list(steps)


async def _minimal(fails: Fails, steps: list[Step]) -> list[Step]:
    """Leave out halves, quarters … single steps, as long as what remains fails (Zeller and Hildebrandt's ddmin, by
    complements)."""
    size = max(1, len(steps) // 2)
    while True:
        start = 0
        while start < len(steps):
            candidate = steps[:start] + steps[start + size :]
            if candidate and await fails(candidate) is not None:
                steps = candidate
            else:
                start += size
        if size == 1:
            return steps
        size = max(1, size // 2)


def _simpler(steps: list[Step]) -> Iterator[list[Step]]:
    """The same steps with one command less, or with a call instead of a crash."""
    for place, step in enumerate(steps):
        if isinstance(step, Crash):
            yield [*steps[:place], Call(step.commands, step.now), *steps[place + 1 :]]
        if isinstance(step, Call | Crash) and len(step.commands) > 1:
            for left_out in range(len(step.commands)):
                fewer = step.commands[:left_out] + step.commands[left_out + 1 :]
                yield [*steps[:place], replace(step, commands=fewer), *steps[place + 1 :]]
