"""Settings of the pages: the reference from docstrings, and the notebooks as they were executed."""

import base64
import json
import posixpath
import re
import shutil
from pathlib import Path

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx import addnodes

import bayesfactor

project, author, release = "bayesfactor", "the bayesfactor authors", bayesfactor.__version__
copyright = "the bayesfactor authors; Apache 2.0"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_design",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "_templates", "jupyter_execute"]
templates_path = ["_templates"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}  # autosummary writes the first
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "dollarmath"]
nb_execution_mode = "off"  # what is shown is what was committed
autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
napoleon_numpy_docstring, napoleon_google_docstring = True, False
html_theme = "pydata_sphinx_theme"
html_title = "bayesfactor"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_sidebars = {"index": [], "tutorial": [], "notebooks": []}
html_theme_options = {
    "github_url": "https://github.com/bayesfactor/bayesfactor",
    "navbar_align": "left",
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}

HERE = Path(__file__).parent
NOTEBOOK = re.compile(r"https://github\.com/bayesfactor/bayesfactor/blob/main/notebooks/(\w+)\.ipynb")


def copy_notebooks(app):
    """Copy the notebooks to where the pages are, and beside each its first figure."""
    folder = HERE / "notebooks"
    folder.mkdir(exist_ok=True)
    for path in sorted((HERE.parent / "notebooks").glob("*.ipynb")):
        shutil.copyfile(path, folder / path.name)
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        shown = [out.get("data", {}) for cell in cells for out in cell.get("outputs", [])]
        for figure in [data["image/png"] for data in shown if "image/png" in data][:1]:
            (folder / path.stem).with_suffix(".png").write_bytes(base64.b64decode("".join(figure)))


def stay_on_the_site(app, docname, source):
    """Point links to notebooks, which are those of the repository for its readers, to the pages of this site."""
    folder = posixpath.dirname(docname)
    source[0] = NOTEBOOK.sub(lambda found: posixpath.relpath(f"notebooks/{found[1]}.ipynb", folder or "."), source[0])


def leave_words(app, doctree):
    """Leave words such as `factor` in the type "(asset, factor)" as they are, and not as links to some attribute."""
    for node in list(doctree.findall(addnodes.pending_xref)):
        target = node["reftarget"]
        known = "." in target or (target[:1].isupper() and target in bayesfactor.__all__)
        if node.get("refdomain") == "py" and not known:
            node.replace_self(node.children)


def write_inline(writer, node):
    """Write a formula as MathML, which browsers draw without a script from elsewhere."""
    writer.body.append(latex2mathml.tex2mathml(node.astext()))
    raise nodes.SkipNode


def write_block(writer, node):
    """Write a displayed formula as MathML."""
    writer.body.append(f'<div class="math">{latex2mathml.tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app):
    """Connect the above to the build."""
    app.add_html_math_renderer("mathml", (write_inline, None), (write_block, None))
    app.connect("builder-inited", copy_notebooks)
    app.connect("source-read", stay_on_the_site)
    app.connect("doctree-read", leave_words)
