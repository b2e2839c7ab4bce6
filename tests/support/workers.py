"""The whole suite on several workers: the longest files first, and a line now and then that says how far it is.

For ``make test``; a file alone runs as it is, without workers.
"""

import time
from collections import Counter
from pathlib import Path

import pytest

LONGEST = {
    "test_sampled_graphs": 240,
    "test_report": 82,
    "test_docs": 70,
    "test_density": 66,
    "test_conditional_sampler": 52,
    "test_notebooks": 51,
    "test_cli": 50,
    "test_laws": 48,
    "test_many": 40,
    "test_graphs": 38,
    "test_saved_fits": 36,
    "test_full": 32,
    "test_drawstore": 31,
    "test_comparison": 29,
    "test_residual_risk": 27,
    "test_correlated_kernel": 27,
    "test_wholefiles": 26,
    "test_misfit": 25,
    "test_many_dask": 25,
    "test_alignment": 24,
    "test_truth": 23,
    "test_from_draws": 23,
    "test_which_model": 21,
    "test_attribution": 18,
    "test_structure": 18,
    "test_packaging": 17,
    "test_collapsed_covariance": 17,
    "test_scores": 17,
    "test_bayesian_factor_zoo": 17,
    "test_identification": 16,
    "test_loglikelihood": 15,
    "test_scale_move": 14,
    "test_readme": 14,
    "test_moving": 14,
    "test_screens": 12,
    "test_stress": 11,
    "test_storage": 11,
    "test_inclusion_report": 11,
    "test_stamps": 11,
    "test_noisy_structure": 10,
    "test_changes": 10,
    "test_checks": 10,
    "test_coverage": 10,
    "test_measured_history": 9,
    "test_browser": 9,
    "test_reliability_move": 8,
}  # processor seconds, about: the order in which files begin, and their share of the whole
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
