"""Files in object storage and on the web, through the library that Polars reads them with.

Credentials and endpoints come from the environment, under the names that the storage's own tools use.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import HTTPStore, from_url

from interlock.errors import SourceError
from interlock.sources.connectors import File, Unreachable

SCHEMES = ("s3", "gs", "az", "http", "https")
CLOUDS = ("AWS", "AZURE", "GOOGLE")
PIECE = 8 << 20
WILD = r"\*\*/|\*|\?|\[[^\]]+\]"
CLIENT = {"connect_timeout": "3s", "read_timeout": "30s", "timeout": "1d"}
RETRY = {"max_retries": 2, "retry_timeout": timedelta(seconds=15)}


def find(url: str) -> list[File]:
    """The objects that `url` names, a glob allowed where the storage can be listed; one request, or one a page."""
    base, key = _split(url)
    with _asking(url):
        found = _matching(base, key) if re.search(WILD, key) else [obstore.head(_store(base), key)]
    if not found:
        raise SourceError(f"no object matches {url}", "mend the table's path in conf/usecase/")
    return [File(f"{base}/{each['path']}", each["size"], etag=each["e_tag"] or "") for each in found]


def fetch(url: str, to: Path) -> tuple[int, str, str]:
    """Copy the object to the file `to`; its size, SHA-256 and entity tag."""
    base, key = _split(url)
    digest, size = hashlib.sha256(), 0
    with _asking(url), to.open("wb") as written:
        answer = obstore.get(_store(base), key)
        for piece in answer.stream(min_chunk_size=PIECE):
            digest.update(piece)
            size += written.write(piece)
    if size != answer.meta["size"]:
        raise Unreachable(f"{url} broke off after {size} of {answer.meta['size']} bytes", "run the same command again")
    return size, digest.hexdigest(), answer.meta["e_tag"] or ""


def _matching(base: str, key: str) -> list[Any]:
    if base.startswith("http"):
        raise SourceError(f"{base}/{key}: a web server cannot be listed", "name one file, or copy the files into the project")
    pattern = re.compile(_regex(key))
    folder = re.split(WILD, key)[0].rpartition("/")[0]
    objects = [each for page in obstore.list(_store(base), folder or None) for each in page]
    return sorted((each for each in objects if pattern.fullmatch(each["path"])), key=lambda each: str(each["path"]))


def _regex(glob: str) -> str:
    known = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(f"({WILD})", glob)
    return "".join(known.get(part) or (part.replace("[!", "[^") if part.startswith("[") else re.escape(part)) for part in parts)


def _split(url: str) -> tuple[str, str]:
    scheme, _, rest = url.partition("://")
    authority, _, key = rest.partition("/")
    if scheme not in SCHEMES or not authority or not key:
        raise SourceError(
            f"{url} is not an address of a file",
            f"write one of {', '.join(f'{known}://' for known in SCHEMES)}, a host or bucket, and a path",
        )
    return f"{scheme}://{authority}", key


def _store(base: str) -> Any:
    plain = base.startswith("http:") or any(os.environ.get(f"{cloud}_ALLOW_HTTP", "").lower() == "true" for cloud in CLOUDS)
    options: Any = {"client_options": {**CLIENT, "allow_http": plain}, "retry_config": RETRY}
    return HTTPStore.from_url(base, **options) if base.startswith("http") else from_url(base, **options)


@contextmanager
def _asking(url: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(f"{url} does not exist", "mend the table's path in conf/usecase/") from error
    except (BaseError, ValueError, TimeoutError, ConnectionError) as error:
        reason = str(error).partition("\n")[0]
        raise Unreachable(f"{url} cannot be reached: {reason}", "check the network, and the credentials in the environment") from error
