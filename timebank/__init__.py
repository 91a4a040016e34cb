"""A double-entry ledger for hours and money, exchangeable across the branches of a city.

Say what moves with commands, write with `apply` inside your own transaction, read with `balance` and `statement`.
A library over PostgreSQL 15 or newer: it knows nothing of the web or of the program around it.
"""

from timebank.accounts import account_id, open_account
from timebank.books import close_book, close_period, open_book
from timebank.clearing import NetPosition, net_positions, take_snapshot
from timebank.commands import (
    Capture,
    CloseAccount,
    Command,
    Hold,
    OpenAccount,
    Post,
    Release,
    ReopenAccount,
    Result,
    Reverse,
    SetLimits,
    Transfer,
)
from timebank.cycles import BranchLine, Cycle, PartnerLine, find_cycle, run_cycle
from timebank.errors import LedgerError
from timebank.holds import HeldAmount, find_hold, sweep
from timebank.ledger import apply
from timebank.statements import Balance, Line, Statement, balance, balance_at, statement

__all__ = [
    "Balance",
    "BranchLine",
    "Capture",
    "CloseAccount",
    "Command",
    "Cycle",
    "HeldAmount",
    "Hold",
    "LedgerError",
    "Line",
    "NetPosition",
    "OpenAccount",
    "PartnerLine",
    "Post",
    "Release",
    "ReopenAccount",
    "Result",
    "Reverse",
    "SetLimits",
    "Statement",
    "Transfer",
    "account_id",
    "apply",
    "balance",
    "balance_at",
    "close_book",
    "close_period",
    "find_cycle",
    "find_hold",
    "net_positions",
    "open_account",
    "open_book",
    "run_cycle",
    "statement",
    "sweep",
    "take_snapshot",
]
