"""rolling: each window is what its dates say, and knows nothing of what comes after."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.data.windows import rolling
from bayesfactor.panel.records import Calendar
from tests.support.panels import make_panel


@pytest.fixture(scope="module")
def panel():
    """100 days; a01 stops after 30 of them, a02 begins after 60."""
    whole = make_panel(assets=4, traded=1, other=1, periods=100, groups=2)
    values = whole.returns.values.copy()
    values[30:, 1], values[:60, 2] = np.nan, np.nan
    return replace(whole, returns=whole.returns.copy(data=values))


@pytest.mark.parametrize(("window", "step", "count"), [(20, 10, 9), (20, 7, 12), (33, 33, 3), (100, 1, 1), (99, 1, 2)])
def test_windows_are_those_of_a_slice(panel, window, step, count):
    windows = rolling(panel, window, step)
    frame, factors = panel.returns.to_pandas(), panel.factors.to_pandas()
    assert len(windows) == len(list(windows)) == count
    for place, (label, part) in enumerate(windows.items()):
        expected = frame.iloc[place * step : place * step + window].dropna(axis=1, how="all")
        assert label == str(expected.index[-1].date())
        pd.testing.assert_frame_equal(part.returns.to_pandas(), expected)
        pd.testing.assert_frame_equal(part.factors.to_pandas(), factors.loc[expected.index])
        assert part.groups.to_series().equals(panel.groups.to_series()[expected.columns])
    assert list(windows) == sorted(windows)


def test_nothing_is_known_of_what_comes_after(panel):
    cut = 50
    later = panel.returns["time"].values[cut]
    changed = replace(
        panel,
        returns=panel.returns.where(panel.returns["time"] < later, 9.0),
        factors=panel.factors.where(panel.factors["time"] < later, 9.0),
    )
    for past in (False, True):
        before, after = rolling(panel, 20, 10, past=past), rolling(changed, 20, 10, past=past)
        same = [before[label].fingerprint == after[label].fingerprint for label in before]
        assert same == [np.datetime64(label) < later for label in before]
        assert any(same)
        assert not all(same)


def test_factors_may_keep_their_past(panel):
    older = replace(panel, returns=panel.returns.isel(time=slice(40, None)))
    for label, part in rolling(older, 20, 20, past=True).items():
        assert part.factors["time"].values[0] == panel.factors["time"].values[0]
        assert str(part.factors["time"].values[-1].astype("datetime64[D]")) == label
    for part in rolling(older, 20, 20).values():
        assert part.factors["time"].equals(part.returns["time"])


def test_an_asset_without_a_return_is_left_out_with_a_note(panel):
    windows = rolling(panel, 20, 20)
    assert [part.assets for part in windows.values()] == [
        ("a00", "a01", "a03"),
        ("a00", "a01", "a03"),
        ("a00", "a03"),
        ("a00", "a02", "a03"),
        ("a00", "a02", "a03"),
    ]
    part = windows[list(windows)[2]]
    first, last = part.returns["time"].values[[0, -1]].astype("datetime64[D]")
    said = f"left out, without a return from {first} to {last}: a01, a02"
    assert [note.text for note in part.notes] == [said]
    assert said in str(part.describe())


def test_a_window_is_made_when_it_is_asked_for(panel):
    windows = rolling(panel, 20, 10)
    label = list(windows)[3]
    assert windows[label] is not windows[label]
    assert windows[label].fingerprint == windows[label].fingerprint
    assert label in windows
    assert "2000-01-01" not in windows
    assert windows.get("2000-01-01") is None
    with pytest.raises(SpecError, match="unknown window '2000-01-01'"):
        _ = windows["2000-01-01"]
    first, *_, last = windows
    assert repr(windows).startswith(f"Windows(9 of 20 periods, ending {first} to {last}, of ")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"window": 101}, "window is 101; it must be a whole number from 2 to 100"),
        ({"window": 1}, "window is 1;"),
        ({"window": 20.0}, "window is 20.0;"),
        ({"window": True}, "window is True;"),
        ({"window": "2Y"}, "window is '2Y';"),
        ({"step": 0}, "step is 0; it must be a whole number of at least 1"),
        ({"panel": 4}, "expected a Panel, found int"),
    ],
)
def test_what_cannot_be_is_refused(panel, settings, said):
    with pytest.raises(SpecError, match=said) as caught:
        rolling(**{"panel": panel, "window": 20, "step": 5, **settings})
    assert caught.value.place.startswith("rolling.")


def test_a_window_without_any_return_is_named(panel):
    empty = replace(panel, returns=panel.returns.where(np.arange(100)[:, None] < 35))
    label = str(panel.returns["time"].values[35 + 34].astype("datetime64[D]"))
    with pytest.raises(DataError, match=f"ends on {label} has no return") as caught:
        rolling(empty, 35, 5)
    assert caught.value.date == label
    assert len(rolling(empty, 60, 30)) == 2


def test_windows_that_end_on_one_day_have_names_of_their_own():
    panel = make_panel(assets=2, traded=1, other=0, periods=40)
    hours = pd.date_range("2024-01-01", periods=40, freq="h")
    panel = replace(
        panel,
        returns=panel.returns.assign_coords(time=hours),
        factors=panel.factors.assign_coords(time=hours),
        calendar=Calendar("hourly", 8760),
    )
    windows = rolling(panel, 5)
    assert len(windows) == 36
    assert next(iter(windows)) == "2024-01-01 04:00:00"
