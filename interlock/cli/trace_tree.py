"""A trace as a tree in the terminal."""

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from interlock.cli import trace_words as words
from interlock.contracts.evidence import text
from interlock.errors import printable

if TYPE_CHECKING:
    from interlock.lineage.tree import Feature, Model, Table, Trace

PIPED = 10_000


def show(found: "Trace", *, whole: bool) -> None:
    """Print the tree; `whole` prints the rows of the sources with all their values."""
    console().print(tree(found, whole=whole))


def console() -> Console:
    """The terminal; in a pipe or a file lines are as long as what they say."""
    width = None if sys.stdout.isatty() else PIPED
    return Console(highlight=False, markup=False, emoji=False, width=width)


def tree(found: "Trace", *, whole: bool = False) -> Tree:
    root = Tree(_line("prediction ", found.id, f" {found.channel} {found.made}" if found.made else ""))
    if found.erased:
        root.add(Text(_said("erased: its place and hash are kept, and what it held is gone"), style="yellow"))
    else:
        _prediction(root, found)
        _features(root, found)
        if found.model:
            _model(root, found.model)
        _commit(root, found)
        _sources(root, found, whole=whole)
    for missing in found.unreached:
        branch = root.add(_line("not reached: ", missing.what, f": {missing.why}", style="yellow"))
        if missing.todo:
            branch.add(_dim(f"→ {missing.todo}"))
    return root


def _prediction(root: Tree, found: "Trace") -> None:
    root.add(_line("scores ", words.pairs(found.scores), ""))
    asked = root.add(_line("request ", "", found.origin))
    asked.add(Text(_said(words.pairs(found.request))))
    for origin in found.origins:
        asked.add(_line("", f"{text(origin.table)}:{origin.row}", f"  {origin.by}"))
    if found.watermarks:
        root.add(_line("complete up to ", "", words.pairs(found.watermarks)))


def _features(root: Tree, found: "Trace") -> None:
    if found.features:
        branch = root.add(_line("features ", "", words.agreement(found)))
        for feature in found.features:
            _feature(branch, feature)


def _feature(branch: Tree, feature: "Feature") -> None:
    described = f"  {feature.description}" if feature.description else ""
    node = branch.add(_line("", f"{feature.name} = {words.value(feature)}", described, style="" if feature.public else "dim"))
    node.add(_dim(f"← {feature.logic}"))
    node.add(_dim(words.code(feature)))
    if feature.rows:
        rows = node.add(Text(_said(words.counted(feature.rows)), style="red" if feature.rows.agree is False else "cyan"))
        for row in feature.rows.shown:
            rows.add(Text(_said(words.line(feature.rows.table, row))))
        if left := words.more(feature.rows):
            rows.add(_dim(left))


def _model(root: Tree, model: "Model") -> None:
    node = root.add(_line("model ", model.tag, f" bundle {model.bundle[: words.SHORT]}"))
    if model.released:
        node.add(Text(_said(f"released {model.released} by {model.by}")))
        node.add(Text(_said(f"metrics {words.metrics(model)}")))
        verdict = node.add(Text(_said(f"verdict {words.verdict(model)}"), style="green" if model.verdict == "pass" else "yellow"))
        for gate in model.gates:
            verdict.add(_dim(f"{gate['verdict']} {gate['name']}: {gate['words']}"))
        node.add(Text(_said(words.compared(model))))
        for waived in model.waivers:
            node.add(Text(_said(f"waived: {words.waiver(waived)}"), style="yellow"))


def _commit(root: Tree, found: "Trace") -> None:
    if found.commit:
        commit = found.commit
        root.add(_line("commit ", commit.hash[: words.SHORT], f" {commit.date} {commit.author}: {commit.subject}"))
    if found.data:
        node = root.add(_line("made from", "", ""))
        for kind, hashes in words.made_from(found):
            node.add(_dim(f"{kind}: {hashes}"))


def _sources(root: Tree, found: "Trace", *, whole: bool) -> None:
    if found.tables:
        node = root.add(
            _line("sources ", "", f"rows in place, of data/raw at commit {str(found.snapshot.get('commit', ''))[: words.SHORT]}")
        )
        for table in found.tables:
            _table(node, table, whole=whole)


def _table(node: Tree, table: "Table", *, whole: bool) -> None:
    branch = node.add(_line("", table.name, f"  {table.description}"))
    branch.add(_dim(f"licence {table.licence}; owner {table.owner}"))
    branch.add(_dim(words.source(table)))
    branch.add(_dim(f"raw {table.raw}, quarantine {table.quarantine}"))
    for number, values in table.rows.items() if whole else ():
        branch.add(_line("", f"{table.name}:{number}", f"  {words.pairs(values)}"))
    if table.rows and not whole:
        branch.add(_dim(f"{words.many(len(table.rows), 'row')} named above: whole with --feature NAME, --json or --html"))


def _line(head: str, name: str, rest: str, style: str = "") -> Text:
    """A line of the tree, its parts safe to print."""
    return Text.assemble((head, "dim"), (_said(name), "bold"), (_said(rest), style))


def _said(part: str) -> str:
    return printable(part).replace("\n", r"\n")


def _dim(part: str) -> Text:
    return Text(_said(part), style="dim")
