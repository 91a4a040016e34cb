"""`liuzhu ledger …`: taking the ledger out, checking what was taken out, and reading accounts at a terminal.

Exit status: 0 all is well, 1 something does not hold, 2 called wrongly.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from marketplace.commands.links import link_app
from marketplace.commands.running import err, with_platform

Roots = Annotated[list[str] | None, typer.Option("--root", metavar="HEX", help="A published root; may be repeated.")]
Statements = Annotated[
    list[Path] | None, typer.Option("--statement", help="A statement's proof that was handed out; may be repeated.")
]
FORMS = ("table", "csv", "proof", "xlsx", "pdf")

ledger_app = typer.Typer(no_args_is_help=True, help="The time bank's and the money's books.")
ledger_app.add_typer(link_app, name="link")


@ledger_app.command("export")
def ledger_export(
    file: Annotated[str, typer.Argument(help="Where to write; - for standard output.")],
    packed: Annotated[bool, typer.Option("--gzip", help="Pack it; a name that ends in .gz does so too.")] = False,
) -> None:
    """Write the whole ledger as JSON lines, all of one moment, while writers go on. Progress: standard error."""
    from marketplace.hours.ledger.exporting import export_to

    try:
        count = with_platform(
            lambda platform: export_to(platform, file, packed=packed or file.endswith(".gz"), told=_progress)
        )
    except OSError as error:
        _usage(f"{file}: {error.strerror or error}")
    err.print(f"{count} lines", highlight=False)


@ledger_app.command("verify")
def ledger_verify(
    file: Annotated[str | None, typer.Argument(help="An export, plain or gzipped; - for standard input.")] = None,
    roots: Roots = None,
    statements: Statements = None,
) -> None:
    """Check an export by the separate verifier; without a file, recompute the books in the database."""
    if file is None:
        if roots or statements:
            _usage("--root and --statement are compared with an export: name its file")
        _prove()
        return
    handed_out = [*_options("--root", roots), *_options("--statement", statements)]
    program = [sys.executable, "-m", "timebank.verify", *handed_out, "--", file]
    raise typer.Exit(subprocess.run(program, check=False).returncode)  # noqa: S603 - our own program


@ledger_app.command("statement")
def ledger_statement(
    member: Annotated[UUID, typer.Argument(help="The member's id.")],
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Default: 30 days ago.")
    ] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Default: today.")] = None,
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMS)}.")] = "table",
    output: Annotated[Path | None, typer.Option(help="Write it there instead of to standard output.")] = None,
) -> None:
    """A member's statement. `--format proof` is what `python -m timebank.verify_statement` checks."""
    from marketplace.base.errors import DomainError
    from marketplace.hours.ledger.reading import statement_for

    if form not in FORMS:
        _usage(f"--format is one of {', '.join(FORMS)}")
    days = since.date() if since else None, until.date() if until else None
    try:
        content: bytes = with_platform(lambda platform: statement_for(platform, member, *days, form=form))
        _give(content, output)
    except DomainError as error:
        _usage(str(error))
    except OSError as error:
        _usage(f"{output}: {error.strerror or error}")


@ledger_app.command("balance")
def ledger_balance(
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV instead of a table.")] = False,
) -> None:
    """The trial balance: every book's sums by unit and kind of account. Exit 1 unless each book sums to zero."""
    from marketplace.hours.ledger.reading import balance_csv, trial, unbalanced

    lines = with_platform(trial)
    if as_csv:
        sys.stdout.write(balance_csv(lines))
    else:
        table = Table("book", "unit", "kind", "accounts", "posted", "held", "owed")
        for line in lines:
            table.add_row(line.book, line.unit, line.kind, *map(str, line.figures))
        Console().print(table)
    wrong = unbalanced(lines)
    for book, unit, total in wrong:
        err.print(f"✗ book {book} sums to {total} {unit}", highlight=False)
    if wrong:
        raise typer.Exit(1)


@ledger_app.command("import")
def ledger_import(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="members.csv, balances.csv, history.csv, or their folder.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="utf-8 or gb18030")] = "utf-8",
    commit: Annotated[bool, typer.Option("--commit", help="Bring it in; without this nothing is written.")] = False,
    undo: Annotated[
        UUID | None, typer.Option(metavar="ID", help="Take this import back instead, one that stopped or is unused.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is taken back; it is kept.")] = None,
) -> None:
    """Import an existing bank. Problems go to standard output as CSV, one a row; exit 1 if there are any."""
    if undo is not None:
        if paths:
            _usage("--undo takes an import's id and no files")
        _undo_import(undo, reason, commit=commit)
        return
    if not paths:
        _usage("name members.csv, balances.csv, history.csv, or their folder")
    from marketplace.hours.importing import terminal
    from marketplace.hours.importing.files import ENCODINGS
    from marketplace.hours.importing.report import problems_csv

    known = next((one for one in ENCODINGS if one == encoding.lower()), None)
    if known is None:
        _usage(f"--encoding is one of {', '.join(ENCODINGS)}")
    try:
        files = terminal.files_at(paths, known)
    except (OSError, terminal.UnknownFile) as error:
        _usage(str(error))
    report = with_platform(lambda platform: terminal.dry_run(platform, files))
    if report.problems:
        sys.stdout.write(problems_csv(report.problems))
        err.print(f"{len(report.problems)} problems; nothing was changed", highlight=False)
        raise typer.Exit(1)
    kinds = ", ".join(f"{count} {kind}" for kind, count in report.members.items())
    err.print(f"{kinds or 'nobody'}; {report.entries} entries, {report.minutes} minutes", highlight=False)
    if report.done:
        err.print("these files came in before: nothing to do", highlight=False)
    elif not commit:
        err.print("a dry run: nothing was changed; --commit brings it in", highlight=False)
    else:
        _bring_in(files)


def _bring_in(files: Any) -> None:
    from marketplace.base.errors import DomainError
    from marketplace.hours.importing import terminal

    try:
        with _steps() as told:
            made = with_platform(lambda platform: terminal.commit(platform, files, told))
    except DomainError as error:  # something changed since the dry run a moment ago
        err.print(f"liuzhu: {error}", highlight=False)
        raise typer.Exit(1) from error
    if made.state == "stopped":
        err.print(f"liuzhu: stopped after {made.done_steps} of {made.steps} steps: {made.trouble}", highlight=False)
        raise typer.Exit(1)
    err.print(f"imported as {made.id}", highlight=False)


def _undo_import(import_id: UUID, reason: str | None, *, commit: bool) -> None:
    """What stands in the way goes to standard output as CSV, one a row; without it the import is taken back."""
    from marketplace.base.errors import DomainError
    from marketplace.hours.importing import terminal
    from marketplace.hours.importing.undoing.obstacles import obstacles_csv
    from marketplace.hours.importing.undoing.steps import is_called_off

    if commit and not reason:
        _usage("--undo with --commit needs a --reason")
    try:
        found = with_platform(lambda platform: terminal.undo_dry_run(platform, import_id))
        if found.obstacles:
            sys.stdout.write(obstacles_csv(found.obstacles))
            err.print(f"{len(found.obstacles)} things stand in the way; nothing was changed", highlight=False)
            raise typer.Exit(1)
        called_off = is_called_off(found.made)
        if called_off:
            err.print(f"called off on the way: {found.left.inside} members to let in again", highlight=False)
        else:
            err.print(f"{found.left.entries} entries to reverse, {found.left.members} members to end", highlight=False)
        if found.made.state == "undone":
            err.print("it was taken back before: nothing to do", highlight=False)
        elif not commit:
            does = "lets them in" if called_off else "takes it back"
            err.print(f"a dry run: nothing was changed; --commit {does}", highlight=False)
        else:
            _take_back(import_id, reason or "")
    except DomainError as error:
        err.print(f"liuzhu: {error}", highlight=False)
        raise typer.Exit(1) from error


def _take_back(import_id: UUID, reason: str) -> None:
    from marketplace.hours.importing import terminal

    with _steps("undo_steps", "undone_steps") as told:
        made = with_platform(lambda platform: terminal.undo(platform, import_id, reason, told))
    if made.state != "undone":
        where = f"{made.undone_steps} of {made.undo_steps} steps: {made.trouble}"
        rest = "those steps stand, and the same command goes on once that is mended"
        err.print(f"liuzhu: stopped after {where}; {rest}", highlight=False)
        raise typer.Exit(1)
    err.print(f"taken back: {made.id}", highlight=False)


@contextmanager
def _steps(all_of: str = "steps", done: str = "done_steps") -> Iterator[Callable[[Any], None]]:
    """A bar on standard error that follows an import's steps; where that is no terminal, nothing."""
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("importing", total=None)
        yield lambda made: bar.update(task, total=getattr(made, all_of), completed=getattr(made, done))


def _prove() -> None:
    from marketplace.up.proving import prove_books

    failures = with_platform(prove_books)
    for failure in failures:
        err.print(f"✗ {failure}", highlight=False)
    if failures:
        raise typer.Exit(1)
    typer.echo("✓ the books hold")


def _options(name: str, values: Sequence[str | Path] | None) -> list[str]:
    return [part for value in values or () for part in (name, str(value))]


def _progress(lines: int) -> None:
    err.print(f"{lines} lines…", highlight=False)


def _give(content: bytes, output: Path | None) -> None:
    if output is not None:
        output.write_bytes(content)
        return
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _usage(line: str) -> NoReturn:
    err.print(f"liuzhu: {line}", highlight=False)
    raise typer.Exit(2)
