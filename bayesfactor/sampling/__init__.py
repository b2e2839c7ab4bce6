"""From panel and model to a fit."""
