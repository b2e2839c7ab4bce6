"""A fit of an own graph says so wherever its model would be told, and nowhere that another program drew it."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

import bayesfactor as bf
from bayesfactor.cli.commands import app
from bayesfactor.posterior.fit import OWN_GRAPH
from tests.support.reader import Reader
from tests.support.write_fits import FITS

OTHERS = ("another program", "not given", "bf.from_draws(")


@pytest.fixture(scope="module")
def known():
    return bf.open_fit(FITS / "hierarchical_2.nc")


@pytest.fixture(scope="module")
def own(known):
    return replace(known, model=None, engine=OWN_GRAPH)


def report(fit, folder):
    return Reader(bf.write_report(fit, folder / "report.html").read_text(encoding="utf-8"))


def test_the_report_says_what_was_sampled_and_that_it_cannot_be_made_again(own, tmp_path):
    written = report(own, tmp_path)
    said = "The draws are of an own graph: a PyMC model that its author changed, and that the fit does not hold."
    assert said in written.text("model")
    assert "The fit itself cannot be made again from this report or from the saved fit" in written.text("again")
    assert "which holds the data and the draws" in written.text("again")
    assert "bf.fit(" not in written.text("again")
    for section in written.sections:
        assert not [text for text in OTHERS if text in written.text(section)], section


def test_saved_and_opened_it_still_says_so(own, tmp_path):
    again = bf.open_fit(own.save(tmp_path / "own.nc"))
    assert repr(again) == repr(own)
    assert repr(own).startswith("Fit(own graph, ")
    assert "own graph" in report(again, tmp_path).text("model")


def test_answers_and_checks_do_not_name_another_program(own, known):
    told = [str(bf.check(own)), str(bf.identify(own)), *bf.attribute(own).notes]
    told += [one.advice for one in bf.check(own).checks] + list(own.problems)
    assert not [text for text in OTHERS if text in " ".join(told)]
    assert "the model of these draws is not known" in " ".join(told)
    assert "its prior is not known" in set(bf.identify(own).table()["reason"])


@pytest.mark.parametrize("command", ["check", "premia", "price", "attribute"])
def test_the_command_line_does_not_either(own, tmp_path, command):
    result = CliRunner().invoke(app, [command, str(own.save(tmp_path / "own.nc"))])
    assert result.exit_code in (0, 1), result.output
    assert not [text for text in OTHERS if text in result.output]


@pytest.mark.usefixtures("words_only")
@pytest.mark.parametrize("engine", ["kernel", "graph"])
def test_the_report_makes_a_fit_again_by_its_own_engine(known, tmp_path, engine):
    assert f"engine='{engine}')" in report(replace(known, engine=engine), tmp_path).text("again")
