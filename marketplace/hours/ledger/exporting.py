"""Writing the whole ledger to a file, line by line: a file that bears its name is whole."""

import gzip
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from timebank.export import export_lines

PROGRESS = 100_000  # lines between two words about it


async def export_to(platform: Platform, name: str, *, packed: bool, told: Callable[[int], None]) -> int:
    """Write the export to a file, or to standard output for `-`; how many lines. `OSError` when it cannot be."""
    count = 0
    with _target(name, packed=packed) as out:
        async with transaction(platform.db) as tx:
            async for line in export_lines(tx):
                out.write(line.encode() + b"\n")
                count += 1
                if count % PROGRESS == 0:
                    told(count)
    return count


@contextmanager
def _target(name: str, *, packed: bool) -> Iterator[BinaryIO]:
    """Where to write. A file appears under its name when all of it is written."""
    if name == "-":
        with _packing(sys.stdout.buffer, packed=packed) as out:
            yield out
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    unfinished = path.with_name(f"{path.name}.partial")
    try:
        with unfinished.open("wb") as file, _packing(file, packed=packed) as out:
            yield out
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _packing(file: BinaryIO, *, packed: bool) -> Iterator[BinaryIO]:
    if not packed:
        yield file
        return
    with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as out:
        yield out  # type: ignore[misc]  # a GzipFile writes bytes as any binary file
