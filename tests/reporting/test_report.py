"""The report: every number is that of the result it comes from, names are text, and a failed fit says so at once."""

import re
import shlex
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import bayesfactor as bf
from bayesfactor.analysis.assessment.book_check import BOOK
from bayesfactor.base.wording import percent
from bayesfactor.cli.commands import app
from bayesfactor.panel.records import NO_RATE, Note
from bayesfactor.reporting.content.brief import LEFT_OUT
from bayesfactor.reporting.content.parts import Code, Listing, Section, Text
from bayesfactor.reporting.formats.markdown import markdown
from tests.support.panels import make_panel, reduced
from tests.support.reader import HOSTILE, MIX, Reader, agree, named
from tests.support.synthetic_draws import synthetic_draws

SECTIONS = (
    "answer", "portfolio", "contributions", "risk", "realised", "loadings", "premia", "data", "trust", "model", "again",
)  # fmt: skip


def test_sections_come_in_their_order(written):
    assert tuple(written[1].sections) == SECTIONS


@pytest.mark.usefixtures("words_only")
@pytest.mark.parametrize(
    ("weights", "said"), [({"a00": 60.0}, "6,000 %: what is above"), ({"a00": 0.5}, "50 %: the rest")]
)
def test_weights_that_are_not_the_whole_are_said_in_the_answer(hier_fit, tmp_path, weights, said):
    path = bf.write_report(hier_fit, tmp_path / "r.html", portfolio=weights)
    assert f"Weights add up to {said}" in Reader(path.read_text(encoding="utf-8")).text("answer")


@pytest.mark.usefixtures("words_only")
def test_that_no_risk_free_rate_was_given_is_said_in_the_answer(written, hier_fit, tmp_path):
    said = "No risk-free rate was given"
    assert said not in written[1].text("answer")
    fit = replace(hier_fit, panel=replace(hier_fit.panel, notes=(Note("panel", "done", NO_RATE),)))
    assert said in Reader(bf.write_report(fit, tmp_path / "r.html").read_text(encoding="utf-8")).text("answer")


@pytest.mark.usefixtures("words_only")
def test_where_the_model_does_not_suit_the_data_the_answer_says_so(written, hier_fit, tmp_path):
    assert "Residuals move together" not in written[1].text("answer")
    panel, noise = hier_fit.panel, np.random.default_rng(1).standard_t(2.5, len(hier_fit.panel.times))
    returns = panel.returns + 3 * float(panel.returns.std()) * noise[:, None] / noise.std()
    fit = replace(hier_fit, panel=replace(panel, returns=returns))  # a factor is missing, and its tails are heavy
    text = Reader(bf.write_report(fit, tmp_path / "r.html").read_text(encoding="utf-8")).text("answer")
    for check in bf.check(fit).checks:
        if check.name.startswith(("tails", "residuals")):
            assert check.value > check.limit
            line = f"{check.name.partition(':')[0].capitalize()} {check.advice.partition('. ')[0].rstrip('.')}."
            if not check.name.startswith(BOOK):
                assert line in text
                continue
            much = f"{check.value:.2g} times what the model says"
            assert f"The residual volatility that the equal-weighted book had is {much}." in text


@pytest.mark.usefixtures("words_only")
def test_a_portfolio_that_was_ruined_says_so_in_the_answer(hier_fit, tmp_path):
    path = bf.write_report(hier_fit, tmp_path / "r.html", portfolio={"a00": 400.0})
    returns = hier_fit.panel.returns.sel(asset="a00")
    date = str(returns.idxmin("time").values.astype("datetime64[D]"))
    text = Reader(path.read_text(encoding="utf-8")).text("answer")
    said = f"'portfolio' lost {-40000 * float(returns.min()):.4g} % in the period of {date}"
    assert text.count(f"Returns What the portfolio earned cannot be said (the whole sample, compounded): {said}") == 1
    assert "compounded=False" not in text


def test_the_portfolio_stands_before_its_assets(written):
    for id in ("by-factor", "by-family", "by-level", "risk-shares", "realised-0-summed"):
        assert next(iter(written[1].rows(id)[1])) == "portfolio"


def test_what_cannot_be_computed_is_said_and_the_rest_is_there(hier_fit, tmp_path):
    path = bf.write_report(hier_fit, tmp_path / "r.html", portfolio={"a00": 400.0})
    text = Reader(path.read_text(encoding="utf-8")).text("realised")
    assert "Without the portfolio: 'portfolio' lost" in text
    assert "Contribution to the realised excess return, compounded" in text


@pytest.mark.usefixtures("words_only")
@pytest.mark.parametrize(
    ("calendar", "dates", "count", "first", "last"),
    [
        (bf.Calendar("monthly", 12), ("2021-01-31", "2025-02-28", "ME"), 12, "2024-03-31", "2025-02-28"),
        (bf.Calendar("monthly", 12), ("2015-07-31", "2019-08-30", "BME"), 12, "2018-09-28", "2019-08-30"),
        (bf.Calendar("weekly", 52), ("2024-01-05", "2025-12-26", "W-FRI"), 52, "2025-01-03", "2025-12-26"),
        (bf.Calendar("daily", 365), ("2024-01-31", "2025-02-28", "D"), 366, "2024-02-29", "2025-02-28"),
    ],
)
def test_the_last_year_has_the_periods_of_a_year(cross_fit, tmp_path, calendar, dates, count, first, last):
    times, panel = pd.date_range(*dates[:2], freq=dates[2]).to_numpy(), cross_fit.panel
    last_rows = slice(len(panel.times) - len(times), None)
    part, own = (one.isel(time=last_rows).assign_coords(time=times) for one in (panel.returns, panel.factors))
    fit = replace(cross_fit, panel=replace(panel, returns=part, factors=own, calendar=calendar))
    mix = {panel.assets[0]: 0.4, panel.assets[2]: 0.6}
    found = Reader(bf.write_report(fit, tmp_path / "r.html", portfolio=mix).read_text(encoding="utf-8"))
    ending = "" if calendar.frequency == "daily" else "periods ending "
    assert f"The last year, {ending}{first} to {last}" in found.text("realised")
    for compounded, id in ((False, "realised-1-summed"), (True, "realised-1-compounded")):
        choices = {"by": "family", "window": (first, last), "compounded": compounded, "portfolio": mix}
        agree(found, id, bf.attribute(fit, "return", **choices).table(), "asset")
        heads, rows = found.rows(id)
        assert rows["portfolio"][heads.index("periods") - 1]["text"] == str(count)


@pytest.mark.usefixtures("words_only")
def test_a_sample_of_a_year_has_no_last_year(cross_fit, tmp_path):
    times, panel = pd.date_range("2024-03-31", "2025-02-28", freq="ME").to_numpy(), cross_fit.panel
    part, own = (one.isel(time=slice(12)).assign_coords(time=times) for one in (panel.returns, panel.factors))
    fit = replace(cross_fit, panel=replace(panel, returns=part, factors=own, calendar=bf.Calendar("monthly", 12)))
    found = Reader(bf.write_report(fit, tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "The last year" not in found.text("realised")


@pytest.mark.usefixtures("words_only")
def test_a_portfolio_younger_than_the_sample_says_its_dates(hier_fit, tmp_path):
    returns = hier_fit.panel.returns
    counts = returns.count("time").to_series()
    young = counts.idxmin()
    assert counts[young] < returns.sizes["time"]
    path = bf.write_report(hier_fit, tmp_path / "r.html", portfolio={young: 0.5, counts.idxmax(): 0.5})
    seen = returns.sel(asset=young).dropna("time")["time"].values.astype("datetime64[D]")
    said = f"({counts[young]} for the portfolio, {seen[0]} to {seen[-1]})"
    assert said in Reader(path.read_text(encoding="utf-8")).text("realised")


@pytest.mark.usefixtures("words_only")
def test_what_lost_everything_is_left_out_and_the_rest_is_there(hier_fit, tmp_path):
    panel = hier_fit.panel
    returns = panel.returns.copy(deep=True)
    returns[-1, panel.assets.index("a02")] = -1.0
    fit = replace(hier_fit, panel=replace(panel, returns=returns))
    found = Reader(bf.write_report(fit, tmp_path / "r.html", portfolio=MIX).read_text(encoding="utf-8"))
    assert set(found.rows("realised-0-compounded")[1]) == {*panel.assets, "portfolio"} - {"a02"}
    assert set(found.rows("realised-0-summed")[1]) == {*panel.assets, "portfolio"}
    assert "lost everything in one period, which cannot be compounded: a02" in found.text("realised")


@pytest.mark.parametrize(
    ("preset", "says"),
    [
        ("static", "Partial pooling: short or noisy histories are drawn towards their group"),
        ("unpooled", "No pooling: each asset has its own prior"),
        ("pooled", "one loading for all assets"),
    ],
)
def test_the_caption_of_shrinkage_is_true_of_the_model(hier_fit, tmp_path, preset, says, words_only):
    fit = replace(hier_fit, model=replace(hier_fit.model, loadings=bf.read_model(preset).loadings))
    text = bf.write_report(fit, tmp_path / "r.html").read_text(encoding="utf-8")
    assert says in text
    assert ("drawn towards their group" in text) == (preset == "static")


def test_a_fit_of_statistics_says_what_it_cannot_know(hier_fit, tmp_path):
    statistics_fit = replace(hier_fit, panel=reduced(hier_fit.panel))
    found = Reader(bf.write_report(statistics_fit, tmp_path / "r.html").read_text(encoding="utf-8"))
    agree(found, "realised-0-summed", bf.attribute(statistics_fit, "return", by="family").table(), "asset")
    assert "Cannot be computed, compounded" in found.text("realised")
    _, rows = found.rows("checks")
    assert rows["tails: share of assets with heavier tails than the noise law"][1]["text"] == ""
    assert "panel holds statistics" in rows["tails: share of assets with heavier tails than the noise law"][-1]["text"]
    assert "nan" not in found.text("trust").lower().split()
    path = bf.write_report(statistics_fit, tmp_path / "r.html", portfolio={"a00": 1.0})
    assert "over time" not in Reader(path.read_text(encoding="utf-8")).text("realised")


def test_a_stored_fit_has_the_same_report(hier_fit, tmp_path):
    stored = bf.open_fit(hier_fit.save(tmp_path / "run.zarr"))
    one, two = (bf.write_report(fit, tmp_path / "r.md", portfolio=MIX).read_text() for fit in (hier_fit, stored))
    assert one == two


def test_one_asset_and_one_factor(tmp_path):
    panel = make_panel(assets=1, traded=1, other=0, periods=160, shortest=160, seed=3)
    fit = bf.fit(panel, "static", bf.Sampler(draws=100, tune=100, progress=False))
    found = Reader(bf.write_report(fit, tmp_path / "r.html", portfolio={"a00": 1.0}).read_text(encoding="utf-8"))
    assert tuple(found.sections) == SECTIONS
    assert "by-group" not in found.tables
    alone = Reader(bf.write_report(fit, tmp_path / "r.html").read_text(encoding="utf-8")).text("answer")
    assert "The expected excess return of a00 is" in alone
    assert "Of the variance of its returns," in alone


def test_the_report_says_how_to_make_it_again(written, hier_fit, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, weights, command, steps = written[1].codes
    Path("model.toml").write_text(written[1].codes[0], encoding="utf-8")
    exec(steps.replace("bf.Sampler(", "bf.Sampler(progress=False, "), {"panel": hier_fit.panel})
    assert Path("report.html").read_bytes() == written[0].read_bytes()
    Path("report.html").unlink()
    Path("weights.csv").write_text(weights, encoding="utf-8")
    found = CliRunner().invoke(app, shlex.split(command)[1:])
    assert found.exit_code == 0, found.output
    assert Path("report.html").read_bytes() == written[0].read_bytes()


@pytest.mark.parametrize("which", ["student_fit", "hollow_fit", "rate_fit", "slab_fit"])
def test_other_fits_are_reported_too(request, which, tmp_path):
    path = bf.write_report(request.getfixturevalue(which), tmp_path / "r.html")
    assert tuple(Reader(path.read_text(encoding="utf-8")).sections) == tuple(s for s in SECTIONS if s != "portfolio")


def test_paper_is_a_pdf(hier_fit, tmp_path):
    path = bf.write_report(named(hier_fit, HOSTILE), tmp_path / "r.pdf", portfolio={HOSTILE[0]: 0.5})
    assert path.read_bytes().startswith(b"%PDF-")
    assert path.stat().st_size > 50_000


def test_every_interval_says_kind_and_probability(hier_fit, tmp_path):
    path = bf.write_report(hier_fit, tmp_path / "r.html", ci_prob=np.float64(0.8), ci_kind=np.str_("hdi"))
    text = path.read_text(encoding="utf-8")
    assert "80 % highest-density interval" in text
    assert "90 %" not in Reader(text).text("contributions")
    assert "equal-tailed" not in Reader(text).text("contributions")
    for said in re.findall(r"(.{7})equal-tailed", text):  # of what a check was held to
        assert "90" in said
    assert "np." not in text
    table = bf.attribute(hier_fit).table(0.8, "hdi")
    agree(Reader(text), "by-factor", table, "asset")


def test_it_needs_nothing_else_and_is_small(written):
    path, reader = written
    assert path.stat().st_size < 1_500_000
    for link in reader.links:
        assert link.startswith("#") or link == "data:,"
    text = path.read_text(encoding="utf-8")
    assert "@import" not in text
    assert "fetch(" not in text


def test_marks_of_figures_do_not_collide(written):
    text = written[0].read_text(encoding="utf-8")
    import re

    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text))
    assert used <= set(ids)


def test_a_failed_fit_says_so_at_the_top(short_fit, tmp_path):
    path = bf.write_report(short_fit, tmp_path / "r.html")
    text = path.read_text(encoding="utf-8")
    assert text.index("FAILED its checks") < text.index('id="answer"')
    notes = bf.write_report(short_fit, tmp_path / "r.md").read_text(encoding="utf-8")
    assert notes.index("FAILED its checks") < notes.index("## The answer")


def test_names_are_text_whatever_they_hold(hier_fit, tmp_path):
    fit = named(hier_fit, HOSTILE)
    path = bf.write_report(fit, tmp_path / "r.html", title=HOSTILE[0] + "\ud800\n", portfolio={HOSTILE[1]: 1.0})
    reader = Reader(path.read_text(encoding="utf-8"))
    assert reader.tags.count("script") == 1
    _, rows = reader.rows("by-factor")
    assert set(HOSTILE) <= set(rows)
    notes = bf.write_report(fit, tmp_path / "r.md", title=HOSTILE[0]).read_text(encoding="utf-8")
    assert "<" not in "".join(notes.split("```")[::2])  # outside of code
    lines = [line.replace("\\|", "") for line in notes.splitlines()]
    heads = [i for i, line in enumerate(lines) if line.startswith("| ---") and line.endswith("|")]
    assert len(heads) > 5
    for i in heads:
        table = lines[i - 1 : i + 2 + next(k for k, line in enumerate(lines[i + 1 :]) if not line.startswith("|")) - 1]
        assert len({line.count("|") for line in table}) == 1


def test_markdown_has_the_same_sentences_and_sections(written, hier_fit, tmp_path):
    notes = bf.write_report(hier_fit, tmp_path / "r.md", portfolio=MIX).read_text(encoding="utf-8")
    assert notes.count("\n## ") == len(set(SECTIONS) - set(LEFT_OUT)) + 1  # and where the rest is
    assert "90 % equal-tailed interval" in notes
    assert percent(bf.attribute(hier_fit, portfolio=MIX).table()["mean"].iloc[0]) in notes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "\\- a"),
        ("1. a", "1\\. a"),
        ("+ a", "\\+ a"),
        ("23) a", "23\\) a"),
        ("a - b", "a - b"),
        ("1.8 % of", "1.8 % of"),
    ],
)
def test_text_that_begins_like_a_list_is_text(text, said):
    parts = (Listing((text,)), Text(text))
    notes = markdown((Section("id", "Title", parts),), "Report", "", ()).splitlines()
    assert [line for line in notes if line.endswith(said)] == [f"* {said}", said]


def test_code_in_markdown_is_as_it_is():
    text = "a = '```'\nb = '````'\n"
    notes = markdown((Section("id", "Title", (Code(text, "code"), Text("    four"))),), "Report", "", ())
    assert f"\n`````\n{text}`````\n\nfour\n" in notes


def test_a_report_leaves_the_process_as_it_was(hier_fit, tmp_path):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    def state():
        return dict(mpl.rcParams), plt.get_fignums(), list(warnings.filters), np.geterr()

    before = state()
    for name in ("r.html", "r.pdf"):
        bf.write_report(hier_fit, tmp_path / name, portfolio=MIX)
    assert state() == before


def test_a_page_needs_no_matplotlib(cross_fit, tmp_path):
    cross_fit.save(tmp_path / "run.nc")
    program = (
        "import sys, bayesfactor as bf; fit = bf.open_fit('run.nc'); bf.write_report(fit, 'r.html', forecast=2, "
        "scenarios=[bf.Scenario({fit.panel.factor_names[0]: -0.2})]); "
        "print([name for name in sys.modules if name.startswith(('matplotlib', 'arviz_plots'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_same_fit_makes_the_same_file(hier_fit, tmp_path):
    one, two = (bf.write_report(hier_fit, tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert one == two


@pytest.mark.parametrize(
    ("path", "more", "error", "says"),
    [
        ("report.docx", {}, bf.SpecError, "ends in none of"),
        ("no/such/report.html", {}, bf.FitError, "cannot be written"),
        ("a\0.html", {}, bf.FitError, "cannot be written"),
        ("report.html", {"portfolio": {"zzz": 1.0}}, bf.SpecError, "zzz"),
        ("report.html", {"portfolio": {}}, bf.DataError, "no weights"),
        ("report.html", {"ci_prob": 90}, bf.SpecError, "interval"),
        ("report.html", {"ci_kind": "wide"}, bf.SpecError, "wide"),
        ("report.html", {"title": 5}, bf.SpecError, "must be text"),
        ("report.html", {"portfolio": {"a00": 1e300}}, bf.DataError, "cannot be computed with"),
        ("report.html", {"portfolio": "a00"}, bf.DataError, "not a str"),
    ],
)
def test_what_cannot_be_written_is_refused(hier_fit, tmp_path, path, more, error, says):
    with pytest.raises(error, match=says):
        bf.write_report(hier_fit, tmp_path / path, **more)
    assert not list(tmp_path.iterdir())


def test_a_suffix_may_have_capitals(short_fit, tmp_path):
    assert bf.write_report(short_fit, tmp_path / "R.MD").read_text(encoding="utf-8").startswith("# ")


def test_only_a_fit_is_reported(tmp_path):
    with pytest.raises(bf.FitError, match="expected a Fit"):
        bf.write_report("fit", tmp_path / "r.html")


def test_a_page_of_many_assets_with_everything_is_under_a_megabyte(tmp_path):
    panel = make_panel(assets=36, traded=2, other=4, periods=200, shortest=60, groups=4, seed=4)
    before = replace(panel, returns=panel.returns[:180], factors=panel.factors[:180])
    fit, previous = (bf.from_draws(one, synthetic_draws(one, chains=4), model="unpooled") for one in (panel, before))
    mix = dict.fromkeys(panel.assets[:8], 0.1)
    crash = bf.Scenario({panel.factor_names[0]: -0.05}, name="crash")
    path = tmp_path / "r.html"
    bf.write_report(fit, path, portfolio=mix, scenarios=[crash], forecast=12, previous=previous)
    sections = set(Reader(path.read_text(encoding="utf-8")).sections)
    assert {"portfolio", "since", "realised", "scenarios", "trust"} <= sections
    assert path.stat().st_size < 1_000_000
