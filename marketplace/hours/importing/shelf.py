"""The work of an import between two messages, so that a large bank's files are not read and judged anew for each.

One at most, for a few minutes, in this process's memory: a million rows are a gigabyte. It is taken out while it is
used, so that no two messages share one, and laid back only where all went well.
"""

import asyncio

from marketplace.base.platform import Platform
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.steps import Work

LEASES = 2  # how long it is kept: the next message may have to wait for others


class Shelf:
    """Room for one import's work."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._work: Work | None = None
        self._expiry: asyncio.TimerHandle | None = None

    def lay(self, work: Work) -> None:
        """Keep it for the next message, and nothing else."""
        self.clear()
        self._work = work
        self._expiry = asyncio.get_running_loop().call_later(self._seconds, self.clear)

    def take(self, made: BankImport) -> Work | None:
        """What was laid here of this import, of its files, as it was begun; whatever else lies here is cleared."""
        work = self._work
        self.clear()
        return work if work is not None and _marks(work.made) == _marks(made) else None

    def clear(self) -> None:
        """Nothing is kept any more."""
        if self._expiry is not None:
            self._expiry.cancel()
        self._work = self._expiry = None


def _marks(made: BankImport) -> tuple[object, ...]:
    """What is new when other files come in, or the same ones once more, or when a stopped import is begun anew."""
    return made.id, made.files_sha256, made.begun


def shelf_of(platform: Platform) -> Shelf:
    """The process's shelf."""
    return platform.part("import_shelf", lambda settings: Shelf(settings.lease_seconds * LEASES))
