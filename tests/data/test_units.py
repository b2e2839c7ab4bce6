"""Units, rates and copies at the door: what is 100 times too small, annual, or one series under two names."""

import numpy as np
import pandas as pd
import pytest

from bayesfactor.base.errors import DataError
from bayesfactor.data.integration.assembly import integrate
from bayesfactor.data.screening.duplicate_series import note_equal_moments
from tests.support.series import days, noise

DAYS, BUSINESS = days("2018-01-01", 1500), days("2018-01-01", 1500, "B")
PERCENT = {"units": "percent"}


def market(index, assets=1):
    """Return assets of beta 1 and R-squared 0.5, and their market, of 2 % a day."""
    factor = noise(index, ["m"], 1)
    names = [f"a{k}" for k in range(assets)]
    return noise(index, names, 2).add(factor["m"], axis=0), factor


def comp(frame, rule):
    return (1 + frame).resample(rule).prod() - 1


def warned(panel, *words):
    return [n for n in panel.notes if n.kind == "warning" and any(word in n.text for word in words)]


@pytest.mark.parametrize("index", [DAYS, BUSINESS])
@pytest.mark.parametrize("rule", ["", "W-FRI", "W-SUN", "ME"])
def test_decimals_beside_per_cent_are_refused(index, rule):
    a, m = (comp(frame, rule) if rule else frame for frame in market(index, 3))
    assert not warned(integrate(100 * a, 100 * m, **PERCENT), "moves by")
    for returns, factors in ((a, 100 * m), (a, m), (100 * a, m), (a.assign(a1=100 * a["a1"]), 100 * m)):
        with pytest.raises(DataError, match=r"not percent\?|decimals given as percent\?|in per cent\?") as caught:
            integrate(returns, factors, **PERCENT)
        assert caught.value.remedy


def test_the_column_in_decimals_is_named_and_its_remedy_works():
    a, m = market(BUSINESS, 4)
    returns = 100 * a
    returns["a2"] /= 100
    with pytest.raises(DataError, match=r"'a2' moves by 0\.01 when factor 'm' moves by one") as caught:
        integrate(returns, 100 * m, **PERCENT)
    assert (caught.value.series, caught.value.value) == ("a2", pytest.approx(0.01, rel=0.1))
    assert "returns['a2'] *= 100" in caught.value.remedy
    returns["a2"] *= 100
    integrate(returns, 100 * m, **PERCENT)


def test_a_factor_in_decimals_among_per_cent_is_named():
    a, m = market(BUSINESS, 4)
    factors = m.join(noise(BUSINESS, ["size", "value"], 5, 0.01))
    returns = a.add(0.5 * factors["size"], axis=0)
    mixed = 100 * factors
    mixed["size"] /= 100
    with pytest.raises(DataError, match="when factor 'size' moves by one: is 'size' in decimals") as caught:
        integrate(100 * returns, mixed, **PERCENT)
    assert caught.value.series == "size"


def test_decimals_beside_per_cent_are_warned_of_where_units_are_decimal():
    """A quiet factor in per cent passes for a loud one in decimals."""
    quiet = noise(BUSINESS, ["rates"], 1, 0.0005)
    asset = (quiet["rates"] + noise(BUSINESS, ["a"], 2, 0.0005)["a"]).to_frame("fund")
    found = warned(integrate(asset, 100 * quiet), "moves by 0.01")
    assert [note.series for note in found] == ["fund"]
    assert "'rates'" in found[0].text


@pytest.mark.parametrize("units", ["decimal", "percent"])
@pytest.mark.parametrize(("beta", "own"), [(0.0, 0.0005), (0.005, 0.001), (0.01, 0.002), (0.05, 0.001), (3.0, 0.02)])
@pytest.mark.parametrize("scale", [0.01, 0.04])
def test_quiet_funds_and_leveraged_ones_are_right(units, beta, own, scale):
    m = noise(BUSINESS, ["m"], 1, scale)
    fund = beta * m["m"] + 1e-4 + noise(BUSINESS, ["f"], 3, own)["f"]
    returns = noise(BUSINESS, ["a", "b"], 4, scale).assign(fund=fund)
    size = 100 if units == "percent" else 1
    for some in (returns, returns[["fund"]]):
        assert not warned(integrate(size * some, size * m, units=units), "moves by")


@pytest.mark.parametrize("units", ["decimal", "percent"])
@pytest.mark.parametrize("beta", [0.01, 0.014])
def test_a_quiet_fund_that_follows_tokens_a_little_is_not_refused(units, beta):
    """Up to a quarter of it is explained: that is said, with the share."""
    size, m = 100 if units == "percent" else 1, noise(BUSINESS, ["m"], 1, 0.04)
    fund = (beta * m["m"] + noise(BUSINESS, ["f"], 3, 0.001)["f"]).to_frame("fund")
    found = warned(integrate(size * fund, size * m, units=units), "moves by")
    assert all("which explains" in note.text for note in found)


def test_a_rate_in_decimals_beside_per_cent_is_spoken_of():
    months = days("2000-01-31", 120, "ME")
    a, m = noise(months, ["a"]), noise(months, ["m"], 1)
    rate = pd.Series(np.linspace(0.001, 0.004, 120), months)  # 1.2 to 4.8 % a year
    found = warned(integrate(100 * a, 100 * m, risk_free=rate, **PERCENT), "under units='percent'")
    assert [note.series for note in found] == ["panel"]
    assert "0.03 % a year" in found[0].text
    assert not warned(integrate(100 * a, 100 * m, risk_free=100 * rate, **PERCENT), "risk_free, ")
    assert warned(integrate(100 * a, 100 * m, risk_free=0.003, **PERCENT), "under units='percent'")


@pytest.mark.parametrize(
    ("rate", "index", "text"),
    [
        (0.02, "ME", "risk_free=0.02 is 24 % a year"),
        (0.05, "QE", "risk_free=0.05 is 20 % a year"),
        (0.0005, "B", "risk_free=0.0005 is 12.6 % a year"),
        (-0.02, "ME", "risk_free=-0.02 is -24 % a year"),
        (0.008, "ME", ""),
        (0.0003, "B", ""),
        (-0.0001, "B", ""),
    ],
)
def test_a_high_rate_is_spoken_of(rate, index, text):
    dates = days("2000-01-31", 100, index)
    panel = integrate(noise(dates, ["a"]), noise(dates, ["m"], 1), risk_free=rate)
    found = warned(panel, "a year")
    assert bool(found) == bool(text)
    if found:
        assert text in found[0].text
        assert "(1 + y / 100) ** (1 / n) - 1" in found[0].text
        series = integrate(noise(dates, ["a"]), noise(dates, ["m"], 1), risk_free=pd.Series(rate, dates))
        assert text.split(" is ")[1] in warned(series, "a year")[0].text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0.02, "risk_free=0.02 is 504 % a year"),
        (5.0, "risk_free=5 is more than 1000 % a year"),
        (-0.05, "risk_free=-0.05 is less than -1000 % a year"),
    ],
)
def test_a_number_that_is_refused_is_called_what_it_is(rate, text):
    with pytest.raises(DataError) as caught:
        integrate(*market(BUSINESS), risk_free=rate)
    assert text in str(caught.value)


def test_a_monthly_rate_on_every_day_is_spoken_of():
    months = pd.date_range("2017-12-31", "2024-12-31", freq="ME")
    monthly = pd.Series(np.random.default_rng(0).integers(1, 7, len(months)) * 1e-4, months)
    repeated = monthly.reindex(BUSINESS, method="ffill")
    found = warned(integrate(*market(BUSINESS), risk_free=repeated), "stays equal for a month")
    assert [note.series for note in found] == ["panel"]
    daily = (monthly / 21).round(6).reindex(BUSINESS, method="ffill")  # as French's daily files
    assert not warned(integrate(*market(BUSINESS), risk_free=daily), "stays equal", "a year")
    assert "(1 + rate) ** (1 / 21) - 1" in found[0].text
    remedied = (1 + repeated) ** (1 / 21) - 1
    assert not warned(integrate(*market(BUSINESS), risk_free=remedied), "stays equal", "a year")


@pytest.mark.parametrize("units", ["decimal", "percent"])
def test_a_single_code_in_a_rate_is_a_code(units):
    size = 100 if units == "percent" else 1
    a, m = market(BUSINESS)
    rate = pd.Series(size * 1e-4, BUSINESS)
    rate.iloc[30] = -99.99
    with pytest.raises(DataError, match=r"-99.99.* on 2018-02-12: a code for a missing value, not a rate") as caught:
        integrate(size * a, size * m, risk_free=rate, units=units)
    assert (caught.value.series, caught.value.date) == ("risk_free", np.datetime64("2018-02-12"))
    assert "[-0.9999, -99.99]" in caught.value.remedy if size == 100 else "[-99.99," in caught.value.remedy


def test_a_code_that_is_given_as_a_number():
    with pytest.raises(DataError, match=r"risk_free is -99.99: a code for a missing value") as caught:
        integrate(*market(BUSINESS), risk_free=-99.99)
    assert caught.value.remedy == "Give the simple return of one period, or leave risk_free out."


def test_copies_turned_scaled_rounded_and_with_bad_quotes_are_found():
    rng, base = np.random.default_rng(0), noise(BUSINESS, list("abcdef"))
    places = rng.choice(1400, 15, replace=False)
    bad, jumps = base["a"].copy(), base["b"].copy()
    bad.iloc[places] = 0.3
    jumps.iloc[places] += 0.5  # a bad quote, and the way back
    jumps.iloc[places + 1] -= 0.3
    returns = base.assign(bad=bad, jumps=jumps, turned=-base["c"], scaled=2 * base["d"], rounded=base["e"].round(4))
    returns["young"] = base["f"].where(BUSINESS > "2022")
    found = {note.series: note.text for note in warned(integrate(returns, market(BUSINESS)[1]), "the same series as")}
    for name, text in {
        "bad": "the same series as 'a'",
        "jumps": "the same series as 'b'",
        "young": "the same series as 'f'",
        "turned": "moves exactly against 'c' (correlation -1.000000)",
        "scaled": "moves exactly with 'd' (correlation 1.000000)",
        "rounded": "moves exactly with 'e' (correlation 0.99999",
    }.items():
        assert found.pop(name).startswith(text)
    assert not found


def test_turned_copies_of_which_only_moments_are_known():
    base = noise(BUSINESS, list("ab"))
    returns = base.assign(a2=base["a"], b2=-base["b"], c=base["a"] + base["b"])
    moments = integrate(returns, market(BUSINESS)[1]).moments
    found = [(note.series, note.text.split(":")[0]) for note in note_equal_moments(moments, list(returns))]
    assert found == [("a2", "the same series as 'a'"), ("b2", "moves exactly against 'b'")]


@pytest.mark.parametrize("noise_of", [0.0006, 0.002])
def test_share_classes_and_hedged_ones_are_no_copies(noise_of):
    base = noise(BUSINESS, ["a", "b"])
    other = base + noise(BUSINESS, ["a", "b"], 7, noise_of) * [1, -1]
    returns = base.assign(a2=other["a"], b2=-other["b"])
    assert not warned(integrate(returns, market(BUSINESS)[1]), "the same series as")


@pytest.mark.parametrize("near", ["equal", "rounded", "fee", "noise"])
def test_an_asset_that_nearly_is_a_factor_before_the_rate(near):
    a, m = market(BUSINESS)
    change = {"rounded": m["m"].round(3), "fee": m["m"] - 1e-4, "noise": m["m"] + noise(BUSINESS, ["e"], 9, 1e-5)["e"]}
    etf = change.get(near, m["m"])
    for rate in (0.0002, pd.Series(np.linspace(1e-4, 3e-4, len(m)), BUSINESS)):
        found = warned(integrate(a.assign(etf=etf), m, risk_free=rate), "equals the traded factor 'm'")
        assert [note.series for note in found] == ["etf"]
        gross = integrate(a.assign(etf=etf + rate), m, risk_free=rate)
        assert not warned(gross, "equals the traded factor") or near == "fee"
    costs = integrate(a.assign(etf=m["m"] + 0.0002 - 2e-6), m, risk_free=0.0002)  # of 0.5 % a year
    assert not warned(costs, "equals the traded factor")


@pytest.mark.parametrize("left", [0.0, 0.005, 0.05])
def test_an_asset_that_is_made_of_the_factors_is_warned_of(left):
    """Two factors whose sum is the asset, as Bitcoin and what Ethereum earns beside it."""
    a, m = market(BUSINESS, 3)
    factors = m.assign(rest=noise(BUSINESS, ["r"], 5)["r"])
    own = noise(BUSINESS, ["o"], 7)["o"] * left
    panel = integrate(a.assign(sum=factors.sum(axis=1) + own), factors)
    found = warned(panel, "made of the factors")
    assert [note.series for note in found] == ["sum"] * (left < 0.01)
    assert all("+1 'm', +1 'rest'" in note.text for note in found)


def test_a_short_history_is_not_called_made_of_the_factors():
    a, m = market(BUSINESS, 2)
    a.loc[a.index[20:], "a1"] = np.nan
    wide = m.join(noise(BUSINESS, [f"f{k}" for k in range(12)], 3))
    assert not warned(integrate(a, wide), "made of the factors")
