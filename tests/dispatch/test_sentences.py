"""What is said of tasks left out has two languages, and the Chinese is found from the English of a document."""

import re
from string import Formatter

import pytest

from dispatch.sentences import SENTENCES, count_of, in_chinese, sentence


def parts_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("name", SENTENCES)
def test_every_sentence_is_found_in_chinese_with_all_its_parts(name: str) -> None:
    chinese, english = SENTENCES[name]
    assert parts_of(chinese) == parts_of(english)
    parts = {part: f"{part}-7" for part in parts_of(english)}
    assert in_chinese(sentence(name, **parts)) == chinese.format(**parts)
    assert not re.search("[a-z]{3}", in_chinese(sentence(name, **dict.fromkeys(parts, "7"))))


def test_shifts_of_a_crew_are_listed_as_in_chinese() -> None:
    assert in_chinese("30 minutes later, shift a and b could come") == "推迟 30 分钟，班次 a、b 可以前往"


@pytest.mark.parametrize("text", ["", "nobody is on duty today", "words\nof somebody else", "proved"])
def test_what_others_wrote_stays_as_it_is(text: str) -> None:
    assert in_chinese(text) == text


def test_one_is_not_said_in_the_plural() -> None:
    assert [count_of(count, "task") for count in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]
