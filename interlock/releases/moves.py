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
    _on_a_branch()
    release, deployed = Registry(usecase).one(versions.asked(usecase, version)), deployments.now()
    stage = stages.known(to) if to else _next(stages, release, deployed)
    _in_order(stages, stage, release, deployed.get(stage))
    return _put(stages, stage, release, reason, f"Promote {release.tag} to {stage}", push=push)


def rollback(usecase: str, stages: Stages, stage: str | None, version: str | None, reason: str, today: date, *, push: bool) -> Move:
    """Let a stage of life run an earlier version again, the one before the current one unless told, with a draft of a postmortem.

    Raises GitError where there is none, ConfigError where the version never ran there, ArtifactError as `promote` does.
    """
    registry.whole()
    _on_a_branch()
    name, deployed = stages.known(stage or stages.order[-1]), deployments.now()
    if name not in deployed:
        raise GitError(f"nothing runs in {name}", "interlock deployed --history shows what ran where")
    chosen = _earlier(usecase, name, version, deployed[name])
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
    resolved = Resolved(release, bundles.fetched(release))
    with deployments.alone():
        now, after = deployments.now(), Deployment.of(release, reason)
        before, state = now.get(stage), _state(release, stage, now.get(stage))
        if before and before.same == after.same:
            return Move(stage, before, before, resolved, state, None)
        changed = {**now, stage: after}
        deployments.settled(changed)
        if draft:
            write_text(draft, text)
        deployments.write(changed, stages.order, f"{message}\n\n{reason}", *([draft] if draft else []))
        commit = git.head()
        if push:
            publishing.publish("HEAD", lambda: git.git("reset", "--quiet", "--keep", "HEAD~1"))
    return Move(stage, before, after, resolved, state, commit, (draft,) if draft else (), push)


def _state(release: Release, stage: str, before: Deployment | None) -> str:
    """What the online store must hold for a release, beside what it held for the one before."""
    needs, fill = f"feature set {release.featureset[:12]}", f"interlock store materialize --release {stage}"
    if before is None:
        return f"{needs}: {fill}"
    last = Registry(release.usecase).one(versions.asked(release.usecase, before.version))
    return f"{needs}, as before" if last.featureset == release.featureset else f"{needs}, another than before: {fill}"


def _next(stages: Stages, release: Release, deployed: dict[str, Deployment]) -> str:
    """The first stage that does not run the version; the last where all do."""
    return next((name for name in stages.order if name not in deployed or deployed[name].version != release.tag), stages.order[-1])


def _in_order(stages: Stages, stage: str, release: Release, runs: Deployment | None) -> None:
    if runs and (now := versions.of_tag(release.usecase, runs.version)) and now > release.number:
        raise GitError(
            f"{stage} runs {runs.version}, which is later than {release.tag}",
            f'to go back: interlock rollback --stage {stage} --to {release.version} --reason "…"',
        )
    earlier = stages.before(stage)
    if earlier is None:
        return
    ran = [each.same for each in deployments.ran(earlier)]
    if (release.tag, release.commit, release.bundle) not in ran:
        raise GitError(
            f"{release.tag} has never run in {earlier}, which comes before {stage}", f"interlock promote {release.version} --to {earlier}"
        )


def _earlier(usecase: str, stage: str, version: str | None, current: Deployment) -> Deployment:
    """The version that ran before the current one or, if it is named, any that ever ran there."""
    if version is None:
        if not (earlier := deployments.before(stage)):
            found = f"nothing ran in {stage} before {current.version} but what it was rolled back from"
            raise GitError(
                found, f"interlock deployed --history shows what ran; to run one of it: interlock rollback --stage {stage} --to VERSION"
            )
        return earlier[0]
    tag = versions.tag(usecase, versions.asked(usecase, version))
    every = list(deployments.ran(stage))
    found_one = next((each for each in every if each.version == tag), None)
    if found_one is None:
        raise ConfigError(f"{tag} never ran in {stage}", f"there ran: {', '.join(each.version for each in every)}")
    return found_one


def _on_a_branch() -> None:
    """Raise GitError on a detached HEAD, whose commits belong to no branch and are lost."""
    try:
        git.git("symbolic-ref", "--quiet", "HEAD")
    except GitError:
        raise GitError("HEAD is detached: a commit here would belong to no branch", "git switch main, and run again") from None
