"""Fits that earlier versions wrote open, and say what they said then."""

import json
import shutil
from dataclasses import dataclass

import h5netcdf
import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.posterior.storage import panels
from tests.support.write_fits import FITS, facts

SAID = {name: said for path in sorted(FITS.glob("facts_*.json")) for name, said in json.loads(path.read_text()).items()}


@pytest.fixture(scope="module", params=sorted(SAID))
def saved(request, tmp_path_factory):
    """A saved fit and what it said; a Zarr folder is unpacked first."""
    path = FITS / request.param
    if path.suffix == ".zarr":
        folder = tmp_path_factory.mktemp("saved")
        shutil.unpack_archive(f"{path}.zip", folder)
        path = folder / request.param
    return bf.open_fit(path), SAID[request.param]


def test_every_fit_here_is_tested():
    names = {path.name.removesuffix(".zip") for path in FITS.iterdir() if path.suffix != ".json"}
    assert names == set(SAID)
    first = ("capm", "hierarchical", "pooled", "spike_slab", "student_t", "unpooled")
    assert {f"{model}_1.nc" for model in first} < names


def test_a_saved_fit_opens_with_the_same_attribution(saved):
    fit, said = saved
    now = facts(fit)
    assert now.keys() == said.keys()
    np.testing.assert_allclose(list(now.values()), list(said.values()), rtol=1e-10, atol=1e-15)


def test_a_saved_fit_is_written_again(saved, tmp_path):
    """All that what it says is made of is the same: draws, panel and model."""
    fit, _ = saved
    again = bf.open_fit(fit.save(tmp_path / "again.nc"))
    assert set(again.data.children) == set(fit.data.children)
    for name, group in fit.data.children.items():
        xr.testing.assert_equal(again.data[name].to_dataset(), group.to_dataset())
    assert again.panel.fingerprint == fit.panel.fingerprint
    assert again.model == fit.model


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("name", ["student_t_{}.nc", "student_t_{}.zarr", "hierarchical_{}.nc", "statistics_{}.zarr"])
def test_scales_of_earlier_formats_become_standard_deviations(tmp_path, name, number):
    """By the law of the model, without reading draws that are on disk: sigma sqrt(nu / (nu - 2)) for Student-t."""
    path = FITS / name.format(number)
    if path.suffix == ".zarr":
        shutil.unpack_archive(f"{path}.zip", tmp_path)
        path = tmp_path / path.name
        with xr.open_datatree(path, engine="zarr", zarr_format=3, consolidated=False) as tree:
            written = tree["posterior"].to_dataset().load()
    else:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            written = tree["posterior"].to_dataset().load()
    found = bf.open_fit(path).posterior
    assert "sigma" not in found
    assert list(found) == ["residual_sd" if variable == "sigma" else variable for variable in found_in(path, written)]
    assert (found["residual_sd"].chunks is not None) == (path.suffix == ".zarr")
    sd = written["sigma"].values
    if "dof" in written:
        sd = sd * np.sqrt(written["dof"] / (written["dof"] - 2)).values[..., None]
    np.testing.assert_allclose(found["residual_sd"], sd, rtol=1e-14)
    assert "dof" in written or np.array_equal(found["residual_sd"], sd)


def found_in(path, written):
    """Variables in their order: a Zarr folder lists them."""
    if path.suffix != ".zarr":
        return list(written)
    with xr.open_datatree(path, engine="zarr", zarr_format=3, consolidated=False) as tree:
        return tree.attrs["variables"]


def test_the_present_format_holds_the_standard_deviation_once(tmp_path):
    fit = bf.open_fit(FITS / "student_t_2.nc")
    for name in ("again.nc", "again.zarr"):
        again = bf.open_fit(fit.save(tmp_path / name))
        xr.testing.assert_equal(again.posterior.compute(), fit.posterior)
        assert "sigma" not in again.posterior
    with h5netcdf.File(tmp_path / "again.nc", "r") as file:
        assert file.attrs["format"] == "bayesfactor fit 4"


def test_a_new_field_with_a_default_damages_no_saved_fit(monkeypatch):
    @dataclass(frozen=True)
    class Later(bf.Calendar):
        opens: str = "09:30"

    monkeypatch.setattr(panels, "Calendar", Later)
    fit = bf.open_fit(FITS / "hierarchical_1.nc")
    assert fit.panel.calendar == Later("business", 252)


def test_a_changed_field_is_seen(tmp_path):
    with h5netcdf.File(shutil.copy(FITS / "hierarchical_1.nc", tmp_path / "run.nc"), "a") as file:
        file.attrs["calendar"] = file.attrs["calendar"].replace("252", "365")
    with pytest.raises(bf.FitError, match="not those that were fitted"):
        bf.open_fit(tmp_path / "run.nc")
