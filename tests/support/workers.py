"""The whole suite on several workers: the longest files first, and a line now and then that says how far it is.

For ``make test``; a file alone runs as it is, without workers.
"""

import time
from collections import Counter
from pathlib import Path

import pytest

LONGEST = {
    "test_notebooks": 67,
    "test_density": 60,
    "test_report": 108,
    "test_graphs": 90,
    "test_engines": 80,
    "test_full": 75,
    "test_own_graph": 60,
    "test_misfit": 46,
    "test_drawstore": 35,
    "test_cli": 31,
    "test_alignment": 24,
    "test_many": 24,
    "test_wholefiles": 23,
    "test_loglikelihood": 21,
    "test_browser": 20,
    "test_many_dask": 19,
    "test_bayesian_factor_zoo": 18,
    "test_packaging": 18,
    "test_identification": 17,
    "test_laws": 15,
    "test_saved_fits": 13,
    "test_attribution": 11,
    "test_coverage": 9,
}  # seconds, about, on two cores: the order in which files begin, and their share of the whole
REST = 0.07  # seconds of a test of another file
SECONDS = 10.0  # between two lines


def stem(nodeid: str) -> str:
    """Return the name of a test's file."""
    return Path(nodeid.partition("::")[0]).stem


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A long file that comes last would keep one worker busy while the others have nothing to do."""
    items.sort(key=lambda item: -LONGEST.get(item.path.stem, 0))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(config))


class Progress:
    """Says how far the tests are, in place of a dot for each."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.weights: dict[str, float] = {}
        self.done, self.failed = 0.0, 0
        self.began = self.said = time.monotonic()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Every worker collects all of them."""
        if not self.weights:
            files = Counter(map(stem, ids))
            self.weights = {one: LONGEST.get(stem(one), REST * files[stem(one)]) / files[stem(one)] for one in ids}
            self._say(f"{len(ids)} tests; how far they are, about, in per cent of their time:")

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        if report.failed:
            return None
        return ("skipped" if report.skipped else "passed" if report.when == "call" else ""), "", ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.done += self.weights.get(report.nodeid, 0.0) * (report.when == "teardown")
        self.failed += report.failed
        if time.monotonic() - self.said > SECONDS and self.weights:
            seconds = int(time.monotonic() - self.began)
            failed = f", {self.failed} failed" if self.failed else ""
            share = int(100 * self.done / sum(self.weights.values()))
            self._say(f"{share:3d} %  {seconds // 60}:{seconds % 60:02d}{failed}  {stem(report.nodeid)}")

    def _say(self, text: str) -> None:
        self.said = time.monotonic()
        self.config.pluginmanager.getplugin("terminalreporter").write_line(text)
