"""`liuzhu ledger link …`: links to outside banks from a terminal. What a command needs is loaded when it runs."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from marketplace.base.errors import DomainError
from marketplace.base.platform import Platform
from marketplace.commands.running import err, with_platform
from timebank import LedgerError

Link = Annotated[UUID, typer.Argument(help="The link's id.")]
Limit = Annotated[int, typer.Option("--limit", help="Minutes that the partner may owe us.", min=0)]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept.")]
Address = Annotated[str, typer.Option("--address", help="Where the partner is reached: https://host[:port].")]
Key = Annotated[str, typer.Option("--key", help="The partner's public key: ed25519:…")]
COLUMNS = ("link", "partner", "state", "balance", "we grant", "they grant", "in flight", "compared")

link_app = typer.Typer(no_args_is_help=True, help="Links to outside banks.")


def run(work: Callable[[Platform], Awaitable[Any]]) -> Any:
    """Do it on a platform; a refusal is one line and exit 1."""
    try:
        return with_platform(work)
    except (DomainError, LedgerError) as error:
        err.print(f"liuzhu: {error}", highlight=False)
        raise typer.Exit(1) from error


def show(found: Any) -> None:
    """A link's facts, and our public key for the partner's operator."""
    from marketplace.base.clock import local_day
    from marketplace.hours.links.keys import written

    link, peer = found.link, found.peer
    typer.echo(f"link {link.id} of {link.our_name} to {link.their_name}: {link.state}" + _why(link.reason))
    typer.echo(f"our public key {written(peer.own_public_key)}")
    if peer.next_public_key is not None:
        typer.echo(f"our next one, not taken by the partner yet: {written(peer.next_public_key)}")
    for one in found.given_up:
        typer.echo(f"{one.whose}, given up on {local_day(one.given_up_at)}: {written(one.public_key)}")
    typer.echo(f"we grant {link.our_limit} min, they grant {link.their_limit} min, balance {link.balance} min")


def _why(reason: str | None) -> str:
    return f" ({reason})" if reason else ""


@link_app.command("list")
def list_links() -> None:
    """Every link with its balance (above 0: we owe), both limits and how much is in flight."""
    from marketplace.hours.links.reporting import listed

    table = Table(*COLUMNS)
    for one in run(listed):
        link, compared = one.link, one.peer.compared_at
        figures = (str(value) for value in (link.balance, link.our_limit, link.their_limit, len(one.flying)))
        state = link.state + _why(link.reason)
        table.add_row(str(link.id), link.their_name, state, *figures, compared.isoformat() if compared else "never")
    Console().print(table)


@link_app.command("open")
def open_link(
    partner: Annotated[str, typer.Argument(help="The partner bank's name, as in addresses: jinzhong")],
    our_name: Annotated[str, typer.Option("--as", help="Our own name towards it.")],
    limit: Limit,
    link: Annotated[UUID | None, typer.Option("--id", help="The id that the partner's operator told.")] = None,
    address: Annotated[str | None, typer.Option(help="Where the partner is reached.")] = None,
    key: Annotated[str | None, typer.Option(help="The partner's public key.")] = None,
) -> None:
    """Open a link; without the partner's address and key it waits for `accept`."""
    from marketplace.hours.links.opening import Agreement
    from marketplace.hours.links.reporting import opened

    agreed = Agreement(
        our_name=our_name, partner=partner, limit_minutes=limit, link_id=link, address=address, public_key=key
    )
    show(run(lambda platform: opened(platform, agreed)))


@link_app.command()
def accept(link: Link, address: Address, key: Key) -> None:
    """Take the partner's address and public key, also new ones."""
    from marketplace.hours.links.reporting import accepting, turned

    show(run(lambda platform: turned(platform, link, accepting(link, address, key))))


@link_app.command()
def rotate(link: Link) -> None:
    """Make a new key; the partner is told by itself, and goes on believing the old one for a week."""
    from marketplace.hours.links.reporting import rotating, turned

    show(run(lambda platform: turned(platform, link, rotating(link))))


@link_app.command("give-up-key")
def give_up_key(
    link: Link,
    unanswered: Annotated[
        bool, typer.Option("--unanswered", help="Also if the partner does not say whether it has taken it.")
    ] = False,
) -> None:
    """Give up a new key that the partner has not taken; exit 1 if it has."""
    from marketplace.hours.links.reporting import without_next_key

    show(run(lambda platform: without_next_key(platform, link, unanswered=unanswered)))


@link_app.command()
def limit(link: Link, minutes: Limit) -> None:
    """Change what the partner may owe us; it hears of it when it next compares."""
    from marketplace.hours.links.reporting import limiting, turned

    show(run(lambda platform: turned(platform, link, limiting(link, minutes))))


@link_app.command()
def suspend(link: Link, reason: Reason) -> None:
    """Take no new payments; what is decided already ends."""
    from marketplace.hours.links.reporting import suspending, turned

    show(run(lambda platform: turned(platform, link, suspending(link, reason))))


@link_app.command()
def resume(link: Link) -> None:
    """Take payments again."""
    from marketplace.hours.links.reporting import resuming, turned

    show(run(lambda platform: turned(platform, link, resuming(link))))


@link_app.command()
def close(link: Link, reason: Reason) -> None:
    """Close for good, at balance zero with nothing in flight."""
    from marketplace.hours.links.reporting import closing, turned

    show(run(lambda platform: turned(platform, link, closing(link, reason))))


@link_app.command()
def compare(link: Link) -> None:
    """Compare both banks' books now. Exit 1 if they differ: then the link is suspended."""
    from marketplace.hours.links.comparing import compare as comparing

    found = run(lambda platform: comparing(platform, link))
    for difference in found.differences:
        err.print(f"✗ {difference}", highlight=False)
    if found.height is not None:
        err.print(f"  first at height {found.height}, relay {found.first_relay or 'unknown here'}", highlight=False)
    if found.differences:
        raise typer.Exit(1)
    typer.echo("✓ both banks' books agree")
