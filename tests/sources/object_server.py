"""A web server and a bucket over one folder, as far as reading goes: GET and HEAD with entity tags, and S3's list of objects."""

import hashlib
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "bucket"


class Objects(BaseHTTPRequestHandler):
    folder: Path

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        if "list-type" in query:
            self._answer(200, self._listed(query.get("prefix", [""])[0]))
            return
        path = self.folder / unquote(url.path).lstrip("/").removeprefix(f"{BUCKET}/")
        if path.name.startswith("forbidden"):
            self._answer(403, b"")
        elif path.is_file():
            self._answer(200, path.read_bytes())
        else:
            self._answer(404, b"")

    do_HEAD = do_GET  # noqa: N815 - the name that the server calls

    def _listed(self, prefix: str) -> bytes:
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        named = [(path.relative_to(self.folder).as_posix(), path.read_bytes()) for path in files]
        found = "".join(
            f"<Contents><Key>{escape(name)}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>&quot;{_tag(body)}&quot;</ETag><Size>{len(body)}</Size></Contents>"
            for name, body in named
            if name.startswith(prefix)
        )
        return f'<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>'.encode()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{_tag(body)}"')
        self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is the server's
        """Say nothing."""


def _tag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


if __name__ == "__main__":
    Objects.folder = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Objects)
    print(server.server_address[1], flush=True)
    server.serve_forever()
