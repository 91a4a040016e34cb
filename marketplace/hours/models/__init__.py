"""Tables of the time bank's face: members and their files, programmes, tasks. Balances stand in the ledger alone."""

from marketplace.hours.models.incidents import INCIDENT_STEPS, Incident
from marketplace.hours.models.members import LARGEST_GROUP, MEMBER_STEPS, Member
from marketplace.hours.models.programmes import Agreement, Programme, Redemption
from marketplace.hours.models.records import Insurance, Training
from marketplace.hours.models.series import SERIES_STEPS, SeriesSkip, TaskSeries
from marketplace.hours.models.students import CHANGE_STEPS, StudentChange
from marketplace.hours.models.tasks import OPEN, TASK_STEPS, Task, hold_key, reference

# how a row is locked for changing its state: whoever writes a row that refers to it need not wait
KEY_FREE = {"key_share": True}

__all__ = [
    "CHANGE_STEPS",
    "INCIDENT_STEPS",
    "KEY_FREE",
    "LARGEST_GROUP",
    "MEMBER_STEPS",
    "OPEN",
    "SERIES_STEPS",
    "TASK_STEPS",
    "Agreement",
    "Incident",
    "Insurance",
    "Member",
    "Programme",
    "Redemption",
    "SeriesSkip",
    "StudentChange",
    "Task",
    "TaskSeries",
    "Training",
    "hold_key",
    "reference",
]
