"""Compounded returns and their linked parts, and contributions over time."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

import bayesfactor as bf
from bayesfactor.analysis.attribution.realised import realised_path
from bayesfactor.analysis.attribution.realised_sums import linked
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws

SMALL = bf.Sampler(draws=60, tune=60, chains=2, progress=False)
MIX = {"a01": 0.5, "a03": 0.7}


@pytest.fixture(scope="module")
def fit():
    panel = make_panel(assets=4, traded=1, other=1, periods=50, shortest=20, seed=3)
    return bf.fit(panel, "static", SMALL)


@given(arrays(float, st.integers(1, 30), elements=st.floats(-0.9, 2.0)))
def test_law_weights_make_parts_add_up_to_the_compounded_return(earned):
    weight, whole = linked(earned)
    assert whole == pytest.approx(np.prod(1 + earned) - 1, rel=1e-9, abs=1e-12)
    assert weight @ earned == pytest.approx(whole, rel=1e-8, abs=1e-10)


def test_weights_are_those_of_carino():
    """k_t / k with k_t = log(1 + R_t) / R_t, of two periods by hand."""
    weight, whole = linked(np.array([0.1, -0.05]))
    assert whole == pytest.approx(1.1 * 0.95 - 1)
    k = np.log(1.045) / 0.045
    assert weight == pytest.approx([np.log(1.1) / 0.1 / k, np.log(0.95) / -0.05 / k])


@pytest.mark.parametrize("portfolio", [None, MIX])
@pytest.mark.parametrize("by", ["factor", "family"])
def test_compounded_parts_add_up_in_every_draw(fit, portfolio, by):
    found = bf.attribute(fit, "return", by=by, portfolio=portfolio, compounded=True)
    sources = [s for s in found.draws["source"].values if s != "total"]
    gap = found.draws.sel(source=sources).sum("source") - found.draws.sel(source="total")
    assert float(np.abs(gap).max()) < 1e-10
    assert "compounded" in found.units
    assert "Carino" in found.notes[0]
    returns = fit.panel.returns.sel(asset="a00").dropna("time")
    assert float(found.draws.sel(asset="a00", source="total")[0, 0]) == pytest.approx(float((1 + returns).prod()) - 1)


def test_small_returns_compound_as_they_sum(fit):
    """To first order in the size of returns, the linked parts are the summed ones."""
    panel = fit.panel
    scale = 1e-6
    small = replace(panel, returns=panel.returns * scale, factors=panel.factors * scale)
    parts = replace(fit, panel=small, data=_scaled(fit, scale))
    one, two = (bf.attribute(parts, "return", compounded=c).draws.values / scale for c in (False, True))
    assert np.abs(one - two).max() < 1e-4


def _scaled(fit, scale):
    posterior = fit.posterior.copy()
    for name in ("alpha", "residual_sd", "risk_premium", "factor_mean"):
        posterior[name] = posterior[name] * scale
    tree = fit.data.copy()
    tree["posterior"] = xr.DataTree(posterior)
    return tree


def test_what_loses_everything_is_not_compounded(fit):
    with pytest.raises(bf.DataError, match="nothing left to compound") as caught:
        bf.attribute(fit, "return", portfolio={"a01": 500.0}, compounded=True)
    assert caught.value.series == "portfolio"
    worst = fit.panel.returns.sel(asset="a01").idxmin("time").values
    assert caught.value.date == worst
    assert str(worst.astype("datetime64[D]")) in str(caught.value)


def test_an_asset_that_lost_everything_is_left_out_when_compounded(fit):
    returns = fit.panel.returns.copy(deep=True)
    returns[-1, 1] = -1.0
    lost = replace(fit, panel=replace(fit.panel, returns=returns))
    found = bf.attribute(lost, "return", compounded=True)
    assert found.draws["asset"].values.tolist() == ["a00", "a02", "a03"]
    assert found.span.index.tolist() == ["a00", "a02", "a03"]
    assert any("lost everything in one period" in note and note.endswith("a01") for note in found.notes)
    returns[-1] = -1.0
    with pytest.raises(bf.DataError, match="Every asset lost everything"):
        bf.attribute(replace(fit, panel=replace(fit.panel, returns=returns)), "return", compounded=True)


def test_the_span_is_that_of_the_returns(fit):
    found = bf.attribute(fit, "return", portfolio=MIX).span
    for name in fit.panel.assets:
        seen = fit.panel.returns.sel(asset=name).dropna("time")["time"].values
        assert found.loc[name].tolist() == [len(seen), seen[0], seen[-1]]
    both = fit.panel.returns.sel(asset=list(MIX)).dropna("time")["time"].values
    assert found.loc["portfolio"].tolist() == [len(both), both[0], both[-1]]


@pytest.mark.parametrize("wrong", [{"kind": "premium", "compounded": True}, {"kind": "return", "compounded": "yes"}])
def test_compounded_is_a_choice_of_returns(fit, wrong):
    with pytest.raises(bf.SpecError, match="compounded"):
        bf.attribute(fit, **wrong)


@pytest.mark.parametrize(("name", "portfolio"), [("a02", None), (None, MIX)])
@pytest.mark.parametrize("by_family", [True, False])
def test_a_path_ends_where_the_attribution_is(fit, name, portfolio, by_family):
    path = realised_path(fit, name, portfolio, None, by_family=by_family)
    found = bf.attribute(fit, "return", by="family" if by_family else "factor", portfolio=portfolio)
    last = found.draws.sel(asset=name or "portfolio").stack(sample=("chain", "draw"), create_index=False)
    wanted = last.transpose("sample", "source").sel(source=path["source"]).values
    assert path.isel(time=-1).transpose("sample", "source").values == pytest.approx(wanted, abs=1e-12)


def test_a_path_is_the_attribution_up_to_each_date(fit):
    path = realised_path(fit, "a00", None, None, by_family=False)
    date = path["time"].values[7]
    found = bf.attribute(fit, "return", window=(None, date)).draws.sel(asset="a00")
    wanted = found.stack(sample=("chain", "draw"), create_index=False).transpose("sample", "source")
    mine = path.isel(time=7).transpose("sample", "source").sel(source=wanted["source"])
    assert mine.values == pytest.approx(wanted.values, abs=1e-12)


@pytest.mark.parametrize("wrong", [{"name": None, "portfolio": None}, {"name": "a00", "portfolio": MIX}])
def test_a_path_is_of_one_asset_or_of_one_portfolio(fit, wrong):
    with pytest.raises(bf.SpecError, match="one of them"):
        realised_path(fit, window=None, by_family=True, **wrong)


def test_a_path_of_an_unknown_asset_names_the_nearest(fit):
    with pytest.raises(bf.SpecError, match="a00"):
        realised_path(fit, "a0O", None, None, by_family=True)


def test_a_book_without_capital_does_not_compound():
    panel = make_panel(assets=3, traded=1, other=1, periods=60, seed=4)
    fit = bf.from_draws(panel, synthetic_draws(panel))
    first, second, _ = panel.assets
    book = {first: 0.3, second: -0.3}
    assert bf.attribute(fit, "return", portfolio=book).table() is not None
    with pytest.raises(bf.DataError, match="net weight of 'portfolio' is 0: there is no capital"):
        bf.attribute(fit, "return", portfolio=book, compounded=True)
