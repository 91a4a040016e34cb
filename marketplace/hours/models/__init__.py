"""Tables of the time bank's face: members, programmes, tasks. Balances stand in the ledger alone."""

from marketplace.hours.models.members import Member
from marketplace.hours.models.programmes import Agreement, Programme, Redemption
from marketplace.hours.models.tasks import TASK_STEPS, Task, hold_key, reference

__all__ = ["TASK_STEPS", "Agreement", "Member", "Programme", "Redemption", "Task", "hold_key", "reference"]
