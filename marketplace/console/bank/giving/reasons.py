"""The stored reasons of grants in the reader's language; one of a form unknown here is shown as it is."""

import re

from marketplace.console.words import Say, coded

GROUP = r"group (?P<rank>\d+) \((?P<who>[^)]*)\): "
FORMS = {
    "why_pool": re.compile(
        GROUP + r"(?P<received>\d+) of (?P<promised>\d+) received this month,"
        r" waiting since (?P<since>[\d-]+); the pool had (?P<left>\d+)"
    ),
    "why_issue": re.compile(GROUP + r"(?P<promised>\d+) a month"),
    "why_full": re.compile(GROUP + "her account is full"),
    "why_ceiling": re.compile(GROUP + "the ceiling is reached"),
    "why_nobody": re.compile(GROUP + "no programme is in force for her"),
}
AGES = re.compile(r"(from )?(\d+)( to (\d+))?")


def spoken(reason: str | None, say: Say) -> str:
    """The reason in the language of `say`."""
    for words, form in FORMS.items():
        found = form.fullmatch(reason or "")
        if found:
            fields = found.groupdict()
            who = say("and").join(_member_of_group(one, say) for one in fields.pop("who").split(", "))
            return say(words, who=who, **fields)
    return reason or ""


def _member_of_group(word: str, say: Say) -> str:
    ages = AGES.fullmatch(word)
    if ages is None:
        return coded(say, "category", word)
    return f"{ages[2]}–{ages[4]}" if ages[4] else say("age_from", age=ages[2])
