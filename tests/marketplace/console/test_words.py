"""Both languages say the same things, and everything that the pages ask for."""

import ast
import re
from collections import Counter
from pathlib import Path
from string import Formatter
from typing import get_args

import marketplace.console
from marketplace.base.timebank_rules import Category
from marketplace.console.bank.counter.acts import PEOPLE, Name
from marketplace.console.words import WORDS, coded, speaker
from marketplace.console.words.bank_en import BANK_EN
from marketplace.console.words.bank_zh import BANK_ZH
from marketplace.console.words.counter_en import COUNTER_EN
from marketplace.console.words.counter_zh import COUNTER_ZH
from marketplace.console.words.en import EN
from marketplace.console.words.public_en import PUBLIC_EN
from marketplace.console.words.public_zh import PUBLIC_ZH
from marketplace.console.words.zh import ZH
from marketplace.hours.alerts.models import Kind
from marketplace.hours.giving.models import ORDER_STEPS
from marketplace.hours.importing.steps import Part
from marketplace.hours.members.student_schemas import PROOFS_OF_STUDENTS
from marketplace.hours.members.waiting_students import What

ROOT = Path(marketplace.console.__file__).parent
REASONS = "skill excluded capacity no_shift window distance crew pin mandatory insertable priority_lost changed"
FINDINGS = "far mocked early late short crew_incomplete no_check_in no_check_out disputed"


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_with_the_same_fields() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()
    for key, text in WORDS["zh"].items():
        assert fields(text) == fields(WORDS["en"][key]), key
        assert text.strip()


def test_no_part_of_the_words_says_anew_what_another_says() -> None:
    for parts in ((EN, PUBLIC_EN, BANK_EN, COUNTER_EN), (ZH, PUBLIC_ZH, BANK_ZH, COUNTER_ZH)):
        times = Counter(key for part in parts for key in part)
        assert [key for key, count in times.items() if count > 1] == []


def test_every_key_that_a_page_names_is_there() -> None:
    templates = "\n".join(path.read_text("utf-8") for path in ROOT.glob("templates/*.html"))
    named = set(re.findall(r'\bsay\([\'"](\w+)[\'"]\s*[,)]', templates))
    for path in ROOT.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "say":
                named |= {one.value for one in call.args if isinstance(one, ast.Constant)}
    assert len(named) > 60
    assert named <= WORDS["en"].keys()


def test_every_code_of_the_engine_and_of_the_evidence_has_words() -> None:
    whys, kinds = (
        "suspended lapsed blacklisted repaired paper_missing late nobody_opens waited unproven",
        "provider_gone nobody_came welfare customer_absent",
    )
    for kind, codes in (("reason", REASONS), ("finding", FINDINGS), ("matter_why", whys), ("matter", kinds)):
        assert {f"{kind}_{code}" for code in codes.split()} <= WORDS["en"].keys()


def test_a_code_nobody_has_words_for_is_shown_as_it_is() -> None:
    assert coded(speaker("zh"), "reason", "moon_phase") == "moon phase"


def test_every_kind_of_alert_order_state_and_act_has_words() -> None:
    for kind in get_args(Kind):
        assert f"alert_{kind}" in WORDS["en"]
    assert {f"{word}_{name}" for name in get_args(Name) for word in ("begin", "begin_note")} <= WORDS["en"].keys()
    assert {f"people_{way}" for way in PEOPLE} <= WORDS["en"].keys()
    assert {f"order_state_{state}" for state in ORDER_STEPS} <= WORDS["en"].keys()
    assert {f"figure_value_{part}" for part in get_args(Part)} <= WORDS["en"].keys()
    assert {f"student_proof_{proof}" for proof in PROOFS_OF_STUDENTS} <= WORDS["en"].keys()
    assert {f"student_waits_{what}" for what in get_args(What)} <= WORDS["en"].keys()
    assert {f"category_{one}" for one in get_args(Category)} <= WORDS["en"].keys()
