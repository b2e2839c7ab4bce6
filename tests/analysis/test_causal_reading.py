"""Readings of loadings: the criteria beside every path written down, and effects of linear models."""

import pickle
import sys
from dataclasses import replace

import networkx as nx
import pytest
from hypothesis import given, settings, strategies as st

import bayesfactor as bf
from tests.support.causal_graphs import (
    LinearModel,
    descendants,
    drawn_graphs,
    edges_of,
    every_path,
    expected_reading,
    fewest_to_add,
    is_open,
    minimal_sets,
)
from tests.support.panels import make_panel, reduced
from tests.support.synthetic_draws import synthetic_draws

PANEL = make_panel(assets=3, traded=2, other=1, periods=120, seed=2)
GRAPH = {"f0": ["f1", "return"], "f1": ["return"], "f2": ["f1"], "mood": ["f2", "return"]}
TOKENS = {
    "rates": ["market", "return"],
    "market": ["return", "volatility", "hash_rate"],
    "power": ["hash_rate"],
    "hash_rate": ["return"],
    "volatility": ["return"],
    "sentiment": ["volatility", "return"],
}


@pytest.fixture(scope="module")
def fit():
    return bf.from_draws(PANEL, synthetic_draws(PANEL, draws=20))


def readings(factors, graph):
    return {one.factor: one for one in bf.causal_reading(factors, graph).readings}


@given(drawn_graphs())
@settings(deadline=None, max_examples=300)
def test_readings_and_sets_are_those_of_every_path(drawn):
    graph, factors = drawn
    for name, one in readings(factors, graph).items():
        others = [other for other in factors if other != name]
        assert one.reading == expected_reading(graph, name, others)
        assert {frozenset(some) for some in one.adjust_for} == minimal_sets(graph, name, others)
        assert len(set(one.adjust_for)) == len(one.adjust_for)
        if one.missing:
            assert len(one.missing) == fewest_to_add(graph, name, others)


@given(drawn_graphs())
@settings(deadline=None, max_examples=300)
def test_the_path_that_is_named_is_open(drawn):
    graph, factors = drawn
    edges = edges_of(graph)
    for name, one in readings(factors, graph).items():
        assert bool(one.path) == (one.reading == "not causal")
        path = [word for word in one.path.split() if word not in ("->", "<-")]
        if not path or path[0] == "return":  # the way from the return to what it moves
            continue
        others = [other for other in factors if other != name]
        assert (path[0], path[-1]) == (name, "return")
        assert len(set(path)) == len(path)
        assert is_open(edges, path, others)
        assert len(path) > 2  # not the arrow itself
        shortest = min(len(way) for way in every_path(edges, name, "return") if is_open(edges, way, others))
        assert len(path) >= shortest


@given(drawn_graphs(), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=300)
def test_a_coefficient_is_the_effect_that_it_is_read_as(drawn, seed):
    graph, factors = drawn
    model = LinearModel(graph, seed)
    coefficients = model.coefficients(factors)
    for name, one in readings(factors, graph).items():
        effects = model.effects(name)
        if one.reading != "not causal":
            assert coefficients[name] == pytest.approx(effects[one.reading], abs=1e-9)
        if "total effect as well" in one.because or "its effect is 0" in one.because:
            assert effects["total effect"] == pytest.approx(effects["direct effect"], abs=1e-9)
        for some in one.adjust_for:
            assert model.coefficients([name, *some])[name] == pytest.approx(effects["total effect"], abs=1e-9)


@given(drawn_graphs(), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=300)
def test_what_is_to_be_added_and_left_out_gives_the_total_effect(drawn, seed):
    graph, factors = drawn
    model = LinearModel(graph, seed)
    for name, one in readings(factors, graph).items():
        if name in descendants(edges_of(graph), "return"):
            assert (one.adjust_for, one.missing, one.harmful) == ((), (), ())
            assert one.because.startswith("Reverse cause: the return moves ")
            continue
        changed = [other for other in (*factors, *one.missing) if other not in one.harmful]
        assert name in changed
        assert bool(one.adjust_for) or bool(one.missing) or one.reading == "direct effect"
        assert not (one.adjust_for and one.missing)
        assert set(one.harmful) <= set(factors)
        assert not set(one.missing) & {*factors, "return"}
        if one.reading == "total effect":
            assert (one.missing, one.harmful) == ((), ())
        if one.missing or one.harmful:
            assert readings(changed, graph)[name].reading == "total effect"
        expected = model.effects(name)["total effect"]
        if one.reading != "not causal" or one.missing or one.harmful:
            assert model.coefficients(changed)[name] == pytest.approx(expected, abs=1e-9)
        if "For the direct effect add " in one.because:
            added = one.because.split("For the direct effect add ")[1].rstrip(".").replace(" and ", ", ").split(", ")
            moved = descendants(edges_of(graph), "return")
            kept = [other for other in (*factors, *added) if other not in moved]
            assert readings(kept, graph)[name].reading in ("direct effect", "total effect")


def test_what_every_set_holds_does_not_count_among_the_candidates():
    """Each of fourteen common causes is needed, beside one of two on the same way."""
    causes = [f"c{number}" for number in range(14)]
    graph = {name: ["k", "return"] for name in causes} | {"a": ["b", "k"], "b": ["return"], "k": ["return"]}
    one = readings(["k", *causes, "a", "b"], graph)["k"]
    assert one.reading == "total effect"
    assert one.adjust_for == ((*causes, "a"), (*causes, "b"))
    assert readings(["k"], graph)["k"].missing == (*causes, "a")


def test_many_candidates_give_one_minimal_set():
    """Of either of two on each of seven ways."""
    ways = [(f"a{number}", f"b{number}") for number in range(7)]
    graph = {a: [b, "k"] for a, b in ways} | {b: ["return"] for _, b in ways} | {"k": ["return"]}
    one = readings(["k", *(name for way in ways for name in way)], graph)["k"]
    (some,) = one.adjust_for
    assert all(len({*some} & {*way}) == 1 for way in ways)
    missing = readings(["k"], graph)["k"].missing
    assert all(len({*missing} & {*way}) == 1 for way in ways)


def test_a_market_of_tokens():
    found = readings(["rates", "market", "volatility", "hash_rate"], TOKENS)
    said = {name: (one.reading, one.adjust_for, one.missing, one.harmful) for name, one in found.items()}
    assert said == {
        "rates": ("direct effect", ((),), (), ("market", "volatility", "hash_rate")),
        "market": ("not causal", (("rates",),), (), ("volatility", "hash_rate")),
        "volatility": ("not causal", (), ("sentiment",), ()),
        "hash_rate": ("total effect", (("market",),), (), ()),
    }
    assert found["market"].because == (
        "market -> volatility <- sentiment -> return is open: its arrows meet at volatility, which is a factor. For "
        "the total effect leave out volatility and hash_rate. For the direct effect add sentiment."
    )
    assert found["volatility"].because == (
        "volatility <- sentiment -> return is open: sentiment is no factor. For the total effect add sentiment."
    )
    assert found["hash_rate"].because == "Every back-door path is closed by market."


def test_reverse_cause_is_named():
    graph = {"market": ["return"], "return": ["hash_rate"], "hash_rate": ["fees"]}
    found = readings(["market", "hash_rate", "fees"], graph)
    assert {one.reading for one in found.values()} == {"not causal"}
    assert found["fees"].because.startswith("Reverse cause: the return moves fees (return -> hash_rate -> fees)")
    assert found["market"].because.startswith("The return moves hash_rate and fees (return -> hash_rate): beside what ")
    assert found["market"].because.endswith("For the total effect leave out hash_rate and fees.")


@pytest.mark.parametrize(
    ("factors", "graph", "says"),
    [
        ("k", {"k": ["return"]}, "No back-door path is open."),
        ("k", {"k": ["x"], "x": [], "return": []}, "In the graph k does not move the return: its effect is 0, and a "),
        (
            "km",
            {"k": ["m"], "m": ["return"]},
            "All of its effect goes through m: its direct effect is 0, and a loading ",
        ),
        ("kh", {"k": ["h", "return"]}, "It moves the return directly only, so that this is the total effect as well."),
        (
            "kd",
            {"u": ["k", "c"], "c": ["d"], "v": ["c", "return"]},
            "meet at c, which is no factor but moves d, which is one.",
        ),
        (
            "km",
            {"k": ["m", "u"], "m": ["return"], "u": ["return"]},
            "k -> u -> return is in the loading, as u is no factor, ",
        ),
        (
            "knm",
            {"k": ["u", "n", "m"], "u": ["return"]},
            "while n and m, which k moves, are held: it is read as neither the total ",
        ),
    ],
)
def test_other_reasons(factors, graph, says):
    assert says in readings([*factors], graph)["k"].because


def test_nothing_needed_is_not_impossible():
    table = bf.causal_reading(["k"], {"k": ["return"]}).table()
    assert table["adjust_for"].tolist() == ["nothing"]
    table = bf.causal_reading(["k"], {"u": ["k", "return"], "k": ["return"]}).table()
    assert table[["adjust_for", "missing"]].to_numpy().tolist() == [["no set of the factors", "u"]]


def test_many_sets_are_the_first_three_and_how_many_more():
    graph = {f"a{i}": [f"b{i}", "k"] for i in range(3)} | {f"b{i}": ["return"] for i in range(3)} | {"k": ["return"]}
    found = bf.causal_reading(["k", "a0", "a1", "a2", "b0", "b1", "b2"], graph)
    assert len(found.readings[0].adjust_for) == 8
    assert found.table()["adjust_for"][0] == "a0 + a1 + a2 or a0 + a1 + b2 or a0 + a2 + b1 or 5 more"


def test_a_fit_a_panel_its_statistics_and_names_give_one_reading(fit):
    found = [bf.causal_reading(one, GRAPH) for one in (fit, PANEL, reduced(PANEL), ["f0", "f1", "f2"])]
    assert all(one.readings == found[0].readings for one in found)
    assert found[0].factors == ("f0", "f1", "f2")
    table = found[0].table()
    assert list(table) == ["factor", "reading", "adjust_for", "missing", "harmful", "because", "warning"]
    assert table.attrs["problems"] == found[0].problems == fit.problems
    assert table.attrs["notes"] == found[0].notes
    assert list(found[1].table()) == ["factor", "reading", "adjust_for", "missing", "harmful", "because"]
    assert pickle.loads(pickle.dumps(found[0])).readings == found[0].readings


def test_it_prints_the_graph_and_what_it_does_not_say(fit):
    shown = repr(bf.causal_reading(fit, GRAPH))
    assert "hold if the graph does" in shown
    assert "f0 -> f1, return; f1 -> return; f2 -> f1; mood -> f2, return." in shown
    assert "unseen: mood." in shown
    assert "a risk premium is the price of covariance with a factor, and no effect of it" in shown
    assert "factors are of the period of the return." in shown
    assert "partial pooling where the model has it, pull a loading" in shown
    assert "partial pooling" not in repr(bf.causal_reading(PANEL, GRAPH))
    assert "the period of the return" not in repr(bf.causal_reading(["f0", "f1", "f2"], GRAPH))


def test_a_lag_that_contradicts_the_graph_is_noted():
    late = replace(PANEL, factor_info=(*PANEL.factor_info[:2], replace(PANEL.factor_info[2], lag=2)))
    notes = bf.causal_reading(late, {"f0": ["f2", "return"], "f1": ["return"], "f2": ["f1"]}).notes
    assert any(note.endswith("those with a lag: f2 by 2 of its own values") for note in notes)
    assert any(note.startswith("f0 -> f2: in this panel the effect has a lag and its cause has none") for note in notes)
    notes = bf.causal_reading(late, {"f0": [], "f1": ["return"], "return": ["f2"]}).notes
    assert any(note.startswith("return -> f2: in this panel") for note in notes)
    notes = bf.causal_reading(late, {"f0": ["return"], "f1": ["return"], "f2": ["f1"]}).notes
    assert not any("in this panel the effect" in note for note in notes)


def described(rows, **about):
    """Return a panel of rows of that frequency whose factor f2 is described so."""
    last = replace(PANEL.factor_info[2], **about)
    calendar = replace(PANEL.calendar, frequency=rows)
    return replace(PANEL, factor_info=(*PANEL.factor_info[:2], last), calendar=calendar)


@pytest.mark.parametrize(
    ("frequency", "lag", "within"),
    [("daily", 1, False), ("weekly", 1, True), ("weekly", 7, False), ("monthly", 8, True)],
)
def test_a_lag_that_is_shorter_than_a_row_contradicts_no_arrow(frequency, lag, within):
    panel = described(frequency, lag=lag, frequency="daily")
    notes = bf.causal_reading(panel, {"f0": ["f2"], "f1": [], "f2": ["return"]}).notes
    assert any(f"f0 -> f2: the lag of the effect is shorter than a {frequency} row" in note for note in notes) == within
    assert any("of an earlier date than its cause" in note for note in notes) != within
    assert any(f"f2 by {lag} daily value" in note for note in notes)


def test_what_shares_the_price_is_moved_by_the_return():
    """A lag of whole rows makes it of an earlier date whatever its own values are."""
    graph = {"f0": ["f2"], "f1": [], "f2": ["return"]}
    lacks = "f2 shares the price with the return, which moves it: the graph lacks the arrow return -> f2"
    assert lacks in bf.causal_reading(described("weekly", frequency="daily", shares_price=True), graph).notes
    notes = bf.causal_reading(described("weekly", lag=1, frequency="daily", shares_price=True), graph).notes
    assert any(note.startswith(f"{lacks}, which the lag makes one from the return of an earlier row") for note in notes)
    assert any(note.endswith("f2 by whole weekly rows") for note in notes)
    assert any(note.startswith("f0 -> f2: in this panel the effect has a lag") for note in notes)
    drawn = bf.causal_reading(described("daily", lag=1, shares_price=True), {"return": ["f2"], "f0": [], "f1": []})
    assert not any("lacks the arrow" in note or "in this panel the effect" in note for note in drawn.notes)


def test_what_is_made_of_the_assets_is_moved_by_them():
    """An index holds each of its members."""
    index = replace(PANEL, factor_info=(replace(PANEL.factor_info[0], members=("a00", "a01")), *PANEL.factor_info[1:]))
    said = (
        "f0 is an index of 2 assets, each of which moves it by its weight: for a large one the graph lacks the arrow "
    )
    assert f"{said}return -> f0" in bf.causal_reading(index, GRAPH).notes
    moved = {"return": ["f0"], "f1": ["return"], "f2": ["f1"]}
    assert not any("is an index" in note for note in bf.causal_reading(index, moved).notes)
    assert not any("is an index" in note for note in bf.causal_reading(PANEL, GRAPH).notes)


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("exchange_liquidity", "exchange_liquidity before"),  # what the error of a cycle says
        ("hash_rate", "hash_rate_lag"),
        ("market_index", "market_index 2"),
        ("sector12", "sector13"),
        ("usd", "usdc"),
        ("+", "-"),
    ],
)
def test_names_that_are_alike_and_not_the_same(name, like):
    (one,) = bf.causal_reading([name], {like: [name, "return"], name: ["return"]}).readings
    assert one.missing == (like,)


def test_graphs_of_other_kinds(tmp_path):
    path = tmp_path / "graph.toml"
    path.write_text('f0 = ["f1", "return"]\nf1 = "return"\nf2 = ["f1"]\nmood = ["f2", "return"]\n')
    drawn = nx.DiGraph(GRAPH)
    given = (path, str(path), drawn, nx.MultiDiGraph(drawn), bf.CausalGraph(GRAPH), bf.read_causal_graph(path))
    expected = bf.causal_reading(PANEL, GRAPH).readings
    assert all(bf.causal_reading(PANEL, graph).readings == expected for graph in given)


@pytest.mark.parametrize("graph", [nx.Graph([("f0", "return")]), 3, None, [("f0", "return")], PANEL])
def test_what_is_no_causal_graph_is_refused(graph):
    with pytest.raises(bf.SpecError, match=r"expected a causal graph, found .*an nx.DiGraph"):
        bf.causal_reading(PANEL, graph)


@pytest.mark.parametrize("given", [3, None, "f0", [], [3], {"f0": 1}])
def test_what_has_no_factors_is_refused(given):
    with pytest.raises(bf.SpecError, match="expected a Fit, a panel or names of factors"):
        bf.causal_reading(given, GRAPH)


@pytest.mark.parametrize(
    ("factors", "graph", "says"),
    [
        (["market", "rates"], {"market": ["return"]}, "lacks the factor 'rates'; it is among the regressors"),
        (["market", "rates"], {"market": ["return"]}, '"rates": [] says that there are none'),
        (["market", "rates"], {"other": ["return"]}, "lacks the factors 'market', 'rates'; they are among"),
        (["hash_rate"], {"hash_raet": ["return"]}, "Is 'hash_raet' meant for 'hash_rate'?"),
        (
            ["volatility", "market"],
            {"market": ["return", "volatilty"], "volatility": ["return"]},
            "the graph has 'volatilty', which is no factor: is 'volatility' meant?",
        ),
        (["market"], {"market": ["return", "retrun"]}, "is 'return' meant?"),
        (["market"], {"markets": ["market"], "market": ["return"]}, "is 'market' meant?"),
        (["hash_rate"], {"Hash rate": ["return"]}, "'Hash rate', which is no factor; the factor is 'hash_rate'"),
        (["k"], {"k": ["return"], "Return": []}, "'Return', which is no factor; the asset is 'return'"),
        (["return"], {"k": ["return"]}, "a factor is named 'return', which is the asset"),
        (["k", "k"], {"k": ["return"]}, "factor 'k' is given twice"),
    ],
)
def test_names_that_do_not_meet_are_refused(factors, graph, says):
    with pytest.raises(bf.SpecError) as refused:
        bf.causal_reading(factors, graph)
    assert says in str(refused.value)


def test_without_networkx_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(bf.SpecError, match=r'needs networkx\. pip install "bayesfactor\[causes\]"'):
        bf.causal_reading(PANEL, GRAPH)
