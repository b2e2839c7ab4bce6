"""The README's program runs as it stands."""

import re
from pathlib import Path

import matplotlib as mpl

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_first_program_runs(tmp_path, monkeypatch, capsys):
    mpl.use("agg")
    monkeypatch.chdir(tmp_path)
    program = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL).group(1)
    exec(compile(program, str(README), "exec"), {"__name__": "readme"})
    assert {path.name for path in tmp_path.iterdir()} == {"contributions.png", "report.html", "run.nc"}
    printed = capsys.readouterr().out
    assert "The fit passed its checks." in printed
    assert "prob_positive" in printed
