"""A seeded simulation of the ledger against an oracle in plain Python: `./run simulate ledger`."""

from tests.timebank.simulation.again import again
from tests.timebank.simulation.steps import (
    BookCloses,
    BookOpens,
    Call,
    Closing,
    Crash,
    Moment,
    Night,
    Root,
    Snapshot,
    Sweeping,
)

__all__ = [
    "BookCloses",
    "BookOpens",
    "Call",
    "Closing",
    "Crash",
    "Moment",
    "Night",
    "Root",
    "Snapshot",
    "Sweeping",
    "again",
]
