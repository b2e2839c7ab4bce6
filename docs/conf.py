"""Settings of the pages: the reference from docstrings, and the notebooks as they were executed."""

from bayesfactor import __version__

project, author, release = "bayesfactor", "the bayesfactor authors", __version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
exclude_patterns = ["_build", "jupyter_execute"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
myst_heading_anchors = 3
nb_execution_mode = "off"  # what is shown is what was committed
autosummary_generate = True
autodoc_typehints = "none"
napoleon_numpy_docstring, napoleon_google_docstring = True, False
html_theme = "alabaster"
html_theme_options = {"description": "Which factors earn each asset's risk premium, how much, and how sure we are."}
