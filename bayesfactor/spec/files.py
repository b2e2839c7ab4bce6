"""Model files: a closed TOML grammar that chooses among parts, read and written without loss."""

import hashlib
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomli_w

from bayesfactor.base.arguments import require
from bayesfactor.base.errors import SpecError, unknown
from bayesfactor.spec.grammar import decode, encode, known, typed
from bayesfactor.spec.model import FactorModel, parts
from bayesfactor.spec.observation import EqualWeights

_KINDS: dict[str, dict[str, type]] = {
    part: {vars(cls)["kind"]: cls for cls in classes}
    for part, classes in parts().items()
    if all("kind" in vars(cls) for cls in classes)
}
_SECTIONS: dict[str, type] = {part: classes[0] for part, classes in parts().items() if part not in _KINDS}
_LEFT_OUT: dict[str, object] = {"observation": EqualWeights()}  # so that a model without it keeps its id
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
        ``"pooled"``, ``"sparse"``, ``"noisy_factors"``, ``"moving_loadings"``, or a path that ends in ``.toml``.

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
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
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
    known(table, _TOP, place)
    chosen: dict[str, Any] = {"name": typed(table.get("name", "unnamed"), str, f"{place}: name")}
    families = typed(table.get("families", []), list, f"{place}: families")
    chosen["families"] = tuple(typed(item, str, f"{place}: families") for item in families)
    for part, kinds in _KINDS.items():
        if part in table:
            rows = dict(typed(table[part], dict, f"{place}: {part}"))
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
            chosen[part] = decode(kinds[kind], rows, f"{place}: {part}")
    for part, cls in _SECTIONS.items():
        if part in table:
            chosen[part] = decode(cls, table[part], f"{place}: {part}")
    return FactorModel(**chosen)


def _encode_model(model: FactorModel) -> dict[str, Any]:
    table: dict[str, Any] = {"name": model.name, "families": list(model.families)}
    for part, kinds in _KINDS.items():
        value = getattr(model, part)
        require(value, kinds.values(), f"model '{model.name}': {part}")
        if value == _LEFT_OUT.get(part):
            continue
        table[part] = {"kind": value.kind, **encode(value)}
    for part in _SECTIONS:
        table[part] = encode(getattr(model, part))
    return table
