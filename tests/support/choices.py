"""Every choice of a part of a model, read off its union, with its numbers filled in by their types."""

from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields, is_dataclass
from typing import get_args, get_origin, get_type_hints

from bayesfactor.spec.observation import Duration
from bayesfactor.spec.priors import Exponential, HalfNormal, HalfNormalRate, LogNormalRate, Normal, NormalRate, Rate

NUMBERS = {
    Duration: Duration(20.0, "periods"),
    Exponential: Exponential(10.0, above=2.1),
    HalfNormal: HalfNormal(0.4),
    HalfNormalRate: HalfNormalRate(Rate(5.0)),
    LogNormalRate: LogNormalRate(Rate(30.0), 0.8),
    Normal: Normal(0.3, 0.6),
    NormalRate: NormalRate(Rate(1.0), Rate(8.0)),
}


def example(kind):
    """Return a value of this type."""
    if kind in NUMBERS:
        return NUMBERS[kind]
    if get_origin(kind) is tuple:  # priors keyed by factor or family
        (pair, _) = get_args(kind)
        return (("default", example(get_args(pair)[1])),)
    assert is_dataclass(kind), kind
    hints = get_type_hints(kind)
    return kind(**{f.name: example(hints[f.name]) for f in fields(kind) if f.default is MISSING})


def choices(union):
    """Return one example of every class of a union."""
    return [example(kind) for kind in get_args(union)]


def derived(choice, kind):
    """Return the same choice as one of a class of its own, which the package does not know."""
    return type("Derived", (type(choice),), {"kind": kind})(**vars(choice))


def covering[Case](cases: Iterable[Case], facts_of: Callable[[Case], set]) -> list[Case]:
    """Return cases that have every fact that any has: next the one with most facts that were not there."""
    known = [(case, facts_of(case)) for case in cases]
    left, result = set().union(*(facts for _, facts in known)), []
    while left:
        case, facts = max(known, key=lambda one: len(one[1] & left))
        result.append(case)
        left -= facts
    return result
