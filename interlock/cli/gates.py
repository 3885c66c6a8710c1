"""`interlock gates`: the verdict gate by gate, against a champion, waivers, and whether the gates find what they are meant to find."""

import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from interlock.evaluation.gates import Gates

REFUSED = 1


@click.command
@click.option("--mutants", is_flag=True, help="Make faults on purpose: the gate that is meant for each must find it.")
@click.option("--against", help="A champion: a stage of life, a version, or the folder of a bundle. It scores the same test rows.")
@click.option("--waive", metavar="GATE", help="Write a waiver of a gate that failed into waivers.yaml, for this very model.")
@click.option("--reason", help="Why it may be released nevertheless.")
@click.option("--owner", help="Who answers for it.")
@click.option("--until", metavar="DATE", help="The last day on which the waiver counts, such as 2030-12-31.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def gates(*, mutants: bool, against: str | None, waive: str | None, as_json: bool, **said: str | None) -> None:
    """Judge the reports by the gates, and say why each passes or fails, the worst first.

    Exits with 0 where the verdict is a pass, with 1 where it is none: a gate fails or has not enough evidence. Nor is it a pass where
    reports, model or features changed since the stage `gate` recorded its verdict in reports/gates.json, or where that is missing: it
    says what changed. Gates that were edited since are judged as params.yaml has them now, and the exit is by them; that the recorded
    verdict is by others is said. A waiver changes no verdict: beside a gate that failed stands whether one would count today. With
    --against the test rows are scored by a champion as well: the gates against a champion are judged beside the candidate's own, and
    the verdict is a pass where both are. With --mutants the candidate is evaluated again with one fault at a time, such
    as shuffled labels or a leaked outcome, and the exit is 1 where the candidate itself fails or a fault is not found by its gate.
    Gates or waivers that make no sense exit with 2, a report or a model that is damaged with 6.

    \b
    Example:
      interlock gates
      interlock gates --against prod
      interlock gates --waive calibration --reason "Winter only" --owner data-team --until 2030-12-31
      interlock gates --mutants
    """
    from interlock import params
    from interlock.cli import gates_shown
    from interlock.evaluation.gates import Gates

    if mutants and (against or waive):
        raise click.UsageError("--mutants goes alone")
    if bool(waive) != all(said.values()) or (not waive and any(said.values())):
        raise click.UsageError("--waive, --reason, --owner and --until go together")
    asked: Gates = params.load("gates", Gates)
    if waive:
        from interlock.cli.gates_waive import written

        click.echo("\n".join(written(asked, against, waive, **{name: text or "" for name, text in said.items()})))
        return
    found, lines = (tested(asked), gates_shown.mutants) if mutants else judged(asked, against)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else "\n".join(lines(found)))
    sys.exit(0 if found["passed"] else REFUSED)


def judged(asked: "Gates", against: str | None) -> tuple[dict[str, Any], Any]:
    """The verdict on the reports as they are, or what the candidate gains over a champion; and what shows it."""
    from interlock.cli import gates_shown
    from interlock.cli.gates_waive import beside
    from interlock.files import listed

    own = plain(asked)
    found = both(own, met(asked, against)) if against else own
    found = {**found, "gates": listed(found["gates"])}
    return {**found, "waivers": listed(beside(found))}, gates_shown.comparison if against else gates_shown.verdict


def plain(asked: "Gates") -> dict[str, Any]:
    """The verdict on the reports as they are, no pass where the recorded one is of others."""
    from interlock.cli.gates_recorded import bound
    from interlock.evaluation import reports
    from interlock.evaluation.gates import judge

    return bound(asked, judge(asked, reports.read(sorted({gate.report for gate in asked.values()}))))


def both(own: dict[str, Any], compared: dict[str, Any]) -> dict[str, Any]:
    """The verdict on the reports and that against a champion as one: a pass where both are."""
    from interlock.evaluation.verdicts import PASS, overall

    verdict = overall([own["verdict"], compared["verdict"]])
    told = {"own": own["verdict"], "against": compared["verdict"], "verdict": verdict, "passed": verdict == PASS}
    alone = {name: found for name, found in own["gates"].items() if name not in compared["gates"]}
    return {**compared, **told, "gates": {**compared["gates"], **alone}, "recorded": own["recorded"]}


def met(asked: "Gates", against: str) -> dict[str, Any]:
    """Champion and candidate on the test rows."""
    from interlock.cli import gates_champion
    from interlock.evaluation import champion
    from interlock.evaluation.candidate import Candidate

    folder, candidate = gates_champion.folder(against), Candidate.open()
    return champion.compare(candidate.test, gates_champion.scored(folder, candidate), asked, candidate.how)


def tested(asked: "Gates") -> dict[str, Any]:
    """Every mutant with the gates that killed it, how many were killed, and which were not tried."""
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
    tried = [one for one in found if one["killed"] is not None]
    killed = sum(one["killed"] for one in tried)
    passed = candidate["killed"] and killed == len(tried) > 0
    return {"passed": passed, "killed": killed, "of": len(tried), "candidate": candidate, "mutants": found}
