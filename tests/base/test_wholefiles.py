"""What cannot be written is said in one line, and nothing of it stays."""

import errno
import os
import shutil
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("typer", reason="the command line needs the extra 'cli'")

import bayesfactor as bf
from bayesfactor.base.files import write_whole
from tests.support.write_fits import FITS

FIT = FITS / "hierarchical_1.nc"
READ_ONLY, FULL = (OSError(number, os.strerror(number)) for number in (errno.EROFS, errno.ENOSPC))
DENIED = PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@pytest.fixture(scope="module")
def fit():
    return bf.open_fit(FIT)


def failing(monkeypatch, error):
    """Files take half of what is written to them, and then none; to take one away fails, too."""
    plain = Path.write_bytes

    def half(path, content):
        if error is FULL:
            plain(path, content[: len(content) // 2])
        raise error

    def gone(path, missing_ok=False):
        os.remove(path) if os.path.exists(path) else None
        raise error

    monkeypatch.setattr(Path, "write_bytes", half)
    monkeypatch.setattr(Path, "unlink", gone)


@pytest.mark.parametrize("error", [READ_ONLY, FULL, DENIED], ids=lambda error: errno.errorcode[error.errno])
@pytest.mark.parametrize("suffix", [".html", ".md", ".pdf"])
def test_a_report_that_cannot_be_written(fit, tmp_path, monkeypatch, error, suffix):
    target = tmp_path / f"report{suffix}"
    target.write_text("as it was")
    with monkeypatch.context() as patch:
        failing(patch, error)
        with pytest.raises(bf.FitError) as caught:
            bf.write_report(fit, target)
    assert f"{target}: cannot be written ({error.strerror})." in str(caught.value)
    assert "\n" not in str(caught.value)
    assert target.read_text() == "as it was"
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("error", [READ_ONLY, FULL, DENIED], ids=lambda error: errno.errorcode[error.errno])
@pytest.mark.parametrize("arguments", [("report", FIT, "-o"), ("attribute", FIT, "--csv"), ("premia", FIT, "--csv")])
def test_the_command_line_ends_with_2(run, tmp_path, monkeypatch, error, arguments):
    target = tmp_path / "found.html"
    with monkeypatch.context() as patch:
        failing(patch, error)
        code, _, said = run(*arguments, target)
    assert code == 2
    assert said.startswith("Error: ")
    assert said.count("\n") == 1
    assert error.strerror in said
    assert list(tmp_path.iterdir()) == []


def shut(monkeypatch):
    """No file can be made anywhere."""

    def made(dir):
        raise READ_ONLY

    monkeypatch.setattr("bayesfactor.base.files.tempfile", SimpleNamespace(TemporaryFile=made))


def test_a_store_that_cannot_be_written_is_refused_before_anything_is_sampled(fit, tmp_path, monkeypatch):
    shut(monkeypatch)
    monkeypatch.setattr("nutpie.sample", None)
    with pytest.raises(bf.FitError, match=r"run.zarr: cannot be written \(Read-only file system\)"):
        bf.fit(fit.panel, store=tmp_path / "run.zarr")
    with pytest.raises(bf.SpecError, match=r"cannot be written \(Read-only file system\)"):
        bf.fit_many({"one": fit.panel}, folder=tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", FIT, "-o"),
        ("attribute", FIT, "--csv"),
        ("premia", FIT, "--csv"),
        ("price", FIT, "--csv"),
        ("demo", "-o"),
        ("fit", "returns.csv", "factors.csv", "-o"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_done(run, tmp_path, monkeypatch, arguments):
    shut(monkeypatch)
    code, out, said = run(*arguments, tmp_path / "found.html")
    assert (code, out) == (2, "")
    assert "found.html' cannot be written: Read-only file system. Give a path in a folder that you may" in said


def test_a_table_goes_to_a_device_as_it_is(run):
    if not os.path.exists(os.devnull):
        pytest.skip("no such device")
    code, out, _ = run("attribute", FIT, "--csv", os.devnull)
    assert code == 1  # a fit of fifty draws
    assert f"Wrote 20 rows to {os.devnull}." in out
    assert not Path(os.devnull).is_file()


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "report.html", tmp_path / "report.html"
    link.symlink_to(target)
    write_whole(link, b"one")
    write_whole(link, b"two")
    assert link.is_symlink()
    assert target.read_bytes() == b"two"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["report.html", "report.html", "there"]


def test_an_interrupt_leaves_nothing(tmp_path, monkeypatch):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", pressed)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "report.html", b"text")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["run.nc", "run.zarr"])
def test_a_fit_that_has_no_room_is_not_saved(fit, tmp_path, monkeypatch, name):
    """HDF5 brings the process down when the disk is full, so that room is looked for first."""
    with monkeypatch.context() as patch:
        if name == "run.nc":
            usage = namedtuple("usage", "total used free")
            patch.setattr(shutil, "disk_usage", lambda path: usage(2**40, 2**40 - 2**14, 2**14))
        else:
            patch.setattr("zarr.open_group", lambda *_, **__: (_ for _ in ()).throw(FULL))
        with pytest.raises(bf.FitError, match=r"cannot be written \(No space left on device\)") as caught:
            fit.save(tmp_path / name)
    assert "has room" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []
    fit.save(tmp_path / name)
    with monkeypatch.context() as patch:  # a file system that does not say
        usage = namedtuple("usage", "total used free")
        patch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 0))
        fit.save(tmp_path / name)
