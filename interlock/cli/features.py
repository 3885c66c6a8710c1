"""`interlock features`: the catalog of features, the story of one, and values on a sample."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from interlock.evaluation.ablation import By
    from interlock.features.places import Declarations


@click.command
@click.argument("name", required=False)
@click.option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="Compute the features of N requests from the files as they are now."
)
@click.option(
    "--ablate",
    type=click.Choice(["view", "feature"]),
    is_flag=False,
    flag_value="view",
    help="Train without each view, or each feature, and compare.",
)
@click.option("--only", multiple=True, metavar="NAME", help="With --ablate: this view or feature alone; may be given more than once.")
@click.option("--rounds", type=click.IntRange(min=1), help="With --ablate: at most so many rounds of each training.")
@click.option("--private", is_flag=True, help="Show private features too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def features(
    name: str | None, sample: int | None, *, ablate: "By | None", only: tuple[str, ...], rounds: int | None, private: bool, as_json: bool
) -> None:
    """List the features, tell the story of one, try them on a sample, or find what they are worth.

    Shows each feature with its creation logic, its distribution in the last run, and how much of it is null or outside of
    what was expected; with NAME also where it is declared and last changed, what it reads, and what uses it.

    With --ablate a model is trained without each view (what is read from one table by one key, and all that is computed from
    it), and compared with one that has them all on the same validation rows: what is lost, how sure that is, how much of it is
    null, and what a request costs less online. That takes minutes, and says how many before it starts.

    \b
    Example:
      interlock features                                 all of them
      interlock features origin_delay_1h                 one
      interlock features origin_delay_1h --sample 500    its values, as it is written now
      interlock features --ablate                        what each view is worth
      interlock features --ablate feature --only origin_delay_1h --rounds 100
    """
    if ablate is None and (only or rounds):
        raise click.UsageError("--only and --rounds go with --ablate")
    if ablate is not None:
        if name is not None or sample is not None or private:
            raise click.UsageError("--ablate goes with --only, --rounds and --json alone")
        from interlock.cli.ablation import ablate as run

        run(ablate, only, rounds, as_json=as_json)
        return
    from interlock import params
    from interlock.catalog import Catalog
    from interlock.cli.feature_list import show_entries
    from interlock.cli.feature_story import show_story
    from interlock.features.catalog import entries
    from interlock.features.places import declarations
    from interlock.features.story import story

    usecase, about = params.load("usecase.name", str), params.load("usecase.catalog", Catalog)
    declared = declarations(usecase)
    if sample is not None:
        _sample(usecase, declared, name, sample, private, as_json)
    elif name is not None:
        show_story(story(name, declared, about), as_json=as_json)
    else:
        shown = [entry for entry in entries(declared, about) if private or entry.public]
        show_entries(usecase, shown, as_json=as_json)


def _sample(usecase: str, declared: "Declarations", name: str | None, rows: int, private: bool, as_json: bool) -> None:
    from interlock.cli import feature_samples as samples
    from interlock.features.catalog import find
    from interlock.features.sample import every_request, sample, values

    names = [find(name, declared.declared).name] if name else []
    with samples.busy(f"features of {rows:,} requests"):
        asked = sample(every_request(usecase), declared.declared.request.key, rows)
        found = values(declared, asked, names)
    shown = [
        feature
        for feature in declared.declared.features
        if feature.name in (names or found.columns) and (names or private or feature.public)
    ]
    samples.show(usecase, declared.declared, shown, found, as_json=as_json)
