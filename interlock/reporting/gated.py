"""Gates whose verdict or bound changed, and those against the champion, judged here as a release would judge them."""

from collections.abc import Mapping
from typing import Any

from interlock.errors import InterlockError
from interlock.evaluation.verdicts import FAIL, LACKING, LATER, overall
from interlock.files import by_name
from interlock.releases import bundles, comparing, deployments
from interlock.reporting.paired import Pair
from interlock.reporting.side import Side

MODELS = ("data/features", "data/predictions", "models/bundle")


def gates(base: Side, head: Side, champion: dict[str, Any] | None) -> dict[str, Any]:
    """The verdict on the head, all its gates by name with what was said of each on the base, those first that do not pass, then those that changed.

    Gates against a champion are those of `champion`, where there is one.
    """
    was, now = _recorded(base), _recorded(head)
    judged = {**now, **(champion or {}).get("gates", {})}
    listed = [_told(name, was.get(name), found) for name, found in judged.items()]
    gone = [
        {"gate": name, "base": found["verdict"], "head": None, "words": "no longer asked"} for name, found in was.items() if name not in now
    ]
    verdict = overall(one["verdict"] for one in judged.values()) if judged else None
    return {"base": _verdict(base), "head": verdict, "gates": sorted([*listed, *gone], key=_urgency)}


def champion(head: Side, pair: Pair | None, told: dict[str, Any] | None) -> dict[str, Any] | None:
    """What the head gains over what runs now, as `interlock release` would judge it; None where nothing runs, or it cannot be scored.

    Where the base is that very model, what was `told` of the base is said again.
    """
    named = _deployed()
    if named is None:
        return None
    stage, deployed = named
    about = {"stage": stage, "version": deployed.version}
    try:
        resolved = bundles.resolve(head.usecase, stage=stage)
        if pair is not None and told is not None and not any(pair.only.values()) and _same(pair.base, resolved.release.commit):
            return {**about, **told}
        return {**about, **comparing.compare(head.commit, resolved)}
    except InterlockError as error:
        head.lack(f"the comparison with {deployed.version}, which runs in {stage}: {error.found.splitlines()[0]}")
        return {**about, "gates": {}, "lacking": True}


def _deployed() -> tuple[str, Any] | None:
    found = deployments.now()
    stage = "prod" if "prod" in found else next(reversed(found), None)
    return None if stage is None else (stage, found[stage])


def _same(base: Side, commit: str) -> bool:
    """Whether a commit has the features, predictions and bundle of the base."""
    other = Side("the champion", commit).outputs
    return all(base.outputs.get(path) is not None and base.outputs.get(path) == other.get(path) for path in MODELS)


def _recorded(side: Side) -> dict[str, dict[str, Any]]:
    report = side.report("gates") or {}
    return by_name(report.get("gates") or [])


def _verdict(side: Side) -> str | None:
    return (side.report("gates") or {}).get("verdict")


def _urgency(one: Mapping[str, Any]) -> int:
    """What does not pass comes before what changed, and that before the others."""
    return 0 if one["head"] == FAIL else 1 if one["head"] == LACKING else 2 if one.get("changed") or one["head"] is None else 3


def _told(name: str, was: Any, now: Any) -> dict[str, Any]:
    before = was["verdict"] if was else None
    bounds = {"bound_base": was["bound"] if was else None, "bound_head": now["bound"]}
    changed = before != now["verdict"] and not (before == LATER or now["verdict"] == LATER)
    return {"gate": name, "base": before, "head": now["verdict"], **bounds, "changed": changed, "words": now["words"], "why": now["why"]}
