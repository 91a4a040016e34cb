"""Trying a change and taking it back: the one place here that knows how the search's log works."""

from __future__ import annotations

from dispatch.live.kernels.compiled import inner
from dispatch.search.state import begin, forget, undo


@inner
def start_trial(state):
    """Write down from here on what changes; returns what `end_trial` needs."""
    return begin(state)


@inner
def start_afresh(state):
    """The same, and what was done before stays."""
    forget(state)
    return begin(state)


@inner
def end_trial(state, trial):
    """Take back all that was changed since the trial started."""
    undo(state, trial)
