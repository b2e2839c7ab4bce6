"""Ctrl-C in the command line: one line that says what was written, exit status 130, and no half of a file."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("typer", reason="the command line needs the extra 'cli'")

from bayesfactor.base.errors import DataError, FitError
from bayesfactor.cli.interrupts import interruptible, wrote
from tests.support.paths import ROOT
from tests.support.write_fits import FITS

FIT = FITS / "hierarchical_1.nc"


@pytest.fixture(autouse=True)
def _in_the_foreground():
    """A job in the background may ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def tables(tmp_path):
    """Return the paths of returns and factors."""
    rng, dates = np.random.default_rng(7), pd.date_range("2020-01-01", periods=80, freq="B", name="date")
    paths = tmp_path / "data" / "returns.csv", tmp_path / "data" / "factors.csv"
    paths[0].parent.mkdir()
    for path, names in zip(paths, (["a", "b", "c"], ["market", "size"]), strict=True):
        pd.DataFrame(rng.normal(0.0004, 0.01, (80, len(names))), dates, names).to_csv(path)
    return paths


@pytest.mark.skipif(sys.platform == "win32", reason="signals are others")
def test_a_fit_that_is_interrupted_writes_nothing(tables, tmp_path):
    """While it samples: the sampler itself would return what it has."""
    output = tmp_path / "run.nc"
    arguments = ["fit", *map(str, tables), "-o", str(output), "--draws", "2000000", "--chains", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a job of its own may ignore it
    )
    lines = iter(process.stderr.readline, "")
    assert any("sampling" in line for line in lines)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "Interrupted: nothing was written."
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


SLOW = """
import sys
import nutpie
plain, said = nutpie.sample, []
def sample(*arguments, progress_callback, **options):  # say when the first draws are there, and not only at a quarter
    def told(chains):
        progress_callback(chains)
        if not said and any(chain.finished_draws for chain in chains):
            said.append(print("sampling: some", file=sys.stderr, flush=True))
    return plain(*arguments, progress_callback=told, **options)
nutpie.sample = sample
from bayesfactor.cli import main
main()
"""


def test_an_interrupt_anywhere_is_one_line(run, tmp_path, monkeypatch):
    def pressed(*_):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("bayesfactor.posterior.fit.open_fit", pressed)
    output = tmp_path / "out.html"
    for arguments in (("report", FIT, "-o", output), ("attribute", FIT, "--csv", output), ("check", FIT)):
        assert run(*arguments)[::2] == (130, "Interrupted: nothing was written.\n")
    assert list(tmp_path.iterdir()) == []


def test_what_was_written_before_is_named(run, tables, tmp_path, monkeypatch):
    def pressed(*_):
        signal.raise_signal(signal.SIGINT)

    output = tmp_path / "run.nc"
    monkeypatch.setattr("bayesfactor.analysis.assessment.checks.check", pressed)
    code, _, said = run("fit", *tables, "-o", output, "--draws", 20, "--tune", 60, "--chains", 1)
    assert code == 130
    assert said.splitlines()[-1] == f"Interrupted: {output} was written."
    assert output.is_file()


def ended(body):
    with pytest.raises(SystemExit) as left, interruptible():
        body()
    return left.value.code


def press():
    signal.raise_signal(signal.SIGINT)


def test_what_the_interrupt_became_makes_no_difference(capsys):
    """A sampler stops and its short run is refused; typer makes an exit of it; a library may wrap it."""

    def refused():
        try:
            press()
        except KeyboardInterrupt:
            raise FitError("Sampling was interrupted: 3 of 50 draws were made.") from None

    def left():
        try:
            press()
        except KeyboardInterrupt:
            raise SystemExit(130) from None

    def wrapped():
        try:
            press()
        except KeyboardInterrupt:
            raise RuntimeError("what is this?") from None

    def twice():
        try:
            press()
        finally:
            press()

    for body in (press, refused, left, wrapped, twice):
        assert ended(body) == 130
        assert capsys.readouterr().err == "Interrupted: nothing was written.\n"


def test_an_interrupt_in_a_destructor_is_not_lost(capsys):
    """Python drops what is raised there, and says so with a traceback."""

    class Late:
        def __del__(self):
            press()

    def body():
        late = Late()
        del late
        for _ in range(1000):
            time.sleep(0.01)
        raise AssertionError("nobody noticed")

    assert ended(body) == 130
    assert capsys.readouterr().err == "Interrupted: nothing was written.\n"


def test_several_files_were_written(capsys):
    def body():
        wrote(Path("run.nc"))
        wrote(Path("run.html"))
        press()

    assert ended(body) == 130
    assert capsys.readouterr().err == "Interrupted: run.nc, run.html were written.\n"
    assert ended(press) == 130
    assert "nothing" in capsys.readouterr().err  # that was another command


def test_without_an_interrupt_everything_is_as_it_was(capsys):
    handler, hook = signal.getsignal(signal.SIGINT), sys.unraisablehook
    for error in (DataError("bad"), ZeroDivisionError()):
        with pytest.raises(type(error)), interruptible():
            raise error
    for code in (0, 1, 2, 130):
        with pytest.raises(SystemExit) as left, interruptible():
            raise SystemExit(code)
        assert left.value.code == code
    assert capsys.readouterr().err == ""
    assert signal.getsignal(signal.SIGINT) is handler
    assert sys.unraisablehook is hook


def test_where_interrupts_are_ignored_they_stay_so():
    """As under nohup."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible():
            press()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
