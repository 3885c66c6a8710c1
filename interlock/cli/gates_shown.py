"""Verdicts, comparisons and mutants as text: what failed first, each with its reason, and what to do next."""

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
SAME = "no difference that can be told"


def verdict(found: Found) -> list[str]:
    """Every gate, the worst first, with its reason and any waiver; then the verdict and what to do next."""
    return [*_gates(found), *_next(found), f"verdict: {_coloured(found['verdict'], found['verdict'])}"]


def comparison(found: Found) -> list[str]:
    """Each metric of champion and candidate, the gates against a champion, and what can be told."""
    told = f"on {found['rows']} test rows, by {found['headline']}, the candidate is: {found['outcome']}"
    verdict = f"verdict: {_coloured(found['verdict'], found['verdict'])}"
    return [*_table([HEAD, *map(_compared, found["metrics"])]), *_notes(found), told, *_gates(found), *_next(found), verdict]


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


def _waived(one: Found) -> list[str]:
    return [f"{'a release today would count it: ' if one['counts'] else ''}{one['words']}"]


def _next(found: Found) -> list[str]:
    """What can be done about the gates that failed, and about those that have nothing to judge."""
    verdicts = {gate["verdict"]: gate["name"] for gate in reversed(found["gates"])}
    open_ones = [one["name"] for one in found["waivers"] if not one["counts"]]
    undeclared = f"declare what {verdicts.get(UNDECLARED)} is about in conf/usecase/, such as slices: {{columns: [country], minimum: 500}}"
    waive = f"mend the model, or its data; or: interlock gates --waive {' '.join(open_ones[:1])} --reason … --owner … --until …"
    missing = "a number that is missing: run dvc repro, or mend its path in conf/gates/; an interval that is wide: more test rows"
    said = [(UNDECLARED in verdicts, undeclared), (LACKING in verdicts, missing), (bool(open_ones), waive)]
    return [f"next: {text}" for wanted, text in said if wanted]


def _block(sign: str, name: str, texts: Sequence[str], width: int) -> list[str]:
    """A sign and a name, and beside them texts that break where the terminal ends."""
    room = max(NARROW, shutil.get_terminal_size().columns - width - 4) if sys.stdout.isatty() else sys.maxsize
    lines = [line for text in texts for line in (textwrap.wrap(printable(text), room) if room < sys.maxsize else [printable(text)])]
    return [f"{sign} {name:<{width}}  {lines[0]}", *(f"  {'':<{width}}  {line}" for line in lines[1:])]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _number(value: float | None, form: str = ".4g") -> str:
    return "–" if value is None else f"{value:{form}}"


def _coloured(text: str, verdict: str) -> str:
    return click.style(text, fg=COLOURS[verdict])
