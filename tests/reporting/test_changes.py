"""The section on what has changed: there where something moves, and with the numbers of the results it comes from."""

from dataclasses import replace

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.reporting.content.changes import MOST, RESIDUALS, changed, find_changes
from bayesfactor.reporting.content.parts import Picture, TablePart, Text
from tests.support.moving_loadings import still
from tests.support.reader import Reader


@pytest.fixture(scope="module")
def reader(moved_fit, tmp_path_factory):
    path = bf.write_report(moved_fit, tmp_path_factory.mktemp("moving") / "r.html", portfolio={"a00": 0.5, "a03": 0.5})
    return Reader(path.read_text(encoding="utf-8"))


def test_the_section_stands_before_premia(reader):
    names = list(reader.sections)
    assert names.index("changes") == names.index("premia") - 1
    assert "the volatility of residuals, the covariance of factors and loadings" in reader.text("changes")
    assert "at today's level" in reader.text("risk")


def test_nothing_is_said_where_nothing_moves(hier_fit, tmp_path):
    assert find_changes(hier_fit, 0.9, "eti") is None
    text = bf.write_report(hier_fit, tmp_path / "r.md").read_text(encoding="utf-8")
    assert "What moves" not in text
    assert "today's level" not in text


def test_volatility_now_is_over_that_of_the_long_run(moved_fit):
    found, posterior = find_changes(moved_fit, 0.9, "eti"), moved_fit.posterior
    variance = bf.attribute(moved_fit, "variance")
    own = ((variance.draws / variance.long_run).sel(source="idiosyncratic") ** 0.5).mean("asset")
    row = found.volatility.loc[RESIDUALS]
    assert row["mean"] == pytest.approx(float(own.mean()), abs=3 * row["mcse"])
    assert row["prob_higher"] == pytest.approx(float((own > 1).mean()))
    for number, factor in enumerate(moved_fit.panel.factor_names):
        now, long_run = (posterior[name].values[..., number, number] for name in ("factor_cov", "factor_cov_long_run"))
        assert found.volatility.loc[factor, "prob_higher"] == pytest.approx(float((now > long_run).mean()))


def test_loadings_that_changed_are_those_of_the_table_the_largest_first(moved_fit):
    found = find_changes(moved_fit, 0.9, "eti")
    table = bf.loading_paths(moved_fit).table()
    sure = table[(table["prob_up"] < 0.05) | (table["prob_up"] > 0.95)]
    parts = changed(found)
    said = next(part.text for part in parts if isinstance(part, Text) and "risen or fallen" in part.text)
    assert said.startswith(f"{len(sure)} of {len(table)} loading")
    grids = [part.grid for part in parts if isinstance(part, TablePart) and part.id == "changes-loadings"]
    if len(sure):
        rows = [(row[0].text, row[1].text) for row in grids[0].rows]
        assert set(rows) == set(zip(sure["asset"], sure["factor"], strict=True))
        sd = moved_fit.panel.factors.std("time", ddof=1).to_series()
        size = [abs(row[4].value - row[2].value) * sd[row[1].text] for row in grids[0].rows]
        assert size == sorted(size, reverse=True)
    else:
        assert not grids
    (picture,) = [part for part in parts if isinstance(part, Picture)]
    assert picture.draw().panels


def test_many_changes_are_capped_with_a_count(moved_fit):
    found = find_changes(moved_fit, 0.9, "eti")
    many = replace(found, loadings=found.loadings.sample(MOST + 5, replace=True, random_state=0).assign(prob_up=0.99))
    parts = changed(many)
    (grid,) = [part.grid for part in parts if isinstance(part, TablePart) and part.id == "changes-loadings"]
    assert len(grid.rows) == MOST
    assert any(f"The {MOST} largest changes are shown." in part.text for part in parts if isinstance(part, Text))


def test_that_loadings_do_not_move_is_said(moved_fit):
    parts = changed(find_changes(still(moved_fit), 0.9, "eti"))
    assert any("loadings that do not move" in part.text for part in parts if isinstance(part, Text))
    assert not [part for part in parts if isinstance(part, Picture)]


def test_the_long_run_volatility_stands_beside_todays(moved_fit, reader):
    heads, rows = reader.rows("risk-shares")
    place = heads.index("in the long run") - 1
    wanted = bf.attribute(moved_fit, "variance").long_run.sel(asset="a02", source="total") ** 0.5
    assert float(rows["a02"][place]["value"]) == pytest.approx(float(wanted.mean()), rel=0.02)
    assert np.isfinite(float(rows["portfolio"][place]["value"]))


@pytest.mark.parametrize("suffix", ["md", "pdf"])
def test_other_formats_have_the_section(moved_fit, tmp_path, suffix):
    written = bf.write_report(moved_fit, tmp_path / f"r.{suffix}").read_bytes()
    assert len(written) > 1000
    assert suffix == "pdf" or b"## What moves" in written
