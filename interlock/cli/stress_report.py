"""The report of the stage `stress`, its shape checked once."""

import json
from pathlib import Path
from typing import Any, Literal

import msgspec

from interlock.errors import ArtifactError
from interlock.files import read_json

REPORT = Path("reports/stress.json")
AGAIN = "run: interlock run"
Verdict = Literal["pass", "fail", "not enough evidence"]


class Far(msgspec.Struct, frozen=True):
    """The share of rows whose score moved by more than `beyond`."""

    beyond: float
    share: float | None


class Example(msgspec.Struct, frozen=True):
    """A row that breaks the claim; a score that is no number is None."""

    key: dict[str, str]
    of: str | None = msgspec.field(name="class")
    change: dict[str, str]
    before: float | None
    after: float | None


class Case(msgspec.Struct, frozen=True):
    """One case; without rows there are no shares, and a move that is no number is None."""

    name: str
    kind: str
    declared: str
    verdict: Verdict
    claim: str
    rows: int
    violations: int
    invalid: int
    share: float | None
    tolerated: float
    on_average: float | None
    mean_move: float | None
    largest_move: float | None
    far: Far
    examples: list[Example]

    def __post_init__(self) -> None:
        if self.rows and (self.share is None or self.far.share is None):
            raise ValueError(f"`share` is null, and `rows` is {self.rows}")


class Report(msgspec.Struct, frozen=True):
    """What the last run found; moves are in `unit` of a score."""

    rows: int
    unit: float
    cases: list[Case]


def read() -> tuple[Any, Report]:
    """The report as it is, and checked; raises ArtifactError, which names the key, where it is missing, damaged or of another shape."""
    try:
        found = read_json(REPORT)
        return found, msgspec.convert(found, Report)
    except (FileNotFoundError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ArtifactError(f"{REPORT} cannot be read: {error}", AGAIN) from error
    except (msgspec.ValidationError, RecursionError) as error:
        raise ArtifactError(f"{REPORT} is not a report of stress: {error}", AGAIN) from error
