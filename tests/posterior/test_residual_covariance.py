"""What residual factors say whatever their rotation: covariances, shares, names, and the quantities R-hat is of."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.posterior.diagnostics import sampler_checks
from bayesfactor.posterior.residual_covariance import (
    common_share,
    components,
    invariants,
    residual_correlation,
    residual_covariance,
    varimax,
)
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=6, traded=1, other=1, periods=60, seed=3)


@pytest.fixture(scope="module")
def draws(panel):
    return synthetic_draws(panel, common=2, draws=40).assign_coords(chain=[0, 1], draw=np.arange(40))


def turned(draws, seed=5):
    """Return draws whose residual factors are rotated and reflected, in each draw anew."""
    rng, loading = np.random.default_rng(seed), draws["residual_loading"]
    size = loading.sizes["residual_factor"]
    rotation = np.linalg.qr(rng.standard_normal((loading.sizes["chain"], loading.sizes["draw"], size, size)))[0]
    return draws.assign(residual_loading=loading.copy(data=loading.values @ rotation))


def test_covariances_are_those_of_the_equation(draws):
    loading, sd = draws["residual_loading"].values, draws["residual_sd"].values
    wanted = loading @ loading.mT + np.eye(6) * sd[..., None] ** 2
    found = residual_covariance(draws)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert found.dims == ("chain", "draw", "asset", "asset_other")
    root = np.sqrt(np.einsum("cdii->cdi", wanted))
    np.testing.assert_allclose(residual_correlation(draws), wanted / root[..., None] / root[..., None, :], rtol=1e-12)
    np.testing.assert_allclose(common_share(draws), 1 - sd**2 / root**2, rtol=1e-12)


def test_invariants_do_not_depend_on_rotations(draws):
    one, other = invariants(draws), invariants(turned(draws))
    assert set(one.data_vars) == set(draws.data_vars) - {"residual_loading"} | {
        "residual_variance",
        "common_share",
        "residual_covariance",
        "residual_variance_equal_weighted",
    }
    for name in one.data_vars:
        np.testing.assert_allclose(other[name], one[name], rtol=1e-10, atol=1e-18)


def test_invariants_are_parts_of_the_covariance(draws):
    found, whole = invariants(draws), residual_covariance(draws)
    np.testing.assert_allclose(found["residual_variance"], np.einsum("cdii->cdi", whole.values), rtol=1e-12)
    np.testing.assert_allclose(
        found["residual_variance_equal_weighted"], whole.mean(("asset", "asset_other")), rtol=1e-12
    )
    pair = found["residual_covariance"].sel(pair="a01, a04")
    np.testing.assert_allclose(pair, whole.sel(asset="a01", asset_other="a04"), rtol=1e-12)
    assert found.sizes["pair"] == 15


def test_of_many_assets_covariances_with_ten_are_looked_at():
    panel = make_panel(assets=45, traded=1, other=0, periods=30)
    found = invariants(synthetic_draws(panel, draws=4, common=1))
    assert found.sizes["pair"] == 45 * 44 // 2 - 35 * 34 // 2
    assert found.sizes["asset"] == found["residual_variance"].sizes["asset"] == 45


def test_draws_without_residual_factors_stay_as_they_are(draws):
    plain = draws.drop_vars("residual_loading")
    assert invariants(plain) is plain


def test_rotated_chains_agree(draws):
    """Each chain in its own rotation: loadings disagree, what is reported does not."""
    rng = np.random.default_rng(0)
    noise = {name: 1e-3 * rng.standard_normal(draws[name].shape) for name in ("residual_loading", "residual_sd")}
    mean = draws.mean(("chain", "draw"))
    close = draws.assign({name: mean[name] + mean[name] * (draws[name] * 0 + noise[name]) for name in noise})
    close = close.assign(residual_loading=close["residual_loading"].transpose(*draws["residual_loading"].dims))
    flipped = close["residual_loading"].values.copy()
    flipped[1] = flipped[1][..., ::-1]
    apart = close.assign(residual_loading=close["residual_loading"].copy(data=flipped))
    keep = ["residual_loading", "residual_sd"]
    one, other = (sampler_checks(chosen[keep], xr.Dataset())[0] for chosen in (close, apart))
    assert other.value == pytest.approx(one.value, rel=1e-9)
    assert "residual_loading" not in other.worst


def test_a_chain_with_another_covariance_is_found(draws):
    worse = draws["residual_loading"] * xr.DataArray([1.0, 1.5], dims="chain")
    found = sampler_checks(draws.assign(residual_loading=worse), xr.Dataset())[0]
    assert found.passed is False
    assert found.worst.startswith(("residual_", "common_share"))


@pytest.mark.parametrize(
    ("name", "apart", "own", "mends"),
    [
        ("residual_loading", 1.0, True, "fewer (noise.common.count)"),
        ("residual_loading", 1.0, False, "Sample longer"),
        ("residual_loading", 5e-4, True, "Sample longer"),
        ("loading", 1.0, True, "Sample longer"),
    ],
)
def test_chains_with_residual_factors_of_their_own_are_not_told_to_sample_longer(draws, name, apart, own, mends):
    """Both chains are draws around one place; of one variable that of the second is moved by a share of it."""
    rng, place = np.random.default_rng(0), draws.isel(chain=0, draw=0, drop=True)
    both = xr.Dataset()
    for each in ("loading", "residual_loading", "residual_sd"):
        noise = 1 + 1e-3 * rng.standard_normal((2, 500)) + (each == name) * np.array([[0.0], [apart]])
        both[each] = place[each] * xr.DataArray(noise, dims=("chain", "draw"))
    found = sampler_checks(both, xr.Dataset(), own=own)[0]
    assert found.passed is False
    assert mends in found.advice


def planted(panel, seed=0):
    """Draws around two blocks of assets, rotated in each draw."""
    rng, base = np.random.default_rng(seed), synthetic_draws(panel, common=2, draws=40)
    centre = 0.01 * np.array([[1, 0], [0.8, 0], [0.3, 0], [0, 0.5], [0, 0.9], [0, 1.1]])
    values = centre + 0.0005 * rng.standard_normal((2, 40, 6, 2))
    return base.assign(residual_loading=base["residual_loading"].copy(data=values))


def test_components_are_named_by_the_assets_that_load_most(panel):
    draws = turned(planted(panel)).assign(residual_sd=0.01 + 0 * planted(panel)["residual_sd"])
    found = components(draws)
    assert set(found.names) == {"a00, a01", "a05, a04"}
    np.testing.assert_allclose(
        (found.loading**2).sum("component"), (draws["residual_loading"] ** 2).sum("residual_factor")
    )
    assert found.count == 2
    assert float(found.share.sum()) == pytest.approx(float(common_share(draws).mean()), rel=1e-10)
    spread = found.loading.std(("chain", "draw")).max()
    assert float(spread) < 0.002  # rotated to each other
    small = draws.assign(residual_loading=1e-2 * draws["residual_loading"])
    assert components(small).count == 0


def test_group_factors_have_their_own_names(panel):
    draws = planted(panel).assign_coords(residual_factor=["g1", "g0"])
    found = components(draws, ("g0", "g1", "g2"))
    assert found.names == ("g1", "g0")
    np.testing.assert_array_equal(found.loading, draws["residual_loading"])
    mixed = components(draws.assign_coords(residual_factor=["common 1", "g0"]), ("g0",))
    assert mixed.names == ("a00, a01", "g0")


def test_varimax_finds_simple_structure():
    simple = np.array([[1, 0, 0], [0.7, 0, 0], [0, 1, 0], [0, 0.6, 0], [0, 0, 1], [0, 0, 0.8]])
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    found = simple @ rotation @ varimax(simple @ rotation)
    order = np.abs(found[[0, 2, 4]]).argmax(axis=1)
    np.testing.assert_allclose(np.abs(found[:, order]), simple, atol=1e-6)


@pytest.fixture(scope="module")
def fit(panel, draws):
    return bf.from_draws(panel, draws)


def test_correlations_as_a_table(fit):
    table = bf.residual_correlations(fit, ci_prob=0.8, rounded=False)
    assert table.columns.tolist()[:5] == ["asset", "asset_other", "mean", "sd", "lower"]
    assert (table.attrs["ci_kind"], table.attrs["ci_prob"]) == ("eti", 0.8)
    assert len(table) == 15
    assert (table["mean"].abs().diff().dropna() <= 0).all()
    row = table.iloc[3]
    own = residual_correlation(fit.posterior).sel(asset=row["asset"], asset_other=row["asset_other"])
    assert row["mean"] == pytest.approx(float(own.mean()), rel=1e-10)
    assert row["lower"] == pytest.approx(float(own.quantile(0.1)), rel=1e-10)
    assert "warning" in table  # 80 draws are too few


def test_shares_as_a_table(fit):
    table = bf.common_share(fit, rounded=False)
    np.testing.assert_allclose(table["mean"], common_share(fit.posterior).mean(("chain", "draw")), rtol=1e-12)
    assert table["asset"].tolist() == list(fit.panel.assets)
    assert table.attrs["count"] == len(table.attrs["components"]) == 2


@pytest.mark.parametrize("verb", [bf.residual_correlations, bf.common_share])
def test_without_residual_factors_both_say_what_to_do(panel, draws, verb):
    plain = bf.from_draws(panel, draws.drop_vars("residual_loading"))
    with pytest.raises(bf.FitError, match=r"noise\.common"):
        verb(plain)
    with pytest.raises(bf.FitError, match="expected a Fit"):
        verb(draws)


def sparse(draws, **changed):
    probability = 0 * draws["loading"] + 0.3
    rate = probability.mean("asset")
    found = {"inclusion_probability": probability, "inclusion_rate": rate, "reliability": rate + 0.5}
    return draws.assign({name: changed.get(name, array) for name, array in found.items()})


@pytest.mark.parametrize("name", ["run.nc", "run.zarr"])
def test_inclusion_and_reliability_are_saved_and_opened(panel, draws, tmp_path, name):
    fit = bf.from_draws(panel, sparse(draws))
    fit.save(tmp_path / name)
    opened = bf.open_fit(tmp_path / name).posterior.compute()
    xr.testing.assert_equal(opened, fit.posterior)


@pytest.mark.parametrize(
    ("name", "value"), [("inclusion_probability", 1.1), ("inclusion_rate", -0.1), ("reliability", 2.0)]
)
def test_inclusion_and_reliability_are_shares(panel, draws, name, value):
    whole = sparse(draws)
    with pytest.raises(bf.FitError, match=f"'{name}' is from .* and must be between 0 and 1"):
        bf.from_draws(panel, sparse(draws, **{name: xr.full_like(whole[name], value)}))
    with pytest.raises(bf.FitError, match=f"'{name}' has the dimensions"):
        bf.from_draws(panel, sparse(draws, **{name: whole[name].isel(factor=0, drop=True)}))


def test_checks_are_made_where_rates_are_fixed_or_vary(panel, draws):
    rng = np.random.default_rng(4)
    rate = xr.DataArray(rng.uniform(0.2, 0.8, (2, 40)), dims=("chain", "draw"))
    whole = sparse(draws)
    fixed = whole["inclusion_rate"].copy(data=np.ones(whole["inclusion_rate"].shape))
    fixed.loc[{"factor": "f1"}] = rate.transpose(*fixed.isel(factor=0).dims).values
    fit = bf.from_draws(panel, sparse(draws, inclusion_rate=fixed), model="static")
    prior = xr.Dataset({"risk_premium": -0.5 * (1e3 * draws["risk_premium"].isel(factor=1, drop=True)) ** 2})
    data = fit.data.copy()
    data["log_prior"] = xr.DataTree(prior.assign_coords(chain=[0, 1], draw=np.arange(40)))
    found = bf.check(replace(fit, data=data)).sensitivity
    assert np.isfinite(found["prior"]).any()
    assert "inclusion_rate[f1]" in found.index
    assert "inclusion_rate[f0]" not in found.index
