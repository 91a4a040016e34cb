"""What a process holds: one frozen value handed to routes and jobs, so that nothing is global."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from marketplace.base.channels import Channel
from marketplace.base.clock import Clock
from marketplace.base.crypto import Vault
from marketplace.base.database import Database
from marketplace.base.policy import Policy
from marketplace.base.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Platform:
    """Settings and the open doors of one process. `parts` keeps what higher layers open once (the gateway)."""

    settings: Settings
    db: Database
    clock: Clock
    vault: Vault
    policy: Policy
    channel: Channel
    parts: dict[str, Any] = field(default_factory=dict)

    def now(self) -> datetime:
        """The domain's present instant."""
        return self.clock.now()

    def part(self, name: str, make: Callable[[Settings], T]) -> T:
        """The part called `name`, made from the settings at first use. A test may lay its own in `parts`."""
        if name not in self.parts:
            self.parts[name] = make(self.settings)
        return cast("T", self.parts[name])
