"""What a search may use up, and in what stretches: time, or rounds."""

from __future__ import annotations

from collections.abc import Callable

STRETCH = 100  # rounds of a stretch when rounds are counted, or before their pace is known
STRETCH_SECONDS = 0.05  # how long a stretch should last
LEAST_STRETCH, MOST_STRETCH = 10, 100_000


class Budget:
    """Time until the clock says `until`, or a number of rounds, or until `stop` says so, whichever comes first."""

    def __init__(
        self, clock: Callable[[], float], until: float, rounds: int | None, stop: Callable[[], bool] | None = None
    ) -> None:
        self.clock, self.until, self.rounds = clock, until, rounds
        self.stop = stop or (lambda: False)
        self.began = self.now = clock()
        self.done = 0
        self.stretch = STRETCH

    @property
    def share(self) -> float:
        """The share that is used up, 0 to 1: of the rounds if they are limited, else of the time."""
        if self.rounds is not None:
            return min(1.0, self.done / max(1, self.rounds))
        return min(1.0, (self.now - self.began) / max(1e-9, self.until - self.began))

    @property
    def spent_seconds(self) -> float:
        """How long it has lasted, by its clock."""
        return self.now - self.began

    def is_left(self) -> bool:
        """Whether there is anything left."""
        return self.share < 1 and self.now < self.until and not self.stop()

    def next(self) -> int:
        """How many rounds to run now."""
        return self.stretch if self.rounds is None else min(STRETCH, self.rounds - self.done)

    @property
    def whole(self) -> float:
        """How many rounds it is in all, by the pace so far where time is what is limited."""
        return self.rounds if self.rounds is not None else self.done / max(1e-9, self.share)

    def share_after(self, rounds: int) -> float:
        """The share that will be used up after some more rounds."""
        return min(1.0, self.share + rounds / max(1.0, self.whole))

    def spend(self, rounds: int) -> None:
        """Note that as many rounds have been run since the last call, and adapt the next stretch to their pace."""
        before, self.now = self.now, self.clock()
        self.done += rounds
        pace = rounds / max(1e-6, self.now - before)
        wanted = min(MOST_STRETCH, 3 * self.stretch, pace * min(STRETCH_SECONDS, self.until - self.now))
        self.stretch = int(max(LEAST_STRETCH, wanted))
