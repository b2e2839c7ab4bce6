"""What a fit sees of a panel: weights and what they make, which nobody can change."""

import pickle

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.panel.design import observe
from bayesfactor.spec.scaling import scale_priors
from tests.support.panels import make_panel


def test_weights_are_copied_and_read_only():
    panel = make_panel(assets=3, periods=30)
    weight = np.full(panel.returns.shape, 0.5)
    design = observe(panel, weight)
    weight[:] = 5.0
    assert (design.weight == 0.5).all()
    assert design.effective.tolist() == [15.0, 15.0, 15.0]
    with pytest.raises(ValueError, match="read-only"):
        design.weight[0, 0] = 1.0


def test_records_stay_read_only_in_another_process():
    panel = make_panel(assets=3, periods=30)
    design = observe(panel, np.ones(panel.returns.shape))
    priors = scale_priors(design, bf.FactorModel())
    for array in (design.weight, design.moments.xx, priors.loadings.loc, priors.premia.sd, priors.factors.mean_sd):
        assert not array.flags.writeable
    there, own = pickle.loads(pickle.dumps(design)), pickle.loads(pickle.dumps(priors))
    for array in (there.weight, there.moments.xx, there.history.mean, own.loadings.loc, own.premia.sd):
        assert not array.flags.writeable


@pytest.mark.parametrize("weight", [np.ones((3, 3)), np.full((30, 3), -1.0), np.full((30, 3), np.nan)])
def test_what_are_no_weights_is_refused(weight):
    with pytest.raises(bf.SpecError, match=r"numbers from 0 on of shape \(30, 3\)"):
        observe(make_panel(assets=3, periods=30), weight)


def test_a_sample_has_the_size_of_kish():
    panel = make_panel(assets=2, periods=40, shortest=20)
    weight = np.random.default_rng(0).uniform(0.1, 1.0, panel.returns.shape)
    sample, seen = observe(panel, weight).sample, np.isfinite(panel.returns.values)
    own = [weight[mask, i] for i, mask in enumerate(seen.T)]
    np.testing.assert_allclose(sample.count, [w.sum() ** 2 / (w**2).sum() for w in own], rtol=1e-12)
    means = [np.average(panel.returns.values[mask, i], weights=own[i]) for i, mask in enumerate(seen.T)]
    np.testing.assert_allclose(sample.mean, means, rtol=1e-12)
