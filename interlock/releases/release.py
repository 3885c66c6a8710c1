"""A commit's bundle becomes a version, if every check of the preflight holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from interlock import bundle, git, params
from interlock.catalog import Catalog
from interlock.contracts.compatibility import compatible
from interlock.errors import ArtifactError, InterlockError
from interlock.evaluation import waivers
from interlock.evaluation.verdicts import FIRST, PASS
from interlock.features import featureset
from interlock.files import read_json, sha256
from interlock.modeling.task import Task
from interlock.past import Past
from interlock.releases import bundles, comparing, deployments, preflight, publishing, versions, words
from interlock.releases.bundles import BUNDLE, Resolved
from interlock.releases.preflight import Check
from interlock.releases.registry import Registry, Release
from interlock.releases.versions import Part, Version

METRICS = Path("reports/metrics.json")


@dataclass
class Outcome:
    """What came of a release: the checks in order, the release where all hold, whether its tag was there before, and is pushed.

    `why` says what the version number follows from.
    """

    checks: list[Check] = field(default_factory=list)
    release: Release | None = None
    message: str = ""
    why: str = ""
    already: bool = False
    pushed: bool = False

    @property
    def error(self) -> InterlockError | None:
        """The first failure."""
        return next((check.error for check in self.checks if check.error), None)


def release(usecase: str, bump: Part | None, today: date, *, dry: bool, push: bool) -> Outcome:
    """Look at every check and, where all hold, tag the commit; `dry` looks alone. What is released already is not released again."""
    found, commit = Outcome(), git.head()
    for name, work in (
        ("the clone is whole", preflight.clone),
        ("nothing is uncommitted", preflight.tree),
        ("dvc.lock is fresh", preflight.lock),
    ):
        found.checks.append(preflight.look(name, work))
    if (candidate := _candidate(usecase, commit, today, found)) is None or found.error:
        return found
    before = Registry(usecase).all()
    same = next((each for each in before if each.bundle == candidate.bundle), None)
    if same:
        found.release, found.already = same, True
        return found
    number, found.why = numbered(before[-1] if before else None, candidate, Past(commit).folder(BUNDLE), bump)
    found.release = made = _named(candidate, number)
    task: Task = params.load("usecase.task", Task)  # type: ignore[arg-type] # a union is no type[T]
    catalog = params.load("usecase.catalog", Catalog)
    found.message = words.message(made, catalog.description, read_json(METRICS)["test"], task.brief)
    if not dry:
        Registry(usecase).write(made, found.message)
        if push:
            publishing.publish(made.tag, partial(Registry(usecase).forget, made))
            found.pushed = True
    return found


def numbered(last: Release | None, candidate: Release, folder: Path, bump: Part | None) -> tuple[Version, str]:
    """The version after `last`, and what it follows from; `folder` is the candidate's bundle."""
    if last is None:
        return versions.FIRST, "the first release"
    part, why = (bump, "as asked") if bump else changed(last, candidate, folder)
    return last.number.next(part), f"{why}: {part} after {last.version}"


def changed(last: Release, candidate: Release, folder: Path) -> tuple[Part, str]:
    """What changed for those who call: a contract that refuses what it took is major, another contract or feature set minor."""
    if last.contract != candidate.contract:
        old, new = (read_json(bundle.contract(each, "requests")) for each in (bundles.fetched(last), folder))
        breaks = [change.words for change in compatible(old, new) if change.breaks]
        return ("major", f"callers break: {breaks[0]}") if breaks else ("minor", "the contract of requests changed")
    if last.featureset != candidate.featureset:
        return "minor", "the feature set changed"
    return "patch", "trained again"


def _candidate(usecase: str, commit: str, today: date, found: Outcome) -> Release | None:
    """The release that the commit's bundle would be, less its version; None where the bundle does not prove itself."""
    proof: list[tuple[Path, str]] = []
    found.checks.append(preflight.look("the bundle proves itself", lambda: _note(proof, preflight.proven(commit))))
    if not proof:
        return None
    folder, digest = proof[0]
    verdict = read_json(folder / bundle.VERDICT)
    model = waivers.model_hash(verdict)
    covered = waivers.counts(waivers.read(), verdict, model, today)
    found.checks.append(preflight.look("the verdict is a pass", lambda: _verdict(verdict, covered)))
    current, comparison = _compared(usecase, commit, found)
    if comparison:
        against = waivers.counts(waivers.read(), comparison, model, today)
        found.checks.append(preflight.look("no worse than what runs", lambda: _comparison(current, comparison, against)))
        covered |= against
    remote, said = preflight.remote(commit)
    found.checks.append(Check("others can fetch it", said, loud=remote is None))
    return Release(
        usecase=usecase, version=str(versions.FIRST), commit=commit, bundle=digest, artifact=Past(commit).output(BUNDLE), model=model,
        featureset=featureset.read(folder / bundle.FEATURESET).fingerprint, contract=sha256(bundle.contract(folder, "requests")),
        verdict=verdict["verdict"], champion=current.release.tag if current else None, comparison=comparison,
        waivers=tuple(_told(each.waiver) for each in covered.values() if each.waiver), remote=remote,
    )  # fmt: skip


def _note(proof: list[tuple[Path, str]], made: tuple[Path, str]) -> str:
    proof.append(made)
    return f"{made[1][:12]}, golden vectors reproduced bit for bit"


def _verdict(verdict: Mapping[str, Any], covered: Mapping[str, waivers.Covered]) -> str:
    if verdict["passed"]:
        return f"{len(verdict['gates'])} gates"
    if not covered:
        raise ArtifactError(f"the verdict is {verdict['verdict']}, and no gate was judged", "declare gates in conf/gates/")
    return _waived(f"the verdict is {verdict['verdict']}", covered)


def _compared(usecase: str, commit: str, found: Outcome) -> tuple[Resolved | None, dict[str, Any] | None]:
    """What runs in the last stage of life, and the candidate against it; a failure is noted among the checks."""
    compared: list[tuple[Resolved | None, dict[str, Any]]] = []

    def work() -> str:
        release = bundles.running(usecase) if deployments.now() else None
        current = Resolved(release, bundles.fetched(release)) if release else None
        compared.append((current, comparing.compare(commit, current)))
        return words.against(release.tag if release else None, compared[0][1])

    check = preflight.look("compared with what runs", work)
    found.checks.append(check)
    return compared[0] if compared else (None, None)


def _comparison(current: Resolved | None, comparison: Mapping[str, Any], covered: Mapping[str, waivers.Covered]) -> str:
    if current is None or comparison["outcome"] == FIRST:
        return "a first release"
    if comparison["verdict"] == PASS or not comparison["gates"]:
        return "; ".join(gate["words"] for gate in comparison["gates"].values()) or "no gate asks"
    return _waived("; ".join(gate["words"] for gate in comparison["gates"].values() if gate["verdict"] != PASS), covered)


def _waived(said: str, covered: Mapping[str, waivers.Covered]) -> str:
    if lacking := {name: each.words for name, each in covered.items() if not each.counts}:
        names = "; ".join(f"{name} ({words})" for name, words in lacking.items())
        raise ArtifactError(
            f"{said}: {names}", "interlock gates says why; mend the model, or waive it in git: interlock gates --waive --help"
        )
    return f"{said}; waived: {'; '.join(f'{name} ({each.words})' for name, each in covered.items())}"


def _told(waiver: waivers.Waiver) -> dict[str, Any]:
    return {"gate": waiver.gate, "reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires.isoformat()}


def _named(candidate: Release, number: Version) -> Release:
    import msgspec

    return msgspec.structs.replace(candidate, version=str(number))
