"""Keeping a whole Liuzhu up on one machine: its processes are started, watched, restarted and ended together."""

from marketplace.up.child import ChildFailed
from marketplace.up.supervisor import Supervisor

__all__ = ["ChildFailed", "Supervisor"]
