"""The page that `interlock trace --html` writes: one file, without a script, an image or a font from elsewhere.

What comes from data, logs and git passes through `said`, which escapes it; a policy in the page forbids everything but its style.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from html import escape
from typing import Any

from interlock.cli import page as frame
from interlock.cli import trace_words as words
from interlock.cli.trace_graph import svg
from interlock.errors import printable
from interlock.lineage.tree import Feature, Model, Rows, Table, Trace

said = partial(frame.said, width=4000)


def page(found: Trace) -> str:
    """The whole page."""
    title = said(f"prediction {found.id}")
    return frame.shell(title, ["trace.css"], [f"<h1>{title}</h1>", *_body(found)])


def _body(found: Trace) -> Iterator[str]:
    yield f'<p class="dim">{said(found.channel)} {said(found.made)} {said(found.usecase)}</p>' if not found.erased else "<p>erased</p>"
    if found.unreached:
        yield f'<h2>Not reached</h2><ul class="findings">{"".join(_missing(found))}</ul>'
    if found.erased:
        return
    yield f"<p><b>{said(words.pairs(found.scores))}</b></p>"
    yield f'<h2>From the sources to the prediction</h2><div class="scroll graph">{svg(found)}</div>'
    yield from _request(found)
    yield f"<h2>Features</h2><p>{said(words.agreement(found))}</p>"
    yield from map(_feature, found.features)
    if found.model:
        yield from _model(found.model)
    yield from _made(found)
    yield from map(_table, found.tables)


def _missing(found: Trace) -> Iterator[str]:
    for missing in found.unreached:
        todo = f'<p class="dim">→ {said(missing.todo)}</p>' if missing.todo else ""
        yield f"<li><span><b>{said(missing.what)}</b>: {said(missing.why)}</span>{todo}</li>"


def _request(found: Trace) -> Iterator[str]:
    yield f"<h2>Request</h2><p>{said(found.origin)}</p>"
    yield _grid(["field", "value"], ([name, value] for name, value in found.request.items()))
    if found.origins:
        yield _grid(["made from", "row", "known by"], ([each.table, each.row, each.by] for each in found.origins))
    if found.watermarks:
        yield _grid(["history", "complete up to"], found.watermarks.items())


def _feature(feature: Feature) -> str:
    head = (
        f'<summary><span class="name {"" if feature.public else "dim"}"><b>{said(feature.name)}</b></span>'
        f'<span class="name">{said(words.value(feature))}</span><span>{said(feature.description) if feature.description else ""}</span></summary>'
    )
    body = f"<p><code>{said(feature.logic)}</code></p>"
    if feature.code:
        lines = escape(printable(feature.code.text.expandtabs(4)))
        body += f'<p class="dim">{said(words.code(feature))}</p><pre>{lines}</pre>'
    return f"<details>{head}{body}{_rows(feature.rows) if feature.rows else ''}</details>"


def _rows(rows: Rows) -> str:
    names = list(dict.fromkeys(name for row in rows.shown for name in row.values))
    lines = ([words.place(rows.table, row), row.time, row.seen, *(row.values.get(name) for name in names)] for row in rows.shown)
    wrong = ' class="fail"' if rows.agree is False else ""
    left = f'<p class="dim">{said(words.more(rows))}</p>' if words.more(rows) else ""
    return f"<p{wrong}>{said(words.counted(rows))}</p>{_grid(['row', 'time', 'seen', *names], lines) if rows.shown else ''}{left}"


def _model(model: Model) -> Iterator[str]:
    yield f"<h2>Model {said(model.tag)}</h2>"
    if model.released:
        yield f"<p>released {said(model.released)} by {said(model.by)}; bundle <code>{said(model.bundle)}</code></p>"
        yield f"<p>{said(words.metrics(model))}</p><p>verdict {said(words.verdict(model))}</p>"
        yield f"<p>{said(words.compared(model))}</p>"
        yield from (f'<p class="warn">waived: {said(words.waiver(waived))}</p>' for waived in model.waivers)
        yield _grid(["gate", "verdict", ""], ([gate["name"], gate["verdict"], gate["words"]] for gate in model.gates))


def _made(found: Trace) -> Iterator[str]:
    if found.commit:
        commit = found.commit
        yield f"<h2>Commit</h2><p><code>{said(commit.hash)}</code> {said(commit.date)} {said(commit.author)}: {said(commit.subject)}</p>"
    if found.data:
        yield "<h2>Made from</h2>"
        kinds = ((kind, name, hashed) for kind, files in found.data.items() if isinstance(files, dict) for name, hashed in files.items())
        yield _grid(["", "file", "SHA-256"], (list(each) for each in kinds))


def _table(table: Table) -> str:
    about = f"{said(table.description)} Licence {said(table.licence)}; owner {said(table.owner)}"
    rows = [[number, *values.values()] for number, values in table.rows.items() if values]
    names = next((list(values) for values in table.rows.values() if values), [])
    grid = _grid(["source row", *names], rows) if rows else ""
    return f'<h2>Source {said(table.name)}</h2><p>{about}</p><p class="dim">{said(words.source(table))}; raw {said(table.raw)}</p>{grid}'


def _grid(heads: Iterable[str], lines: Iterable[Iterable[Any]]) -> str:
    head = "".join(f"<th>{said(name) if name else ''}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{said(cell)}</td>' for cell in line)}</tr>" for line in lines)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'
