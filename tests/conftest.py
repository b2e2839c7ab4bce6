"""Fixtures that several test files share."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

# Graphs are built a third faster without a record of the line that made each node.
os.environ.setdefault("PYTENSOR_FLAGS", "traceback__limit=0,traceback__compile_limit=0")

import bayesfactor as bf
from bayesfactor.spec.alphas import FreeZeroBeta
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.priors import Normal, NormalRate, Rate, SpikeSlab
from tests.support import moving_loadings
from tests.support.moving import MovingTruth, moving_model, moving_panel
from tests.support.panels import make_panel
from tests.support.paths import ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real public data, whose licences do not let the project ship them."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data are not here: their licences do not let the project ship them")
    return folder


@pytest.fixture(scope="session")
def uses(shared_data) -> Path:
    """Folder of what other programs make of real data."""
    folder = shared_data.parent / "reference" / "uses"
    if not folder.is_dir():
        pytest.skip("the numbers of other programs are not here: they are made of data that do not ship")
    return folder


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command line; return its exit status and what it printed, on its output and on its error stream."""
    from bayesfactor import cli

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["bayesfactor", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        printed = capsys.readouterr()
        return left.value.code or 0, printed.out, printed.err

    return call


def quiet(**settings):
    """Return a sampler that shows no progress."""
    return bf.Sampler(**{"tune": 500, "progress": False, **settings})


@pytest.fixture(scope="session")
def a_panel():
    """Nine assets in three groups, two traded factors and one that is not, unequal histories."""
    return make_panel(assets=9, traded=2, other=1, periods=160, shortest=30, seed=3)


@pytest.fixture(scope="session")
def hier_fit(a_panel):
    """The default model, sampled well."""
    return bf.fit(a_panel, "static", quiet(draws=1000))


@pytest.fixture(scope="session")
def student_fit(a_panel):
    """Student-t noise."""
    return bf.fit(a_panel, "student_t", quiet(draws=500))


@pytest.fixture(scope="session")
def short_fit(a_panel):
    """A fit that fails its checks: one chain of forty draws."""
    return bf.fit(a_panel, "static", quiet(draws=40, tune=60, chains=1))


@pytest.fixture(scope="session")
def hollow_fit(a_panel):
    """As `hier_fit`, but asset a08 has no return at all."""
    hidden = np.array(a_panel.assets) == "a08"
    return bf.fit(replace(a_panel, returns=a_panel.returns.where(~hidden)), "static", quiet(draws=1000))


@pytest.fixture(scope="session")
def cross_panel():
    """24 assets by the month: a traded factor f0, one that moves them and is not traded, f1, and a useless one, f2."""
    return make_panel(assets=24, traded=1, other=2, periods=400, zero=(2,), seed=1, year=12, alpha=0.01)


@pytest.fixture(scope="session")
def cross_fit(cross_panel):
    """The default model on many assets."""
    return bf.fit(cross_panel, "static", quiet(draws=1000))


@pytest.fixture(scope="session")
def rate_fit(cross_panel):
    """With a zero-beta rate."""
    model = replace(bf.FactorModel(), zero_beta=FreeZeroBeta(NormalRate(Rate(0.0), Rate(5.0))))
    return bf.fit(cross_panel, model, quiet(draws=1000))


@pytest.fixture(scope="session")
def slab_fit(cross_panel):
    """With a spike and slab for the factors that are not traded."""
    law = FactorLaw(premium=(("on-chain", SpikeSlab(0.5, inclusion=0.4)), ("default", Normal(0.0, 0.5))))
    return bf.fit(cross_panel, replace(bf.FactorModel(), factors=law), quiet(draws=1000))


@pytest.fixture(scope="session")
def moving_truth() -> MovingTruth:
    """Ten assets by the week whose volatility and loadings move."""
    return moving_panel(1)


@pytest.fixture(scope="session")
def moving_fit(moving_truth):
    """A model in which all that can move may."""
    return bf.fit(moving_truth.panel, moving_model(), quiet(draws=300))


@pytest.fixture(scope="session")
def volatile_fit(moving_truth):
    """A model in which the volatility of residuals moves, and nothing else."""
    return bf.fit(moving_truth.panel, moving_model(factors=False, loadings=False), quiet(draws=300))


@pytest.fixture(scope="session")
def moved_fit():
    """Volatility, covariance and loadings move; unequal histories."""
    panel = moving_loadings.moving_panel(shortest=60)
    return bf.fit(panel, moving_loadings.moving_model(), quiet(draws=300, tune=300))
