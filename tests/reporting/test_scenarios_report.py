"""What the report says of scenarios: numbers of `stress`, a section only where scenarios are given, input refused."""

import tomllib

import pytest

import bayesfactor as bf
from bayesfactor.base.wording import percent
from bayesfactor.reporting.content.prose import estimate, likelihood
from tests.support.panels import make_panel
from tests.support.reader import HOSTILE, MIX, Reader, agree
from tests.support.synthetic_draws import synthetic_draws

PANEL = make_panel(assets=6, traded=2, other=1, periods=120, seed=2)
CRASH = bf.Scenario({"f0": -0.05}, "crash")
SLOW = bf.Scenario({"f2": bf.Sigmas(2)}, HOSTILE[0], periods=3)


@pytest.fixture(scope="module")
def fit():
    return bf.from_draws(PANEL, synthetic_draws(PANEL, draws=100))


@pytest.fixture(scope="module")
def read(fit, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "r.html"
    return Reader(bf.write_report(fit, path, portfolio=MIX, scenarios=[CRASH, SLOW]).read_text(encoding="utf-8"))


def test_tables_hold_the_numbers_of_stress(fit, read):
    for number, scenario in enumerate((CRASH, SLOW)):
        found = bf.stress(fit, scenario, portfolio=MIX)
        agree(read, f"scenario-{number}-sources", found.table(), "asset")
        heads, rows = read.rows(f"scenario-{number}-returns")
        for row in found.outcome_table().to_dict("records"):
            cells = rows[row["asset"]]
            assert [cell["text"] for cell in cells[:3]] == [
                percent(row[name], row["sd"]) for name in ("mean", "lower", "upper")
            ]
        assert heads == ["asset", "mean", "lower", "upper", "P(> 0)"]
        heads, rows = read.rows(f"scenario-{number}-factors")
        shocked = {name: cells[0]["text"] for name, cells in rows.items()}
        assert shocked == {name: "yes" if name in scenario.shocks else "no" for name in PANEL.factor_names}


def test_scenarios_stand_side_by_side(fit, read):
    _, rows = read.rows("scenarios-table")
    assert list(rows) == ["crash", HOSTILE[0]]
    found = bf.stress(fit, CRASH, portfolio=MIX)
    drawn = found.draws.sel(source="total", drop=True), found.outcome
    total = found.table().query("asset == 'portfolio' and source == 'total'").iloc[0]
    cells = rows["crash"]
    assert float(cells[1]["value"]) == total["mean"]
    assert cells[1]["below"] == " to ".join(percent(total[end], total["sd"]) for end in ("lower", "upper"))
    assert cells[6]["text"] == f"{found.plausibility.rank} of 120"
    ((name, count),) = found.plausibility.as_far.items()
    assert cells[6]["below"] == f"in its direction: {count}"
    with_it = PANEL.factors.sel(factor=name).rolling(time=CRASH.periods).sum()
    assert count == int((with_it <= CRASH.shocks[name]).sum())
    expected, outcome = (estimate(draws.sel(asset="portfolio"), 0.9, "eti") for draws in drawn)
    ends = f"{outcome.percent(outcome.lower)} and {outcome.percent(outcome.upper)}"
    likely = float((drawn[1].sel(asset="portfolio") < 0).mean())
    assert outcome.mean < 0
    text = read.text("scenarios")
    assert (
        f"Then the excess return of the portfolio is expected to be {expected.text}; 90 % of simulated returns lie "
        f"between {ends} (90 % equal-tailed interval). It is {likelihood(round(likely, 2))} to be below zero." in text
    )
    assert "Two intervals: of what is expected" in text
    assert "Note: returns of several periods are summed, not compounded." in text


def test_the_report_can_be_made_again(fit, read, tmp_path):
    """From the file of scenarios that it prints; names of scenarios are text."""
    (written,) = [code for code in read.codes if "shocks" in code]
    (tmp_path / "scenarios.toml").write_text(written, encoding="utf-8")
    assert bf.read_scenarios(tmp_path / "scenarios.toml") == (CRASH, SLOW)
    assert tomllib.loads(written)["crash"]["periods"] == 1
    assert any("--scenarios scenarios.toml" in code for code in read.codes)


def test_without_scenarios_there_is_no_section(fit, read, tmp_path):
    plain = Reader(bf.write_report(fit, tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "scenarios" not in plain.sections
    assert plain.tags.count("script") == read.tags.count("script")  # the name of a scenario is none
    assert not any("scenarios" in code for code in plain.codes)


def test_without_a_portfolio_it_is_of_the_mean_of_all_assets(fit, tmp_path):
    text = bf.write_report(fit, tmp_path / "r.md", scenarios=[CRASH]).read_text(encoding="utf-8")
    assert "## What could happen" in text
    assert "excess return of the mean of all assets" in text
    mean = bf.stress(fit, CRASH).draws.sel(source="total").mean("asset")
    assert percent(float(mean.mean()), float(mean.std(ddof=1))) in text.split("What could happen")[1].split("###")[0]


def test_the_command_writes_it_too(run, fit, tmp_path):
    fit.save(tmp_path / "run.nc")
    (tmp_path / "s.toml").write_text("[crash]\nshocks = {f0 = -0.05}\n")
    report = tmp_path / "r.md"
    run("report", tmp_path / "run.nc", "-o", report, "--scenarios", tmp_path / "s.toml")
    assert "### crash" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("scenarios", "says"),
    [
        (CRASH, "scenarios are a list of bf.Scenario, not a Scenario"),
        ([{"f0": -0.05}], "write_report: expected a Scenario, found dict"),
        ([CRASH, CRASH], "two scenarios are named 'crash'"),
        ([bf.Scenario({"f9": 0.1})], "unknown factor 'f9'"),
        ([bf.Scenario({"f0": -20})], "is it per cent"),
    ],
)
def test_scenarios_that_cannot_be_used_are_refused(fit, tmp_path, scenarios, says):
    with pytest.raises(bf.SpecError, match=says):
        bf.write_report(fit, tmp_path / "r.html", scenarios=scenarios)
    assert not (tmp_path / "r.html").exists()
