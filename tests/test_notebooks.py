"""Every notebook shows something where it is committed, and those that do not take minutes run from the beginning."""

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support.paths import ROOT

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LONG = ("8_your_own", "9_your_own", "10_common", "11_which", "12_weights")  # minutes each; `make notebooks` runs them
SHORT = [path for path in NOTEBOOKS if not path.stem.startswith(LONG)]
LARGEST = 600_000  # bytes of a notebook with its outputs


def test_they_are_numbered_from_one():
    assert sorted(int(path.stem.split("_")[0]) for path in NOTEBOOKS) == [*range(1, len(NOTEBOOKS) + 1)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_something(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert path.stat().st_size < LARGEST
    assert all(out.output_type != "error" for cell in code for out in cell.outputs)
    assert sum(bool(cell.outputs) for cell in code) > len(code) / 2
    assert "**The question.**" in notebook.cells[0].source
    assert "**The answer.**" in notebook.cells[-1].source


@pytest.mark.parametrize("path", SHORT, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
