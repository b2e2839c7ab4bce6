"""The log-density of a model and its gradient as compiled functions of numbers; no PyMC."""
