"""What a separate program gave for simulated residuals: see data/README.md."""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent / "data"
GRID = np.linspace(-2.2, 2.8, 81)


def residuals():
    return np.loadtxt(HERE / "sv_sim_z.csv", delimiter=",")


def evidence(method):
    table = pd.read_csv(HERE / "sv_sim_evidence.csv")
    return list(table[table["method"] == method].drop(columns="method").itertuples(index=False, name=None))
