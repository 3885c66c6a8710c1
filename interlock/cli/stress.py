"""`interlock stress`: how scores behaved when features changed, case by case, with the rows that broke a claim."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from interlock.cli.stress_report import Case, Example, Report

REFUSED, CHANGES = 1, 6
SIGNS = {"pass": "✓", "fail": "✗"}


@click.command
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def stress(name: str | None, as_json: bool) -> None:
    """Show what the last run found: each case, how far scores moved, and the rows that broke it worst.

    With NAME one case alone. Exits with 1 where a case that is shown did not pass, or none was tried.

    \b
    Example:
      interlock stress
      interlock stress late_aircraft
    """
    from interlock.cli.plain import plain
    from interlock.cli.stress_report import read

    found, report = read()
    cases = [case for case in report.cases if name in {None, case.name}]
    if not cases and name is not None:
        raise click.UsageError(
            f"no case is called {plain(name)}; there are: {', '.join(plain(case.name) for case in report.cases) or 'none'}"
        )
    if as_json:
        shown = [case for case in found["cases"] if name in {None, case["name"]}]
        click.echo(json.dumps({**found, "cases": shown}, indent=2, ensure_ascii=False))
    else:
        _show(report, cases, alone=name is not None)
    sys.exit(0 if cases and all(case.verdict == "pass" for case in cases) else REFUSED)


def _show(report: "Report", cases: Sequence["Case"], *, alone: bool) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from interlock.cli.plain import plain

    console = Console(highlight=False, markup=False)
    if not alone:
        console.print(Text(_summary(report), style="bold"))
    for case in cases:
        sign = SIGNS.get(case.verdict, "?")
        console.print(Text(plain(f"{sign} {case.name}: {case.claim}"), style="" if sign == "✓" else "bold red"))
        for line in _lines(case, examples=alone or sign != "✓"):
            console.print(Padding(Text(plain(line), style="dim" if sign == "✓" else ""), (0, 0, 0, 4), expand=False))


def _summary(report: "Report") -> str:
    if not report.cases:
        return f"no case could be tried on {report.rows:,} test rows: not enough evidence"
    passed = sum(case.verdict == "pass" for case in report.cases)
    unit = "" if report.unit == 1.0 else f"; moves are in spreads of the score, {report.unit:.4g}"
    return f"{passed} of {len(report.cases)} cases pass, on {report.rows:,} test rows{unit}\n"


def _lines(case: "Case", *, examples: bool) -> Iterator[str]:
    """What was found, then where it stands and whom it broke for."""
    from interlock.cli.sketch import percent

    if not case.rows or case.share is None or case.far.share is None:
        yield "no row is altered by it, or none meets its condition: not enough evidence"
    else:
        if case.on_average is not None and case.mean_move is not None and case.mean_move > case.on_average:
            yield f"scores move by {_move(case.mean_move)} on average, at most {case.on_average:g} is asked: this fails it"
        mean = f"{_move(case.mean_move)} on average"
        bound = f" (at most {case.on_average:g})" if case.on_average is not None else ""
        far = f"{percent(case.far.share)} by more than {case.far.beyond:g}"
        broken = f"{case.violations:,} of {case.rows:,} rows break it, {percent(case.share)}, tolerated {percent(case.tolerated)}"
        moves = f"scores move by {mean}{bound}, {_move(case.largest_move)} at most, {far}"
        yield broken if case.kind == "clear case" else f"{broken}; {moves}"
    if case.invalid:
        yield f"{case.invalid:,} rows have a score that is none, which is never tolerated"
    if case.verdict != "pass" and case.declared:
        yield f"declared in {case.declared}"
    yield from map(_example, case.examples if examples else [])


def _example(example: "Example") -> str:
    key = " ".join(f"{name}={value}" for name, value in example.key.items()) or "a row of these values"
    changes = [f"{name} {value}" for name, value in example.change.items()]
    change = ", ".join(changes[:CHANGES]) + (f" and {len(changes) - CHANGES} more" if len(changes) > CHANGES else "") or "as it is"
    of = f" of {example.of}" if example.of is not None else ""
    score = f"{_score(example.before)} → {_score(example.after)}" if example.before != example.after else _score(example.after)
    return f"e.g. {key}: {change}: score{of} {score}"


def _move(move: float | None) -> str:
    return "no number" if move is None else f"{move:.3f}"


def _score(score: float | None) -> str:
    return "none" if score is None else f"{score:.4g}"
