"""The catalog in the terminal."""

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from interlock.cli.trace_tree import console
from interlock.contracts.evidence import text

if TYPE_CHECKING:
    from interlock.lineage.entries import CatalogFeature, CatalogModel, Dataset, Found

LONG = 400


def show(found: "Found", *, asked: bool) -> None:
    """Print it; `asked` where a name or an owner was asked for."""
    terminal = console()
    if found.datasets:
        terminal.print(_datasets(found.datasets))
    if found.features:
        terminal.print(_features(found.features))
    if found.models:
        terminal.print(_models(found.models))
    if asked and not (found.datasets or found.features or found.models):
        terminal.print(_cell(f"nothing in the catalog of {found.usecase} has that name", "dim"))
    for note in found.notes:
        terminal.print(_cell(note, "dim"))


def _datasets(datasets: "tuple[Dataset, ...]") -> Table:
    table = _table("Datasets", "name", "rows", "set aside", "owner", "licence", "fresh", "last change", "read by", "what it is")
    for each in datasets:
        stale = "yellow" if each.promise and not each.fresh.startswith("fresh") else ""
        changed = f"{each.changed} {each.changed_by}" if each.changed else "in no commit yet"
        table.add_row(
            _cell(each.name, "bold"), _number(each.rows), _number(each.quarantined), _cell(each.owner), _cell(each.licence), _cell(each.fresh, stale),
            _cell(changed), f"{len(each.read_by)} features", _cell(f"{each.part}: {each.description}"),
        )  # fmt: skip
    return table


def _features(features: "tuple[CatalogFeature, ...]") -> Table:
    table = _table("Features", "name", "rank", "from", "read by", "releases", "what it is")
    for each in features:
        tables = ", ".join(each.tables)
        of = f"{each.view} ({tables})" if each.view and each.view != tables else tables or "the request"
        unit = f" [{each.unit}]" if each.unit else ""
        table.add_row(
            _cell(each.name, "bold"), _number(each.rank), _cell(of), _cell(", ".join(each.read_by)), _cell(_versions(each.releases)),
            _cell(f"{each.description}{unit}"),
        )  # fmt: skip
    return table


def _models(models: "tuple[CatalogModel, ...]") -> Table:
    table = _table("Models", "version", "runs in", "released", "by", "owner", "test", "features", "commit", "what it is")
    for each in models:
        value = f"{each.metric} {each.value:.4f}" if each.value is not None else ""
        table.add_row(
            _cell(each.version, "bold"), _cell(", ".join(each.deployed)), _cell(each.released), _cell(each.by), _cell(each.owner), value,
            _number(each.features), each.commit[:12], _cell(each.description),
        )  # fmt: skip
    return table


def _versions(tags: tuple[str, ...]) -> str:
    """The first and the last of the releases that have a feature as it is declared now."""
    names = [tag.partition("@")[2] for tag in tags]
    return ", ".join(names) if len(names) < 3 else f"{names[0]} … {names[-1]}"


def _table(title: str, *heads: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for head in heads:
        table.add_column(head, justify="right" if head in {"rows", "set aside", "rank"} else "left", overflow="fold")
    return table


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _cell(value: str, style: str = "") -> Text:
    return Text(text(value, LONG) if value else "", style=style)
