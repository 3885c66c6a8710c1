"""stress, on the small project."""

import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from interlock.dtypes import dtype_of
from interlock.errors import DeclarationError
from interlock.evaluation.stress import declared
from interlock.evaluation.trials import run
from interlock.features import collect
from interlock.files import by_name, read_json
from stages import stress
from tests.evaluation.world import NAME, PARAMS, built, say, world

__all__ = ["world"]
ROOT = Path(__file__).parents[2]
ALWAYS = ["missing_one", "missing_all", "unseen_one", "unseen_all", "extreme_one", "extreme_all"]


def told(world: Path) -> dict[str, Any]:
    """The report of stress, its cases by name."""
    found = read_json(world / "reports/stress.json")
    return {**found, "cases": by_name(found["cases"])}


def test_declared_behaviours_stand_beside_the_ones_that_always_run(world: Path) -> None:
    """Every default and every declared case is reported; one with an underscore is not."""
    found = told(world)
    assert list(found["cases"]) == [*ALWAYS, "same", "blind", "late"]
    assert found["rows"] == stress.ROWS


def test_the_model_bears_missing_unseen_and_extreme_values(world: Path) -> None:
    """Through the real scoring path, scores stay probabilities whatever a feature holds."""
    cases = told(world)["cases"]
    assert {cases[name]["verdict"] for name in ALWAYS} == {"pass"}
    assert {cases[name]["violations"] for name in ALWAYS} == {0}


def test_a_behaviour_that_does_not_hold_is_shown_on_real_rows(world: Path) -> None:
    """The model does read the carrier: its examples are test rows, whose score before is the one that was predicted."""
    found = told(world)
    assert (found["verdict"], found["cases"]["blind"]["verdict"]) == ("fail", "fail")
    test = pl.read_parquet(world / "data/predictions/test.parquet")
    for example in found["cases"]["blind"]["examples"]:
        (score,) = test.filter(pl.col("flight_id") == example["key"]["flight_id"])["score"]
        assert example["before"] == pytest.approx(score, rel=5e-9)
        assert example["change"] == {"carrier": "UA → AA"}


def test_without_a_stress_file_the_default_cases_run(world: Path) -> None:
    """A use case need not declare behaviour."""
    (world / f"usecases/{NAME}/stress.py").unlink()
    stress.main()
    found = told(world)
    assert (list(found["cases"]), found["verdict"], found["failed"]) == (ALWAYS, "pass", 0)


def test_stressing_again_gives_the_same_bytes(world: Path) -> None:
    """The sample, the scores and the examples are the same."""
    before = (world / "reports/stress.json").read_bytes()
    stress.main()
    assert (world / "reports/stress.json").read_bytes() == before == (built() / "reports/stress.json").read_bytes()


def test_a_mistake_in_the_file_is_named(world: Path) -> None:
    """A behaviour on a feature that is not there names itself and the features that are."""
    shutil.copytree(world / f"usecases/{NAME}", world / "usecases/mistaken")
    text = "from interlock.evaluation.stress import unchanged\nwrong = unchanged('', {'colour': 'red'})\n"
    (world / "usecases/mistaken/stress.py").write_text(text)
    say(world / "params.yaml", {**PARAMS, "usecase": {**PARAMS["usecase"], "name": "mistaken"}})
    with pytest.raises(DeclarationError, match=r"(?s)wrong: .*colour.*features are: carrier"):
        stress.main()


@pytest.mark.parametrize("file", sorted(ROOT.glob("usecases/*/stress.py")), ids=lambda file: file.parent.name)
def test_shipped_behaviours_fit_the_features_of_their_use_case(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every change and condition of a shipped stress.py can be made to rows of the features that the use case declares."""
    monkeypatch.chdir(ROOT)
    features = collect.load(file.parent.name).public
    rows = pl.DataFrame(
        {feature.name: [None] for feature in features}, schema={feature.name: dtype_of(feature.dtype) for feature in features}
    )
    cases = declared(import_module(f"usecases.{file.parent.name}.stress"))
    found = run(cases, rows.with_columns(row=0), ["row"], lambda changed: np.full(changed.height, 0.5))
    assert len(found["cases"]) == len(cases) > 0
