"""The Bayesian mean of a provider's stars: few ratings count for little against the city's prior.

mean = (prior_mean · prior_count + Σ stars) ÷ (prior_count + count)
"""

from marketplace.base.policy import RatingRules


def bayesian_mean(rating_sum: int, rating_count: int, rules: RatingRules) -> float:
    """The mean in stars, rounded to hundredths; with no rating it is the prior's."""
    weight = rules.prior_count + rating_count
    return round((rules.prior_mean * rules.prior_count + rating_sum) / weight, 2)
