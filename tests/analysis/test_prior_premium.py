"""Prior draws of contributions to a premium have the moments of the priors."""

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.analysis.attribution.prior_premium import BY_LEVEL, NO_MODEL, prior_premium
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws

MIX = {"a00": 0.5, "a02": -1.5}
DRAWS = 20_000


@pytest.fixture(scope="module")
def fit():
    panel = make_panel(assets=4, traded=1, other=2, periods=60, seed=4)
    return bf.from_draws(panel, synthetic_draws(panel), model="unpooled")


def test_moments_are_those_of_products_of_normal_laws(fit):
    """Of independent b and l: E bl = E b E l, and Var bl = (Var b + E^2 b)(Var l + E^2 l) - E^2 b E^2 l."""
    found = prior_premium(fit, "portfolio", portfolio=MIX, draws=DRAWS).draws
    priors, year, weights = fit.priors, fit.panel.periods_per_year, np.array(list(MIX.values()))
    b, of_b = weights.sum() * priors.loadings.loc, (weights**2).sum() * priors.loadings.sd**2
    pay, of_pay = priors.premia.loc, priors.premia.variance
    sd = year * np.sqrt((of_b + b**2) * (of_pay + pay**2) - (b * pay) ** 2)
    for name, mean, spread in zip(fit.panel.factor_names, year * b * pay, sd, strict=True):
        draws = found.sel(source=name).values
        assert draws.mean() == pytest.approx(mean, abs=5 * spread / DRAWS**0.5)
        assert draws.std() == pytest.approx(spread, rel=5 * (8 / (4 * DRAWS)) ** 0.5)  # of a kurtosis of 9 at most
    alpha = year * priors.alpha.sd * np.sqrt((weights**2).sum())
    assert found.sel(source="alpha").values.std() == pytest.approx(alpha, rel=5 * (2 * DRAWS) ** -0.5)


def test_sources_add_up(fit):
    for by in ("factor", "family", "identification"):
        draws = prior_premium(fit, "a01", by=by, draws=50).draws
        assert draws["source"].values.tolist()[-1] == "total"
        parts = draws.drop_sel(source="total").sum("source")
        np.testing.assert_allclose(draws.sel(source="total"), parts, rtol=1e-10)


def test_sources_are_those_of_the_attribution(fit):
    for by in ("factor", "family"):
        expected = bf.attribute(fit, by=by).draws["source"].values.tolist()
        assert prior_premium(fit, by=by, draws=5).draws["source"].values.tolist() == expected


def test_entries_are_portfolios(fit):
    assets = fit.panel.assets
    one = prior_premium(fit, "a02", draws=20).draws
    np.testing.assert_allclose(one, prior_premium(fit, "portfolio", portfolio={"a02": 1.0}, draws=20).draws)
    equal = dict.fromkeys(assets, 1 / len(assets))
    all_of_them = prior_premium(fit, "portfolio", portfolio=equal, draws=20).draws
    np.testing.assert_allclose(prior_premium(fit, draws=20).draws, all_of_them, rtol=1e-12, atol=1e-15)


def test_what_is_not_known_is_said(fit):
    external = bf.from_draws(fit.panel, synthetic_draws(fit.panel))
    assert prior_premium(external).draws is None
    assert prior_premium(external).reason == NO_MODEL
    assert prior_premium(fit, by="level").reason == BY_LEVEL
    with pytest.raises(bf.SpecError, match="unknown asset 'btc'"):
        prior_premium(fit, "btc")


def test_where_loadings_move_the_prior_is_of_the_long_run(moved_fit):
    assert "long-run" in prior_premium(moved_fit, draws=5).note
