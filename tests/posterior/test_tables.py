"""Tables: intervals by definition, and no digit that is not justified."""

import numpy as np
import pytest
import xarray as xr
from arviz_stats.base import array_stats

from bayesfactor.base.errors import SpecError
from bayesfactor.base.intervals import interval
from bayesfactor.posterior.summaries import summarise


def skewed(draws=333, chains=3, seed=0):
    """Return draws (chain, draw, asset) of three very different sizes, the axes in an unusual order."""
    values = np.random.default_rng(seed).gamma(1.5, size=(3, draws, chains)) * np.array([1e-6, 1.0, 1e4])[:, None, None]
    values[0] *= -1
    return xr.DataArray(values, {"asset": ["a", "b", "c"]}, ("asset", "draw", "chain"), name="x")


def sample(draws):
    return draws.transpose("chain", "draw", "asset").values.reshape(-1, 3)


def flat(draws):
    return draws.transpose("asset", "chain", "draw").values.reshape(3, -1)


@pytest.mark.parametrize("prob", [0.5, 0.9, 0.951])
def test_equal_tailed_intervals_are_quantiles(prob):
    draws = skewed()
    low, high = interval(sample(draws), prob, "eti")
    np.testing.assert_allclose(low, np.quantile(flat(draws), (1 - prob) / 2, axis=1))
    np.testing.assert_allclose(high, np.quantile(flat(draws), 1 - (1 - prob) / 2, axis=1))


@pytest.mark.parametrize("prob", [0.501, 0.9, 0.955])
def test_intervals_of_highest_density_are_those_of_arviz(prob):
    """999 draws, so that prob times their number is not whole: there ArviZ takes one more than needed."""
    draws = skewed()
    low, high = interval(sample(draws), prob, "hdi")
    expected = array_stats.hdi(flat(draws), prob, axis=-1, method="nearest")
    np.testing.assert_array_equal(np.stack([low, high], axis=-1), expected)


def test_an_interval_of_highest_density_is_the_shortest_that_holds_enough():
    draws = skewed(draws=100)
    values = np.sort(flat(draws)[1])
    low, high = interval(sample(draws), 0.8, "hdi")
    held = np.sum((values >= low[1]) & (values <= high[1]))
    assert held == 240
    assert high[1] - low[1] == min(values[239:] - values[:61])
    assert high[1] - low[1] < np.diff(np.quantile(values, [0.1, 0.9]))[0]


@pytest.mark.parametrize("kind", ["eti", "hdi"])
def test_a_table_says_what_it_shows(kind):
    draws = skewed()
    table = summarise(draws, 0.8, kind, rounded=False)
    assert table.attrs == {"ci_kind": kind, "ci_prob": 0.8}
    assert table.columns.tolist() == ["asset", "mean", "sd", "lower", "upper", "prob_positive", "mcse"]
    assert table["asset"].tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(table["mean"], flat(draws).mean(axis=1))
    np.testing.assert_allclose(table["sd"], flat(draws).std(axis=1, ddof=1))
    assert table["prob_positive"].tolist() == [0.0, 1.0, 1.0]
    expected = array_stats.mcse(
        draws.transpose("asset", "chain", "draw").values, chain_axis=1, draw_axis=2, method="mean"
    )
    np.testing.assert_allclose(table["mcse"], expected)
    low, high = interval(sample(draws), 0.8, kind)
    np.testing.assert_array_equal(table[["lower", "upper"]], np.stack([low, high], axis=1))


@pytest.mark.parametrize("prob", [0, 1, 0.0, 1.0, 90, -0.1, float("nan"), "0.9", None, True])
def test_a_probability_that_is_none_is_refused(prob):
    with pytest.raises(SpecError, match="must be between 0 and 1") as caught:
        summarise(skewed(), prob, "eti")
    assert caught.value.place == "ci_prob"
    assert caught.value.found is prob


def test_an_unknown_interval_is_refused():
    with pytest.raises(SpecError, match="Did you mean 'eti'") as caught:
        summarise(skewed(), 0.9, "etii")
    assert caught.value.allowed == ("eti", "hdi")


def test_rounding_keeps_no_digit_finer_than_its_error():
    draws = skewed()
    exact, rounded = summarise(draws, 0.9, "eti", False), summarise(draws, 0.9, "eti", True)
    error = exact["mcse"].to_numpy()
    ends = 2.113 * error  # sqrt(0.05 x 0.95) / phi(1.645)
    for name, own in {"mean": error, "sd": error / 2**0.5, "lower": ends, "upper": ends}.items():
        unit = 10.0 ** np.ceil(np.log10(own))
        assert (unit >= own).all()
        assert (np.abs(rounded[name] - exact[name]) <= 0.5 * unit * (1 + 1e-9)).all()
        multiples = rounded[name].to_numpy() / unit
        np.testing.assert_allclose(multiples, np.round(multiples), atol=1e-6)
    assert (rounded["mean"] != exact["mean"]).all()


def test_a_probability_has_no_digit_finer_than_its_error():
    draws = xr.DataArray(np.random.default_rng(0).normal(0.25, 1.0, size=(4, 1000, 1)), dims=("chain", "draw", "asset"))
    found = summarise(draws.assign_coords(asset=["a"]), 0.9, "eti")["prob_positive"].item()
    assert found == pytest.approx(float((draws > 0).mean()), abs=0.005)  # about 0.6, its error 0.008
    assert found == round(found, 2)


def test_draws_that_do_not_vary_have_no_error_and_keep_their_value():
    same = xr.DataArray(np.full((2, 50, 2), 1 / 3), {"asset": ["a", "b"]}, ("chain", "draw", "asset"))
    same[:, :, 1] = 0.1 + 1e-17 * np.arange(50)  # but for rounding
    table = summarise(same, 0.9, "eti")
    np.testing.assert_allclose(table["mean"], [1 / 3, 0.1], atol=1e-12)
    np.testing.assert_allclose(table["lower"], table["upper"], atol=1e-12)
    assert table["mcse"].tolist() == [0.0, 0.0]


def test_a_quantity_without_dimensions_is_one_row():
    table = summarise(skewed().sel(asset="b", drop=True), 0.9, "hdi")
    assert table.shape == (1, 6)
    assert table["prob_positive"].item() == 1.0


@pytest.mark.parametrize("p", [0.048, 0.952])
def test_a_probability_is_never_rounded_to_certainty(p):
    """Draws that are alike 40 at a time: their Monte Carlo error is larger than a hundredth."""
    rng = np.random.default_rng(1)
    values = np.repeat(rng.normal(size=(4, 25)), 40, axis=1)
    values = values - np.quantile(values, 1 - p)
    found = summarise(xr.DataArray(values, dims=("chain", "draw")), 0.9, "eti")["prob_positive"].item()
    assert found == pytest.approx((values > 0).mean(), abs=0.005)
