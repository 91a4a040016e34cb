from datetime import time

import pytest
from pydantic import ValidationError

from marketplace.base.policy import Policy, PolicyError, load_policy, load_rules
from marketplace.base.timebank_rules import TimeBankRules


def test_the_default_pack_says_what_the_plan_and_its_lenders_say() -> None:
    pack = load_policy("taiyuan")
    assert pack.stamp == "taiyuan@1"
    assert pack.timebank.balance_cap_minutes == 1_500 * 60
    assert pack.meal.lunch_cutoff == time(9)
    assert pack.booking.hold_minutes == 15


def test_a_pack_past_its_end_is_in_force_by_a_decision_that_it_names() -> None:
    pack = load_policy("taiyuan")
    assert pack.valid_to is not None
    assert pack.continued_by


def test_every_borrowed_figure_names_a_figure_of_the_pack() -> None:
    pack = load_policy("taiyuan")
    for name in pack.borrowed:
        part, _, figure = name.partition(".")
        assert part in Policy.model_fields, name
        if figure:
            assert figure in type(getattr(pack, part)).model_fields, name


@pytest.mark.parametrize("name", ["atlantis", "../taiyuan", "", "taiyuan.toml"])
def test_an_unknown_pack_is_named_with_those_there_are(name: str) -> None:
    with pytest.raises(PolicyError, match="taiyuan"):
        load_policy(name)


def test_a_pack_with_an_impossible_figure_is_refused() -> None:
    document = load_policy("taiyuan").model_dump()
    document["timebank"]["balance_cap_minutes"] = 0
    with pytest.raises(ValidationError):
        Policy.model_validate(document)


RULE_SETS = ["taiyuan", "nanjing", "beijing", "changning", "qingdao", "pidu"]


@pytest.mark.parametrize("name", RULE_SETS)
def test_every_rule_set_names_itself_and_borrows_only_what_it_has(name: str) -> None:
    rules = load_rules(name)
    assert rules.name == name
    for figure in rules.borrowed:
        assert figure.partition(".")[0] in TimeBankRules.model_fields, figure


@pytest.mark.parametrize("name", RULE_SETS)
def test_stars_ascend(name: str) -> None:
    stars = load_rules(name).stars_hours
    assert list(stars) == sorted(set(stars))


def test_the_cities_differ_where_their_documents_do() -> None:
    changning, beijing, pidu = load_rules("changning"), load_rules("beijing"), load_rules("pidu")
    assert (changning.day_cap_minutes, changning.balance_cap_minutes) == (2 * 60, 600 * 60)
    assert (changning.earning.youngest, changning.earning.youngest_woman, changning.earning.oldest) == (60, 50, 70)
    assert beijing.balance_cap_minutes is None
    assert beijing.honours[0].earned_minutes == 10_000 * 60
    assert pidu.earning.items["escort"] == 90


def test_an_unknown_rule_set_is_named_with_those_there_are() -> None:
    with pytest.raises(PolicyError, match=r"atlantis.*nanjing"):
        load_rules("atlantis")


CITIES = ("beijing", "changning", "nanjing", "pidu", "qingdao", "taiyuan")


@pytest.mark.parametrize("city", CITIES)
def test_a_rule_set_states_every_window_and_threshold_itself(city: str) -> None:
    rules = load_rules(city)
    for part in (rules.earning, rules.giving, rules.sanctions):
        unsaid = set(type(part).model_fields) - part.model_fields_set
        assert unsaid <= {"items", "oldest", "gifts_year_minutes"}, f"left to the code: {unsaid}"
    giving = rules.giving
    assert (rules.earning.reviewed, rules.earning.answer_minutes) == (("phone",), 720)
    assert (giving.decision_days, giving.undo_hours, giving.inheritance_undo_days) == (14, 24, 30)
    assert (giving.collection_days, giving.schedule_days) == (60, 366)
