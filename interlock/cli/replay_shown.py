"""What `interlock replay` says: which predictions are the same, what differs first, and what another version would have said."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from interlock.errors import printable

if TYPE_CHECKING:
    from interlock.lineage.ground import Ground
    from interlock.lineage.replay import Replayed

TOLD = 5


def lines(found: "Sequence[Replayed]", differ: "Sequence[Replayed]", failed: "Sequence[Replayed]") -> Iterator[str]:
    """The outcome as text."""
    equal, versions = len(found) - len(differ) - len(failed), {each.version for each in found if each.version}
    sign = "✗" if differ or failed else "✓"
    of = f" of {', '.join(sorted(versions))}" if versions else ""
    yield f"{sign} {equal:,} of {len(found):,} predictions{of} made again to the last bit"
    for each in differ[:TOLD]:
        if each.difference:
            what, then, now = each.difference
            yield f"  {each.id} ({each.version}): {what} was {then!r}, and is {now!r}{f'; {each.note}' if each.note else ''}"
    for each in failed[:TOLD]:
        yield f"  {each.id}: cannot be made again: {each.error.found if each.error else ''}"


def said(found: "Sequence[Replayed]", ground: "Ground") -> dict[str, Any]:
    """The outcome as JSON has it."""
    return {
        "predictions": len(found),
        "equal": sum(each.equal for each in found),
        "differ": [
            {"id": each.id, "version": each.version, "what": each.difference.what, "recorded": _plain(each.difference.recorded), "now": _plain(each.difference.now), "note": each.note}
            for each in found
            if each.difference
        ],
        "failed": [{"id": each.id, "version": each.version, "why": str(each.error)} for each in found if each.error],
        "elsewhere": ground.elsewhere,
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str | list) else repr(value) if isinstance(value, float) else str(value)


def table(found: dict[str, Any]) -> None:
    """Print how another version differs, in all and by slice."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    drawn = Table(
        "", "rows", "flips", "scores that move", "mean move", "largest", title=Text(printable(f"{found['from']} → {found['to']}"))
    )
    for column in drawn.columns[1:]:
        column.justify = "right"
    for name, each in [("all", found), *((each["slice"], each) for each in found["slices"])] if found["rows"] else []:
        flips = "–" if each["flips"] is None else f"{each['flips']:,}"
        drawn.add_row(
            Text(printable(name)),
            f"{each['rows']:,}",
            flips,
            f"{each['moved']:,}",
            f"{each['mean_move']:+.4f}",
            f"{each['largest_move']:+.4f}",
        )
    console.print(drawn)
    for each in found.get("flipped", []):
        console.print(Text(f"  {each['rows']:,} from {printable(each['from'])} to {printable(each['to'])}"))
    for each in found["unscored"]:
        console.print(Text(f"  {each['rows']:,} could not be scored: {printable(each['why'])}"))
