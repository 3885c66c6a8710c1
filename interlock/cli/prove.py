"""`interlock prove`: the commit, rebuilt in a clean clone and compared hash for hash."""

import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.errors import ArtifactError

if TYPE_CHECKING:
    from interlock.prove import Proof


@click.command
@click.option("--keep", is_flag=True, help="Keep the clone, and say where it is.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def prove(keep: bool, as_json: bool) -> None:
    """Rebuild the commit in a clean clone, and compare every hash.

    Clones HEAD with an empty DVC cache, forces every stage, and compares each output with the commit's dvc.lock and the
    reports in git. Exits with 6 where a byte differs, and names the first stage, file and column that do.

    \b
    Example:
      interlock prove
      POLARS_MAX_THREADS=1 interlock prove --json
    """
    from interlock import git
    from interlock import prove as library

    git.head()
    if changed := git.changed():
        click.echo(f"note: {len(changed)} files differ from the commit; it is the commit that is proven", err=True)
    place = Path(tempfile.mkdtemp(prefix="interlock-prove-"))
    try:
        proof = library.prove(place, lambda stage: click.echo(f"  ▸ {stage}", err=True))
    finally:
        if keep:
            click.echo(f"kept: {place}", err=True)
        else:
            shutil.rmtree(place, ignore_errors=True)
    click.echo(json.dumps(asdict(proof) | {"holds": proof.holds}, indent=2) if as_json else report(proof))
    sys.exit(0 if proof.holds else ArtifactError.exit_code)


def report(proof: "Proof") -> str:
    """What a person reads of a proof."""
    spoken = ", ".join(f"{name} {value}" for name, value in proof.platform.items())
    notes = [f"the inputs are not those of dvc.lock: {', '.join(proof.moved)}"] if proof.moved else []
    if proof.holds:
        outputs = sum(proof.stages.values())
        said = f"✓ commit {proof.commit[:12]}: {outputs} outputs of {len(proof.stages)} stages, same bytes"
        return "\n".join([said, f"  {spoken}", *notes])
    first, *later = proof.diverged
    lines = [f"✗ commit {proof.commit[:12]}: stage {first} diverges first", f"  {spoken}", *notes]
    for difference in proof.differences:
        lines += [f"  {difference.file}", *(f"    {detail}" for detail in difference.details)]
    return "\n".join(lines + ([f"  and after it: {', '.join(later)}"] if later else []))
