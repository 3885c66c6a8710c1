"""What moves a version: forward along the stages of life, and back. Each is one commit of deployed.yaml, or nothing."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from interlock import git
from interlock.errors import ConfigError, GitError
from interlock.files import write_text
from interlock.releases import bundles, deployments, postmortem, publishing, registry, versions
from interlock.releases.bundles import Resolved
from interlock.releases.deployments import Deployment
from interlock.releases.registry import Registry, Release
from interlock.releases.stages import Stages

POSTMORTEMS = Path("docs/postmortems")


@dataclass(frozen=True)
class Move:
    """What a stage of life ran `before` and runs now, the commit that says so (None: it ran there already), and files beside it.

    `state` says in words what the online store must hold.
    """

    stage: str
    before: Deployment | None
    after: Deployment
    resolved: Resolved
    state: str
    commit: str | None
    written: tuple[Path, ...] = ()
    pushed: bool = False


def promote(usecase: str, stages: Stages, version: str, to: str | None, reason: str, *, push: bool) -> Move:
    """Let a stage of life run a version: the stage `to`, or the next one that does not run it yet.

    Raises GitError where it is older than what runs there or has not run in the stage before, ArtifactError where its
    bundle cannot be fetched or is altered.
    """
    registry.whole()
    release, deployed = Registry(usecase).one(versions.asked(usecase, version)), deployments.now()
    stage = stages.known(to) if to else _next(stages, release, deployed)
    _in_order(stages, stage, release, deployed)
    return _put(stages, stage, release, reason, f"Promote {release.tag} to {stage}", push=push)


def rollback(usecase: str, stages: Stages, stage: str | None, version: str | None, reason: str, today: date, *, push: bool) -> Move:
    """Let a stage of life run an earlier version again, the one before the current one unless told, with a draft of a postmortem.

    Raises GitError where there is none, ConfigError where the version never ran there, ArtifactError as `promote` does.
    """
    registry.whole()
    name, deployed = stages.known(stage or stages.order[-1]), deployments.now()
    if name not in deployed:
        raise GitError(f"nothing runs in {name}", "interlock deployed --history shows what ran where")
    earlier = list(deployments.before(name, deployed[name]))
    chosen = _earlier(usecase, name, version, earlier)
    release = bundles.agreed(usecase, name, chosen)
    path = POSTMORTEMS / f"{today.isoformat()}-{name}-{deployed[name].version.partition('@')[2]}.md"
    facts = postmortem.Facts(today, name, deployed[name].version, release.tag, reason, usecase)
    draft = path if not path.exists() else None
    message = f"Roll {name} back from {deployed[name].version} to {release.tag}"
    return _put(stages, name, release, reason, message, push=push, draft=draft, text=postmortem.postmortem(facts))


def _put(
    stages: Stages,
    stage: str,
    release: Release,
    reason: str,
    message: str,
    *,
    push: bool,
    draft: Path | None = None,
    text: str = "",
) -> Move:
    before, after = deployments.now().get(stage), Deployment.of(release, reason)
    resolved, state = Resolved(release, bundles.fetched(release)), _state(release, before)
    if before and (before.version, before.bundle) == (after.version, after.bundle):
        return Move(stage, before, before, resolved, state, None)
    changed = {**deployments.now(), stage: after}
    deployments.settled(changed)
    if draft:
        write_text(draft, text)
    deployments.write(changed, stages.order, f"{message}\n\n{reason}", *([draft] if draft else []))
    commit = git.head()
    if push:
        publishing.publish("HEAD", lambda: git.git("reset", "--quiet", "--keep", "HEAD~1"))
    return Move(stage, before, after, resolved, state, commit, (draft,) if draft else (), push)


def _state(release: Release, before: Deployment | None) -> str:
    """What the online store must hold for a release, beside what it held for the one before."""
    needs = f"feature set {release.featureset[:12]}"
    if before is None:
        return f"{needs}: interlock store materialize"
    last = Registry(release.usecase).one(versions.asked(release.usecase, before.version))
    return f"{needs}, as before" if last.featureset == release.featureset else f"{needs}, another than before: interlock store materialize"


def _next(stages: Stages, release: Release, deployed: dict[str, Deployment]) -> str:
    """The first stage that does not run the version; the last where all do."""
    return next((name for name in stages.order if name not in deployed or deployed[name].version != release.tag), stages.order[-1])


def _in_order(stages: Stages, stage: str, release: Release, deployed: dict[str, Deployment]) -> None:
    runs = deployed.get(stage)
    if runs and (now := versions.of_tag(release.usecase, runs.version)) and now > release.number:
        raise GitError(
            f"{stage} runs {runs.version}, which is later than {release.tag}",
            f'to go back: interlock rollback --stage {stage} --to {release.version} --reason "…"',
        )
    earlier = stages.before(stage)
    if earlier is None:
        return
    ran = [deployed[earlier]] if earlier in deployed else []
    ran += [change.deployed[earlier] for change in deployments.history() if earlier in change.deployed]
    if not any((each.version, each.bundle) == (release.tag, release.bundle) for each in ran):
        raise GitError(
            f"{release.tag} has never run in {earlier}, which comes before {stage}", f"interlock promote {release.version} --to {earlier}"
        )


def _earlier(usecase: str, stage: str, version: str | None, earlier: list[Deployment]) -> Deployment:
    if not earlier:
        raise GitError(f"nothing ran in {stage} before", "interlock deployed --history shows what ran where")
    if version is None:
        return earlier[0]
    tag = versions.tag(usecase, versions.asked(usecase, version))
    found = next((each for each in earlier if each.version == tag), None)
    if found is None:
        raise ConfigError(f"{tag} never ran in {stage}", f"before ran: {', '.join(each.version for each in earlier)}")
    return found
