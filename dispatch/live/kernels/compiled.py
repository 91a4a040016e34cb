"""How these kernels are compiled: as the search's are, into a folder of their own that both sets of sources name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from dispatch.search import cache
from dispatch.search import compiled as search

FOLDERS = (Path(__file__).parent, cache.SOURCES)
KIND = "live"
CACHE = cache.cache_folder(*FOLDERS, kind=KIND)

kernel: Callable[[Callable[..., Any]], Any] = partial(search.kernel, cache=CACHE)
inner: Callable[[Callable[..., Any]], Any] = partial(search.inner, cache=CACHE)
woven: Callable[[Callable[..., Any]], Any] = partial(search.woven, cache=CACHE)
