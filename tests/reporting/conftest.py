"""One report that several tests read."""

import pytest

import bayesfactor as bf
from bayesfactor.reporting.formats import html
from tests.support.reader import MIX, Reader


@pytest.fixture(scope="package")
def written(hier_fit, tmp_path_factory):
    path = bf.write_report(hier_fit, tmp_path_factory.mktemp("report") / "report.html", portfolio=MIX)
    return path, Reader(path.read_text(encoding="utf-8"))


@pytest.fixture
def words_only(monkeypatch):
    """Reports without their figures, which take most of the time, for tests that read words and tables."""
    monkeypatch.setattr(html, "svg", lambda chart: "")
