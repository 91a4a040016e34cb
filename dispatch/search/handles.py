"""Handles: what kernels are given instead of a tuple of arrays, one pointer to them all.

Numba passes a named tuple of twenty arrays as some three hundred numbers, at every call; compiling that takes minutes.
A handle shares the arrays with the tuple that it was made from: what a kernel writes, Python sees.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.experimental import structref

from dispatch.search.compiled import kernel

FACTS = (
    "flags", "weights", "legs", "demand", "routes", "room", "tasks", "windows", "breaks", "bonds", "clock", "price",
    "allowed", "liking", "types", "before", "after", "near",
)  # fmt: skip
STATE = (
    "rows", "loads", "counters", "dirty", "is_dirty", "behind", "mark", "log_legs", "log_rows", "log_loads", "spots",
    "found", "choice", "seen", "picked", "preds", "seen_preds", "out",
)  # fmt: skip


@structref.register
class FactsType(types.StructRef):
    """The compiled type of a handle of facts."""

    def preprocess_fields(self, fields: Any) -> Any:
        """Literal types would make a type of their own for every value."""
        return tuple((name, types.unliteral(type_)) for name, type_ in fields)


@structref.register
class StateType(FactsType):
    """The compiled type of a handle of a state."""


class FactsHandle(structref.StructRefProxy):
    """Names the constructor that kernels call."""


class StateHandle(structref.StructRefProxy):
    """Names the constructor that kernels call."""


structref.define_proxy(FactsHandle, FactsType, FACTS)
structref.define_proxy(StateHandle, StateType, STATE)


@kernel
def facts_handle(f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17):
    """A handle of the arrays named by FACTS, in that order."""
    return FactsHandle(f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17)


@kernel
def state_handle(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16, s17):
    """A handle of the arrays named by STATE, in that order."""
    return StateHandle(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16, s17)
