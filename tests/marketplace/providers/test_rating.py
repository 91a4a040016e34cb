from hypothesis import given
from hypothesis import strategies as st

from marketplace.base.policy import RatingRules
from marketplace.providers.rating import bayesian_mean

RULES = RatingRules(prior_mean=4.0, prior_count=10)


def test_without_ratings_the_mean_is_the_priors() -> None:
    assert bayesian_mean(0, 0, RULES) == 4.0


def test_ten_ratings_of_five_weigh_as_much_as_the_prior() -> None:
    assert bayesian_mean(50, 10, RULES) == 4.5


def test_one_star_moves_a_new_provider_by_less_than_a_third() -> None:
    assert bayesian_mean(1, 1, RULES) == 3.73  # (40 + 1) / 11


@given(st.lists(st.integers(1, 5), min_size=1, max_size=200))
def test_the_mean_lies_between_the_priors_and_the_ratings_own(stars: list[int]) -> None:
    own = sum(stars) / len(stars)
    mean = bayesian_mean(sum(stars), len(stars), RULES)
    assert min(own, 4.0) - 0.005 <= mean <= max(own, 4.0) + 0.005


@given(st.lists(st.integers(1, 5), max_size=200))
def test_another_five_never_lowers_and_another_one_never_raises_it(stars: list[int]) -> None:
    total, count = sum(stars), len(stars)
    mean = bayesian_mean(total, count, RULES)
    assert bayesian_mean(total + 5, count + 1, RULES) >= mean
    assert bayesian_mean(total + 1, count + 1, RULES) <= mean
