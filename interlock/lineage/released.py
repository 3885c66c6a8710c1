"""The release behind a prediction: what its tag, its bundle and the reports of its commit say."""

import json
from pathlib import Path
from typing import Any

from interlock import git
from interlock.errors import GitError
from interlock.files import read_json
from interlock.lineage.tree import Model
from interlock.releases import versions
from interlock.releases.registry import Registry, Release
from interlock.serving.record import Prediction

METRICS, VERDICT = "reports/metrics.json", "reports/gates.json"
PERIODS = ("test", "validation")


def model(made: Prediction, usecase: str, folder: Path | None) -> Model:
    """The release that made a prediction; raises GitError where its tag is not here, or says another commit or bundle."""
    release = Registry(usecase).one(versions.asked(usecase, made.version))
    if (release.commit, release.bundle) != (made.commit, made.bundle):
        raise GitError(
            f"{release.tag} is commit {release.commit[:12]} with bundle {release.bundle[:12]}, the prediction names {made.commit[:12]}, {made.bundle[:12]}",
            "the tag was moved, or the record is of another repository: git fetch --tags --force, and compare",
        )
    verdict = read_json(folder / "verdict.json") if folder else _report(release.commit, VERDICT)
    released, by = _tagged(release)
    return Model(
        tag=release.tag,
        commit=release.commit,
        bundle=release.bundle,
        released=released,
        by=by,
        verdict=str(verdict.get("verdict", "")),
        metrics=_metrics(release.commit),
        gates=tuple(_gate(gate) for gate in verdict.get("gates", ())),
        waivers=release.waivers,
        champion=release.champion,
        comparison=release.comparison,
    )


def provenance(folder: Path) -> dict[str, dict[str, str]]:
    """The hashes of everything that a bundle was made from, by kind and file."""
    found: dict[str, dict[str, str]] = read_json(folder / "provenance.json")["made_from"]
    return found


def _tagged(release: Release) -> tuple[str, str]:
    told = git.git("for-each-ref", "--format=%(taggerdate:iso-strict)%1f%(taggername)", f"refs/tags/{release.tag}").rstrip("\n")
    when, _, who = told.partition("\x1f")
    return when, who


def _metrics(commit: str) -> dict[str, Any]:
    """The metrics of the first period that the report at a commit has."""
    told = _report(commit, METRICS)
    return next(({"of": period, **told[period]} for period in PERIODS if isinstance(told.get(period), dict)), {})


def _report(commit: str, path: str) -> Any:
    """A report that git has at a commit, empty where it has none."""
    found = git.committed(Path(path), commit)
    return json.loads(found) if found else {}


def _gate(gate: dict[str, Any]) -> dict[str, Any]:
    return {name: gate.get(name) for name in ("name", "verdict", "words", "why")}
