"""What the report says of the periods ahead: numbers of `forecast`, a section only where it is asked for."""

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.base.wording import chance, percent
from bayesfactor.posterior.summaries import summarise
from bayesfactor.reporting.content.prose import estimate, likelihood
from tests.support.flat_priors import flat_fit
from tests.support.panels import make_panel
from tests.support.reader import MIX, Reader
from tests.support.synthetic_draws import synthetic_draws

PANEL = make_panel(assets=8, traded=2, other=1, periods=120, seed=2)
CRASH = bf.Scenario({"f0": -0.05}, "crash")


@pytest.fixture(scope="module")
def fit():
    return bf.from_draws(PANEL, synthetic_draws(PANEL, draws=100))


@pytest.fixture(scope="module")
def read(fit, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "r.html"
    return Reader(bf.write_report(fit, path, portfolio=MIX, forecast=12).read_text(encoding="utf-8"))


def cells_agree(rows, found, ci_prob=0.9, ci_kind="eti"):
    known = summarise(found.expected, ci_prob, ci_kind).set_index("asset")["sd"]
    table = found.table(ci_prob, ci_kind)
    assert sorted(rows) == sorted(table["asset"])  # what is not held stands last, folded
    for row in table.to_dict("records"):
        expected, lower, upper, loss = rows[row["asset"]]
        sd = known[row["asset"]]
        assert (float(expected["value"]), expected["text"]) == (row["expected"], percent(row["expected"], sd))
        assert expected["below"] == " to ".join(percent(row[f"expected_{end}"], sd) for end in ("lower", "upper"))
        for end, cell in (("lower", lower), ("upper", upper)):
            assert (float(cell["value"]), cell["text"]) == (row[end], percent(row[end], row["sd"]))
        below = found.prob_below(0)[row["asset"]]
        assert (float(loss["value"]), loss["text"]) == (below, chance(below))


def test_the_table_holds_the_numbers_of_forecast(fit, read):
    heads, rows = read.rows("forecast")
    assert heads == ["asset", "expected", "return, lower", "return, upper", "P(loss)"]
    cells_agree(rows, bf.forecast(fit, 12, MIX))


def test_a_sentence_says_it_of_the_portfolio(fit, read):
    found = bf.forecast(fit, 12, MIX)
    row = found.table().set_index("asset").loc["portfolio"]
    text = read.text("scenarios")
    assert "Forecast of the next 12 business days" in text
    ends = (percent(row[end], row["sd"]) for end in ("lower", "upper"))
    draws = found.draws.sel(asset="portfolio")
    half = percent(float(np.median(draws)), row["sd"] / 10)
    said = "90 % of simulated returns lie between {} and {} (90 % equal-tailed interval), half of them below {}."
    assert said.format(*ends, half) in text
    assert ("Do not use the intervals of" in text) == bool((found.floored > 0.05).any())
    assert f"It is {likelihood(found.prob_below(0)['portfolio'])} to be below zero." in text
    assert "Caution. The fit behind this forecast failed its checks: " in text
    for note in found.notes:
        assert f"Note: {note}." in text


@pytest.fixture(scope="module")
def wild():
    """A fit in which one asset, a07, often loses more than everything."""
    draws = synthetic_draws(PANEL, draws=100)
    sd = draws["residual_sd"].copy()
    sd.loc[{"asset": "a07"}] = 0.6
    return bf.from_draws(PANEL, draws.assign(residual_sd=sd))


@pytest.mark.usefixtures("words_only")
def test_floors_of_what_is_not_held_stand_beside_it(wild, tmp_path):
    """Folded with the asset, and not among what is said of the portfolio."""
    given = {"portfolio": MIX, "forecast": 2, "scenarios": [CRASH]}
    read = Reader(bf.write_report(wild, tmp_path / "r.html", **given).read_text(encoding="utf-8"))
    whole, text = read.text("scenarios"), bf.write_report(wild, tmp_path / "r.md", **given).read_text(encoding="utf-8")
    assert "'a07'" in bf.forecast(wild, 2, MIX).notes[0]
    assert any("'a07'" in note for note in bf.stress(wild, CRASH, portfolio=MIX).notes)
    said = "Caution. Do not use the intervals of a07: "
    assert whole.count("a07") > 3
    assert whole.index("assets outside the book") < whole.index(said)
    noted = "Note: an outcome below -100 % was taken as -100 %: in "
    assert "of draws of 'a07', the most of these." in whole
    assert whole.index(said) < whole.rindex("assets outside the book") < whole.rindex(noted)
    assert "a07" not in text.split("## What could happen")[1].split("\n## ")[0]
    alone = Reader(bf.write_report(wild, tmp_path / "a.html", portfolio={"a07": 1.0}, forecast=2).read_text())
    assert alone.text("scenarios").index(said) < alone.text("scenarios").index("assets outside the book")
    assert "of draws of 'a07', the most of the book" in alone.text("scenarios")
    whole = Reader(bf.write_report(wild, tmp_path / "w.html", forecast=2).read_text())
    assert "of draws of 'a07', the most of all" in whole.text("scenarios")


def test_one_period_of_a_sound_fit(tmp_path):
    """No caution, other intervals, and no word of compounding."""
    rng = np.random.default_rng(8)
    factor = rng.normal(0.005, 0.04, 240)
    sound = flat_fit(0.004 + 0.9 * factor + rng.normal(0, 0.03, 240), factor, 1000)
    path = bf.write_report(sound, tmp_path / "r.html", forecast=1, ci_prob=0.8, ci_kind="hdi")
    read = Reader(path.read_text(encoding="utf-8"))
    cells_agree(read.rows("forecast")[1], bf.forecast(sound), 0.8, "hdi")
    text = read.text("scenarios")
    assert "Over the next month, the excess return of the mean of all assets is expected to be" in text
    assert "80 % highest-density interval" in text
    assert "Caution" not in text
    assert "Excess return over the next month: what it is expected to be" in text


def test_without_a_portfolio_the_figure_is_of_some_assets(fit, tmp_path, words_only):
    read = Reader(bf.write_report(fit, tmp_path / "r.html", forecast=3).read_text(encoding="utf-8"))
    part = read.text("scenarios")
    assert "the 6 assets whose expected return is furthest from 0" in part
    found = bf.forecast(fit, 3)
    mean = estimate(found.expected.mean("asset"), 0.9, "eti")
    assert f"of the mean of all assets is expected to be {mean.text};" in part


def test_it_comes_before_scenarios(fit, tmp_path):
    text = bf.write_report(fit, tmp_path / "r.md", forecast=3, scenarios=[CRASH]).read_text(encoding="utf-8")
    part = text.split("## What could happen")[1].split("\n## ")[0]
    assert (
        part.index("### Forecast of the next 3 business days") < part.index("### Scenarios") < part.index("### crash")
    )
    alone = bf.write_report(fit, tmp_path / "s.md", scenarios=[CRASH]).read_text(encoding="utf-8")
    assert "### Scenarios" not in alone


def test_without_one_the_report_is_as_before(fit, tmp_path):
    plain, none = (
        bf.write_report(fit, tmp_path / f"{i}.md", **given).read_text(encoding="utf-8")
        for i, given in enumerate(({}, {"forecast": None}))
    )
    assert plain == none
    assert "What could happen" not in plain
    assert "--forecast" not in plain


def test_the_report_can_be_made_again(run, fit, read, tmp_path, monkeypatch):
    (command,) = [code for code in read.codes if code.startswith("bayesfactor report")]
    assert "--forecast 12" in command
    monkeypatch.chdir(tmp_path)
    fit.save("run.nc")
    run("report", "run.nc", "-o", "r.html", "--forecast", 12)
    own = bf.write_report(fit, "own.html", forecast=12)
    assert Reader((tmp_path / "r.html").read_text()).tables == Reader(own.read_text()).tables


def test_python_makes_it_again(tmp_path, hier_fit, words_only):
    read = Reader(bf.write_report(hier_fit, tmp_path / "r.html", forecast=2).read_text(encoding="utf-8"))
    assert any("    forecast=2,\n" in code for code in read.codes)


def test_paper_has_it(fit, tmp_path):
    pytest.importorskip("typst", reason="paper needs the extra 'pdf'")
    assert bf.write_report(fit, tmp_path / "r.pdf", forecast=3).stat().st_size > 10_000


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"forecast": 0}, "forecast: periods is 0"),
        ({"forecast": -3}, "periods is -3"),
        ({"forecast": 1.5}, r"periods is 1\.5"),
        ({"forecast": True}, "periods is True"),
        ({"forecast": "12"}, "periods is '12'"),
        ({"forecast": 3, "portfolio": {"a00": 0.5, "a01": -0.5}}, "the net weight of the portfolio is 0"),
    ],
)
def test_what_cannot_be_forecast_is_refused(fit, tmp_path, given, says):
    with pytest.raises(bf.SpecError, match=says):
        bf.write_report(fit, tmp_path / "r.html", **given)
    assert not (tmp_path / "r.html").exists()


def test_the_command_refuses_in_one_line(run, fit, tmp_path):
    fit.save(tmp_path / "run.nc")
    status, out, err = run("report", tmp_path / "run.nc", "-o", tmp_path / "r.md", "--forecast", 0)
    assert (status, out) == (2, "")
    assert err.startswith("Error: forecast: periods is 0")
    assert len(err.splitlines()) == 1
