from functools import cache

import pytest

from marketplace.app import create_app
from marketplace.base.errors import DomainError
from marketplace.base.settings import Settings
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


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_sentence_with_a_missing_field_still_reads(language: str) -> None:
    for error in every_error():
        assert error().sentence("zh" if language == "zh" else "en")
