"""Predictions judged by what came after: ``python -m benchmarks.truth [panel ...] [--model NAME] [--parts]``.

Without a panel: all of them, written to ``docs/truth.md``. Of panels that are named the tables are printed.
"""

import argparse
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from benchmarks.common import Table, markdown, versions
from benchmarks.truth.panels import CASES, NEED_FOLDER, Case
from benchmarks.truth.parts import parts
from benchmarks.truth.peers import factor_model, shrunk, weighted
from benchmarks.truth.text import HEAD, NOTE, PARTS_NOTE
from benchmarks.truth.verdicts import Measured, close, covered, dates_said, gain, scored, wide
from benchmarks.truth.walk import Model, Walk, walk, walk_peer

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "truth.md"
FOLDER = ROOT.parent / "shared" / "data"


def measured(case: Case, models: dict[str, Model], folder: Path | None) -> Table:
    """Return the table of a panel: measures, limits, and what models and peers have."""
    peers = {"Ledoit-Wolf": shrunk(), f"Ledoit-Wolf, {case.recent} periods": shrunk(case.recent)}
    others = {"exponentially weighted": weighted(case.half_life)}
    if importlib.util.find_spec("skfolio"):
        others["skfolio's factor model"] = factor_model()
    yardsticks = {name: walk_peer(case, case.wide, peer) for name, peer in peers.items()}
    found = {}
    for name, model in models.items():
        own = None if folder is None else folder / Path(name).stem
        found[name] = [*wide(case, walk(case, case.wide, model, own), yardsticks)]
        found[name] += close(case, walk(case, case.close, model, own))
    for name, peer in {**peers, **others}.items():
        apart = yardsticks[name] if name in yardsticks else walk_peer(case, case.wide, peer)
        found[name] = [*wide(case, apart, yardsticks)]
        if name != "skfolio's factor model":  # its fits are slow
            found[name] += close(case, walk_peer(case, case.close, peer))
    return Table(case.name, tuple(_rows(found, set(models))), _said(case))


def _rows(found: dict[str, list[Measured]], models: set[str]) -> Iterator[dict[str, object]]:
    """Yield a line for every measure, with a verdict of the models."""
    every = {line.name: line for lines in found.values() for line in lines}
    for name, first in every.items():
        cells: dict[str, object] = {"measure": name, "limit": first.limit}
        for column, lines in found.items():
            own = [line for line in lines if line.name == name]
            verdict = {True: " pass", False: " **fail**", None: ""}[own[0].passed if own else None]
            cells[column] = (own[0].value if own else "") + (verdict if column in models else "")
        yield cells


def _said(case: Case) -> str:
    return f"Far apart: {dates_said(case, case.wide)}. Close: {dates_said(case, case.close)}."


def added(case: Case, folder: Path | None) -> Table:
    """Return the table of what each part adds."""
    walks = {
        name: walk(case, case.wide, model, None if folder is None else folder / name)
        for name, model in parts(case.panel).items()
    }
    peers = {name: walk_peer(case, case.wide, shrunk(rows)) for name, rows in (("all", None), ("recent", case.recent))}
    rows = tuple(_part(case, name, own, walks["static"], peers) for name, own in walks.items())
    return Table(f"{case.name}: what each part adds", rows, PARTS_NOTE)


def _part(case: Case, name: str, own: Walk, static: Walk, peers: dict[str, Walk]) -> dict[str, object]:
    more, error = gain(own, static)
    given = (own.scores["given"] - static.scores["given"]).sum() / own.scores["assets"].sum()
    lines = {line.name: line.value for line in wide(case, own, peers)}
    loading = [value for key, value in lines.items() if "first factor" in key]
    return {
        "model": name,
        "joint log score": f"{own.scores['score'].sum() / own.scores['assets'].sum():.3f}",
        "gain": "" if own is static else f"{more:+.3f} ({error:.3f})",
        "gain given factors": "" if own is static else f"{given:+.3f}",
        "less Ledoit-Wolf's": scored(own, peers).value,
        "assets 50 / 90 / 99 %": " / ".join(f"{covered(own, 'assets', level)[0]:.3f}" for level in (0.5, 0.9, 0.99)),
        "90 %: equal, long-only, residual": " ".join(
            f"{covered(own, kind, 0.9)[0]:.3f}" for kind in ("equal", "long", "residual")
        ),
        "bias of minimum variance": lines["bias: minimum variance"],
        "90 %: loading": loading[0] if loading else "",
    }


def main() -> None:
    """Walk the panels, and write or print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.truth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("panels", nargs="*", metavar="panel", help=f"any of {', '.join(CASES)}")
    parser.add_argument(
        "--model", action="append", help="a preset, a model file or a line of the table of parts; may be given again"
    )
    parser.add_argument("--parts", action="store_true", help="only the table of what each part adds")
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder with the tables of benchmarks/markets.py")
    parser.add_argument("--keep", type=Path, help="folder of fits: those of an earlier run are not made again")
    given = parser.parse_args()
    for name in given.panels:
        if name not in CASES:
            parser.error(f"there is no panel '{name}': choose from {', '.join(CASES)}")
    chosen = given.panels or [name for name in CASES if (name in NEED_FOLDER) == given.data.is_dir()]
    found = []
    for name in chosen:
        case = CASES[name](given.data)
        folder, before = None if given.keep is None else given.keep / name, len(found)
        known = parts(case.panel)
        models: dict[str, Model] = {
            one: known.get(one, one) for one in given.model or ("hierarchical", "moving_loadings", "static")
        }
        found += [] if given.parts else [measured(case, models, folder)]
        found += [added(case, folder)] if given.parts or not given.panels else []
        print("\n".join(map(markdown, found[before:])), flush=True)
    if not given.panels:
        PAGE.write_text("\n".join([HEAD, *map(markdown, found), NOTE, versions()]), encoding="utf-8")


if __name__ == "__main__":
    main()
