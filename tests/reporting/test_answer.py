"""The three sentences at the top, on draws whose signs, sizes and probabilities are known."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings, strategies as st
from scipy import stats

from bayesfactor.analysis.assessment.book_check import BOOK
from bayesfactor.analysis.attribution.attribution import Attribution
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.base.wording import MINUS
from bayesfactor.posterior.diagnostics import Check
from bayesfactor.reporting.content.answer import answer, compounding, headline, told, whose
from bayesfactor.reporting.content.cautions import cautions
from bayesfactor.reporting.content.measures import find_top
from bayesfactor.reporting.content.prose import likelihood


def attribution(kind, means, spread=0.01, identification=None, seed=0):
    """Return normal draws of sources around their means, for one asset and a portfolio that holds it alone."""
    rng = np.random.default_rng(seed)
    parts = np.array(list(means.values())) + spread * rng.standard_normal((4, 1000, len(means)))
    parts = np.concatenate([parts, parts.sum(axis=2, keepdims=True)], axis=2)
    coords = {"asset": ["a", PORTFOLIO], "source": [*means, "total"]}
    draws = xr.DataArray(np.stack([parts, parts], axis=2), coords, ("chain", "draw", "asset", "source"))
    return Attribution(kind, draws, "", identification=identification or {})


def after(text, words):
    """Return the first percentage after some words, as a decimal."""
    found = re.search(rf"{re.escape(words)} ({MINUS}?[\d.]+) %", text)
    assert found, (words, text)
    return float(found[1].replace(MINUS, "-")) / 100


RISK = attribution("variance", {"market": 0.03, "size": 0.004, "idiosyncratic": 0.01}, 1e-4)


def answered(premium, risk=RISK, held=True):
    """Return the sentences as a report has them."""
    one, paid = whose(premium, held), headline(premium, held)
    return answer(paid, risk, find_top(paid, risk, one, 0.9, "eti"), one, held)


def sentences(means, held=True, risk=RISK, **more):
    return answered(attribution("premium", means, **more), risk, held)


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize(("sign", "side"), [(1, "above"), (-1, "below")])
def test_the_whole_and_its_largest_source_have_the_sign_of_their_draws(held, sign, side):
    first, second, _ = sentences(
        {"market": 0.08 * sign, "size": -0.04 * sign, "alpha": 0.001 * sign}, held, spread=0.005
    )
    assert after(first, "the portfolio is" if held else "on average, is") == pytest.approx(0.041 * sign, abs=0.001)
    assert f"virtually certain (> 99 %) to be {side} zero" in first
    assert "90 % equal-tailed interval" in first
    assert after(second, "part is market:") == pytest.approx(0.08 * sign, abs=0.001)
    assert f"to be {side} zero, and virtually certain (> 99 %) to be the largest of 3 sources in size" in second
    assert after(second, "the largest part against it is size,") == pytest.approx(-0.04 * sign, abs=0.001)


def test_the_largest_of_two_that_are_alike_is_as_likely_as_not():
    means = {"market": 0.05, "size": -0.051}
    draws = attribution("premium", means).draws.sel(asset="a")
    chance = float((abs(draws.sel(source="size")) > abs(draws.sel(source="market"))).mean())
    _, second, _ = sentences(means)
    assert after(second, "is size:") == pytest.approx(-0.051, abs=0.001)
    assert 0.45 < chance < 0.6
    assert chance > 0.5
    assert f"{likelihood(chance)} to be the largest of 2 sources in size" in second


def test_what_is_seldom_the_largest_is_not_called_so():
    """A small contribution that is known, beside large ones that are not: its mean alone is the largest."""
    found = attribution("premium", {"a": 0.0, "b": 0.0, "alpha": 0.01}, spread=1e-3)
    wide = xr.DataArray([200.0, 200.0, 1.0, 1.0], {"source": found.draws["source"].values})
    mean = found.draws.mean(("chain", "draw"))
    draws = (found.draws - mean) * wide + xr.DataArray([0.0, 0.0, 0.01, 0.01], {"source": wide["source"].values})
    _, second, _ = answered(replace(found, draws=draws))
    parts = abs(draws.sel(asset=PORTFOLIO, source=["a", "b", "alpha"]))
    chance = float((parts.idxmax("source") != "alpha").mean())
    assert chance > 0.9
    assert after(second, "The part with the largest mean is alpha (what the factors leave):") == pytest.approx(0.01)
    assert f"; another of the 3 sources is {likelihood(chance)} to be larger in size." in second


def test_nothing_stands_against_it_where_its_sign_is_open():
    _, second, _ = sentences({"market": 0.05, "size": -0.001}, spread=0.01)
    assert "against" not in second


def test_alpha_is_named_in_words_and_what_is_fixed_at_zero_is_not_counted():
    found = attribution("premium", {"market": 0.01, "alpha": 0.09, "size": 0.0})
    found = replace(found, draws=found.draws.where(found.draws["source"] != "size", 0.0))
    _, second, _ = answered(found)
    assert after(second, "part is alpha (what the factors leave):") == pytest.approx(0.09, abs=0.001)
    assert "largest of 2 sources in size" in second


def test_one_source_is_not_compared():
    _, second, _ = sentences({"market": 0.05})
    assert "in size" not in second


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["size"], "What one unit of size pays cannot be told from these data: its premium is the prior's."),
        (
            ["market", "size"],
            "What one unit of market and size pays cannot be told from these data: their premia are the prior's.",
        ),
    ],
)
def test_what_is_not_identified_is_a_caution(names, said):
    found = attribution("premium", {"market": 0.05, "size": 0.01}, identification=dict.fromkeys(names, "unidentified"))
    doubts = cautions((), headline(found, True), (), None, rated=True)
    assert [(one.about, one.text, one.where) for one in doubts] == [("Premia", said, "premia")]


def test_what_is_weakly_known_is_a_caution_and_what_pays_nothing_is_none():
    verdicts = {"market": "weak", "size": "unidentified"}
    found = attribution("premium", {"market": 0.05, "size": 0.0}, identification=verdicts)
    found = replace(found, draws=found.draws.where(found.draws["source"] != "size", 0.0))
    doubts = cautions((), headline(found, True), (), None, rated=True)
    assert [one.text for one in doubts] == [
        "What one unit of market pays is weakly known: its premium is mostly the prior's."
    ]


@pytest.mark.parametrize("own", [0.01, 0.034, 0.09])
def test_risk_is_that_of_the_draws(own):
    risk = attribution("variance", {"market": 0.03, "size": 0.004, "idiosyncratic": own}, 1e-3)
    shares = risk.shares.sel(asset=PORTFOLIO).mean(("chain", "draw"))
    for held in (True, False):
        _, _, third = sentences({"market": 0.05}, held, risk=risk)
        whose = "its returns," if held else "a typical asset's returns (the median over assets),"
        for words, source in ((f"variance of {whose}", "idiosyncratic"), ("market has the largest share,", "market")):
            assert after(third, words) == pytest.approx(float(shares.sel(source=source)), abs=0.002)
        assert "common to several assets" not in third


def test_what_assets_have_in_common_is_part_of_what_is_residual():
    """A tile says how much is residual: the sentence says the same, and not its parts alone."""
    risk = attribution("variance", {"market": 0.03, "common residual": 0.004, "idiosyncratic": 0.006}, 1e-5)
    for held in (True, False):
        _, _, third = sentences({"market": 0.05}, held, risk=risk)
        own = "the assets' own" if held else "its own"
        assert re.search(
            rf"returns.*, 25 % \(24.* % to 25.* %\) is residual: 15 % .* {own}, 10 % .* common to several", third
        )
        assert "market has the largest share, 75 %" in third


def test_the_mean_of_all_assets_is_that_of_the_draws():
    found = attribution("premium", {"market": 0.08, "alpha": 0.01}, seed=5)
    found = replace(found, draws=found.draws.assign_coords(asset=["a", "b"]))
    doubled = found.draws * xr.DataArray([1.0, 3.0], {"asset": ["a", "b"]})
    top = headline(replace(found, draws=doubled), False)
    np.testing.assert_allclose(top.draws[:, :, 0], 2 * found.draws.sel(asset="a"), rtol=1e-12)
    first, _, _ = answered(replace(found, draws=doubled), held=False)
    assert after(first, "on average, is") == pytest.approx(0.18, abs=0.002)


def test_a_year_that_is_volatile_is_said_compounded():
    """A thousand lognormal years whose mean grows by 31 % and whose volatility is 102 %."""
    years = np.exp(stats.norm.ppf((np.arange(1000) + 0.5) / 1000) * 1.02 + 0.31 - 1.02**2 / 2) - 1
    (text,) = compounding(0.31, 1.02)
    assert after(text, "half of all years end below about") == pytest.approx(np.median(years), abs=0.01)
    assert compounding(0.08, 0.2) == compounding(np.nan, 1.0) == ()


def known(**changes):
    """A table of `identify` of one factor, in decimals a year."""
    row = {"prior_mean": 0.0, "prior_sd": 0.41, "data_mean": 0.4512, "data_se": 0.2934, "mean": 0.2811, "sd": 0.2187}
    row |= {"data_from": "its own history", "conflict": False}
    return pd.DataFrame([{**row, **changes}], index=pd.Index(["market"], name="factor"))


def test_prior_data_and_posterior_stand_beside_each_other():
    """A market that earned 45 % with a standard error of 29 %, reported as 28 %: the report says why."""
    top = headline(attribution("premium", {"market": 0.28, "alpha": 0.5}), True)
    assert told(top, known()) == (
        "What one unit of loading on market pays a year: prior 0 % ± 41 %; data 45 % ± 29 % (its own history); "
        "both together 28 % ± 22 % (± one standard deviation)."
    )


def test_a_plain_mean_is_not_put_together_where_periods_are_weighted():
    top = headline(attribution("premium", {"market": 0.28, "alpha": 0.5}), True)
    assert told(top, known(), weighted=True) == (
        "What one unit of loading on market pays a year: prior 0 % ± 41 %; data 45 % ± 29 % (its own history, each "
        "period alike; the model counts calm periods more); the posterior 28 % ± 22 % (± one standard deviation)."
    )
    implied = known(data_from="implied by the data, given the other priors")
    assert "both together" in told(top, implied, weighted=True)


def test_a_conflict_and_what_cannot_be_told_are_said():
    top = headline(attribution("premium", {"market": 0.28}), True)
    assert told(top, known(conflict=True)).endswith("; prior and data are in conflict.")
    lost = known(data_mean=np.nan, data_se=np.nan, data_from="not told: the data hardly narrow the prior")
    assert "the data alone do not tell it (the data hardly narrow the prior); both" in told(top, lost)


@pytest.mark.parametrize(
    ("spread", "shown"), [(0.3, r"\d\d %"), (0.03, r"\d\d\.\d %|\d\d %"), (0.003, r"\d\d\.\d\d? %|\d\d %")]
)
def test_no_digit_below_a_fifth_of_the_standard_deviation(spread, shown):
    """23.4567 % with a standard deviation of 30 % is 23 %, with one of 0.3 % 23.46 %."""
    first, _, _ = sentences({"market": 0.234567}, spread=spread)
    said = re.search(r"portfolio is ([\d.]+ %)", first)[1]
    assert re.fullmatch(shown, said)
    assert after(first, "the portfolio is") == pytest.approx(0.234567, abs=max(0.2 * spread, 0.0001))


@given(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(0.02, 0.3))
@settings(max_examples=12, deadline=None)
def test_sign_size_and_word_are_those_of_the_draws_whatever_these_are(market, alpha, spread):
    found = attribution("premium", {"market": market, "alpha": alpha}, spread=spread)
    first, second, _ = answered(found)
    draws = found.draws.sel(asset=PORTFOLIO)
    size = abs(draws.sel(source=["market", "alpha"]).mean(("chain", "draw")))
    named = re.search(r"The part with the largest mean is (.*?):|Its largest part is (.*?):", second)
    named = named[1] or named[2]
    main = "market" if named == "market" else "alpha"
    assert float(size.sel(source=main)) == float(size.max())
    largest = float((abs(draws.sel(source=["market", "alpha"])).idxmax("source") == main).mean())
    for text, words, source in (
        (first, "the portfolio is", "total"),
        (second, f" is {named}:", main),
    ):
        own = draws.sel(source=source)
        mean, likely = float(own.mean()), float((own > 0).mean())
        assert after(text, words) == pytest.approx(mean, abs=0.2 * spread)
        said = re.search(r"it is ([a-z ]+) \(.*?\) to be (above|below) zero", text)
        chances = [likely if said[2] == "above" else 1 - likely] * 3 + np.array([-0.01, 0, 0.01])  # as a table has it
        assert said[1] in {likelihood(np.clip(one, 0, 1)).split(" (")[0] for one in chances}
        assert (said[2] == "above") == (mean > 0) or abs(mean) < spread / 20
    said = f"{likelihood(largest)} to be the largest of 2 sources in size"
    other = f"another of the 2 sources is {likelihood(1 - largest)} to be larger in size"
    assert (said if largest >= 0.5 else other) in second


@pytest.mark.parametrize(("expected", "volatility"), [(0.9, 0.5), (-0.2, 0.6), (0.31, 1.02)])
def test_a_compounded_year_has_the_sign_of_its_median(expected, volatility):
    median = np.exp(expected - volatility**2 / 2) - 1
    assert after(compounding(expected, volatility)[0], "end below about") == pytest.approx(median, abs=0.006)


def check(name, value, passed=None, worst="", advice="First. Second."):
    return Check(name, passed, value, 0.05, worst, advice)


@pytest.mark.parametrize(
    ("found", "about", "said"),
    [
        (
            check("means: share of premia more than 2 SE from the sample mean", 0.0526, worst="link"),
            "Means",
            "The premia of 5 % of assets are over 2 standard errors from their sample means, link furthest.",
        ),
        (
            check(f"{BOOK}portfolio", 1.5, passed=False),
            "Residuals",
            "The residual volatility that the portfolio had is 1.5 times what the model says.",
        ),
        (
            check(f"{BOOK}portfolio", 1.5),
            "Residuals",
            "The residual volatility that the portfolio had is smaller: the model says 1.5 times as much.",
        ),
        (check("tails: share of assets", 0.3), "Tails", "First."),
    ],
)
def test_a_check_beyond_its_limit_is_a_caution_of_its_size(found, about, said):
    top = headline(attribution("premium", {"market": 0.05}), True)
    doubts = cautions((check("tails: other", 0.01), found), top, (), None, rated=True)
    assert [(one.about, one.text, one.where) for one in doubts] == [(about, said, "check-1")]


@pytest.mark.parametrize(
    ("weights", "rated", "said"),
    [
        ({"a": 1.0}, True, []),
        ({"a": 0.6}, True, ["Weights add up to 60 %: the rest earns the risk-free rate. A weight of 60 % is 0.6."]),
        ({"a": 60.0}, True, ["Weights add up to 6,000 %: what is above 100 % is borrowed at the risk-free rate."]),
        ({"a": 1.2}, False, ["what is above 100 % is borrowed at a rate of 0.", "No risk-free rate was given: "]),
    ],
)
def test_weights_and_rates_are_cautions(weights, rated, said):
    top = headline(attribution("premium", {"market": 0.05}), True)
    doubts = cautions((), top, (), pd.Series(weights), rated=rated)
    assert len(doubts) == len(said)
    assert all(text in one.text for text, one in zip(said, doubts, strict=True))
