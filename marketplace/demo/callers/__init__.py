"""People of the demo as clients of the HTTP API: each signs in by telephone like anybody else."""

from marketplace.demo.callers.caller import Caller, Refused
from marketplace.demo.callers.exchange import Exchange

__all__ = ["Caller", "Exchange", "Refused"]
