"""Every number of the report is that of the result it comes from."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.analysis.portfolio.portfolio_weights import PORTFOLIO
from bayesfactor.analysis.portfolio.residual_risk_words import model_ends
from bayesfactor.base.wording import chance, percent
from bayesfactor.panel.regressions import least_squares_loadings
from bayesfactor.posterior.diagnostics import UNSEEN
from bayesfactor.posterior.summaries import summarise
from bayesfactor.reporting.content.answer import PLAIN
from bayesfactor.reporting.content.grids import number
from bayesfactor.reporting.content.prose import estimate, likelihood
from tests.support.panels import make_panel
from tests.support.reader import MIX, Reader, agree
from tests.support.synthetic_draws import synthetic_draws

FORMS = {"percent": percent, "chance": chance, "number": number, "count": "{:,.0f}".format}
ENDS = {"mean": "percent", "lower": "percent", "upper": "percent"}


POSTERIOR = dict.fromkeys(("mean", "sd", "lower", "upper"), "sd")


def holds(reader, id, table, columns, units=None):
    """Every cell of a table holds the value of the result's own, written in its form; no column is left over.

    `units`: the columns whose value says how many digits others have, as the report's rule has it.
    """
    heads, rows = reader.rows(id)
    assert list(rows) == [str(name) for name in table.index]
    assert heads[1:] == [head for head, _, _ in columns]
    for (name, cells), row in zip(rows.items(), table.to_dict("records"), strict=True):
        for cell, (head, column, form) in zip(cells, columns, strict=True):
            value = row[column]
            if form == "text":
                wanted = ("no", "yes")[value] if isinstance(value, bool) else "" if value is None else str(value)
                assert cell["text"] == wanted, (id, name, head)
                continue
            known = np.isfinite(float(value))
            assert float(cell["value"]) == float(value) or not known, (id, name, head)
            unit = (units or {}).get(column)
            more = (row[unit] / (3 if unit == column else 1),) if unit and form in ("percent", "number") else ()
            assert cell["text"] == (FORMS[form](float(value), *more) if known else ""), (id, name, head)


def ends(**more):
    return [(name, name, form) for name, form in {**ENDS, **more}.items()]


def of_portfolio(table):
    return table[table["asset"] == PORTFOLIO].set_index("source")


@pytest.mark.parametrize(("id", "by"), [("by-factor", "factor"), ("by-family", "family"), ("by-level", "level")])
def test_contributions_are_those_of_attribute(written, hier_fit, id, by):
    agree(written[1], id, bf.attribute(hier_fit, "premium", by=by, portfolio=MIX).table(), "asset")


def test_groups_are_those_of_attribute(written, hier_fit):
    agree(written[1], "by-group", bf.attribute(hier_fit, by="family", per="group").table(), "group")


@pytest.mark.parametrize(("id", "per"), [("risk-shares", "asset"), ("risk-groups", "group")])
def test_risk_is_that_of_attribute(written, hier_fit, id, per):
    found = bf.attribute(hier_fit, "variance", per=per, portfolio=MIX if per == "asset" else None)
    table = found.share_table(0.5)
    agree(written[1], id, table[table["source"] != "total"], per)
    own = table[table["source"] == "idiosyncratic"].set_index(per)["prob_above"]
    moved = summarise(found.draws.sel(source="total", drop=True) ** 0.5, 0.9, "eti").set_index(per)
    heads, rows = written[1].rows(id)
    for name, row in rows.items():
        likely, volatility = (row[heads.index(head) - 1] for head in ("P(idiosyncratic > 50 %)", "volatility a year"))
        assert float(likely["value"]) == own[name]
        assert likely["text"] == chance(own[name])
        assert float(volatility["value"]) == moved.loc[name, "mean"]
        low, high, sd = moved.loc[name, ["lower", "upper", "sd"]]
        assert volatility["below"] == f"{percent(low, sd)} to {percent(high, sd)}"
    realised = found.residual_table().set_index(per)
    for name, row in rows.items():
        cell, share = row[heads.index("realised residual share, sample") - 1], realised.loc[name, "realised_share"]
        assert float(cell["value"]) == share
        assert cell["text"] == percent(share, share / 20)
        assert cell["below"].startswith("residual volatility ")
        assert cell["below"].endswith(" a year")


def test_the_portfolio_is_that_of_attribute(written, hier_fit):
    reader = written[1]
    premium = of_portfolio(bf.attribute(hier_fit, portfolio=MIX).table())
    order = premium["mean"].drop("total").abs().sort_values(ascending=False, kind="stable").index
    known = [("P(> 0)", "prob_positive", "chance"), ("how it is known", "identification", "text")]
    holds(reader, "portfolio-premium", premium.loc[["total", *order]], [*ends(), *known], POSTERIOR)
    shares = of_portfolio(bf.attribute(hier_fit, "variance", portfolio=MIX).share_table()).drop("total")
    holds(reader, "portfolio-risk", shares.sort_values("mean", ascending=False, kind="stable"), ends(), POSTERIOR)
    weights = xr.DataArray(list(MIX.values()), {"asset": list(MIX)})
    loading = summarise((hier_fit.posterior["loading"].sel(asset=list(MIX)) * weights).sum("asset"), 0.9, "eti")
    holds(
        reader, "portfolio-loadings", loading.set_index("factor"), [(name, name, "number") for name in ENDS], POSTERIOR
    )


def told(cell, row):
    """Whether a cell holds a mean and its interval."""
    mean, lower, upper, sd = (float(row[name]) for name in ("mean", "lower", "upper", "sd"))
    below = f"{percent(lower, sd)} to {percent(upper, sd)}" if upper > lower else ""
    return (float(cell["value"]), cell["text"], cell["below"]) == (mean, percent(mean, sd), below)


def test_positions_are_those_of_position_risk_and_attribute(written, hier_fit):
    heads, rows = written[1].rows("positions")
    held = pd.Series(MIX).abs().sort_values(ascending=False).index.tolist()
    rest = [name for name in hier_fit.panel.assets if name not in MIX]
    assert list(rows) == [PORTFOLIO, *held, *rest]
    assert [row[0]["text"] for row in written[1].tables["positions"][1:]] == [PORTFOLIO, *held]
    risk, premium = bf.position_risk(hier_fit, MIX), bf.attribute(hier_fit, portfolio=MIX).table()
    by = risk.table().set_index(["measure", "asset"])
    total = premium[premium["source"] == "total"].set_index("asset")
    variance = bf.attribute(hier_fit, "variance", portfolio=MIX)
    volatility = summarise(variance.draws.sel(source="total", drop=True) ** 0.5, 0.9, "eti").set_index("asset")
    shares = variance.share_table()
    own = shares[shares["source"] == "idiosyncratic"].set_index("asset")
    common = shares[shares["source"] == "common residual"].set_index("asset")
    realised = variance.residual_table().set_index("asset")
    when = "" if variance.long_run is None else f", next {hier_fit.panel.calendar.period}"
    for name, cells in rows.items():
        cell = dict(zip(heads[1:], cells, strict=True))
        assert told(cell["expected return"], total.loc[name])
        assert told(cell["volatility"], volatility.loc[name])
        assert told(cell[f"idiosyncratic share{when}"], own.loc[name])
        if not common.empty:
            assert told(cell[f"common residual share{when}"], common.loc[name])
        assert float(cell["realised residual share, sample"]["value"]) == realised.loc[name, "realised_share"]
        if name in rest:
            assert [cell[head]["text"] for head in ("weight", "adds to return", "share of risk")] == ["", "", ""]
        else:
            assert told(cell["adds to volatility"], by.loc["component", name])
            assert told(cell["share of risk"], by.loc["share", name])
            assert float(cell["weight"]["value"]) == pytest.approx(MIX.get(name, sum(MIX.values())))
        if name == PORTFOLIO:
            assert told(cell["adds to return"], total.loc[name])
            assert cell["marginal risk"]["text"] == ""
            continue
        assert told(cell["marginal risk"], by.loc["marginal", name])
        if name in MIX:  # of a short position the ends change places
            draws = MIX[name] * bf.attribute(hier_fit).draws.sel(asset=name, source="total", drop=True)
            assert told(cell["adds to return"], summarise(draws, 0.9, "eti").iloc[0])


def test_losses_have_no_digit_within_their_monte_carlo_error(written, hier_fit):
    period, found = hier_fit.panel.calendar.period, bf.position_risk(hier_fit, MIX).tail()
    losses = f"Losses of the next {period}, at 95 %: value at risk (.*) %, expected shortfall (.*) %, parameter"
    said = re.search(losses, written[1].text("portfolio"))
    for text, (_, row) in zip(said.groups(), found.iterrows(), strict=True):
        assert float(text) / 100 == pytest.approx(row["loss"], abs=5 * row["mcse"])  # half a unit of ten errors at most
        places = len(text.partition(".")[2])
        assert 10.0 ** -(places + 2) >= row["mcse"]


@pytest.mark.parametrize("compounded", [False, True])
def test_realised_returns_are_those_of_attribute(written, hier_fit, compounded):
    found = bf.attribute(hier_fit, "return", by="family", portfolio=MIX, compounded=compounded)
    id = f"realised-0-{'compounded' if compounded else 'summed'}"
    agree(written[1], id, found.table(), "asset")
    heads, rows = written[1].rows(id)
    counted = {name: float(row[heads.index("periods") - 1]["value"]) for name, row in rows.items()}
    assert counted == found.span["periods"].to_dict()
    assert "Carino" in written[1].text("realised")


def test_premia_are_those_of_identify(written, hier_fit):
    columns = [
        ("verdict", "verdict", "text"), ("prior mean", "prior_mean", "percent"), ("prior sd", "prior_sd", "percent"),
        ("data mean", "data_mean", "percent"), ("data se", "data_se", "percent"),
        ("posterior mean", "mean", "percent"), ("posterior sd", "sd", "percent"),
        ("lower", "lower", "percent"), ("upper", "upper", "percent"), ("P(> 0)", "prob_positive", "chance"),
        ("contraction", "posterior_contraction", "number"), ("data are", "data_from", "text"),
        ("reason", "reason", "text"),
    ]  # fmt: skip
    units = {
        **POSTERIOR,
        "data_mean": "data_se",
        "data_se": "data_se",
        "prior_mean": "prior_sd",
        "prior_sd": "prior_sd",
    }
    holds(written[1], "premia-table", bf.identify(hier_fit).table(), columns, units)


def test_checks_are_those_of_check(written, hier_fit):
    report = bf.check(hier_fit, MIX)
    _, rows = written[1].rows("checks")
    assert list(rows) == [check.name for check in report.checks]
    told = [check for check in report.checks if check.passed is None]
    beyond = sum(check.value > check.limit or check.advice == UNSEEN for check in told)
    assert f"Of {len(told)} checks that only inform, {beyond or 'none'} are beyond" in written[1].text("trust")
    for check in report.checks:
        result, value, limit, worst, advice = rows[check.name]
        assert result["text"] == {True: "passed", False: "FAILED", None: "for information"}[check.passed]
        assert (float(value["value"]), float(limit["value"])) == pytest.approx((check.value, check.limit), nan_ok=True)
        assert worst["text"] == check.worst
        beyond = check.passed is False or (check.passed is None and check.value > check.limit) or check.advice == UNSEEN
        assert advice["text"] == (check.advice if beyond else "")
    columns = [
        ("periods", "periods", "count"), ("sample mean", "sample_mean", "percent"),
        ("standard error", "sample_se", "percent"), ("premium", "premium", "percent"),
        ("gap, se", "gap_in_errors", "number"), ("implied mean", "implied_mean", "percent"),
        ("gap, se of residual", "implied_gap", "number"), ("variance, ratio", "variance_ratio", "number"),
        ("P(tails this heavy)", "prob_tails", "chance"),
    ]  # fmt: skip
    units = dict.fromkeys(("sample_mean", "sample_se", "premium", "implied_mean"), "sample_se")
    holds(written[1], "means", report.assets, columns, units)
    columns = [("and", "other", "text"), ("correlation", "correlation", "number"), ("periods", "periods", "count")]
    rows = [[cell["text"] for cell in row] for row in written[1].tables["pairs"][1:]]
    assert rows == [
        [p.asset, p.other, *map(number, (p.correlation, p.lower, p.upper)), str(p.periods), number(p.model)]
        for p in report.pairs.itertuples()
    ]


def test_loadings_are_those_of_the_posterior(written, hier_fit):
    heads, rows = written[1].rows("loading-table")
    shrinkage, least = bf.check(hier_fit).shrinkage, least_squares_loadings(hier_fit.panel, hier_fit.design.sample)
    for row in summarise(hier_fit.posterior["loading"], 0.9, "eti").to_dict("records"):
        asset, factor = row["asset"], row["factor"]
        cell = rows[asset][heads.index(factor) - 1]
        assert float(cell["value"]) == row["mean"]
        assert cell["below"] == f"{number(row['lower'], row['sd'])} to {number(row['upper'], row['sd'])}"
        assert cell["more"] == f"{number(least.loc[asset, factor], row['sd'])}; {shrinkage.loc[asset, factor]:.2f}"


def test_the_data_are_those_of_describe(written, hier_fit):
    described = hier_fit.panel.describe()
    text, count = ("group", "first", "last"), ("periods", "periods", "count")
    columns = [*((name, name, "text") for name in text), count, ("what was done", "done", "text")]
    holds(written[1], "asset-data", described.assets, columns)
    columns = [
        *((name, name, "text") for name in ("family", "traded", "transform")), ("lag", "lag", "count"),
        ("first", "first", "text"), ("last", "last", "text"), count, ("what was done", "done", "text"),
    ]  # fmt: skip
    holds(written[1], "factor-data", described.factors, columns)


def test_no_table_is_left_unread(written):
    """The tests above read every table of the report; one that is added has to be read too."""
    read = {
        "by-factor", "by-family", "by-level", "by-group", "risk-shares", "risk-groups", "positions",
        "portfolio-premium", "portfolio-risk", "portfolio-loadings", "realised-0-summed", "realised-0-compounded",
        "premia-table", "checks", "means", "pairs", "loading-table", "asset-data", "factor-data",
    }  # fmt: skip
    found = {id.removesuffix("-others") for id in written[1].tables}
    assert found == read


def test_the_answer_is_made_of_the_tables(written, hier_fit):
    text = written[1].text("answer")
    mine = of_portfolio(bf.attribute(hier_fit, "premium", portfolio=MIX).table())
    total = mine.loc["total"]
    span = f"{percent(total['lower'], total['sd'])} to {percent(total['upper'], total['sd'])}"
    assert f"{percent(total['mean'], total['sd'])} a year ({span}, 90 % equal-tailed interval)" in text
    side = "above" if total["mean"] >= 0 else "below"
    likely = total["prob_positive"] if side == "above" else 1 - total["prob_positive"]
    assert f"it is {likelihood(likely)} to be {side} zero" in text
    main = mine.drop(index="total")["mean"].abs().idxmax()
    assert f" is {PLAIN.get(main, main)}: {percent(mine.loc[main, 'mean'], mine.loc[main, 'sd'])}" in text
    share = bf.attribute(hier_fit, "variance", portfolio=MIX).share_table().query("asset == 'portfolio'")
    own = share.set_index("source").loc["idiosyncratic"]
    ends = f"{percent(own['lower'], own['sd'])} to {percent(own['upper'], own['sd'])}"
    assert f"Of the variance of its returns, {percent(own['mean'], own['sd'])} ({ends}) is residual. The rest" in text


def test_numbers_at_the_top_stand_beside_what_the_data_did(written, hier_fit):
    """Recomputed from the panel: the dates on which all members have returns, and a regression on the factors."""
    panel = hier_fit.panel
    held = panel.returns.sel(asset=list(MIX)).to_pandas().dropna()
    own, year = held @ pd.Series(MIX), panel.periods_per_year
    x = np.column_stack([np.ones(len(own)), panel.factors.sel(time=held.index).values])
    left = own - x @ np.linalg.lstsq(x, own, rcond=None)[0]
    mean, error = own.mean() * year, own.std() * year / len(own) ** 0.5
    sd, share = own.std() * year**0.5, (left**2).sum() / ((own - own.mean()) ** 2).sum()
    variance = bf.attribute(hier_fit, "variance", portfolio=MIX)
    total = variance.draws.sel(asset=PORTFOLIO, source="total", drop=True)
    expected = of_portfolio(bf.attribute(hier_fit, portfolio=MIX).table()).loc["total"]
    rows = [expected, summarise(total**0.5, 0.9, "eti").iloc[0]]
    rows.append(of_portfolio(variance.share_table()).loc["idiosyncratic"])
    text = written[1].text("answer")
    then = model_ends(variance.residual_table(assets=[PORTFOLIO]).iloc[0], "share")
    beside = (
        f"sample mean {percent(mean, error)} \N{PLUS-MINUS SIGN} {percent(error, error / 3)} (1 se, {len(own)} "
        f"{panel.calendar.period}s)",
        f"realised {percent(sd, sd / 20)}; the model on the same dates",
        f"realised {percent(share, share / 20)}; the model on the same dates {then}",
    )
    assert then in written[1].text("risk")  # the same number, and not one of other draws
    names = ("Expected excess return a year", "Volatility a year", "Residual share of the variance")
    agrees = bool(variance.residual_table(assets=[PORTFOLIO])["agrees"].iloc[0])
    assert agrees
    apart = (abs(mean - expected["mean"]) > 2 * error, False, not agrees)
    for name, row, said, marked in zip(names, rows, beside, apart, strict=True):
        low, high = (percent(row[end], row["sd"]) for end in ("lower", "upper"))
        mark = "Disagrees: " if marked else ""
        assert f"{name} {percent(row['mean'], row['sd'])} {low} to {high} {mark}{said}" in text


@pytest.mark.usefixtures("words_only")
def test_without_a_portfolio_numbers_are_of_all_assets(tmp_path):
    """Assets of one span: the error of the mean over assets is that of the equal-weighted series."""
    panel = make_panel(assets=6, traded=2, other=1, periods=120, shortest=120, seed=2)
    fit = bf.from_draws(panel, synthetic_draws(panel, draws=100))
    text = Reader(bf.write_report(fit, tmp_path / "r.html").read_text(encoding="utf-8")).text("answer")
    series, year = panel.returns.mean("asset").to_series(), panel.periods_per_year
    mean, error = series.mean() * year, series.std(ddof=1) / len(series) ** 0.5 * year
    said = f"sample mean {percent(mean, error)} \N{PLUS-MINUS SIGN} {percent(error, error / 3)} (1 se)"
    expected = bf.attribute(fit).draws.sel(source="total").mean("asset")
    apart = abs(mean - float(expected.mean())) > 2 * error
    assert (f"Disagrees: {said}" in text) == apart
    assert said in text
    variance = bf.attribute(fit, "variance").draws
    share = estimate(
        (1 - variance.drop_sel(source=["total", "idiosyncratic"]).sum("source") / variance.sel(source="total")).median(
            "asset"
        ),
        0.9,
        "eti",
    )
    ends = f"{share.percent(share.lower)} to {share.percent(share.upper)}"
    assert f"Residual share of the variance {share.percent(share.mean)} {ends} " in text
    assert f"(the median over assets), {share.percent(share.mean)} ({ends}) is residual" in text


@pytest.mark.usefixtures("words_only")
def test_the_mean_of_all_assets_has_no_error_where_checks_leave_one_out(tmp_path):
    """An asset of ten periods is in the mean, and not in the check from which its error is known."""
    panel = make_panel(assets=6, traded=2, other=1, periods=120, shortest=120, seed=2)
    young = panel.returns.where(
        (panel.returns["asset"] != "a05") | (panel.returns["time"] >= panel.returns["time"][110])
    )
    fit = bf.from_draws(replace(panel, returns=young), synthetic_draws(panel, draws=100))
    text = Reader(bf.write_report(fit, tmp_path / "r.html").read_text(encoding="utf-8")).text("answer")
    assert "sample mean " in text
    assert "(1 se)" not in text


def test_what_factors_explain_is_said_of_expected_returns(written, hier_fit):
    row = bf.price(hier_fit).r_squared_table().iloc[0]
    mean, low, high = (percent(row[name], min(row["sd"], 0.2)) for name in ("mean", "lower", "upper"))
    said = f"assets: {mean} ({low} to {high}); below 0"
    assert f"R-squared of the factors' predictions for the expected excess returns of the {said}" in (
        written[1].text("contributions")
    )
