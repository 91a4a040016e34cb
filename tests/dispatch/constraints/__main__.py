"""Print the table."""

from tests.dispatch.constraints import table

print(table(), end="")  # noqa: T201  # this is its purpose
