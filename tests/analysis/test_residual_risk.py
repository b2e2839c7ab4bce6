"""Realised residual risk beside the model's: formulas, and where the checks fail and where they pass."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import chi2

import bayesfactor as bf
from bayesfactor.analysis.assessment.book_check import BOOK, book_check
from bayesfactor.analysis.assessment.correlation_checks import correlation_checks
from bayesfactor.analysis.assessment.residual_correlations import residual_correlations
from bayesfactor.analysis.portfolio.own_regression import common_members, regress, regress_assets
from bayesfactor.panel.aggregated import PanelStatistics
from bayesfactor.posterior.residual_variance import COMMON, OWN, residual_variance
from tests.support.panels import reduced
from tests.support.pseudo import pseudo_fit, simulated

PANELS = 40


def whole(fit):
    """Return the fit with a covariance of the factors, which pseudo-fits do not have."""
    names = list(fit.panel.factor_names)
    cov = np.atleast_2d(np.cov(fit.panel.factors.values.T)) * np.ones((1, fit.posterior.sizes["draw"], 1, 1))
    found = xr.DataArray(cov, {"factor": names, "factor_other": names}, ("chain", "draw", "factor", "factor_other"))
    return changed(fit, factor_cov=found)


def changed(fit, **variables):
    data = fit.data.copy()
    data["posterior"] = xr.DataTree(data["posterior"].to_dataset().assign(variables))
    return replace(fit, data=data)


def equal(panel):
    return dict.fromkeys(panel.assets, 1 / len(panel.assets))


def least_squares(panel, weights):
    """Return residuals of a book on dates that its members share, its returns there, and the factors."""
    held = [name for name in panel.assets if weights.get(name)]
    returns = panel.returns.sel(asset=held).values
    rows = np.isfinite(returns).all(axis=1)
    y = returns[rows] @ np.array([weights[name] for name in held])
    x = np.column_stack([np.ones(rows.sum()), panel.factors.values[rows]])
    return y - x @ np.linalg.lstsq(x, y, rcond=None)[0], y, x[:, 1:]


@pytest.fixture(scope="module")
def uneven():
    rng = np.random.default_rng(3)
    panel = simulated(rng, assets=8, periods=200, shortest=90)
    return whole(pseudo_fit(panel, rng))


def test_realised_risk_is_that_of_least_squares_on_common_dates(uneven):
    panel, mix = uneven.panel, {"a01": 0.7, "a04": 0.5, "a06": -0.2}
    found = bf.attribute(uneven, "variance", portfolio=mix)
    table = found.residual_table(rounded=False).set_index("asset")
    for name in (*panel.assets, "portfolio"):
        residual, y, f = least_squares(panel, mix if name == "portfolio" else {name: 1.0})
        square = residual @ residual
        row = table.loc[name]
        assert row["periods"] == len(y)
        assert row["realised_volatility"] == pytest.approx((52 * square / (len(y) - 2)) ** 0.5, rel=1e-9)
        assert row["realised_share"] == pytest.approx(square / ((y - y.mean()) @ (y - y.mean())), rel=1e-9)
    assert table.loc["portfolio", "agrees"] is True
    assert table["agrees"].drop("portfolio").isna().all()
    posterior = uneven.posterior.sel(asset=list(mix))
    w = np.array(list(mix.values()))
    own = ((w * posterior["residual_sd"].values) ** 2).sum(axis=-1)
    exposure = (w[:, None] * posterior["loading"].values).sum(axis=2)[..., 0]
    share = own / (own + exposure**2 * f[:, 0].var(ddof=1))  # what the factor did on the portfolio's dates
    assert table.loc["portfolio", "volatility"] == pytest.approx(np.sqrt(52 * own).mean(), rel=1e-9)
    assert table.loc["portfolio", "share"] == pytest.approx(share.mean(), rel=1e-9)
    assert table.loc["portfolio", "share_upper"] == pytest.approx(np.quantile(share, 0.95), rel=1e-9)


def test_realised_risk_stands_in_the_rows_of_residuals(uneven):
    found = bf.attribute(uneven, "variance", portfolio=equal(uneven.panel))
    risk = found.residual_table().set_index("asset")
    for table, column in ((found.table(), "realised_volatility"), (found.share_table(), "realised_share")):
        own = table[table["source"] == "idiosyncratic"].set_index("asset")["realised_residual"]
        wanted = risk[column] ** 2 if column == "realised_volatility" else risk[column]
        np.testing.assert_allclose(own, wanted.loc[own.index], rtol=1e-12)
        assert table.loc[table["source"] != "idiosyncratic", "realised_residual"].isna().all()
    assert found.residual_table(assets=["portfolio", "a02"])["asset"].tolist() == ["portfolio", "a02"]
    with pytest.raises(bf.SpecError, match="A premium has no residual risk"):
        bf.attribute(uneven).residual_table()


def test_variance_of_residuals_is_that_of_the_covariance():
    """w'(Lambda Lambda' o M + D o M)w of a dense matrix, draw by draw."""
    rng = np.random.default_rng(0)
    w, sd, loading = rng.normal(size=5), rng.random((2, 3, 5)), rng.normal(size=(2, 3, 5, 2))
    root = rng.normal(size=(9, 5))
    m = root.T @ root / 9
    weights, together = xr.DataArray(w, dims="asset"), xr.DataArray(m, dims=("asset", "asset_other"))
    of_sd = xr.DataArray(sd, dims=("chain", "draw", "asset"))
    of_loading = xr.DataArray(loading, dims=("chain", "draw", "asset", "residual_factor"))
    for scale, matrix in ((None, np.ones((5, 5))), (together, m)):
        found = residual_variance(weights, of_sd, of_loading, scale)
        common = np.einsum("cdij,cdkj,ik,i,k->cd", loading, loading, matrix, w, w)
        np.testing.assert_allclose(found[COMMON].transpose("chain", "draw"), common, rtol=1e-12)
        np.testing.assert_allclose(found[OWN], (sd**2 * w**2 * np.diag(matrix)).sum(axis=-1), rtol=1e-12)
        assert list(residual_variance(weights, of_sd, together=scale)) == [OWN]


def test_the_volatility_of_common_dates_is_in_the_models_risk(volatile_fit):
    """sum_i w_i^2 s_i^2 mean_t E[g_it^2] over the dates of the portfolio, not of the next period."""
    panel, mix = volatile_fit.panel, {"a00": 0.5, "a09": 0.5}  # a09 begins late
    table = bf.attribute(volatile_fit, "variance", portfolio=mix).residual_table(rounded=False).set_index("asset")
    path = volatile_fit.movement.residuals
    rows = np.isfinite(panel.returns.sel(asset=list(mix)).values).all(axis=1)
    posterior, place = volatile_fit.posterior.sel(asset=list(mix)), [panel.assets.index(name) for name in mix]
    common = path.mean_squares(panel.returns.values, panel.aligned)[rows, None]
    squares = (common * path.drift[np.ix_(rows, place)] ** 2).mean(axis=0)
    level = posterior["residual_sd"] / posterior["volatility_now"] / xr.DataArray(path.next_drift[place], dims="asset")
    own = (0.25 * level**2 * xr.DataArray(squares, dims="asset")).sum("asset")
    assert table.loc["portfolio", "volatility"] == pytest.approx(float(np.sqrt(52 * own).mean()), rel=1e-9)
    assert table.loc["portfolio", "periods"] == rows.sum()


def counts(fits):
    """Return how many fail, in how many the realised book risk is below the model's, and how many pairs fail."""
    found = np.zeros(3, int)
    for fit in fits:
        (book,) = book_check(fit)
        pairs = correlation_checks(residual_correlations(fit))[2]
        found += book.passed is False, book.passed is None, pairs.passed is False
    return found.tolist()


def pseudo_fits(**settings):
    for seed in range(PANELS):
        rng = np.random.default_rng([7, seed])
        yield pseudo_fit(simulated(rng, **settings), rng, settings.get("dof", np.inf))


@pytest.mark.parametrize("settings", [{}, {"shortest": 60}, {"dof": 5.0}], ids=["normal", "uneven", "tails"])
def test_independent_residuals_pass_and_common_ones_fail(settings):
    """False alarms on 40 panels: at most 2 of a check (P(more at 1 %) = .7 %); a tenth in common is found in 32."""
    quiet = counts(pseudo_fits(**settings))
    assert max(quiet) <= 2, quiet
    loud = counts(pseudo_fits(common=0.1, **settings))
    assert loud[0] >= 32, loud
    louder = counts(pseudo_fits(common=0.5, **settings))
    assert louder[0] == PANELS
    assert louder[2] >= 32, louder


def test_the_check_of_the_book_is_a_chi_squared_interval():
    rng = np.random.default_rng(2)
    panel = simulated(rng, assets=10, periods=300, common=0.3)
    fit = pseudo_fit(panel, rng)
    (check,) = book_check(fit)
    residual, y, _ = least_squares(panel, equal(panel))
    n, square = len(y), residual @ residual
    kurtosis = max(n * (residual**4).sum() / square**2, 3)
    dof = (n - 2) * 2 / (kurtosis - 1)
    model = (fit.posterior["residual_sd"].values ** 2).sum(axis=-1) / 100
    assert check.passed is False
    assert check.value == pytest.approx((square / (n - 2) / model.mean()) ** 0.5, rel=1e-9)
    most = np.quantile(model, 0.95) * chi2.ppf(0.995, dof) / dof
    assert check.limit == pytest.approx((most / model.mean()) ** 0.5, rel=1e-9)
    assert "residuals are correlated: take a model with residual factors (the preset hierarchical" in check.advice
    report = bf.check(whole(fit))
    assert report.table.loc[check.name, "passed"] is False
    assert replace(report, checks=(check,)).unusable == "risks of portfolios and groups"
    assert report.unusable == "numbers"  # of draws so few
    notes = bf.attribute(whole(fit), "variance", portfolio=equal(panel)).notes
    assert any(note.startswith("portfolio: realised residual volatility is") for note in notes)


def test_a_market_that_is_an_index_of_the_assets_is_said():
    """Its residuals sum to 0: what was realised is far below sum w^2 s^2, which informs and fails nothing."""
    rng = np.random.default_rng(4)
    panel = simulated(rng, assets=10, periods=300)
    index = panel.returns.values.mean(axis=1, keepdims=True)
    fit = pseudo_fit(replace(panel, factors=panel.factors.copy(data=index)), rng)
    (check,) = book_check(fit)
    assert check.passed is None
    assert check.exceeds_limit
    assert "a factor is an index of these assets" in check.advice


@pytest.fixture(scope="module")
def common_fit():
    """One residual factor in the data, and in the draws."""
    rng = np.random.default_rng(5)
    panel = simulated(rng, assets=10, periods=400, common=0.4)
    fit = pseudo_fit(panel, rng)
    sd, draws = fit.posterior["residual_sd"], fit.posterior.sizes["draw"]
    share = 0.4 * np.exp(0.1 * rng.standard_normal((1, draws, 1)))
    loading = (sd * np.sqrt(share)).expand_dims(residual_factor=["common 1"], axis=-1)
    return whole(changed(fit, residual_loading=loading, residual_sd=sd * np.sqrt(1 - share)))


def test_a_model_with_the_residual_factor_passes(common_fit):
    (book,) = book_check(common_fit)
    assert book.passed is True
    found = residual_correlations(common_fit)
    checks = correlation_checks(found)
    assert checks[2].passed is True
    assert abs(checks[0].value) < 0.05
    assert checks[0].name.endswith("beyond the model's")
    posterior = common_fit.posterior
    loading, own = posterior["residual_loading"].values[0, ..., 0], posterior["residual_sd"].values[0]
    each = loading / np.sqrt(loading**2 + own**2)
    for pair in found.pairs.itertuples():
        draws = each[:, int(pair.asset[1:])] * each[:, int(pair.other[1:])]
        assert pair.model == pytest.approx(draws.mean(), rel=1e-9)
        assert pair.model_lower == pytest.approx(np.quantile(draws, 0.05), rel=1e-9)
        assert pair.lower < pair.correlation < pair.upper


def test_a_residual_factor_of_the_wrong_sign_fails(common_fit):
    sign = xr.where(common_fit.posterior["asset"] == "a03", -1.0, 1.0)
    loading = (common_fit.posterior["residual_loading"] * sign).transpose(
        *common_fit.posterior["residual_loading"].dims
    )
    wrong = changed(common_fit, residual_loading=loading)
    check = correlation_checks(residual_correlations(wrong))[2]
    assert check.passed is False
    assert "a03" in check.worst
    assert "the model's -." in check.worst
    assert "allow more of them (noise.common.count)" in check.advice


def test_a_portfolio_can_be_checked(common_fit):
    (check,) = book_check(common_fit, {"a00": 0.5, "a01": 0.5})
    assert check.name.startswith(f"{BOOK}portfolio")
    assert check.worst == "2 of 10 assets"
    (single,) = book_check(common_fit, {"a00": 1.0})
    assert single.advice == "Cannot be computed: it holds one asset."


def test_errors_of_a_factor_are_no_residual_correlations():
    """Seen through noise, a factor leaves residuals that move together as the model has it: both checks pass."""
    rng = np.random.default_rng(8)
    panel, draws = simulated(rng, assets=10, periods=500), 200
    seen = panel.factors.values + panel.factors.values.std() * (2 / 3) ** 0.5 * rng.standard_normal((500, 1))  # .6
    noisy = replace(panel, factors=panel.factors.copy(data=seen))
    true = pseudo_fit(panel, rng, draws=draws)
    cov = xr.DataArray(
        np.full((1, draws, 1, 1), panel.factors.values.var(ddof=1)),
        {"factor": ["f0"], "factor_other": ["f0"]},
        ("chain", "draw", "factor", "factor_other"),
    )
    rho = xr.DataArray(0.6 * np.ones((1, draws, 1)), {"factor": ["f0"]}, ("chain", "draw", "factor"))
    fit = changed(replace(true, panel=noisy), factor_cov=cov, reliability=rho)
    (book,), pairs = book_check(fit), correlation_checks(residual_correlations(fit))[2]
    assert book.passed is True
    assert pairs.passed is True
    blind = changed(replace(true, panel=noisy), factor_cov=cov)
    (book,), pairs = book_check(blind), correlation_checks(residual_correlations(blind))[2]
    assert book.passed is False
    assert pairs.passed is None  # beyond chance, but small: what adds up in the book


def test_what_cannot_be_computed_says_why(uneven):
    panel = uneven.panel
    values = panel.returns.values.copy()
    values[:100, ::2], values[100:, 1::2] = np.nan, np.nan
    apart = replace(panel, returns=panel.returns.copy(data=values))
    fit = whole(pseudo_fit(apart, np.random.default_rng(0)))
    found = bf.attribute(fit, "variance", portfolio={"a00": 0.5, "a01": 0.5})
    assert "portfolio: realised residual risk cannot be computed: its members have 0 dates in common" in found.notes
    row = found.residual_table(assets=["portfolio"]).iloc[0]
    assert np.isnan(row["realised_volatility"])
    assert row["agrees"] is None
    assert book_check(fit)[0].worst == "4 of 8 assets"
    small = replace(uneven, panel=reduced(panel))
    assert isinstance(small.panel, PanelStatistics)
    assert book_check(small)[0].uncomputed
    table = bf.attribute(small, "variance", portfolio=equal(panel)).residual_table(rounded=False).set_index("asset")
    wanted = bf.attribute(uneven, "variance").residual_table(rounded=False).set_index("asset")
    np.testing.assert_allclose(table.loc["a03", "realised_share"], wanted.loc["a03", "realised_share"], rtol=1e-9)
    assert np.isnan(table.loc["portfolio", "realised_share"])


def test_members_are_those_with_most_returns_on_shared_dates():
    seen = np.ones((100, 5), bool)
    seen[:30, 1], seen[:95, 2] = False, False
    assert common_members(seen, 20).tolist() == [0, 3, 4]  # 3 x 100 against 4 x 70
    seen[:30, 1], seen[:5, 1] = True, False
    assert common_members(seen, 20).tolist() == [0, 1, 3, 4]
    assert common_members(seen[:, :1], 20).size == 0
    assert common_members(seen, 101).size == 0


def test_one_asset_is_a_book_too(uneven):
    """Its regression by its returns is that by its cross-products."""
    every = regress_assets(uneven)
    for i in range(8):
        found = regress(uneven, np.eye(8)[i])
        assert found.variance == pytest.approx(every.variance[i], rel=1e-9)
        assert found.share == pytest.approx(every.share[i], rel=1e-9)
        np.testing.assert_allclose(found.factor_cov, every.factor_cov[i], rtol=1e-9)


COINS = "ltc bch dash doge dgb vtc zec xvg etc xrp xlm xmr ada trx eos neo xtz lsk waves xem icx dot"


def test_the_residuals_of_real_tokens_are_found_correlated(shared_data):
    """Weekly, market .6 BTC + .4 ETH, no residual factors: the book was far more volatile than the model says."""
    prices = pd.read_csv(shared_data / "crypto_prices.csv.gz", index_col="date", parse_dates=True)
    prices = prices[["btc", "eth", *(name for name in COINS.split() if name in prices)]].loc["2017-10-06":"2021-05-05"]
    returns = bf.to_returns(prices.loc[:, prices.notna().all()])
    market = (0.6 * returns["btc"] + 0.4 * returns["eth"]).to_frame("market")
    info = {"market": {"traded": True, "family": "market"}}
    panel = bf.integrate(returns.drop(columns=["btc", "eth"]), market, info, calendar="weekly")
    fit = pseudo_fit(panel, np.random.default_rng(0))
    (book,), pairs = book_check(fit), correlation_checks(residual_correlations(fit))[2]
    assert book.passed is pairs.passed is False
    assert book.value > 1.5
    assert pairs.worst.startswith("dash-zec .6")
