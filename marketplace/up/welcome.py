"""What `liuzhu up` shows: what was done, where to look, who may sign in, how to stop."""

from rich.console import Console
from rich.table import Table

from marketplace.demo.sign_ins import sign_ins
from marketplace.up.first_day import FirstDay
from marketplace.up.instance import Instance


def print_first_day(console: Console, made: FirstDay) -> None:
    """Say what the first start has done."""
    if made.seeded is not None:
        console.print(f"demo city: {made.seeded}", highlight=False, soft_wrap=True)
    table = Table("district", "routes", "unassigned", "solved in", title=f"{made.day}: plans", title_justify="left")
    for plan in made.plans:
        table.add_row(plan.district, str(plan.routes), str(plan.unassigned), f"{plan.seconds:.1f} s")
    console.print(table)
    counts = ", ".join(f"{count} {state}" for state, count in made.bookings.items())
    console.print(f"bookings: {counts or 'none'}", highlight=False, soft_wrap=True)


def print_welcome(console: Console, running: Instance, *, seconds: float) -> None:
    """Say where everything is."""
    if running.settings.demo:
        table = Table("role", "telephone", "password", title="sign-ins of the demo", title_justify="left")
        for one in sign_ins():
            table.add_row(one.role.value, one.phone, one.password or "by code: POST /v1/sign-in/code shows it")
        console.print(table)
    console.print(f"console   {running.address}/console/day", highlight=False, soft_wrap=True)
    console.print(f"API docs  {running.address}/docs", highlight=False, soft_wrap=True)
    console.print(f"data      {running.settings.data}", highlight=False, soft_wrap=True)
    console.print(f"ready after {seconds:.1f} s; Ctrl-C stops everything", highlight=False, soft_wrap=True)
