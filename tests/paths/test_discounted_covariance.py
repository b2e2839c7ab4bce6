"""The covariance of factors, discounted."""

import numpy as np
import pytest
from scipy import stats

from bayesfactor.paths.discounted_covariance import (
    discount_of,
    filter_covariance,
    overall_weights,
    shortest_memory,
)


@pytest.fixture
def deviations():
    found = np.random.default_rng(3).multivariate_normal(np.zeros(3), np.eye(3) + 0.5, 60)
    found[:20, 1] = np.nan
    return found


PRIOR = np.diag([3.0, 4.0, 5.0])


def density(rows, count, scatter):
    return stats.multivariate_t.logpdf(rows, shape=scatter / (count + 2), df=count + 2)


def test_scores_are_those_of_the_recursion(deviations):
    """A factor that begins later: its density given the others, from the moments of its own rows."""
    for d, score in zip([0.9, 1.0], filter_covariance(deviations, [0.9, 1.0], 4.0, PRIOR).score, strict=True):
        long, short = [0, 2], [0, 2, 1]
        n, s = 4.0, PRIOR[np.ix_(long, long)]
        m, v = 4.0, PRIOR[np.ix_(short, short)]
        for date, row in enumerate(deviations):
            n, s = d * n, d * s
            expected = density(row[long], n, s)
            n, s = n + 1, s + np.outer(row[long], row[long])
            if date >= 20:
                m, v = d * m, d * v
                expected += density(row[short], m, v) - density(row[long], m, v[:2, :2])
                m, v = m + 1, v + np.outer(row[short], row[short])
            np.testing.assert_allclose(score[date], expected, rtol=1e-10)


def test_predictive_is_the_inverse_wisharts_mixture():
    """u | Omega ~ N(0, Omega), Omega ~ IW(K + 1 + n, S), by simulation; and the mean of Omega is S / n."""
    count, row = 9.0, np.array([[1.0, -0.5, 2.0]])
    draws = stats.invwishart.rvs(3 + 1 + count, PRIOR, size=40_000, random_state=1)
    likelihood = [stats.multivariate_normal.pdf(row[0], cov=one) for one in draws[:4000]]
    score = filter_covariance(row, 1.0, count, PRIOR).score[0, 0]
    assert abs(np.mean(likelihood) - np.exp(score)) < 4 * np.std(likelihood) / len(likelihood) ** 0.5
    np.testing.assert_allclose(draws.mean(axis=0).diagonal(), PRIOR.diagonal() / count, rtol=0.03)


def test_next_period_is_discounted_once_more(deviations):
    found = filter_covariance(deviations, [0.9], 4.0, PRIOR)
    assert [one.older for one in found.spans] == [0, 2]
    weight = 0.9 ** np.arange(60, 0, -1)
    rows = deviations[:, [0, 2]]
    expected = (rows * weight[:, None]).T @ rows + 0.9**61 * PRIOR[np.ix_([0, 2], [0, 2])]
    np.testing.assert_allclose(found.spans[0].scatter[0], expected, rtol=1e-12)
    np.testing.assert_allclose(found.spans[0].count[0], weight.sum() + 0.9**61 * 4, rtol=1e-12)


@pytest.mark.parametrize(("factors", "rows", "count"), [(3, 500, 4.0), (8, 60, 8.0), (1, 20, 2.0)])
def test_shortest_memory_leaves_enough_rows(factors, rows, count):
    d = discount_of(shortest_memory(factors, rows, count))
    found = filter_covariance(np.random.default_rng(0).normal(size=(rows, factors)), d, count, count * np.eye(factors))
    np.testing.assert_allclose(found.spans[0].count, 2 * (factors + 1), rtol=1e-6)


def test_no_memory_is_long_enough_for_few_rows():
    assert shortest_memory(8, 10, 3.0) == np.inf


def test_rows_of_turbulent_times_weigh_less(deviations):
    deviations[30:40] *= 4
    found = overall_weights(deviations, np.eye(3) + 0.5, 5.0)
    np.testing.assert_allclose(found.mean(), 1)
    assert found[32:38].max() < 0.5 * found[:25].min()
    np.testing.assert_allclose(overall_weights(deviations, np.eye(3) + 0.5, np.inf), 1)
