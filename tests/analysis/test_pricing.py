"""price: predicted and realised mean returns and pricing errors, against plain numpy and pandas."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import bayesfactor as bf
from bayesfactor.spec.alphas import ZeroAlpha
from tests.support.panels import make_panel


def test_predictions_are_loadings_times_premia(cross_fit, rate_fit):
    for fit in (cross_fit, rate_fit):
        posterior, found = fit.posterior, bf.price(fit)
        rate = posterior["zero_beta"].values[..., None] if fit is rate_fit else 0.0
        predicted = np.einsum("cdik,cdk->cdi", posterior["loading"].values, posterior["risk_premium"].values) + rate
        assert found.predicted.dims == found.alpha.dims == ("chain", "draw", "asset")
        np.testing.assert_allclose(found.predicted, 12 * predicted, rtol=1e-10, atol=1e-15)
        alpha = posterior["alpha"].transpose("chain", "draw", "asset").values
        np.testing.assert_allclose(found.alpha, 12 * alpha, rtol=1e-12)
        expected = predicted + alpha
        away, all_away = alpha - alpha.mean(-1, keepdims=True), expected - expected.mean(-1, keepdims=True)
        r_squared = 1 - (away**2).sum(axis=-1) / (all_away**2).sum(axis=-1)
        np.testing.assert_allclose(found.r_squared, r_squared, rtol=1e-9)
        assert found.verdicts == bf.identify(fit).verdicts


def test_the_total_is_that_of_the_attribution(rate_fit):
    found = bf.price(rate_fit)
    total = bf.attribute(rate_fit).draws.sel(source="total", drop=True)
    np.testing.assert_allclose(found.predicted + found.alpha, total, atol=1e-12)


def test_realised_means_are_pandas(hier_fit):
    """Each over the asset's own days, a year, with the t interval of a sample mean."""
    returns = hier_fit.panel.returns.to_pandas()
    found = bf.price(hier_fit)
    np.testing.assert_allclose(found.realised["realised"], 252 * returns.mean(), rtol=1e-12)
    np.testing.assert_allclose(found.realised["se"], 252 * returns.sem(), rtol=1e-12)
    assert found.realised["periods"].tolist() == returns.count().tolist()
    table = found.table(ci_prob=0.8)
    low, high = stats.t.interval(0.8, returns.count() - 1, 252 * returns.mean(), 252 * returns.sem())
    np.testing.assert_allclose(table["realised_lower"], low, rtol=1e-10)
    np.testing.assert_allclose(table["realised_upper"], high, rtol=1e-10)
    assert table.columns.tolist() == [
        "periods",
        "realised",
        "realised_lower",
        "realised_upper",
        "predicted",
        "predicted_lower",
        "predicted_upper",
        "identification",
    ]
    assert table.index.tolist() == list(hier_fit.panel.assets)
    low, high = np.quantile(found.predicted, [0.1, 0.9], axis=(0, 1))
    error = found.predicted.std(("chain", "draw")).values / 1000**0.5
    assert (np.abs(table["predicted_lower"] - low) < 4 * error).all()  # rounded to Monte Carlo error
    assert (np.abs(table["predicted_upper"] - high) < 4 * error).all()


def test_tables_state_their_intervals_and_what_is_not_identified(cross_fit):
    found = bf.price(cross_fit)
    for table in (found.table(0.8, "hdi"), found.errors(0.8, "hdi"), found.r_squared_table(0.8, "hdi")):
        assert table.attrs == {
            "ci_kind": "hdi",
            "ci_prob": 0.8,
            "units": "decimal, per year",
            "not_identified": {"f2": "unidentified"},
            "problems": (),
        }


def test_errors_come_with_the_surest_sign_first(hier_fit):
    posterior, table = hier_fit.posterior, bf.price(hier_fit).errors()
    assert table["prob_sign"].is_monotonic_decreasing
    for name in ("a00", "a07"):
        alpha = 252 * posterior["alpha"].sel(asset=name).values
        above = (alpha > 0).mean()
        assert table.loc[name, "prob_sign"] == pytest.approx(max(above, 1 - above), abs=1e-12)
        assert table.loc[name, "mean"] == pytest.approx(alpha.mean(), abs=3 * table.loc[name, "mcse"])
        assert table.loc[name, "sd"] == pytest.approx(alpha.std(), rel=0.1)
    assert set(table.index) == set(hier_fit.panel.assets)


def small(panel, **parts):
    sampler = bf.Sampler(draws=100, tune=200, chains=2, progress=False)
    return bf.fit(panel, replace(bf.FactorModel(), **parts), sampler)


def test_a_model_without_pricing_errors_explains_everything():
    found = bf.price(small(make_panel(assets=5, periods=60), alpha=ZeroAlpha()))
    np.testing.assert_array_equal(found.r_squared, 1.0)
    table = found.errors()
    assert (table[["mean", "sd", "lower", "upper"]] == 0).all(axis=None)
    assert table["prob_sign"].isna().all()
    assert table.index.tolist() == [f"a{i:02d}" for i in range(5)]


@pytest.mark.parametrize("assets", [1, 2, 3])
def test_few_assets_have_no_r_squared(assets):
    found = bf.price(small(make_panel(assets=assets, periods=60)))
    table = found.r_squared_table()
    if assets < 3:
        assert found.r_squared is None
        assert table.empty
    else:
        assert table.index.tolist() == ["r_squared"]
        assert found.r_squared.dims == ("chain", "draw")
    assert found.problems  # two chains are too few
    assert table.columns.tolist() == ["mean", "sd", "lower", "upper", "prob_positive", "mcse", "warning"]
    assert np.isfinite(found.table().drop(columns=["warning", "identification"])).all(axis=None)


def test_assets_with_one_return_or_none_are_predicted_all_the_same():
    panel = make_panel(assets=5, periods=60)
    values = panel.returns.values.copy()
    values[:-1, 1], values[:, 3], values[:-2, 4] = np.nan, np.nan, np.nan
    table = bf.price(small(replace(panel, returns=panel.returns.copy(data=values)))).table()
    assert table["periods"].tolist() == [60, 1, 60, 0, 2]
    realised = table[["realised", "realised_lower", "realised_upper"]]
    assert realised.isna().all(axis=1).tolist() == [False, True, False, True, False]
    assert table.loc["a04", "realised"] == pytest.approx(252 * values[-2:, 4].mean(), rel=1e-12)
    assert np.isfinite(table[["predicted", "predicted_lower", "predicted_upper"]]).all(axis=None)


def test_one_prediction_for_all_explains_nothing():
    """Common loadings: R-squared is 0 and not what rounding leaves; without pricing errors there is none."""
    panel = make_panel(assets=5, periods=60)
    common = bf.read_model("pooled").loadings
    assert (bf.price(small(panel, loadings=common)).r_squared == 0).all()
    found = bf.price(small(panel, loadings=common, alpha=ZeroAlpha()))
    assert found.r_squared is None
    assert "the same" in found.r_squared_table().attrs["reason"]
    assert "no R-squared" in str(found)


def test_it_can_be_sent_to_another_process(hier_fit):
    assert pickle.loads(pickle.dumps(bf.price(hier_fit))).table().equals(bf.price(hier_fit).table())
