"""Fits that earlier versions wrote open, and say what they said then."""

import json
import shutil
from dataclasses import dataclass

import h5netcdf
import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.posterior.storage import panels
from tests.support.write_fits import FITS, facts

SAID = {name: said for path in sorted(FITS.glob("facts_*.json")) for name, said in json.loads(path.read_text()).items()}


@pytest.fixture(params=sorted(SAID))
def saved(request, tmp_path):
    """A saved fit and what it said; a Zarr folder is unpacked first."""
    path = FITS / request.param
    if path.suffix == ".zarr":
        shutil.unpack_archive(f"{path}.zip", tmp_path)
        path = tmp_path / request.param
    return bf.open_fit(path), SAID[request.param]


def test_every_fit_here_is_tested():
    names = {path.name.removesuffix(".zip") for path in FITS.iterdir() if path.suffix != ".json"}
    assert names == set(SAID)
    assert {
        f"{model}_1.nc" for model in ("capm", "hierarchical", "pooled", "spike_slab", "student_t", "unpooled")
    } < names


def test_a_saved_fit_opens_with_the_same_attribution(saved):
    fit, said = saved
    now = facts(fit)
    assert now.keys() == said.keys()
    np.testing.assert_allclose(list(now.values()), list(said.values()), rtol=1e-10, atol=1e-15)


def test_a_saved_fit_is_written_again(saved, tmp_path):
    fit, said = saved
    again = bf.open_fit(fit.save(tmp_path / "again.nc"))
    np.testing.assert_allclose(list(facts(again).values()), list(said.values()), rtol=1e-10, atol=1e-15)
    assert again.panel.fingerprint == fit.panel.fingerprint
    assert again.model == fit.model


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
