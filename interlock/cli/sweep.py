"""`interlock sweep`: a search over the hyperparameters and features that conf/sweep/ declares, in one process."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from interlock.sweeping.declared import Search
    from interlock.sweeping.space import Space

PAGE = Path("reports/sweep.html")


@click.command
@click.option("--space", default="default", show_default=True, metavar="NAME", help="The search of conf/sweep/NAME.yaml.")
@click.option("--trials", type=click.IntRange(min=2, max=100_000), help="How many, the current configuration among them.")
@click.option("--sampler", type=click.Choice(["tpe", "random", "grid"]), help="How points of the space are chosen.")
@click.option("--pruner", type=click.Choice(["median", "halving", "none"]), help="How trials that fall behind end early.")
@click.option("--only", multiple=True, metavar="KEY", help="Search this key of the space alone; may be repeated.")
@click.option("--features", type=click.Choice(["view", "feature", "none"]), help="Leave out views, or single features, as well.")
@click.option("--folds", type=click.IntRange(min=1, max=100), help="Judge each trial on so many pairs of rows, the last the graph's own.")
@click.option("--seed", type=click.IntRange(min=0, max=2**31 - 1), help="Another search.")
@click.option("--batch", type=click.IntRange(min=1, max=1000), help="Ask for so many trials at a time.")
@click.option("--workers", type=click.IntRange(min=1), help="Trials that run at once; changes no result.  [default: cores / model.threads]")
@click.option("--new", is_flag=True, help="Begin anew: forget the trials of an earlier sweep.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def sweep(space: str, only: tuple[str, ...], workers: int | None, new: bool, as_json: bool, **said: Any) -> None:
    """Search for a better configuration of the model, on training and validation rows alone.

    Trial 0 is the current configuration; the winner is compared with it on the same rows. Each trial that ends is kept in .interlock/sweep/:
    after a break the same command goes on where it was, and with more --trials it goes on further. The test rows stay shut. Flags stand in
    the place of what conf/sweep/NAME.yaml says.

    \b
    Example:
      interlock sweep
      interlock sweep --trials 100 --folds 3
      interlock sweep --sampler grid --only learning_rate --only num_leaves
      interlock sweep --features view
    """
    from interlock.cli.feature_samples import busy
    from interlock.cli.sweep_live import watching
    from interlock.cli.sweep_page import page
    from interlock.cli.sweep_shown import show
    from interlock.files import write_text
    from interlock.sweeping import results
    from interlock.sweeping.ground import Ground
    from interlock.sweeping.journal import Journal
    from interlock.sweeping.settings import Settings
    from interlock.sweeping.sweep import Sweep, about, threads
    from interlock.sweeping.trying import Trier

    search = _search(space, only, said)
    asked = about(Settings.load(), search, space)
    with busy("reading and encoding the rows"):
        ground = Ground.open(search.folds)
    with Journal.open(asked, new=new) as journal:
        results.begin()
        many = threads(workers, ground.said.base.threads)
        with watching(ground, many) as watcher:
            trier = Trier(ground, search, watcher)
            if cut := _cut(search, trier.space):
                watcher.say(cut)
            trials = Sweep(trier, many).run(journal)
        with busy("comparing the winner with the current configuration"):
            found = results.write(trier, trials)
    write_text(PAGE, page(found, trials))
    show(found, trials, PAGE, as_json=as_json)


def _cut(search: "Search", space: "Space") -> str | None:
    """What is said where a grid has more combinations than there are trials: those of its end are not tried."""
    whole = space.combinations(search.points)
    if search.sampler != "grid" or whole < search.trials:
        return None
    return f"the grid has {whole:,} combinations, of which the first {search.trials - 1} are tried: --only KEY, or --trials {whole + 1}"


def _search(space: str, only: tuple[str, ...], said: dict[str, Any]) -> "Search":
    """The search that conf and the flags declare together."""
    import msgspec

    from interlock.sweeping.declared import Pruner, load, narrowed

    given = {key: value for key, value in said.items() if value is not None and key != "pruner"}
    search = narrowed(load(space, given | ({"features": None} if given.get("features") == "none" else {})), only, space)
    if (kind := said.get("pruner")) is None:
        return search
    settings = msgspec.structs.asdict(search.pruner) if search.pruner else {}
    return msgspec.structs.replace(search, pruner=None if kind == "none" else Pruner(**{**settings, "kind": kind}))
