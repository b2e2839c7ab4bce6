"""Draws on disk: the same numbers as in memory, never a part of a fit, never another's."""

import os
import pickle
import shutil
import sys
import tracemalloc
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.base.errors import FitError
from bayesfactor.posterior import blocks, diagnostics
from bayesfactor.posterior.storage import zarr as drawstore
from bayesfactor.sampling import recovery
from bayesfactor.spec.alphas import FreeZeroBeta
from tests.support.panels import make_panel

pytest.importorskip("zarr")
dask = pytest.importorskip("dask")
MIX = {"a00": 0.6, "a04": 0.7, "a05": -0.3}
SAMPLER = bf.Sampler(draws=60, tune=80, chains=2, cores=1, seed=4, progress=False)
MODELS = ("static", "student_t", "unpooled", "rate")


def model(name):
    if name != "rate":
        return bf.read_model(name)
    from bayesfactor.spec.priors import NormalRate, Rate

    return replace(bf.FactorModel(), zero_beta=FreeZeroBeta(NormalRate(Rate(0.0), Rate(5.0))))


@pytest.fixture(scope="module", autouse=True)
def small_blocks():
    """Several blocks of assets and of draws, none of which divides the whole."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawstore, "ASSETS", 4)
        patch.setattr(drawstore, "DRAWS", 25)
        patch.setattr("bayesfactor.sampling.recovery.DRAWS", 25)
        patch.setattr("bayesfactor.posterior.storage.files.DRAWS", 25)
        patch.setattr(blocks, "NUMBERS", 500)
        patch.setattr(diagnostics, "BLOCK", 300)
        yield


@pytest.fixture(scope="module", params=MODELS)
def both(request, a_panel, tmp_path_factory):
    """One fit in memory, and one with the same seed on disk."""
    path = tmp_path_factory.mktemp("store") / "run.zarr"
    one, two = (bf.fit(a_panel, model(request.param), SAMPLER, store=store) for store in (None, path))
    return one, two


@pytest.fixture(scope="module")
def pair(a_panel, tmp_path_factory):
    path = tmp_path_factory.mktemp("pair") / "run.zarr"
    return bf.fit(a_panel, "static", SAMPLER), bf.fit(a_panel, "static", SAMPLER, store=path), path


@pytest.fixture
def store(pair, tmp_path):
    """A store of one's own, to be damaged."""
    return Path(shutil.copytree(pair[2], tmp_path / "run.zarr"))


def test_the_same_seed_gives_the_same_draws(both):
    one, two = both
    assert list(one.posterior.data_vars) == list(two.posterior.data_vars)
    assert list(one.posterior.sizes) == list(two.posterior.sizes)  # arviz.summary labels rows in this order
    for group in ("posterior", "sample_stats", "log_prior"):
        assert one.data[group].to_dataset().equals(two.data[group].to_dataset())
    assert two.panel.fingerprint == one.panel.fingerprint
    assert (two.model, two.sampler, two.versions) == (one.model, one.sampler, one.versions)
    assert two.timings.keys() == one.timings.keys()
    assert two.problems == one.problems


def test_draws_stay_on_disk_in_blocks_of_assets(both):
    posterior = both[1].posterior
    for name in ("alpha", "residual_sd", "loading"):
        assert posterior[name].chunksizes["asset"] == (4, 4, 1)
        assert posterior[name].chunksizes["draw"] == (60,)
    assert posterior["risk_premium"].chunks is None


def test_an_attribution_of_them_stays_on_disk_and_has_the_same_tables(both):
    one, two = both
    kinds, shared = ("premium", "return", "variance"), {"portfolio": MIX}
    cases = [(kind, shared) for kind in kinds]
    if one.model == bf.read_model("static"):
        cases += [(kind, {**shared, "per": "group", "by": "family"}) for kind in kinds]
        cases += [("premium", {"by": "identification"}), ("premium", {"by": "level"})]
        cases += [("variance", {}), ("premium", {"by": "level", "per": "group"})]
    for kind, options in cases:
        first, second = bf.attribute(one, kind, **options), bf.attribute(two, kind, **options)
        assert second.draws.chunks is not None
        np.testing.assert_allclose(second.draws.values, first.draws.values, rtol=1e-9, atol=1e-16)
        for table in ("table", "share_table") if kind == "variance" else ("table",):
            left, right = (getattr(a, table)(ci_kind="hdi", rounded=False) for a in (first, second))
            pd.testing.assert_frame_equal(left, right, rtol=1e-7, atol=1e-12)
        if kind == "premium":
            pd.testing.assert_frame_equal(first.uncertainty, second.uncertainty, rtol=1e-7)


def test_verdicts_prices_and_checks_are_the_same(both):
    one, two = both
    pd.testing.assert_frame_equal(bf.identify(one).facts, bf.identify(two).facts, rtol=1e-9)
    pd.testing.assert_frame_equal(bf.identify(one).table(), bf.identify(two).table(), rtol=1e-6)
    pd.testing.assert_frame_equal(bf.price(one).table(), bf.price(two).table(), rtol=1e-6)
    pd.testing.assert_frame_equal(bf.price(one).errors(), bf.price(two).errors(), rtol=1e-6)
    pd.testing.assert_frame_equal(bf.price(one).r_squared_table(), bf.price(two).r_squared_table(), rtol=1e-6)
    first, second = bf.check(one), bf.check(two)
    pd.testing.assert_frame_equal(first.table, second.table, rtol=1e-6)
    pd.testing.assert_frame_equal(first.assets, second.assets, rtol=1e-9)
    pd.testing.assert_frame_equal(first.shrinkage, second.shrinkage, rtol=1e-9)
    for per in ("period", "asset"):
        assert bf.log_likelihood(one, per=per).equals(bf.log_likelihood(two, per=per))


def test_reading_a_block_touches_its_own_chunks_only(pair, monkeypatch):
    import zarr

    read = []
    inside = zarr.Array.__getitem__
    monkeypatch.setattr(zarr.Array, "__getitem__", lambda self, key: read.append(key) or inside(self, key))
    bf.attribute(pair[1], allow_unconverged=True).draws.isel(asset=slice(4, 8)).compute()
    read.clear()
    bf.loadings(pair[1]).sel(asset=["a05", "a06"]).compute()
    assert {(key[2].start, key[2].stop) for key in read} <= {(4, 8), (5, 7)}


@pytest.mark.parametrize("name", ["copy.zarr", "copy.nc"])
@pytest.mark.parametrize("place", [0, 1])
def test_either_kind_is_saved_as_either(pair, name, place, tmp_path):
    fit = pair[place]
    assert fit.save(tmp_path / name) == tmp_path / name
    assert sorted(os.listdir(tmp_path)) == [name]
    again = bf.open_fit(tmp_path / name)
    assert again.posterior.equals(pair[0].posterior)
    assert [again.posterior[c].dtype for c in again.posterior.coords] == [
        pair[0].posterior[c].dtype for c in pair[0].posterior.coords
    ]
    assert again.panel.fingerprint == fit.panel.fingerprint
    assert (again.posterior["loading"].chunks is None) == name.endswith(".nc")


def test_arviz_takes_it_once_loaded_and_xarray_as_it_is(pair):
    import arviz_stats

    one, two = (arviz_stats.summary(fit.data.compute(), kind="stats", round_to="none") for fit in pair[:2])
    pd.testing.assert_frame_equal(one, two)
    with xr.open_datatree(pair[2], engine="zarr", consolidated=False) as opened:
        assert opened["posterior/loading"].dims == ("chain", "draw", "asset", "factor")
        np.testing.assert_array_equal(opened["posterior/loading"], pair[0].posterior["loading"])


def test_a_fit_on_disk_travels_to_another_process(pair):
    again = pickle.loads(pickle.dumps(pair[1]))
    assert again.posterior.equals(pair[0].posterior)


def chunk(store, name="loading"):
    return next(path for path in sorted((store / "posterior" / name / "c").rglob("*")) if path.is_file())


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(bytes(content))


def other_fit(pair, store):
    fit = replace(pair[0], data=pair[0].data.copy())
    posterior = fit.posterior.copy(deep=True)
    posterior["loading"][:] += 1.0
    fit.data["posterior"] = xr.DataTree(posterior)
    return fit.save(store.with_name("other.zarr"))


def remove_chunk(pair, store):
    chunk(store).unlink()


def shorten_chunk(pair, store):
    path = chunk(store)
    path.write_bytes(path.read_bytes()[:-100])


def empty_chunk(pair, store):
    """As a machine that lost its power leaves it."""
    chunk(store).write_bytes(b"")


def change_checksum(pair, store):
    flip(chunk(store), -1)


def chunk_of_another_fit(pair, store):
    """Whole in itself: as a copy that was broken off leaves it."""
    shutil.copy(chunk(other_fit(pair, store)), chunk(store))


def change_small(pair, store):
    import zarr

    zarr.open_group(store, mode="r+")["posterior/risk_premium"][0, 0, 0] = 9.0


def change_panel(pair, store):
    import zarr

    zarr.open_group(store, mode="r+")["observed_data/returns"][-1, 0] = 0.123


def lose_group(pair, store):
    shutil.rmtree(store / "sample_stats")


def lose_array(pair, store):
    shutil.rmtree(store / "posterior" / "alpha")


def lose_labels(pair, store):
    (store / "posterior" / "asset" / "c" / "0").unlink()


def lose_axis(pair, store):
    shutil.rmtree(store / "posterior" / "factor")


def lose_mark(pair, store):
    (store / "zarr.json").unlink()


def unfinished(pair, store):
    import zarr

    del zarr.open_group(store, mode="r+").attrs[drawstore.MARK]


DAMAGE = (
    remove_chunk,
    shorten_chunk,
    empty_chunk,
    change_checksum,
    chunk_of_another_fit,
    change_small,
    change_panel,
    lose_group,
    lose_array,
    lose_labels,
    lose_axis,
    lose_mark,
    unfinished,
)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_store_is_refused(pair, store, damage):
    bf.open_fit(store)
    damage(pair, store)
    with pytest.raises(FitError, match="damaged") as caught:
        bf.open_fit(store)
    assert str(store) in str(caught.value)


def test_a_changed_number_is_noticed_when_it_is_read(store):
    flip(chunk(store), 3)
    fit = bf.open_fit(store)
    assert np.isfinite(fit.posterior["alpha"].values).all()
    with pytest.raises(FitError, match="loading cannot be read"):
        fit.posterior["loading"].values  # noqa: B018


def test_a_chunk_that_goes_missing_later_is_noticed(store):
    fit = bf.open_fit(store)
    chunk(store).unlink()
    with pytest.raises(FitError, match="are missing"):
        fit.posterior["loading"].values  # noqa: B018


def test_a_fit_never_reads_the_draws_of_the_one_that_took_its_place(pair, store):
    old = bf.open_fit(store)
    fit = replace(pair[0], data=pair[0].data.copy())
    fit.save(store)
    assert bf.open_fit(store).posterior.equals(pair[0].posterior)
    with pytest.raises(FitError, match="another fit stands there now"):
        old.posterior["alpha"].values  # noqa: B018
    shutil.rmtree(store)
    with pytest.raises(FitError, match="cannot be read"):
        old.posterior["alpha"].values  # noqa: B018


def test_a_fit_may_be_saved_onto_itself(store):
    fit = bf.open_fit(store)
    before = fit.posterior["loading"].values
    fit.save(store)
    np.testing.assert_array_equal(bf.open_fit(store).posterior["loading"], before)
    assert os.listdir(store.parent) == [store.name]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize(
    "where",
    [
        "bayesfactor.posterior.storage.zarr.DrawStore.finish",
        "bayesfactor.sampling.kernels.density_problem.DensityProblem.scales",
    ],
)
def test_what_breaks_off_leaves_nothing_new_and_the_old(pair, store, where, error, monkeypatch):
    calls = []

    def fail(*arguments, **options):
        calls.append(1)
        raise error

    monkeypatch.setattr(where, fail)
    with pytest.raises(FitError if isinstance(error, OSError) else KeyboardInterrupt):
        bf.fit(pair[0].panel, sampler=SAMPLER, store=store)
    assert calls
    assert os.listdir(store.parent) == [store.name]
    monkeypatch.undo()
    assert bf.open_fit(store).posterior.equals(pair[0].posterior)


def test_places_where_no_store_can_be_written(pair, tmp_path, monkeypatch):
    """Before anything is sampled."""
    monkeypatch.setattr("bayesfactor.sampling.fitting.scale_priors", lambda *arguments: pytest.fail("too late"))
    (tmp_path / "full.zarr").mkdir()
    (tmp_path / "full.zarr" / "thesis.tex").write_text("x")
    (tmp_path / "file.zarr").write_text("x")
    (tmp_path / "empty.zarr").mkdir()
    cases = {
        "run": "ends in '.zarr'",
        "run.nc": "ends in '.zarr'",
        "no/run.zarr": "no such folder",
        "full.zarr": "is no saved fit",
        "file.zarr": "is no saved fit",
        "empty.zarr": "is no saved fit",
    }
    for name, message in cases.items():
        with pytest.raises(FitError, match=message) as caught:
            bf.fit(pair[0].panel, sampler=SAMPLER, store=tmp_path / name)
        assert name.rpartition("/")[2] in str(caught.value)
        assert caught.value.remedy
    with pytest.raises(FitError, match="not a path"):
        bf.fit(pair[0].panel, sampler=SAMPLER, store=3)
    with pytest.raises(FitError, match="is no saved fit"):
        pair[0].save(tmp_path / "full.zarr")
    assert (tmp_path / "full.zarr" / "thesis.tex").read_text() == "x"


def test_without_dask_and_zarr_the_error_names_the_extra(pair, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zarr", None)
    for attempt in (
        lambda: bf.fit(pair[0].panel, sampler=SAMPLER, store=tmp_path / "run.zarr"),
        lambda: pair[0].save(tmp_path / "run.zarr"),
        lambda: bf.open_fit(pair[2]),
    ):
        with pytest.raises(FitError, match="need dask and zarr") as caught:
            attempt()
        assert caught.value.remedy == 'pip install "bayesfactor[dask]"'


def unsampled(statistics):
    """Return what takes the place of the sampler: it makes draws of theta, and a record, at random."""

    def sample(engine, *, draws, chains, **_):
        rng, shape = np.random.default_rng(0), (chains, draws)
        theta = xr.Dataset({"theta": (("chain", "draw", "x"), 0.3 * rng.normal(size=(*shape, engine.n_dim)))})
        record = xr.Dataset({name: (("chain", "draw"), rng.normal(size=shape)) for name in statistics})
        return xr.DataTree.from_dict({"posterior": theta, "sample_stats": record})

    return sample


@pytest.mark.parametrize("cores", [1, 2])
def test_recovery_takes_the_memory_of_its_draws_or_on_disk_that_of_a_block(tmp_path, monkeypatch, cores):
    """Peak of what numpy holds: 2 x 500 draws of 300 alphas, 1,200 loadings and 300 scales."""
    monkeypatch.setattr(recovery, "DRAWS", 100)
    monkeypatch.setattr(drawstore, "DRAWS", 100)
    monkeypatch.setattr(drawstore, "ASSETS", 128)
    panel, sampler = make_panel(300, 4, 0, 40), bf.Sampler(draws=500, chains=2, cores=cores, progress=False)
    size, theta, block = 8 * 1000 * 300 * 6, 8 * 1000 * 310, 8 * 100 * 300 * 5
    small = bf.fit(panel, "static", replace(sampler, draws=10))  # what is imported and compiled on first use
    monkeypatch.setattr("nutpie.sample", unsampled(list(small.data["sample_stats"].data_vars)))
    tracemalloc.start()
    bf.fit(panel, "static", sampler)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size < peak - theta < size + 4 * block * cores  # coefficients of 100 draws, their normals, and so on
    tracemalloc.start()
    bf.fit(panel, "static", sampler, store=tmp_path / "run.zarr")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - theta < 0.4 * size


def test_an_attribution_holds_some_blocks_at_a_time(pair, monkeypatch):
    """Of nine assets in blocks of four the draws of few, whatever is asked for."""
    import zarr

    live, most, inside = [0], [0], zarr.Array.__getitem__

    def release(size):
        live[0] -= size

    def counted(self, key):
        values = inside(self, key)
        live[0] += values.nbytes
        most[0] = max(most[0], live[0])
        weakref.finalize(values, release, values.nbytes)
        return values

    monkeypatch.setattr(zarr.Array, "__getitem__", counted)
    fit = replace(pair[1])  # without the problems that were found before
    with dask.config.set(scheduler="synchronous"):
        for options in ({}, {"per": "group", "portfolio": MIX}, {"by": "level"}):
            bf.attribute(fit, **options).table()
        bf.attribute(fit, "variance").table()
        bf.identify(fit)
    per_asset = 8 * 120 * (1 + 3)
    assert 0 < most[0] <= 2 * 4 * per_asset
