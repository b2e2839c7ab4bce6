"""Saved fits: nothing is lost, nothing is half written, nothing damaged is opened."""

import subprocess
import sys
from dataclasses import replace

import h5netcdf
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.base.errors import FitError
from bayesfactor.panel.records import Note
from bayesfactor.posterior.storage.panels import panel_attributes, panel_groups, panel_of
from tests.support.panels import make_panel

NAMES = ("Ünï-çødé", "🚀", "A&B <i>", "x" * 200, "quote\"'\\", "a/b:c", " blank ", "比特币", "nan")


@pytest.fixture(scope="module")
def strange(a_panel):
    """A fit of a panel whose names would trip a careless writer, with notes."""
    rename = dict(zip(a_panel.assets, NAMES, strict=True))
    panel = replace(
        a_panel,
        returns=a_panel.returns.assign_coords(asset=list(NAMES)),
        groups=a_panel.groups.assign_coords(asset=list(NAMES)).str.replace("g1", "Grüße & 🌍"),
        factors=a_panel.factors.assign_coords(factor=["mkt", "Σ/β", "f2"]),
        factor_info=tuple(
            replace(f, name=name, description="§ 'x'\n")
            for f, name in zip(a_panel.factor_info, ["mkt", "Σ/β", "f2"], strict=True)
        ),
        notes=(Note("🚀", "warning", "moves a lot — 12 %"), Note("panel", "done", "cut")),
    )
    assert rename["a01"] == "🚀"
    return bf.fit(panel, "static", bf.Sampler(draws=30, tune=60, chains=2, seed=5, progress=False))


@pytest.fixture(scope="module")
def saved(strange, tmp_path_factory):
    """The bytes of its file."""
    return strange.save(tmp_path_factory.mktemp("saved") / "run.nc").read_bytes()


@pytest.mark.parametrize("name", ["hier_fit", "student_fit", "strange"])
def test_a_saved_fit_is_the_fit(name, request, tmp_path):
    fit = request.getfixturevalue(name)
    path = tmp_path / "run 🚀.nc"
    assert fit.save(path) == path
    again = bf.open_fit(str(path))
    assert again.panel.fingerprint == fit.panel.fingerprint
    assert again.panel.notes == fit.panel.notes
    assert again.panel.factor_info == fit.panel.factor_info
    assert again.model == fit.model
    assert again.model_id == fit.model_id
    assert again.sampler == fit.sampler
    assert dict(again.versions) == dict(fit.versions)
    assert dict(again.timings) == dict(fit.timings)
    assert {"bayesfactor", "nutpie", "numpy"} <= set(again.versions)
    assert set(again.data.children) == set(fit.data.children)
    for variable, array in fit.posterior.data_vars.items():
        np.testing.assert_array_equal(again.posterior[variable], array)
    for kind in ("premium", "return", "variance"):
        one, two = (bf.attribute(f, kind, by="family").table(ci_kind="hdi") for f in (fit, again))
        pd.testing.assert_frame_equal(one, two)
        assert one.attrs == two.attrs
    assert again.problems == fit.problems


def test_a_panel_of_unequal_histories_is_the_panel(tmp_path):
    whole = make_panel(assets=3, periods=40, shortest=20)
    values = whole.factors.values.copy()
    values[:5, 1], values[:12, 2] = -np.nan, np.nan
    returns = whole.returns.isel(time=slice(15, None))
    panel = replace(whole, returns=returns, factors=whole.factors.copy(data=values))
    tree = xr.DataTree.from_dict(panel_groups(panel))
    tree.attrs = panel_attributes(panel)
    tree.to_netcdf(tmp_path / "panel.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "panel.nc", engine="h5netcdf") as opened:
        again = panel_of(opened.load())
    assert again.fingerprint == panel.fingerprint
    assert again.factor_info == panel.factor_info
    np.testing.assert_array_equal(again.factors.values, panel.factors.values)
    assert again.describe().factors.equals(panel.describe().factors)


def test_labels_are_plain_texts(saved, tmp_path):
    (tmp_path / "run.nc").write_bytes(saved)
    again = bf.open_fit(tmp_path / "run.nc")
    assert again.panel.assets == NAMES
    assert again.panel.group_names == ("g0", "Grüße & 🌍", "g2")
    labels = [
        *again.panel.assets,
        *again.panel.factor_names,
        *again.panel.group_names,
        *again.panel.groups.values,
    ]
    assert {type(label) for label in labels} == {str}
    assert again.posterior["asset"].values.tolist() == list(NAMES)
    assert bf.attribute(again, portfolio={"🚀": 1.0, "A&B <i>": -1.0}).table()["asset"].iloc[0] == "portfolio"


def test_a_saved_fit_can_be_used_like_a_new_one(strange, tmp_path):
    first = bf.open_fit(strange.save(tmp_path / "run.nc"))
    again = bf.open_fit(first.save(tmp_path / "copy.nc"))
    assert again.posterior.equals(first.posterior)
    assert bf.check(again).table.equals(bf.check(strange).table)
    refit = bf.fit(again.panel, again.model, again.sampler)
    for variable, array in strange.posterior.data_vars.items():
        np.testing.assert_array_equal(refit.posterior[variable], array)


BLOCKED = """
import sys
for name in ("pymc", "nutpie", "pytensor", "numba"):
    sys.modules[name] = None  # an import of it fails
import bayesfactor as bf
fit = bf.open_fit(sys.argv[1])
print(bf.attribute(fit, "variance").table().shape[0], fit.model.name, fit.panel.fingerprint)
"""


def test_a_saved_fit_opens_without_a_sampler(strange, saved, tmp_path):
    path = tmp_path / "run.nc"
    path.write_bytes(saved)
    run = subprocess.run([sys.executable, "-c", BLOCKED, path], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [str(9 * 5), "static", strange.panel.fingerprint]


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


def test_saving_replaces_a_file_whole(strange, hier_fit, tmp_path):
    path = hier_fit.save(tmp_path / "run.nc")
    before = path.stat().st_size
    strange.save(path)
    assert path.stat().st_size < before
    assert bf.open_fit(path).panel.assets == NAMES
    assert entries(tmp_path) == ["run.nc"]


@pytest.mark.parametrize("error", [OSError("the disk is full"), KeyboardInterrupt()])
@pytest.mark.parametrize("where", ["xarray.DataTree.to_netcdf", "os.replace"])
def test_a_save_that_fails_leaves_the_old_file(saved, hier_fit, tmp_path, monkeypatch, error, where):
    path = tmp_path / "run.nc"
    path.write_bytes(saved)

    def fail(*args, **options):
        if where.endswith("netcdf"):
            args[1].write_bytes(b"half")
        raise error

    monkeypatch.setattr(where, fail)
    with pytest.raises(FitError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        hier_fit.save(path)
    assert path.read_bytes() == saved
    assert entries(tmp_path) == ["run.nc"]
    if isinstance(error, OSError):
        assert f"{path}: cannot be written (the disk is full)" in str(caught.value)


def test_places_that_cannot_be_written(strange, tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "no" / "run.nc", tmp_path / "file" / "run.nc", "", "."):
        with pytest.raises(FitError, match="cannot be written") as caught:
            strange.save(path)
        assert "Choose a folder" in caught.value.remedy
    with pytest.raises(FitError, match=r"cannot be written \(File name too long\)"):
        strange.save(tmp_path / ("x" * 300))
    assert strange.save(tmp_path / ("y" * 250)).is_file()  # longer than any temporary name may be
    assert entries(tmp_path) == ["file", "y" * 250]


def test_files_that_are_no_fits(tmp_path):
    path = tmp_path / "run.nc"
    for place in (path, tmp_path):
        with pytest.raises(FitError, match="there is no such file") as caught:
            bf.open_fit(place)
        assert str(place) in str(caught.value)
    for content in (
        b"",
        b"date,a\n2020-01-01,0.1\n",
        b"version https://git-lfs.github.com/spec/v1\n",
        b"\x89HDF\r\n\x1a\n",
    ):
        path.write_bytes(content)
        with pytest.raises(FitError, match="not a saved fit, or damaged") as caught:
            bf.open_fit(path)
        assert str(path) in str(caught.value)
    xr.Dataset({"x": 1.0}).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(FitError, match="holds no fit of this version") as caught:
        bf.open_fit(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_truncated_file_is_refused(saved, tmp_path, share):
    path = tmp_path / "run.nc"
    path.write_bytes(saved[: int(len(saved) * share)])
    with pytest.raises(FitError, match="not a saved fit, or damaged") as caught:
        bf.open_fit(path)
    assert str(path) in str(caught.value)


def alter_returns(file):
    file["observed_data/returns"][-1, 0] = 0.123


def alter_group(file):
    file["constant_data/group_of"][0] = "g2"


def lose_factors(file):
    del file["constant_data"]._h5group["factors"]


def lose_posterior(file):
    del file._h5group["posterior"]


def wrong_model(file):
    file.attrs["model_text"] = file.attrs["model_text"].replace("grouped", "groupd")


def wrong_sampler(file):
    file.attrs["sampler"] = file.attrs["sampler"].replace("seed", "sead")


def no_calendar(file):
    del file.attrs["calendar"]


DAMAGE = {
    alter_returns: "not those that were fitted",
    alter_group: "not those that were fitted",
    lose_factors: "factors",
    lose_posterior: "without posterior",
    wrong_model: "groupd",
    wrong_sampler: "sead",
    no_calendar: "calendar",
}


@pytest.mark.parametrize("change", DAMAGE)
def test_a_changed_file_is_refused(saved, tmp_path, change):
    path = tmp_path / "run.nc"
    path.write_bytes(saved)
    with h5netcdf.File(path, "r+") as file:
        change(file)
    with pytest.raises(FitError, match=DAMAGE[change]) as caught:
        bf.open_fit(path)
    assert str(caught.value).startswith(f"{path}: damaged")


def test_draws_that_were_changed_in_the_file_are_noticed(hier_fit, tmp_path):
    import h5py

    path = hier_fit.save(tmp_path / "run.nc")
    with h5py.File(path, "r+") as file:
        file["posterior/alpha"][0, 0, 0] = 1e6
    with pytest.raises(FitError, match="draws in it are not those that were saved"):
        bf.open_fit(path)
