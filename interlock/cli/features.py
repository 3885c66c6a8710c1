"""`interlock features`: the catalog of features, the story of one, and values on a sample."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from interlock.features.places import Declarations


@click.command
@click.argument("name", required=False)
@click.option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="Compute the features of N requests from the files as they are now."
)
@click.option("--private", is_flag=True, help="Show private features too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def features(name: str | None, sample: int | None, private: bool, as_json: bool) -> None:
    """List the features, tell the story of one, or try them on a sample.

    Shows each feature with its creation logic, its distribution in the last run, and how much of it is null or outside of
    what was expected; with NAME also where it is declared and last changed, what it reads, and what uses it.

    \b
    Example:
      interlock features                                 all of them
      interlock features origin_delay_1h                 one
      interlock features origin_delay_1h --sample 500    its values, as it is written now
    """
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
