"""What the report says of several fits: numbers of `attribute`, `average` and `compare`; fits of other data refused."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.base.wording import percent
from bayesfactor.posterior.summaries import summarise
from bayesfactor.reporting.content.several_fits import THIS
from bayesfactor.reporting.content.which_model import verdicts
from tests.support.panels import make_panel
from tests.support.reader import HOSTILE, MIX, Reader
from tests.support.synthetic_draws import synthetic_draws

PANEL = make_panel(assets=6, traded=2, other=1, periods=120, seed=2)
SECTIONS = ("model-premium", "model-volatility", "model-share")
MEASURES = ("Expected excess return a year", "Volatility a year", "Residual share of the variance")
OTHERS = ("static", HOSTILE[0], "moving")


def drawn(panel=PANEL, model="static", **options):
    return bf.from_draws(panel, synthetic_draws(panel, **options), model=model)


@pytest.fixture(scope="module")
def fits():
    moving = drawn(draws=60, seed=9, moving=("volatility",), common=1, model=None)
    return {THIS: drawn(draws=100), OTHERS[0]: drawn(draws=80, seed=5), OTHERS[1]: drawn(seed=7), OTHERS[2]: moving}


@pytest.fixture(scope="module")
def others(fits):
    return {name: fits[name] for name in OTHERS}


@pytest.fixture(scope="module", params=["portfolio", "group"])
def asked(request, fits, others, tmp_path_factory):
    """A report with a portfolio and one without: what is read of it, and how `attribute` is asked the same."""
    portfolio = MIX if request.param == "portfolio" else None
    path = tmp_path_factory.mktemp("report") / "r.html"
    read = Reader(bf.write_report(fits[THIS], path, portfolio=portfolio, others=others).read_text(encoding="utf-8"))
    per = "asset" if portfolio else "group"
    names = ["portfolio"] if portfolio else list(PANEL.group_names)
    return read, {"per": per, "portfolio": portfolio}, names


def rows_of(read, names):
    """Return the heads of each measure, and what is said of each name: of a portfolio, all stands in one table."""
    if names != ["portfolio"]:
        return [read.rows(id) for id in SECTIONS]
    heads, rows = read.rows("model-measures")
    assert list(rows) == list(MEASURES)
    assert not {*SECTIONS} & {*read.tables}
    return [(heads, {"portfolio": rows[what]}) for what in MEASURES]


def measures(fit, how, names):
    """Return the three measures of a fit as tables by entry."""
    premium, variance = (bf.attribute(fit, kind, **how) for kind in ("premium", "variance"))
    residual = [name for name in ("common residual", "idiosyncratic") if name in variance.draws["source"].values]
    draws = (
        premium.draws.sel(source="total", drop=True),
        variance.draws.sel(source="total", drop=True) ** 0.5,
        variance.shares.sel(source=residual).sum("source"),
    )
    return [summarise(one, 0.9, "eti").set_index(how["per"]).loc[names] for one in draws]


def test_tables_hold_the_numbers_of_attribute(fits, asked):
    read, how, names = asked
    for fit_name, fit in fits.items():
        for (heads, rows), table in zip(rows_of(read, names), measures(fit, how, names), strict=True):
            assert list(rows) == names
            for name, row in table.iterrows():
                cell = rows[name][heads.index(fit_name) - 1]
                assert float(cell["value"]) == row["mean"]
                assert cell["text"] == percent(row["mean"], row["sd"])
                assert cell["below"] == " to ".join(percent(row[end], row["sd"]) for end in ("lower", "upper"))


def test_the_mixture_is_that_of_average_with_equal_weights(fits, asked):
    read, how, names = asked
    premia = {name: bf.attribute(fit, "premium", **how) for name, fit in fits.items()}
    found = bf.average(premia, dict.fromkeys(fits, 1 / len(fits)), origin="equal weights")
    (heads, rows), *others = rows_of(read, names)
    table = found.table().query("source == 'total'").set_index(how["per"])
    for name in names:
        mean, share = (rows[name][heads.index(head) - 1] for head in ("equal weights", "between models"))
        assert float(mean["value"]) == table.loc[name, "mean"]
        assert float(share["value"]) == pytest.approx(found.uncertainty.loc[name, "model"], rel=1e-9)
    if names == ["portfolio"]:
        assert {cell["text"] for _, one in others for cell in one["portfolio"][-3:-1]} == {""}
    text = read.text("which")
    assert "Each of the 4 models counts the same; equal weights are no evidence for any of them." in text
    assert "between models" in text


def test_what_is_apart_is_marked(fits, asked):
    read, how, names = asked
    found = [measures(fit, how, names) for fit in fits.values()]
    for place, (_, rows) in enumerate(rows_of(read, names)):
        for name in names:
            own = [one[place].loc[name] for one in found]
            apart = max(row["lower"] for row in own) > min(row["upper"] for row in own)
            turned = min(row["mean"] for row in own) < 0 < max(row["mean"] for row in own)
            assert ("do not overlap" in rows[name][-1]["text"]) == apart
            assert ("changes sign" in rows[name][-1]["text"]) == turned


def test_words_of_each_case():
    def table(*rows):
        return pd.DataFrame(rows, columns=["lower", "mean", "upper"], index=list("abcd"))

    one = table((0.1, 0.2, 0.3), (0.1, 0.2, 0.3), (-0.1, 0.2, 0.3), (0.1, 0.2, 0.3))
    other = table((0.25, 0.3, 0.4), (0.31, 0.35, 0.4), (-0.2, -0.1, 0.1), (-0.3, -0.2, -0.1))
    assert verdicts({"one": one, "other": other}).to_dict() == {
        "a": "intervals overlap",
        "b": "intervals do not overlap",
        "c": "intervals overlap; changes sign",
        "d": "intervals do not overlap; changes sign",
    }


def test_models_that_can_be_compared_are(fits, asked):
    read, *_ = asked
    kept = {name: fit for name, fit in fits.items() if name != "moving"}
    table = bf.compare(kept).table()
    _, rows = read.rows("model-compared")
    assert list(rows) == table["model"].tolist()
    columns = ("elpd", "se", "difference", "difference_se", "weight", "parameters", "high_k")
    for row in table.to_dict("records"):
        cells = rows[row["model"]]
        assert [float(cell["value"]) for cell in cells[:7]] == pytest.approx([row[name] for name in columns])
        assert cells[7]["text"] == row["warning"]
    text = read.text("which")
    assert "Not compared: 'moving': the likelihood of a period cannot be computed: no noise law" in text
    assert "volatilities and shares are those of the next period: in moving." in text


def test_a_model_that_moves_is_pointed_to_score(fits, tmp_path):
    other = drawn(draws=60, seed=9, moving=("volatility",), dof=6.0, model="moving_loadings")
    path = bf.write_report(fits[THIS], tmp_path / "r.md", others={"moves": other})
    part = path.read_text(encoding="utf-8").split("## Which model")[1]
    assert "Not compared: 'moves' lets volatility or loadings move" in part
    assert "bf.score" in part
    assert "log density" not in part


def test_other_factors_are_asked_and_not_compared(fits, tmp_path):
    other = drawn(PANEL.select(factors=["f0", "f1"]), draws=60)
    path = bf.write_report(fits[THIS], tmp_path / "r.md", portfolio=MIX, others={"two": other})
    part = path.read_text(encoding="utf-8").split("## Which model")[1].split("## The model")[0]
    assert "by two; " in part
    assert "Not compared: 'this fit' has the factor 'f2', and 'two' has not." in part


def test_without_others_the_report_is_as_before(fits, tmp_path, others):
    plain, none, some = (
        bf.write_report(fits[THIS], tmp_path / f"{i}.md", portfolio=MIX, **given).read_text(encoding="utf-8")
        for i, given in enumerate(({}, {"others": {}}, {"others": others}))
    )
    assert plain == none
    assert "Which model" not in plain
    assert "--other" not in plain
    start, end = some.index("## Which model"), some.index("## The rest")
    assert some[:start] + some[end:] == plain


def test_the_report_can_be_made_again(asked):
    read, *_ = asked
    (command,) = [code for code in read.codes if code.startswith("bayesfactor report")]
    assert "--other static.nc" in command
    assert "The other fits, saved under their names" in read.text("again")
    assert re.search(r"static\.nc: model \w+, panel \w+", read.text("again"))


def test_the_command_writes_it_too(run, fits, tmp_path):
    fits[THIS].save(tmp_path / "run.nc")
    fits["static"].save(tmp_path / "static.nc")
    run("report", tmp_path / "run.nc", "-o", tmp_path / "r.md", "--other", tmp_path / "static.nc")
    bf.write_report(fits[THIS], tmp_path / "own.md", others={"static": fits["static"]})
    written, own = ((tmp_path / name).read_text(encoding="utf-8") for name in ("r.md", "own.md"))
    assert written.split("## Which model")[1].split("## The model")[0] in own


def test_fits_of_one_name_are_told_apart_by_their_folders(run, fits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fits[THIS].save("run.nc")
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        fits["static"].save(f"{folder}/fit.nc")
    run("report", "run.nc", "-o", "r.html", "--other", "one/fit.nc", "--other", "two/fit.nc")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "--other one/fit.nc --other two/fit.nc" in text
    status, _, errors = run("report", "run.nc", "-o", "r.md", "--other", "one/fit.nc", "--other", "one/fit.nc")
    assert status == 2
    assert "report --other: 'one/fit.nc' is given twice." in errors


def test_paper_has_the_section(fits, others, tmp_path):
    pytest.importorskip("typst", reason="paper needs the extra 'pdf'")
    assert bf.write_report(fits[THIS], tmp_path / "r.pdf", others=others).stat().st_size > 10_000


def other_returns():
    values = PANEL.returns.copy(data=PANEL.returns.values * np.where(np.arange(120) == 7, 1.5, 1.0)[:, None])
    return replace(PANEL, returns=values)


@pytest.mark.parametrize(
    ("name", "panel", "says"),
    [
        ("fewer", PANEL.select(assets=PANEL.assets[:5]), "'fewer' is of another panel: it lacks the asset 'a05'"),
        ("more", make_panel(assets=8, traded=2, other=1, periods=120), "it has the asset 'a06' and 1 more"),
        ("short", PANEL.without(PANEL.times[3]), "'short' is of another panel: it lacks the period"),
        ("long", make_panel(assets=6, traded=2, other=1, periods=122), "it has the period .* and 1 more"),
        ("returns", other_returns(), "its returns of 'a00' on .* are others"),
    ],
)
def test_fits_of_other_panels_are_refused(fits, tmp_path, name, panel, says):
    with pytest.raises(bf.SpecError, match=says):
        bf.write_report(fits[THIS], tmp_path / "r.html", others={name: drawn(panel)})
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([1], "others are fits by name, not a list"),
        ({"": None}, "named '', which is no text"),
        ({3: None}, "named 3, which is no text"),
        ({"one": "run.nc"}, "'one' of others is a str, and no fit"),
        ({THIS: None}, "'this fit' is what the report calls its own fit"),
    ],
)
def test_what_are_no_fits_by_name_is_refused(fits, tmp_path, given, says):
    with pytest.raises(bf.SpecError, match=says):
        bf.write_report(fits[THIS], tmp_path / "r.html", others=given)


def test_the_own_fit_is_no_other(fits, tmp_path):
    with pytest.raises(bf.SpecError, match="'again' of others is the report's own fit"):
        bf.write_report(fits[THIS], tmp_path / "r.html", others={"again": fits[THIS]})
