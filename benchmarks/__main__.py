"""Run benchmarks and write their tables: ``python -m benchmarks [part ...] [--repeats 3] [--quick]``."""

import argparse
import importlib
from pathlib import Path

from benchmarks.common import Settings, report

PARTS = (
    "speed",
    "start",
    "scaling",
    "roofline",
    "peers",
    "many",
    "streaming",
    "memory",
    "report",
    "moving",
    "structure",
)


def main() -> None:
    """Measure the parts asked for, one after another; write each one's table when it is done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)}; all when none is given")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each of our programs")
    parser.add_argument("--peer-repeats", type=int, default=1, help="runs of each program compared with")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, printed and not written")
    given = parser.parse_args()
    for part in given.parts:
        if part not in PARTS:
            parser.error(f"there is no part '{part}': choose from {', '.join(PARTS)}")
    if min(given.repeats, given.peer_repeats) < 1:
        parser.error("one run at least")
    settings = Settings(given.repeats, given.peer_repeats, given.quick)
    for part in given.parts or PARTS:
        text = report(importlib.import_module(f"benchmarks.{part}").tables(settings), settings)
        if not given.quick:
            Path(__file__).with_name(f"{part}.md").write_text(text, encoding="utf-8")
        print(f"# {part}\n\n{text}", flush=True)


if __name__ == "__main__":
    main()
