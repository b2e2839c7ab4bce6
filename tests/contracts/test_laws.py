"""Laws that every model obeys, as properties of the density (exact) and of fits (within Monte Carlo error)."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings, strategies as st

import bayesfactor as bf
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.records import Factor
from bayesfactor.posterior.diagnostics import statistic
from bayesfactor.sampling.kernels.density_problem import prepare
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.loadings import GroupedLoadings
from bayesfactor.spec.priors import Normal
from tests.support.panels import make_panel

QUICK = bf.Sampler(draws=500, tune=500, chains=2, seed=3, progress=False)
BRIEF = replace(QUICK, draws=150, tune=200)
DRAWS = {"sparse": 500}  # enough to converge; by default 1000, which take this one twice as long as all others
PRESETS = bf.list_models()


def preset(name):
    """A preset with its market prior stated per standard deviation, so that a market factor may be rescaled too."""
    model = bf.read_model(name)
    default = dict(model.loadings.prior).get("default")
    if default is None:
        units = dict(model.loadings.prior)["market"]
        return replace(model, loadings=GroupedLoadings((("default", replace(units, units="standardised")),)))
    return replace(model, loadings=type(model.loadings)((("default", default),)))


def scaled(panel, by):
    """The panel with its factors in other units."""
    return replace(panel, factors=panel.factors * xr.DataArray(by, dims="factor"))


def value_at(panel, model, theta):
    used = model.restrict(panel)
    return prepare(used, model).evaluate(theta)[0]


@pytest.mark.parametrize("name", PRESETS)
@settings(max_examples=8, deadline=None)
@given(exponents=st.lists(st.floats(-4, 4), min_size=3, max_size=3))
def test_rescaling_factors_shifts_the_density_by_a_constant(name, exponents):
    """theta holds standardised quantities: the same theta means the same contributions in any unit of the factors."""
    panel, model = make_panel(assets=6, periods=40, shortest=10), preset(name)
    other = scaled(panel, 10.0 ** np.array(exponents))
    size = prepare(model.restrict(panel), model).size
    thetas = np.random.default_rng(0).normal(size=(3, size)) * 0.5
    shift = [value_at(other, model, theta) - value_at(panel, model, theta) for theta in thetas]
    np.testing.assert_allclose(shift, shift[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", PRESETS)
def test_rescaled_factors_give_the_same_contributions_and_scaled_loadings(name):
    panel, model = make_panel(assets=4, periods=40), preset(name)
    by = xr.DataArray([100.0, 0.01, 7.0], {"factor": list(panel.factor_names)}, "factor")
    here, there = (bf.fit(one, model, BRIEF) for one in (panel, scaled(panel, by)))
    assert_alike(*(bf.attribute(fit, "premium", allow_unconverged=True).draws for fit in (here, there)))
    assert_alike(bf.loadings(here), bf.loadings(there) * by)


def assert_alike(one, two):
    """Means over draws differ by at most 5 of their combined Monte Carlo errors."""
    error = np.hypot(statistic(one, "mcse", method="mean"), statistic(two, "mcse", method="mean"))
    gap = abs(one.mean(("chain", "draw")) - two.mean(("chain", "draw"))).values
    assert (gap <= 5 * np.nan_to_num(error) + 1e-12).all(), (gap / error).max()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
@pytest.mark.parametrize("name", PRESETS)
def test_shuffling_rows_changes_nothing(name, seed):
    """A static model does not see the order of time."""
    panel, model = make_panel(assets=5, periods=30, shortest=5), bf.read_model(name)
    order = np.random.default_rng(seed).permutation(30)
    mixed = replace(
        panel,
        returns=panel.returns.copy(data=panel.returns.values[order]),
        factors=panel.factors.copy(data=panel.factors.values[order]),
    )
    size = prepare(model.restrict(panel), model).size
    theta = np.random.default_rng(1).normal(size=size) * 0.5
    assert value_at(mixed, model, theta) == pytest.approx(value_at(panel, model, theta), abs=1e-7)


@pytest.mark.parametrize("name", PRESETS)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_permuting_assets_and_factors_permutes_the_density(name, seed):
    """The density at permuted theta is the same; labels carry no meaning."""
    rng = np.random.default_rng(seed)
    panel, model = make_panel(assets=6, periods=30, shortest=8), bf.read_model(name)
    assets = [panel.assets[i] for i in rng.permutation(6)]
    factors = [panel.factor_names[i] for i in rng.permutation(3)]
    other = panel.select(assets=assets, factors=factors)
    one, two = prepare(model.restrict(panel), model), prepare(model.restrict(other), model)
    theta = rng.normal(size=one.size) * 0.5
    moved = two_of(model.restrict(panel), model.restrict(other), one, two, theta)
    assert two.evaluate(moved)[0] == pytest.approx(one.evaluate(theta)[0], abs=1e-7)


def two_of(panel, other, one, two, theta):
    """Rearrange theta of `panel` for `other`, which has the same assets, groups and factors in another order."""
    factor = [panel.factor_names.index(name) for name in other.factor_names]
    loose = [name for name, f in zip(panel.factor_names, panel.factor_info, strict=True) if not f.traded]
    other_loose = [name for name, f in zip(other.factor_names, other.factor_info, strict=True) if not f.traded]
    asset = [panel.assets.index(name) for name in other.assets]
    group = [panel.group_names.index(name) for name in other.group_names]
    index = {
        "factor_mean_z": (factor,),
        "premium_z": ([loose.index(name) for name in other_loose],),
        "loading_mean_z": (group, factor),
        "loading_common_z": (factor,),
        "loading_scale_z": (factor,),
        "log_sigma_z": (asset,),
        "coefficient_z": (asset, [0, *(f + 1 for f in factor)]),
    }
    moved = np.empty(two.size)
    for name, (at, shape) in two.layout.items():
        if at >= 0:
            block = one.block(theta, name)
            block = block[np.ix_(*index[name])] if name in index else block
            if name == "coefficient_z":
                block = rotated(panel, other, one, two, theta, moved, block)
            moved[at : at + int(np.prod(shape))] = np.ravel(block)
    return moved


def rotated(panel, other, one, two, theta, moved, block):
    """z of the surrogate is rotated by another order of factors: solve for the z that gives the same coefficients."""
    n, p = block.shape
    at = two.layout["coefficient_z"][0]
    wanted = one.coefficients(theta[None], n, np.random.default_rng(0))[0]
    order = [panel.assets.index(a) for a in other.assets]
    columns = [0, *(1 + panel.factor_names.index(f) for f in other.factor_names)]
    wanted = wanted[np.ix_(order, columns)]

    def coefficients(z):
        point = moved.copy()
        point[at : at + n * p] = z.ravel()
        return two.coefficients(point[None], n, np.random.default_rng(0))[0]

    zero = coefficients(np.zeros((n, p)))
    result = np.zeros((n, p))
    columns = [coefficients(np.eye(p)[k] + np.zeros((n, p))) - zero for k in range(p)]
    for i in range(n):
        matrix = np.stack([column[i] for column in columns], axis=1)
        result[i] = np.linalg.lstsq(matrix, wanted[i] - zero[i], rcond=None)[0]
    return result


def test_an_asset_without_data_gets_its_groups_prior():
    panel = make_panel(assets=9, periods=120)
    panel = replace(panel, returns=panel.returns.where(panel.returns["asset"] != "a04"))
    fit = bf.fit(panel, "static", replace(QUICK, draws=2000))
    loading = bf.loadings(fit).sel(asset="a04")
    centre = fit.posterior["loading_mean"].sel(group=str(panel.groups.sel(asset="a04").values))
    error = np.hypot(statistic(loading, "mcse", method="mean"), statistic(centre, "mcse", method="mean"))
    assert (abs(loading.mean(("chain", "draw")) - centre.mean(("chain", "draw"))) < 4 * error).all()
    variance = (centre.var(("chain", "draw")) + (fit.posterior["loading_scale"] ** 2).mean(("chain", "draw"))).values
    np.testing.assert_allclose(loading.var(("chain", "draw")).values, variance, rtol=0.15)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("rows", [1, 2])
def test_one_more_asset_with_a_short_history_never_raises(name, rows):
    panel = make_panel(assets=8, periods=80)
    values = panel.returns.values.copy()
    values[:-rows, 3] = np.nan
    fit = bf.fit(replace(panel, returns=panel.returns.copy(data=values)), name, replace(QUICK, draws=50, tune=200))
    assert np.isfinite(bf.loadings(fit)).all()


@pytest.mark.parametrize("name", PRESETS)
def test_a_traded_factor_put_in_as_an_asset_prices_itself(name):
    """Loading 1 on itself and 0 on the others, alpha 0, and its own mean as premium; and the fit converges."""
    sampler = bf.Sampler(draws=DRAWS.get(name, 1000), seed=1, progress=False)
    panel = make_panel(assets=10, traded=2, other=0, periods=400)
    returns = panel.returns.values.copy()
    returns[:, 0] = panel.factors.isel(factor=0).values
    fit = bf.fit(replace(panel, returns=panel.returns.copy(data=returns)), name, sampler)
    assert fit.problems == ()
    own = bf.loadings(fit).sel(asset="a00").mean(("chain", "draw")).values
    np.testing.assert_allclose(own, [1.0, 0.0][: own.size], atol=1e-3)
    total = bf.attribute(fit, "premium").draws.sel(asset="a00")
    np.testing.assert_allclose(total.sel(source="alpha").mean(), 0.0, atol=2e-3)
    np.testing.assert_allclose(total.sel(source="total"), bf.risk_premia(fit).sel(factor="f0") * 252, atol=0.03)


def test_a_useless_factor_contributes_nothing_and_keeps_its_prior_premium():
    panel = make_panel(assets=20, traded=1, other=1, periods=500, zero=(1,))
    fit = bf.fit(panel, "static", bf.Sampler(seed=2, progress=False))
    useless = bf.attribute(fit, "premium").draws.sel(source="f1")
    assert float(abs(useless.mean(("chain", "draw"))).max()) < 0.02
    prior = 0.5 * panel.factors.sel(factor="f1").std(ddof=1) / 252**0.5
    assert 0.8 < float(bf.risk_premia(fit).sel(factor="f1").std() / prior) < 1.2


def test_percent_and_decimal_are_alike():
    """The same data in per cent give the same posterior: every number of the problem is the same."""
    panel = make_panel(assets=6, traded=2, other=0, periods=80)
    returns, factors = panel.returns.to_pandas(), panel.factors.to_pandas()
    groups = dict(zip(panel.assets, panel.groups.values.tolist(), strict=True))
    one = bf.integrate(returns, factors, asset_info=groups)
    two = bf.integrate(100 * returns, 100 * factors, asset_info=groups, units="percent")
    here, there = (prepare(p, bf.FactorModel()).buffer for p in (one, two))
    np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-18)
    assert_alike(*(bf.attribute(bf.fit(p, sampler=QUICK), "premium", allow_unconverged=True).draws for p in (one, two)))


def test_names_may_be_anything():
    """Labels are texts: emoji, markup, 200 characters; the draws do not notice."""
    panel = make_panel(assets=4, traded=1, other=0, periods=50, groups=2)
    names = ["<script>alert(1)</script>", "A&B", "🚀", "x" * 200]
    renamed = Panel(
        panel.returns.assign_coords(asset=names),
        panel.factors.assign_coords(factor=["f, 'quoted'"]),
        (Factor("f, 'quoted'", family="market"),),
        panel.groups.assign_coords(asset=names),
        panel.calendar,
    )
    one, two = bf.fit(panel, sampler=QUICK), bf.fit(renamed, sampler=QUICK)
    np.testing.assert_array_equal(bf.loadings(one).values, bf.loadings(two).values)
    assert bf.loadings(two)["asset"].values.tolist() == names


def test_a_longer_history_of_another_factor_tells_of_a_shorter_one():
    """Under a wide prior the premium of a young traded factor is Stambaugh's, and surer than on common dates alone."""
    panel, rng = make_panel(assets=4, traded=2, other=0, periods=600, seed=4), np.random.default_rng(4)
    values = panel.factors.values.copy()
    values[:, 1] = 0.0003 + 0.9 * values[:, 0] + 0.003 * rng.standard_normal(600)
    values[:450, 1] = np.nan
    panel = replace(panel, factors=panel.factors.copy(data=values), returns=panel.returns.isel(time=slice(450, None)))
    wide = replace(bf.FactorModel(), factors=FactorLaw(premium=(("default", Normal(0.0, 1000.0)),)))
    common = replace(panel, factors=panel.factors.isel(time=slice(450, None)))
    sampler = bf.Sampler(draws=2000, seed=2, progress=False)
    whole, part = (bf.risk_premia(bf.fit(one, wide, sampler)).sel(factor="f1") for one in (panel, common))
    young = values[450:]
    slope = np.cov(young.T)[0, 1] / young[:, 0].var(ddof=1)
    likely = young[:, 1].mean() + slope * (values[:, 0].mean() - young[:, 0].mean())
    prior = 2 * slope / 150 * abs(values[:, 0].mean() - young[:, 0].mean())  # two periods' worth of no correlation
    error = float(statistic(whole, "mcse", method="mean"))
    assert float(whole.mean()) == pytest.approx(likely, abs=4 * error + 2 * prior)
    assert abs(young[:, 1].mean() - likely) > 10 * error  # the longer history does move it
    residual = np.var(young[:, 1] - slope * young[:, 0], ddof=2)
    variance = residual / 150 + slope**2 * values[:, 0].var(ddof=1) / 600
    assert float(whole.std()) == pytest.approx(variance**0.5, rel=0.1)
    assert float(whole.std()) < 0.7 * float(part.std())
