"""Words of probability, signs and numbers of sentences."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, strategies as st

import bayesfactor as bf
from bayesfactor.base.wording import MINUS, chance, join, observed, percent
from bayesfactor.reporting.content.grids import number
from bayesfactor.reporting.content.prose import SCALE, Estimate, estimate, likelihood, sign_sentence


@pytest.mark.parametrize(
    ("probability", "word"),
    [
        (1.0, "virtually certain"),
        (0.99, "virtually certain"),
        (0.985, "very likely"),
        (0.656, "likely"),
        (0.9, "very likely"),
        (0.66, "likely"),
        (0.5, "about as likely as not"),
        (0.65, "more likely than not"),
        (0.55, "more likely than not"),
        (0.45, "about as likely as not"),
        (0.444, "less likely than not"),
        (0.33, "less likely than not"),
        (0.324, "unlikely"),
        (0.1, "unlikely"),
        (0.094, "very unlikely"),
        (0.004, "exceptionally unlikely"),
        (0.0, "exceptionally unlikely"),
    ],
)
def test_words_follow_the_scale(probability, word):
    assert likelihood(probability) == f"{word} ({chance(probability)})"


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_probability_never_has_a_smaller_word(one, two):
    words = [word for _, word in SCALE]
    place = [words.index(likelihood(p).split(" (")[0]) for p in sorted((one, two))]
    assert place[0] >= place[1]


@pytest.mark.parametrize("wrong", [-0.01, 1.01, float("nan")])
def test_what_is_no_probability_is_refused(wrong):
    with pytest.raises(bf.SpecError, match="no probability"):
        likelihood(wrong)


def test_a_chance_never_rounds_to_certainty():
    assert [chance(p) for p in (1.0, 0.9999, 0.994, 0.5, 0.006, 0.0001)] == [
        "> 99 %",
        "> 99 %",
        "99 %",
        "50 %",
        "1 %",
        "< 1 %",
    ]
    assert chance(0.995) == "> 99 %"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0812, "8.12 %"),
        (-0.0812, f"{MINUS}8.12 %"),
        (-0.0001, f"{MINUS}0.01 %"),
        (-0.00001, "0 %"),
        (0.1, "10 %"),
        (0.101, "10.1 %"),
        (0.0, "0 %"),
        (0.08, "8 %"),
        (-1.0, f"{MINUS}100 %"),
    ],
)
def test_percent(value, text):
    assert percent(value) == text


@given(st.floats(-5, 5))
def test_a_percentage_reads_back(value):
    assert abs(float(percent(value).removesuffix(" %").replace(MINUS, "-")) / 100 - value) <= 0.000051


def test_an_estimate_is_that_of_its_draws():
    draws = np.random.default_rng(0).normal(0.02, 0.05, size=(4, 500))
    found = estimate(xr.DataArray(draws, dims=("chain", "draw")), 0.8, "eti")
    error = draws.std() / draws.size**0.5  # a digit is at most ten of its errors wide, and rounding half of that
    assert found.mean == pytest.approx(draws.mean(), abs=5 * error)
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(draws, [0.1, 0.9])), abs=9 * error)
    assert found.prob_positive == pytest.approx((draws > 0).mean(), abs=0.06)


@pytest.mark.parametrize("mean", [0.03, -0.03])
def test_a_sentence_names_the_side_of_its_mean(mean):
    positive = 0.8 if mean > 0 else 0.2
    text = sign_sentence("It is", Estimate(mean, mean - 0.1, mean + 0.1, positive))
    assert text.endswith(f"it is likely (80 %) to be {'above' if mean > 0 else 'below'} zero")
    assert percent(mean) in text


def test_names_are_joined_as_one_would_say_them():
    assert [join(x) for x in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("value", "sd", "shown"),
    [
        (0.2345678, 0.30, "23 %"),
        (0.2345678, 0.40, "23 %"),
        (0.2345678, 0.60, "20 %"),
        (0.2345678, 0.03, "23.5 %"),
        (0.2345678, 0.003, "23.46 %"),
        (-0.0004, 0.30, "0 %"),
        (0.2345678, 0.0, "23.46 %"),
        (0.2345678, float("nan"), "23.46 %"),
        (float("nan"), 0.3, ""),
        (12.3456, 5.0, "1,200 %"),
    ],
)
def test_digits_end_at_a_fifth_of_the_standard_deviation(value, sd, shown):
    assert percent(value, sd) == shown


def test_65_per_cent_is_not_as_likely_as_not():
    assert likelihood(0.65) == "more likely than not (65 %)"
    assert likelihood(0.35) == "less likely than not (35 %)"
    assert likelihood(0.5) == "about as likely as not (50 %)"


@pytest.mark.parametrize(
    ("value", "sd", "shown"),
    [
        (1.0336, 0.04, "1.034"),
        (1.0336, 0.2, "1.03"),
        (1.0, 0.04, "1"),
        (-0.0004, 0.2, "0"),
        (12345.6, 600.0, "12,300"),
        (-0.051, 0.004, f"{MINUS}0.051"),
        (2.5e-8, 1e-9, "2.5e-08"),
        (1.0336, 0.0, "1.03"),
        (float("nan"), 0.1, ""),
    ],
)
def test_numbers_have_the_digits_of_percentages(value, sd, shown):
    assert number(value, sd).replace(MINUS, "-") == shown.replace(MINUS, "-")


@pytest.mark.parametrize(
    ("value", "shown"), [(1.36789, "137 %"), (12.345678, "1,230 %"), (-0.0456789, f"{MINUS}4.57 %"), (0.0, "0 %")]
)
def test_what_was_observed_has_three_digits(value, shown):
    assert observed(value) == shown
