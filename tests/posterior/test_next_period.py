"""Newer rows: the panel has to go on from the fit's; what is static stays; what moves needs its path."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.panel.records import Calendar
from bayesfactor.posterior.next_period import at_end_of, extended, next_periods
from tests.support.panels import make_panel, reduced
from tests.support.synthetic_draws import MOVING, synthetic_draws

FIRST = 90


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=4, traded=1, other=1, periods=120, seed=5)


@pytest.fixture(scope="module")
def fit(panel):
    return bf.from_draws(cut(panel), synthetic_draws(panel))


def cut(panel, start=0, end=FIRST):
    return replace(panel, returns=panel.returns[start:end], factors=panel.factors[start:end])


def changed(array, row, place, value):
    values = array.values.copy()
    values[row, place] = value
    return array.copy(data=values)


def test_a_static_fit_keeps_its_draws_on_the_longer_panel(panel, fit):
    later = at_end_of(fit, panel)
    xr.testing.assert_identical(later.posterior, fit.posterior)
    assert later.panel.fingerprint == panel.fingerprint
    assert later.data["observed_data"]["returns"].sizes["time"] == len(panel.times)
    assert len(fit.panel.times) == FIRST
    assert (later.model, later.engine) == (fit.model, fit.engine)


def test_it_can_be_saved(panel, fit, tmp_path):
    later = at_end_of(fit, panel)
    opened = bf.open_fit(later.save(tmp_path / "later.nc"))
    assert opened.panel.fingerprint == panel.fingerprint


def test_a_log_likelihood_is_that_of_the_rows_it_was_made_of(panel):
    draws = synthetic_draws(panel)
    fit = bf.from_draws(cut(panel), draws, bf.read_model("unpooled"))
    later = at_end_of(fit.with_log_likelihood(), panel)
    assert "log_likelihood" not in later.data.children


def test_each_row_has_its_draws(panel, fit):
    longer = extended(fit, panel, "after")
    given = list(next_periods(fit, longer, range(FIRST, 120), 10))
    assert len(given) == 120 - FIRST
    assert all(one is given[0] for one in given)
    assert given[0].sizes["draw"] * given[0].sizes["chain"] == 10


def test_rows_before_the_first_and_what_the_fit_does_not_have_are_left_out(panel):
    own = cut(panel, 20).select(["a03", "a01"], ["f1"])
    fit = bf.from_draws(own, synthetic_draws(own))
    later = at_end_of(fit, panel)
    assert later.panel.assets == ("a03", "a01")
    assert later.panel.factor_names == ("f1",)
    assert list(later.panel.times) == list(panel.times[20:])


def test_what_moves_needs_its_path(panel):
    fit = bf.from_draws(cut(panel), synthetic_draws(panel, moving=MOVING))
    with pytest.raises(bf.FitError, match=r"cannot update 'loading_long_run'.*Fit anew"):
        at_end_of(fit, panel)
    own = cut(panel)
    xr.testing.assert_identical(at_end_of(fit, own).posterior, fit.posterior)


def other_rows(panel):
    late = panel.returns["time"].values + np.timedelta64(1, "D")
    return replace(
        panel, returns=panel.returns.assign_coords(time=late), factors=panel.factors.assign_coords(time=late)
    )


WRONG = {
    "a value": (
        lambda p: replace(p, returns=changed(p.returns, 10, 2, 0.5)),
        r"Asset 'a02' is 0\.5 on 2015-01-15, and in the fit",
        "a02",
    ),
    "a value of a factor": (
        lambda p: replace(p, factors=changed(p.factors, 3, 1, 0.5)),
        r"Factor 'f1' is 0\.5 on 2015-01-06, and in the fit",
        "f1",
    ),
    "a return that the fit has": (
        lambda p: replace(p, returns=changed(p.returns, 10, 2, np.nan)),
        "Asset 'a02' is nan on 2015-01-15",
        "a02",
    ),
    "per cent": (lambda p: replace(p, returns=p.returns * 100), "Asset 'a00' is", "a00"),
    "too short": (lambda p: cut(p, 0, 50), "the fit alone has returns on 2015-03-12", "panel"),
    "a row less": (
        lambda p: replace(p, returns=p.returns[[*range(5), *range(6, 120)]]),
        "alone has returns on 2015-01-08",
        "panel",
    ),
    "other dates": (other_rows, "alone has returns on", "panel"),
    "no asset": (lambda p: p.select(["a00", "a01", "a02"]), "it has no asset 'a03'", "a03"),
    "no factor": (lambda p: p.select(None, ["f0"]), "it has no factor 'f1'", "f1"),
    "another calendar": (
        lambda p: replace(p, calendar=Calendar("daily", 365)),
        "its calendar is .*365.* and the fit's .*252",
        "panel",
    ),
    "another kind of factor": (
        lambda p: replace(p, factor_info=tuple(replace(f, traded=False) for f in p.factor_info)),
        "'traded' of factor 'f0' is False, and the fit's True",
        "f0",
    ),
    "another group": (
        lambda p: replace(p, groups=p.groups.copy(data=["g9"] * 4)),
        "asset 'a00' is in the group 'g9', and in the fit in 'g0'",
        "a00",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_panel_that_does_not_go_on_is_refused(panel, fit, case):
    change, text, series = WRONG[case]
    with pytest.raises(bf.DataError, match=f"does not go on from the fit's: .*{text}") as caught:
        at_end_of(fit, change(panel))
    assert caught.value.series == series


def test_it_has_to_hold_returns(panel, fit):
    with pytest.raises(bf.SpecError, match="after needs single returns"):
        at_end_of(fit, reduced(panel))
    with pytest.raises(bf.FitError, match="after: expected a Fit, found str"):
        at_end_of("fit", panel)


def test_a_fit_of_statistics_goes_on_with_a_panel(panel):
    own = reduced(cut(panel))
    later = at_end_of(bf.from_draws(own, synthetic_draws(panel)), panel)
    assert later.panel.fingerprint == panel.fingerprint
