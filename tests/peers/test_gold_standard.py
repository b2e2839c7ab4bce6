"""The posterior against the one that plain PyMC gave for the same data and priors."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.posterior.diagnostics import statistic

HERE = Path(__file__).parent
UNIT = {"alpha": 100.0, "sigma": 100.0, "tau_alpha": 100.0}  # ours are decimals, theirs per cent
OURS = {
    "m": "loading_mean",
    "tau": "loading_scale",
    "alpha": "alpha",
    "beta": "loading",
    "sigma": "residual_sd",
    "tau_alpha": "alpha_scale",
    "omega": "log_sigma_scale",
    "log_sigma_mean": "log_sigma_mean",
}


@pytest.fixture(scope="module")
def gold_fit():
    months = pd.date_range("1990-01-31", periods=250, freq="ME")
    returns = pd.read_csv(HERE / "hier/returns_gaussian.csv", index_col="t").set_axis(months)
    factors = pd.read_csv(HERE / "hier/factors.csv", index_col="t").set_axis(months)
    groups = pd.read_csv(HERE / "hier/assets.csv", index_col="asset")[["group"]]
    panel = bf.integrate(returns, factors, asset_info=groups, units="percent")
    assert int(np.isfinite(panel.returns).sum()) == 7815
    return bf.fit(panel, HERE / "hier.toml", bf.Sampler(draws=4000, tune=1000, seed=7, progress=False))


@pytest.fixture(scope="module")
def compared(gold_fit):
    """Mean and sd of every quantity in the file, theirs and ours, with Monte Carlo errors."""
    theirs = pd.read_csv(HERE / "hier/posterior_gaussian.csv", dtype={"i": str, "j": str}).fillna({"i": "", "j": ""})
    rows = []
    for name, mine in OURS.items():
        draws = gold_fit.posterior[mine] * UNIT.get(name, 1.0)
        if name == "log_sigma_mean":
            draws = draws + np.log(100)
        dims = [dim for dim in draws.dims if dim not in ("chain", "draw")]
        numbers = {
            "mean": draws.mean(("chain", "draw")),
            "sd": draws.std(("chain", "draw"), ddof=1),
            "mcse_mean": draws[0, 0].copy(data=statistic(draws, "mcse", method="mean")),
            "mcse_sd": draws[0, 0].copy(data=statistic(draws, "mcse", method="sd")),
        }
        for row in theirs[theirs["var"] == name].itertuples():
            label = dict(zip(dims, [row.i, row.j], strict=False))
            own = {key: float(value.sel(label)) for key, value in numbers.items()}
            rows.append(
                {
                    "quantity": f"{name} {row.i} {row.j}",
                    "z_mean": (own["mean"] - row.mean) / np.hypot(own["mcse_mean"], row.mcse_mean),
                    "z_sd": (own["sd"] - row.sd) / np.hypot(own["mcse_sd"], row.mcse_sd),
                }
            )
    return pd.DataFrame(rows).set_index("quantity")


def test_every_quantity_of_the_file_is_compared(compared):
    assert len(compared) == 12 + 4 + 40 + 160 + 40 + 3
    assert compared.notna().all().all()


@pytest.mark.parametrize("column", ["z_mean", "z_sd"])
def test_differences_are_monte_carlo_error(compared, column):
    z = compared[column]
    assert np.sqrt(np.mean(z**2)) <= 1.15, z.abs().nlargest(5)
    assert z.abs().max() <= 4.5, z.abs().nlargest(5)


def test_the_reference_fit_converged(gold_fit):
    assert gold_fit.problems == ()
