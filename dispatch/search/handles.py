"""Handles: what kernels are given instead of a tuple of arrays, one pointer to them all.

Numba passes a named tuple of twenty arrays as some three hundred numbers, at every call, and counts references to each
array that a kernel reads from it. A handle is the address of a table of addresses and shapes; the arrays read through
it are borrowed, uncounted, and what a kernel writes, Python sees.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import typeof, types
from numba.core import cgutils
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate
from numba.extending import NativeValue, infer_getattr, models, register_model, typeof_impl, unbox


class HandleType(types.Type):
    """The compiled type of a handle: named arrays of known types, all C-contiguous; `widths` of rows are constants."""

    def __init__(self, arrays: tuple[tuple[str, Any], ...], widths: tuple[tuple[str, int], ...]) -> None:
        self.arrays = dict(arrays)
        self.widths = dict(widths)
        self.places = {}  # of each array's address in the table; its shape follows
        place = 0
        for name, array in arrays:
            self.places[name] = place
            place += 1 + array.ndim
        super().__init__(name=f"Handle({', '.join(f'{name}: {array}' for name, array in arrays)}; {widths})")


class Handle:
    """The arrays of a named tuple, by name, for kernels. Keeps them alive. The width of those named in `rows` is the
    same for all problems and compiled in."""

    def __init__(self, arrays: Any, rows: tuple[str, ...] = ()) -> None:
        self.arrays = arrays._asdict()
        if not all(array.flags.c_contiguous for array in self.arrays.values()):
            raise ValueError("a handle needs C-contiguous arrays")
        self.type = HandleType(
            tuple((name, typeof(array)) for name, array in self.arrays.items()),
            tuple((name, self.arrays[name].shape[1]) for name in rows),
        )
        table = [number for array in self.arrays.values() for number in (array.ctypes.data, *array.shape)]
        self.table = np.array(table, np.int64)
        self.address = self.table.ctypes.data


@typeof_impl.register(Handle)
def _type_of(handle: Handle, _context: Any) -> HandleType:
    return handle.type


@register_model(HandleType)
class _Model(models.PrimitiveModel):
    """An address."""

    def __init__(self, manager: Any, type_: HandleType) -> None:
        super().__init__(manager, type_, cgutils.intp_t)


@unbox(HandleType)
def _unboxed(_type: HandleType, handle: Any, context: Any) -> NativeValue:
    address = context.pyapi.object_getattr_string(handle, "address")
    value = context.pyapi.long_as_longlong(address)
    context.pyapi.decref(address)
    return NativeValue(value)


@infer_getattr
class _Attributes(AttributeTemplate):
    """`facts.legs` has the type of that array."""

    key = HandleType

    def generic_resolve(self, type_: Any, name: Any) -> Any:  # type: ignore[override]  # numba declares no method
        """The type of an attribute; None if there is none of that name."""
        return type_.arrays.get(name)


@lower_getattr_generic(HandleType)
def _attribute(context: Any, builder: Any, type_: HandleType, address: Any, name: str) -> Any:
    """The array at its place in the table. The table never changes, which the loads say, so that one load serves a
    whole kernel."""
    array_type = type_.arrays[name]
    table = builder.inttoptr(address, cgutils.intp_t.as_pointer())
    invariant = builder.module.add_metadata([])

    def number(offset: int) -> Any:
        loaded = builder.load(builder.gep(table, [cgutils.intp_t(type_.places[name] + offset)]))
        loaded.set_metadata("invariant.load", invariant)
        return loaded

    array = cgutils.create_struct_proxy(array_type)(context, builder)
    element = context.get_data_type(array_type.dtype)
    size = context.get_abi_sizeof(element)
    shape = [number(1 + axis) for axis in range(array_type.ndim)]
    if name in type_.widths:
        shape[1] = cgutils.intp_t(type_.widths[name])
    strides: list[Any] = []
    items = cgutils.intp_t(size)
    for length in reversed(shape):
        strides.insert(0, items)
        items = builder.mul(items, length)
    array.data = builder.inttoptr(number(0), element.as_pointer())
    array.shape, array.strides = cgutils.pack_array(builder, shape), cgutils.pack_array(builder, strides)
    array.itemsize = cgutils.intp_t(size)
    array.nitems = builder.udiv(items, cgutils.intp_t(size))
    array.meminfo = cgutils.get_null_value(array.meminfo.type)
    array.parent = cgutils.get_null_value(array.parent.type)
    return array._getvalue()  # noqa: SLF001  # the documented way to end such a lowering
