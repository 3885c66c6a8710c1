"""What a report says of the model: metrics, gates, the champion, slices, and predictions that flip."""

from collections.abc import Mapping, Sequence
from typing import Any

from interlock.evaluation.markdown import figure
from interlock.evaluation.metrics import LOWER_IS_BETTER
from interlock.evaluation.verdicts import FAIL, LACKING, LATER, PASS, SIGNS
from interlock.reporting.cells import code, codes, count, folded, prose, share, signed, table, title

Found = Mapping[str, Any]
FEW, CHANCE = 8, 0.025
CHANGED = {0: "no verdict changed", 1: "one verdict changed"}
LUCK = "A difference is told where an interval twice as wide lies off zero, since trainings differ by luck as well."


def rows(found: Found) -> str:
    """On how many rows both are compared, and why not on more."""
    pair = found["paired"]
    only = [
        f"{count(number, 'row')} only {side}"
        for side, number in (("before", pair["only"]["base"]), ("now", pair["only"]["head"]))
        if number
    ]
    moved = [f"{count(pair['relabelled'], 'row')} with another label"] if pair["relabelled"] else []
    rest = f" (left out: {', '.join([*only, *moved])})" if only or moved else ""
    return f"{pair['rows']:,} test rows that both scored{rest}"


def metrics(found: Found, brief: Sequence[str]) -> str:
    """The metrics that the task is told by; the others folded."""
    told = [one for one in found["metrics"] if one["base"] is not None or one["head"] is not None]
    if not told:
        return ""
    first, rest = [one for one in told if one["name"] in brief], [one for one in told if one["name"] not in brief]
    also = [folded(f"{count(len(rest), 'more metric')}", _metrics(rest))] if rest else []
    note = f"<sub>{LUCK}</sub>" if found["paired"] else "<sub>Each side by its own report: the rows were not drawn together.</sub>"
    return "\n\n".join(["### Metrics", _metrics(first), note, *also])


def _metrics(told: Sequence[Found]) -> str:
    return table(["", "before → now", "change, 95 %"], ([title(one["name"]), _both(one), _change(one)] for one in told))


def _both(one: Found) -> str:
    """Both values; each with its interval where the difference has none."""
    before, now = (f"{figure(one[side])}{_around(one, side)}" for side in ("base", "head"))
    return f"{before} → {now}"


def _around(one: Found, side: str) -> str:
    low, high = one.get(f"{side}_low"), one.get(f"{side}_high")
    return "" if low is None or high is None else f" <sub>({figure(low)} to {figure(high)})</sub>"


def _change(one: Found) -> str:
    """The difference as it is read, lower or higher, and what can be told of it."""
    gain, low, high = one["gain"], one["gain_low"], one["gain_high"]
    if gain is not None and one["name"] in LOWER_IS_BETTER:
        gain, low, high = -gain, None if high is None else -high, None if low is None else -low
    interval = "" if low is None or high is None else f"<br><sub>{signed(low)} to {signed(high)}</sub>"
    outcome = one["outcome"] if one["outcome"] in ("better", "worse") else ""
    return f"{signed(gain)}{interval}" + (f"<br>**{outcome}**" if outcome else "")


def gates(found: Found) -> str:
    """Gates that changed their verdict or do not pass in the open, all of them folded."""
    every = found["gates"]["gates"]
    if not every:
        return ""
    judged = [one for one in every if one["head"] in (PASS, FAIL, LACKING)]
    passed = sum(one["head"] == PASS for one in judged)
    open_ = [one for one in every if one.get("changed") or one["head"] in (FAIL, LACKING, None) or one["base"] is None]
    changed = sum(bool(one.get("changed")) for one in open_)
    said = f"**{passed} of {count(len(judged), 'gate passes', 'gates pass')}**; {CHANGED.get(changed, f'{changed} verdicts changed')}."
    shown = [table(["gate", "verdict", "why"], map(_gate, open_))] if open_ else []
    later = sum(one["head"] == LATER for one in every)
    later_said = (
        [f"{count(later, 'gate')} against a champion: judged at release{'' if found['champion'] else ', since nothing runs yet'}."]
        if later
        else []
    )
    return "\n\n".join(
        ["### Gates", said, *shown, *later_said, folded(f"All {len(every)} gates", table(["gate", "verdict", "why"], map(_gate, every)))]
    )


def _gate(one: Found) -> list[str]:
    before, now = ("not asked" if one[side] is None else f"{SIGNS.get(one[side], '?')} {one[side]}" for side in ("base", "head"))
    return [code(one["gate"]), now if before == now else f"{before} → {now}", prose(one["words"])]


def champion(found: Found) -> str:
    """What is gained over what runs now."""
    one = found["champion"]
    if not one:
        return ""
    where = f"{code(one['version'])}, which runs in {code(one['stage'])}"
    if one.get("lacking"):
        return f"### Against the champion\n\n{where}, could not be scored here: its gates are judged at release."
    told = next((metric for metric in one["metrics"] if metric["name"] == one["headline"]), None)
    if told is None:
        return f"### Against the champion\n\n{where}: {prose(one['outcome'])}"
    ends = "" if told["gain_low"] is None else f", 95 % {signed(told['gain_low'])} to {signed(told['gain_high'])}"
    moved = (
        f"{title(told['name'])} {figure(told['champion'])} → {figure(told['candidate'])} ({signed(told['gain'])}{ends}): {one['outcome']}"
    )
    gates = ", ".join(f"{code(name)} {SIGNS.get(gate['verdict'], '?')} {gate['verdict']}" for name, gate in one["gates"].items())
    return f"### Against the champion\n\n{where}: {moved}, on {one['rows']:,} rows.\n\nGates against it: {gates or 'none'}."


def slices(found: Found) -> str:
    """Slices that got worse, those in the open whose whole interval lies below zero."""
    by = found["slices"]
    if not by or not by["of"]:
        return ""
    below = [one for one in by["fell"] if one["below"]]
    rest = [one for one in by["fell"] if not one["below"]]
    chance = f" By chance alone one would expect {by['of'] * CHANCE:.1f}." if below else ""
    said = f"**{len(below)} of {count(by['of'], 'slice')} got worse beyond the interval**; {by['better']} rose, {len(by['fell'])} fell.{chance}"
    shown = [_slices(below)] if below else []
    also = [folded(f"{count(len(rest), 'slice')} that fell within the interval", _slices(rest))] if rest else []
    return "\n\n".join(["### Slices", said, *shown, *also])


def _slices(told: Sequence[Found]) -> str:
    return table(["slice", "before → now", "change, 95 %"], map(_slice, told))


def _slice(one: Found) -> list[str]:
    return [f"{code(one['slice'])}<br><sub>{count(one['rows'], 'row')}</sub>", _both(one), _change({**one, "name": ""})]


def flips(found: Found) -> str:
    """Decisions that flip and scores that move, by slice, with a few rows."""
    told = found["flips"]
    if not told:
        return ""
    moved = f"{told['moved']:,} of {told['rows']:,} scores move, by {figure(told['mean_absolute_move'])} on average, {signed(told['largest_move'])} at most."
    if told["flips"] is None:
        said = f"Nothing is decided by a threshold. {moved}"
    else:
        ways = ", ".join(f"{one['rows']:,} {code(one['from'])} → {code(one['to'])}" for one in told["flipped"][:FEW])
        said = f"**{told['flips']:,} of {told['rows']:,} decisions flip ({share(told['flips'] / told['rows'])})**{f': {ways}' if ways else ''}. {moved}"
    by = [table(["slice", "rows", "flip"], _flipped(told["slices"]), FEW)] if told["slices"] else []
    rows = (
        [folded("The rows that move furthest", table(["row", "before", "now"], map(_example, told["examples"])))]
        if told["examples"]
        else []
    )
    return "\n\n".join(["### Predictions that flip", said, *by, *rows])


def _flipped(slices: Sequence[Found]) -> list[list[str]]:
    return [[code(one["slice"]), f"{one['rows']:,}", f"{one['flips']:,} ({share(one['share'])})"] for one in slices]


def _example(one: Found) -> list[str]:
    decided = ["" if one[when] is None else f" {code(one[when])}" for when in ("then", "now")]
    return [codes(list(one["key"].values())), f"{figure(one['score_then'])}{decided[0]}", f"{figure(one['score_now'])}{decided[1]}"]
