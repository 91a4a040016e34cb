"""Form bodies with brackets: `metadata[a]=b`, `expand[]=x`, `expand[0]=x` become nested mappings and lists."""

import re
from typing import Any
from urllib.parse import parse_qsl

from marketplace.payments.simulator.wire.errors import ApiError

KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
MOST_FIELDS = 1000
DEEPEST = 6


def parse(raw: bytes) -> dict[str, Any]:
    """Read a form; ApiError 400 when it is not UTF-8, too big, or its brackets do not match."""
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise _malformed("The body is not a form in UTF-8.") from error
    tree: dict[str, Any] = {}
    for key, value in pairs:
        _put(tree, _path(key), value)
    return {name: _with_lists(branch) for name, branch in tree.items()}


def _path(key: str) -> list[str]:
    match = KEY.match(key)
    if match is None:
        raise _malformed(f"Invalid parameter name: {key[:80]}")
    path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(path) > DEEPEST:
        raise _malformed(f"Parameter nested too deeply: {key[:80]}")
    return path


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    *branches, leaf = path
    node = tree
    for name in branches:
        node = node.setdefault(name or str(len(node)), {})
        if not isinstance(node, dict):
            raise _malformed(f"Parameter {path[0]} is both a value and a hash.")
    name = leaf or str(len(node))
    if isinstance(node.get(name), dict):
        raise _malformed(f"Parameter {path[0]} is both a value and a hash.")
    node[name] = value


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if all(name.isascii() and name.isdigit() for name in node):
        return [_with_lists(node[name]) for name in sorted(node, key=int)]
    return {name: _with_lists(branch) for name, branch in node.items()}


def _malformed(message: str) -> ApiError:
    return ApiError(400, "invalid_request_error", message, began=False)
