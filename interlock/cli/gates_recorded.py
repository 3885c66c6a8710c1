"""The recorded verdict, reports/gates.json, beside the reports, the model and the features that are here now."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from interlock.evaluation.verdicts import LACKING, PASS, overall

if TYPE_CHECKING:
    from interlock.evaluation.gates import Gates

RECORD = "reports/gates.json"


def bound(asked: "Gates", found: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict that was `found` on the reports, no pass where they, or what they speak of, are not what the record is of.

    `recorded` says the record's verdict, what changed since, and all there is to say of it in words. Other gates are no change:
    whoever edits them asks what they would say.
    """
    recorded = _recorded(asked)
    verdict = found["verdict"] if recorded["verdict"] is not None and not recorded["changed"] else overall([found["verdict"], LACKING])
    return {**found, "verdict": verdict, "passed": verdict == PASS, "recorded": recorded}


def _recorded(asked: "Gates") -> dict[str, Any]:
    from interlock.evaluation import bindings, reports

    record = reports.read(["gates"]).get("gates")
    if record is None:
        said = f"{RECORD} is not there: nothing tells whether these reports are of the model that is here; run: dvc repro gate"
        return {"verdict": None, "changed": [], "words": [said]}
    verdict = str(record.get("verdict")) if isinstance(record, Mapping) else "none"
    here = _here(asked)
    differing = bindings.differing(record, here)
    changed = [*_usecase(record), *_changed(bindings.bound(record), here, differing)]
    return {"verdict": verdict, "changed": changed, "words": list(_words(verdict, changed, differing, here))}


def _here(asked: "Gates") -> dict[str, Any]:
    """The hashes of what is here; a clone without data has neither model nor features, and the reports can still be read."""
    import msgspec

    from interlock.evaluation import bindings, reports

    folders = {"model": bindings.MODEL, "features": bindings.FEATURES}
    there = reports.read(sorted({gate.report for gate in asked.values()}))
    return {
        **{name: bindings.folder(folder) for name, folder in folders.items() if folder.is_dir() and any(folder.iterdir())},
        "reports": bindings.files(map(reports.path, there)),
        "gates": bindings.configuration(msgspec.to_builtins(asked)),
    }


def _usecase(record: Any) -> Iterator[str]:
    from interlock import params

    named, recorded = params.load("usecase.name", str), record.get("usecase") if isinstance(record, Mapping) else None
    if recorded != named:
        yield f"the use case, {recorded} then and {named} now"


def _changed(then: Mapping[str, Any], here: Mapping[str, Any], differing: list[str]) -> Iterator[str]:
    """What is another now; other gates may ask for reports that the record is not bound to, and for fewer."""
    yield from (f"the {name}" for name in differing if name not in {"reports", "gates"})
    before = then.get("reports")
    if "reports" not in differing or not isinstance(before, Mapping):
        yield from ["the reports"] if "reports" in differing else []
        return
    both = here["reports"].keys() & before.keys() if "gates" in differing else here["reports"].keys() | before.keys()
    yield from (str(path) for path in sorted(both, key=str) if here["reports"].get(path) != before.get(path))


def _words(verdict: str, changed: list[str], differing: list[str], here: Mapping[str, Any]) -> Iterator[str]:
    if changed:
        yield f"changed since the verdict in {RECORD} ({verdict}): {', '.join(changed)}; what is said above is no evidence; run: dvc repro"
    if "gates" in differing:
        yield f"the verdict in {RECORD} ({verdict}) is by other gates than params.yaml has now; to record this one run: dvc repro gate"
    if absent := [name for name in ("model", "features") if name not in here]:
        yield f"no {' and no '.join(absent)} here: whether the reports speak of what was judged was not looked at"
