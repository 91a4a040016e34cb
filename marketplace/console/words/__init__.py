"""What the pages say: one dictionary per language, with the same keys in both."""

from collections.abc import Callable

from marketplace.base.errors import Language
from marketplace.console.words.bank_en import BANK_EN
from marketplace.console.words.bank_zh import BANK_ZH
from marketplace.console.words.counter_en import COUNTER_EN
from marketplace.console.words.counter_zh import COUNTER_ZH
from marketplace.console.words.en import EN
from marketplace.console.words.public_en import PUBLIC_EN
from marketplace.console.words.public_zh import PUBLIC_ZH
from marketplace.console.words.zh import ZH

WORDS: dict[Language, dict[str, str]] = {
    "zh": ZH | PUBLIC_ZH | BANK_ZH | COUNTER_ZH,
    "en": EN | PUBLIC_EN | BANK_EN | COUNTER_EN,
}

Say = Callable[..., str]


def speaker(language: Language) -> Say:
    """`say("late_by", minutes=5)`: a sentence of that language, its fields filled in. KeyError for an unknown key."""
    words = WORDS[language]

    def say(key: str, **fields: object) -> str:
        return words[key].format(**fields)

    return say


def coded(say: Say, kind: str, code: str) -> str:
    """The words of a code (`reason`, `finding`, `state` …); the code itself when a newer engine sends one unknown."""
    try:
        return say(f"{kind}_{code}")
    except KeyError:
        return code.replace("_", " ")
