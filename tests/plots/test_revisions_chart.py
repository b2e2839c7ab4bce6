"""The figure of what changed: marks at the numbers of `revisions`, the earlier ones behind."""

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.plots.marks import Intervals
from bayesfactor.plots.revisions_chart import revisions_chart
from tests.analysis.test_revisions import MIX, OLD, drawn


@pytest.fixture(scope="module")
def found():
    old = OLD.select(factors=["f0", "f1"])
    return bf.revisions(drawn(), drawn(old, seed=5), portfolio=MIX)


def test_marks_stand_at_the_numbers(found):
    chart = revisions_chart(found)
    (panel,) = chart.panels
    table = found.table("premium").query("asset == 'portfolio'").set_index("source").loc[list(panel.y.names)]
    then, now, total = [mark for mark in panel.marks if isinstance(mark, Intervals)]
    known = table["previous"].notna().to_numpy()
    assert not known[panel.y.names.index("f2")]
    assert then.at.tolist() == np.flatnonzero(known).tolist()
    for mark, rows, prefix in (
        (then, table[known], "previous_"),
        (now, table.drop(index="total"), ""),
        (total, table.loc[["total"]], ""),
    ):
        assert mark.middle.tolist() == rows["previous" if prefix else "mean"].tolist()
        assert mark.lower.tolist() == rows[f"{prefix}lower"].tolist()
        assert mark.upper.tolist() == rows[f"{prefix}upper"].tolist()
    assert panel.y.names[-1] == "total"
    assert all(panel.x.low <= end <= panel.x.high for mark in (then, now, total) for end in (*mark.lower, *mark.upper))
    assert "not in both fits" in now.texts[panel.y.names.index("f2")]


def test_the_largest_come_first_and_the_rest_is_counted(found):
    chart = revisions_chart(found, most=2)
    table = found.table("premium").query("asset == 'portfolio'").set_index("source")
    size = table[["previous", "mean"]].abs().max(axis=1).drop("total").sort_values(ascending=False, kind="stable")
    assert chart.panels[0].y.names == (*size.index[:2], "total")
    assert chart.notes == ("2 smaller sources are not drawn.",)
