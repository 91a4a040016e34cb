"""Playing a printed history again."""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.timebank.simulation.course import Divergence, replay
from tests.timebank.simulation.report import told
from tests.timebank.simulation.stage import stage
from tests.timebank.simulation.steps import Step


def again(steps: Sequence[Step]) -> Divergence | None:
    """Play the steps on a server of their own, and say whether ledger and oracle agree."""

    async def play() -> Divergence | None:
        async with standing.world() as world:
            return (await replay(world, steps)).divergence

    with tempfile.TemporaryDirectory() as data, stage(Path(data) / "postgres") as standing:
        divergence = asyncio.run(play())
    sys.stdout.write("they agree\n" if divergence is None else told(divergence) + "\n")
    return divergence
