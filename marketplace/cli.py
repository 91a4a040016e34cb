"""The `liuzhu` command: everything an operator does from a terminal. `./run` calls `up`; the rest is by name."""

import asyncio
import json
import socket
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from marketplace.base.loading import loading
from marketplace.base.settings import Settings
from marketplace.commands.ledger import ledger_app
from marketplace.commands.running import err, settings_now, with_platform

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
outbox_app = typer.Typer(no_args_is_help=True, help="Messages that wait or have given up.")
app.add_typer(outbox_app, name="outbox")
app.add_typer(ledger_app, name="ledger")


@app.command()
def up(
    port: Annotated[int | None, typer.Option(help="Port of the API and the console.", min=0, max=65535)] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of everything that is kept.")] = None,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Load the demo city into an empty database.")] = True,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    from marketplace.up.starting import run_up

    raise typer.Exit(run_up(settings_now(), port=port, data=data, demo=demo))


@app.command()
def day(
    seed: Annotated[int, typer.Option(help="The day's chance: same seed, same day.")] = 1,
    visits: Annotated[int, typer.Option(help="How many bookings.", min=1, max=3000)] = 300,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output, nothing else.")] = False,
    data: Annotated[Path | None, typer.Option(help="Keep the day's instance here instead of throwing it away.")] = None,
) -> None:
    """Play a whole day from booking to payout, prove the books, and exit 1 if anything does not hold."""
    from marketplace.up.playing import run_day

    raise typer.Exit(run_day(settings_now(), seed=seed, visits=visits, as_json=as_json, data=data))


@app.command()
def serve() -> None:
    """Serve the API and the console (one process)."""
    settings = settings_now()
    # with the protocol named, asyncio switches Nagle's algorithm off; without it every answer waits 40 ms
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        err.print(f"liuzhu: cannot listen on {settings.host}:{settings.port}: {error.strerror}", highlight=False)
        raise typer.Exit(2) from error
    with loading():
        import uvicorn

        from marketplace.app import create_app

        program = create_app(settings)
    config = uvicorn.Config(program, access_log=False, log_level="warning", timeout_graceful_shutdown=5)
    uvicorn.Server(config).run(sockets=[listening])


@app.command()
def worker() -> None:
    """Deliver messages and fire timers (any number of these may run)."""
    with loading():
        from marketplace.worker import main as work

    work(settings_now())


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from marketplace.base.migrations import migrate as bring

    settings = settings_now()
    if settings.database_url is None:
        err.print("liuzhu: set DATABASE_URL; `liuzhu up` migrates the embedded database by itself")
        raise typer.Exit(2)
    before, after = asyncio.run(bring(settings.database_url))
    typer.echo(f"schema {before or 'empty'} → {after}")


@app.command()
def seed(number: Annotated[int, typer.Option("--seed", help="The city's chance.")] = 1) -> None:
    """Load the demo city into an empty database."""
    from marketplace.demo.city import seed_city

    made = with_platform(lambda platform: seed_city(platform, seed=number))
    typer.echo("the database is not empty: nothing done" if made is None else f"loaded {made}")


@app.command()
def openapi(
    check: Annotated[Path | None, typer.Option(help="Exit 1 unless this file is what would be printed.")] = None,
) -> None:
    """Print the OpenAPI document."""
    from marketplace.app import create_app

    schema = create_app(Settings()).openapi_schema.to_schema()
    text = json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if check is None:
        sys.stdout.write(text)
    elif check.read_text("utf-8") != text:
        err.print(f"liuzhu: {check} is out of date; write it anew with `liuzhu openapi > {check}`")
        raise typer.Exit(1)


@app.command()
def settings() -> None:
    """Show the settings in force, secrets masked."""
    table = Table("setting", "value")
    for name, value in settings_now().shown().items():
        table.add_row(name, value)
    Console().print(table)


@outbox_app.command("list")
def outbox_list(
    state: Annotated[str, typer.Option(help="pending, dead or done")] = "dead",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """List deliveries of a state, newest first."""
    from marketplace.base.outbox.inspection import list_deliveries

    table = Table("delivery", "message", "consumer", "attempts", "last error", title=f"{state} deliveries")
    for row in with_platform(lambda platform: list_deliveries(platform, state=state, limit=limit)):
        table.add_row(*row)
    Console().print(table)


@outbox_app.command("replay")
def outbox_replay(
    delivery: Annotated[str | None, typer.Argument(help="One delivery's id; all dead ones without it.")] = None,
) -> None:
    """Give dead deliveries another ten tries."""
    from marketplace.base.outbox.inspection import replay

    count = with_platform(lambda platform: replay(platform, delivery))
    typer.echo(f"{count} deliveries wait again")


@ledger_app.command("cycle")
def ledger_cycle(
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Default: yesterday, in the city.")] = None,
    run: Annotated[
        bool, typer.Option("--run", help="Run it now if it was not; the worker does so each night.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A row per branch and partner, instead of JSON.")] = False,
) -> None:
    """Report what the branches owed one another on a day, net and gross. Exit 1 if that cycle was not run."""
    from marketplace.hours.reporting import cycle_of
    from timebank.cycles import cycle_csv, cycle_json

    cycle = with_platform(lambda platform: cycle_of(platform, day.date() if day else None, run=run))
    if cycle is None:
        err.print("liuzhu: no cycle was run for that day; --run runs it", highlight=False)
        raise typer.Exit(1)
    typer.echo(cycle_csv(cycle) if as_csv else cycle_json(cycle), nl=not as_csv)
    for line in cycle.lines:
        if line.breached:
            err.print(f"! branch {line.branch} owes {line.debt}, above its cap of {line.cap}", highlight=False)


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
