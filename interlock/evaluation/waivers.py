"""Waivers: a gate that failed, let through for one model until a day, for a reason and by an owner that stand in git.

They lie in `waivers.yaml` and change no verdict. Whether one counts is judged at release, on the day of the release.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from interlock.errors import ArtifactError, ConfigError
from interlock.evaluation.verdicts import FAIL, LACKING
from interlock.evaluation.waiver_file import Waiver, alone, entry, parsed, text_of
from interlock.files import by_name, write_text
from interlock.params import Section

__all__ = ["Waiver"]

WAIVERS = Path("waivers.yaml")
MOST_DAYS = 90
HEAD = "# Gates that failed and may be released nevertheless, for one model and until a day. Written by `interlock gates --waive`.\n"


class Covered(Section, frozen=True):
    """A gate that did not pass: the waiver that covers it, or in words why none does."""

    waiver: Waiver | None
    words: str

    @property
    def counts(self) -> bool:
        return self.waiver is not None


def read(path: Path = WAIVERS) -> list[Waiver]:
    """The waivers in their order, none where there is no file; raises ConfigError that names file, entry and key."""
    waivers = parsed(text_of(path), path)
    pairs = [(waiver.gate, waiver.model) for waiver in waivers]
    if twice := [number for number, pair in enumerate(pairs, start=1) if pair in pairs[: number - 1]]:
        raise ConfigError(
            f"{path}: entry {twice[0]}: gate {pairs[twice[0] - 1][0]} is waived for the same model before", "keep one of them"
        )
    return waivers


def counts(waivers: Sequence[Waiver], verdict: Mapping[str, Any], model: str, today: date) -> dict[str, Covered]:
    """Of every gate that did not pass in `verdict`, by its name, the waiver that covers it for the model of this hash, or why none does.

    `verdict` is what `judge`, `compare` or reports/gates.json say. A gate that was not judged is not covered here: it did not fail.
    """
    gates = verdict["gates"] if isinstance(verdict["gates"], Mapping) else by_name(verdict["gates"])
    failed = [name for name, found in gates.items() if found["verdict"] in {FAIL, LACKING}]
    return {name: _covered([waiver for waiver in waivers if waiver.gate == name], model, today) for name in failed}


def add(waiver: Waiver, verdict: Mapping[str, Any], today: date, path: Path = WAIVERS) -> None:
    """Write one more waiver at the end, or nothing at all; processes that write at once wait for each other.

    Raises ConfigError where the gate is unknown or did not fail, the day is past or too far ahead, or it is waived already,
    ArtifactError where another process does not stop writing.
    """
    gates = verdict["gates"] if isinstance(verdict["gates"], Mapping) else by_name(verdict["gates"])
    _waivable(waiver, gates, today)
    with alone(path):
        _added(waiver, path)


def _added(waiver: Waiver, path: Path) -> None:
    kept = read(path)
    if any((other.gate, other.model) == (waiver.gate, waiver.model) for other in kept):
        raise ConfigError(f"{path}: gate {waiver.gate} is waived for this model already", "change or delete that entry first")
    text = (path.read_text(encoding="utf-8") if kept else HEAD).rstrip("\n") + "\n" + entry(waiver)
    if parsed(text, path) != [*kept, waiver]:
        raise ConfigError(f"{path} is not written entry by entry, each under a dash", f"write this into it by hand:\n{entry(waiver)}")
    write_text(path, text)


def model_hash(verdict: Mapping[str, Any]) -> str:
    """What a waiver is bound to, from reports/gates.json; raises ArtifactError where it is not bound to a model."""
    bound = verdict.get("binds") if isinstance(verdict, Mapping) else None
    try:
        found = by_name(bound or [])["model"]["sha256"]["model.json"]
    except (KeyError, TypeError, AttributeError):
        found = None
    if not isinstance(found, str):
        raise ArtifactError("reports/gates.json does not say which model it speaks of", "run: dvc repro -f gate")
    return found


def _waivable(waiver: Waiver, gates: Mapping[str, Any], today: date) -> None:
    latest = today + timedelta(days=MOST_DAYS)
    if waiver.gate not in gates:
        raise ConfigError(f"there is no gate {waiver.gate!r}", f"gates are: {', '.join(gates)}")
    if gates[waiver.gate]["verdict"] not in {FAIL, LACKING}:
        raise ConfigError(
            f"gate {waiver.gate} did not fail ({gates[waiver.gate]['verdict']}): there is nothing to waive", "run: interlock gates"
        )
    if not today <= waiver.expires <= latest:
        where = "in the past" if waiver.expires < today else f"more than {MOST_DAYS} days ahead"
        raise ConfigError(f"a waiver until {waiver.expires} ends {where}", f"say a day from {today} to {latest}")


def _covered(waivers: Sequence[Waiver], model: str, today: date) -> Covered:
    of_it = [waiver for waiver in waivers if waiver.model == model]
    latest = today + timedelta(days=MOST_DAYS)
    if counting := [waiver for waiver in of_it if today <= waiver.expires <= latest]:
        (waiver,) = counting
        return Covered(waiver, f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason}")
    if of_it:
        told = "expired on" if of_it[0].expires < today else f"is for more than {MOST_DAYS} days, until"
        return Covered(None, f"its waiver {told} {of_it[0].expires}")
    return Covered(None, "its waiver is for another model" if waivers else "not waived")
