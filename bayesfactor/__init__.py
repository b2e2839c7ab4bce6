"""Bayesian factor models: which factors earn each asset's risk premium, how much, and how sure we are.

Public names stand in ``__init__.pyi``. They are loaded when they are first used, so that ``import bayesfactor`` costs
almost nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
