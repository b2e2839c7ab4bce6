"""The whole suite on several workers: the longest files first, and a line now and then that says how far it is.

For ``make test``; a file alone runs as it is, without workers.
"""

import time
from pathlib import Path

import pytest

LONGEST = (
    "test_density",  # compiles a graph as PyMC's users do: a minute, where that was never done before
    "test_report",
    "test_misfit",
    "test_notebooks",
    "test_drawstore",
    "test_wholefiles",
    "test_many",
    "test_attribution",
    "test_browser",
    "test_cli",
    "test_many_dask",
    "test_alignment",
    "test_identification",
    "test_saved_fits",
    "test_bayesian_factor_zoo",
    "test_coverage",
)
SECONDS = 10.0  # between two lines


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A long file that comes last would keep one worker busy while the others have nothing to do."""
    place = {name: i for i, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(config))


class Progress:
    """Says how many tests are done, in place of a dot for each."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.total = self.done = self.failed = 0
        self.began = self.said = time.monotonic()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Every worker collects all of them."""
        if not self.total:
            self.total = len(ids)
            self._say(f"{self.total} tests; the longest come first, so that the first per cents take longest")

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        if report.failed:
            return None
        return ("skipped" if report.skipped else "passed" if report.when == "call" else ""), "", ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.done += report.when == "teardown"
        self.failed += report.failed
        if time.monotonic() - self.said > SECONDS and self.total:
            seconds = int(time.monotonic() - self.began)
            failed = f", {self.failed} failed" if self.failed else ""
            name = Path(report.nodeid.partition("::")[0]).name
            self._say(f"{100 * self.done // self.total:3d} %  {seconds // 60}:{seconds % 60:02d}{failed}  {name}")

    def _say(self, text: str) -> None:
        self.said = time.monotonic()
        self.config.pluginmanager.getplugin("terminalreporter").write_line(text)
