"""Figures of checks: shares of returns and energies as counted by hand, ranks with the test of ArviZ."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr

from bayesfactor.base.wording import percent
from bayesfactor.plots.checks import check_chart
from bayesfactor.plots.marks import Band, Lines, Points
from tests.support.figures import synthetic_fit, with_energy


def marks_of(panel, kind):
    return [mark for mark in panel.marks if isinstance(mark, kind)]


def test_shares_of_returns_are_those_counted_by_hand():
    """With the intercept in every regression an asset's own standard deviation is that of its returns."""
    fit = synthetic_fit()
    (panel,) = check_chart(fit).panels
    (line,), (band,) = marks_of(panel, Lines), marks_of(panel, Band)
    returns = fit.panel.returns.transpose("asset", "time").values
    sizes = np.concatenate([own[np.isfinite(own)] / own[np.isfinite(own)].std() for own in returns])
    for low, high, share in zip(line.x, line.x[1:], line.y, strict=False):
        inside = (sizes >= low) & ((sizes < high) | ((high == line.x[-1]) & (sizes == high)))
        assert share == pytest.approx(inside.mean())
    assert (band.lower <= band.upper).all()
    (spots,) = marks_of(panel, Points)
    assert len(spots.texts) == len(line.x) - 1
    assert "Share of returns" in panel.y.title


def test_the_band_is_of_returns_as_the_model_makes_them():
    """Of a fit whose residuals are made a hundred times as wide, replicated returns lie beyond the scale."""
    fit = synthetic_fit()
    data = fit.data.copy()
    data["posterior"] = xr.DataTree(fit.posterior.assign(residual_sd=100 * fit.posterior["residual_sd"]))
    (near,), (far,) = (check_chart(one).panels for one in (fit, replace(fit, data=data)))
    assert marks_of(near, Band)[0].lower[:-1].sum() > 0.5
    assert marks_of(far, Band)[0].upper[:-1].sum() < 0.5
    counted, note = check_chart(replace(fit, data=data)).notes
    assert note.startswith("Beyond the scale: ")
    (band,), (line,) = marks_of(far, Band), marks_of(far, Lines)
    outside = int(((line.y < band.lower) | (line.y > band.upper))[:-1].sum())
    assert outside > 5 * 2 / 31 * len(line.y)  # by chance an observed share is the least or the most of 31
    assert counted.startswith(f"Observed shares of {outside} of {len(line.y) - 1} sizes are outside the band;")


def test_energies_are_counted():
    fit = with_energy(synthetic_fit())
    (panel,) = check_chart(fit, "energy").panels
    energy = fit.data["sample_stats"]["energy"].values
    (band,), (line,) = marks_of(panel, Band), marks_of(panel, Lines)
    for edges, shares, values in (
        (band.x, band.upper, (energy - energy.mean()).ravel()),
        (line.x, line.y, np.diff(energy, axis=1).ravel()),
    ):
        wanted = [((values >= low) & (values < high)).mean() for low, high in pairwise(edges)]
        assert shares[:-1] == pytest.approx(wanted, abs=1 / values.size)


def test_energies_beyond_the_scale_are_counted():
    """One step in a thousand goes far: what the axis does not hold is said."""
    fit = with_energy(synthetic_fit())
    energy = np.random.default_rng(1).normal(0.0, 1.0, (1, 1000))
    energy[0, 500] = 1e4
    data = fit.data.copy()
    data["sample_stats"] = xr.DataTree(xr.Dataset({"energy": (("chain", "draw"), energy)}))
    chart = check_chart(replace(fit, data=data), "energy")
    end = chart.panels[0].x.high
    own, steps = (np.mean(np.abs(one) > end) for one in (energy - energy.mean(), np.diff(energy)))
    assert min(own, steps) > 0
    assert chart.notes == (f"Beyond the scale: {percent(own, own / 20)} of energies, {percent(steps, steps / 20)} of "
                           "changes.",)  # fmt: skip


def shifted(fit, by):
    """Return a fit of which one chain is elsewhere, in standard deviations."""
    posterior = fit.posterior.copy(deep=True)
    for name in ("risk_premium", "alpha_scale", "loading_scale"):
        if name in posterior:
            posterior[name][0] += by * posterior[name].std()
    data = fit.data.copy()
    data["posterior"] = xr.DataTree(posterior)
    return replace(fit, data=data)


def test_ranks_are_shares_of_draws_less_ranks():
    fit = synthetic_fit()
    for panel in check_chart(fit, "rank").panels:
        lines = marks_of(panel, Lines)
        assert len(lines) == fit.posterior.sizes["chain"]
        count = fit.posterior.sizes["draw"]
        for line in lines:
            steps = (line.y + line.x) * count
            assert steps == pytest.approx(np.round(steps), abs=1e-6)  # of whole draws
        at_all = np.isclose(lines[0].x[:, None], lines[1].x).any(axis=1).all()
        assert at_all
        total = np.sum([line.y for line in lines], axis=0)  # ranks of all chains together are uniform
        assert np.abs(total).max() <= len(lines) / count


def test_chains_agree_on_what_is_fixed():
    fit = synthetic_fit()
    paid = fit.posterior["risk_premium"]
    data = fit.data.copy()
    data["posterior"] = xr.DataTree(fit.posterior.assign(risk_premium=paid.where(paid["factor"] != "f0", 0.01)))
    panels = check_chart(replace(fit, data=data), "rank").panels
    (fixed,) = [panel for panel in panels if panel.title.startswith("risk_premium[f0]")]
    assert fixed.title == "risk_premium[f0]: p = 1"
    assert not any(line.y.any() for line in marks_of(fixed, Lines))
    assert any(line.y.any() for panel in panels for line in marks_of(panel, Lines))


def test_chains_have_their_own_names():
    fit = synthetic_fit()
    data = fit.data.copy()
    data["posterior"] = xr.DataTree(fit.posterior.assign_coords(chain=[3, 7]))
    chart = check_chart(replace(fit, data=data), "rank")
    assert [key.text for key in chart.key] == ["chain 3", "chain 7"]
    texts = [text for mark in marks_of(chart.panels[0], Points) for text in mark.texts]
    assert [text.split(":")[0].rpartition(", ")[2] for text in texts] == ["chain 3", "chain 7"]


def test_chains_that_are_apart_are_marked():
    near, far = (check_chart(fit, "rank") for fit in (synthetic_fit(), shifted(synthetic_fit(), 8.0)))
    marked = [[mark for panel in chart.panels for mark in marks_of(panel, Points) if mark.role == "ink"]
              for chart in (near, far)]  # fmt: skip
    assert not marked[0]
    assert marked[1]
    assert "too far apart, by the test" in [key.text for key in far.key]


def test_names_of_panels_have_the_p_of_the_test():
    fit = synthetic_fit()
    chart = check_chart(fit, "rank")
    import arviz_stats  # noqa: F401

    draws = fit.posterior["risk_premium"].sel(factor="f0", drop=True).to_dataset(name="x")
    ranks = draws.azstats.compute_ranks(dim=["chain", "draw"], relative=True)
    p = float(ranks.azstats.mchain_uniformity_test(dim=["chain", "draw"])[0]["x"])
    assert f"risk_premium[f0]: p = {p:.2g}" in [panel.title for panel in chart.panels]
