"""The day's summary for people: four small tables and the proof."""

from typing import Any

from rich.console import Console
from rich.table import Table


def print_summary(console: Console, document: dict[str, Any]) -> None:
    """Print what the day came to; what is broken stands last and in red."""
    console.print(
        f"\n[bold]A day in Liuzhu[/] · {document['day']} · seed {document['seed']}", highlight=False, soft_wrap=True
    )
    if "visits" in document:
        for title, rows in _tables(document):
            console.print(_table(title, rows))
    console.print(_table("seconds", {name: f"{value:g}" for name, value in document["seconds"].items()}))
    if document["broken"]:
        for one in document["broken"]:
            console.print(f"[red]✗[/] {one}", highlight=False, soft_wrap=True)
    else:
        console.print(
            f"[green]✓[/] the books hold: {document['ledger_entries']} ledger entries proven", highlight=False
        )


def _tables(document: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    visits, bookings, money, hours = (document[name] for name in ("visits", "bookings", "money_fen", "hours_minutes"))
    return [
        (
            "bookings and visits",
            {
                "bookings made": f"{bookings['made']} of {bookings['wished']} wished",
                "not made": _counts(bookings["refused"]),
                "they ended": _counts(bookings["states"]),
                "visits served": f"{visits['served']} of {visits['planned']}",
                "visits unserved": f"{visits['unserved']} ({_counts(visits['unserved_reasons'])})",
                "exceptions approved": str(visits["exceptions_approved"]),
                "travelled": f"{document['travelled_metres'] / 1000:.1f} km in {document['plans']} plans",
            },
        ),
        ("money", {name.replace("_", " "): f"¥{fen / 100:,.2f}" for name, fen in money.items()}),
        (
            "hours",
            {
                "earned": f"{hours['earned_minutes']} min by {hours['tasks_credited']} tasks",
                "redeemed": f"{hours['redeemed_minutes']} min",
                "of it across districts": f"{hours['redeemed_across_minutes']} min",
            },
        ),
    ]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _table(title: str, rows: dict[str, str]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    for name, value in rows.items():
        table.add_row(name, value)
    return table
