"""What was earned year by year: of a portfolio, or of the only asset."""

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.base.wording import percent
from tests.support.panels import make_panel
from tests.support.reader import Reader, agree
from tests.support.synthetic_draws import synthetic_draws

PANEL = make_panel(assets=5, traded=2, other=1, periods=600, shortest=300, seed=4)
MIX = {"a00": 0.5, "a01": 0.7, "a04": -0.2}


def fitted(panel):
    return bf.from_draws(panel, synthetic_draws(panel, draws=40))


@pytest.fixture(scope="module")
def fit():
    return fitted(PANEL)


def read(fit, folder, **more):
    return Reader(bf.write_report(fit, folder / "r.html", **more).read_text(encoding="utf-8"))


@pytest.mark.usefixtures("words_only")
@pytest.mark.parametrize("compounded", [False, True])
def test_years_are_those_of_attribute(fit, tmp_path, compounded):
    found = read(fit, tmp_path, portfolio=MIX)
    heads, rows = found.rows(f"realised-years-{'compounded' if compounded else 'summed'}")
    dates = PANEL.returns.sel(asset=list(MIX)).dropna("time")["time"].dt.year.to_series()
    counts = dates.value_counts().sort_index(ascending=False)
    assert len(counts) > 1
    assert list(rows) == counts.index.astype(str).tolist()
    for year, count in counts.items():
        choices = {"by": "family", "window": (str(year), str(year)), "compounded": compounded, "portfolio": MIX}
        table = bf.attribute(fit, "return", **choices).table(assets=["portfolio"]).set_index("source")
        cells = rows[str(year)]
        assert cells[heads.index("periods") - 1]["text"] == str(count)
        assert set(heads[1:]) == {"periods", *table.index}
        for source, row in table.iterrows():
            cell = cells[heads.index(source) - 1]
            assert float(cell["value"]) == pytest.approx(row["mean"], abs=1e-9)
            assert cell["text"] == percent(row["mean"], row["sd"] or abs(row["mean"]) / 20)


@pytest.mark.usefixtures("words_only")
def test_years_are_of_a_portfolio_or_the_only_asset(fit, tmp_path):
    assert "realised-years-summed" not in read(fit, tmp_path).tables
    one = PANEL.select(["a00"])
    assert "realised-years-summed" in read(fitted(one), tmp_path).tables
    short = make_panel(assets=3, periods=60, seed=1)
    assert "realised-years-summed" not in read(fitted(short), tmp_path, portfolio={"a00": 1.0}).tables


@pytest.mark.usefixtures("words_only")
def test_chosen_years_are_of_every_asset(run, fit, tmp_path):
    """Without a portfolio too: one table for each year, the numbers of `attribute` over it."""
    year = int(PANEL.times.astype("datetime64[Y]").astype(int)[-1]) + 1970 - 1
    found = read(fit, tmp_path, years=[year])
    names = [text for text in found.sections["realised"] if text.strip() in ("The whole sample", str(year))]
    assert names[:2] == ["The whole sample", str(year)]
    for compounded in (False, True):
        window = (str(year), str(year))
        table = bf.attribute(fit, "return", by="family", window=window, compounded=compounded).table()
        agree(found, f"realised-2-{'compounded' if compounded else 'summed'}", table, "asset")
    (command,) = [code for code in found.codes if code.startswith("bayesfactor report")]
    assert f"--year {year}" in command
    fit.save(tmp_path / "run.nc")
    run("report", tmp_path / "run.nc", "-o", tmp_path / "own.html", "--year", year)
    assert Reader((tmp_path / "own.html").read_text(encoding="utf-8")).tables == found.tables


@pytest.mark.usefixtures("words_only")
def test_a_year_is_asked_for_once_however_it_is_written(fit, tmp_path):
    asked, once = (read(fit, tmp_path, years=years) for years in (np.array([2016.0, 2016]), [2016]))
    assert "realised-2-summed" in once.tables
    assert asked.tables == once.tables


@pytest.mark.parametrize(
    "years",
    ["2016", b"2016", [1999], ["2016"], 2016, [True], [[2016]], np.array(2016), [2016.5], [2016 + 0j], [None]],
    ids=repr,
)
def test_what_is_no_year_of_the_panel_is_refused(fit, tmp_path, years):
    with pytest.raises(bf.SpecError) as refused:
        bf.write_report(fit, tmp_path / "r.md", years=years)
    assert refused.value.place == "write_report.years"
