"""fit_many on a real local Dask cluster of two worker processes."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import bayesfactor as bf
from bayesfactor.sampling.batch.many_fits import fit_many
from tests.support.panels import make_panel

dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
QUICK = bf.Sampler(draws=30, tune=60, chains=2, progress=False)


@pytest.fixture(scope="module")
def client():
    """Two processes of one thread each; a dead one is replaced."""
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    few = dask.config.set({"distributed.scheduler.allowed-failures": 1})  # workers that a task may kill
    with few, distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as made:
        yield made


@pytest.fixture(scope="module")
def panels():
    return {f"panel {i}": make_panel(assets=3, traded=1, other=1, periods=40, groups=1, seed=i) for i in range(4)}


def test_draws_are_those_of_a_serial_run(client, panels):
    fits = fit_many(panels, "static", QUICK, executor=client.get_executor(pure=False))
    assert fits.failures == {}
    assert list(fits) == list(panels)
    for name, fit in fits.items():
        alone = bf.fit(panels[name], "static", fit.sampler)
        assert alone.posterior.identical(fit.posterior)
        assert fit.panel.fingerprint == panels[name].fingerprint
        assert not fit.panel.returns.values.flags.writeable
    assert client.submit(int).result() == 0  # the executor's client is not closed


def kill_after_the_first(folder, process):
    """Kill a process as soon as the folder holds a fit."""
    until = time.monotonic() + 60
    while not list(folder.glob("*.nc")) and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)


def test_a_killed_worker_loses_no_fit(client, tmp_path):
    panels = {f"panel {i}": make_panel(assets=4, traded=1, other=1, periods=60, seed=i) for i in range(10)}
    victim = next(iter(client.run(os.getpid).values()))
    killer = threading.Thread(target=kill_after_the_first, args=(tmp_path, victim))
    killer.start()
    fits = fit_many(panels, "static", QUICK, executor=client, folder=tmp_path)
    killer.join()
    assert victim not in client.run(os.getpid).values()
    assert fits.failures == {}
    assert list(fits) == list(panels)
    assert len(list(tmp_path.iterdir())) == len(panels)
    opened = fit_many(panels, "static", QUICK, executor=client, folder=tmp_path)
    assert opened.table()["state"].eq("opened").all()
    last = bf.fit(panels["panel 9"], "static", opened["panel 9"].sampler)
    np.testing.assert_array_equal(last.posterior["loading"], opened["panel 9"].posterior["loading"])


def test_a_panel_that_kills_its_workers_is_named(client, panels):
    from tests.sampling.test_many import Deadly, tiny

    with distributed.Client(client.scheduler.address) as other:
        fits = fit_many({**panels, "deadly": tiny(50, Deadly)}, "static", QUICK, executor=other)
    assert list(fits.failures) == ["deadly"]
    assert "KilledWorker" in str(fits.failures["deadly"])
    assert list(fits) == list(panels)
