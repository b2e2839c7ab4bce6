"""Scores on real markets: ``python -m benchmarks.scores [panel ...]``.

Without a panel: all of them, written to ``docs/scores.md``. Of panels that are named the tables are printed.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.common import versions
from benchmarks.scores.measures import against, measured
from benchmarks.scores.panels import CASES
from benchmarks.scores.tables import section, summary
from benchmarks.scores.text import HEAD, NOTE
from benchmarks.scores.walk import PRESETS, SAMPLER, together, walk_presets

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "scores.md"
FOLDER = ROOT.parent / "shared" / "data"


def main() -> None:
    """Score the panels, and write or print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scores", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("panels", nargs="*", metavar="panel", help=f"any of {', '.join(CASES)}")
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder with the tables of benchmarks/markets.py")
    parser.add_argument("--keep", type=Path, help="folder of fits: those of an earlier run are not made again")
    given = parser.parse_args()
    for name in given.panels:
        if name not in CASES:
            parser.error(f"there is no panel '{name}': choose from {', '.join(CASES)}")
    if not given.data.is_dir():
        parser.error(f"there is no folder {given.data}: its tables are those of benchmarks/markets.py")
    sections, duels = [], {}
    with tempfile.TemporaryDirectory() as empty:
        for name in given.panels or CASES:
            case = CASES[name](given.data)
            walks = walk_presets(case, PRESETS, SAMPLER, (given.keep or Path(empty)) / name)
            scores = together(case, walks)
            duels[name] = against(scores)
            sections.append(section(case, scores, measured(scores, case.panel.periods_per_year), duels[name]))
            print(sections[-1], flush=True)
    if not given.panels:
        page = "\n".join([HEAD, summary(duels), *sections, NOTE, versions("skfolio"), ""])
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
