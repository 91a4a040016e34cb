"""What the checker finds: a broken constraint with a named cause, where, and the numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """`cause` is stable and machine-readable; `shift` and `id` are empty where they do not apply."""

    cause: str
    detail: str
    shift: str = ""
    id: str = ""

    def __str__(self) -> str:
        where = " ".join(part for part in (self.shift, self.id) if part)
        return f"{self.cause} [{where}]: {self.detail}" if where else f"{self.cause}: {self.detail}"
