import sys
from functools import cache

import pytest

from marketplace.app import create_app
from marketplace.base.errors import DomainError, IllegalTransition
from marketplace.base.settings import Settings
from marketplace.base.state_words import ZH
from marketplace.web.problem import STATUS, status_of


def descendants(kind: type[DomainError]) -> list[type[DomainError]]:
    return [found for child in kind.__subclasses__() for found in (child, *descendants(child))]


@cache
def every_error() -> list[type[DomainError]]:
    create_app(Settings())  # imports every feature
    return descendants(DomainError)


def test_every_domain_error_has_a_status_a_code_and_a_sentence_in_both_languages() -> None:
    errors = every_error()
    assert len(errors) > len(STATUS)
    for error in errors:
        assert 400 <= status_of(error) < 500
        assert error.zh != DomainError.zh, error
        assert error.en != DomainError.en, error


def test_no_two_errors_share_a_code() -> None:
    own = [error for error in every_error() if "code" in vars(error)]
    codes = [error.code for error in own]
    assert sorted(codes) == sorted(set(codes))
    assert all("code" in vars(error) for error in every_error())


def test_every_state_of_every_machine_has_a_word_in_chinese() -> None:
    create_app(Settings())
    machines = [
        steps
        for name, module in list(sys.modules.items())
        if name.startswith("marketplace")
        for key, steps in vars(module).items()
        if key.endswith("STEPS") and isinstance(steps, dict)
    ]
    states = {state for steps in machines for state in steps}
    assert len(states) > 60
    assert states - ZH.keys() == set()


def test_states_stand_in_sentences_by_their_words_and_in_the_data_by_their_codes() -> None:
    error = IllegalTransition(state="checked_in", wanted="cancelled")
    assert error.sentence("zh") == "当前状态为“服务中”，不能变为“已取消”。"
    assert error.sentence("en") == "It is checked in and cannot become cancelled."
    again = IllegalTransition(state="cancelled", wanted="cancelled")
    assert (again.sentence("zh"), again.sentence("en")) == ("目前已经是“已取消”。", "It is cancelled already.")
    assert error.data == {"state": "checked_in", "wanted": "cancelled"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_sentence_with_a_missing_field_still_reads(language: str) -> None:
    for error in every_error():
        assert error().sentence("zh" if language == "zh" else "en")
