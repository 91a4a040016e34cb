"""Words that a person typed and a list will show: one line each, without anything invisible in it.

PostgreSQL cannot store the character U+0000 at all; the other control characters would break price lists and labels.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from marketplace.web.schemas import Name


def _one_line(words: str) -> str:
    if not words.isprintable():
        raise ValueError("one line of visible characters")
    return words


def _storable(words: str) -> str:
    if not words.replace("\n", "").replace("\t", "").isprintable():
        raise ValueError("visible characters and line breaks")
    return words


Title = Annotated[Name, AfterValidator(_one_line)]
Reason = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_storable)]
