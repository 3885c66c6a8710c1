"""The line that a report begins with: is it reproduced, does it pass, is it better."""

from collections.abc import Mapping
from typing import Any

from interlock.evaluation.champion import BETTER, SAME, WORSE
from interlock.evaluation.markdown import figure
from interlock.evaluation.verdicts import FAIL, LACKING, PASS
from interlock.reporting.cells import code, codes, signed, title

GOOD, CARE, BAD = "✅", "⚠️", "❌"
SAID = {BETTER: "better", WORSE: "worse", SAME: SAME}
Found = Mapping[str, Any]


def line(found: Found, headline: str) -> str:
    """The verdict in one line; `headline` is the metric that the task is judged by first."""
    if not found["effect"] and not found["stale"]:
        return f"{_sign(found)} **{_unmoved(found)}**{_as_before(found)}"
    said = [_stale(found), _passes(found), _headline(found, headline)]
    return f"{_sign(found)} **{' '.join(filter(None, said))}**"


def _sign(found: Found) -> str:
    verdict = found["gates"]["head"]
    if found["stale"] or (verdict != PASS and found["effect"]):
        return BAD
    careful = verdict != PASS or found.get("outcome") == WORSE or (found["effect"] and not found["paired"])
    return CARE if careful else GOOD


def _unmoved(found: Found) -> str:
    where = f"{code(found['base']['name'])} ({found['base']['commit'][:7]})"
    if found["head"]["commit"] == found["base"]["commit"]:
        return f"No effect: there is no commit since {where}. To see the last one: interlock report --base HEAD~1."
    return f"No effect: every output has the hash that it has on {where}."


def _as_before(found: Found) -> str:
    return "" if found["gates"]["head"] == PASS else f" As before: {_passes(found)}"


def _stale(found: Found) -> str:
    names = list(found["stale"])
    return f"Not reproduced: dvc.lock is not of these files ({codes(names, 3)})." if names else ""


def _passes(found: Found) -> str:
    gates = found["gates"]
    if gates["head"] is None:
        return "No verdict: reports/gates.json is not here."
    if gates["head"] == PASS:
        return "Passes its gates."
    failed = [one["gate"] for one in gates["gates"] if one["head"] == FAIL]
    lacking = [one["gate"] for one in gates["gates"] if one["head"] == LACKING]
    said = [f"Fails {codes(failed)}."] if failed else []
    return " ".join([*said, *([f"Not enough evidence for {codes(lacking)}."] if lacking else [])]) or "No gate was judged."


def _headline(found: Found, headline: str) -> str:
    one = next((one for one in found["metrics"] if one["name"] == headline), None)
    if one is None:
        return f"{title(headline)} is not known."
    if one["base"] is None:
        return f"{title(headline)} {figure(one['head'])}; {code(found['base']['name'])} has none."
    moved = f"{title(headline)} {figure(one['base'])} → {figure(one['head'])}"
    if not found["paired"]:
        return f"{moved} ({signed(one['gain'])}, not on the same rows: whether that is luck cannot be told here)."
    if one["gain_low"] is None:
        return f"{moved} ({signed(one['gain'])}): {one['outcome']}."
    return f"{moved} ({signed(one['gain'])}, 95 % {signed(one['gain_low'])} to {signed(one['gain_high'])}): {SAID[one['outcome']]}."
