"""Every notebook shows something where it is committed, and those that do not take minutes run from the beginning."""

import io
from types import ModuleType

import matplotlib as mpl
import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.pylabtools import select_figure_formats
from matplotlib import pyplot as plt
from nbclient import NotebookClient
from traitlets.config import Config

from tests.support.paths import ROOT

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LONG = ("8_your_own", "9_your_own", "10_common", "11_which", "12_weights")  # minutes each; `make notebooks` runs them
SHORT = [path for path in NOTEBOOKS if not path.stem.startswith(LONG)]
LARGEST = 600_000  # bytes of a notebook with its outputs


def code_of(path):
    """Return the cells of a notebook that hold code."""
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_they_are_numbered_from_one():
    assert sorted(int(path.stem.split("_")[0]) for path in NOTEBOOKS) == [*range(1, len(NOTEBOOKS) + 1)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_something(path):
    notebook, code = nbformat.read(path, as_version=4), code_of(path)
    assert path.stat().st_size < LARGEST
    assert all(out.output_type != "error" for cell in code for out in cell.outputs)
    assert sum(bool(cell.outputs) for cell in code) > len(code) / 2
    assert "**The question.**" in notebook.cells[0].source
    assert "**The answer.**" in notebook.cells[-1].source


@pytest.fixture(scope="module")
def shell():
    """The shell of a notebook, without a process of its own: each would import everything anew."""
    mpl.use("agg")
    made = InteractiveShell(config=Config(HistoryManager={"enabled": False}), user_module=ModuleType("notebook"))
    made.display_formatter.active_types = made.display_formatter.format_types
    select_figure_formats(made, {"png"})
    return made


@pytest.mark.parametrize("path", SHORT, ids=lambda path: path.stem)
def test_a_notebook_runs(path, shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shell.reset()
    with mpl.rc_context():
        for cell in code_of(path):
            shell.run_cell(cell.source).raise_error()
            for number in plt.get_fignums():
                plt.figure(number).savefig(io.BytesIO())
            plt.close("all")


def test_a_notebook_runs_in_a_process_of_its_own(tmp_path):
    notebook = nbformat.read(FOLDER / "2_integrating.ipynb", as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
