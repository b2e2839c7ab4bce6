"""Attribution: sources add up in every draw, and every number is the formula's."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesfactor as bf

CASES = [
    *product(("premium", "return", "variance"), ("factor", "family"), ("asset", "group")),
    ("premium", "level", "asset"),
    ("premium", "level", "group"),
    ("premium", "identification", "asset"),
    ("premium", "identification", "group"),
]
MIX = {"a00": 0.6, "a04": 0.7, "a05": -0.3}
SOURCES = {
    "premium": ["f0", "f1", "f2", "alpha", "total"],
    "return": ["f0", "f1", "f2", "alpha", "residual", "total"],
    "variance": ["f0", "f1", "f2", "idiosyncratic", "total"],
}


@pytest.fixture(params=["hier_fit", "student_fit"])
def fit(request):
    return request.getfixturevalue(request.param)


def vector(fit, weights):
    return np.array([weights.get(name, 0.0) for name in fit.panel.assets])


@pytest.mark.parametrize("portfolio", [None, MIX])
@pytest.mark.parametrize(("kind", "by", "per"), CASES)
def test_sources_add_up_to_the_total_in_every_draw(fit, kind, by, per, portfolio):
    found = bf.attribute(fit, kind, by=by, per=per, portfolio=portfolio)
    draws = found.draws
    assert found.kind == draws.name == kind
    assert draws.dims == ("chain", "draw", per, "source")
    assert draws[per].values.tolist() == [
        *(fit.panel.assets if per == "asset" else fit.panel.group_names),
        *(["portfolio"] if portfolio else []),
    ]
    assert draws["source"].values[-1] == "total"
    parts = draws.isel(source=slice(None, -1)).sum("source")
    np.testing.assert_allclose(parts, draws.isel(source=-1), rtol=0, atol=1e-10)
    assert np.isfinite(draws).all()
    if by == "factor":
        assert draws["source"].values.tolist() == SOURCES[kind]


def test_premia_are_loading_times_premium_a_year(fit):
    posterior = fit.posterior
    draws = bf.attribute(fit).draws
    for factor in fit.panel.factor_names:
        expected = 252 * posterior["loading"].sel(factor=factor) * posterior["risk_premium"].sel(factor=factor)
        np.testing.assert_allclose(draws.sel(source=factor), expected, rtol=1e-12)
    np.testing.assert_allclose(draws.sel(source="alpha"), 252 * posterior["alpha"], rtol=1e-12)


def test_a_year_is_that_of_the_calendar(hier_fit):
    weekly = replace(hier_fit, panel=replace(hier_fit.panel, calendar=bf.Calendar("weekly", 52)))
    for kind, ratio in (("premium", 52 / 252), ("variance", 52 / 252), ("return", 1.0)):
        one, two = (bf.attribute(f, kind) for f in (hier_fit, weekly))
        np.testing.assert_allclose(two.draws, ratio * one.draws, rtol=1e-9, atol=1e-14)
        assert one.units == two.units
        assert ("per year" in one.units) == (kind != "return")


@pytest.mark.parametrize(("kind", "by"), [(kind, by) for kind, by, per in CASES if per == "asset"])
def test_a_portfolio_of_one_asset_is_that_asset(fit, kind, by):
    draws = bf.attribute(fit, kind, by=by, portfolio={"a03": 1.0}).draws
    alone = bf.attribute(fit, kind, by=by).draws.sel(asset="a03")
    np.testing.assert_allclose(draws.sel(asset="portfolio"), alone, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(draws.sel(asset="a03"), alone, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("by", ["factor", "family", "level"])
def test_a_portfolios_premium_is_the_weighted_sum_draw_by_draw(fit, by):
    for portfolio in (MIX, pd.Series(MIX)):
        draws = bf.attribute(fit, by=by, portfolio=portfolio).draws
        expected = sum(weight * draws.sel(asset=name) for name, weight in MIX.items())
        np.testing.assert_allclose(draws.sel(asset="portfolio"), expected.drop_vars("asset"), atol=1e-12)


def test_a_portfolios_variance_is_that_of_its_covariance(fit):
    """w'(B Omega B' + D)w, D the variance of residuals, whatever their law."""
    posterior, w = fit.posterior, vector(fit, MIX)
    own = posterior["residual_sd"] ** 2
    beta, omega = posterior["loading"].values, posterior["factor_cov"].values
    total = beta @ omega @ np.swapaxes(beta, -1, -2) + own.transpose("chain", "draw", "asset").values[
        ..., None
    ] * np.eye(9)
    found = bf.attribute(fit, "variance", portfolio=MIX).draws
    np.testing.assert_allclose(found.sel(asset="portfolio", source="total"), 252 * (total @ w) @ w, rtol=1e-10)
    diagonal = 252 * np.diagonal(total, axis1=-2, axis2=-1)
    np.testing.assert_allclose(found.sel(asset=list(fit.panel.assets), source="total"), diagonal, rtol=1e-10)
    b = np.einsum("cdik,i->cdk", beta, w)
    by_factor = 252 * b * np.einsum("cdkl,cdl->cdk", omega, b)
    np.testing.assert_allclose(found.sel(asset="portfolio").isel(source=slice(3)), by_factor, atol=1e-12)


@pytest.mark.parametrize("kind", ["premium", "return", "variance"])
def test_a_family_is_the_sum_of_its_factors_draw_by_draw(hier_fit, kind):
    panel = hier_fit.panel
    info = tuple(replace(f, family="market" if f.name != "f1" else "style") for f in panel.factor_info)
    fit = replace(hier_fit, panel=replace(panel, factor_info=info))
    factors = bf.attribute(fit, kind, portfolio=MIX).draws
    families = bf.attribute(fit, kind, portfolio=MIX, by="family").draws
    assert families["source"].values.tolist() == ["market", "style", *SOURCES[kind][3:]]
    both = factors.sel(source="f0") + factors.sel(source="f2")
    np.testing.assert_allclose(families.sel(source="market"), both, rtol=0, atol=1e-14)
    for name, source in (("style", "f1"), *((s, s) for s in SOURCES[kind][3:])):
        np.testing.assert_allclose(families.sel(source=name), factors.sel(source=source), rtol=0, atol=1e-14)


WINDOWS = [
    None,
    ("2015-03-02", "2015-06-30"),
    (None, "2015-07-01"),
    ("2015-08-03", None),
    (pd.Timestamp("2015-07-31"),) * 2,
]


@pytest.mark.parametrize("window", WINDOWS)
def test_a_realised_return_is_what_happened(fit, window):
    """Totals are the panel's own sums; a portfolio counts the days on which all of it traded."""
    returns = fit.panel.returns.to_pandas().loc[slice(*window) if window else slice(None)]
    found = bf.attribute(fit, "return", window=window, portfolio=MIX)
    totals = found.draws.sel(source="total")
    assert (totals == totals[0, 0]).all()
    expected = [*returns.sum(), (returns[list(MIX)].dropna() * pd.Series(MIX)).sum().sum()]
    np.testing.assert_allclose(totals[0, 0], expected, atol=1e-13)
    counts = [*returns.count(), len(returns[list(MIX)].dropna())]
    assert found.span["periods"].tolist() == counts
    ends = f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else f"{max(counts)}"
    assert f"periods counted: {ends} (" in found.notes[0]


def test_what_factors_did_is_loading_times_their_sum(fit):
    """A non-traded factor pays its premium and moves returns by its surprise: f - mu + lambda."""
    posterior, days = fit.posterior, slice("2015-05-01", "2015-06-30")
    returns = fit.panel.returns.sel(time=days, asset="a01").to_series().dropna()
    factors = fit.panel.factors.to_pandas().loc[returns.index]
    assert len(returns) > 20
    draws = bf.attribute(fit, "return", window=(days.start, days.stop)).draws.sel(asset="a01")
    loading = posterior["loading"].sel(asset="a01")
    shift = posterior["risk_premium"] - posterior["factor_mean"]
    for factor in ("f0", "f2"):
        moved = factors[factor].sum() + (len(returns) * shift.sel(factor=factor) if factor == "f2" else 0.0)
        np.testing.assert_allclose(draws.sel(source=factor), loading.sel(factor=factor) * moved, rtol=1e-9)
    np.testing.assert_allclose(draws.sel(source="alpha"), len(returns) * posterior["alpha"].sel(asset="a01"), rtol=1e-9)


@pytest.mark.parametrize("kind", ["premium", "variance", "return"])
def test_a_group_is_its_members_equally_weighted(hier_fit, kind):
    members = [
        name for name, group in zip(hier_fit.panel.assets, hier_fit.panel.groups.values, strict=True) if group == "g1"
    ]
    mine = bf.attribute(hier_fit, kind, portfolio=dict.fromkeys(members, 1 / 3)).draws.sel(asset="portfolio", drop=True)
    group = bf.attribute(hier_fit, kind, per="group").draws.sel(group="g1", drop=True)
    xr.testing.assert_allclose(group, mine, rtol=1e-10)


def test_levels_are_common_group_and_own(hier_fit):
    """The broad market is the same for all, the groups' parts cancel, the rest is the asset's distance and alpha."""
    posterior = hier_fit.posterior
    draws = bf.attribute(hier_fit, by="level").draws
    broad, group, own = (draws.sel(source=name) for name in ("broad market", "group", "asset alone"))
    np.testing.assert_allclose(broad, broad.isel(asset=[0]).values.repeat(9, axis=2), atol=1e-14)
    np.testing.assert_allclose(group.mean("asset"), 0.0, atol=1e-12)
    np.testing.assert_allclose(group.sel(asset="a01"), group.sel(asset="a04"), atol=1e-14)
    away = posterior["loading"].sel(asset="a01") - posterior["loading_mean"].sel(group="g1")
    expected = 252 * ((away * posterior["risk_premium"]).sum("factor") + posterior["alpha"].sel(asset="a01"))
    np.testing.assert_allclose(own.sel(asset="a01"), expected, atol=1e-12)
    total = bf.attribute(hier_fit).draws.sel(source="total")
    np.testing.assert_allclose(draws.sel(source="total"), total, atol=1e-12)


def test_shares_of_a_variance(hier_fit):
    found = bf.attribute(hier_fit, "variance", portfolio=MIX)
    shares = found.shares
    np.testing.assert_allclose(shares.isel(source=slice(None, -1)).sum("source"), 1.0, rtol=1e-12)
    own = found.draws.sel(source="idiosyncratic") / found.draws.sel(source="total")
    table = found.share_table(above=0.5, ci_prob=0.8).query("source == 'idiosyncratic'").set_index("asset")
    expected = (own > 0.5).mean(("chain", "draw")).to_series()
    assert 0 < expected.min() < 1
    pd.testing.assert_series_equal(table["prob_above"].loc[expected.index], expected, check_names=False)
    assert "prob_positive" not in table
    assert found.share_table(0.7).attrs["above"] == 0.7
    low = np.quantile(own.sel(asset="a02"), 0.1)
    assert table.loc["a02", "lower"] == pytest.approx(low, abs=10 * table.loc["a02", "mcse"])


def test_by_identification_sums_factors_of_one_verdict(cross_fit):
    """The market, other traded factors, and non-traded ones by verdict; then what is no factor."""
    assert bf.identify(cross_fit).verdicts == {"f0": "traded", "f1": "identified", "f2": "unidentified"}
    draws = bf.attribute(cross_fit, by="identification").draws
    kinds = ["market", "non-traded, identified", "non-traded, unidentified"]
    assert draws["source"].values.tolist() == [*kinds, "alpha", "total"]
    plain = bf.attribute(cross_fit).draws
    for kind, name in zip(kinds, ("f0", "f1", "f2"), strict=True):
        np.testing.assert_allclose(draws.sel(source=kind), plain.sel(source=name), atol=1e-15)
    np.testing.assert_allclose(draws.sel(source="total"), plain.sel(source="total"), atol=1e-13)


def test_by_identification_adds_up_factors_that_are_alike(hier_fit):
    """Two traded factors that are not the market's are one source."""
    info = (replace(hier_fit.panel.factor_info[0], family="style"), *hier_fit.panel.factor_info[1:])
    fit = replace(hier_fit, panel=replace(hier_fit.panel, factor_info=info))
    draws, plain = bf.attribute(fit, by="identification", portfolio=MIX).draws, bf.attribute(fit, portfolio=MIX).draws
    assert draws["source"].values.tolist()[0] == "other traded"
    both = plain.sel(source=["f0", "f1"]).sum("source")
    np.testing.assert_allclose(draws.sel(source="other traded"), both, atol=1e-15)


WHAT = {
    ("premium", "factor"): ["traded", "identified", "unidentified", "", "partly unidentified"],
    ("premium", "family"): ["traded", "partly unidentified", "", "partly unidentified"],
    ("premium", "level"): ["partly unidentified"] * 4,
    ("premium", "identification"): ["traded", "identified", "unidentified", "", "partly unidentified"],
}


@pytest.mark.parametrize(("kind", "by"), WHAT)
def test_every_table_says_how_well_each_source_is_known(cross_fit, kind, by):
    found = bf.attribute(cross_fit, kind, by=by, portfolio={"a00": 1.0})
    table = found.table()
    for asset in ("a03", "portfolio"):
        assert table[table["asset"] == asset]["identification"].tolist() == WHAT[kind, by]
    assert list(found.identification) == found.draws["source"].values.tolist()
    unknown = [note for note in found.notes if note.startswith("unidentified, so that what they pay")]
    assert len(unknown) == 1
    assert all("f2" in note and "f1" not in note for note in unknown)


@pytest.mark.parametrize("by", ["factor", "family"])
def test_a_realised_return_has_no_identification(cross_fit, by):
    """Most of it is what happened, also of a factor whose premium is unidentified."""
    found = bf.attribute(cross_fit, "return", by=by)
    assert found.identification == {}
    assert "identification" not in found.table()


def test_a_variance_has_no_identification(cross_fit):
    found = bf.attribute(cross_fit, "variance")
    assert "identification" not in found.table()
    assert "identification" not in found.share_table()
    assert found.uncertainty is None
    assert bf.attribute(cross_fit, "return").uncertainty is None


@pytest.mark.parametrize("name", ["cross_fit", "rate_fit"])
def test_shares_of_uncertainty_are_covariances_with_the_premium(name, request):
    """Each part's covariance with the premium over its variance, by numpy; they add up to 1."""
    fit = request.getfixturevalue(name)
    rate, mix = name == "rate_fit", {**MIX, "a01": 0.8}  # weights need not add up to 1
    table = bf.attribute(fit, portfolio=mix).uncertainty
    assert table.index.tolist() == [*fit.panel.assets, "portfolio"]
    extra = ["zero_beta"] if rate else []
    parts = ["premia", "loadings", "alpha", "interaction", *extra]
    assert table.columns.tolist() == ["sd", *parts]
    np.testing.assert_allclose(table[parts].sum(axis=1), 1.0, rtol=1e-10)
    posterior = fit.posterior
    paid = posterior["risk_premium"].values.reshape(-1, 3)
    for entry, w in (("a05", vector(fit, {"a05": 1.0})), ("portfolio", vector(fit, mix))):
        beta = np.einsum("cdik,i->cdk", posterior["loading"].values, w).reshape(-1, 3)
        alpha = np.einsum("cdi,i->cd", posterior["alpha"].transpose("chain", "draw", "asset").values, w).ravel()
        rates = w.sum() * posterior["zero_beta"].values.ravel() if rate else 0.0
        total = (beta * paid).sum(axis=1) + alpha + rates
        b, away = beta - beta.mean(axis=0), paid - paid.mean(axis=0)
        expected = [away @ beta.mean(axis=0), b @ paid.mean(axis=0), alpha, (b * away).sum(axis=1)]
        shares = [np.cov(part, total)[0, 1] / total.var(ddof=1) for part in [*expected, *([rates] if rate else [])]]
        np.testing.assert_allclose(table.loc[entry, parts].to_numpy(), shares, rtol=1e-8, atol=1e-10)
        assert table.loc[entry, "sd"] == pytest.approx(12 * total.std(), rel=1e-9)


@pytest.mark.parametrize(
    ("kind", "by", "per"),
    [*product(("premium", "return"), ("factor", "family"), ("asset", "group")), ("premium", "level", "asset"),
     ("premium", "identification", "group")],
)  # fmt: skip
def test_a_zero_beta_rate_is_a_source_and_sources_add_up(rate_fit, kind, by, per):
    """Weights of 1.0 in all earn it once; those that add up to 0.4 earn 0.4 of it."""
    for mix in (MIX, {"a00": 0.9, "a04": -0.5}):
        draws = bf.attribute(rate_fit, kind, by=by, per=per, portfolio=mix).draws
        parts = draws.isel(source=slice(None, -1)).sum("source")
        np.testing.assert_allclose(parts, draws.sel(source="total"), rtol=0, atol=1e-10)
        if by == "level":
            assert "zero_beta" not in draws["source"]
            continue
        periods = 400 if kind == "return" else 12
        rate = periods * rate_fit.posterior["zero_beta"]
        found = draws.sel(source="zero_beta")
        np.testing.assert_allclose(found.isel({per: 0}), rate, rtol=1e-12)
        np.testing.assert_allclose(found.sel({per: "portfolio"}), sum(mix.values()) * rate, rtol=1e-12)
    plain = bf.attribute(rate_fit, "premium", per=per, portfolio=mix).draws.sel(source="total")
    if kind == "premium":
        np.testing.assert_allclose(draws.sel(source="total"), plain, atol=1e-12)


def test_a_verdict_is_that_of_the_source_and_of_no_namesake(cross_fit):
    """A factor that is called like a family of others keeps its own verdict, and so does the family."""
    from dataclasses import replace as copy

    panel = cross_fit.panel
    info = (panel.factor_info[0], copy(panel.factor_info[1], family="f2"), copy(panel.factor_info[2], family="f2"))
    fit = copy(cross_fit, panel=copy(panel, factor_info=info))
    by_factor = bf.attribute(fit, "premium").identification
    assert by_factor == {**bf.identify(fit).verdicts, "alpha": "", "total": "partly unidentified"}
    by_family = bf.attribute(fit, "premium", by="family").identification
    assert by_family == {"market": "traded", "f2": "partly unidentified", "alpha": "", "total": "partly unidentified"}


def test_results_cannot_be_changed(cross_fit):
    found, picture, split = bf.identify(cross_fit), bf.price(cross_fit), bf.attribute(cross_fit)
    for array in (found.strength, found.premium, picture.predicted, picture.alpha, split.draws):
        with pytest.raises(ValueError, match="read-only"):
            array.values[0, 0] = 1.0


def test_doubt_of_a_fit_that_failed_says_so(short_fit):
    assert (bf.attribute(short_fit).uncertainty["warning"] == "not converged").all()
    assert "warning" not in bf.attribute(short_fit, allow_unconverged=True).uncertainty


def entries_of(table):
    return list(dict.fromkeys(table.iloc[:, 0]))


@pytest.mark.parametrize("kind", ["premium", "return", "variance"])
@pytest.mark.parametrize("per", ["asset", "group"])
def test_the_portfolio_comes_first_in_tables(hier_fit, kind, per):
    found = bf.attribute(hier_fit, kind, per=per, portfolio=MIX)
    names = found.draws[per].values.tolist()
    assert names[-1] == "portfolio"
    tables = [found.table(rounded=False), *([found.share_table(rounded=False)] if kind == "variance" else [])]
    for table in tables:
        assert entries_of(table) == ["portfolio", *names[:-1]]
        assert table.index.tolist() == list(range(len(table)))
    means = found.draws.mean(("chain", "draw"))
    for row in tables[0].to_dict("records"):
        assert row["mean"] == pytest.approx(float(means.sel({per: row[per], "source": row["source"]})), rel=1e-9)
    assert entries_of(bf.attribute(hier_fit, kind, per=per).table()) == names[:-1]


@pytest.mark.parametrize(
    ("per", "wanted"),
    [
        ("asset", ["a03", "portfolio"]),
        ("asset", ["portfolio"]),
        ("asset", ("a08", "a00", "a04")),
        ("asset", np.array(["a05", "a01"])),
        ("asset", pd.Index(["a05"])),
        ("group", ["g2", "portfolio", "g0"]),
    ],
)
def test_a_table_of_some_entries_has_them_in_that_order(hier_fit, per, wanted):
    found = bf.attribute(hier_fit, "variance", per=per, portfolio=MIX)
    for whole, some in (
        (found.table(), found.table(assets=wanted)),
        (found.share_table(0.2, ci_prob=0.5), found.share_table(0.2, ci_prob=0.5, assets=wanted)),
    ):
        assert entries_of(some) == list(wanted)
        expected = pd.concat([whole[whole[per] == name] for name in wanted], ignore_index=True)
        pd.testing.assert_frame_equal(some, expected)
        assert some.attrs == whole.attrs


def test_one_name_is_a_list_of_one(hier_fit):
    found = bf.attribute(hier_fit)
    pd.testing.assert_frame_equal(found.table(assets="a03"), found.table(assets=["a03"]))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["A03"], "unknown asset 'A03'. Did you mean 'a03'?"),
        (["g0"], "unknown asset 'g0'"),
        (["portfolio"], "unknown asset 'portfolio'"),
        (["a00", 3], "unknown asset '3'"),
        (["a00", "a01", "a00"], "'a00' is asked for twice. Name it once."),
        ([], r"assets is [], and must be a list of names. Write assets=['a00']."),
        (5, "assets is 5, and must be a list of names."),
    ],
)
def test_entries_that_a_table_cannot_have(hier_fit, wanted, found):
    said = bf.attribute(hier_fit, "variance")
    for ask in (said.table, said.share_table):
        with pytest.raises(bf.SpecError) as caught:
            ask(assets=wanted)
        assert found in str(caught.value)
    with pytest.raises(bf.SpecError, match=r"unknown group 'g9'\. Allowed: g0, g1, g2"):
        bf.attribute(hier_fit, per="group").table(assets=["g9"])
