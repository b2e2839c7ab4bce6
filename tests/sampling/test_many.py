"""fit_many and rolling: order, seeds, failures, resuming, and what happens when a process dies."""

import hashlib
import io
import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayesfactor as bf
from bayesfactor.base.errors import DataError, FitError, SpecError
from bayesfactor.sampling.batch import workers
from bayesfactor.sampling.batch.fits import Fits
from bayesfactor.sampling.batch.many_fits import fit_many
from bayesfactor.sampling.batch.workers import Job, run
from tests.support.panels import make_panel
from tests.support.paths import ROOT

QUICK = bf.Sampler(draws=30, tune=60, chains=2, cores=2, progress=False)


class Instant(Executor):
    """Runs what is submitted at once, in this process."""

    def submit(self, function, /, *arguments):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


class Elsewhere(Instant):
    """Has another file system than the caller: the folder of a job is not there."""

    def submit(self, function, /, job):
        return super().submit(function, pickle.loads(pickle.dumps(replace(job, folder=job.folder / "not here"))))


class Deadly(bf.Panel):
    """Kills the worker process in which it is fitted."""

    @property
    def families(self):
        if multiprocessing.parent_process() is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().families


def tiny(seed=0, cls=bf.Panel):
    made = make_panel(assets=3, traded=1, other=1, periods=40, groups=1, seed=seed)
    return cls(**{name: getattr(made, name) for name in made.__dataclass_fields__})


@pytest.fixture(scope="module")
def panels():
    return {name: tiny(seed) for seed, name in enumerate(("one", "two", "three", "four"))}


def called_as(data, panel):
    """Return a fit's data with as many draws of assets, factors and groups as a panel has, under its names."""
    factors = panel.factor_names
    names = {"asset": panel.assets, "factor": factors, "factor_other": factors, "group": panel.group_names}
    posterior = data["posterior"].to_dataset().isel({dim: slice(len(each)) for dim, each in names.items()})
    tree = data.copy()
    tree["posterior"] = xr.DataTree(posterior.assign_coords({dim: list(each) for dim, each in names.items()}))
    return tree


@pytest.fixture
def fitted(short_fit, monkeypatch):
    """Names of the panels in the order in which they were fitted, by a stand-in that returns what it was given."""
    calls = []

    def stand_in(panel, model, sampler, **options):
        calls.append((panel.fingerprint, sampler))
        return replace(short_fit, panel=panel, model=model, sampler=sampler, data=called_as(short_fit.data, panel))

    monkeypatch.setattr(workers, "fit", stand_in)
    return calls


@pytest.fixture
def seeded(monkeypatch, small_fit):
    """A stand-in whose fit can be saved and read: the panel is the one it was made of."""
    calls = []

    def stand_in(panel, model, sampler, **options):
        calls.append(panel.fingerprint)
        return replace(small_fit, sampler=sampler)

    monkeypatch.setattr(workers, "fit", stand_in)
    return calls


@pytest.fixture(scope="module")
def saved(small_fit, tmp_path_factory):
    """The bytes of its file."""
    return small_fit.save(tmp_path_factory.mktemp("saved") / "run.nc").read_bytes()


@pytest.fixture
def copied(seeded, saved, monkeypatch):
    """As `seeded`, but the file is the same whatever the fit, and written at once."""

    def stand_in(fit, path):
        path.write_bytes(saved)
        return path

    monkeypatch.setattr(bf.Fit, "save", stand_in)
    return seeded


@pytest.fixture(scope="module")
def small_fit(panels):
    return bf.fit(panels["one"], "static", QUICK)


def test_results_are_in_the_order_of_the_panels(panels, fitted, monkeypatch):
    quick, finished = workers.fit, []

    def slow(panel, model, sampler, **options):
        place = [one.fingerprint for one in panels.values()].index(panel.fingerprint)
        time.sleep(0.1 * (3 - place))
        finished.append(place)
        return quick(panel, model, sampler)

    monkeypatch.setattr(workers, "fit", slow)
    with ThreadPoolExecutor(4) as pool:
        fits = fit_many(panels, sampler=QUICK, executor=pool)
        assert pool.submit(int).result() == 0  # it was not shut down
    assert finished == [3, 2, 1, 0]
    assert list(fits) == list(fits.keys()) == list(fits.names) == list(panels)
    assert len(fits) == 4
    for place, (name, fit) in enumerate(fits.items()):
        assert fit.panel.fingerprint == panels[name].fingerprint == fits[place].panel.fingerprint
    assert fits[-1] is fits["four"]
    assert repr(fits) == "Fits: 4 fits, 4 done"


def test_a_list_is_named_by_place(panels, fitted):
    fits = fit_many(list(panels.values()), sampler=QUICK, executor=Instant())
    assert fits.names == ("0", "1", "2", "3")
    assert fits["2"] is fits[2]


def test_every_panel_has_its_own_seed_whatever_the_others(panels, fitted):
    sampler = replace(QUICK, seed=7)
    fits = fit_many(panels, sampler=sampler, executor=Instant())
    seeds = [fit.sampler.seed for _, fit in fits.items()]
    assert seeds[1] == int(hashlib.sha256(b"7/two").hexdigest()[:16], 16)
    assert len({*seeds}) == 4
    alone = fit_many({"two": panels["two"]}, sampler=sampler, executor=Instant())
    assert alone["two"].sampler == fits["two"].sampler == replace(sampler, seed=seeds[1], cores=1)


def breaking(monkeypatch, panel, error):
    """Raise an error for one panel, and go on as before for the others."""
    good = workers.fit

    def stand_in(one, *others, **options):
        if one.fingerprint == panel.fingerprint:
            raise error
        return good(one, *others, **options)

    monkeypatch.setattr(workers, "fit", stand_in)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DataError("Too few dates.", series="a00"), "^Too few dates.$"),
        (np.linalg.LinAlgError("Singular matrix"), "^LinAlgError: Singular matrix. .*bf.fit"),
        (ValueError(), "^ValueError: no reason given"),
    ],
)
def test_a_failure_is_named_and_stops_no_other(panels, fitted, monkeypatch, error, said):
    breaking(monkeypatch, panels["two"], error)
    fits = fit_many(panels, sampler=QUICK, executor=Instant())
    assert list(fits) == ["one", "three", "four"]
    assert "two" not in fits
    assert list(fits.failures) == ["two"]
    assert re.search(said, str(fits.failures["two"]))
    assert isinstance(fits.failures["two"], DataError if isinstance(error, DataError) else FitError)
    with pytest.raises(FitError, match=r"'two' has no fit: "):
        _ = fits["two"]
    with pytest.raises(FitError, match=r"'two' has no fit: "):
        _ = fits[1]
    assert fits[2].panel.fingerprint == panels["three"].fingerprint  # a place counts all panels
    assert repr(fits).splitlines()[0] == "Fits: 4 fits, 3 done, 1 failed"
    assert repr(fits).splitlines()[1].startswith("  'two' failed: ")
    table = fits.table()
    assert table.index.tolist() == list(panels)
    assert table["state"].tolist() == ["fitted", "failed", "fitted", "fitted"]
    assert table["reason"].tolist() == ["", str(fits.failures["two"]), "", ""]
    assert (table["seconds"] >= 0).all()
    assert (table["assets"] == 3).all()
    assert table["first"].iloc[0] == "2015-01-01"


def test_an_executor_that_is_shut_down_fails_what_is_left(panels, fitted):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    fits = fit_many(panels, sampler=QUICK, executor=pool)
    assert list(fits.failures) == list(panels)
    assert "after shutdown" in str(fits.failures["one"])


def test_unknown_names_and_places(panels, fitted):
    fits = fit_many(panels, sampler=QUICK, executor=Instant())
    with pytest.raises(SpecError, match="Did you mean 'three'"):
        _ = fits["tree"]
    with pytest.raises(SpecError, match="unknown fit '4'"):
        _ = fits[4]


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("executor", [Instant(), Elsewhere()])
def test_a_folder_is_gone_on_with(panels, seeded, monkeypatch, tmp_path, executor):
    folder = tmp_path / "new" / "runs"
    with monkeypatch.context() as patch:
        breaking(patch, panels["three"], FitError("Sampling failed."))
        first = fit_many(panels, sampler=QUICK, executor=executor, folder=folder)
    assert list(first.failures) == ["three"]
    assert len(seeded) == 3
    assert len(files(folder)) == 3  # nothing hidden is left
    assert {name.split(".")[0] for name in files(folder)} == {"one", "two", "four"}
    again = fit_many(panels, sampler=QUICK, executor=executor, folder=str(folder))
    assert seeded[3:] == [panels["three"].fingerprint]
    assert again.table()["state"].tolist() == ["opened", "opened", "fitted", "opened"]
    assert again.failures == {}
    assert again["one"] is not again["one"]  # read when asked for
    for name in first:
        assert again[name].sampler.seed == first[name].sampler.seed
        assert again[name].posterior.identical(first[name].posterior)
    assert repr(again) == f"Fits: 4 fits, 4 done, 3 opened, in {folder}"
    fit_many(panels, sampler=replace(QUICK, cores=1, progress=None), executor=None, folder=folder, progress=False)
    assert len(seeded) == 4  # neither cores nor progress change a draw, and no process was started


CHANGES = {
    "data": lambda panels: ({**panels, "one": tiny(99)}, "static", QUICK, 1),
    "model": lambda panels: (panels, "unpooled", QUICK, 4),
    "draws": lambda panels: (panels, "static", replace(QUICK, draws=31), 4),
    "seed": lambda panels: (panels, "static", replace(QUICK, seed=2), 4),
    "acceptance": lambda panels: (panels, "static", replace(QUICK, target_accept=0.9), 4),
    "name": lambda panels: ({"five": panels["one"], "two": panels["two"]}, "static", QUICK, 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_fit_of_anything_else_is_never_used_again(panels, copied, tmp_path, change):
    fit_many(panels, "static", QUICK, executor=Instant(), folder=tmp_path)
    before = files(tmp_path)
    others, model, sampler, anew = CHANGES[change](panels)
    fits = fit_many(others, model, sampler, executor=Instant(), folder=tmp_path)
    assert len(copied) == 4 + anew
    assert (fits.table()["state"] == "fitted").sum() == anew
    said = f"fitted anew, as the file in the folder is of other data, settings or code (it stays): {anew}"
    assert (said in repr(fits)) == (set(others) == set(panels))
    assert set(before) < set(files(tmp_path))  # what was there stays


def test_a_fit_by_other_code_is_never_used_again(panels, copied, tmp_path, monkeypatch):
    """A changed line of what the draws depend on is seen, in any of its rooms; each time the fits are made anew."""
    from bayesfactor.sampling.batch import files as folder_files

    package = tmp_path / "package"
    for room in folder_files.DRAWING:
        (package / room).mkdir(parents=True)
    monkeypatch.setattr(folder_files, "PACKAGE", package)
    for count, room in enumerate(("", *folder_files.DRAWING)):
        if room:
            (package / room / "new.py").write_text("x = 1\n")
        folder_files.code_digest.cache_clear()
        fits = fit_many(panels, sampler=QUICK, executor=Instant(), folder=tmp_path / "fits")
        assert len(copied) == 4 * (count + 1)
        assert ("fitted anew" in repr(fits)) == bool(room)
    folder_files.code_digest.cache_clear()


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage", [flip, lambda path: path.write_bytes(path.read_bytes()[:-100]), lambda path: path.write_bytes(b"")]
)
def test_a_damaged_file_is_fitted_again(panels, copied, tmp_path, damage):
    fit_many(panels, sampler=QUICK, executor=Instant(), folder=tmp_path)
    (path,) = tmp_path.glob("two.*")
    damage(path)
    fits = fit_many(panels, sampler=QUICK, executor=Instant(), folder=tmp_path)
    assert copied[4:] == [panels["two"].fingerprint]
    assert fits.table()["state"].tolist() == ["opened", "refitted", "opened", "opened"]
    assert repr(fits).splitlines()[-1] == "  refitted, because the file was damaged: 'two'"
    assert len(files(tmp_path)) == 4
    assert fits["two"].posterior.sizes["draw"] == 30
    assert fit_many(panels, sampler=QUICK, executor=Instant(), folder=tmp_path).table()["state"].eq("opened").all()


@pytest.mark.parametrize("name", ["../up", "a/b", "🚀 ünï", "x" * 300, "", ".hidden", "con:*?"])
def test_any_name_can_be_kept(panels, copied, tmp_path, name):
    fits = fit_many({name: panels["one"]}, sampler=QUICK, executor=Instant(), folder=tmp_path / "runs")
    assert fits[name].sampler.draws == 30
    assert fit_many({name: panels["one"]}, sampler=QUICK, executor=Instant(), folder=tmp_path / "runs").table()[
        "state"
    ].tolist() == ["opened"]
    assert files(tmp_path) == ["runs"]


def test_an_interrupt_keeps_what_is_done(panels, copied, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        breaking(patch, panels["three"], KeyboardInterrupt())
        with pytest.raises(FitError, match=r"interrupted: 2 of 4 .*same arguments"):
            fit_many(panels, sampler=QUICK, executor=Instant(), folder=tmp_path)
        with pytest.raises(FitError, match=r"no fit was saved.*Give a folder"):
            fit_many(panels, sampler=QUICK, executor=Instant())
    assert len(files(tmp_path)) == 2
    again = fit_many(panels, sampler=QUICK, executor=Instant(), folder=tmp_path)
    assert again.table()["state"].tolist() == ["opened", "opened", "fitted", "fitted"]


def test_progress_is_lines_in_a_pipe(panels, fitted, monkeypatch):
    monkeypatch.setattr("sys.stderr", pipe := io.StringIO())
    fit_many(panels, sampler=QUICK, executor=Instant(), progress=True)
    assert pipe.getvalue().splitlines() == ["fits: 25 %", "fits: 50 %", "fits: 75 %", "fits: 100 %"]
    fit_many(panels, sampler=QUICK, executor=Instant())  # the sampler says no
    fit_many(panels, sampler=replace(QUICK, progress=None), executor=Instant(), progress=False)
    assert len(pipe.getvalue().splitlines()) == 4


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"panels": []}, "there is no panel"),
        ({"panels": {}}, "there is no panel"),
        ({"panels": None}, "expected panels, found one NoneType"),
        ({"panels": "abc"}, "expected panels, found one str"),
        ({"panels": {"a": 1}}, "'a' is a int, not a Panel"),
        ({"panels": {2020: 1}}, "the name 2020 is not a text"),
        ({"model": "hierachical"}, "Did you mean 'hierarchical'"),
        ({"sampler": 100}, "expected a Sampler, found int"),
        ({"executor": 4}, "4 is not an executor"),
        ({"executor": Instant}, "is not an executor"),
        ({"folder": 4}, "4 is not a path"),
        ({"folder": __file__}, "is a file"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(panels, fitted, settings, said):
    with pytest.raises(SpecError, match=said) as caught:
        fit_many(**{"panels": panels, "sampler": QUICK, "executor": Instant(), **settings})
    assert caught.value.place
    assert not fitted


def test_one_panel_is_not_many():
    with pytest.raises(SpecError, match="found one Panel"):
        fit_many(tiny())


def test_few_panels_are_made_ahead():
    made = []
    started = threading.Semaphore(0)

    def wait_for_it(job):
        started.acquire()
        return workers.Outcome(FitError(str(job)))

    def jobs():
        for number in range(20):
            made.append(number)
            yield number

    with ThreadPoolExecutor(2) as pool:
        outcomes = workers.gather(pool, wait_for_it, jobs(), ahead=4)
        started.release()
        next(outcomes)
        assert len(made) == 4
        started.release(100)
        assert len(list(outcomes)) == 19


def test_a_process_that_dies_is_named_and_loses_no_other(panels):
    """Also: draws are those of a serial run, and a panel's arrays stay read-only on their way back."""
    some = {"one": panels["one"], "deadly": tiny(50, Deadly), "two": panels["two"]}
    fits = fit_many(some, "static", QUICK)
    assert list(fits.failures) == ["deadly"], fits
    assert "The process that fitted it died" in str(fits.failures["deadly"])
    for name, fit in fits.items():
        alone = bf.fit(panels[name], "static", fit.sampler)
        assert fit.posterior.identical(alone.posterior)
        assert fit.panel.fingerprint == panels[name].fingerprint
        assert not fit.panel.returns.values.flags.writeable
        assert not fit.panel.aligned.flags.writeable
    assert isinstance(fits, Fits)


UNGUARDED = """
import bayesfactor as bf
from bayesfactor.sampling.batch.many_fits import fit_many
from tests.support.panels import make_panel
fit_many([make_panel(assets=3, periods=40)], sampler=bf.Sampler(draws=30, tune=60, cores=1, progress=False))
"""


def test_a_script_without_a_guard_is_told_so(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED)
    root = str(ROOT)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": root},
        check=False,
    )
    assert done.returncode == 1
    assert 'below `if __name__ == "__main__":`' in done.stderr.splitlines()[-1]


def test_a_fit_that_a_dead_worker_kept_is_not_made_again(tmp_path):
    """A worker that dies after its fit was kept, and before it was heard of: the next one finds the file."""
    panel, sampler = (
        make_panel(assets=3, traded=1, other=0, periods=30),
        bf.Sampler(draws=20, tune=50, chains=1, progress=False),
    )
    (tmp_path / ".token").touch()
    job = Job("a", panel, bf.read_model("static"), sampler, "auto", tmp_path, "0123456789abcdef", "token")
    one, two = run(job), run(job)
    assert one.result == two.result
    assert len(list(tmp_path.glob("*.nc"))) == 1
    one.result.write_bytes(b"damaged")
    assert run(job).result != one.result


def test_the_engine_is_passed_on_and_part_of_the_key(panels, monkeypatch, short_fit):
    """Fits of one engine are not taken for those of the other."""
    asked = []

    def stand_in(panel, model, sampler, *, engine):
        asked.append(engine)
        return short_fit

    monkeypatch.setattr(workers, "fit", stand_in)
    with ThreadPoolExecutor(1) as pool:
        asks = {"model": "static", "sampler": QUICK, "executor": pool}
        kept = [fit_many(panels, engine=name, **asks) for name in ("auto", "kernel", "graph")]
    assert asked == ["auto"] * 4 + ["kernel"] * 4 + ["graph"] * 4
    keys = [[entry.key for entry in fits.entries] for fits in kept]
    assert keys[0] == keys[1]
    assert not set(keys[0]) & set(keys[2])
    with pytest.raises(SpecError, match="grph"):
        fit_many(panels, sampler=QUICK, engine="grph")
