"""The report: every number is that of the result it comes from, names are text, and a failed fit says so at once."""

import shlex
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

import bayesfactor as bf
from bayesfactor.cli.commands import app
from bayesfactor.holdings import PORTFOLIO
from bayesfactor.panel import NO_RATE, Note
from bayesfactor.plots.leaning import least_squares_loadings
from bayesfactor.plots.style import MINUS, chance
from bayesfactor.reporting.answer import PLAIN
from bayesfactor.reporting.page import inline
from bayesfactor.reporting.parts import Listing, Section, Text, number
from bayesfactor.reporting.plain import markdown
from bayesfactor.reporting.prose import likelihood, percent
from tests.panels import make_panel, reduced

MIX = {"a00": 0.5, "a03": 0.3, "a05": -0.1}
SECTIONS = (
    "answer", "contributions", "portfolio", "risk", "realised", "loadings", "premia", "data", "trust", "model", "again",
)  # fmt: skip
HOSTILE = ("<script>alert(1)</script>", "A&B", "\N{ROCKET} $x$ | `y`", "w" * 200, "\"quoted\" 'twice'")


class Reader(HTMLParser):
    """Collects tables by id, texts by section, and every tag."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.sections, self.tags, self.links, self.codes = {}, {}, [], [], []
        self.table = self.section = self.cell = None
        self.code = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        self.tags.append(tag)
        self.links += [facts[name] for name in ("href", "src", "xlink:href") if name in facts]
        if tag == "section":
            self.section = self.sections.setdefault(facts["id"], [])
        elif tag == "table":
            self.table = self.tables.setdefault(facts["id"], [])
        elif tag == "tr":
            self.table.append([])
        elif tag in ("td", "th"):
            self.cell = {"text": "", "value": facts.get("data-v"), "below": "", "more": "", "smalls": 0, "open": False}
            self.table[-1].append(self.cell)
        elif tag == "small" and self.cell is not None:
            self.cell["smalls"] += 1
            self.cell["open"] = True
        elif tag == "pre":
            self.codes.append("")
            self.code = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.cell = None
        elif tag == "small" and self.cell is not None:
            self.cell["open"] = False
        elif tag == "section":
            self.section = None
        elif tag == "pre":
            self.code = False

    def handle_data(self, data):
        if self.section is not None:
            self.section.append(data.replace("\N{NO-BREAK SPACE}", " "))
        if self.cell is not None:
            self.cell[("text", "below", "more")[self.cell["smalls"] if self.cell["open"] else 0]] += data
        if self.code:
            self.codes[-1] += data

    def text(self, section):
        return " ".join(" ".join(self.sections[section]).split())

    def rows(self, table):
        """Return head texts, and rows by their first cell."""
        head, *body = self.tables[table]
        return [cell["text"].strip() for cell in head], {row[0]["text"]: row[1:] for row in body}


@pytest.fixture(scope="module")
def written(hier_fit, tmp_path_factory):
    path = bf.write_report(hier_fit, tmp_path_factory.mktemp("report") / "report.html", portfolio=MIX)
    return path, Reader(path.read_text(encoding="utf-8"))


def agree(reader, id, table, unit):
    """Every cell of a spread table holds the mean and interval of the result's own table."""
    heads, rows = reader.rows(id)
    seen = 0
    for row in table.to_dict("records"):
        cell = rows[str(row[unit])][heads.index(row["source"]) - 1]
        assert float(cell["value"]) == row["mean"]
        assert cell["text"].strip() == percent(row["mean"])
        likely = row["prob_positive" if "prob_positive" in row else "prob_above"]
        below = f"{percent(row['lower'])} to {percent(row['upper'])}", f"{chance(likely)}; {percent(row['sd'])}"
        assert (cell["below"], cell["more"]) == (below if row["sd"] > 0 else ("", ""))
        seen += 1
    others = sum(head.startswith(("P(", "volatility")) for head in heads) * len(rows)
    assert seen == sum(1 for row in rows.values() for cell in row if cell["value"]) - others


def test_sections_come_in_their_order(written):
    assert tuple(written[1].sections) == SECTIONS


@pytest.mark.parametrize(("id", "by"), [("by-factor", "factor"), ("by-family", "family"), ("by-level", "level")])
def test_contributions_are_those_of_attribute(written, hier_fit, id, by):
    agree(written[1], id, bf.attribute(hier_fit, "premium", by=by, portfolio=MIX).table(), "asset")


def test_groups_are_those_of_attribute(written, hier_fit):
    agree(written[1], "by-group", bf.attribute(hier_fit, by="family", per="group").table(), "group")
    table = bf.attribute(hier_fit, "variance", per="group").share_table(0.5)
    agree(written[1], "risk-groups", table[table["source"] != "total"], "group")


def test_shares_of_risk_are_those_of_attribute(written, hier_fit):
    table = bf.attribute(hier_fit, "variance", portfolio=MIX).share_table(0.5)
    agree(written[1], "risk-shares", table[table["source"] != "total"], "asset")
    own = table[table["source"] == "idiosyncratic"].set_index("asset")["prob_above"]
    heads, rows = written[1].rows("risk-shares")
    place = heads.index("P(idiosyncratic > 50 %)") - 1
    assert {name: float(row[place]["value"]) for name, row in rows.items()} == own.to_dict()


def test_volatility_and_the_portfolio_s_loadings_are_those_of_the_draws(written, hier_fit):
    heads, rows = written[1].rows("risk-shares")
    total = bf.attribute(hier_fit, "variance", portfolio=MIX).draws.sel(source="total") ** 0.5
    for name, row in rows.items():
        draws, cell = total.sel(asset=name), row[heads.index("volatility a year") - 1]
        assert float(cell["value"]) == pytest.approx(float(draws.mean()), abs=float(draws.std()) / 10)
    weights = xr.DataArray(list(MIX.values()), {"asset": list(MIX)})
    loading = (hier_fit.posterior["loading"].sel(asset=list(MIX)) * weights).sum("asset")
    _, rows = written[1].rows("portfolio-loadings")
    for name, row in rows.items():
        draws = loading.sel(factor=name)
        assert float(row[0]["value"]) == pytest.approx(float(draws.mean()), abs=float(draws.std()) / 10)
        assert float(row[2]["value"]) == pytest.approx(float(draws.quantile(0.95)), abs=float(draws.std()) / 5)


@pytest.mark.parametrize(
    ("weights", "said"), [({"a00": 60.0}, "6000 %: what is above"), ({"a00": 0.5}, "50 %: the rest")]
)
def test_weights_that_are_not_the_whole_are_said_in_the_answer(hier_fit, tmp_path, weights, said):
    path = bf.write_report(hier_fit, tmp_path / "r.html", portfolio=weights)
    assert f"Weights add up to {said}" in Reader(path.read_text(encoding="utf-8")).text("answer")


def test_that_no_risk_free_rate_was_given_is_said_in_the_answer(written, hier_fit, tmp_path):
    said = "No risk-free rate was given"
    assert said not in written[1].text("answer")
    fit = replace(hier_fit, panel=replace(hier_fit.panel, notes=(Note("panel", "done", NO_RATE),)))
    assert said in Reader(bf.write_report(fit, tmp_path / "r.html").read_text(encoding="utf-8")).text("answer")


@pytest.mark.parametrize("compounded", [False, True])
def test_realised_returns_are_those_of_attribute(written, hier_fit, compounded):
    how = "compounded" if compounded else "summed"
    found = bf.attribute(hier_fit, "return", by="family", portfolio=MIX, compounded=compounded)
    agree(written[1], f"realised-0-{how}", found.table(), "asset")
    assert "Carino" in written[1].text("realised")


def test_premia_and_checks_are_those_of_identify_and_check(written, hier_fit):
    table = bf.identify(hier_fit).table()
    heads, rows = written[1].rows("premia-table")
    for factor, row in table.iterrows():
        for column, head in (("prior_mean", "prior mean"), ("mean", "mean"), ("lower", "lower"), ("upper", "upper")):
            assert float(rows[factor][heads.index(head) - 1]["value"]) == row[column]
        assert rows[factor][heads.index("verdict") - 1]["text"] == row["verdict"]
    checks = bf.check(hier_fit)
    _, rows = written[1].rows("checks")
    assert list(rows) == [check.name for check in checks.checks]
    for check in checks.checks:
        assert float(rows[check.name][1]["value"]) == pytest.approx(check.value, nan_ok=True)


def test_loadings_are_the_posterior_s(written, hier_fit):
    heads, rows = written[1].rows("loading-table")
    own = hier_fit.posterior["loading"]
    shrinkage, least = bf.check(hier_fit).shrinkage, least_squares_loadings(hier_fit)
    for asset in hier_fit.panel.assets:
        for factor in hier_fit.panel.factor_names:
            cell = rows[asset][heads.index(factor) - 1]
            draws = own.sel(asset=asset, factor=factor)
            error = float(draws.std()) / 10
            assert float(cell["value"]) == pytest.approx(float(draws.mean()), abs=error)
            low, high = (float(end.replace(MINUS, "-")) for end in cell["below"].split(" to "))
            assert (low, high) == pytest.approx(tuple(draws.quantile([0.05, 0.95]).values), abs=2 * error)
            assert cell["more"] == f"{number(least.loc[asset, factor])}; {shrinkage.loc[asset, factor]:.2f}"


def test_the_answer_is_made_of_the_tables(written, hier_fit):
    text = written[1].text("answer")
    table = bf.attribute(hier_fit, "premium", portfolio=MIX).table()
    mine = table[table["asset"] == PORTFOLIO].set_index("source")
    total = mine.loc["total"]
    ends = f"{percent(total['lower'])} to {percent(total['upper'])}"
    assert f"{percent(total['mean'])} a year ({ends}, 90 % equal-tailed interval)" in text
    side = "above" if total["mean"] >= 0 else "below"
    chance = total["prob_positive"] if side == "above" else 1 - total["prob_positive"]
    assert f"it is {likelihood(chance)} to be {side} zero" in text
    main = mine.drop(index="total")["mean"].abs().idxmax()
    assert f"is {PLAIN.get(main, main)}: {percent(mine.loc[main, 'mean'])}" in text
    own = bf.attribute(hier_fit, "variance", portfolio=MIX).shares.sel(asset=PORTFOLIO, source="idiosyncratic")
    assert f"more than half is idiosyncratic is {likelihood(float((own > 0.5).mean()))}" in text


def test_what_stands_in_a_figure_is_not_altered():
    from matplotlib.figure import Figure

    figure = Figure()
    axis = figure.subplots()
    axis.set_xticks([0.0, 0.025, 0.00125], ["0", "0.025", "tok-1.2345 #222222"])
    text = inline(figure, "figure-0")
    for said in ("0.025", "tok-1.2345 #222222"):
        assert f">{said}<" in text
    assert "var(--" in text


def test_what_cannot_be_computed_is_said_and_the_rest_is_there(hier_fit, tmp_path):
    path = bf.write_report(hier_fit, tmp_path / "r.html", portfolio={"a00": 400.0})
    text = Reader(path.read_text(encoding="utf-8")).text("realised")
    assert "Without the portfolio: 'portfolio' has a return of" in text
    assert "Contribution to the realised excess return, compounded" in text


def test_the_last_year_of_months_has_twelve_and_a_short_sample_has_none(cross_fit, tmp_path):
    times = pd.date_range("2021-01-31", "2025-02-28", freq="ME").to_numpy()
    panel, long = cross_fit.panel, len(cross_fit.panel.times)
    for count, rows in ((len(times), slice(long - len(times), long)), (12, slice(0, 12))):
        part = panel.returns.isel(time=rows).assign_coords(time=times[-count:])
        own = panel.factors.isel(time=rows).assign_coords(time=times[-count:])
        fit = replace(cross_fit, panel=replace(panel, returns=part, factors=own))
        found = Reader(bf.write_report(fit, tmp_path / "r.html").read_text(encoding="utf-8"))
        assert ("The last year, 2024-03-31 to 2025-02-28" in found.text("realised")) == (count > 12)
        if count > 12:
            year = bf.attribute(fit, "return", by="family", window=(times[-12], times[-1]))
            agree(found, "realised-1-summed", year.table(), "asset")


def test_a_fit_of_statistics_says_what_it_cannot_know(hier_fit, tmp_path):
    statistics_fit = replace(hier_fit, panel=reduced(hier_fit.panel))
    found = Reader(bf.write_report(statistics_fit, tmp_path / "r.html").read_text(encoding="utf-8"))
    agree(found, "realised-0-summed", bf.attribute(statistics_fit, "return", by="family").table(), "asset")
    assert "Cannot be computed, compounded" in found.text("realised")
    _, rows = found.rows("checks")
    assert rows["tails: share of assets too heavy"][1]["text"] == ""
    assert "panel holds statistics" in rows["tails: share of assets too heavy"][-1]["text"]
    assert "nan" not in found.text("trust").lower().split()
    path = bf.write_report(statistics_fit, tmp_path / "r.html", portfolio={"a00": 1.0})
    assert "over time" not in Reader(path.read_text(encoding="utf-8")).text("realised")


def test_a_stored_fit_has_the_same_report(hier_fit, tmp_path):
    stored = bf.open_fit(hier_fit.save(tmp_path / "run.zarr"))
    one, two = (bf.write_report(fit, tmp_path / "r.md", portfolio=MIX).read_text() for fit in (hier_fit, stored))
    assert one == two


def test_one_asset_and_one_factor(tmp_path):
    panel = make_panel(assets=1, traded=1, other=0, periods=160, shortest=160, seed=3)
    fit = bf.fit(panel, "hierarchical", bf.Sampler(draws=100, tune=100, progress=False))
    found = Reader(bf.write_report(fit, tmp_path / "r.html", portfolio={"a00": 1.0}).read_text(encoding="utf-8"))
    assert tuple(found.sections) == SECTIONS
    assert "by-group" not in found.tables
    alone = Reader(bf.write_report(fit, tmp_path / "r.html").read_text(encoding="utf-8")).text("answer")
    assert "The expected excess return of a00 is" in alone
    assert "more than half is idiosyncratic is" in alone


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
    path = bf.write_report(hier_fit, tmp_path / "r.html", ci_prob=0.8, ci_kind="hdi")
    text = path.read_text(encoding="utf-8")
    assert "80 % highest-density interval" in text
    assert "90 %" not in Reader(text).text("contributions")
    assert "equal-tailed" not in text
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


def named(fit, names):
    """Return the fit with other names of its assets and factors."""
    panel = fit.panel
    assets = [*names, *panel.assets[len(names) :]]
    factors = [names[0], *panel.factor_names[1:]]
    info = tuple(replace(factor, name=name) for factor, name in zip(panel.factor_info, factors, strict=True))
    moved = replace(
        panel,
        returns=panel.returns.assign_coords(asset=assets),
        factors=panel.factors.assign_coords(factor=factors),
        groups=panel.groups.assign_coords(asset=assets),
        factor_info=info,
    )
    new = {"asset": assets, "factor": factors, "factor_other": factors}
    tree = fit.data.map_over_datasets(lambda d: d.assign_coords({k: v for k, v in new.items() if k in d.coords}))
    return replace(fit, panel=moved, data=tree)


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
    assert len(heads) > 10
    for i in heads:
        table = lines[i - 1 : i + 2 + next(k for k, line in enumerate(lines[i + 1 :]) if not line.startswith("|")) - 1]
        assert len({line.count("|") for line in table}) == 1


def test_markdown_has_the_same_sentences_and_sections(written, hier_fit, tmp_path):
    notes = bf.write_report(hier_fit, tmp_path / "r.md", portfolio=MIX).read_text(encoding="utf-8")
    assert notes.count("\n## ") == len(SECTIONS)
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


def test_the_same_fit_makes_the_same_file(hier_fit, tmp_path):
    one, two = (bf.write_report(hier_fit, tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert one == two


@pytest.mark.parametrize(
    ("path", "more", "error", "says"),
    [
        ("report.docx", {}, bf.SpecError, "ends in none of"),
        ("no/such/report.html", {}, bf.FitError, "cannot be written"),
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


def test_only_a_fit_is_reported(tmp_path):
    with pytest.raises(bf.FitError, match="expected a Fit"):
        bf.write_report("fit", tmp_path / "r.html")
