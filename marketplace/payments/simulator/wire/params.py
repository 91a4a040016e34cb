"""One request's parameters: taken one by one with their type, and nothing may be left over at the end."""

from collections.abc import Collection
from typing import Any

from marketplace.payments.simulator.wire.errors import ApiError, bad_parameter

MOST_FEN = 99_999_999  # the provider's own eight digits
LONGEST_TEXT = 500


class Params:
    """Each `take` raises ApiError 400 with the parameter's name; `done` refuses unknown names."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self._tree = dict(tree)

    def text(self, name: str, *, choices: Collection[str] | None = None) -> str | None:
        """Take an optional text."""
        value = self._tree.pop(name, None)
        if value is None or value == "":
            return None
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise bad_parameter(f"Invalid string: {name}", param=name)
        if choices is not None and value not in choices:
            words = f"Invalid {name}: must be one of {', '.join(sorted(choices))}"
            raise bad_parameter(words, param=name)
        return value

    def required(self, name: str, *, choices: Collection[str] | None = None) -> str:
        """Take a text that must be there."""
        value = self.text(name, choices=choices)
        if value is None:
            raise _absent(name)
        return value

    def whole(self, name: str, *, least: int = 1, most: int = MOST_FEN) -> int | None:
        """Take an optional whole number within bounds."""
        value = self.text(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= 12):
            raise bad_parameter(f"Invalid integer: {value[:40]}", param=name, code="parameter_invalid_integer")
        number = int(value)
        if not least <= number <= most:
            words = f"{name} must lie between {least} and {most}."
            code = "amount_too_large" if number > most else "parameter_invalid_integer"
            raise bad_parameter(words, param=name, code=code)
        return number

    def required_whole(self, name: str) -> int:
        """Take a whole number that must be there."""
        number = self.whole(name)
        if number is None:
            raise _absent(name)
        return number

    def flag(self, name: str) -> bool | None:
        """Take an optional true or false."""
        value = self.text(name, choices=("true", "false"))
        return None if value is None else value == "true"

    def texts(self, name: str) -> list[str]:
        """Take a list of texts, empty when absent."""
        value = self._tree.pop(name, None) or []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise bad_parameter(f"Invalid array: {name}", param=name)
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        """Take a hash, empty when absent."""
        value = self._tree.pop(name, None) or {}
        if not isinstance(value, dict):
            raise bad_parameter(f"Invalid hash: {name}", param=name)
        return value

    def metadata(self) -> dict[str, str]:
        """Take the metadata: at most 50 texts."""
        value = self.mapping("metadata")
        if len(value) > 50 or not all(isinstance(each, str) and len(each) <= 500 for each in value.values()):
            raise bad_parameter("Invalid metadata.", param="metadata")
        return value

    def currency(self) -> str:
        """Take the currency; only cny is spoken here."""
        return self.required("currency", choices=("cny",))

    def ignore(self, *names: str) -> None:
        """Accept parameters of the real API that change nothing here."""
        for name in names:
            self._tree.pop(name, None)

    def done(self) -> None:
        """Refuse what nobody took."""
        for name in self._tree:
            words = f"Received unknown parameter: {name}"
            raise bad_parameter(words, param=name, code="parameter_unknown")


def _absent(name: str) -> ApiError:
    return bad_parameter(f"Missing required param: {name}.", param=name, code="parameter_missing")
