"""Adjustment sets beside NetworkX, DoWhy and pgmpy on textbook graphs; readings beside enumeration and simulation."""

import json

import numpy as np

import bayesfactor as bf


def renamed(edges, outcome):
    """Return a graph with its outcome as the asset."""
    graph = {}
    for cause, effect in edges:
        a, b = ("return" if name == outcome else name for name in (cause, effect))
        graph.setdefault(a, []).append(b)
    return graph


def test_sets_are_those_of_three_programs(uses):
    cases = json.loads((uses / "adjustment_sets.json").read_text())
    assert len(cases) >= 8
    for case in cases.values():
        nodes = dict.fromkeys(name for edge in case["edges"] for name in edge)
        factors = [name for name in nodes if name not in (case["outcome"], *case["latent"])]
        found = bf.causal_reading(factors, renamed(case["edges"], case["outcome"]))
        (one,) = (one for one in found.readings if one.factor == case["treatment"])
        sets = {frozenset(some) for some in one.adjust_for}
        assert sets == {frozenset(some) for some in case["minimal_sets"]}
        assert (case["networkx_one"] is None and not sets) or frozenset(case["networkx_one"]) in sets
        assert sets == {frozenset(some) for some in case["dowhy_min"]}


def test_readings_are_those_of_enumeration(uses):
    case = json.loads((uses / "causal_reading.json").read_text())
    found = bf.causal_reading(case["factors"], renamed(case["graph"], case["outcome"]))
    for one in found.readings:
        meaning, needs, on_the_way = case["reading"][one.factor]
        assert one.reading == meaning.removesuffix(" only")
        if needs == "needs nothing":
            assert one.adjust_for == ((),)
        elif needs == "needs what is not among the factors":
            assert one.adjust_for == ()
        else:
            assert one.adjust_for == ((needs.removeprefix("needs "),),)
        assert ",".join(sorted(one.harmful)) == on_the_way.removeprefix("on the way: ")


def test_simulated_coefficients_are_what_they_are_read_as(uses):
    """Market 1.2 direct, and .5 * .3 through hash rate; and with volume, which the return moves."""
    simulated = json.loads((uses / "causal_reading.json").read_text())["simulation"]
    mining, volume = simulated.values()
    graph = {"market": ["hash_rate", "return"], "hash_rate": ["return"]}
    both = {one.factor: one for one in bf.causal_reading(["market", "hash_rate"], graph).readings}
    assert (both["market"].reading, both["hash_rate"].reading) == ("direct effect", "total effect")
    assert np.allclose(mining["both"], [1.2, 0.3], atol=0.005)
    (alone,) = bf.causal_reading(["market"], graph).readings
    assert alone.reading == "total effect"
    assert np.allclose(mining["market alone (total 1.35)"], 1.35, atol=0.005)
    (alone,) = bf.causal_reading(["hash_rate"], graph).readings
    assert (alone.reading, alone.missing) == ("not causal", ("market",))
    assert abs(mining["hash alone (biased)"][0] - 0.3) > 0.4
    moved = bf.causal_reading(["market", "volume"], {"market": ["return"], "return": ["volume"]})
    assert [one.reading for one in moved.readings] == ["not causal", "not causal"]
    assert moved.readings[0].harmful == ("volume",)
    assert abs(volume[0] - 1.35) > 0.7
