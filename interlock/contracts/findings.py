"""What is wrong with the data, in words, the worst first, and the error that the run ends with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from interlock.contracts.accepted import ACCEPT
from interlock.contracts.check import Checked, Seen
from interlock.contracts.profile import Profile
from interlock.contracts.rules import Contract
from interlock.errors import ContractError, printable
from interlock.terms import QUARANTINED, Refers, Rows, Stable, Term

SHOWN = 3
RANKS = {"fail": 0, "warn": 1}
WHOLE = 2.0
Finding: TypeAlias = dict[str, Any]
Weighed: TypeAlias = tuple[float, Finding]


def ordered(found: Iterable[Weighed]) -> list[Finding]:
    """Findings, each of which came with how bad it is, the worst first."""
    return [each for _, each in sorted(found, key=lambda pair: (RANKS[pair[1]["severity"]], -pair[0], pair[1]["table"]))]


def unfit(table: str, lines: Iterable[tuple[str, str]], todo: str) -> Iterator[Weighed]:
    """The findings of a table whose columns or types are not those of its contract."""
    for column, line in lines:
        yield WHOLE, _finding("fail", table, ("columns", column), 0, f"{table}: {line}", todo)


def findings(contract: Contract, checked: Checked, whole: Sequence[Seen], todo: str) -> Iterator[Weighed]:
    """What is wrong with a table, each with how bad it is: the share of rows, or the effect."""
    table = contract.table
    if checked.rows == 0:
        yield WHOLE, _finding("fail", table, ("rows", ""), 0, f"{table} has no rows", todo)
        return
    judged = [(seen, seen.verdict) for seen in (*checked.seen, *whole)]
    for seen, said in judged:
        if said != "pass":
            words = f"{table}: {_words(seen, checked)}"
            yield (
                WHOLE if seen.share is None else seen.share,
                _finding(said, table, (seen.rule.name, seen.rule.column), seen.rows, words, todo),
            )
    if not any(said == "fail" and seen.rule.severity == "quarantine" for seen, said in judged):
        yield from _too_many(table, checked, todo)


def unaccepted(contracts: Iterable[Contract], accepted: Mapping[str, Profile], world: str) -> Iterator[Weighed]:
    """One finding where rows or distributions are to be compared and there is nothing to compare them with."""
    lacking = [contract.table for contract in contracts if _lacks(contract, accepted.get(contract.table))]
    if lacking:
        words = f"no snapshot of world {world} was accepted: nothing tells whether {', '.join(lacking)} changed or shrank"
        yield 0.0, _finding("warn", lacking[0] if len(lacking) == 1 else "", ("accepted", ""), 0, words, f"look at the data, then {ACCEPT}")


def _lacks(contract: Contract, accepted: Profile | None) -> bool:
    """Whether a rule compares with what was not accepted."""
    shrinks = any(isinstance(rule, Rows) and rule.shrink is not None for rule in contract.whole)
    stable = {rule.column for rule in contract.whole if isinstance(rule, Stable)}
    return bool(stable - accepted.columns.keys()) if accepted else shrinks or bool(stable)


def refuse(found: Sequence[Finding]) -> None:
    """Raise ContractError with the three most important of the findings that fail the run, if any does."""
    failed = [each for each in found if each["severity"] == "fail"]
    if not failed:
        return
    more = [f"and {len(failed) - SHOWN} more"] if len(failed) > SHOWN else []
    listed = "".join(f"\n  • {line}" for line in [*(each["found"] for each in failed[:SHOWN]), *more])
    raise ContractError(f"the data break their contract{listed}", failed[0]["todo"])


def _finding(severity: str, table: str, by: tuple[str, str], rows: int, found: str, todo: str) -> Finding:
    (rule, column), line = by, printable(found).replace("\n", r"\n")
    return {"severity": severity, "table": table, "rule": rule, "column": column, "rows": rows, "found": line, "todo": todo}


def _too_many(table: str, checked: Checked, todo: str) -> Iterator[Weighed]:
    """Rules that each set few rows aside may together leave a table that is no longer the one that was sampled."""
    limit = max([QUARANTINED, *(seen.rule.tolerate for seen in checked.seen if seen.rule.severity == "quarantine")])
    gone = checked.quarantined / checked.rows
    if gone > limit:
        words = f"{table}: {checked.quarantined:,} of {checked.rows:,} rows are set aside ({_percent(gone)}, {_percent(limit)} may)"
        yield gone, _finding("fail", table, ("quarantined", ""), checked.quarantined, words, todo)


def _words(seen: Seen, checked: Checked) -> str:
    """In words; rows by their numbers, since the report lies in git, and what they hold may be about a person."""
    rule, row = seen.rule, seen.first[0][0] if seen.first else None
    if seen.words:
        may = "" if seen.share is None else f" ({rule.tolerate:.3g} may be)" if isinstance(rule, Stable) else _may(rule)
        return f"{f'{rule.column}: ' if rule.column else ''}{seen.words}{may}{'' if row is None else f', such as before source row {row}'}"
    of = checked.rows if rule.severity == "quarantine" else checked.rows - checked.quarantined
    breaks = "refer to nothing: " if isinstance(rule, Refers) else "break "
    shares = f"{_percent(seen.share or 0)}, {_percent(rule.tolerate)} may"
    return f"{seen.rows:,} of {of:,} rows {breaks}{rule.name} on {rule.column} ({shares}), as in source row {row}"


def _may(rule: Term) -> str:
    return f" ({_percent(rule.tolerate)} may)" if rule.tolerate else ""


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
