"""Errors of the engine. Each carries data; none knows of a screen or a status code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a document: where (JSON pointer, RFC 6901), which rule, and what was found."""

    pointer: str
    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.code}: {self.detail}"


class DocumentInvalid(ValueError):
    """A document breaks its format. `faults` names every place found, in document order."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(str(fault) for fault in faults[:5]))


class ProblemInvalid(DocumentInvalid):
    """The problem document cannot be read; nothing was solved."""


class PlanInvalid(DocumentInvalid):
    """The plan document cannot be read."""


class EngineFault(RuntimeError):
    """The engine made a plan its own checker rejects. A bug: the plan is withheld, `causes` says why."""

    def __init__(self, causes: list[str]) -> None:
        self.causes = causes
        super().__init__("; ".join(causes[:5]))


class UnknownTask(LookupError):
    """No visit or delivery of that id is in the problem."""

    def __init__(self, task_id: str) -> None:
        self.task_id = task_id
        super().__init__(f"no visit or delivery {task_id!r} in the problem")


class UnknownStop(LookupError):
    """The plan has no such stop: of that kind, id and crew member."""

    def __init__(self, kind: str, id_: str, member: int) -> None:
        self.kind, self.id, self.member = kind, id_, member
        super().__init__(f"no {kind} {id_!r} (member {member}) in the plan's routes")


class TaskRefused(ValueError):
    """A visit or delivery cannot be taken up as it is stated; `detail` says why. Nothing changed."""

    def __init__(self, task_id: str, detail: str) -> None:
        self.task_id, self.detail = task_id, detail
        super().__init__(f"{task_id}: {detail}")


class PlanUnfit(ValueError):
    """A plan cannot be kept warm: it breaks a rule, or holds times that the engine cannot give back."""

    def __init__(self, causes: list[str]) -> None:
        self.causes = causes
        super().__init__("; ".join(causes[:5]))


class StaleProposal(RuntimeError):
    """A proposal was made for another version of the plan, or what it builds on has begun meanwhile."""

    def __init__(self, made_for: int, now_at: int) -> None:
        self.made_for, self.now_at = made_for, now_at
        super().__init__(f"proposed for version {made_for} of the plan, which is now at {now_at}: propose again")


class ChangeRefused(RuntimeError):
    """A change of a live plan was not made, and nothing changed; `causes` says why."""

    def __init__(self, causes: list[str]) -> None:
        self.causes = causes
        super().__init__("; ".join(causes[:5]))


class UnknownShift(LookupError):
    """No shift of that id is in the problem."""

    def __init__(self, shift_id: str) -> None:
        self.shift_id = shift_id
        super().__init__(f"no shift {shift_id!r} in the problem")


class DayTooLarge(ValueError):
    """The day has more ways between stops than a proof can be sought for."""

    def __init__(self, ways: int, most: int) -> None:
        self.ways, self.most = ways, most
        super().__init__(f"the day has {ways} ways between stops; a proof is sought among {most} at most")
