"""A compiled density as a record: which choices it covers, what it packs, what it computes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numba.core.ccallback import CFunc

from bayesfactor.panel.base import PanelBase
from bayesfactor.sampling.kernels.compiled import Entry, entries
from bayesfactor.sampling.kernels.prior import Sizes

type Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Kernel:
    """The log-density of some models, compiled, with coefficients integrated out or written through a surrogate.

    Attributes
    ----------
    name : str
        Of what tells it from the others.
    covers : mapping of str to tuple of classes
        For every part of a `FactorModel` the classes whose law the density has. They are listed, never read off a
        union: a class that is added to one is not covered until somebody has written its density.
    blocks : function
        From the sizes of a problem, the shapes of those blocks of theta that only this density has (names of
        `prior.Blocks`).
    pack : function
        From what `graph_data` returns and the panel, the named arrays that only this density reads: a NamedTuple, in
        the order of the slots of the buffer.
    density : function
        From a point and a buffer, the log-density; fills the gradient.
    entry : function
        The same, as a sampler calls it.
    draw : function
        From draws (draw, theta), a buffer and a generator, fills coefficients (draw, asset, coefficient): exact draws
        given theta.
    """

    name: str
    covers: Mapping[str, tuple[type, ...]]
    blocks: Callable[[Sizes[int]], dict[str, Shape]]
    pack: Callable[[Mapping[str, np.ndarray], PanelBase], tuple[np.ndarray, ...]]
    density: Callable[[np.ndarray, np.ndarray, np.ndarray], float]
    entry: Entry
    draw: Callable[[np.ndarray, np.ndarray, np.random.Generator, np.ndarray], None]

    def entries(self) -> tuple[CFunc, CFunc]:
        """Return the two C functions that a sampler calls: log-density with gradient, and what to store of a point."""
        return entries(self.entry)

    def covers_choice(self, part: str, choice: object) -> bool:
        """Return whether the density has the law of a choice: of its very class, not of one that it inherits from."""
        return type(choice) in self.covers.get(part, ())
