"""What the report says changed since an earlier fit: numbers of `revisions`, and a sentence that agrees with them."""

import re
from dataclasses import replace

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.analysis.comparison.revised_estimates import OUTSIDE, SAME
from bayesfactor.base.wording import MINUS, percent
from bayesfactor.reporting.content.grids import number
from bayesfactor.reporting.content.previous import since
from bayesfactor.reporting.content.previous_sentence import since_sentence
from bayesfactor.reporting.formats import html
from tests.analysis.test_revisions import MIX, OLD, PANEL, drawn
from tests.support.panels import make_panel
from tests.support.reader import Reader

LOADINGS = "since-loading-largest"
IDS = {
    "since-premium": "premium",
    "since-risk": None,
    "since-factors": "risk premium",
    LOADINGS: "loading",
    "since-premium-largest": "premium",
    "since-volatility-largest": "volatility",
}


@pytest.fixture(scope="module")
def fits():
    return drawn(), drawn(OLD, seed=5)


@pytest.fixture(scope="module", params=[True, False], ids=["portfolio", "assets"])
def asked(request, fits, tmp_path_factory):
    now, then = fits
    mix = MIX if request.param else None
    path = tmp_path_factory.mktemp("report") / "r.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "svg", lambda chart: "")  # tables and words are read, figures take most of the time
        bf.write_report(now, path, portfolio=mix, previous=then)
    return Reader(path.read_text(encoding="utf-8")), bf.revisions(now, then, portfolio=mix), request.param


def rows_of(found, id):
    """Return the rows of `revisions` that a table of the report shows, by what is in its first columns."""
    table = found.table(IDS[id])
    own = table["asset"] == "portfolio"
    if id == "since-risk":
        risk = table[own & table["quantity"].isin(["volatility", "residual share"])]
        return {(row["quantity"],): row for row in risk.to_dict("records")}
    if id == LOADINGS:
        return {(row["asset"], row["source"]): row for row in table.to_dict("records")}
    first, kept = (
        ("asset", ~own) if id.endswith("largest") else ("source", own if id == "since-premium" else own | True)
    )
    return {(row[first],): row for row in table[kept].to_dict("records")}


@pytest.mark.parametrize("id", IDS)
def test_tables_hold_the_numbers_of_revisions(asked, id):
    reader, found, _ = asked
    wanted = rows_of(found, id)
    _, *lines = reader.tables[id]
    assert len(lines) == len(wanted)
    for line in lines:
        *label, then, now, change, in_sd, verdict = line
        row = wanted[tuple(cell["text"] for cell in label)]
        cells = ((then, "previous"), (now, "mean"), (change, "change"), (in_sd, "change_in_sd"))
        assert [float(cell["value"]) for cell, _ in cells] == [row[name] for _, name in cells]
        form = number if id == LOADINGS else percent
        fine = min(row["sd"] or np.inf, row["previous_sd"] or np.inf) / 10
        assert now["text"] == form(row["mean"], fine)
        shown = [float(re.sub("[ %,points]", "", cell["text"]).replace(MINUS, "-")) for cell in (then, now, change)]
        assert shown[2] == pytest.approx(shown[1] - shown[0], abs=1e-9)
        assert change["text"].endswith(" points") == (id != LOADINGS)
        assert now["below"] == f"{form(row['lower'], row['sd'])} to {form(row['upper'], row['sd'])}"
        assert verdict["text"] == row["verdict"]


def test_the_largest_changes_come_first(asked):
    reader = asked[0]
    _, *lines = reader.tables[LOADINGS]
    size = [(line[-1]["text"] == OUTSIDE, abs(float(line[-2]["value"]))) for line in lines]
    assert size == sorted(size, reverse=True)


def test_the_sentence_agrees_with_the_table(asked):
    reader, found, held = asked
    table = found.table("premium")
    row = table[(table["asset"] == "portfolio") & (table["source"] == "total")].iloc[0]
    text = reader.text("answer")
    whose = "the portfolio" if held else "the 6 assets of both fits, on average,"
    now = f"{percent(row['mean'], row['sd'])} a year"
    ends = f"went from {percent(row['previous'], row['previous_sd'])} to {now}"
    told = f"is as it was, {now}" if row["verdict"] == SAME else ends
    assert f"the expected excess return of {whose} {told}" in text
    assert f"Since the earlier fit, to {str(OLD.times[-1])[:10]} (20 new periods, indicative only): " in text
    counts, outside = [], 0
    for name, what, many in (
        ("loading", "loadings", 18),
        ("premium", "expected excess returns", 6),
        ("volatility", "volatilities", 6),
    ):
        own = found.table(name)
        own = own[(own["asset"] != "portfolio") & (own["verdict"] == OUTSIDE)]
        named = {
            name: abs(change)
            for name, change in own.sort_values("change_in_sd", key=abs)[["asset", "change_in_sd"]].values
        }
        named = sorted(set(named) & set(found.weights[found.weights != 0].index), key=named.get, reverse=True)
        said = " and ".join(named) if len(named) < 3 else f"{', '.join(named[:2])} and {len(named) - 2} more"
        counts.append(f"{len(own) or 'none'} of {many} {what}{f' ({said} of the book)' if held and named else ''}")
        outside += len(own)
    assert outside
    assert f"outside their earlier intervals are {', '.join(counts[:2])} and {counts[2]} of assets." in text
    whose = "" if held else " of their equal-weighted book"
    for name, words in (("volatility", "the volatility"), ("residual share", "the residual share of the variance")):
        own = found.table(name).set_index("asset").loc["portfolio"]
        moved = f"{words} went from {percent(own['previous'], own['previous_sd'])} to {percent(own['mean'], own['sd'])}"
        assert (moved in text) == (own["verdict"] == OUTSIDE)
        assert (f"{moved}{whose}, outside" in text or f"{moved} and " in text) == (own["verdict"] == OUTSIDE)
    where = {
        "outside": ", outside the earlier",
        "within the": ", within the earlier",
        "within Mon": "Monte Carlo error",
    }
    assert next(said for start, said in where.items() if row["verdict"].startswith(start)) in text
    assert "model changed" not in text


def test_the_section_says_what_is_compared(asked):
    text = asked[0].text("since")
    assert "not independent, and their standard deviations are not added up" in text
    assert f"20 new periods beside 100 move an estimate by about {number(round((20 / 120) ** 0.5, 1))} of its" in text


def test_the_report_can_be_made_again(asked):
    (command,) = [code for code in asked[0].codes if code.startswith("bayesfactor report")]
    assert "--previous previous.nc" in command
    assert "The earlier fit, saved as previous.nc: model " in asked[0].text("again")


def test_what_changed_beside_the_data_is_said(fits, tmp_path):
    old = drawn(OLD.select(assets=PANEL.assets[:5], factors=["f0", "f1"]), dof=5.0, model="student_t")
    text = bf.write_report(fits[0], tmp_path / "r.md", previous=old).read_text(encoding="utf-8")
    part = text.split("## Since last time")[1].split("\n## ")[0]
    assert "Caution. The model changed, too: changes are those of data and model together." in part
    assert "New assets: a05." in part
    assert "New factors: f2." in part
    assert "noise.kind: student\\_t, now normal" in part
    assert "Caution. The earlier fit failed its checks" in part
    assert "move an estimate by about" not in part
    assert since_sentence(bf.revisions(fits[0], old), False, "Both fits") in text
    assert "(20 new periods, data and model changed, indicative only): " in text
    doubts = text.split("What to doubt")[1].split("\n## ")[0]
    assert "Both fits failed the checks: comparisons are indicative only." in doubts


def test_what_is_outside_is_said_before_a_premium_that_is_not(fits):
    found = bf.revisions(*fits, portfolio=MIX)
    table = found.estimates.copy()
    own = table["asset"] == "portfolio"
    table.loc[own, "verdict"] = SAME
    table.loc[own & (table["quantity"] == "residual share"), "verdict"] = OUTSIDE
    text = since_sentence(replace(found, estimates=table), True, "The earlier fit")
    assert 0 < text.index("the residual share of the variance went from") < text.index("within Monte Carlo error")
    assert "the volatility went from" not in text
    assert "(20 new periods, indicative only): " in text


def test_that_nothing_is_outside_is_said_once(fits):
    found = bf.revisions(*fits)
    text = since_sentence(replace(found, estimates=found.estimates.assign(verdict=SAME)), False)
    assert text.endswith(
        "of 30 loadings, expected excess returns and volatilities of assets, none is outside its earlier interval."
    )


def test_without_an_earlier_fit_there_is_no_section(fits, tmp_path):
    text = bf.write_report(fits[0], tmp_path / "r.md").read_text(encoding="utf-8")
    assert "Since" not in text


def test_the_command_writes_it_too(run, fits, tmp_path):
    now, then = fits
    now.save(tmp_path / "run.nc")
    then.save(tmp_path / "old.nc")
    run("report", tmp_path / "run.nc", "-o", tmp_path / "r.md", "--previous", tmp_path / "old.nc")
    bf.write_report(now, tmp_path / "own.md", previous=then)
    one, other = ((tmp_path / name).read_text(encoding="utf-8") for name in ("r.md", "own.md"))
    assert one == other


def test_what_is_no_earlier_fit_is_refused(fits, tmp_path):
    for given, error in (("old.nc", bf.FitError), (fits[0], bf.SpecError)):
        with pytest.raises(error):
            bf.write_report(fits[0], tmp_path / "r.html", previous=given)
    assert not (tmp_path / "r.html").exists()


def test_many_changes_are_cut_to_the_largest():
    panel = make_panel(assets=30, traded=2, periods=60)
    now, then = drawn(panel), drawn(panel, seed=3)
    found = bf.revisions(now, then)
    (part,) = [part for part in since(found, then, False, "interval") if getattr(part, "id", "") == LOADINGS]
    assert len(part.grid.rows) == 20
    outside = (found.table("loading")["verdict"] == OUTSIDE).sum()
    assert all(row[-1].text == OUTSIDE for row in part.grid.rows) == (outside >= 20)
    assert f"{outside} of 90 outside the earlier interval; the 20 largest changes in sd" in part.caption
