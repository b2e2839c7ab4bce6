"""What a figure's record holds, by panel and by kind of mark."""

import numpy as np


def panels(chart):
    """Return the panels of a chart by their titles, which may go on with a number."""
    return {panel.title.partition(":")[0]: panel for panel in chart.panels}


def marks(panel, kind, **wanted):
    """Return the marks of a kind in a panel, with some values of their fields."""
    found = [mark for mark in panel.marks if isinstance(mark, kind)]
    return [mark for mark in found if all(getattr(mark, name) == value for name, value in wanted.items())]


def only(panel, kind, **wanted):
    """Return the one mark of a kind in a panel."""
    (mark,) = marks(panel, kind, **wanted)
    return mark


def ends(mark):
    """Return the lower and the upper ends of intervals, or of a band, one row each."""
    return np.c_[mark.lower, mark.upper]
