"""The description of a panel, as tables and as text."""

import re

import numpy as np
import pandas as pd
import pytest

from bayesfactor.data.integration.assembly import integrate
from bayesfactor.panel.description import describe_panel


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    days = pd.date_range("2020-01-01", periods=140, freq="D")
    returns = pd.DataFrame(rng.normal(0, 0.02, (140, 30)), days, [f"coin{n}" for n in range(30)])
    returns.iloc[:50, 3] = np.nan
    returns["mkt"] = rng.normal(0, 0.02, 140)
    weekdays = days[days.day_of_week < 5]
    factors = pd.DataFrame(rng.normal(0, 0.02, (len(weekdays), 2)), weekdays, ["mkt", "vix"])
    info = {"mkt": {}, "vix": {"traded": False, "transform": "diff", "lag": 2, "family": "volatility"}}
    return integrate(returns, factors, info, risk_free=0.0)


def test_tables_say_span_count_and_what_was_done(panel):
    description = describe_panel(panel)
    late = description.assets.loc["coin3"]
    observed = panel.returns.sel(asset="coin3").dropna("time").time.values
    assert late["first"] == str(observed[0])[:10]
    assert late["periods"] == len(observed)
    assert "daily compounded to business" in late["done"]
    vix = description.factors.loc["vix"]
    assert (vix["family"], vix["transform"], vix["lag"], vix["aggregate"]) == (
        "volatility",
        "diff",
        2,
        "last",
    )
    assert "lagged by 2 of its own business values; then differenced" in vix["done"]
    assert description.assets.index.tolist() == list(panel.assets)


def test_a_shared_name_keeps_its_two_histories_apart(panel):
    description = panel.describe()
    assert "daily compounded" in description.assets.loc["mkt", "done"]
    assert "daily compounded" not in description.factors.loc["mkt", "done"]


def flat(text):
    """Return a text as one line."""
    return " ".join(text.split())


def test_text_fits_a_terminal_and_says_where_the_rest_is(panel):
    text = str(panel.describe())
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "... and 11 more: panel.describe().assets.to_string()" in text
    assert flat(text).startswith("Business panel, 252 periods a year: 31 assets, 2 factors")
    assert "condition number of the factors 1." in flat(text)
    whole = eval("panel.describe().assets.to_string()", {"panel": panel})
    for name, row in panel.describe().assets.iterrows():
        (line,) = (line for line in whole.splitlines() if line.split()[0] == name)
        assert row["done"] in line


def parts(text, title):
    """Return the lines of one part of the text."""
    (found,) = (part for part in text.split("\n\n") if part.startswith(title))
    return found.splitlines()[1:]


def below(line):
    """Whether a line says what was done to the series of the row above it."""
    return line.startswith("    ") and line[4] != " "


def done_of(part):
    """Return what a part says was done: at the ends of its rows, or below them."""
    head, *lines = part
    start = head.index("done")
    return flat(" ".join(line.strip() if below(line) else line[start:] for line in lines))


def test_nothing_of_what_was_done_is_cut(panel):
    text = str(panel.describe())
    assert not [line for line in text.splitlines() if line.endswith("...")]
    said = done_of(parts(text, "Assets"))
    assert panel.describe().assets["done"].iloc[0] in said
    assert panel.describe().assets.loc["coin3", "done"] in said.replace(
        "as above", panel.describe().assets["done"].iloc[0]
    )
    said = done_of(parts(text, "Factors"))
    assert said == flat(" ".join(panel.describe().factors["done"]))


def test_long_names_are_wrapped_and_not_cut():
    rng, days = np.random.default_rng(0), pd.date_range("2020-01-01", periods=60, freq="B")
    names = ["token-" * 12 + end for end in ("usd", "eur")] + ["a name of many words that goes on and on and on"]
    returns = pd.DataFrame(rng.normal(0, 0.02, (60, 3)), days, names)
    factors = pd.DataFrame(rng.normal(0, 0.02, (60, 1)), days, ["f" * 60])
    family = {"family": "a family with a long name, too"}
    groups = {name: {"group": "group " * 8 + name[-3:]} for name in names}
    described = str(integrate(returns, factors, {"f" * 60: family}, groups, risk_free=0.0).describe())
    assert max(len(line) for line in described.splitlines()) <= 100
    wanted = {
        "Assets": [names, [group["group"] for group in groups.values()]],
        "Factors": [["f" * 60], family.values()],
    }
    for title, columns in wanted.items():
        head, *lines = parts(described, title)
        starts = [match.start() for match in re.finditer(r"\S+", head)]
        for column, start, end in zip(columns, starts, starts[1:], strict=False):
            said = "".join("".join(line[start:end].split()) for line in lines if not below(line))
            assert said == "".join("".join(text.split()) for text in column)


def test_every_warning_is_printed_whole(capsys):
    """More of them than a screen holds, in the text and in the command line."""
    rng, days = np.random.default_rng(1), pd.date_range("2020-01-01", periods=120, freq="B")
    returns = pd.DataFrame(rng.normal(0, 0.02, (120, 30)), days, [f"coin{n}" for n in range(30)])
    returns.iloc[20:60] = 0.0
    factors = pd.DataFrame(rng.normal(0, 0.02, (120, 1)), days, ["mkt"])
    panel = integrate(returns, factors, risk_free=0.0)
    description = panel.describe()
    assert len(description.warnings) > 25
    pytest.importorskip("typer", reason="the command line needs the extra 'cli'")
    from bayesfactor.cli.output import show_panel

    show_panel(panel)
    for text in (str(description), capsys.readouterr().out):
        for row in description.warnings.itertuples():
            assert flat(f"{row.series}: {row.text}") in flat(text)
        assert max(len(line.rstrip()) for line in text.splitlines()) <= 100
        assert "... and" not in text.split("Warnings")[1]


def test_the_same_again_is_said_to_be_so(panel):
    head, *lines = parts(str(panel.describe()), "Assets")
    assert any(line[head.index("done") :] == "as above" for line in lines)
    one = panel.select(["coin1"])
    assert "as above" not in str(one.describe())


def test_text_lists_warnings_or_says_there_are_none(panel):
    assert "No warnings." in str(panel.select(["coin1"]).describe())
    days = panel.returns.indexes["time"]
    returns = pd.DataFrame({"dead": 0.01, "live": np.random.default_rng(1).normal(0, 0.02, len(days))}, days)
    factors = panel.factors.sel(factor=["mkt"], time=days).to_pandas()
    text = str(integrate(returns, factors).describe())
    assert "Warnings" in text
    assert "dead: stale" in text
