"""Codes for missing values are refused by every door, with a remedy that works; numbers that may be right are not."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import bayesfactor as bf
from bayesfactor.data.screening.missing_codes import find_code
from tests.support.series import LEVEL, days, noise

DAYS = days("2020-01-01", 120)
CODES = [-99.0, -99.9, -99.99, -999.0, -999.9, -999.99, -9999.0, -9999.99, -99999.0]
AS_DECIMALS = [code / 100 for code in CODES]


def marked(frame, code, rows=(5, 9), column=-1):
    frame = frame.copy()
    frame.iloc[list(rows), column] = code
    return frame


@pytest.fixture
def returns():
    return noise(DAYS, ["a", "b"])


@pytest.fixture
def factors():
    return noise(DAYS, ["mkt", "value"], 1)


def refused(words, call):
    with pytest.raises(bf.DataError, match=words) as caught:
        call()
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("code", CODES + AS_DECIMALS)
def test_returns_traded_factors_and_rates_of_a_frame(returns, factors, code):
    error = refused(
        "'b' .*on 2020-01-06, and 2 times in all: a code", lambda: bf.integrate(marked(returns, code), factors)
    )
    assert (error.series, error.date, error.value) == ("b", DAYS[5], code)
    refused("'value' .* a code for a missing value", lambda: bf.integrate(returns, marked(factors, code)))
    rate = marked(pd.DataFrame({"rf": 1e-4}, DAYS), code)
    refused("'rf' in risk_free.* a code", lambda: bf.integrate(returns, factors, risk_free=rate))
    narrow = pl.from_pandas(marked(returns, code).rename_axis("date").reset_index())
    refused("'b' .* a code", lambda: bf.integrate(narrow, factors))
    single = marked(returns, code).astype("float32")
    refused("'b' .* a code", lambda: bf.integrate(single, factors))


@pytest.mark.parametrize("code", CODES)
def test_the_remedy_of_a_frame_works(returns, factors, code):
    for units, frame in (("decimal", marked(returns, code)), ("percent", marked(returns * 100, code))):
        beside = factors * (100 if units == "percent" else 1)
        error = refused("a code", lambda f=frame, b=beside, u=units: bf.integrate(f, b, units=u))
        scope = {"returns": frame}
        exec(error.remedy.removeprefix("Make it missing: ").rstrip("."), scope)
        panel = bf.integrate(scope["returns"], beside, units=units)
        assert np.isnan(panel.returns.sel(asset="b").values).sum() == 4  # each costs its own row and the next


def test_a_code_that_only_decimals_show(factors):
    """Tokens that lose much: as a table of unknown meaning -0.9999 might be a value, as returns it is none."""
    wild = noise(DAYS, ["a", "b"], 3, 0.15).clip(-0.9, 2)
    frame = marked(wild, -0.9999)
    error = refused("'b' is -0.9999 on 2020-01-06, and 2 times", lambda: bf.integrate(frame, factors))
    scope = {"frame": frame}
    fixed = eval(error.remedy.split(": ")[1].rstrip("."), scope)
    assert bf.integrate(fixed, factors).assets == ("a", "b")
    percent = marked(100 * wild, -99.99)
    error = refused("a code", lambda: bf.integrate(percent, 100 * factors, units="percent"))
    assert "-99.99" in error.remedy


@pytest.mark.parametrize("code", CODES)
def test_levels_prices_and_tables(tmp_path, returns, code):
    level = marked(20 + noise(DAYS, ["vix"], 4, 1.0), code)
    refused("'vix' in factors .* a code", lambda: bf.integrate(returns, level, {"vix": LEVEL}))
    prices = marked(100 * (1 + returns).cumprod(), code)
    error = refused("'b' in prices .* a code", lambda: bf.to_returns(prices))
    assert bf.to_returns(prices.replace(error.value, float("nan"))).shape == prices.shape
    for frame, name in (
        (level, "vix"),
        (prices, "b"),
        (marked(returns, code), "b"),
        (marked(returns * 100, code), "b"),
    ):
        frame.to_csv(tmp_path / "x.csv")
        frame.to_parquet(tmp_path / "x.parquet")
        error = refused(
            f"'{name}' in x.csv is .* on 2020-01-06, and 2 times", lambda: bf.read_table(tmp_path / "x.csv")
        )
        assert error.series == name
        refused(f"'{name}' in x.parquet is", lambda: bf.read_table(tmp_path / "x.parquet"))


def test_the_remedies_of_files_work(tmp_path, returns, factors):
    path = tmp_path / "x.csv"
    marked(returns, -99.99).to_csv(path)
    error = refused("a code", lambda: bf.read_table(path))
    code = error.remedy.split("take ")[1].rstrip(".")
    found = eval(code, {"pandas": pd, "path": path})
    assert bf.integrate(found, factors).assets == ("a", "b")
    path.write_text(path.read_text().replace("-99.99", ""))
    assert bf.read_table(path)["b"].isna().sum() == 2
    path = tmp_path / "x.parquet"
    marked(returns, -99.99).to_parquet(path)
    error = refused("a code", lambda: bf.read_table(path))
    exec(error.remedy.split(": ")[1].rstrip("."), {"pandas": pd, "path": path})
    assert bf.read_table(path)["b"].isna().sum() == 2


def test_other_readers(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("time,PriceUSD\n2020-01-01,1.5\n2020-01-02,-999\n2020-01-03,-999\n")
    refused("'PriceUSD' in x.csv is -999 on 2020-01-02", lambda: bf.read_coinmetrics(path))
    path.write_text("DATE,DGS\n2020-01-02,1.5\n2020-01-03,-99.99\n2020-01-06,-99.99\n2020-01-07,1.6\n")
    refused("'DGS' in x.csv is -99.99 on 2020-01-03", lambda: bf.read_fred(path))


def test_a_french_file_saved_again(tmp_path, shared_data):
    """Industries without a firm: the reader of the publisher's own layout knows the codes, a table keeps them."""
    long = pd.read_csv(shared_data / "raw_samples" / "EXCERPT_kenfrench_49ind_long_with_-99.99.csv")
    long.to_csv(tmp_path / "x.csv", index=False)
    error = refused(
        "'Soda' .* -99.99 on 1926-07-31", lambda: bf.read_table(tmp_path / "x.csv", asset="industry", value="returns")
    )
    assert error.value == -99.99
    wide = long.assign(industry=long["industry"].str.strip(), returns=long["returns"] / 100)
    wide = wide.pivot(index="Date", columns="industry", values="returns")
    wide.index = pd.to_datetime(wide.index)
    beside, seen = wide[["Agric", "Food"]].set_axis(["x", "y"], axis=1), set()
    while len(seen) < 9:
        try:
            panel = bf.integrate(wide, beside)
            break
        except bf.DataError as error:
            seen.add(error.series)
            wide = eval(error.remedy.split(": ")[1].rstrip("."), {"frame": wide})
    assert seen == {"FabPr"}  # one remedy is for all industries
    assert np.isnan(panel.returns.sel(asset="Soda")).all()


def test_one_date_without_a_value_in_several_assets(returns, factors):
    frame = returns.copy()
    frame.iloc[7] = -0.9999
    error = refused("'a' is -0.9999 on 2020-01-08, and 'b' on 2020-01-08: a code", lambda: bf.integrate(frame, factors))
    assert bf.integrate(eval(error.remedy.split(": ")[1].rstrip("."), {"frame": frame}), factors)


def test_a_code_in_two_series(returns, factors):
    apart = marked(marked(returns, -0.9999, [7]), -0.9999, [40], 0)
    refused("'a' is -0.9999 on 2020-02-10, and 'b' on 2020-01-08", lambda: bf.integrate(apart, factors))
    refused("'a' is -0.9999 on", lambda: bf.integrate(100 * apart, 100 * factors, units="percent"))
    both = marked(factors, -0.9999, [7])
    refused("'a' is -0.9999 on .*, and 'value' on", lambda: bf.integrate(apart[["a"]], both))
    for code in (-0.99, -0.999):
        assert bf.integrate(marked(marked(returns, code, [7]), code, [40], 0), factors)


def test_what_may_be_right_is_not_refused(returns, factors):
    """A value that comes once; one that others are below; one that the rest comes near to."""
    rng = np.random.default_rng(0)
    assert bf.integrate(marked(returns, -0.99, [5]), factors)
    assert bf.integrate(marked(returns, -0.9999, [5]), factors)
    rounded = (100 * returns).round(2)
    assert bf.integrate(marked(rounded, -0.99), 100 * factors, units="percent")
    assert bf.integrate(marked(rounded, -0.9999), 100 * factors, units="percent")
    flows = {
        "integers": rng.integers(-5000, 5000, 400),
        "around the code": np.tile(np.arange(-999, 1000), 2),
        "shorter": np.tile(np.arange(-99, 100), 3),
        "standardised": np.round(rng.normal(size=5000), 2),
        "clipped": np.clip(rng.normal(0, 80, 400), -99, 99),
        "between -1 and 1": np.round(rng.uniform(-1, 1, 20000), 2),
        "correlations": np.r_[np.round(rng.uniform(-0.9, 0.99, 500), 2), -0.99, -0.99],
        "bounded below": np.maximum(rng.normal(0, 0.6, 900), -0.99),
        "surprises": np.r_[np.zeros(300), -0.5, 0.4, 0.6, -0.99, -0.99, -0.7],
        "temperature": np.r_[rng.normal(-30, 20, 300), -99.0, -99.0, -105.0],
        "deficits": np.r_[-np.arange(100, 1500, 10.0), -999.0, -999.0],
        "a rate that was below zero": np.r_[np.linspace(2, -0.9, 300), -0.99, -0.99, np.linspace(-0.9, 1, 100)],
    }
    for name, values in flows.items():
        assert find_code(np.asarray(values, dtype=float)) is None, name
    for value in (-99.99, -999.0, -0.9999):
        assert find_code(np.r_[np.arange(10.0), value]) is None
    for nothing in ([], [np.nan], [np.nan, np.inf]):
        assert find_code(np.array(nothing)) is None


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 2.0, -99.99, -99.99],
        [-3.0, 30.0, -20.0, 2.0, -99.99, -99.99, -999.0],
        [-99.99, -99.99, -999.0, -999.0, 0.1],
        [-99.99] * 4,
        [0.01, -0.02, 0.03, -0.9999, -0.9999],
        [14.0, 30.0, 12.0, -0.99, -0.99],
        [6e9, 7e9, 8e9, -999.0, -999.0],
        [0.0, 0.0, 5.0, -9999.0, -9999.0],
    ],
)
def test_codes_that_stand_apart(values):
    assert find_code(np.array(values)) is not None


def test_real_tables_are_read_as_before(shared_data):
    for name in ("crypto_prices.csv.gz", "macro_daily.csv.gz", "macro_monthly.csv", "french_monthly.csv.gz"):
        assert len(bf.read_table(shared_data / name))
    french = bf.read_table(shared_data / "french_monthly.csv.gz")
    for column in french:
        assert find_code(french[column].to_numpy()) is None
        assert find_code(100 * french[column].to_numpy()) is None


def streamed(folder, returns, factors, files=1):
    pytest.importorskip("pyarrow")
    long = returns.rename_axis("time").reset_index().melt("time", var_name="asset", value_name="return")
    long = long.sort_values("time", kind="stable")
    for place, rows in enumerate(np.array_split(np.arange(len(long)), files)):
        long.iloc[rows].to_parquet(folder / f"{place}.parquet", index=False)
    return bf.integrate_parquet(folder, factors, calendar="daily")


@pytest.mark.parametrize("code", [-0.99, -0.999, -0.9999, -0.99999])
@pytest.mark.parametrize("files", [1, 3])
def test_streamed_returns(tmp_path, returns, factors, code, files):
    frame = marked(returns, code, [5, 60, 110])
    error = refused(
        f"'b' returns {code} on 2020-01-06 in .*times in all: a code", lambda: streamed(tmp_path, frame, factors, files)
    )
    assert (error.series, error.value, error.date) == ("b", code, np.datetime64("2020-01-06"))
    assert ("3 times" in str(error)) is (files == 1)
    mended = frame.replace(code, float("nan"))
    assert streamed(tmp_path, mended, factors, files).moments.count.tolist() == [120, 117]
    once = marked(returns, code, [5])
    assert streamed(tmp_path, once, factors, files).moments.count.tolist() == [120, 120]


def test_a_streamed_row_without_values(tmp_path, returns, factors):
    frame = returns.copy()
    frame.iloc[7] = -0.9999
    for files in (1, 4):
        refused("returns -0.9999 on 2020-01-08 in .*: a code", lambda n=files: streamed(tmp_path, frame, factors, n))


def test_streamed_codes_below_minus_one(tmp_path, returns, factors):
    refused(
        "'b' returns -99.99 on 2020-01-06 in 0.parquet: a code",
        lambda: streamed(tmp_path, marked(returns, -99.99), factors),
    )
    refused(
        "'mkt' in factors is -99.99|'value' in factors is -99.99",
        lambda: streamed(tmp_path, returns, marked(factors, -99.99)),
    )
