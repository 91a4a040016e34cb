"""Every kind of corruption that the tables' owner can plant with every guard off, and who finds it by which name."""

from tests.timebank.corruption.accounts import ACCOUNTS
from tests.timebank.corruption.entries import ENTRIES
from tests.timebank.corruption.holds import HOLDS
from tests.timebank.corruption.kinds import Corruption
from tests.timebank.corruption.nights import NIGHTS
from tests.timebank.corruption.town import MONDAY, busy, export, plant, rewritten

CORRUPTIONS = (*ENTRIES, *ACCOUNTS, *HOLDS, *NIGHTS)

__all__ = ["CORRUPTIONS", "MONDAY", "Corruption", "busy", "export", "plant", "rewritten"]
