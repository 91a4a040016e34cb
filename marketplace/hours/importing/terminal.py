"""Importing from a terminal: the files of a folder, or files by name."""

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from marketplace.base.actor import Actor
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.hours.importing.columns import SHAPES
from marketplace.hours.importing.committing import start
from marketplace.hours.importing.errors import ImportUndoCalledOff, ImportUndoEnding
from marketplace.hours.importing.files import Encoding
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.report import Files, Report, judge
from marketplace.hours.importing.running import advance, load
from marketplace.hours.importing.undoing.running import advance_undo
from marketplace.hours.importing.undoing.starting import Prospect, prospect, start_undo


class UnknownFile(Exception):
    """A file that is none of those a bank has; the text is the one line to show."""


def files_at(paths: Sequence[Path], encoding: Encoding) -> Files:
    """The files of a folder, or those named. `UnknownFile`, `OSError`."""
    names = [shape.name for shape in SHAPES]
    if len(paths) == 1 and paths[0].is_dir():
        paths = [paths[0] / name for name in names if (paths[0] / name).exists()]
    content: dict[str, bytes] = {}
    for path in paths:
        if path.name not in names or path.name in content:
            raise UnknownFile(f"{path}: name each of {', '.join(names)} once, or their folder")
        content[path.name] = path.read_bytes()
    return Files(content, encoding)


async def dry_run(platform: Platform, files: Files) -> Report:
    """What is wrong, and what would be made."""
    async with transaction(platform.db) as tx:
        return (await judge(tx, platform.vault, files, policy=platform.policy, now=platform.now())).report


async def commit(
    platform: Platform, files: Files, told: Callable[[BankImport], None] = lambda _made: None
) -> BankImport:
    """Bring the bank in, or find that it was; `told` hears of each step. Killed, a worker goes on, or the same call."""
    async with transaction(platform.db) as tx:
        made = await start(tx, platform.vault, files, policy=platform.policy, actor=Actor.system(), now=platform.now())
    work = await load(platform, made.id)
    while work is not None and made.state == "running":
        told(made)
        made = await advance(platform, work)
    told(made)
    return made


async def undo_dry_run(platform: Platform, import_id: UUID) -> Prospect:
    """What taking an import back would do, and what stands in the way."""
    async with transaction(platform.db) as tx:
        return await prospect(tx, import_id)


async def undo(
    platform: Platform, import_id: UUID, reason: str, told: Callable[[BankImport], None] = lambda _made: None
) -> BankImport:
    """Take an import back, or find that it was; killed, a worker goes on, or the same call. `ImportInUse`;
    `ImportUndoCalledOff` where somebody acted before she was shut out: by then all are in again."""
    async with transaction(platform.db) as tx:
        try:
            made = await start_undo(tx, import_id, reason=reason, actor=Actor.system(), now=platform.now())
        except ImportUndoEnding:  # then the rest of the way in again is what there is to do
            made = await tx.get_one(BankImport, import_id)
    while made.state == "undoing":
        told(made)
        made = await advance_undo(platform, import_id)
    if made.undo_obstacles:
        raise ImportUndoCalledOff(obstacles=made.undo_obstacles, undone_steps=made.undone_steps, state=made.state)
    told(made)
    return made
