"""How well factors are measured, of synthetic draws."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta

import bayesfactor as bf
from bayesfactor.panel.regressions import least_squares_loadings
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.measurement_error import BetaReliability, KnownReliability
from bayesfactor.spec.model import FactorModel
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws

MODEL = FactorModel(
    name="noisy", factors=FactorLaw(error=(("f3", BetaReliability(8.0, 4.0)), ("f2", KnownReliability(0.7))))
)


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=8, traded=2, other=2, periods=80, shortest=30)


def draws_of(panel, known=0.7):
    draws = synthetic_draws(panel, draws=200)
    rng = np.random.default_rng(1)
    shares = np.ones((2, 200, 4))
    shares[..., 2] = known
    shares[..., 3] = rng.beta(16, 8, (2, 200))
    return draws.assign(reliability=(("chain", "draw", "factor"), shares))


@pytest.fixture(scope="module")
def fit(panel):
    return bf.from_draws(panel, draws_of(panel), MODEL)


def test_prior_and_posterior_of_factors_with_error(fit):
    table = bf.reliability(fit, ci_prob=0.8).set_index("factor")
    assert table.index.tolist() == ["f2", "f3"]
    drawn = fit.posterior["reliability"].sel(factor="f3")
    assert table.loc["f3", "mean"] == pytest.approx(float(drawn.mean()), abs=0.01)
    assert table.loc["f3", "lower"] == pytest.approx(np.quantile(drawn, 0.1), abs=0.02)
    assert table.loc["f3", "prior"] == pytest.approx(8 / 12)
    np.testing.assert_allclose(
        table.loc["f3", ["prior_lower", "prior_upper"]].astype(float), beta(8, 4).ppf([0.1, 0.9]), atol=1e-3
    )
    np.testing.assert_allclose(table.loc["f2", ["prior", "prior_lower", "prior_upper", "mean"]].astype(float), 0.7)
    assert (bf.reliability(fit).attrs["ci_prob"], bf.reliability(fit).attrs["ci_kind"]) == (0.9, "eti")


def test_loadings_without_noise_stand_beside_least_squares(fit, panel):
    table = bf.reliability(fit).set_index("factor")
    own = least_squares_loadings(panel, fit.design.sample).mean()
    mean = fit.posterior["loading"].mean("asset").sel(factor=["f2", "f3"])
    np.testing.assert_allclose(table["least_squares"], own[["f2", "f3"]])
    np.testing.assert_allclose(table["loading"], mean.mean(("chain", "draw")), atol=0.01)
    assert (table["loading_lower"] < table["loading"]).all()
    assert (table["loading"] < table["loading_upper"]).all()


def test_without_a_model_the_draws_say_which(panel):
    table = bf.reliability(bf.from_draws(panel, draws_of(panel)))
    assert table["factor"].tolist() == ["f2", "f3"]
    assert table[["prior", "prior_lower", "prior_upper"]].isna().all(axis=None)


def test_means_are_over_assets_with_a_history(panel):
    returns = panel.returns.copy()
    returns[3:, 2] = np.nan
    short = replace(panel, returns=returns)
    fit = bf.from_draws(short, draws_of(short), MODEL)
    rest = fit.posterior["loading"].drop_sel(asset="a02").mean(("chain", "draw", "asset"))
    np.testing.assert_allclose(bf.reliability(fit)["loading"], rest.sel(factor=["f2", "f3"]), atol=0.01)


def test_a_fit_without_error_is_refused(panel):
    for draws in (synthetic_draws(panel), draws_of(panel).assign(reliability=draws_of(panel)["reliability"] * 0 + 1)):
        with pytest.raises(bf.FitError, match="no factor of these draws is measured with error"):
            bf.reliability(bf.from_draws(panel, draws))
    with pytest.raises(bf.FitError, match="expected a Fit"):
        bf.reliability(panel)


def test_the_report_says_which_factors_are_measured_with_error(fit, panel, tmp_path):
    text = bf.write_report(fit, tmp_path / "r.html").read_text(encoding="utf-8")
    after = text[text.index("Measured with error") :]
    assert "without noise" in after
    assert "70\N{NO-BREAK SPACE}%" in after
    plain = bf.from_draws(panel, synthetic_draws(panel))
    assert "Measured with error" not in bf.write_report(plain, tmp_path / "p.html").read_text(encoding="utf-8")
