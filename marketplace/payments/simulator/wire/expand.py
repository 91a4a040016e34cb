"""Expansion: `expand[]=latest_charge` puts the object in the place of its id, `data.` reaches into lists."""

from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.wire.errors import bad_parameter

DEEPEST = 4


def expand(desk: Desk, body: Body, paths: list[str]) -> Body:
    """Answer the body with every path filled in; ApiError 400 for a path that leads nowhere."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise bad_parameter("You cannot expand more than 4 levels.", param="expand")
        _walk(desk, [body], steps)
    return body


def _walk(desk: Desk, bodies: list[Body], steps: list[str]) -> None:
    name, *rest = steps
    reached: list[Body] = []
    for body in bodies:
        if name not in body:
            words = f"This property cannot be expanded ({name})."
            raise bad_parameter(words, param="expand")
        if isinstance(body[name], str):
            body[name] = desk.find(body[name]) or body[name]
        value = body[name]
        reached.extend(value if isinstance(value, list) else [value] if isinstance(value, dict) else [])
    if rest and reached:
        _walk(desk, reached, rest)
