"""Residual factors integrated out, on the data and at the truth of a simulated reference set."""

import json

import numpy as np
import pandas as pd
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import linalg

from bayesfactor.graph.collapsed_covariance import collapsed, products_data
from bayesfactor.graph.marginal import Symbols
from bayesfactor.panel.panel import Panel
from bayesfactor.panel.residual_products import residual_products
from bayesfactor.panel.residual_rank import residual_rank
from tests.support.panels import make_panel

AS_WRITTEN = pytensor.compile.mode.Mode(linker="py", optimizer=None)  # nothing is rewritten, nothing compiled


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data.parent / "reference" / "structure"


@pytest.fixture(scope="module")
def panel(folder) -> Panel:
    """The set A_equal: 12 assets, 120 dates, 2 factors, in per cent."""
    values = {name: pd.read_csv(folder / f"A_equal_{name}.csv").to_numpy() for name in ("returns", "factors")}
    like = make_panel(assets=12, traded=2, other=0, periods=120, groups=2)
    return Panel(
        like.returns.copy(data=values["returns"]),
        like.factors.copy(data=values["factors"]),
        like.factor_info,
        like.groups,
        like.calendar,
    )


@pytest.mark.parametrize("widths", [(0.3, 0.5, 0.4), (0.0, 0.5, 0.4)], ids=["all free", "alpha at its mean"])
def test_the_density_is_that_of_all_returns_as_one_normal_vector(widths, panel, folder):
    truth = {name: np.array(value) for name, value in json.loads((folder / "A_equal_truth.json").read_text()).items()}
    scale, loading, shift = truth["sigma"], truth["sigma"][:, None] * truth["v"][:, None], np.array([0.0, 0.0, 0.3])
    mean = np.hstack([np.zeros((12, 1)), np.tile(truth["beta"].mean(axis=0), (12, 1))])
    symbols = Symbols(*map(pt.as_tensor, (mean, np.tile(widths, (12, 1)), np.log(scale), shift)))
    data = {name: pt.as_tensor(value) for name, value in products_data(residual_products(panel)).items()}
    found = pytensor.function([], collapsed(symbols, pt.as_tensor(loading), data), mode=AS_WRITTEN)()
    x = np.column_stack([np.ones(120), panel.aligned]) + shift
    design = np.kron(np.eye(12), x)
    covariance = np.kron(loading @ loading.T + np.diag(scale**2), np.eye(120))
    covariance += design @ np.diag(np.tile(widths, 12) ** 2) @ design.T
    root = np.linalg.cholesky(covariance)
    z = linalg.solve_triangular(root, panel.returns.values.T.ravel() - design @ mean.ravel(), lower=True)
    wanted = -0.5 * (z @ z + z.size * np.log(2 * np.pi)) - np.log(np.diag(root)).sum()
    assert float(found) == pytest.approx(wanted, rel=1e-10)


def test_it_shows_its_one_residual_factor(panel):
    assert residual_rank(panel.returns.values, panel.aligned) == 1
