"""Causal graphs as values and as files: what they hold, and what is refused with a remedy."""

import copy
import pickle

import pytest
from hypothesis import given

import bayesfactor as bf
from tests.support.causal_graphs import descendants, drawn_graphs, edges_of


def test_a_graph_is_a_value():
    effects = {"rates": ["market", "return"], "market": ["return"], "power": []}
    graph = bf.CausalGraph(effects)
    effects["rates"].append("power")
    assert graph.nodes == ("rates", "market", "power", "return")
    assert graph.edges == (("rates", "market"), ("rates", "return"), ("market", "return"))
    assert graph.text == "rates -> market, return; market -> return; power alone"
    assert pickle.loads(pickle.dumps(graph)) == copy.deepcopy(graph) == graph
    assert eval(repr(graph), {"CausalGraph": bf.CausalGraph}) == graph
    with pytest.raises(TypeError):
        graph.effects["power"] = ("return",)
    assert bf.CausalGraph({"a": ["return", "return"]}).edges == (("a", "return"),)


@given(drawn_graphs())
def test_its_relations_are_those_of_its_arrows(drawn):
    effects, _ = drawn
    graph, edges = bf.CausalGraph(effects), edges_of(effects)
    layers = graph.generations()
    place = {node: number for number, layer in enumerate(layers) for node in layer}
    assert set(place) == set(graph.nodes)
    for node in graph.nodes:
        assert graph.descendants(node) == descendants(edges, node)
        assert set(graph.causes_of(node)) == {a for a, b in edges if b == node}
        assert place[node] == max((place[cause] + 1 for cause in graph.causes_of(node)), default=0)


@pytest.mark.parametrize(
    ("effects", "cycle", "way_out"),
    [
        (
            {"market": ["hash_rate", "return"], "hash_rate": ["return"], "return": ["hash_rate"]},
            "return -> hash_rate -> return",
            "instead of hash_rate -> return write 'hash_rate before' -> return",
        ),
        (
            {"a": ["b"], "b": ["c"], "c": ["a", "return"]},
            "a -> b -> c -> a",
            "instead of c -> a write 'c before' -> a, where 'c before' is the value of the period before",
        ),
        ({"a": ["a", "return"]}, "a -> a", "instead of a -> a write 'a before' -> a"),
    ],
)
def test_a_cycle_is_named_with_the_way_out(effects, cycle, way_out):
    with pytest.raises(bf.SpecError) as refused:
        bf.CausalGraph(effects)
    assert f"CausalGraph: {cycle} is a cycle" in str(refused.value)
    assert way_out in refused.value.remedy


def test_what_the_way_out_says_is_a_graph():
    before = {"hash_rate before": ["return", "hash_rate"], "return": ["hash_rate"]}
    (one,) = bf.causal_reading(["hash_rate before"], before).readings
    assert one.reading == "total effect"


@pytest.mark.parametrize(
    ("effects", "says"),
    [
        ({}, "no node is 'return', which stands for the asset. Name the asset 'return'. There is: no node."),
        ({"market": ["token"]}, r"no node is 'return', which stands for the asset\. Name .* There is: market, token."),
        ({"market": ["Return"]}, r"asset\. Did you mean 'return' by 'Return'\? Name the asset"),
        ({"market": ["returns"]}, "Did you mean 'return' by 'returns'"),
        ({"market": ["Token_Return"]}, "Did you mean 'return' by 'Token_Return'"),
        ([("market", "return")], "a mapping of cause to effects, not a list"),
        ({"market": 3}, "'market' moves 3, and must move a list of names"),
        ({"market": {"return": 1}}, "'market' moves {'return': 1}"),
        ({"market": [3]}, "a node is 3; a name is text"),
        ({3: ["return"]}, "a node is 3; a name is text"),
        ({"market": [" return"]}, "a node is ' return'"),
        ({"": ["return"]}, "a node is ''"),
        ({"hash\nrate": ["return"]}, "a node is 'hash.nrate'; a name is text of one line"),
        ({"market\u200b": ["return"]}, "a name is text of one line, of letters that can be seen"),
        ({"market -> return": []}, "a node is 'market -> return'; a name is that of one node, without arrows"),
        ({"market": ["return <- rates"]}, "a name is that of one node, without arrows"),
    ],
)
def test_what_is_no_graph_is_refused(effects, says):
    with pytest.raises(bf.SpecError, match=says):
        bf.CausalGraph(effects)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('rates = ["market"]\n', "graph.toml: no node is 'return'"),
        ('a = ["b", "return"]\nb = ["a"]\n', "graph.toml: a -> b -> a is a cycle"),
        ("rates = 3\n", r'graph.toml: \'rates\' moves 3.*rates = \["market", "return"\]'),
        ("[rates]\nmarket = 1\n", "graph.toml: 'rates' moves {'market': 1}"),
        ("rates = [", "not a TOML file"),
        ('rates = ["return"]\nrates = ["market"]\n', "not a TOML file"),
    ],
)
def test_a_file_that_holds_no_graph_is_refused(tmp_path, text, says):
    path = tmp_path / "graph.toml"
    path.write_text(text)
    with pytest.raises(bf.SpecError, match=says):
        bf.read_causal_graph(path)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "graph.toml"
    path.write_text('market = ["return"]\n', encoding="utf-8-sig")
    assert bf.read_causal_graph(path).edges == (("market", "return"),)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(bf.SpecError, match="not a TOML file"):
        bf.read_causal_graph(tmp_path / "bytes.toml")
    for path in (tmp_path / "none.toml", tmp_path, "a\0b"):
        with pytest.raises(bf.SpecError, match="cannot be read"):
            bf.read_causal_graph(path)
    with pytest.raises(bf.SpecError, match="3 is not a path"):
        bf.read_causal_graph(3)
