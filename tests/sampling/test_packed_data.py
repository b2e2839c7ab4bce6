"""A graph whose data are one vector has the variables of the graph it was made of."""

import pytest

import bayesfactor as bf
from bayesfactor.sampling.packed_data import pack_data
from tests.support.panels import make_panel


@pytest.mark.parametrize("other", [0, 1])
def test_packing_keeps_the_name_of_every_variable(other):
    """Of traded factors alone too, where premia are means."""
    panel = make_panel(assets=4, traded=2, other=other, periods=30)
    graph = bf.build(panel, "static", marginal=True)
    names = {kind: sorted(v.name for v in getattr(graph, kind)) for kind in ("free_RVs", "deterministics")}
    packed = pack_data(graph)
    assert {kind: sorted(v.name for v in getattr(packed, kind)) for kind in names} == names
