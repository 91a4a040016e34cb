"""What `liuzhu up` shows: what was done, where to look, who may sign in, how to stop."""

from rich.console import Console
from rich.table import Table

from marketplace.demo.sign_ins import sign_ins
from marketplace.up.first_day import Bookings, FirstDay
from marketplace.up.instance import Instance

NOT_MADE = {
    "nothing_found": "nobody offers the service there",
    "no_slot": "no caregiver was free",
    "slot_taken": "others had taken the free times",
    "sold_out": "the kitchens had no lunches left",
    "insufficient_balance": "too few hours to pay with",
}


def print_first_day(console: Console, made: FirstDay) -> None:
    """Say what the first start has done."""
    if made.seeded is not None:
        console.print(f"demo city: {made.seeded}", highlight=False, soft_wrap=True)
    table = Table("district", "routes", "unassigned", "solved in", title=f"{made.day}: plans", title_justify="left")
    for plan in made.plans:
        table.add_row(plan.district, str(plan.routes), str(plan.unassigned), f"{plan.seconds:.1f} s")
    console.print(table)
    for line in booking_lines(made.bookings):
        console.print(line, highlight=False, soft_wrap=True)


def booking_lines(made: Bookings) -> list[str]:
    """The day's bookings in words: each state, and why what did not come about did not."""
    counts = [f"{made.wished} wished"] if made.wished else []
    counts += [f"{count} {state}" for state, count in made.states.items()]
    missing = sum(made.not_made.values())
    lines = [f"bookings: {', '.join([*counts, *([f'{missing} not made'] if missing else [])]) or 'none'}"]
    failed = made.states.get("failed", 0)
    if made.declined:
        lines.append(
            f"  {made.declined} failed on purpose: these payers of the demo gave a test card that is always declined,"
            " so that there is something of it to look at"
        )
    if failed > made.declined:
        lines.append(f"  {failed - made.declined} failed and should not have: data/logs says why")
    if missing:
        whys = ", ".join(f"{count} because {NOT_MADE.get(code, code)}" for code, count in sorted(made.not_made.items()))
        lines.append(f"  {missing} not made: {whys}")
    return lines


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
