"""What is own of residuals with common factors, and the volatility path that reads it."""

from dataclasses import replace

import numpy as np
import pandas as pd

import bayesfactor as bf
from bayesfactor.paths.evidence import independent_share
from bayesfactor.paths.movement import find_movement
from bayesfactor.paths.own_residuals import left, own_residuals
from bayesfactor.paths.storage import movement_dataset, movement_of
from bayesfactor.spec.residual_factors import CommonResiduals


def common_residuals(periods: int = 400, assets: int = 12, seed: int = 0) -> np.ndarray:
    """Return residuals (time, asset) with a common factor of half the variance, a fifth of them not observed."""
    rng = np.random.default_rng(seed)
    found = np.sqrt(0.5) * (rng.standard_normal((periods, 1)) + rng.standard_normal((periods, assets)))
    return np.where(rng.uniform(size=found.shape) < 0.8, found, np.nan)


def test_what_is_left_is_the_residual_of_the_likeliest_scores():
    rng = np.random.default_rng(1)
    residuals, loading = common_residuals(6, 5), 0.6 * rng.uniform(-1, 1, (5, 2))
    rest, noise = left(residuals, loading), 1 - np.sum(loading**2, axis=1)
    for row, own in zip(residuals, rest, strict=True):
        seen = np.isfinite(row)
        cov = loading[seen] @ loading[seen].T + np.diag(noise[seen])
        scores = loading[seen].T @ np.linalg.solve(cov, row[seen])
        np.testing.assert_allclose(own[seen], row[seen] - loading[seen] @ scores, rtol=1e-10)
        assert np.isnan(own[~seen]).all()


def test_own_parts_are_nearly_independent_and_have_their_own_scale():
    residuals = common_residuals()
    found = own_residuals(residuals, np.ones(len(residuals)), 1)
    own = found.of(residuals)
    assert independent_share(residuals) < 0.3
    assert independent_share(own) > 0.85  # what is left has correlations of -1 / N: 1 / (1 + (N - 1) / N^2) is .93
    np.testing.assert_allclose(np.sqrt(np.nanmean(own**2, axis=0)), 1.0, rtol=1e-10)
    np.testing.assert_allclose(np.abs(found.loading), np.sqrt(0.5), atol=0.12)


def test_a_path_beside_residual_factors_reads_what_they_leave_and_is_saved():
    rng = np.random.default_rng(2)
    periods, assets = 200, 10
    log_g = np.zeros(periods)
    for t in range(1, periods):
        log_g[t] = 0.9 * log_g[t - 1] + 0.25 * rng.standard_normal()
    market = 0.02 * rng.standard_normal(periods)
    z = rng.standard_normal((periods, 1)) + rng.standard_normal((periods, assets))
    returns = market[:, None] + 0.03 * np.exp(log_g)[:, None] * z
    dates, names = pd.date_range("2015-01-04", periods=periods, freq="W"), [f"a{i}" for i in range(assets)]
    panel = bf.integrate(
        pd.DataFrame(returns, dates, names),
        pd.DataFrame({"market": market}, dates),
        factor_info={"market": {"traded": True, "family": "market"}},
    )
    model = bf.read_model("hierarchical")
    both = {}
    for count in (0, 1):
        chosen = replace(model, noise=replace(model.noise, common=CommonResiduals(count)))
        both[count] = find_movement(panel, chosen)
    alone, beside = both[0].residuals, both[1].residuals
    assert alone.share < 0.4 < 0.9 < beside.share
    truth = 2 * (log_g - log_g.mean())
    errors = {name: np.std(-np.log(path.weight) - truth) for name, path in (("alone", alone), ("beside", beside))}
    assert errors["beside"] < errors["alone"]
    opened = movement_of(movement_dataset(both[1], panel), panel).residuals
    rows = panel.returns.values, panel.aligned
    np.testing.assert_array_equal(opened.mean_squares(*rows), beside.mean_squares(*rows))
