"""How loadings have moved: tables, draws, and the laws that both obey."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.residuals import thin
from tests.support.moving_loadings import moving_model, moving_panel, permuted, rescaled, simulated_loadings, still


@pytest.fixture(scope="module")
def history(moved_fit):
    return bf.loading_paths(moved_fit)


def test_the_table_is_that_of_the_draws(moved_fit, history):
    table = history.table(0.8, rounded=False)
    assert table.attrs["ci_prob"] == 0.8
    own = table.set_index(["asset", "factor"])
    loading, centre = moved_fit.posterior["loading"], moved_fit.posterior["loading_long_run"]
    for (asset, factor), row in own.iterrows():
        now = loading.sel(asset=asset, factor=factor).values
        path = history.draws(asset).sel(factor=factor)
        then = path.sel(block=row["since"]).values
        assert row["today"] == pytest.approx(now.mean())
        assert [row["lower"], row["upper"]] == pytest.approx(np.quantile(now, [0.1, 0.9]))
        assert row["long_run"] == pytest.approx(float(centre.sel(asset=asset, factor=factor).mean()))
        assert row["two_years_ago"] == pytest.approx(then.mean())
        assert row["prob_up"] == pytest.approx(np.mean(now > then))


def test_two_years_ago_is_the_block_that_holds_the_date_or_the_first_one(moved_fit, history):
    panel, blocks = moved_fit.panel, history.blocks
    date = pd.Timestamp(panel.times[-1]) - pd.DateOffset(years=2)
    (number,) = np.flatnonzero((blocks["first"] <= date) & (date < blocks["first"].shift(-1)))
    for asset in panel.assets:
        begun = panel.returns.sel(asset=asset).dropna("time")["time"].values[0]
        own = blocks["last"].searchsorted(begun)
        assert history.since[asset] == blocks["first"][max(number, own)]
    assert (history.since.to_numpy() > blocks["first"][number]).any()  # some are younger


def test_moved_is_the_sd_of_the_path_over_that_of_a_block(moved_fit, history):
    path = history.draws("a00")
    wanted = path.mean(("chain", "draw")).std("block") / np.sqrt(path.var(("chain", "draw")).mean("block"))
    assert history.moved.sel(asset="a00").values == pytest.approx(wanted.values)
    assert float(history.moved.min()) > 0


def test_the_last_block_leads_to_the_next_period(moved_fit, history):
    """Half a block later a move has kept phi^(1/2) of its size: E[loading] = long run + keep (path - long run)."""
    posterior = moved_fit.posterior
    block = moved_fit.movement.loadings.block
    keep = 2 ** (-block / 2 / posterior["loading_memory"])
    for asset in moved_fit.panel.assets:
        centre, now = (posterior[name].sel(asset=asset) for name in ("loading_long_run", "loading"))
        last = history.draws(asset).isel(block=-1, drop=True)
        gap = (now - centre - keep * (last - centre)).stack(sample=("chain", "draw"), create_index=False)
        assert (np.abs(gap.mean("sample")) / gap.std("sample")).max() < 4.5 / gap.sizes["sample"] ** 0.5


def test_the_same_paths_each_time_and_for_some_of_the_draws(moved_fit, history):
    again = bf.loading_paths(moved_fit).draws("a03")
    np.testing.assert_array_equal(again, history.draws("a03"))
    some = thin(moved_fit, 40)
    shape = (some.sizes["chain"], some.sizes["draw"])
    moves = Dated(moved_fit, some).moves(3).reshape(*shape, -1, 2)
    every = again - moved_fit.posterior["loading_long_run"].sel(asset="a03")
    wanted = every.sel(draw=some["draw"]).transpose("chain", "draw", "block", "factor")
    np.testing.assert_allclose(moves, wanted, atol=1e-12)


def test_saved_fits_have_the_same_paths(moved_fit, history, tmp_path):
    opened = bf.open_fit(moved_fit.save(tmp_path / "fit.nc"))
    np.testing.assert_array_equal(bf.loading_paths(opened).draws("a01"), history.draws("a01"))


def test_paths_follow_the_loadings_that_were_simulated():
    """Blocks' loadings are nearer to the simulated ones than the long run is."""
    panel = moving_panel(kappa=0.8, size=0.2, seed=4)
    fit = bf.fit(panel, moving_model(volatility=False), bf.Sampler(draws=200, tune=200, chains=2, progress=False))
    truth, history = simulated_loadings(kappa=0.8, size=0.2, seed=4), bf.loading_paths(fit)
    edges = np.searchsorted(panel.times, history.blocks["first"])
    near = far = 0.0
    for number, asset in enumerate(panel.assets):
        real = np.add.reduceat(truth[:, number], edges) / np.diff(np.append(edges, len(truth)))[:, None]
        path = history.draws(asset).mean(("chain", "draw"))
        centre = fit.posterior["loading_long_run"].sel(asset=asset).mean(("chain", "draw"))
        sd = np.array([0.02, 0.01])
        near += float((((path.values - real) * sd) ** 2).sum())
        far += float((((centre.values - real) * sd) ** 2).sum())
    assert near < 0.5 * far


def test_where_the_evidence_is_for_constant_loadings_nothing_has_moved(moved_fit):
    table = bf.loading_paths(still(moved_fit)).table(rounded=False)
    assert (table["moved"] == 0).all()
    assert (table["prob_up"] == 0.5).all()
    np.testing.assert_array_equal(table["today"], table["two_years_ago"])
    np.testing.assert_array_equal(table["today"], table["long_run"])


def test_a_model_with_constant_loadings_has_no_paths(hier_fit, moved_fit):
    with pytest.raises(bf.FitError, match='path = "moving"'):
        bf.loading_paths(hier_fit)
    data = moved_fit.data.copy()
    del data["paths"]
    with pytest.raises(bf.FitError, match="no record of how their loadings moved"):
        bf.loading_paths(replace(moved_fit, data=data))
    with pytest.raises(bf.SpecError, match="a00"):
        bf.loading_paths(moved_fit).draws("a0O")


def test_rescaling_a_factor_rescales_paths_and_leaves_probabilities(moved_fit, history):
    scale = xr.DataArray([100.0, 0.01], {"factor": list(moved_fit.panel.factor_names)}, ("factor",))
    found = bf.loading_paths(rescaled(moved_fit, scale))
    np.testing.assert_allclose(found.draws("a02") * scale, history.draws("a02"), rtol=1e-8)
    np.testing.assert_allclose(found.moved, history.moved, rtol=1e-7)
    np.testing.assert_array_equal(found.prob_up, history.prob_up)


def test_permuting_assets_permutes_paths_up_to_monte_carlo_error(moved_fit, history):
    """Draws of each asset have a stream of their own, by its place: other draws of the same law."""
    order = [3, 0, 7, 1, 2, 6, 5, 4]
    found = bf.loading_paths(permuted(moved_fit, order))
    for asset in moved_fit.panel.assets:
        one, other = found.draws(asset), history.draws(asset)
        sd, size = other.std(("chain", "draw")), other.sizes["chain"] * other.sizes["draw"]
        gap = np.abs(one.mean(("chain", "draw")) - other.mean(("chain", "draw"))) / sd
        assert float(gap.max()) < 5 * (2 / size) ** 0.5
    np.testing.assert_array_equal(found.today.sel(asset=history.today["asset"]), history.today)
