"""The grammar of model files: from values to tables of TOML and back, by the fields that their classes declare."""

import numbers
import types
import typing
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.spec import priors
from bayesfactor.spec.durations import Duration, LogNormalDuration
from bayesfactor.spec.inclusion import BetaInclusion
from bayesfactor.spec.measurement_error import BetaReliability, KnownReliability
from bayesfactor.spec.priors import Distribution, Quantity
from bayesfactor.spec.residual_factors import CommonResiduals

_EXAMPLES: dict[Any, str] = {
    priors.NormalRate: '{ dist = "Normal", mean = "0 %/year", sd = "5 %/year" }',
    priors.HalfNormalRate: '{ dist = "HalfNormal", scale = "5 %/year" }',
    priors.HalfNormal: '{ dist = "HalfNormal", scale = 0.5 }',
    priors.LogNormalRate: '{ dist = "LogNormal", median = "40 %/year", sd = 1.0 }',
    priors.Exponential: '{ dist = "Exponential", mean = 10.0, above = 2.1 }',
    Duration: '"2 years"',
    LogNormalDuration: '{ dist = "LogNormal", median = "8 weeks", sd = 1.0 }',
    CommonResiduals: '{ count = "auto", spread = { dist = "HalfNormal", scale = 0.25 } }',
    BetaInclusion: '{ dist = "Beta", a = 1.0, b = 1.0, spike = "zero" }',
    KnownReliability: "{ reliability = 0.6 }",
    BetaReliability: '{ dist = "Beta", a = 8.0, b = 4.0 }',
}


def encode(value: Any) -> Any:
    """Return a value as what TOML holds: a table of its fields, a text or a number."""
    if isinstance(value, Quantity):
        return str(value)
    if isinstance(value, tuple):
        return {key: encode(item) for key, item in value}
    if is_dataclass(value):
        table: dict[str, Any] = {"dist": value.dist()} if isinstance(value, Distribution) else {}
        for field in fields(value):
            found = getattr(value, field.name)
            if field.metadata.get("left_out") and found == field.default:
                continue  # so that a model without it keeps its id
            if field.metadata.get("whole"):
                table[field.name] = found
            elif not hasattr(found, "kind"):
                table[field.name] = encode(found)
            elif found != field.default:  # a choice inside a part: left out where it is the plain one
                own, place = encode(found), field.metadata.get("table")
                table |= {field.name: found.kind, **({place: own} if place else own)}
        return table
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return float(value)  # 1, 1.0 and numpy's 1.0 are one model
    return value


def decode(cls: Any, found: Any, place: str) -> Any:
    """Make one value of the type that a dataclass field declares."""
    if typing.get_origin(cls) is typing.Literal:
        if found not in typing.get_args(cls):
            raise unknown("value", found, typing.get_args(cls), place=place)
        return found
    if typing.get_origin(cls) is tuple:  # Keyed: a table from family or factor to a prior
        item = typing.get_args(typing.get_args(cls)[0])[1]
        rows = typed(found, dict, place)
        return tuple((key, decode(item, value, f"{place}.{key}")) for key, value in rows.items())
    if typing.get_origin(cls) in (typing.Union, types.UnionType):
        return _decode_union([one for one in typing.get_args(cls) if one is not type(None)], found, place)
    if isinstance(cls, type) and issubclass(cls, Quantity):
        return cls.parse(found, place=place)
    if cls in (float, str, bool):
        return typed(found, cls, place)
    return _decode_class(cls, typed(found, dict, place), place)


def _decode_union(choices: list[Any], found: Any, place: str) -> Any:
    """Make one value of several types: a number where one is, else the table that its ``dist`` says, or has none."""
    if int in choices:  # a whole number or a word, which the class itself checks
        return found
    if float in choices and not isinstance(found, dict):
        return typed(found, float, place, _examples(choices))
    tables = {one.dist() if issubclass(one, Distribution) else None: one for one in choices if one is not float}
    name = typed(found, dict, place, _examples(choices)).get("dist")
    if not (name is None or isinstance(name, str)) or name not in tables:
        raise unknown("dist", name, [one for one in tables if one], place=place)
    return _decode_class(tables[name], found, place)


def _examples(classes: typing.Iterable[Any]) -> str:
    shown = [_EXAMPLES[one] for one in classes if one in _EXAMPLES]
    return f"For instance {', or '.join(shown)}." if shown else ""


def _decode_class(cls: type, rows: dict[str, Any], place: str) -> Any:
    rows = dict(rows)
    if issubclass(cls, Distribution):
        name = rows.pop("dist", None)
        if name != cls.dist():
            raise unknown("dist", name, [cls.dist()], place=place)
    hints = typing.get_type_hints(cls)
    inner = {f.name: f for f in fields(cls) if _is_choice(hints[f.name])}
    chosen = {name: _take_choice(hints[name], field, rows, place) for name, field in inner.items()}
    declared = {f.name: hints[f.name] for f in fields(cls) if f.name not in inner}
    known(rows, (*declared, *inner), place)
    required = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}
    for name in sorted(required - set(rows)):
        example = _EXAMPLES.get(declared[name])
        remedy = f"For instance {name} = {example}." if example else _examples([cls])
        raise SpecError(f"{place}: '{name}' is missing.", place=place, allowed=declared, remedy=remedy)
    try:
        own = {name: decode(declared[name], value, f"{place}.{name}") for name, value in rows.items()}
        return cls(**own, **{name: choice for name, choice in chosen.items() if choice is not None})
    except SpecError as error:
        if str(error).startswith(place.split(":")[0]):
            raise
        raise SpecError(f"{place}: {error}", place=place, found=error.found, allowed=error.allowed) from None


def _is_choice(cls: Any) -> bool:
    """Return whether a field is a choice among classes that have a kind."""
    return bool(typing.get_args(cls)) and all(hasattr(one, "kind") for one in typing.get_args(cls))


def _take_choice(union: Any, field: Field[Any], rows: dict[str, Any], place: str) -> Any:
    """Take a choice inside a part out of its rows, with its own numbers; None where there is none.

    Its numbers stand beside its kind, or in a table of their own.
    """
    kinds = {cls.kind: cls for cls in typing.get_args(union)}
    if field.name not in rows:
        return None
    kind = rows.pop(field.name)
    if not isinstance(kind, str) or kind not in kinds:
        raise unknown(f"{field.name}", kind, kinds, place=place)
    table, names = field.metadata.get("table"), [one.name for one in fields(kinds[kind])]
    if table is None:
        own = {name: rows.pop(name) for name in names if name in rows}
    else:
        own = typed(rows.pop(table, {}), dict, f"{place}.{table}") if names else {}
    return _decode_class(kinds[kind], own, f"{place}.{table}" if table else place)


def known(rows: typing.Iterable[str], allowed: typing.Iterable[str], place: str) -> None:
    """Raise a SpecError that names the place unless every key is allowed."""
    names = tuple(allowed)
    for key in rows:
        if key not in names:
            raise unknown("key", key, names, place=place)


def typed(found: Any, cls: type, place: str, remedy: str = "") -> Any:
    """Return what was found if it is of this type, a number as a float; raise a SpecError that names the place."""
    number = cls is float and isinstance(found, (int, float)) and not isinstance(found, bool)
    if number or (cls is not float and isinstance(found, cls)):
        return float(found) if number else found
    wanted = {float: "a number", str: "a text", bool: "true or false", list: "a list", dict: "a table"}[cls]
    raise SpecError(f"{place}: expected {wanted}, found {found!r}.", place=place, found=found, remedy=remedy)
