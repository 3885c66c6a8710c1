"""Waivers beside the verdict: which would count today, and one more."""

import shlex
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlock.errors import ArtifactError, printable

if TYPE_CHECKING:
    from interlock.evaluation.gates import Gates

MODEL = Path("models/model/model.json")


def today() -> date:
    """The day by which waivers are judged, the same everywhere."""
    return datetime.now(UTC).date()


def beside(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Of each gate that failed, whether a waiver would count today, and which, or why none does."""
    from interlock.evaluation import waivers
    from interlock.files import sha256

    model = sha256(MODEL) if MODEL.is_file() else ""
    covered = waivers.counts(waivers.read(), found, model, today())
    return {name: {"counts": one.counts, "words": one.words} for name, one in covered.items()}


def written(asked: "Gates", against: str | None, gate: str, *, reason: str, owner: str, until: str) -> list[str]:
    """Write a waiver of the gate; what was written, and the next command."""
    from interlock.evaluation import waivers
    from interlock.evaluation.waiver_file import made

    day = today()
    waiver = made(gate=gate, reason=reason, owner=owner, expires=until, model=_model(asked))
    waivers.add(waiver, _verdict(asked, against), day)
    days = (waiver.expires - day).days
    told = f"{waivers.WAIVERS}: gate {gate} is waived until {waiver.expires} ({days} days) by {owner}: {reason}"
    commit = f"git add {waivers.WAIVERS} && git commit -m {shlex.quote(f'Waive the gate {gate}')}"
    return [printable(told), f"for model {waiver.model[:12]}; the verdict stays what it is", f"next: {printable(commit)}"]


def _model(asked: "Gates") -> str:
    """The hash of the model that the verdict speaks of; raises ArtifactError where the verdict is of another candidate."""
    import msgspec

    from interlock.evaluation import bindings, reports, waivers

    found = reports.read(["gates"]).get("gates", {})
    model = waivers.model_hash(found)
    now = bindings.candidate(msgspec.to_builtins(asked), map(reports.path, reports.read(sorted({gate.report for gate in asked.values()}))))
    if differing := bindings.differing(found, now):
        raise ArtifactError(
            f"reports/gates.json is the verdict on another candidate: {', '.join(differing)} changed since", "run: dvc repro"
        )
    return model


def _verdict(asked: "Gates", against: str | None) -> Mapping[str, Any]:
    """The verdict on the reports, those of the gates against a champion in it where there is one."""
    from interlock.cli.gates import met, plain

    found = plain(asked)
    return {**found, "gates": {**found["gates"], **met(asked, against)["gates"]}} if against else found
