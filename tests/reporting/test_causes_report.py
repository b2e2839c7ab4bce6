"""What the report says of causes: the readings of `causal_reading`, only where a graph is given; input refused."""

import pytest

import bayesfactor as bf
from tests.support.panels import make_panel
from tests.support.reader import HOSTILE, MIX, Reader, named
from tests.support.synthetic_draws import synthetic_draws

PANEL = make_panel(assets=6, traded=2, other=1, periods=120, seed=2)
GRAPH = {"f0": ["f1", "return"], "f1": ["return"], "mood": ["f2", "return"], "f2": ["return"]}


@pytest.fixture(scope="module")
def fit():
    return bf.from_draws(PANEL, synthetic_draws(PANEL, draws=100))


@pytest.fixture(scope="module")
def read(fit, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "r.html"
    return Reader(bf.write_report(fit, path, portfolio=MIX, causes=GRAPH).read_text(encoding="utf-8"))


def test_the_section_holds_the_reading_and_its_graph(fit, read):
    found = bf.causal_reading(fit, GRAPH)
    heads, rows = read.rows("causes-table")
    assert heads == ["factor", "reading", "adjust for", "missing", "leave out", "because"]
    for row in found.table().to_dict("records"):
        cells = [cell["text"] for cell in rows[row["factor"]]]
        assert cells == [row[name] for name in ("reading", "adjust_for", "missing", "harmful", "because")]
    text = read.text("causes")
    assert all(f"Note: {note}." in text for note in found.notes)


def test_loadings_say_what_they_may_be_read_as(read):
    heads = {cell["text"].strip(): cell["below"] for cell in read.tables["loading-table"][0]}
    assert heads == {"asset": "", "f0": "direct effect", "f1": "total effect", "f2": "not causal"}
    heads, rows = read.rows("portfolio-loadings")
    assert heads[-1] == "may be read as"
    assert {name: cells[-1]["text"] for name, cells in rows.items()} == {
        "f0": "direct effect",
        "f1": "total effect",
        "f2": "not causal",
    }


def test_the_report_can_be_made_again(read, tmp_path):
    (written,) = [code for code in read.codes if "mood" in code]
    (tmp_path / "graph.toml").write_text(written, encoding="utf-8")
    graph = bf.read_causal_graph(tmp_path / "graph.toml")
    assert set(graph.edges) == set(bf.CausalGraph(GRAPH).edges)
    assert any("--causes graph.toml" in code for code in read.codes)


def test_without_a_graph_it_is_silent(fit, read, tmp_path):
    plain = Reader(bf.write_report(fit, tmp_path / "r.html", portfolio=MIX).read_text(encoding="utf-8"))
    assert "causes" not in plain.sections
    assert not any(cell["below"] for cell in plain.tables["loading-table"][0])
    assert plain.rows("portfolio-loadings")[0] == ["factor", "mean", "lower", "upper"]
    assert not any("graph.toml" in code for code in plain.codes)


def test_a_reading_is_as_good_as_its_graph(fit, tmp_path):
    given = (GRAPH, bf.causal_reading(fit, GRAPH), bf.causal_reading(PANEL, GRAPH))
    written = [bf.write_report(fit, tmp_path / "r.md", causes=one).read_text(encoding="utf-8") for one in given]
    assert "## What may be read as a cause" in written[0]
    assert written[0] == written[1]
    other = bf.causal_reading(["f0"], {"f0": ["return"]})
    for bad, says in (
        (other, "the reading is of the factors f0"),
        ({"f0": ["return"]}, "lacks the factors"),
        (3, "found"),
    ):
        with pytest.raises(bf.SpecError, match=says):
            bf.write_report(fit, tmp_path / "none.html", causes=bad)
    assert not (tmp_path / "none.html").exists()


def test_names_are_text(fit, tmp_path):
    hostile = named(fit, HOSTILE)
    graph = {HOSTILE[0]: ["f1", "return"], "f1": ["return"], "<b>mood</b>": ["f2"], "f2": ["return"]}
    for suffix in ("html", "md", "pdf"):
        path = bf.write_report(hostile, tmp_path / f"r.{suffix}", causes=graph)
    tags = Reader((tmp_path / "r.html").read_text(encoding="utf-8")).tags
    plain = Reader(bf.write_report(hostile, tmp_path / "p.html").read_text(encoding="utf-8")).tags
    assert (tags.count("script"), tags.count("b")) == (plain.count("script"), plain.count("b"))
    assert path.stat().st_size > 1000
