"""The page that `interlock quarantine --html` writes: one file, without a script, an image or a font from elsewhere.

What comes from data passes through `said`, which escapes it; a policy in the page forbids everything but its own style.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from interlock.cli.page import said, shell
from interlock.cli.quarantine_charts import bullet, distribution, drawn, parts
from interlock.cli.quarantine_shown import Shown
from interlock.cli.quarantine_words import SIGNS, percent, rows, share, tolerated, verdict
from interlock.contracts.evidence import Cells, ordered
from interlock.contracts.review import Column, Example, Rule, Table

LONG, PLACES = 1000, 7  # the shares of the report have nine digits
COUNTED = ("rows", "= used", "+ quarantined", "broken rules")
NUMBERS = {*COUNTED, "source row"}


def page(found: Shown) -> str:
    """The whole page."""
    title = said(f"{found.title}: {verdict(found.review)}", LONG)
    return shell(title, ["quarantine.css"], _body(found))


def _body(found: Shown) -> Iterator[str]:
    review = found.review
    yield f'<h1>{said(found.title)}</h1>\n<p class="{review.verdict}">{escape(verdict(review))}</p>'
    if review.findings:
        yield "<h2>What is wrong</h2>"
        yield f'<ul class="findings">{"".join(_findings(found))}</ul>'
        yield from (f'<p class="dim">→ {said(todo, LONG)}</p>' for todo in dict.fromkeys(each.todo for each in review.findings))
    yield "<h2>Rows</h2>"
    yield '<p class="dim">Every row is used or set aside; one that breaks several rules is set aside once.</p>'
    yield _table(["table", *COUNTED, ""], (_counts(name, each) for name, each in review.tables.items()))
    yield from (
        f"<p>{said(name)} has columns that its contract does not know: {_names(each.unexpected)}</p>"
        for name, each in review.tables.items()
        if each.unexpected
    )
    yield "<h2>Rules</h2>"
    yield (
        '<p class="dim">The worst first: what each saw, of what it tolerates. A rule sets rows aside (quarantine), or keeps them '
        "and fails the run or warns. It opens to the rows that it saw.</p>"
    )
    yield from (_rule(found, name, rule) for name, rule in found.rules)
    yield from _silent(found)
    for name, table in review.tables.items():
        if table.columns:
            yield from _columns(name, table.columns)


def _findings(found: Shown) -> Iterator[str]:
    for each in found.review.findings:
        yield f'<li class="{each.severity}">{SIGNS[each.severity]} <span>{said(each.found, LONG)}</span></li>'


def _counts(name: str, table: Table) -> str:
    numbers = "".join(f'<td class="number">{number:,}</td>' for number in (table.rows, table.used, table.quarantined, table.entries))
    return f"<td>{said(name)}</td>{numbers}<td>{parts(table.used, table.quarantined)}</td>"


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"<code>{said(name)}</code>" for name in names)


def _rule(found: Shown, name: str, rule: Rule) -> str:
    """A line that opens to the examples."""
    examples = list(found.examples(name, rule))
    line = (
        f'<summary><span class="{rule.verdict}">{SIGNS[rule.verdict]}</span><span class="dim">{rule.severity}</span>'
        f'<span class="name">{said(name)}: <b>{said(rule.rule, LONG)}</b> {said(rule.column, LONG) if rule.column else ""}</span>'
        f'<span class="number">{rows(rule) or "distance"}</span><span class="number">{share(rule)} <span class="dim">of {tolerated(rule)}</span></span>'
        f"<span>{bullet(rule)}</span></summary>"
    )
    if not examples:
        return f'<details class="empty">{line}</details>'
    return f"<details>{line}{_examples(rule, examples)}</details>"


def _examples(rule: Rule, examples: Sequence[tuple[Example, Cells]]) -> str:
    names = ordered(rule, list(next((cells for _, cells in examples if cells), {})))
    mine = {rule.column, *rule.column.split(", ")}
    alone = rule.column in names  # whose value is then that of the row
    lines = (_example(example, cells, names, mine, alone=alone) for example, cells in examples)
    return _table(["source row", *([] if alone else ["value"]), *names], lines)


def _example(example: Example, cells: Cells, names: Sequence[str], mine: set[str], *, alone: bool) -> str:
    number = "" if example.row is None else example.row
    whole = "".join(f'<td class="{"mine" if name in mine else ""}">{said(cells.get(name)) if cells else ""}</td>' for name in names)
    value = "" if alone else f'<td class="mine">{said(example.value)}</td>'
    return f'<td class="number">{number}</td>{value}{whole}'


def _silent(found: Shown) -> Iterator[str]:
    """The rules that saw nothing, or had nothing to compare with."""
    silent = [(name, rule) for name, table in found.review.tables.items() for rule in table.rules if not rule.saw]
    if silent:
        lines = (
            f"<td>{said(name)}</td><td>{said(rule.rule, LONG)}</td><td>{said(rule.column, LONG) if rule.column else ''}</td>"
            f"<td>{rule.severity}</td><td>{'nothing to compare with' if rule.share is None else ''}</td>"
            for name, rule in silent
        )
        table = _table(["table", "rule", "column", "severity", ""], lines)
        yield f'<details class="plain"><summary class="dim">{len(silent):,} rules saw nothing</summary>{table}</details>'


def _columns(name: str, columns: Sequence[Column]) -> Iterator[str]:
    pictured = sorted(filter(drawn, columns), key=lambda column: -(column.effect or 0.0))
    yield f"<h2>Columns of {said(name)}</h2>"
    yield (
        '<p class="dim">The valid rows: <span class="legend"></span> now, <span class="legend was"></span> as accepted. '
        "The columns that are furthest from it come first (total variation distance); the area of a bar is its share, "
        "and the first and the last bar have no end.</p>"
    )
    yield f'<div class="cards">{"".join(map(_card, pictured))}</div>'
    if others := [column.column for column in columns if not drawn(column)]:
        yield f'<p class="dim">Without a picture: {_names(others)}</p>'


def _card(column: Column) -> str:
    before = f", was {percent(round(max(1 - sum(column.accepted), 0.0), PLACES))}" if column.accepted else ""
    effect = "not accepted yet" if column.effect is None else f"distance {column.effect:.3g}"
    facts = f"{said(column.dtype)}; null {percent(column.nulls)}{before}; {effect}"
    return f'<div class="card"><h3 class="name">{said(column.column)}</h3>{distribution(column)}<p>{facts}</p></div>'


def _table(heads: Iterable[str], lines: Iterable[str]) -> str:
    """A table in a box that scrolls by itself where the screen is narrow."""
    head = "".join(f'<th class="{"number" if name in NUMBERS else ""}">{said(name) if name else ""}</th>' for name in heads)
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(f"<tr>{line}</tr>" for line in lines)}</table></div>'
