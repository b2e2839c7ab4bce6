"""Call a function in a process of its own: its value, the seconds it took from the start, its peak memory.

As a program, ``python -m benchmarks.apart module:function arguments answer``, it is that process.
"""

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Outcome:
    """What came back from a process.

    Attributes
    ----------
    value : object
        What the function returned, as JSON holds it.
    began : float
        Clock time (seconds) at which the process was asked for.
    seconds : float
        From there to the moment at which the function returned.
    peak : float
        Largest resident memory, MiB.
    errors : str
        What the process wrote to its standard error.
    """

    value: Any
    began: float
    seconds: float
    peak: float
    errors: str


def run_apart(target: str, *arguments: object, environment: dict[str, str] | None = None, flags=()) -> Outcome:
    """Call ``module:function`` with arguments that JSON can hold, in a new Python process.

    Parameters
    ----------
    target : str
    *arguments : object
    environment : dict, optional
        Variables to set besides those of this process.
    flags : sequence of str
        Given to the interpreter.

    Raises
    ------
    RuntimeError
        When the process fails; the message ends with what it wrote last.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, *flags, "-m", "benchmarks.apart", target, json.dumps(arguments), str(answer)]
        began = time.time()
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
        )
        if done.returncode or not answer.exists():
            raise RuntimeError(f"{target}{arguments} failed ({done.returncode}):\n{done.stderr[-3000:]}")
        found = json.loads(answer.read_text(encoding="utf-8"))
    return Outcome(found["value"], began, found["ended"] - began, found["peak"], done.stderr)


def peak_memory() -> float:
    """Return the largest resident memory of this process so far, MiB.

    Linux counts what the parent held at the time of the fork into ``ru_maxrss``, and not into ``VmHWM``.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _main(target: str, arguments: str, answer: str) -> None:
    module, name = target.split(":")
    value = getattr(importlib.import_module(module), name)(*json.loads(arguments))
    ended = time.time()
    text = json.dumps({"value": value, "ended": ended, "peak": peak_memory()})
    Path(answer).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
