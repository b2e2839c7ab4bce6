"""A small version of the calibration: intervals hold the truth they were simulated from."""

import numpy as np
import pytest

from benchmarks.calibration import coverage


@pytest.mark.parametrize("name", ["static"])
def test_intervals_cover_truth(name):
    """90 % intervals, within 4 standard errors over 24 panels (at least binomial ones where intervals are few)."""
    table = coverage(name, 24, first=1000)
    binomial = np.sqrt(0.09 / table["intervals"].where(table["intervals"] < 100, np.inf))
    width = 4 * np.maximum(table["se"], binomial)
    assert (abs(table["covered"] - 0.9) <= width).all(), table.to_string()
    assert (table["covered"] > 0.75).all(), table.to_string()
