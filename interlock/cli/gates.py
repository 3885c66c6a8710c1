"""`interlock gates`: the verdict gate by gate, and whether the gates find what they are meant to find."""

import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlock.evaluation.gates import Gates

REFUSED = 1
SIGNS = {"pass": "✓", "fail": "✗", "judged at release": "·"}


@click.command
@click.option("--mutants", is_flag=True, help="Make faults on purpose: the gate that is meant for each must find it.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def gates(mutants: bool, as_json: bool) -> None:
    """Judge the reports by the gates, and say why each passes or fails.

    Exits with 1 where the verdict is no pass. With --mutants the candidate is evaluated again with one fault at a time, such as
    shuffled labels or a leaked outcome, and the exit is 1 where the candidate itself fails or a fault is not found by its gate.

    \b
    Example:
      interlock gates
      interlock gates --mutants
    """
    from interlock import params
    from interlock.evaluation.gates import Gates

    asked: Gates = params.load("gates", Gates)
    found = tested(asked) if mutants else judged(asked)
    lines = _mutants(found) if mutants else _gates(found)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else "\n".join(lines))
    sys.exit(0 if found["passed"] else REFUSED)


def judged(asked: "Gates") -> dict[str, Any]:
    """The verdict on the reports as they are."""
    from interlock.evaluation import reports
    from interlock.evaluation.gates import judge
    from interlock.files import listed

    found = judge(asked, reports.read(sorted({gate.report for gate in asked.values()})))
    return {**found, "gates": listed(found["gates"])}


def tested(asked: "Gates") -> dict[str, Any]:
    """Every mutant with the gates that killed it, and how many were killed."""
    from rich.progress import Progress

    from interlock.evaluation import mutants
    from interlock.evaluation.candidate import Candidate

    every = []
    with Progress(transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("making faults", total=len(mutants.MUTANTS) + 1)
        for one in mutants.run(Candidate.open(), asked, mutants.others(asked)):
            every.append(one)
            progress.advance(bar)
    candidate, *found = every
    killed = sum(one["killed"] for one in found)
    return {
        "passed": candidate["killed"] and killed == len(found),
        "killed": killed,
        "of": len(found),
        "candidate": candidate,
        "mutants": found,
    }


def _gates(found: "Mapping[str, Any]") -> list[str]:
    width = max((len(gate["name"]) for gate in found["gates"]), default=0)
    said = [
        [f"{SIGNS.get(gate['verdict'], '?')} {gate['name']:<{width}}  {gate['words']}", f"  {'':<{width}}  {gate['why']}"]
        for gate in found["gates"]
    ]
    return [*(line for lines in said for line in lines), f"verdict: {found['verdict']}"]


def _mutants(found: "Mapping[str, Any]") -> list[str]:
    candidate = found["candidate"]
    refused = f": {', '.join(candidate['gates'])}" if candidate["gates"] else ""
    width = max(len(one["name"]) for one in found["mutants"])
    lines = [
        f"{'✓' if one['killed'] else '✗'} {one['name']:<{width}}  {'killed by ' + ', '.join(one['gates']) if one['killed'] else 'LIVES'}: {one['words']}"
        for one in found["mutants"]
    ]
    head = f"{'✓' if candidate['killed'] else '✗'} {'the candidate':<{width}}  {candidate['words']}{refused}"
    return [head, *lines, f"{found['killed']} of {found['of']} mutants killed"]
