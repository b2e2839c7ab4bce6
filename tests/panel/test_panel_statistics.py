"""A panel of statistics beside the panel of returns that it was made of: the same numbers, or a clear refusal."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.panel.aggregated import PanelStatistics
from bayesfactor.panel.design import observe
from bayesfactor.panel.histories import factor_moments
from bayesfactor.panel.regressions import regressors
from bayesfactor.sampling.kernels.density_problem import prepare
from tests.support.panels import make_panel, reduced

QUICK = bf.Sampler(draws=200, tune=200, chains=2, cores=1, progress=False)
NORMAL = ("capm", "static", "pooled", "spike_slab", "unpooled")


@pytest.fixture(scope="module")
def uneven():
    """Twelve assets of unequal histories, one of them with a gap and one without a return; a younger factor."""
    panel = make_panel(assets=12, traded=2, other=1, periods=300, shortest=40, seed=8, year=12)
    returns, factors = panel.returns.values.copy(), panel.factors.values.copy()
    returns[100:120, 0], returns[:, 5] = np.nan, np.nan
    factors[:30, 2] = np.nan
    returns[:30] = np.nan
    return replace(
        panel,
        returns=panel.returns.copy(data=returns).isel(time=slice(30, None)),
        factors=panel.factors.copy(data=factors),
    )


@pytest.fixture(scope="module")
def pair(uneven):
    """The same fit of returns and of statistics."""
    return tuple(bf.fit(panel, "static", QUICK) for panel in (uneven, reduced(uneven)))


@pytest.mark.parametrize("preset", NORMAL)
def test_density_and_gradient_are_those_of_the_returns(uneven, preset):
    model = bf.read_model(preset)
    one, other = (prepare(model.restrict(panel), model) for panel in (uneven, reduced(uneven)))
    rng = np.random.default_rng(1)
    for _ in range(3):
        theta = rng.normal(0, 0.5, one.size)
        (value, slope), (again, same) = one.evaluate(theta), other.evaluate(theta)
        assert again == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(same, slope, rtol=1e-11, atol=1e-11)


def test_the_same_seed_gives_the_same_draws(pair):
    one, other = pair
    for name, draws in one.posterior.data_vars.items():
        np.testing.assert_allclose(other.posterior[name], draws, rtol=1e-6, atol=1e-9, err_msg=str(name))


def test_what_is_asked_of_a_fit_is_the_same(pair):
    one, other = pair
    for kind in ("premium", "return", "variance"):
        a, b = (bf.attribute(fit, kind).draws for fit in pair)
        xr.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)
    assert bf.identify(one).verdicts == bf.identify(other).verdicts
    xr.testing.assert_allclose(bf.log_likelihood(one, per="asset"), bf.log_likelihood(other, per="asset"), rtol=1e-7)
    np.testing.assert_allclose(bf.price(other).realised, bf.price(one).realised, rtol=1e-9)
    ours, theirs = (bf.check(fit) for fit in pair)
    columns = ["periods", "sample_mean", "implied_mean", "gap_in_errors"]
    np.testing.assert_allclose(theirs.assets[columns], ours.assets[columns], rtol=1e-6)
    np.testing.assert_allclose(theirs.shrinkage, ours.shrinkage, rtol=1e-6)
    assert ours.ok == theirs.ok


def test_a_single_asset_may_be_held_as_a_portfolio(pair):
    alone = [bf.attribute(fit, "return", portfolio={"a03": 2.0}).draws.sel(asset="portfolio") for fit in pair]
    xr.testing.assert_allclose(*alone, rtol=1e-6, atol=1e-9)


def test_log_likelihood_is_the_sum_over_observations(pair):
    """log N(r_it; c_i'x_t, sigma_i^2), one observation at a time."""
    fit, i = pair[0], 3
    _, y, x = regressors(fit.panel, i)
    draw = fit.posterior.isel(chain=1, draw=7)
    shift = np.where([f.traded for f in fit.panel.factor_info], 0, draw["risk_premium"] - draw["factor_mean"])
    beta = draw["loading"].values[i]
    mean = draw["alpha"].values[i] + beta @ shift + x[:, 1:] @ beta
    sigma = draw["residual_sd"].values[i]
    each = -0.5 * ((y - mean) / sigma) ** 2 - np.log(sigma) - 0.5 * np.log(2 * np.pi)
    assert bf.log_likelihood(fit, per="asset").values[1, 7, i] == pytest.approx(each.sum(), rel=1e-10)


def test_checks_that_need_returns_say_so(pair):
    report = bf.check(pair[1])
    unknown = report.table.index[report.table["value"].isna()].tolist()
    assert unknown == [
        "means: average implied mean against sample mean (SE)",
        "means: average premium against sample mean (SE)",
        "tails: share of assets with heavier tails than the noise law",
        "residuals: mean correlation of assets",
        "residuals: rms correlation beyond noise",
        "residuals: realised volatility of equal-weighted book",
    ]
    assert report.pairs.empty
    assert report.table.loc[unknown, "advice"].str.startswith("Cannot be computed").all()
    assert str(report).count("Cannot be computed") == 6
    assert "Cannot be computed" not in str(bf.check(pair[0]))


def test_what_needs_returns_is_refused_with_a_remedy(uneven, pair):
    small, fit = reduced(uneven), pair[1]
    for ask in (
        lambda: bf.fit(small, "student_t", QUICK),
        lambda: bf.attribute(fit, "return", window=("2015-06-01", None)),
        lambda: bf.attribute(fit, "return", per="group"),
        lambda: regressors(small, 0),
        lambda: observe(small, np.ones(uneven.returns.shape)),
        lambda: small.returns,
    ):
        with pytest.raises(bf.SpecError, match="holds only their cross-products") as caught:
            ask()
        assert "bf.integrate" in caught.value.remedy
    for ask in (bf.vasicek, bf.two_pass, bf.conjugate_regression):
        with pytest.raises(bf.SpecError, match="PanelStatistics"):
            ask(small)


def test_the_noise_is_named_as_the_reason(uneven):
    with pytest.raises(bf.SpecError, match="Noise that is not normal needs single returns"):
        bf.fit(reduced(uneven), "student_t", QUICK)


def test_a_saved_fit_opens_again(pair, tmp_path):
    fit = pair[1]
    again = bf.open_fit(fit.save(tmp_path / "run.nc"))
    assert isinstance(again.panel, PanelStatistics)
    assert again.panel.fingerprint == fit.panel.fingerprint
    np.testing.assert_array_equal(again.panel.first, fit.panel.first)
    xr.testing.assert_equal(bf.attribute(again, "return").draws, bf.attribute(fit, "return").draws)
    assert again.panel.describe().assets.equals(fit.panel.describe().assets)


def test_description_is_that_of_the_returns(uneven):
    ours, theirs = uneven.describe(), reduced(uneven).describe()
    assert theirs.assets.equals(ours.assets)
    assert theirs.factors.equals(ours.factors)
    assert theirs.panel == ours.panel
    assert "12 assets, 3 factors" in repr(reduced(uneven))


def test_selection_is_the_statistics_of_the_selection(uneven):
    keep, names = ["a07", "a02", "a05"], ["f2", "f0"]
    chosen, direct = reduced(uneven).select(keep, names), reduced(uneven.select(keep, names))
    assert (chosen.assets, chosen.factor_names) == (tuple(keep), tuple(names))
    for name in ("xx", "xy", "yy", "count"):
        np.testing.assert_allclose(getattr(chosen.moments, name), getattr(direct.moments, name), rtol=1e-12, atol=1e-16)
    for name in ("first", "last", "groups", "factors"):
        xr.testing.assert_equal(getattr(chosen, name), getattr(direct, name))
    np.testing.assert_array_equal(factor_moments(chosen).mean, factor_moments(direct).mean)
    with pytest.raises(bf.SpecError, match="unknown asset 'nobody'"):
        reduced(uneven).select(["nobody"])


def test_any_change_changes_the_fingerprint(uneven):
    small = reduced(uneven)
    other = replace(small, moments=replace(small.moments, yy=small.moments.yy * (1 + 1e-15)))
    assert len({small.fingerprint, other.fingerprint, replace(small, last=small.first).fingerprint}) == 3
    assert replace(small).fingerprint == small.fingerprint
    with pytest.raises(ValueError, match="read-only"):
        small.observed.values[0] = True


def test_pymc_graph_takes_statistics(uneven):
    """Its data are those of the returns (the graph itself is the same for both)."""
    graphs = [bf.build(panel, "static", marginal=True) for panel in (uneven, reduced(uneven))]
    for name in graphs[0].named_vars:
        if hasattr(graphs[0][name], "get_value"):
            pair = (graph[name].get_value() for graph in graphs)
            np.testing.assert_allclose(*pair, rtol=1e-10, atol=1e-14, err_msg=name)
