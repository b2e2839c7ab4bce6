"""Implied volatility at a constant maturity from dated chains: smiles that are known, and days without a value."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

import bayesfactor as bf

KINDS = (bf.AtTheMoney, bf.ModelFree, bf.RiskReversal, bf.Butterfly)
EVERY = pytest.mark.parametrize("kind", KINDS)
DAYS = pd.date_range("2024-01-01", periods=6)
NOON = pd.Timestamp("2024-01-03T12:00Z")
STEP = 0.01  # of the logarithms of strikes
STRIKES = (60.0, 75.0, 90.0, 100.0, 110.0, 130.0, 160.0)


def smile_of(level, place):
    """Variance a year by log-moneyness: raw SVI (Gatheral 2004)."""
    return level**2 + 0.1 * (-0.3 * place + np.sqrt(place**2 + 0.04) - 0.2)


def value_of(forward, strike, deviation, sign):
    """Black (1976), undiscounted."""
    d1 = np.log(forward / strike) / deviation + deviation / 2
    return sign * (forward * norm.cdf(sign * d1) - strike * norm.cdf(sign * (d1 - deviation)))


def chain_of(day, levels, forward=100.0, strikes=STRIKES):
    """Return a chain quoted at noon, with the level of its smile by days to expiry."""
    quoted, strike = pd.Timestamp(day, tz="UTC") + pd.Timedelta("12h"), np.array(strikes)
    parts = []
    for days, level in levels.items():
        deviation = np.sqrt(smile_of(level, np.log(strike / forward)) * days / 365)
        for kind, sign in (("call", 1.0), ("put", -1.0)):
            value = value_of(forward, strike, deviation, sign)
            part = pd.DataFrame({"strike": strike, "mark": value / forward, "type": kind})
            parts.append(part.assign(expiry=quoted + pd.Timedelta(days=days)))
    return pd.concat(parts, ignore_index=True).assign(underlying_price=forward, quoted=quoted)


def history(seed=1, count=2):
    """Return chains by their days."""
    levels = np.random.default_rng(seed).uniform(0.5, 0.8, (count, 2))
    return {day: chain_of(day, {20: a, 50: b}, forward=101.0) for day, (a, b) in zip(DAYS, levels, strict=False)}


def wing(level, years, sign):
    """Return the volatility at a delta of .25 of calls (sign 1), or of puts."""

    def volatility(place):
        return np.sqrt(smile_of(level, place))

    def beyond(place):
        deviation = volatility(place) * np.sqrt(years)
        return norm.cdf(sign * (-place / deviation + deviation / 2)) - 0.25

    return float(volatility(brentq(beyond, 0.0, sign * 1.0)))


def truth(level, years):
    """Return the summaries of a smile that is known everywhere."""

    def priced(strike):
        deviation = np.sqrt(smile_of(level, np.log(strike)) * years)
        return value_of(1.0, strike, deviation, 1.0 if strike >= 1 else -1.0) / strike**2

    variance = 2 / years * sum(quad(priced, *ends, epsabs=1e-12)[0] for ends in ((0.05, 1.0), (1.0, 20.0)))
    call, put = wing(level, years, 1.0), wing(level, years, -1.0)
    middle = (call + put) / 2 - level
    variance += STEP**2 / 6 / years  # what the trapezoid rule adds over the kink at the forward
    return {"AtTheMoney": level, "ModelFree": variance**0.5, "RiskReversal": call - put, "Butterfly": middle}


def test_smiles_that_are_known_everywhere():
    """At 30 days between 20 and 50: total variances are linear in time, differences of volatilities themselves."""
    strikes = 100 * np.exp(STEP * np.arange(-160, 161))
    day, levels, share = "2024-01-01", {20: 0.55, 50: 0.7}, 1 / 3
    surface = bf.surface(chain_of(day, levels, strikes=strikes))
    ends = [truth(level, days / 365) for days, level in levels.items()]
    for kind in KINDS:
        first, last = (one[kind.__name__] for one in ends)
        if kind in (bf.AtTheMoney, bf.ModelFree):
            expected = np.sqrt(((1 - share) * first**2 * 20 + share * last**2 * 50) / 30)
        else:
            expected = (1 - share) * first + share * last
        found = bf.volatility({day: surface}, kind("30 days"))
        assert found.values.index == pd.DatetimeIndex([day])
        assert found.values.iloc[0] == pytest.approx(expected, abs=2e-5)


def test_model_free_is_the_sum_over_strikes():
    """Of the formula, contract by contract, with a forward between two strikes."""
    forward, found = 104.0, []
    chain = chain_of("2024-01-01", {20: 0.55, 50: 0.7}, forward)
    for days in (20, 50):
        quotes = chain[(chain["expiry"] - chain["quoted"]).dt.days == days]
        outside = quotes[(quotes["type"] == "call") == (quotes["strike"] >= forward)]
        value, variance = dict(zip(outside["strike"], forward * outside["mark"], strict=True)), 0.0
        for place, strike in enumerate(STRIKES):
            low, high = STRIKES[max(place - 1, 0)], STRIKES[min(place + 1, len(STRIKES) - 1)]
            width = (high - low) / (1 if place in (0, len(STRIKES) - 1) else 2)
            variance += 2 * width / strike**2 * value[strike]
        found.append(variance - (forward / 100.0 - 1) ** 2)  # total
    expected = np.sqrt((2 / 3 * found[0] + 1 / 3 * found[1]) * 365 / 30)
    assert bf.volatility(chain, bf.ModelFree()).values.iloc[0] == pytest.approx(expected, abs=1e-12)


@EVERY
def test_every_day_is_its_own_surface_at_the_maturity(kind):
    chains = history()
    made = bf.volatility(chains, kind("30 days"))
    column = {bf.AtTheMoney: "at_the_money", bf.ModelFree: "model_free"}.get(kind, kind.label)
    expected = [bf.surface(chain).at("30 days")[column] for chain in chains.values()]
    np.testing.assert_array_equal(made.values, expected)
    assert (made.factor.family, made.factor.transform, made.factor.lag) == ("volatility", "diff", 0)
    assert made.factor.name == kind.label
    assert "30 days ahead" in made.factor.description
    assert not made.notes


def test_chains_are_given_by_day_in_one_table_or_as_surfaces():
    chains = history()
    expected = bf.volatility(chains, bf.AtTheMoney()).values
    assert expected.index.equals(DAYS[:2])
    table = pd.concat([*chains.values()][::-1])
    by_date = pd.concat([chain.assign(date=f"{day:%Y-%m-%d}") for day, chain in chains.items()])
    stamped = table.assign(quoted=table["quoted"].astype("datetime64[ms, UTC]").astype("int64"))
    surfaces = {day.date(): bf.surface(chain) for day, chain in chains.items()}
    at = {day + pd.Timedelta("12h"): chain.drop(columns="quoted") for day, chain in chains.items()}
    for same in (table, by_date, stamped, surfaces, dict(reversed(chains.items())), at):
        pd.testing.assert_series_equal(bf.volatility(same, bf.AtTheMoney()).values, expected)


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(2, 2**31 - 1), place=st.integers(1, 3), kind=st.sampled_from(KINDS))
def test_law_later_chains_change_no_earlier_value(seed, place, kind):
    before, other = history(count=4), history(seed, 4)
    changed = before | {day: other[day] for day in DAYS[place:4]}
    cut = {day: before[day] for day in DAYS[:place]}
    found, later, short = (bf.volatility(pd.concat(one.values()), kind()).values for one in (before, changed, cut))
    pd.testing.assert_series_equal(later.iloc[:place], found.iloc[:place], check_exact=True, check_freq=False)
    pd.testing.assert_series_equal(short, found.iloc[:place], check_exact=True, check_freq=False)
    assert (later.iloc[place:] != found.iloc[place:]).all()


def test_days_whose_chain_has_no_value_are_left_out_and_named():
    """Of one side of the maturity only, of too few quotes, of calls only, and of wings that end too early."""
    chains = history(count=6)
    near, few, calls, short = DAYS[[0, 1, 2, 4]]
    chains[near] = chain_of(near, {20: 0.6})
    chains[few] = chains[few].iloc[:2]
    chains[calls] = chains[calls][chains[calls]["type"] == "call"]
    chains[short] = chains[short][chains[short]["strike"].between(90, 110)]
    made = bf.volatility(chains, bf.RiskReversal())
    assert made.values.index.tolist() == DAYS[[3, 5]].tolist()
    kept = made.notes
    assert kept == (
        "no value on 2024-01-01: no expiries on both sides of 30 days, as they are 20 to 20 days away",
        "no value on 2024-01-02: no expiry has three quotes out of the money",
        "no value on 2024-01-03: the expiry of 2024-01-23 lacks quotes as far out as a delta of 0.25",
        "no value on 2024-01-05: the expiry of 2024-01-25 lacks quotes as far out as a delta of 0.25",
    )
    assert f"Note: {kept[2]}.\nand 1 more notes" in repr(made)
    middle = bf.volatility(chains, bf.AtTheMoney())
    assert middle.values.index.tolist() == DAYS[[3, 4, 5]].tolist()
    assert "the expiry of 2024-01-23 lacks quotes on both sides of its forward" in middle.notes[2]


@pytest.mark.parametrize("side", ["call", "put"])
@EVERY
def test_one_side_of_a_chain_has_no_value(kind, side):
    one = {day: chain[chain["type"] == side] for day, chain in history().items()}
    with pytest.raises(bf.DataError, match=r"on any date; .*2024-01-01: .*lacks.* Give calls and puts") as found:
        bf.volatility(one, kind())
    assert found.value.series == "chains"


def test_a_maturity_on_an_expiry_needs_no_other():
    chain = chain_of("2024-01-01", {20: 0.55, 50: 0.7})
    chain = chain[(chain["type"] == "call") | (chain["expiry"] == chain["expiry"].min())]  # calls only at 50 days
    expected = bf.surface(chain).expiries["at_the_money"].iloc[0]
    assert bf.volatility(chain, bf.AtTheMoney("20 days")).values.iloc[0] == pytest.approx(expected, abs=1e-15)


def test_a_day_that_is_missing_is_not_filled_in_a_panel():
    days = pd.date_range("2024-01-01", periods=60)
    levels = [bf.surface(chain) for chain in history().values()]
    cycle = {day: replace(levels[place % 2], quoted=day.tz_localize("UTC")) for place, day in enumerate(days)}
    returns = pd.DataFrame(np.random.default_rng(1).normal(0, 0.03, (60, 2)), days, ["a", "b"])
    panel = bf.integrate(returns, bf.volatility(cycle, bf.AtTheMoney()))
    assert panel.factor_names == ("at_the_money_volatility",)
    del cycle[days[30]]
    with pytest.raises(bf.DataError, match="no value on 2024-01-31, inside its own history"):
        bf.integrate(returns, bf.volatility(cycle, bf.AtTheMoney()))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bid": 0.3, "ask": 0.2}, "is above its ask: the quotes are crossed"),
        ({"expiry": "2024-01-03"}, r"has expired by then \(14 such contracts\)"),
        ({"mark": -0.1}, "must be a number and not be below 0"),
        ({"strike": 100.0}, "is quoted twice"),
        ({"underlying": ["ETH", "BTC"] * 14}, "of several underlyings: BTC, ETH"),
        ({"quoted": pd.Timestamp("2024-01-05T00:01Z")}, "were quoted at 2024-01-05 00:01:00 UTC, after that day"),
        ({"quoted": pd.Timestamp("2024-01-02T23:59Z")}, "at 2024-01-02 23:59:00 UTC, before that day, and none on it"),
        ({"quoted": [pd.Timestamp("2024-01-01T23:59Z")] + 27 * [NOON]}, "UTC, more than a day before that day"),
    ],
)
def test_chains_with_defects_are_refused_with_their_day(changed, message):
    chains = history(count=3)
    if "expiry" in changed:  # one of two
        changed = {"expiry": chains[DAYS[2]]["expiry"].where(np.arange(28) < 14, pd.Timestamp("2024-01-03T08:00Z"))}
    chains[DAYS[2]] = chains[DAYS[2]].assign(**changed)
    with pytest.raises(bf.DataError, match=rf"chains, 2024-01-03: .*{message}") as found:
        bf.volatility(chains, bf.AtTheMoney())
    assert found.value.date == DAYS[2]
    assert found.value.remedy


def test_a_history_that_was_filled_forward_is_refused_of_chains_and_of_surfaces():
    chains = history()
    for one in (chains[DAYS[0]], bf.surface(chains[DAYS[0]])):
        with pytest.raises(bf.DataError, match="chains, 2024-01-02: contracts were quoted at 2024-01-01 12:00:00 UTC"):
            bf.volatility({DAYS[0]: one, DAYS[1]: one}, bf.AtTheMoney())
    with pytest.raises(bf.DataError, match=r"chains, 2024-02-20: .* before that day"):
        bf.volatility({pd.Timestamp("2024-02-20"): chains[DAYS[0]]}, bf.AtTheMoney())


def test_a_chain_at_the_midnight_that_ends_its_day_is_of_that_day():
    chain = chain_of(DAYS[0], {20: 0.6, 50: 0.6}).assign(quoted=pd.Timestamp("2024-01-02T00:00Z"))
    assert bf.volatility({DAYS[0]: chain}, bf.AtTheMoney("20 days")).values.index == DAYS[:1]


@pytest.mark.parametrize(
    ("chains", "error", "message"),
    [
        ({}, bf.DataError, "chains holds no chain"),
        (history()[DAYS[0]].iloc[:0], bf.DataError, "chains holds no chain"),
        (history()[DAYS[0]].drop(columns="quoted"), bf.DataError, "not say of which dates .*; it has strike, mark"),
        (history()[DAYS[0]].assign(quoted=pd.NaT), bf.DataError, "chains: quoted is missing of 28 contracts"),
        ([1], bf.SpecError, "chains: found a list. Give a mapping of each date to its chain"),
        ({"2024-01-01": None}, bf.SpecError, "chains, 2024-01-01: expected a DataFrame, found NoneType"),
        ({"1/2/2024": None}, bf.SpecError, "'1/2/2024' is not a moment"),
        ({"2024-01-01": history()[DAYS[0]].drop(columns="quoted")}, bf.SpecError, "when on that day was the chain"),
        ({"2024-01-01": None, DAYS[0]: None}, bf.SpecError, "2024-01-01: expected"),
    ],
)
def test_what_is_no_history_of_chains_is_refused(chains, error, message):
    with pytest.raises(error, match=message) as found:
        bf.volatility(chains, bf.AtTheMoney())
    assert found.value.remedy


def test_two_chains_of_one_day_are_refused():
    surface = bf.surface(history()[DAYS[0]])
    with pytest.raises(bf.DataError, match="chains has two chains of 2024-01-01"):
        bf.volatility({"2024-01-01": surface, "2024-01-01T23:00Z": surface}, bf.AtTheMoney())


@pytest.mark.parametrize("maturity", [30, "30", "soon", None, "-30 days", float("nan"), pd.NaT, "0 days"])
def test_maturities_that_are_none(maturity):
    with pytest.raises(bf.SpecError, match=r"ModelFree.maturity: .* is not a length of time"):
        bf.ModelFree(maturity)
    assert bf.ModelFree(pd.Timedelta("30 days")).description.startswith("model-free implied volatility a year, 30")
