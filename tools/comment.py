"""Put a report on its pull request, in place of the one before: `python3 tools/comment.py report/report.md`. Standard library and `gh` alone.

The report was made by code of the pull request, so it is text from a stranger: it is read as text of a bounded size, and what GitHub
would obey in it (links, mentions, pictures from elsewhere, other HTML than folding) is made harmless. Which pull request it belongs
to is asked of GitHub, by the branch and commit that ran, and never taken from the report.
"""

import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

MARKER = "<!-- interlock report -->"
LIMIT, ROOM = 65_536, 1_024
UNSEEN = "\u200b"
TAGS = re.compile(r"</?(?:details|summary|sub|br)>")
PICTURES = re.compile(r"<details><summary>Pictures</summary>.*?</details>\s*", re.DOTALL)
# What would become a link, a mention, a reference, an address or another character, and the place in it where a space that is not seen ends that.
LIVE = ((re.compile(r"@"), "@"), (re.compile(r"#(?=\d)"), "#"), (re.compile(r"(?i)(?<=gh)-(?=\d)"), "-"), (re.compile(r":(?=//)"), ":"),
        (re.compile(r"(?i)(?<=www)(?=\.)"), ""), (re.compile(r"\](?=[\[(:])"), "]"), (re.compile(r"&(?=[#\w])"), "&"),
        (re.compile(r"(?m)^(?=[ \t]*(?:```|~~~))"), ""))  # fmt: skip
FOLDS, DEEP = re.compile(r"(?m)<details>|^</details>"), 20
CUT = "\n\n</details>\n\n<sub>The report is longer than a comment may be: the rest is in the run.</sub>"


def main(path: Path) -> int:
    said = {name: os.environ[name] for name in ("GITHUB_REPOSITORY", "HEAD_OWNER", "HEAD_BRANCH", "HEAD_SHA", "RUN_URL")}
    number = pull_request(said)
    if number is None:
        print("no open pull request has this commit as its last one: nothing to comment")
        return 0
    body = comment(read(path), said["HEAD_SHA"], said["RUN_URL"])
    put(said["GITHUB_REPOSITORY"], number, body)
    return 0


def read(path: Path) -> str:
    """The text of the report; a file that is none, or a link to elsewhere, is refused."""
    if path.is_symlink() or not path.is_file():
        raise SystemExit(f"{path} is not a file")
    with path.open("rb") as opened:
        return opened.read(4 * LIMIT).decode("utf-8", errors="replace")


def comment(text: str, commit: str, run: str) -> str:
    """The comment: the marker that it is found by, the harmless report, and where it comes from; no longer than GitHub takes."""
    origin = f"<sub>Computed by the code of this pull request at {commit[:7]}. Pictures and all figures: [the run]({run}).</sub>"
    safe = harmless(text)
    room = LIMIT - ROOM - len(CUT)
    if len(safe.encode()) > room:
        safe = safe.encode()[:room].decode("utf-8", errors="ignore").rpartition("\n")[0] + CUT
    return f"{MARKER}\n{closed(safe.strip())}\n\n{origin}\n"


def closed(safe: str) -> str:
    """The text with every fold closed, so that what is said after it is seen."""
    depth = 0
    for tag in FOLDS.finditer(safe):
        depth = depth + 1 if tag[0] == "<details>" else max(0, depth - 1)
    if depth > DEEP:
        return safe.replace("<details>", "")
    return safe + "\n\n" + "</details>" * depth if depth else safe


def harmless(text: str) -> str:
    """The Markdown with nothing in it that acts, leads elsewhere or tells anybody."""
    printed = "".join(c for c in unescape(PICTURES.sub("", text).replace("\\<", "<")) if c.isprintable() or c == "\n")
    kept, at = [], 0
    for tag in TAGS.finditer(printed):
        kept += [printed[at : tag.start()].replace("<", f"<{UNSEEN}"), tag[0]]
        at = tag.end()
    plain = "".join([*kept, printed[at:].replace("<", f"<{UNSEEN}")])
    for pattern, before in LIVE:
        plain = pattern.sub(before + UNSEEN, plain)
    return plain


def pull_request(said: dict[str, str]) -> int | None:
    """The open pull request of a branch whose last commit is the one that ran."""
    head = f"{said['HEAD_OWNER']}:{said['HEAD_BRANCH']}"
    found = gh(f"repos/{said['GITHUB_REPOSITORY']}/pulls", "--method", "GET", "-f", "state=open", "-f", f"head={head}")
    return next((int(one["number"]) for one in found if one["head"]["sha"] == said["HEAD_SHA"]), None)


def put(repository: str, number: int, body: str) -> None:
    """Replace the comment of an earlier run, or make one."""
    pages = gh(f"repos/{repository}/issues/{number}/comments", "--paginate", "--slurp")
    mine = (one["id"] for page in pages for one in page if one["user"]["type"] == "Bot" and one["body"].startswith(MARKER))
    before = next(mine, None)
    place, method = (f"issues/{number}/comments", "POST") if before is None else (f"issues/comments/{before}", "PATCH")
    gh(f"repos/{repository}/{place}", "--method", method, "--input", "-", sent=json.dumps({"body": body}))


def gh(place: str, *words: str, sent: str | None = None) -> Any:
    """What GitHub's API answers."""
    done = subprocess.run(["gh", "api", place, *words], input=sent, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"gh api {place}: {done.stderr.strip()}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
