"""The documentation: links resolve, programs run, model files are read, tables are those of the benchmarks."""

import importlib.util
import re
import tomllib
from pathlib import Path

import matplotlib as mpl
import nbformat
import pytest

import bayesfactor as bf
from tests.support import doc_blocks
from tests.support.doc_blocks import FENCE, fences

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").is_file())
SITE = "https://github.com/bayesfactor/bayesfactor/blob/main/"
BUILT = {"_build", "api", "jupyter_execute", "notebooks"}  # in docs/, written by `make docs`
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if not BUILT & set(path.relative_to(ROOT).parts))
TOP = sorted(ROOT.glob("*.md"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)", flags=re.MULTILINE)


def name_of(path):
    return str(path.relative_to(ROOT))


def prose(path):
    """Return the text of a page or a notebook without its code."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.sub(r"`[^`\n]+`", "", FENCE.sub("", text))


def anchors(path):
    """Return the anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", FENCE.sub("", path.read_text(encoding="utf-8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


def broken(path):
    """Yield the links of a page that lead nowhere; addresses of other sites are not asked."""
    for inline, reference in LINK.findall(prose(path)):
        link = inline or reference
        start = ROOT if link.startswith(SITE) else path.parent
        target = link.removeprefix(SITE)
        if re.match(r"\w+:", target):
            continue
        file, _, anchor = target.partition("#")
        aim = (start / file).resolve() if file else path
        if not aim.exists() or (anchor and anchor not in anchors(aim)):
            yield link


@pytest.mark.parametrize("path", [*TOP, *PAGES, *NOTEBOOKS], ids=name_of)
def test_links_lead_somewhere(path):
    assert not list(broken(path))


def test_a_broken_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# A head\n[a](#a-head) [b](#b) [c](gone.md) [d](page.md#a-head)\n[e]: {SITE}gone.png\n")
    assert list(broken(page)) == ["#b", "gone.md", f"{SITE}gone.png"]


def test_readme_is_short():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert len(text.split()) <= 1200
    assert max(map(len, text.splitlines())) <= 120


def test_every_public_name_has_one_page_of_reference():
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "reference").glob("*.md")))
    listed = [name for block in re.findall(r":toctree: api\n\n((?:   \w+\n)+)", text) for name in block.split()]
    listed += re.findall(r"^`(\w+)` is ", text, flags=re.MULTILINE)  # a name without a docstring of its own
    assert sorted(listed) == bf.__all__


def test_every_page_is_in_the_contents():
    listed = []
    for page in PAGES:
        blocks = re.findall(
            r"^```\{toctree\}\n(?::[^\n]*\n)+(.*?)```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
        )
        listed += [(page.parent / entry).resolve() for block in blocks for entry in block.split()]
    pages = {page.with_suffix("").resolve() for page in PAGES} - {(ROOT / "docs" / "index").resolve()}
    notebooks = {(ROOT / "docs" / "notebooks" / notebook.stem).resolve() for notebook in NOTEBOOKS}
    assert sorted(listed) == sorted(pages | notebooks)  # each once


@pytest.fixture(scope="module")
def program():
    """What the README's program makes, which the programs of the pages go on from."""
    mpl.use("agg")
    market = bf.simulate(seed=1)
    panel = bf.integrate(market.returns, market.factors, market.factor_info, market.asset_info)
    fit = bf.fit(panel, "static", bf.Sampler(draws=500, seed=1, progress=False))
    return {"bf": bf, "market": market, "panel": panel, "fit": fit, "mix": {"layer1_01": 0.6, "defi_02": 0.4}}


@pytest.mark.parametrize("path", [page for page in PAGES if fences(page, "python")], ids=name_of)
def test_programs_run(path, program, tmp_path, monkeypatch):
    """The blocks of a page, in order and with one set of names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # each process of fit_many imports everything anew
    doc_blocks.run(path, {"__name__": "docs", **program}, monkeypatch)


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        ("alpha  0.120  -1.25", True),
        ("alpha 0.17 -1.30", True),
        ("alpha 0.18 -1.25", False),
        ("beta 0.12 -1.25", False),
        ("alpha 0.12", False),
        ("", False),
        ("...\n12 of 13 assets, 41% (30%)", True),
        ("...\n11 of 13 assets, 41% (30%)", False),
        ("12 of 13 assets, 41% (30%)", False),
    ],
)
def test_what_a_page_shows_is_held_to_what_was_printed(shown, same):
    printed = "alpha 0.12 -1.25\n\n12 of 13 assets, 44% (27%)\n"
    if same:
        doc_blocks.assert_prints(shown, printed)
    else:
        with pytest.raises(AssertionError):
            doc_blocks.assert_prints(shown, printed)


@pytest.mark.parametrize("path", [page for page in PAGES if fences(page, "toml")], ids=name_of)
def test_model_files_are_read(path, tmp_path):
    """A block of TOML is a model file; `factor-info` is of the simulated market; others say what they are."""
    for said, text in fences(path, "toml"):
        if said == "factor-info":
            known, market = tomllib.loads(text), bf.simulate(seed=1)
            panel = bf.integrate(market.returns, market.factors[list(known)], known)
            assert panel.factor_names == tuple(known)
            continue
        if said == "scenarios":
            (tmp_path / "scenarios.toml").write_text(text, encoding="utf-8")
            assert bf.read_scenarios(tmp_path / "scenarios.toml")
            continue
        if said == "causal-graph":
            (tmp_path / "graph.toml").write_text(text, encoding="utf-8")
            assert bf.read_causal_graph(tmp_path / "graph.toml")
            continue
        if said == "theme":
            (tmp_path / "theme.toml").write_text(text, encoding="utf-8")
            assert bf.read_theme(tmp_path / "theme.toml").name
            continue
        assert said == ""
        model = tmp_path / "model.toml"
        model.write_text(text, encoding="utf-8")
        assert isinstance(bf.read_model(model), bf.FactorModel)


def test_every_block_begins_its_line():
    """A block within a list would not be run."""
    assert not [name_of(page) for page in PAGES if re.search(r"^ +```", page.read_text("utf-8"), re.MULTILINE)]


def test_the_figure_of_the_first_page_is_what_its_script_draws():
    path = ROOT / "docs" / "landing" / "figure.py"
    spec = importlib.util.spec_from_file_location("landing_figure", path)
    figure = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(figure)
    drawn = figure.html(figure.rows(*figure.fitted()))
    seen, wanted = (re.sub(r"<[^>]+>|&nbsp;", " ", text) for text in (figure.PAGE.read_text("utf-8"), drawn))
    doc_blocks.assert_prints(seen.replace(" %", "%"), wanted.replace(" %", "%"))


def tables(path):
    """Return (heads, rows) of each table of a page."""
    found = re.findall(r"(?:^\|.*\n)+", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    cells = [[[cell.strip() for cell in row.strip("|\n").split("|")] for row in table.splitlines()] for table in found]
    return [(heads, rows) for heads, _, *rows in cells]


def test_tables_are_those_of_the_benchmarks():
    """A table of the page on performance holds rows and columns of one that a benchmark wrote."""
    written = [table for path in sorted((ROOT / "benchmarks").glob("*.md")) for table in tables(path)]
    for heads, rows in tables(ROOT / "docs" / "performance.md"):
        (source,) = [table for table in written if set(heads) <= set(table[0])]
        places = [source[0].index(head) for head in heads]
        known = [[row[place] for place in places] for row in source[1]]
        assert not [row for row in rows if row not in known]


def test_the_citation_names_this_version():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    said = dict(re.findall(r"^([\w-]+): *(.*)$", text, flags=re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert said["cff-version"] == "1.2.0"
    assert said["version"] == bf.__version__ == project["version"]
    assert said["license"] == project["license"]
    assert said["repository-code"] == project["urls"]["Repository"] == SITE.removesuffix("/blob/main/")
    assert {"message", "title", "authors"} <= set(said)


def test_the_licence_is_whole():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n" in text
    assert "END OF TERMS AND CONDITIONS" in text
