"""What promote and rollback say of a version that moved."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from interlock.releases.moves import Move


def show(move: "Move", *, as_json: bool) -> None:
    """Print a move as JSON or in words."""
    from interlock.errors import printable

    click.echo(json.dumps(_told(move), indent=2) if as_json else "\n".join(printable(line) for line in _lines(move)))


def _lines(move: "Move") -> Iterator[str]:
    if move.commit is None:
        yield f"{move.stage} runs {move.after.version} already"
        return
    before = f", before {move.before.version}" if move.before else ""
    yield f"{move.stage} runs {move.after.version} from commit {move.commit[:12]} on{before}"
    yield f"  bundle {move.after.bundle[:12]}, fetched and verified"
    yield f"  {move.after.reason}"
    yield f"  state: {move.state}"
    yield from (f"  draft: {path}" for path in move.written)
    if not move.pushed:
        yield "\nNext\n  git push   # others see it"


def _told(move: "Move") -> dict[str, Any]:
    return {
        "stage": move.stage, "moved": move.commit is not None, "commit": move.commit, "version": move.after.version,
        "bundle": move.after.bundle, "before": move.before.version if move.before else None, "reason": move.after.reason,
        "state": move.state, "written": [path.as_posix() for path in move.written],
    }  # fmt: skip
