"""Small steps for the small bank."""

import pytest

from marketplace.hours.importing import steps, taking
from marketplace.hours.importing.undoing import shutting
from marketplace.hours.importing.undoing import steps as back


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows a step, so that the small bank takes many."""
    for module in (steps, taking, back, shutting):
        monkeypatch.setattr(module, "PORTION", 2)
