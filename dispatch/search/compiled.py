"""How kernels are compiled: by numba, at their first call, or loaded from the cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from dispatch.search.cache import cache_folder

CACHE = cache_folder()


def kernel(function: Callable[..., Any], *, cache: Path = CACHE) -> Any:
    """Compile a function to machine code at its first call, or load it from the cache. It holds no interpreter lock."""
    return _compiled(function, cache)


def inner(function: Callable[..., Any], *, cache: Path = CACHE) -> Any:
    """The same for a function that only other kernels call: the way in from Python, slow to compile, is left out."""
    return _compiled(function, cache, no_cpython_wrapper=True)


def woven(function: Callable[..., Any], *, cache: Path = CACHE) -> Any:
    """The same for a few lines inside the hottest loops: LLVM puts them into the caller, where their reads of what
    does not change are done once."""
    return _compiled(function, cache, no_cpython_wrapper=True, forceinline=True)


def _compiled(function: Callable[..., Any], cache: Path, **options: bool) -> Any:
    config: Any = numba.config  # its options and njit's are not all declared
    compiler: Any = numba.njit
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache)  # read while decorating; other users of numba keep their own
    try:
        return compiler(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True, **options)(function)
    finally:
        config.CACHE_DIR = before
