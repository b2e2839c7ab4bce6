"""What tails add to the doubt of a level: that of sums of squares of t residuals over those of normal ones."""

import numpy as np
import pytest

from bayesfactor.paths.level_doubt import LADDER, level_doubt, log_ratios


def test_variance_is_excess_kurtosis_over_rows():
    """Within 4 standard errors of a variance of 512 draws, at 30 degrees of freedom, where the delta method holds."""
    found = log_ratios(30.0)[LADDER == 400]
    assert found.var() == pytest.approx(6 / 26 / 400, rel=4 * (2 / 512) ** 0.5)


@pytest.mark.parametrize("dof", [6.0, 9.0])
def test_levels_drawn_under_normal_noise_cover_as_often_as_they_say(dof):
    """Of 3,000 assets whose sum of squares is all that is known, 90 % intervals hold the level, within 2 points."""
    rng, rows, draws = np.random.default_rng(1), 250, 400
    z = rng.standard_t(dof, size=(3000, rows)) * ((dof - 2) / dof) ** 0.5
    under_normal = np.sqrt(np.sum(z**2, axis=1) / rng.chisquare(rows, size=(draws, 3000)))
    tables = {dof: log_ratios(dof)}
    doubt = level_doubt(tables, np.full(draws, dof), np.full(3000, rows), np.full(draws, 1e3), rng)
    plain, doubted = (np.quantile(one, [0.05, 0.95], axis=0) for one in (under_normal, under_normal * doubt))
    covered = [np.mean((low < 1) & (high > 1)) for low, high in (plain, doubted)]
    assert covered[0] < 0.84
    assert covered[1] == pytest.approx(0.9, abs=0.02)


def test_a_level_without_returns_is_the_groups():
    """Nothing is added there; and one that the group knows much better than its own returns is hardly doubted."""
    tables, rng = {5.0: log_ratios(5.0)}, np.random.default_rng(2)
    found = np.log(level_doubt(tables, np.full(400, 5.0), np.array([0, 10, 10_000]), np.full(400, 0.02), rng))
    assert not found[:, 0].any()
    for asset, rows, near in ((1, 10, 12), (2, 10_000, 1600)):
        share = 2 * rows / (2 * rows + 0.02**-2)
        expected = tables[5.0][near == LADDER].std() / 2 * (near / rows) ** 0.5 * share
        assert found[:, asset].std() == pytest.approx(expected, rel=0.2)
