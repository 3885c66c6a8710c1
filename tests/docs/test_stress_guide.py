"""The guide to stress is true: its behaviours fit the flights, its mistakes give its messages, its defaults are those that run."""

import re
from itertools import count
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlock.dtypes import dtype_of
from interlock.errors import InterlockError
from interlock.evaluation import behaviours
from interlock.evaluation.robustness import Known, always
from interlock.evaluation.subject import Subject
from interlock.evaluation.trials import run
from interlock.features import collect
from interlock.files import write_text
from interlock.modeling.task import Binary

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/stress.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python( mistake)?\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
MESSAGES = re.findall(r"^```text\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
DEFAULTS = re.findall(r"^- `(\w+)`: (.*)$", re.findall(r"<!-- defaults -->\n(.*?)<!-- /defaults -->", GUIDE, re.DOTALL)[0], re.MULTILINE)
HEAD = "from interlock.evaluation.stress import *\n\n"
NUMBERS = count()


@pytest.fixture
def flights(monkeypatch: pytest.MonkeyPatch) -> Subject:
    """A model of every feature of the flights that has no opinion."""
    monkeypatch.chdir(ROOT)
    features = collect.load("flights")
    types = {feature.name: dtype_of(feature.dtype) for feature in features.public}
    return Subject(Binary("late"), Known(types, features), lambda rows: np.full(rows.height, 0.5))


def tried(text: str, subject: Subject, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The verdicts on the behaviours of a stress.py, by name, on one row without a value."""
    name = f"guide_{next(NUMBERS)}"
    write_text(folder / f"usecases/{name}/stress.py", text)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    rows = pl.DataFrame({feature: [None] for feature in subject.known.types}, schema=dict(subject.known.types)).with_columns(row=0)
    found = run(behaviours.load(name), rows, ["row"], subject)["cases"]
    return {case: one["verdict"] for case, one in found.items()}


def test_the_behaviours_of_the_guide_can_be_tried(flights: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block of the guide, in one file: each feature, history and value of it is one of the flights."""
    text = HEAD + "\n".join(block for mistake, block in BLOCKS if not mistake)
    names = re.findall(r"^(\w+) = ", text, re.MULTILINE)
    assert list(tried(text, flights, tmp_path, monkeypatch)) == names
    assert len(names) == 6


def test_mistakes_give_the_messages_that_the_guide_shows(flights: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mistake, alone in a stress.py, is refused with the message below it; of a long list of features its beginning."""
    for (_, block), expected in zip([pair for pair in BLOCKS if pair[0]], MESSAGES, strict=True):
        with pytest.raises(InterlockError) as error:
            tried(HEAD + block, flights, tmp_path, monkeypatch)
        said = re.sub(r"usecases/guide_\d+", "usecases/flights", str(error.value))
        assert f"{said}\n".startswith(expected)


def test_the_defaults_of_the_guide_are_those_that_run(flights: Subject) -> None:
    """By name and claim, in their order."""
    assert [(name, case.claim) for name, case in always(flights.known).items()] == DEFAULTS
