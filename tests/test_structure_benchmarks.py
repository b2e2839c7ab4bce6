"""Simulated truth of residual factors, sparse loadings and noisy factors, and what is reported of it."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import kstest, wishart

import bayesfactor as bf
from bayesfactor.panel.design import observe
from bayesfactor.spec.scaling import scale_priors
from benchmarks import structure_prior
from benchmarks.residual_shares import own_share, residuals_of
from benchmarks.structure import correlated_panel, invariants
from benchmarks.structure_calibration import drawn, fixed, kept, outside, result
from benchmarks.structure_prior import VARIANTS, drawn_market, first_shape
from benchmarks.structure_truth import Design, fixed_market, reported, traded


@pytest.fixture(scope="module")
def market():
    return fixed_market(Design(assets=6, periods=4000), seed=1)


@pytest.fixture(scope="module")
def fit(market):
    return bf.fit(market.panel, "static", bf.Sampler(draws=100, tune=100, chains=2, progress=False))


def test_returns_of_a_fixed_design_have_the_true_moments(market):
    truth, sample = {name: value[0] for name, value in market.truth.items()}, market.panel.returns.values
    loading, common = truth["loading"], truth["residual_loading"]
    covariance = loading @ truth["factor_cov"] @ loading.T + common @ common.T + np.diag(truth["residual_sd"] ** 2)
    sd = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(np.cov(sample.T) / np.outer(sd, sd), covariance / np.outer(sd, sd), atol=0.09)
    mean = truth["alpha"] + loading @ truth["risk_premium"]
    np.testing.assert_allclose((sample.mean(axis=0) - mean) / sd, 0, atol=4 / 4000**0.5)
    assert fixed_market(Design(6, 100, shortest=0.2), 2).panel.returns.isnull().any()


def test_what_is_reported_does_not_depend_on_a_rotation(market):
    rng = np.random.default_rng(1)
    common = 0.01 * rng.normal(size=(1, 6, 2))
    turn, _ = np.linalg.qr(rng.normal(size=(2, 2)))
    one, other = (reported({**market.truth, "residual_loading": x}, np.ones(3, bool)) for x in (common, common @ turn))
    for name, values in one.items():
        np.testing.assert_allclose(other[name], values, rtol=1e-10)
    whole = common[0] @ common[0].T + np.diag(market.truth["residual_sd"][0] ** 2)
    assert one["its residual part"] == pytest.approx(whole.mean())
    np.testing.assert_allclose(one["residual variances"][0], np.diag(whole))
    sd = np.sqrt(np.diag(whole))
    np.testing.assert_allclose(one["residual correlations"][0], (whole / np.outer(sd, sd))[np.triu_indices(6, 1)])


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_drawn_market_has_the_units_of_its_prior(variant):
    """The priors of its model say of its panel what those of the variant say of the first panel."""
    market, shape = drawn_market(variant, 3), first_shape(3)
    found = scale_priors(observe(market.panel), market.model)
    wanted = scale_priors(observe(shape), VARIANTS[variant](bf.read_model("static")))
    for name in ("loc", "sd", "spread", "floor"):
        np.testing.assert_allclose(getattr(found.loadings, name), getattr(wanted.loadings, name))
    unused = () if market.model.noise.common.count else ("loc", "sd")  # of common residual factors
    for part in ("residual_factors", "inclusion"):
        one, other = getattr(found, part), getattr(wanted, part)
        assert (one is None) == (other is None)
        if one is not None:
            for name in (name for name in vars(one) if name not in unused):
                both = (np.array(getattr(x, name), dtype=float) for x in (one, other))
                np.testing.assert_allclose(*both)
    sample = market.panel.factors.var("time").values / shape.factors.var("time").values
    np.testing.assert_allclose(sample, 1, atol=0.15)
    assert np.array_equal(np.isnan(market.panel.returns.values), np.isnan(shape.returns.values))


def test_a_noisy_history_is_signal_and_noise():
    """Of a long one: regressions of what is seen on the signal have slope 1, of the signal on it the reliability."""
    rng, one = np.random.default_rng(1), np.ones(3)
    noise = np.array([False, False, True])
    omega, reliability, scatter = structure_prior.near_history(6.0, 2 * one, one, noise, 2000, rng)
    assert reliability[:2].tolist() == [1, 1]
    assert 0 < reliability[2] < 1
    np.testing.assert_allclose(np.diag(scatter), 1, atol=structure_prior.NEAR)
    assert omega[2, 2] == pytest.approx(reliability[2], abs=0.25)  # what is left of a variance of 1
    market = drawn_market("a noisy factor", 4)
    assert market.truth["reliability"][0, 2] < 1
    assert not np.allclose(market.panel.factors.values, first_shape(4).factors.values)


def test_wishart_draws_are_scipys():
    rng, root = np.random.default_rng(2), np.linalg.cholesky([[2.0, 0.5], [0.5, 1.0]])
    found = structure_prior.wishart(rng, 5.0, np.broadcast_to(root, (4000, 2, 2)))
    wanted = wishart(5, root @ root.T).rvs(4000, random_state=3)
    for cell in ((0, 0), (0, 1), (1, 1)):
        assert kstest(found[:, *cell], wanted[:, *cell]).pvalue > 1e-3


def test_loadings_that_are_out():
    truth = {name: drawn_market(name, 5).truth for name in ("sparse loadings", "loadings of the group")}
    out = ~truth["sparse loadings"]["included"][0]
    assert out.any()
    assert (truth["sparse loadings"]["loading"][0][out] == 0).all()
    group, own = first_shape(5).group_numbers, truth["loadings of the group"]
    out = ~own["included"][0]
    np.testing.assert_array_equal(own["loading"][0][out], own["loading_mean"][0][group][out])
    assert own["included"][0][:, 0].all()  # of the market


def test_ranks_of_a_panel_are_kept(tmp_path, market):
    few = fixed_market(Design(assets=6, periods=150), seed=2)
    found = kept(tmp_path, "one/panel", lambda: result(few, few.model, 2))
    assert kept(tmp_path, "one/panel", lambda: pytest.fail("made again")) == found
    ranks = [rank for name, values in found.items() if name.startswith("rank ") for rank in values]
    assert 0 <= min(ranks) <= max(ranks) < 1.0 + 1e-9
    assert len(found["rank loadings"]) == 18
    assert "rank residual correlations" not in found  # the model has none
    assert np.median(found["rank its residual part"]) > 0.95  # it has no residual factor, and there is one


def test_own_shares_and_a_models(market, fit):
    """Of a long history: the shares of one asset are the same; the model's of draws is that of its covariances."""
    panel, rows, rng = market.panel, np.ones(4000, dtype=bool), np.random.default_rng(1)
    residuals, cov = residuals_of(fit, rows), np.cov(market.panel.aligned.T, ddof=0)
    for i, weights in enumerate(np.eye(6)):
        own = own_share(panel.returns.values[:, i], panel.aligned)
        assert residuals.share(weights).mean() == pytest.approx(own, rel=0.03)
        assert residuals.found(weights, rng).mean() == pytest.approx(own, rel=0.03)
    weights = np.full(6, 1 / 6)
    draws = fit.posterior["loading"].stack(s=("chain", "draw")).transpose("s", "asset", "factor").values
    systematic = np.einsum("i,dik,kl,djl,j->d", weights, draws, cov, draws, weights)
    left = (residuals.own**2).sum(axis=1) / 36
    np.testing.assert_allclose(residuals.share(weights), left / (systematic + left), rtol=1e-9)
    assert not residuals.moved.any()


def test_invariants_are_those_reported(market):
    panel = correlated_panel({"assets": 6, "factors": 2, "periods": 40, "seed": 1, "groups": 2}, 2)
    assert np.isfinite(panel.returns.values).all()
    rng = np.random.default_rng(1)
    own, common = np.exp(rng.normal(size=(2, 3, 6))), rng.normal(size=(2, 3, 6, 2))
    draws = xr.Dataset(
        {
            "residual_sd": (("chain", "draw", "asset"), own),
            "residual_loading": (("chain", "draw", "asset", "residual_factor"), common),
            "alpha": (("chain", "draw", "asset"), own),
            "loading": (("chain", "draw", "asset", "factor"), common),
        }
    )
    found = invariants(draws)
    whole = common[1, 2] @ common[1, 2].T + np.diag(own[1, 2] ** 2)
    np.testing.assert_allclose(found["residual covariance"][1, 2], whole[np.triu_indices(6, 1)])
    assert float(found["residual variance of the portfolio"][1, 2]) == pytest.approx(whole.mean())


def test_tables_of_a_calibration(tmp_path):
    """From results that are there: nothing is fitted."""
    rng, quantities = np.random.default_rng(3), ("loadings", "reliability")
    for seed in range(30):
        for label in ("static", "one residual factor", "auto"):
            ranks = {f"rank {name}": rng.uniform(size=20).tolist() for name in quantities}
            kept(tmp_path, f"equal histories/{label}/{seed}", lambda r=ranks: {**r, "width loadings": [1.0]})
        p = rng.uniform(size=20)
        more = {"inclusion probability": p.tolist(), "included": (rng.uniform(size=20) < p).astype(float).tolist()}
        kept(tmp_path, f"prior/sparse loadings/{seed}", lambda r=ranks, m=more: {**r, **m})
    rows = {row["quantity"]: row for row in fixed("equal histories", 30, tmp_path).rows}
    assert float(rows["loadings"]["auto"].split()[0]) == pytest.approx(0.9, abs=0.05)
    coverage, inclusion = drawn("sparse loadings", 30, tmp_path)
    assert {row["quantity"] for row in coverage.rows} == set(quantities)
    assert outside(coverage) == []
    assert [row["loadings"] for row in inclusion.rows][-1] == 600
    assert sum(row["loadings"] for row in inclusion.rows[:-1]) == 600
    assert abs(float(inclusion.rows[-1]["frequency less probability"].split()[0])) < 0.08
    assert traded(first_shape(1)).tolist() == [True, True, False]
