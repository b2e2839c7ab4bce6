"""Model files: a closed TOML grammar that chooses among parts, read and written without loss."""

import hashlib
import numbers
import tomllib
import types
import typing
from dataclasses import MISSING, Field, fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomli_w

from bayesfactor.base.arguments import require
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.spec import priors
from bayesfactor.spec.durations import Duration, LogNormalDuration
from bayesfactor.spec.model import FactorModel, parts
from bayesfactor.spec.observation import EqualWeights
from bayesfactor.spec.priors import Distribution, Quantity

_KINDS: dict[str, dict[str, type]] = {
    part: {vars(cls)["kind"]: cls for cls in classes}
    for part, classes in parts().items()
    if all("kind" in vars(cls) for cls in classes)
}
_SECTIONS: dict[str, type] = {part: classes[0] for part, classes in parts().items() if part not in _KINDS}
_LEFT_OUT: dict[str, object] = {"observation": EqualWeights()}  # so that a model without it keeps its id
_EXAMPLES: dict[Any, str] = {
    priors.NormalRate: '{ dist = "Normal", mean = "0 %/year", sd = "5 %/year" }',
    priors.HalfNormalRate: '{ dist = "HalfNormal", scale = "5 %/year" }',
    priors.HalfNormal: '{ dist = "HalfNormal", scale = 0.5 }',
    priors.LogNormalRate: '{ dist = "LogNormal", median = "40 %/year", sd = 1.0 }',
    priors.Exponential: '{ dist = "Exponential", mean = 10.0, above = 2.1 }',
    Duration: '"2 years"',
    LogNormalDuration: '{ dist = "LogNormal", median = "8 weeks", sd = 1.0 }',
}
_TOP = ("name", "families", *_KINDS, *_SECTIONS)


def preset_folder() -> Path:
    """Return the folder of the presets: inside the installed package, or beside it in a checkout."""
    package = Path(str(files("bayesfactor")))
    inside = package / "models"
    return inside if inside.is_dir() else package.parent / "models"


def list_models() -> tuple[str, ...]:
    """Return the names of the presets."""
    return tuple(sorted(path.stem for path in preset_folder().glob("*.toml")))


def read_model(source: str | Path) -> FactorModel:
    """Read a preset by its name, or a model file by its path.

    Parameters
    ----------
    source : str or Path
        ``"hierarchical"``, ``"static"``, ``"student_t"``, ``"spike_slab"``, ``"capm"``, ``"unpooled"``,
        ``"pooled"``, or a path that ends in ``.toml``.

    Raises
    ------
    SpecError
        When there is no such preset or file, or a key, kind, distribution or number in it is not allowed;
        names the key and the nearest allowed one.
    """
    if not isinstance(source, (str, Path)):
        raise unknown("model", source, list_models(), place="read_model")
    if Path(source).suffix == ".toml":
        path = Path(source)
    elif str(source) in list_models():
        path = preset_folder() / f"{source}.toml"
    else:
        raise unknown("model", source, list_models(), place="read_model")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(
            f"{path}: cannot be read ({error.strerror}).",
            place=str(path),
            remedy=f"Give a path that exists, or a preset: {', '.join(list_models())}.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: not a TOML file: {error}.", place=str(path)) from None
    return parse_model(table, place=path.name)


def as_model(model: str | Path | FactorModel) -> FactorModel:
    """Return a model as it is, or read the preset or model file."""
    return model if isinstance(model, FactorModel) else read_model(model)


def write_model(model: FactorModel, path: str | Path) -> Path:
    """Write a model so that `read_model` gives back one that is equal.

    Raises
    ------
    SpecError
        When the file cannot be written.
    """
    if not isinstance(path, (str, Path)):
        raise SpecError(f"write_model: {path!r} is not a path.", place="write_model.path", found=path)
    require(model, (FactorModel,), "write_model")
    target = Path(path)
    try:
        target.write_text(model_text(model), encoding="utf-8")
    except OSError as error:
        raise SpecError(f"{target}: cannot be written ({error.strerror}).", place=str(target)) from None
    return target


def model_text(model: FactorModel) -> str:
    """Return the model as the text of a model file."""
    return tomli_w.dumps(_encode_model(model))


def model_id(model: FactorModel) -> str:
    """Return 12 hexadecimal digits that change with any choice or number of the model, not with its name."""
    table = _encode_model(model)
    del table["name"]
    return hashlib.sha256(tomli_w.dumps(table).encode()).hexdigest()[:12]


def parse_model(table: dict[str, Any], *, place: str) -> FactorModel:
    """Make a model of a TOML table; parts that are left out take their defaults."""
    _known(table, _TOP, place)
    chosen: dict[str, Any] = {"name": _typed(table.get("name", "unnamed"), str, f"{place}: name")}
    families = _typed(table.get("families", []), list, f"{place}: families")
    chosen["families"] = tuple(_typed(item, str, f"{place}: families") for item in families)
    for part, kinds in _KINDS.items():
        if part in table:
            rows = dict(_typed(table[part], dict, f"{place}: {part}"))
            if "kind" not in rows:
                raise SpecError(
                    f"{place}: '{part}.kind' is missing.",
                    place=f"{place}: {part}",
                    found=tuple(rows),
                    allowed=kinds,
                    remedy=f"Allowed: {', '.join(kinds)}. Found the keys: {', '.join(rows) or 'none'}.",
                )
            kind = rows.pop("kind")
            if not isinstance(kind, str) or kind not in kinds:
                raise unknown(f"{part}.kind", kind, kinds, place=place)
            chosen[part] = _decode(kinds[kind], rows, f"{place}: {part}")
    for part, cls in _SECTIONS.items():
        if part in table:
            chosen[part] = _decode(cls, table[part], f"{place}: {part}")
    return FactorModel(**chosen)


def _encode_model(model: FactorModel) -> dict[str, Any]:
    table: dict[str, Any] = {"name": model.name, "families": list(model.families)}
    for part, kinds in _KINDS.items():
        value = getattr(model, part)
        require(value, kinds.values(), f"model '{model.name}': {part}")
        if value == _LEFT_OUT.get(part):
            continue
        table[part] = {"kind": value.kind, **_encode(value)}
    for part in _SECTIONS:
        table[part] = _encode(getattr(model, part))
    return table


def _encode(value: Any) -> Any:
    if isinstance(value, Quantity):
        return str(value)
    if isinstance(value, tuple):
        return {key: _encode(item) for key, item in value}
    if is_dataclass(value):
        table: dict[str, Any] = {"dist": value.dist()} if isinstance(value, Distribution) else {}
        for field in fields(value):
            found = getattr(value, field.name)
            if not hasattr(found, "kind"):
                table[field.name] = _encode(found)
            elif found != field.default:  # a choice inside a part: left out where it is the plain one
                own, place = _encode(found), field.metadata.get("table")
                table |= {field.name: found.kind, **({place: own} if place else own)}
        return table
    return float(value) if isinstance(value, numbers.Real) else value  # 1, 1.0 and numpy's 1.0 are one model


def _decode(cls: Any, found: Any, place: str) -> Any:
    """Make one value of the type that a dataclass field declares."""
    if typing.get_origin(cls) is typing.Literal:
        if found not in typing.get_args(cls):
            raise unknown("value", found, typing.get_args(cls), place=place)
        return found
    if typing.get_origin(cls) is tuple:  # Keyed: a table from family or factor to a prior
        item = typing.get_args(typing.get_args(cls)[0])[1]
        rows = _typed(found, dict, place)
        return tuple((key, _decode(item, value, f"{place}.{key}")) for key, value in rows.items())
    if typing.get_origin(cls) in (typing.Union, types.UnionType):  # of distributions: `dist` says which
        choices = {one.dist(): one for one in typing.get_args(cls)}
        name = _typed(found, dict, place).get("dist")
        if not isinstance(name, str) or name not in choices:
            raise unknown("dist", name, choices, place=place)
        return _decode_class(choices[name], found, place)
    if isinstance(cls, type) and issubclass(cls, Quantity):
        return cls.parse(found, place=place)
    if cls in (float, str):
        return _typed(found, cls, place)
    return _decode_class(cls, _typed(found, dict, place), place)


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
    _known(rows, (*declared, *inner), place)
    required = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}
    for name in sorted(required - set(rows)):
        example = _EXAMPLES.get(declared[name])
        remedy = f"For instance {name} = {example}." if example else ""
        raise SpecError(f"{place}: '{name}' is missing.", place=place, allowed=declared, remedy=remedy)
    try:
        own = {name: _decode(declared[name], value, f"{place}.{name}") for name, value in rows.items()}
        return cls(**own, **{name: choice for name, choice in chosen.items() if choice is not None})
    except SpecError as error:
        if str(error).startswith(place.split(":")[0]):
            raise
        raise SpecError(f"{place}: {error}", place=place, found=error.found) from None


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
        own = _typed(rows.pop(table, {}), dict, f"{place}.{table}") if names else {}
    return _decode_class(kinds[kind], own, f"{place}.{table}" if table else place)


def _known(rows: typing.Iterable[str], allowed: typing.Iterable[str], place: str) -> None:
    names = tuple(allowed)
    for key in rows:
        if key not in names:
            raise unknown("key", key, names, place=place)


def _typed(found: Any, cls: type, place: str) -> Any:
    number = cls is float and isinstance(found, (int, float)) and not isinstance(found, bool)
    if number or (cls is not float and isinstance(found, cls)):
        return float(found) if number else found
    wanted = {float: "a number", str: "a text", list: "a list", dict: "a table"}[cls]
    raise SpecError(f"{place}: expected {wanted}, found {found!r}.", place=place, found=found)
