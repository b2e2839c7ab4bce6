"""Two-pass premia: what must hold on any data, and what bad input is told."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.closedform.crosssection.first_pass import first_pass, projector
from bayesfactor.closedform.crosssection.two_pass import two_pass
from bayesfactor.closedform.data import rectangle
from tests.support.panels import make_panel

CHOICES = [(w, i, s) for w in ("ols", "gls") for i in (False, True) for s in (False, True)]
BRIEF = settings(max_examples=20, deadline=None)


def scaled(panel, factor, by):
    size = np.where(np.array(panel.factor_names) == factor, by, 1.0)
    return replace(panel, factors=panel.factors * size)


def exactly_priced(panel, premium):
    """Move mean returns to what the loadings pay."""
    found = first_pass(rectangle(panel, "test"), False, False, "test")
    mean = found.loading @ premium
    return replace(panel, returns=panel.returns - panel.returns.mean("time") + mean)


@BRIEF
@given(seed=st.integers(0, 10_000), assets=st.integers(3, 12), traded=st.integers(1, 3), other=st.integers(0, 2))
def test_traded_factors_that_price_themselves_pay_their_mean(seed, assets, traded, other):
    panel = make_panel(assets=assets, traded=traded, other=other, periods=90, seed=seed)
    result = two_pass(panel, "gls", self_priced=True)
    means, names = panel.aligned.mean(axis=0)[:traded], list(panel.factor_names[:traded])
    np.testing.assert_allclose(result.estimate.sel(factor=names), means, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(result.alpha.sel(asset=names), 0.0, atol=1e-12)
    errors = two_pass(panel, "gls", self_priced=True, errors="robust").table().loc[names, "se_per_period"]
    wanted = panel.aligned.std(axis=0)[:traded] / (90 - traded - other - 1) ** 0.5
    np.testing.assert_allclose(errors, wanted, rtol=1e-6)


@BRIEF
@given(seed=st.integers(0, 10_000), market=st.floats(-0.01, 0.01), style=st.floats(-0.01, 0.01))
def test_weights_do_not_matter_when_pricing_is_exact(seed, market, style):
    panel = exactly_priced(make_panel(assets=8, other=0, periods=80, seed=seed), np.array([market, style]))
    for weights in ("ols", "gls"):
        result = two_pass(panel, weights)
        np.testing.assert_allclose(result.estimate, [market, style], atol=1e-9)
        np.testing.assert_allclose(result.alpha, 0, atol=1e-9)


@BRIEF
@given(seed=st.integers(0, 10_000), intercept=st.booleans())
def test_covariance_of_returns_or_of_residuals_weights_alike(seed, intercept):
    found = first_pass(rectangle(make_panel(periods=70, seed=seed), "test"), intercept, False, "test")
    by_returns = projector(found.design, np.linalg.inv(np.cov(found.returns, rowvar=False)))
    by_residuals = projector(found.design, np.linalg.inv(found.residual_covariance))
    np.testing.assert_allclose(by_returns, by_residuals, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("errors", ["shanken", "robust", "kernel"])
@pytest.mark.parametrize(("weights", "intercept", "self_priced"), CHOICES)
def test_units_of_a_factor_do_not_matter(weights, intercept, self_priced, errors):
    panel = make_panel(seed=5)
    options = {"weights": weights, "intercept": intercept, "self_priced": self_priced, "errors": errors}
    before, after = two_pass(panel, **options).table(), two_pass(scaled(panel, "f2", 250.0), **options).table()
    np.testing.assert_allclose(after.loc["f2", "estimate"], before.loc["f2", "estimate"] * 250, rtol=1e-8)
    np.testing.assert_allclose(after["t"], before["t"], rtol=1e-7)


def test_order_of_assets_and_factors_does_not_matter():
    panel = make_panel(seed=6)
    turned = panel.select(panel.assets[::-1], panel.factor_names[::-1])
    before, after = two_pass(panel, "gls", intercept=True), two_pass(turned, "gls", intercept=True)
    np.testing.assert_allclose(after.table().loc[before.table().index], before.table(), rtol=1e-8)
    np.testing.assert_allclose(after.alpha.sel(asset=list(panel.assets)), before.alpha, atol=1e-12)


def weighted_premia(panel, chance, weights, intercept, self_priced):
    """Two-pass premia when date t counts for a share `chance_t`."""
    f, r = panel.aligned, panel.returns.values
    if self_priced:
        r = np.hstack([r, f[:, [x.traded for x in panel.factor_info]]])
    fc, rc = f - chance @ f, r - chance @ r
    beta = np.linalg.solve((fc * chance[:, None]).T @ fc, (fc * chance[:, None]).T @ rc).T
    h = np.column_stack([np.ones(len(beta)), beta]) if intercept else beta
    w = np.eye(len(beta)) if weights == "ols" else np.linalg.inv((rc * chance[:, None]).T @ rc)
    return np.linalg.solve(h.T @ w @ h, h.T @ w @ (chance @ r))


@pytest.mark.parametrize(("weights", "intercept", "self_priced"), CHOICES)
def test_robust_errors_are_the_effect_of_every_date(weights, intercept, self_priced):
    """The influence of a date is the derivative of the estimate in its weight."""
    panel = make_panel(assets=7, periods=60, seed=8)
    even, step, rows = np.full(60, 1 / 60), 1e-5, []
    for t in range(60):
        move = step * (np.eye(60)[t] - even)
        ends = [weighted_premia(panel, even + s * move, weights, intercept, self_priced) for s in (1, -1)]
        rows.append((ends[0] - ends[1]) / (2 * step))
    wanted = np.array(rows).T @ np.array(rows) / 60 / (60 - 4)
    found = two_pass(panel, weights, intercept, self_priced, errors="robust").covariance
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


def test_a_factor_among_the_assets_loads_on_itself():
    panel = make_panel(seed=2, other=0)
    returns = panel.returns.copy()
    returns.loc[{"asset": "a00"}] = panel.aligned[:, 0]
    result = two_pass(replace(panel, returns=returns), "gls")
    np.testing.assert_allclose(result.loading.sel(asset="a00"), [1, 0], atol=1e-10)
    np.testing.assert_allclose(result.estimate.sel(factor="f0"), panel.aligned[:, 0].mean(), rtol=1e-8)


def test_more_assets_than_dates_leave_the_premia_and_no_test():
    panel = make_panel(assets=40, periods=30, seed=1)
    result = two_pass(panel)
    assert result.pricing_test is None
    assert np.isfinite(result.table().to_numpy()).all()
    with pytest.raises(DataError, match="more than 44 periods"):
        two_pass(panel, "gls")


def test_twin_assets():
    panel = make_panel(seed=1)
    returns = panel.returns.copy()
    returns.loc[{"asset": "a01"}] = returns.sel(asset="a00").values
    twins = replace(panel, returns=returns)
    assert two_pass(twins).pricing_test is None
    with pytest.raises(DataError, match="a00"):
        two_pass(twins, "gls")


def test_result_is_labelled_and_frozen():
    result = two_pass(make_panel(), intercept=True, self_priced=True)
    table = result.table()
    assert table.index.tolist() == ["zero_beta", "f0", "f1", "f2"]
    assert result.alpha["asset"].values.tolist()[-2:] == ["f0", "f1"]
    assert "shanken" in table.attrs["method"]
    np.testing.assert_allclose(table["estimate"], 252 * table["estimate_per_period"])
    with pytest.raises(ValueError, match="read-only"):
        result.alpha.values[0] = 0
    assert result.pricing_test.dof == 14 - 4


@pytest.mark.parametrize(
    ("options", "named"),
    [({"weights": "GLS"}, "gls"), ({"weights": None}, "ols"), ({"errors": "robst"}, "robust")],
)
def test_unknown_choices(options, named):
    with pytest.raises(SpecError, match=named) as caught:
        two_pass(make_panel(), **options)
    assert caught.value.place.startswith("two_pass.")


def test_hostile_panels():
    panel = make_panel(assets=6)
    with pytest.raises(SpecError, match="expected a Panel"):
        two_pass(panel.returns.to_pandas())
    with pytest.raises(SpecError, match="not traded"):
        two_pass(make_panel(traded=0, other=1), self_priced=True)
    with pytest.raises(DataError, match="needs more assets"):
        two_pass(panel.select(["a00", "a01", "a02"]))
    with pytest.raises(DataError, match="gaps"):
        two_pass(make_panel(shortest=20))
    with pytest.raises(DataError, match="no factor"):
        two_pass(panel.select(factors=[]))
    with pytest.raises(DataError, match="no asset"):
        two_pass(panel.select(assets=[]))
    with pytest.raises(DataError, match="'f1' is constant"):
        two_pass(replace(panel, factors=panel.factors.where(panel.factors["factor"] != "f1", 0.01)))
    double = panel.factors.copy()
    double.loc[{"factor": "f1"}] = 2 * double.sel(factor="f0").values
    with pytest.raises(DataError, match="combination"):
        two_pass(replace(panel, factors=double))


def test_equal_loadings_and_an_intercept_cannot_be_told_apart():
    panel = make_panel(traded=1, other=0, assets=4)
    f = panel.aligned[:, 0] - panel.aligned[:, 0].mean()
    noise = panel.returns.values - panel.returns.values.mean(axis=0)
    noise = noise - np.outer(f, f @ noise / (f @ f))
    level = replace(panel, returns=panel.returns.copy(data=noise + panel.aligned))
    assert np.isfinite(two_pass(level).estimate).all()
    with pytest.raises(DataError, match="tell the premia of"):
        two_pass(level, intercept=True)


def test_a_useless_factor_is_seen_in_the_table():
    """Mean squared t-ratio of its loadings near 1, by plain regressions; flags are flags."""
    panel = make_panel(assets=30, traded=1, other=1, periods=500, zero=(1,), seed=4)
    table = two_pass(panel, intercept=True).table()
    x = np.c_[np.ones(500), panel.aligned]
    inverse, ratios = np.linalg.inv(x.T @ x), []
    for y in panel.returns.values.T:
        beta, rss = np.linalg.lstsq(x, y)[:2]
        ratios.append(beta[1:] ** 2 / (rss[0] / (500 - 3) * np.diag(inverse)[1:]))
    np.testing.assert_allclose(table.loc[["f0", "f1"], "loading_t2"], np.mean(ratios, axis=0), rtol=1e-9)
    assert np.isnan(table.loc["zero_beta", "loading_t2"])
    assert table.loc["f1", "loading_t2"] < 2 < table.loc["f0", "loading_t2"]
    for flag in ("intercept", "self_priced"):
        with pytest.raises(SpecError, match="must be True or False"):
            two_pass(panel, **{flag: "no"})
