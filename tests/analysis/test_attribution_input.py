"""What attribute refuses, and what its tables say of a fit that did not converge."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.analysis.portfolio.portfolio_weights import holdings
from bayesfactor.base.errors import DataError, FitError, SpecError
from bayesfactor.cli.input import read_weights

BAD_WEIGHTS = [float("nan"), float("inf"), "0.5", None, True, 1j]


@pytest.mark.parametrize("weight", BAD_WEIGHTS)
def test_weights_that_are_no_finite_numbers(hier_fit, weight):
    with pytest.raises(DataError, match=r"weight of 'a01' is .* finite number") as caught:
        bf.attribute(hier_fit, portfolio={"a00": 1.0, "a01": weight})
    assert caught.value.series == "a01"
    assert caught.value.value is weight


@pytest.mark.parametrize("portfolio", [{}, pd.Series(dtype=float)])
def test_portfolios_of_nothing(hier_fit, portfolio):
    with pytest.raises(DataError, match="holds no weights"):
        bf.attribute(hier_fit, portfolio=portfolio)


@pytest.mark.parametrize("portfolio", [[0.5, 0.5], "a00", 1.0, pd.DataFrame({"a00": [1.0]})])
def test_portfolios_that_are_no_mapping(hier_fit, portfolio):
    with pytest.raises(DataError, match=f"not a {type(portfolio).__name__}"):
        bf.attribute(hier_fit, portfolio=portfolio)


@pytest.mark.parametrize("weight", [1e300, -1e20, 1e-300])
def test_weights_too_large_or_small_to_compute_with(hier_fit, weight):
    with pytest.raises(DataError, match="cannot be computed with"):
        bf.attribute(hier_fit, portfolio={"a00": weight})


@pytest.mark.parametrize("above", [50, -0.1, "half"])
def test_a_share_is_between_0_and_1(hier_fit, above):
    with pytest.raises(SpecError, match="must be a share"):
        bf.attribute(hier_fit, "variance").share_table(above)


def test_portfolios_that_cannot_be_held(hier_fit):
    with pytest.raises(DataError, match="Every weight of the portfolio is 0"):
        bf.attribute(hier_fit, portfolio={"a00": 0.0, "a01": 0})
    with pytest.raises(SpecError, match=r"unknown asset 'a0O'\. Did you mean 'a0") as caught:
        bf.attribute(hier_fit, portfolio={"a0O": 1.0})
    assert caught.value.allowed == hier_fit.panel.assets
    with pytest.raises(DataError, match="'a00' twice"):
        bf.attribute(hier_fit, portfolio=pd.Series([0.5, 0.5], index=["a00", "a00"]))


@pytest.mark.parametrize("name", ["cash", "CASH", "Cash & equivalents", "USD", "$cash", "eur", "usd cash", "CASH_USD"])
def test_cash_is_left_out_of_a_portfolio(a_panel, name):
    with pytest.raises(SpecError, match="is not an asset of the panel") as caught:
        holdings(a_panel, "asset", {"a00": 0.7, name: 0.3})
    assert "Leave cash out: its excess return is 0" in caught.value.remedy
    assert caught.value.found == name
    assert holdings(a_panel, "asset", {"a00": 0.7}).sel(asset="portfolio", member="a00") == 0.7


def test_numbers_of_numpy_are_weights(hier_fit):
    one, two = (bf.attribute(hier_fit, portfolio={"a00": kind(2)}).draws for kind in (np.float32, np.int64))
    assert one.equals(two)
    np.testing.assert_allclose(one.sel(asset="portfolio"), 2 * one.sel(asset="a00"), rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "premia"}, "unknown kind 'premia'. Did you mean 'premium'"),
        ({"kind": ["premium"]}, "unknown kind"),
        ({"by": "factors"}, "unknown by 'factors'. Did you mean 'factor'"),
        ({"per": "sector"}, "unknown per 'sector'. Allowed: asset, group"),
        ({"per": None}, "unknown per 'None'"),
        ({"kind": "variance", "by": "level"}, "by='level' splits a premium, not a variance"),
        ({"kind": "return", "by": "level"}, "by='level' splits a premium, not a return"),
        ({"kind": "variance", "by": "identification"}, "by='identification' splits a premium, not a variance"),
        ({"kind": "return", "by": "identification"}, "by='identification' splits a premium, not a return"),
        ({"window": ("2015-01-01", "2015-02-01")}, "window goes with kind='return', not 'premium'"),
        ({"kind": "variance", "window": (None, None)}, "window goes with kind='return', not 'variance'"),
    ],
)
def test_choices_that_do_not_exist_or_go_together(hier_fit, options, message):
    with pytest.raises(SpecError) as caught:
        bf.attribute(hier_fit, **options)
    assert message in str(caught.value)
    assert caught.value.place.startswith("attribute")


@pytest.mark.parametrize(
    "window",
    ["2015-01-01", 5, ("2015-01-01",), ("2015", "2016", "2017"), ("then", None), (pd.Timestamp(0, tz="UTC"), None)],
)
def test_windows_that_are_no_pair_of_dates(hier_fit, window):
    with pytest.raises(SpecError, match="is not a pair of dates") as caught:
        bf.attribute(hier_fit, "return", window=window)
    assert caught.value.found is window


@pytest.mark.parametrize("window", [("2016-01-01", None), (None, "2014-12-31")])
def test_windows_without_a_date(hier_fit, window):
    with pytest.raises(SpecError, match=r"No date in the window .* run from 2015-01-01 to 2015-08-12"):
        bf.attribute(hier_fit, "return", window=window)


def test_a_window_that_ends_before_it_starts(hier_fit):
    with pytest.raises(SpecError, match="ends before it starts"):
        bf.attribute(hier_fit, "return", window=("2015-03-01", "2015-02-01"))


def test_levels_need_groups(a_panel):
    for preset in ("pooled", "unpooled"):
        fit = bf.fit(a_panel, preset, bf.Sampler(draws=4, tune=50, chains=1, progress=False))
        with pytest.raises(SpecError, match="these draws have no 'loading_mean'"):
            bf.attribute(fit, by="level")


def test_what_is_no_fit(a_panel):
    with pytest.raises(FitError, match="expected a Fit, found Panel"):
        bf.attribute(a_panel)
    for accessor in (bf.loadings, bf.alphas, bf.risk_premia):
        with pytest.raises(FitError, match="Expected a Fit, found Panel"):
            accessor(a_panel)


def test_names_that_would_hide_a_source(hier_fit):
    """A family called alpha would swallow the alphas; a factor called total would be counted as one."""
    panel = hier_fit.panel
    for name in ("alpha", "total", "residual", "idiosyncratic", "zero_beta"):
        for field in ("family", "name"):
            info = (replace(panel.factor_info[0], **{field: name}), *panel.factor_info[1:])
            fit = replace(hier_fit, panel=replace(panel, factor_info=info))
            with pytest.raises(DataError, match=f"named '{name}'") as caught:
                bf.attribute(fit, by="family")
            assert caught.value.series == name
    names = ["portfolio", *panel.assets[1:]]
    called = replace(panel, **{name: getattr(panel, name).assign_coords(asset=names) for name in ("returns", "groups")})
    data = hier_fit.data.copy()
    data["posterior"] = xr.DataTree(hier_fit.posterior.assign_coords(asset=names))
    fit = replace(hier_fit, panel=called, data=data)
    with pytest.raises(DataError, match="already an entry named 'portfolio'"):
        bf.attribute(fit, portfolio={"a01": 1.0})


@pytest.mark.parametrize("kind", ["premium", "return"])
def test_shares_are_of_variances_only(hier_fit, kind):
    found = bf.attribute(hier_fit, kind)
    for read in (lambda: found.shares, found.share_table):
        with pytest.raises(SpecError, match=f"Shares of a {kind} are not defined") as caught:
            read()
        assert caught.value.allowed == ("variance",)


def test_a_fit_that_failed_says_so_in_every_table(short_fit, hier_fit):
    assert len(short_fit.problems) >= 2
    assert any(problem.startswith("chains 1") for problem in short_fit.problems)
    for kind in ("premium", "return", "variance"):
        found = bf.attribute(short_fit, kind)
        assert found.problems == short_fit.problems
        tables = [found.table(), found.share_table()] if kind == "variance" else [found.table()]
        for table in tables:
            assert (table["warning"] == "not converged").all()
            assert table.attrs["problems"] == short_fit.problems
        allowed = bf.attribute(short_fit, kind, allow_unconverged=True)
        assert allowed.draws.identical(found.draws)
        assert allowed.problems == ()
        assert "warning" not in allowed.table()
        good = bf.attribute(hier_fit, kind).table()
        assert "warning" not in good
        assert good.attrs["problems"] == ()


def test_tables_state_kind_units_and_interval(hier_fit):
    found = bf.attribute(hier_fit, "return", window=("2015-03-02", None))
    table = found.table(ci_prob=0.8, ci_kind="hdi")
    columns = ["asset", "source", "mean", "sd", "lower", "upper", "prob_positive", "mcse"]
    assert table.columns.tolist() == columns
    assert len(table) == 9 * 6
    assert table.attrs == {
        "ci_kind": "hdi",
        "ci_prob": 0.8,
        "kind": "return",
        "units": "decimal, sum over the window",
        "notes": found.notes,
        "problems": (),
    }
    assert bf.attribute(hier_fit, "variance", per="group").share_table().columns[0] == "group"
    with pytest.raises(SpecError, match="ci_prob is 90"):
        found.table(ci_prob=90)
    with pytest.raises(SpecError, match="unknown interval"):
        found.table(ci_kind="equal")


@pytest.mark.parametrize("weights", [{"a00": 60, "a01": 40}, {"a00": -60.0, "a01": -40.5}, {"a00": 150, "a01": -50}])
def test_weights_in_per_cent_are_refused(a_panel, weights):
    with pytest.raises(DataError, match=r"add up to -?100.* without signs: per cent") as caught:
        holdings(a_panel, "asset", weights)
    assert caught.value.series == "portfolio"
    assert "A weight of 60 % is 0.6" in caught.value.remedy
    holdings(a_panel, "asset", {name: weight / 100 for name, weight in weights.items()})


def test_leverage_is_said(hier_fit):
    for weights, said in (({"a00": 120, "a01": 35}, "155"), ({"a00": 6.0, "a01": -6.0}, "12")):
        notes = bf.attribute(hier_fit, "variance", portfolio=weights).notes
        assert len(notes) == 1
        assert f"add up to {said} without signs, a leverage of {said}: a weight of 60 % is 0.6" in notes[0]
    assert bf.attribute(hier_fit, "variance", portfolio={"a00": 5.0, "a01": -4.0}).notes == ()


@pytest.mark.parametrize("rows", ["a,60\nb,40\n", "a,120\nb,35\n", "a,10000\nb,-2500\n"])
def test_a_file_of_per_cent_shares_or_amounts_is_refused(tmp_path, rows):
    path = tmp_path / "weights.csv"
    path.write_text(f"asset,weight\n{rows}")
    with pytest.raises(DataError, match="per cent, numbers of shares, or amounts") as caught:
        read_weights(path)
    assert caught.value.series == "weights.csv"
    path.write_text("asset,weight\na,3.5\nb,-2.5\n")
    assert read_weights(path) == {"a": 3.5, "b": -2.5}
