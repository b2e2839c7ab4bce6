"""R's BayesianFactorZoo 0.0.0.3 on its own example: prices of risk, slabs, and inclusion probabilities.

Compared in combined Monte Carlo standard errors. R's own inclusion probabilities of the continuous spike are biased
(odds capped at 1,000, one Gibbs sweep a draw), so those are compared with an exact enumeration made apart from both.
"""

import json

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.closedform.discountfactor.prices import FlatPrices, NormalPrices, prices_of_risk
from bayesfactor.closedform.discountfactor.selection import ContinuousSpike, DiracSpike, spike_and_slab
from bayesfactor.closedform.discountfactor.slab import sharpe_for_slab, slab_for_sharpe

FACTORS = {"example_1f": ["HML"], "example_2f": ["sim_f", "uf"]}
ROOT = 12**0.5  # R's Sharpe ratios are per month
SETTINGS = [
    (data, weights, prior, intercept)
    for data in FACTORS
    for weights in ("ols", "gls")
    for prior in (FlatPrices(), NormalPrices(5.0, 0.5))
    for intercept in (True, False)
]


@pytest.fixture(scope="module")
def reference(shared_data):
    folder = shared_data.parent / "reference" / "bfz"
    if not folder.is_dir():
        pytest.skip("the results of R's BayesianFactorZoo are not here")
    return folder


@pytest.fixture(scope="module")
def example(shared_data):
    """R's example: one strong factor, and one that has nothing to do with the returns."""
    table = pd.read_csv(shared_data / "bfzoo_example.csv", index_col="t") / 100
    table.index = pd.date_range("1930-01-31", periods=len(table), freq="ME")
    factors = table[["HML_sim", "uf"]].set_axis(["sim_f", "uf"], axis="columns")
    info = {name: {"traded": False, "transform": "none"} for name in factors}
    return bf.integrate(table.drop(columns=["HML_sim", "uf"]), factors, info)


@pytest.fixture(scope="module")
def panels(example):
    return {"example_1f": example.select(factors=["sim_f"]), "example_2f": example}


def test_the_example_arrived_whole(example):
    assert example.returns.shape == (1000, 25)
    assert example.periods_per_year == 12


@pytest.mark.parametrize(("data", "weights", "prior", "intercept"), SETTINGS, ids=str)
def test_prices_of_risk(panels, reference, data, weights, prior, intercept):
    name = "Flat" if isinstance(prior, FlatPrices) else "Normal"
    config = f"{weights.upper()}_{name}_{'intercept' if intercept else 'nointercept'}"
    theirs = pd.read_csv(reference / "posterior_summaries.csv").set_index(["func", "data", "config"]).sort_index()
    theirs = theirs.loc[("BayesianSDF", data, config)]
    assert len(theirs) == len(FACTORS[data]) + intercept + 1
    found = prices_of_risk(panels[data], weights, intercept, prior, draws=20_000, seed=3)
    labels = {"const": "zero_beta", "HML": "sim_f"}
    for row in theirs.itertuples():
        label = row.param.removeprefix("lambda_")
        ours = found.r_squared if label == "R2_adj" else found.draws.sel(factor=labels.get(label, label))
        ours = ours.values
        error = np.hypot(row.mcse, ours.std() / len(ours) ** 0.5)
        assert abs(ours.mean() - row.mean) < 4 * error, row.param
        assert ours.std() == pytest.approx(row.sd, rel=0.05), row.param
        quantiles = np.quantile(ours, [0.05, 0.5, 0.95])
        # of normal draws, a 5 % quantile of 20,000 has an error of 2.1 / 141 standard deviations
        np.testing.assert_allclose(quantiles, [row.q5, row.q50, row.q95], atol=4 * 2.1 * 2**0.5 / 141 * row.sd)


@pytest.mark.parametrize(("prior", "mean", "sd"), [(FlatPrices(), 0.274, 0.980), (NormalPrices(), 0.00048, 0.0018)])
def test_a_useless_factor_alone(example, prior, mean, sd):
    found = prices_of_risk(example.select(factors=["uf"]), "ols", True, prior, draws=20_000).draws.sel(factor="uf")
    assert abs(found.mean() - mean) < 4 * 2**0.5 * sd / 20_000**0.5 + 0.5 * 10 ** -(3 if sd > 0.1 else 5)
    assert float(found.std()) == pytest.approx(sd, rel=0.05)


@pytest.mark.parametrize("data", FACTORS)
def test_slabs(panels, reference, data):
    theirs = json.loads((reference / "point_estimates.json").read_text())[data]["psi"]
    for psi in (1, 5):
        found = sharpe_for_slab(panels[data], psi, intercept=True) / ROOT
        assert found == pytest.approx(theirs[f"SR_at_psi{psi}"], rel=1e-10)
    for sharpe in (0.1, 0.05):
        found = slab_for_sharpe(panels[data], sharpe * ROOT, intercept=True)
        assert found == pytest.approx(theirs[f"psi_for_SR_{sharpe}"], rel=1e-10)


@pytest.mark.parametrize("weights", ["ols", "gls"])
@pytest.mark.parametrize("psi", ["1", "1.93892"])
def test_continuous_spike_against_exact_enumeration(example, reference, weights, psi):
    config = f"{weights.upper()}_intercept_psi0={psi}"
    theirs = pd.read_csv(reference / "exact_cut_continuous_ss.csv", index_col="config").loc[config]
    assert len(theirs) == 5
    slab = 1.0 if psi == "1" else slab_for_sharpe(example, 0.1 * ROOT, intercept=True)
    found = spike_and_slab(example, weights, True, slab=slab, spike=ContinuousSpike(0.001), draws=20_000, seed=5)
    labels = {"const": "zero_beta"}
    for row in theirs.itertuples():
        kind, label = row.param.split("_", 1)
        label = labels.get(label, label)
        if kind == "PIP":
            ours, error = found.inclusion.sel(factor=label), found.inclusion_mcse.sel(factor=label)
        else:
            ours, error = found.price_mean.sel(coefficient=label), found.price_mcse.sel(coefficient=label)
            sd, drawn = found.price_sd.sel(coefficient=label), found.draws.sel(coefficient=label)
            assert float(sd) == pytest.approx(row.exact_sd, rel=0.03)
            assert float(drawn.std()) == pytest.approx(row.exact_sd, rel=0.05)
        assert abs(float(ours) - row.exact_mean) < 4 * np.hypot(float(error), row.mc_se), row.param


def binomial(probability, draws):
    return (probability * (1 - probability) / draws) ** 0.5


def test_dirac_spike(example, reference):
    """R draws one model for each draw of means and covariances, so its error is that of a share of 10,000."""
    theirs = pd.read_csv(reference / "posterior_summaries.csv").query("func == 'dirac_ss_sdf_pvalue'")
    theirs = theirs.set_index("param")
    found = spike_and_slab(example, intercept=True, spike=DiracSpike(), draws=20_000, seed=5)
    for name in example.factor_names:
        share = theirs.loc[f"PIP_{name}", "mean"]
        error = np.hypot(binomial(share, 10_000), float(found.inclusion_mcse.sel(factor=name)))
        assert abs(float(found.inclusion.sel(factor=name)) - share) < 4 * error
    for row, label in (("lambda_const", "zero_beta"), ("lambda_sim_f", "sim_f"), ("lambda_uf", "uf")):
        error = np.hypot(theirs.loc[row, "mcse"], float(found.price_mcse.sel(coefficient=label)))
        assert abs(float(found.price_mean.sel(coefficient=label)) - theirs.loc[row, "mean"]) < 4 * error
    # R draws sigma^2 without the part of the sum of squares that the prior takes: its spreads are a little small
    assert 1 < float(found.price_sd.sel(coefficient="sim_f")) / theirs.loc["lambda_sim_f", "sd"] < 1.1


def test_dirac_models(example):
    """The published example, 5,000 draws: no factor, sim_f alone, uf alone, both."""
    models = spike_and_slab(example, intercept=True, spike=DiracSpike(), draws=10_000).models()["posterior"]
    for name, share in {"none": 0.016, "sim_f": 0.473, "uf": 0.020, "sim_f + uf": 0.491}.items():
        assert abs(models[name] - share) < 4 * binomial(share, 5000) + 0.0005


@pytest.mark.parametrize(("at", "share"), [(0.12688173315895143, 0.015), (0.0, 0.963)])
def test_hypotheses_about_a_price(panels, shared_data, at, share):
    """Probability that the price of the strong factor is not what the hypothesis says: the truth, and zero."""
    truth = pd.read_csv(shared_data / "bfzoo_example_scalars.csv", index_col="name")["value"]["lambda_ols_HML"]
    assert at in (0.0, truth)
    spike = DiracSpike((("sim_f", at * ROOT),))
    found = spike_and_slab(panels["example_1f"], intercept=True, spike=spike, draws=10_000)
    assert abs(float(found.inclusion[0]) - share) < 4 * binomial(share, 5000) + 0.0005
