"""The model scan: its formulas against quadrature, its laws, its refusals."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.closedform.discountfactor.marginals import log_minors
from bayesfactor.closedform.discountfactor.scan import MarketAlways, TrainedPremia, scan_models
from tests.support.panels import make_panel

PRIORS = (TrainedPremia(), TrainedPremia(0.2, 0.05), MarketAlways("f0"))


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=3, traded=4, other=0, periods=300, seed=2)


def with_factors(panel, values, order=None):
    """Return the panel with other factor values, the columns in another order."""
    names = panel.factor_names if order is None else [panel.factor_names[j] for j in order]
    data = values if order is None else values[:, order]
    factors = xr.DataArray(data, {"time": panel.factors["time"], "factor": list(names)}, ("time", "factor"))
    info = tuple(next(one for one in panel.factor_info if one.name == name) for name in names)
    return replace(panel, factors=factors, factor_info=info)


def by_model(scan, values):
    names = scan.member["factor"].values
    return {frozenset(names[row]): value for row, value in zip(scan.member.values, values.values, strict=True)}


def test_every_minor():
    root = np.random.default_rng(0).normal(size=(9, 5))
    matrix = root.T @ root
    for number, found in enumerate(log_minors(matrix)):
        rows = [j for j in range(5) if number >> j & 1]
        wanted = np.linalg.slogdet(matrix[np.ix_(rows, rows)])[1] if rows else 0.0
        assert found == pytest.approx(wanted, abs=1e-12)


def log_sum(log_values, *steps):
    top = log_values.max()
    return top + np.log(np.exp(log_values - top).sum() * np.prod(steps))


def normal(x, mean, variance):
    return -0.5 * np.log(2 * np.pi * variance) - 0.5 * (x - mean) ** 2 / variance


def test_one_factor_prices_the_other_by_quadrature():
    """log m of x = {f0}, w = {f1}: prior Omega^{-1/2} Sigma^{-3/2} N(lambda; lambda_0, kappa Omega)."""
    panel = make_panel(assets=2, traded=2, other=0, periods=10, seed=4)
    values = panel.factors.values * 100
    scan = scan_models(with_factors(panel, values), TrainedPremia(0.2, 0.7))
    start, (x, w) = values[:2].mean(axis=0), values[2:].T
    grid, line = np.linspace(-6, 6, 401), np.linspace(-12, 12, 801)
    omega, premium = np.exp(grid)[:, None], line[None, :]
    density = sum(normal(one, premium, omega) for one in x) + normal(premium, start[0], 0.7 * omega)
    premia = log_sum(density - 0.5 * np.log(omega) + np.log(omega), grid[1] - grid[0], line[1] - line[0])
    density = sum(normal(v, premium * u, omega) for u, v in zip(x, w, strict=True))
    others = log_sum(density - 1.5 * np.log(omega) + np.log(omega), grid[1] - grid[0], line[1] - line[0])
    found = by_model(scan, scan.log_marginal)[frozenset({"f0"})]
    assert found == pytest.approx(premia + others, abs=1e-6)


def test_both_factors_by_quadrature():
    """log m of x = {f0, f1}: prior |Omega|^{-3/2}; Omega by its two standard deviations and correlation."""
    panel = make_panel(assets=2, traded=2, other=0, periods=12, seed=5)
    values = panel.factors.values * 100
    scan = scan_models(with_factors(panel, values), TrainedPremia(0.25, 0.7))
    start, x = values[:3].mean(axis=0), values[3:]
    t, gap = len(x), x.mean(axis=0) - values[:3].mean(axis=0)
    assert start.shape == gap.shape
    scatter = (x - x.mean(axis=0)).T @ (x - x.mean(axis=0))
    grid = np.linspace(-4, 4, 121)
    a, b, c = np.meshgrid(grid, grid, grid, indexing="ij")
    first, second, rho = np.exp(a), np.exp(b), np.tanh(c)  # variances and correlation
    det = first * second * (1 - rho**2)
    both = rho * np.sqrt(first * second)

    def form(m):
        return (m[0, 0] * second + m[1, 1] * first - 2 * m[0, 1] * both) / det

    mean = -0.5 * np.log(det) - np.log(2 * np.pi * (0.7 + 1 / t)) - 0.5 * form(np.outer(gap, gap)) / (0.7 + 1 / t)
    rest = -(t - 1) * np.log(2 * np.pi) - 0.5 * (t - 1) * np.log(det) - 0.5 * form(scatter) - np.log(t)
    jacobian = a + b + 0.5 * (a + b) + np.log(1 - rho**2)  # from the covariance to the correlation, and its tanh
    wanted = log_sum(mean + rest - 1.5 * np.log(det) + jacobian, *[grid[1] - grid[0]] * 3)
    found = by_model(scan, scan.log_marginal)[frozenset({"f0", "f1"})]
    assert found == pytest.approx(wanted, abs=1e-5)


def test_market_form_by_quadrature():
    """With one other factor: alpha, beta flat, Sigma of f1 given f0; the densities of the two models."""
    panel = make_panel(assets=2, traded=2, other=0, periods=9, seed=6)
    values = panel.factors.values * 100
    scan = scan_models(with_factors(panel, values), MarketAlways("f0", 1.6))
    z, f = values.T
    k = (1.6**2 - 1) * z.mean() ** 2 / z.var()
    grid, line = np.linspace(-5, 5, 161), np.linspace(-8, 8, 321)
    sigma, beta = np.exp(grid)[:, None, None], line[None, :, None]
    steps = grid[1] - grid[0], line[1] - line[0]
    outside = sum(normal(v, beta * u, sigma) for u, v in zip(z, f, strict=True))
    wanted_out = log_sum(outside - np.log(sigma) + np.log(sigma), *steps)
    alpha = line[None, None, :]
    inside = sum(normal(v, alpha + beta * u, sigma) for u, v in zip(z, f, strict=True)) + normal(alpha, 0, k * sigma)
    wanted_in = log_sum(inside - np.log(sigma) + np.log(sigma), *steps, steps[1])
    found = by_model(scan, scan.log_marginal)
    difference = found[frozenset({"f0", "f1"})] - found[frozenset({"f0"})]
    assert difference == pytest.approx(wanted_in - wanted_out, abs=1e-5)


@pytest.mark.parametrize("prior", PRIORS, ids=str)
def test_rescaling_moves_every_model_alike(panel, prior):
    one = scan_models(panel, prior)
    scale = np.array([100.0, 3.0, 0.5, 20.0])
    moved = scan_models(with_factors(panel, panel.factors.values * scale), prior).log_marginal - one.log_marginal
    np.testing.assert_allclose(moved, moved[0], rtol=1e-10)


@pytest.mark.parametrize("prior", PRIORS, ids=str)
def test_permuting_factors_permutes_the_models(panel, prior):
    one = scan_models(panel, prior)
    two = scan_models(with_factors(panel, panel.factors.values, [2, 0, 3, 1]), prior)
    wanted, found = by_model(one, one.log_marginal), by_model(two, two.log_marginal)
    assert wanted.keys() == found.keys()
    for model, value in wanted.items():
        assert found[model] == pytest.approx(value, abs=1e-8)


def test_a_rotation_within_the_model_changes_nothing(panel):
    """Unimodular: f0 + f1 in place of f0; every model that holds both or neither is the same model."""
    rotated = panel.factors.values @ np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    one, two = scan_models(panel), scan_models(with_factors(panel, rotated))
    wanted, found = by_model(one, one.log_marginal), by_model(two, two.log_marginal)
    for model in wanted:
        if {"f0", "f1"} <= model:
            assert found[model] == pytest.approx(wanted[model], abs=1e-8)


@pytest.mark.parametrize("prior", [TrainedPremia(0.1, kappa=1.0), MarketAlways("f0", 4.0)], ids=str)
def test_truth_is_found_as_periods_grow(prior):
    """f0 and f2 have premia of their own; f1 and f3 are priced by them.

    The prior must not tighten with the sample: under kappa = 1 / training periods the odds against a superfluous factor
    stay bounded, at a factor of (T kappa + 1)^{1/2}, or 3 with a tenth of the history.
    """
    average = {}
    for periods in (200, 6000):
        panel, found = make_panel(assets=2, traded=4, other=0, periods=periods), []
        for seed in range(40):
            rng = np.random.default_rng(seed)
            x = rng.normal([0.12, 0.15], 1.0, size=(periods, 2))
            w = x @ np.array([[0.5, -0.4], [0.6, 0.3]]) + 0.7 * rng.normal(size=(periods, 2))
            scan = scan_models(with_factors(panel, np.column_stack([x[:, 0], w[:, 0], x[:, 1], w[:, 1]])), prior)
            found.append(by_model(scan, scan.probability)[frozenset({"f0", "f2"})])
        average[periods] = np.mean(found)
    assert average[200] < 0.5 < 0.75 < average[6000], average


def test_tables(panel):
    scan = scan_models(panel)
    factors, models = scan.table(), scan.models(20)
    assert list(factors.columns) == ["prior", "posterior"]
    np.testing.assert_allclose(factors["prior"], 8 / 15)
    assert len(models) == 15
    assert models["posterior"].sum() == pytest.approx(1)
    assert (np.diff(models["posterior"]) <= 0).all()
    assert factors.attrs["periods"] == 270
    assert not scan.member.values.flags.writeable
    sizes = {model.count("+") + 1: size for model, size in models["factors"].items()}
    assert sizes == {1: 1, 2: 2, 3: 3, 4: 4}


def test_refusals(panel):
    with pytest.raises(bf.DataError, match="'f3' is not a traded factor"):
        scan_models(make_panel(assets=2, traded=3, other=1, periods=50))
    with pytest.raises(bf.SpecError, match="from 2 to 20 factors"):
        scan_models(panel.select(factors=["f0"]))
    with pytest.raises(bf.SpecError, match="from 2 to 20 factors"):
        scan_models(make_panel(assets=2, traded=21, other=0, periods=50))
    with pytest.raises(bf.DataError, match="needs more than 5 periods"):
        scan_models(make_panel(assets=2, traded=4, other=0, periods=5))
    with pytest.raises(bf.DataError, match="left with 3"):
        scan_models(panel, TrainedPremia(0.99))
    with pytest.raises(bf.DataError, match="no training sample"):
        scan_models(panel, TrainedPremia(0.0001))
    with pytest.raises(bf.SpecError, match=r"TrainedPremia\.share"):
        scan_models(panel, TrainedPremia(1.5))
    with pytest.raises(bf.SpecError, match=r"TrainedPremia\.kappa"):
        scan_models(panel, TrainedPremia(0.1, -1))
    with pytest.raises(bf.SpecError, match=r"MarketAlways\.multiple"):
        scan_models(panel, MarketAlways("f0", 1.0))
    with pytest.raises(bf.SpecError, match="unknown factor 'market'"):
        scan_models(panel, MarketAlways("market"))
    with pytest.raises(bf.SpecError, match=r"scan_models\.prior"):
        scan_models(panel, "trained")
    with pytest.raises(bf.SpecError, match=r"scan_models\.panel"):
        scan_models(panel.factors)
    values = panel.factors.values.copy()
    values[:, 3] = values[:, 0] - 2 * values[:, 1]
    with pytest.raises(bf.DataError, match="is a combination of other series") as caught:
        scan_models(with_factors(panel, values))
    assert caught.value.series in ("f0", "f1", "f3")
    values[:, 3] = 0.01
    with pytest.raises(bf.DataError, match="'f3' is constant"):
        scan_models(with_factors(panel, values))


def test_subsets_are_all_there(panel):
    found = {tuple(row) for row in scan_models(panel).member.values}
    assert found == set(itertools.product([False, True], repeat=4)) - {(False,) * 4}


def test_unequal_histories_are_scanned_where_all_factors_are_known(panel):
    values = panel.factors.values.copy()
    values[:7, 1] = np.nan
    later = replace(panel, returns=panel.returns.isel(time=slice(7, None)))
    found = scan_models(replace(later, factors=panel.factors.copy(data=values)))
    cut = scan_models(replace(later, factors=panel.factors.isel(time=slice(7, None))))
    np.testing.assert_array_equal(found.log_marginal, cut.log_marginal)
