"""Verdicts, comparisons and mutants as text: what failed first, each with its reason, and what to do next."""

import shlex
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import click

from interlock.errors import printable
from interlock.evaluation.verdicts import FAIL, FIRST, LACKING, LATER, PASS, SIGNS, UNDECLARED

Found: TypeAlias = Mapping[str, Any]
ORDER = (FAIL, LACKING, UNDECLARED, FIRST, LATER, PASS)
COLOURS = {FAIL: "red", LACKING: "red", UNDECLARED: "yellow", FIRST: "yellow", LATER: "yellow", PASS: "green"}
NARROW = 60
HEAD = ["metric", "champion", "candidate", "gain", "95 % interval", "the candidate is"]
UNASKED = "no gate is against a champion: say one in conf/gates/, such as {metric: test.auc, max_drop: 0.01, against: champion, why: …}"
SAME = "no difference that can be told"


def verdict(found: Found) -> list[str]:
    """Every gate, the worst first, with its reason and any waiver; then the verdict and what to do next."""
    return [*_gates(found), *_recorded(found), *_next(found), f"verdict: {_coloured(found['verdict'], found['verdict'])}"]


def comparison(found: Found) -> list[str]:
    """Each metric of champion and candidate, what can be told, every gate, and both verdicts before that which counts."""
    told = f"on {found['rows']} test rows, by {found['headline']}, the candidate is: {found['outcome']}"
    verdict = f"verdict: {_coloured(found['verdict'], found['verdict'])}"
    sides = f"the candidate's own gates: {found['own']}; against the champion: {found['against']}"
    table = _table([HEAD, *map(_compared, found["metrics"])])
    return [*table, *_notes(found), told, *_gates(found), *_recorded(found), *_next(found), sides, verdict]


def _compared(one: Found) -> list[str]:
    numbers = [_number(one["champion"]), _number(one["candidate"]), _number(one["gain"], "+.4g")]
    interval = "–" if one["gain_low"] is None else f"{one['gain_low']:+.4g} to {one['gain_high']:+.4g}"
    return [one["name"], *numbers, interval, one["outcome"]]


def _notes(found: Found) -> list[str]:
    """What a reader of the table must know."""
    near = any(one["outcome"] == SAME and (one["gain_low"] > 0 or one["gain_high"] < 0) for one in found["metrics"])
    luck = "Trainings differ by luck as well: a difference is told where an interval twice as wide lies off zero."
    return [luck] if near else []


def mutants(found: Found) -> list[str]:
    """Those that live first, then the killed with their killers, then what was not tried."""
    candidate, signs = found["candidate"], {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "yellow")}
    width = max(len(one["name"]) for one in found["mutants"])
    words = [
        [(one["killed"], one["name"], f"{_became(one)}: {one['words']}") for one in found["mutants"] if one["killed"] is state]
        for state in (False, True, None)
    ]
    refused = f": {', '.join(candidate['gates'])}" if candidate["gates"] else ""
    every = [(candidate["killed"], "the candidate", candidate["words"] + refused), *(one for group in words for one in group)]
    lines = [_block(click.style(signs[state][0], fg=signs[state][1]), name, [said], width) for state, name, said in every]
    skipped = sum(one["killed"] is None for one in found["mutants"])
    more = f", {skipped} not tried" if skipped else ""
    return [*(line for block in lines for line in block), f"{found['killed']} of {found['of']} mutants killed{more}"]


def _became(one: Found) -> str:
    killers = f"killed by {', '.join(one['gates'][:3])}" + (f" and {len(one['gates']) - 3} more" if len(one["gates"]) > 3 else "")
    return "not tried" if one["killed"] is None else killers if one["killed"] else f"LIVES ({one['fault']})"


def _gates(found: Found) -> list[str]:
    width = max((len(gate["name"]) for gate in found["gates"]), default=0)
    waived = {one["name"]: _waived(one) for one in found["waivers"]}
    ordered = sorted(found["gates"], key=lambda gate: ORDER.index(gate["verdict"]))
    blocks = [
        _block(
            _coloured(SIGNS[gate["verdict"]], gate["verdict"]),
            gate["name"],
            [gate["words"], gate["why"], *waived.get(gate["name"], [])],
            width,
        )
        for gate in ordered
    ]
    return [line for block in blocks for line in block]


def _recorded(found: Found) -> list[str]:
    """What there is to say of the verdict in reports/gates.json."""
    return [f"record: {_line(text)}" for text in found["recorded"]["words"]]


def _waived(one: Found) -> list[str]:
    return [f"{'a release today would count it: ' if one['counts'] else ''}{one['words']}"]


def _next(found: Found) -> list[str]:
    """What can be done about the gates that failed, and about those that have nothing to judge."""
    verdicts = {gate["verdict"]: gate["name"] for gate in reversed(found["gates"])}
    open_ones = [one["name"] for one in found["waivers"] if not one["counts"]]
    undeclared = f"declare what {verdicts.get(UNDECLARED)} is about in conf/usecase/, such as slices: {{columns: [country], minimum: 500}}"
    waive = f"mend the model, or its data; or: interlock gates --waive {' '.join(map(shlex.quote, open_ones[:1]))} --reason … --owner … --until …"
    missing = "a number that is missing: run dvc repro, or mend its path in conf/gates/; an interval that is wide: more test rows"
    said = [(UNDECLARED in verdicts, undeclared), (LACKING in verdicts, missing), (bool(open_ones), waive)]
    said += [("metrics" in found and not any(gate["against"] == "champion" for gate in found["gates"]), UNASKED)]
    return [f"next: {_line(text)}" for wanted, text in said if wanted]


def _block(sign: str, name: str, texts: Sequence[str], width: int) -> list[str]:
    """A sign and a name, and beside them texts that break where the terminal ends."""
    room = max(NARROW, shutil.get_terminal_size().columns - width - 4) if sys.stdout.isatty() else sys.maxsize
    lines = [line for text in map(_line, texts) for line in (textwrap.wrap(text, room) if room < sys.maxsize else [text])]
    return [f"{sign} {_line(name):<{width}}  {lines[0]}", *(f"  {'':<{width}}  {line}" for line in lines[1:])]


def _line(text: str) -> str:
    """One line, whatever the text: no name or reason begins a line of its own, which could say anything."""
    return printable(" ".join(text.split("\n")))


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _number(value: float | None, form: str = ".4g") -> str:
    return "–" if value is None else f"{value:{form}}"


def _coloured(text: str, verdict: str) -> str:
    return click.style(text, fg=COLOURS[verdict])
