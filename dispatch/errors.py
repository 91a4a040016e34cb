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
