"""Parquet files reduced to statistics: the numbers of the panel in memory, however the rows are split; bad input."""

import pickle
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr
from hypothesis import given, settings, strategies as st

import bayesfactor as bf
from bayesfactor.data.streaming.assembly import integrate_parquet
from bayesfactor.panel.panel import Panel
from bayesfactor.posterior.diagnostics import statistic
from bayesfactor.sampling.kernels.density_problem import prepare

pytest.importorskip("pyarrow")

MINUTES = bf.Calendar("minute", 525_600)
INFO = {
    "market": {"traded": True, "family": "market"},
    "size": {"traded": True, "family": "style"},
    "flow": {"traded": False, "family": "on-chain", "transform": "none"},
}


def bars(periods=400, assets=6, seed=0, young=20):
    """Return returns (time, asset) with gaps and a late start, and factors, one of which begins `young` rows later."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-03-01 22:00", periods=periods, freq="min")
    factors = pd.DataFrame(rng.normal(0, 1e-3, (periods, 3)), times, list(INFO))
    values = factors.to_numpy() @ rng.normal(1, 0.5, (3, assets)) + rng.normal(1e-4, 2e-3, (periods, assets))
    values[rng.uniform(size=values.shape) < 0.1] = np.nan
    values[: periods // 3, 1] = np.nan
    factors.iloc[:young, 2] = np.nan
    return pd.DataFrame(values, times, [f"a{i}" for i in range(assets)]), factors


def long(returns, *, keep_missing=False):
    """Return one row per time and asset, in order of time."""
    frame = returns.rename_axis("time").reset_index().melt("time", var_name="asset", value_name="return")
    frame = frame.sort_values("time", kind="stable").reset_index(drop=True)
    return frame if keep_missing else frame.dropna().reset_index(drop=True)


def in_memory(returns, factors) -> Panel:
    """Return the panel in memory of the times from which every factor is known."""
    used = returns.loc[factors.dropna().index]
    time, asset = used.index.to_numpy().astype("datetime64[ns]"), list(used.columns)
    return Panel(
        returns=xr.DataArray(used.to_numpy(), {"time": time, "asset": asset}, ("time", "asset")),
        factors=xr.DataArray(
            factors.to_numpy(),
            {"time": factors.index.to_numpy().astype("datetime64[ns]"), "factor": list(factors.columns)},
            ("time", "factor"),
        ),
        factor_info=tuple(
            bf.Factor(name, item["traded"], item["family"], aggregate="compound" if item["traded"] else "sum")
            for name, item in INFO.items()
        ),
        groups=xr.DataArray(["all"] * len(asset), {"asset": asset}, ("asset",)),
        calendar=MINUTES,
    )


def written(folder, frame, name="bars.parquet", **options):
    folder.mkdir(exist_ok=True, parents=True)
    frame.to_parquet(folder / name, index=False, **options)
    return folder


def reduce(folder, factors, **options):
    return integrate_parquet(folder, factors, INFO, calendar=MINUTES, **options)


def assert_same_statistics(found, expected, rtol=1e-12):
    for name in ("xx", "xy", "yy", "count"):
        one, other = getattr(found.moments, name), getattr(expected.moments, name)
        size = np.sqrt(np.mean(np.square(other)))
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * size, err_msg=name)


@pytest.fixture(scope="module")
def data():
    return bars()


@pytest.fixture(scope="module")
def folder(data, tmp_path_factory):
    return written(tmp_path_factory.mktemp("bars"), long(data[0]))


def test_statistics_are_those_in_memory(data, folder):
    found, expected = reduce(folder, data[1]), in_memory(*data)
    assert_same_statistics(found, expected)
    assert found.assets == expected.assets
    np.testing.assert_array_equal(found.times, expected.times)
    np.testing.assert_array_equal(found.aligned, expected.aligned)
    ours, theirs = found.describe(), expected.describe()
    assert ours.assets.drop(columns="done").equals(theirs.assets.drop(columns="done"))
    assert ours.factors.equals(theirs.factors)
    xr.testing.assert_equal(found.factors.drop_attrs(), expected.factors)


def test_a_fit_is_that_in_memory(data, folder):
    """The same density to rounding, which chains then amplify; the same posterior to Monte Carlo error."""
    panels, model = (reduce(folder, data[1]), in_memory(*data)), bf.read_model("static")
    problems = [prepare(panel, model) for panel in panels]
    rng = np.random.default_rng(2)
    for _ in range(3):
        (value, slope), (expected, right) = (
            problem.evaluate(theta) for theta in [rng.normal(0, 0.5, problems[0].size)] for problem in problems
        )
        assert value == pytest.approx(expected, rel=1e-10)
        np.testing.assert_allclose(slope, right, rtol=1e-8, atol=1e-7 * np.abs(right).max())
    sampler = bf.Sampler(draws=300, tune=200, chains=2, cores=1, progress=False)
    draws = [bf.fit(panel, model, sampler).posterior["loading"] for panel in panels]
    error = np.sqrt(sum(statistic(one, "mcse", method="mean") ** 2 for one in draws))
    gap = (draws[0].mean(("chain", "draw")) - draws[1].mean(("chain", "draw"))).values
    assert np.abs(gap / error).max() < 5


FRAME, FACTORS = long(bars(periods=90, assets=4, seed=3)[0], keep_missing=True), bars(periods=90, assets=4, seed=3)[1]
WHOLE = in_memory(*bars(periods=90, assets=4, seed=3))


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, len(FRAME)), max_size=5), group=st.integers(1, 400), by_asset=st.booleans())
def test_any_split_of_the_rows_gives_the_same(tmp_path_factory, cuts, group, by_asset):
    """Rows by time or by asset, cut into files anywhere, in row groups of any size."""
    folder = tmp_path_factory.mktemp("split")
    rows = FRAME.sort_values(["asset", "time"]) if by_asset else FRAME
    ends = [0, *sorted(cuts), len(rows)]
    for i, (start, stop) in enumerate(pairwise(ends)):
        written(folder, rows.iloc[start:stop], f"{(7 * i) % 10}_{i}.parquet", row_group_size=group)
    found = reduce(folder, FACTORS)
    assert_same_statistics(found, WHOLE)
    with ThreadPoolExecutor(2) as executor:
        assert reduce(folder, FACTORS, executor=executor).fingerprint == found.fingerprint


@pytest.mark.parametrize("periods", [15, 16, 17, 64, 200])
def test_blocks_of_times_are_not_seen_in_the_sums(tmp_path, periods):
    """Unbroken histories around multiples of the block of times whose cross-products are shared."""
    returns, factors = bars(periods=periods, assets=3, seed=periods, young=0)
    returns = returns.ffill().bfill()
    for width in (1, 2, 3):
        names = list(INFO)[:width]
        used = {name: INFO[name] for name in names}
        found = integrate_parquet(written(tmp_path, long(returns)), factors[names], used, calendar=MINUTES)
        x = np.column_stack([np.ones(periods), factors[names]])
        for i in range(3):
            y = returns.iloc[:, i].to_numpy()
            np.testing.assert_allclose(found.moments.xx[:, :, i], x.T @ x, rtol=1e-12, atol=1e-15)
            np.testing.assert_allclose(found.moments.xy[:, i], x.T @ y, rtol=1e-11, atol=1e-14)
        assert found.moments.count.tolist() == [periods] * 3


def pandas_categorical(path, frame):
    frame.astype({"asset": "category"}).to_parquet(path, index=False)


def polars_plain(path, frame):
    pl.from_pandas(frame).write_parquet(path)


def polars_categorical(path, frame):
    pl.from_pandas(frame).with_columns(pl.col("asset").cast(pl.Categorical)).write_parquet(path)


def milliseconds(path, frame):
    frame.astype({"time": "datetime64[ms]", "return": "float64"}).to_parquet(path, index=False, compression="zstd")


def nanoseconds(path, frame):
    frame.astype({"time": "datetime64[ns]"}).to_parquet(path, index=False)


@pytest.mark.parametrize(
    "write", [pandas_categorical, polars_plain, polars_categorical, milliseconds, nanoseconds], ids=lambda f: f.__name__
)
def test_whoever_wrote_the_file(tmp_path, data, write):
    write(tmp_path / "bars.parquet", long(data[0]))
    assert_same_statistics(reduce(tmp_path, data[1]), in_memory(*data))


def test_whole_numbers_are_names_and_categories_without_rows_are_none(tmp_path, data):
    frame = long(data[0]).astype({"asset": "category"})
    frame["asset"] = frame["asset"].cat.add_categories(["nobody"])
    assert reduce(written(tmp_path / "one", frame), data[1]).assets == tuple(data[0].columns)
    frame["asset"] = frame["asset"].cat.codes.astype("int64") + 10
    found = reduce(written(tmp_path / "two", frame), data[1])
    assert found.assets == ("10", "11", "12", "13", "14", "15")
    assert_same_statistics(found, in_memory(*data))


def test_days_of_a_zone_keep_their_dates(tmp_path):
    """Local midnights are instants within the day elsewhere; a panel calls them by their date."""
    times = pd.date_range("2024-01-01", periods=60, freq="D", tz="Asia/Tokyo")
    rng = np.random.default_rng(1)
    factors = pd.DataFrame({"market": rng.normal(0, 0.01, 60)}, times)
    returns = pd.DataFrame({"a": rng.normal(0, 0.02, 60)}, times)
    info = {"market": {"traded": True}}
    found = integrate_parquet(written(tmp_path, long(returns)), factors, info, calendar="daily")
    assert found.times[0] == np.datetime64("2024-01-01")
    assert found.describe().assets.loc["a", ["first", "last"]].tolist() == ["2024-01-01", "2024-02-29"]
    assert found.periods_per_year == 365
    assert found.moments.count.tolist() == [60]
    with pytest.raises(bf.DataError, match="not in one time zone"):
        integrate_parquet(tmp_path, factors.tz_localize(None), info, calendar="daily")
    days = long(returns.tz_localize(None)).assign(time=lambda frame: frame["time"].dt.date)
    same = integrate_parquet(written(tmp_path / "days", days), factors.tz_localize(None), info, calendar="daily")
    assert_same_statistics(same, found)
    assert same.fingerprint == found.fingerprint


def test_missing_returns_and_times_outside_the_factors_are_counted(tmp_path, data):
    returns, factors = data
    short = factors.iloc[10:-15]
    found = reduce(written(tmp_path, long(returns, keep_missing=True)), short)
    assert_same_statistics(found, in_memory(returns, short))
    notes = {(note.series, note.text) for note in found.notes}
    inside = returns.loc[short.dropna().index]
    for name in returns:
        outside = int(returns[name].count() - inside[name].count())
        assert (name, f"{outside} returns outside the factors' common span") in notes
    missing = int(returns.isna().sum().sum())
    assert f"{missing} have no return: not traded" in next(iter(found.notes)).text
    assert "returns are used from 2024-03-01 22:20:00" in found.describe().panel


def test_an_asset_without_a_return_leans_on_its_group(tmp_path, data):
    returns = data[0].assign(zz=np.nan)
    found = reduce(written(tmp_path, long(returns, keep_missing=True)), data[1], asset_info=dict.fromkeys(returns, "g"))
    assert found.moments.count[-1] == 0
    assert np.isnat(found.last.values[-1])
    assert "only its group speaks for it" in str(found.describe())
    assert found.group_names == ("g",)


def test_risk_free_is_subtracted_at_its_own_time(tmp_path, data):
    rate = pd.Series(np.linspace(1e-6, 2e-6, len(data[1])), data[1].index)
    found = reduce(written(tmp_path, long(data[0])), data[1], risk_free=rate)
    assert_same_statistics(found, in_memory(data[0].sub(rate, axis=0), data[1]), rtol=1e-11)
    assert_same_statistics(reduce(tmp_path, data[1], risk_free=1e-6), in_memory(data[0] - 1e-6, data[1]), rtol=1e-11)
    with pytest.raises(bf.DataError, match=r"risk_free has no value on 2024-03-01 23:4\d:00, on which"):
        reduce(tmp_path, data[1], risk_free=rate.drop(rate.index[100:110]))


class Elsewhere(Executor):
    """Runs a task as another process would: function, arguments and result travel as bytes."""

    def submit(self, fn, /, *args):
        done = Future()
        work, given = pickle.loads(pickle.dumps((fn, args)))
        done.set_result(pickle.loads(pickle.dumps(work(*given))))
        return done


def test_tasks_travel_to_other_processes(tmp_path, data):
    """More files than wait for their turn at once."""
    frame = long(data[0])
    for i, rows in enumerate(np.array_split(np.arange(len(frame)), 50)):
        written(tmp_path, frame.iloc[rows], f"{i:02d}.parquet")
    found = reduce(tmp_path, data[1], executor=Elsewhere())
    assert_same_statistics(found, in_memory(*data))
    assert found.fingerprint == reduce(tmp_path, data[1]).fingerprint


def test_files_in_folders_below_and_one_file_alone(tmp_path, data):
    frame, half = long(data[0]), 1000
    written(tmp_path / "2024", frame.iloc[half:], "b.parquet")
    written(tmp_path / "2023", frame.iloc[:half], "z.parquet")
    written(tmp_path / "_old", frame)
    assert_same_statistics(reduce(tmp_path, data[1]), in_memory(*data))
    assert reduce(tmp_path / "2023" / "z.parquet", data[1]).moments.count.sum() <= half


def test_columns_may_have_other_names(tmp_path, data):
    frame = long(data[0]).rename(columns={"time": "ts", "asset": "ticker", "return": "ret"}).assign(volume=1.0)
    found = reduce(written(tmp_path, frame), data[1], columns=("ts", "ticker", "ret"))
    assert_same_statistics(found, in_memory(*data))


def changed(row, **values):
    """Return a change of one row of the long frame."""

    def change(frame):
        for name, value in values.items():
            frame.loc[row, name] = value
        return frame

    return change


def twice(frame):
    return pd.concat([frame, frame.iloc[[-1]]])


BAD_ROWS = {
    "infinite": (changed(800, **{"return": np.inf}), r"return of 'a\d' is infinite on 2024-03-02 .* in bars.parquet"),
    "below -1": (changed(800, **{"return": -1.5}), r"'a\d' returns -1.5 on .* a loss of more than everything"),
    "huge": (changed(800, **{"return": 5e4}), r"returns 5e\+04 on .*: no return is that large"),
    "not in order": (
        lambda f: f.sort_values("time", ascending=False),
        "in bars.parquet are not in order",
    ),
    "twice": (twice, r"'a\d' has two rows of 2024-03-02 04:39:00 in bars.parquet"),
    "between": (
        lambda f: f.assign(time=f["time"].where(f.index != 900, f["time"] + pd.Timedelta("7s"))),
        r"The factors have no row of 2024-03-02 \d\d:\d\d:07, on which 'a\d'",
    ),
    "no time": (changed(5, time=pd.NaT), "Column 'time' of bars.parquet has a missing value"),
    "no asset": (changed(5, asset=None), "Column 'asset' of bars.parquet has a missing value"),
    "prices": (lambda f: f.assign(**{"return": 100.0}), "'a0' are large, the least is 100: prices"),
    "percent": (lambda f: f.assign(**{"return": -0.9}), r"large, the least is -0\.9: percent given as decimal"),
    "text": (
        lambda f: f.astype({"return": str}),
        r"'return' of .* holds (large_)?string, not returns",
    ),
    "flags": (lambda f: f.assign(**{"return": True}), "holds bool, not returns"),
    "text times": (lambda f: f.astype({"time": str}), r"Column 'time' .* holds (large_)?string, not times"),
    "float assets": (lambda f: f.assign(asset=1.5), "Column 'asset' .* holds double, not names of assets"),
    "no row": (lambda f: f.iloc[:0], "No time has both a return and all factors: no rows"),
    "zone": (lambda f: f.assign(time=f["time"].dt.tz_localize("UTC")), r"factors: none, bars.parquet: UTC"),
    "long before": (lambda f: f.assign(time=f["time"] - pd.Timedelta("3000D")), "No time has both a return and all"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_rows_are_refused(tmp_path, data, name):
    change, message = BAD_ROWS[name]
    with pytest.raises(bf.DataError, match=message) as caught:
        reduce(written(tmp_path, change(long(data[0]))), data[1])
    assert caught.value.remedy


def test_rows_in_two_files_are_refused(tmp_path, data):
    frame = long(data[0])
    written(tmp_path, frame.iloc[:1200], "a.parquet")
    written(tmp_path, frame.iloc[1100:], "b.parquet")
    with pytest.raises(bf.DataError, match=r"b.parquet has rows of 'a\d' from .* they overlap") as caught:
        reduce(tmp_path, data[1])
    assert caught.value.value == ("a.parquet", "b.parquet")


def test_a_file_may_fill_the_gap_between_two(tmp_path, data):
    """Files by asset, in which the middle of one asset's history begins after the end of it."""
    frame = long(data[0]).sort_values(["asset", "time"], kind="stable")
    own = np.flatnonzero(frame["asset"] == "a2")
    for i, (start, stop) in enumerate(pairwise([0, own[50], own[100], own[-50], len(frame)])):
        written(tmp_path, frame.iloc[start:stop], f"{i}.parquet")
    assert_same_statistics(reduce(tmp_path, data[1]), in_memory(*data))
    written(tmp_path, frame.iloc[own[90] : own[95]], "again.parquet")
    with pytest.raises(bf.DataError, match=r"rows of 'a2' from .* they overlap"):
        reduce(tmp_path, data[1])


def test_files_that_cannot_be_used_are_refused(tmp_path, data):
    with pytest.raises(bf.DataError, match="holds no file named"):
        reduce(tmp_path, data[1])
    with pytest.raises(bf.DataError, match="is no folder"):
        reduce(tmp_path / "nowhere", data[1])
    with pytest.raises(bf.SpecError, match="is not a path"):
        reduce(None, data[1])
    written(tmp_path, long(data[0]).drop(columns="asset"))
    with pytest.raises(bf.SpecError, match="unknown column 'asset'"):
        reduce(tmp_path, data[1])
    (tmp_path / "bars.parquet").write_bytes(b"PAR1 this is none")
    with pytest.raises(bf.DataError, match=r"bars.parquet cannot be read as Parquet"):
        reduce(tmp_path, data[1])


def test_a_file_that_ends_early_is_refused(tmp_path, data):
    path = written(tmp_path, long(data[0]), compression=None) / "bars.parquet"
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(196)
    path.write_bytes(content)
    with pytest.raises(bf.DataError, match=r"bars.parquet cannot be read as Parquet"):
        reduce(tmp_path, data[1])


def factor_cases():
    factors = bars()[1]
    hole, level = factors.copy(), factors.copy()
    hole.iloc[200, 0] = np.nan
    level["market"] = 100.0 + level["market"]
    lost = factors.assign(flow=np.nan)
    return {
        "hole": (
            {"factors": hole},
            bf.DataError,
            "'market' has no value on 2024-03-02 01:20:00, after its first",
        ),
        "no value": ({"factors": lost}, bf.DataError, "Factor 'flow' has no value at all"),
        "copies": ({"factors": factors.assign(size=factors["market"] * 2)}, bf.DataError, "collinear"),
        "constant": ({"factors": factors.assign(size=0.001)}, bf.DataError, "Factor 'size' is constant"),
        "levels": ({"factors": level}, bf.DataError, "'market' looks like prices"),
        "not dates": ({"factors": factors.reset_index(drop=True)}, bf.DataError, "not dates"),
        "transform": ({"flow": {"traded": False, "transform": "diff"}}, bf.SpecError, r"'flow'\].transform is 'diff'"),
        "lag": ({"flow": INFO["flow"] | {"lag": 1}}, bf.SpecError, r"'flow'\].lag is 1"),
        "aggregate": ({"flow": INFO["flow"] | {"aggregate": "mean"}}, bf.SpecError, r"aggregate is 'mean'"),
        "rate as per cent": ({"risk_free": 4.5}, bf.DataError, "looks like an annual rate or per cent"),
        "no group": ({"asset_info": {"a0": "x"}}, bf.DataError, "asset_info says nothing about 'a1'"),
        "calendar": ({"calendar": "auto"}, bf.SpecError, "unknown calendar 'auto'"),
        "columns": ({"columns": ("time", "time", "return")}, bf.SpecError, "must be three names"),
        "executor": ({"executor": 4}, bf.SpecError, "is not an executor"),
    }


@pytest.mark.parametrize("name", factor_cases())
def test_choices_that_cannot_be_used_are_refused(folder, data, name):
    change, error, message = factor_cases()[name]
    info = INFO | {key: value for key, value in change.items() if key in INFO}
    options = {"calendar": MINUTES} | {k: v for k, v in change.items() if k not in INFO and k != "factors"}
    with pytest.raises(error, match=message):
        integrate_parquet(folder, change.get("factors", data[1]), info, **options)


def test_a_source_cannot_be_a_factor(folder, data):
    renamed = data[1].rename(columns={"flow": "alpha"})
    with pytest.raises(bf.DataError, match="'alpha' has the name of a source"):
        integrate_parquet(folder, renamed, {k.replace("flow", "alpha"): v for k, v in INFO.items()}, calendar=MINUTES)


def test_a_factor_that_ends_cuts_the_span(tmp_path, data):
    ended = data[1].copy()
    ended.iloc[-50:, 1] = np.nan
    found = reduce(written(tmp_path, long(data[0])), ended)
    assert_same_statistics(found, in_memory(data[0], ended.iloc[:-50]))
    assert "common span ends 2024-03-02 03:49:00, with 'size'" in found.describe().panel


def test_polars_factors(folder, data):
    narrow = pl.from_pandas(data[1].rename_axis("time").reset_index())
    assert reduce(folder, narrow).fingerprint == reduce(folder, data[1]).fingerprint


def test_the_callers_factors_stay_as_they_are(folder, data):
    before = data[1].copy()
    found = reduce(folder, data[1])
    pd.testing.assert_frame_equal(data[1], before)
    assert replace(found).fingerprint == found.fingerprint


@pytest.mark.parametrize("calendar", ["daily", "monthly", bf.Calendar("minute", 12)])
def test_a_calendar_that_the_times_cannot_have_is_refused(folder, data, calendar):
    with pytest.raises(bf.SpecError, match="usually 60 seconds apart"):
        integrate_parquet(folder, data[1], INFO, calendar=calendar)


def test_per_cent_is_noticed_by_its_volatility_where_no_single_return_is_large(tmp_path, data):
    """Minutes of 0.2 % are 145 % a year; the same in per cent is 14,500 %."""
    returns, factors = data
    right = integrate_parquet(written(tmp_path / "a", long(returns)), factors, INFO, calendar=MINUTES)
    wrong = integrate_parquet(written(tmp_path / "b", long(100 * returns)), factors, INFO, calendar=MINUTES)
    said = [note.text for panel in (right, wrong) for note in panel.notes if "volatility" in note.text]
    assert len(said) == 1
    assert "per cent" in said[0]


def test_an_executor_that_is_shut_down_is_refused(folder, data):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(bf.SpecError, match="takes no tasks"):
        integrate_parquet(folder, data[1], INFO, calendar=MINUTES, executor=pool)


def daily_bars(folder, freq, count=300, scale=0.01):
    """Write returns of one asset, and return its factor, on the same dates."""
    dates = pd.date_range("2015-01-02", periods=count, freq=freq)
    rng = np.random.default_rng(0)
    factors = pd.DataFrame({"m": rng.normal(0, scale, count)}, dates)
    returns = pd.DataFrame({"a": factors["m"] + rng.normal(0, scale, count)}, dates)
    return written(folder, long(returns)), factors


@pytest.mark.parametrize(
    ("freq", "right"),
    [("D", "daily"), ("B", "business"), ("W-FRI", "weekly"), ("ME", "monthly"), ("QE", "quarterly"), ("YE", "annual")],
)
def test_times_have_the_usual_spacing_of_a_named_calendar(tmp_path, freq, right):
    folder, factors = daily_bars(tmp_path, freq, 300 if right in ("daily", "business", "weekly") else 60)
    for name in ("daily", "business", "weekly", "monthly", "quarterly", "annual"):
        if name == right:
            assert integrate_parquet(folder, factors, calendar=name).calendar.frequency == right
            continue
        with pytest.raises(bf.SpecError, match="usually") as caught:
            integrate_parquet(folder, factors, calendar=name)
        assert caught.value.place == "integrate_parquet.calendar"
        if "years" not in str(caught.value):
            assert caught.value.remedy == f"Say calendar='{right}'."


def test_spacings_of_no_usual_calendar_need_one_of_their_own(tmp_path):
    folder, factors = daily_bars(tmp_path, "20D", 100)
    with pytest.raises(bf.SpecError, match="usually 20 days apart: they are not monthly") as caught:
        integrate_parquet(folder, factors, calendar="monthly")
    assert "calendar=bf.Calendar('own', 18)" in caught.value.remedy
    integrate_parquet(folder, factors, calendar=bf.Calendar("own", 18))


def test_holidays_and_other_weekends_are_business_days(tmp_path):
    folder, factors = daily_bars(tmp_path, "B", 300)
    integrate_parquet(folder, factors.drop(factors.index[[5, 50, 51, 52]]).iloc[53:], calendar="business")
    sunday = pd.offsets.CustomBusinessDay(weekmask="Sun Mon Tue Wed Thu")
    folder, factors = daily_bars(tmp_path / "sunday", sunday, 300)
    integrate_parquet(folder, factors, calendar="business")
    folder, factors = daily_bars(tmp_path / "short", "B", 12)
    integrate_parquet(folder, factors, calendar="daily")


@pytest.mark.parametrize("size", [0.1, 100])
def test_slopes_as_of_per_cent_are_warned_of(tmp_path, size):
    folder, factors = daily_bars(tmp_path, "B", scale=0.001)
    found = integrate_parquet(folder, factors * size, calendar="business")
    assert [(n.series, "'m' moves by one" in n.text) for n in found.notes if "moves by" in n.text] == [("a", True)]
    assert not [n for n in integrate_parquet(folder, factors, calendar="business").notes if "moves by" in n.text]


@pytest.mark.parametrize("rate", [-0.05, 0.02])
def test_rates_are_judged_as_in_memory(tmp_path, rate):
    folder, factors = daily_bars(tmp_path, "B")
    with pytest.raises(bf.DataError, match=f"risk_free={rate} is "):
        integrate_parquet(folder, factors, risk_free=rate, calendar="business")
    high = integrate_parquet(folder, factors, risk_free=rate / 100, calendar="business")
    assert [n.kind for n in high.notes if "12.6 % a year" in n.text] == (["warning"] if rate < 0 else [])
