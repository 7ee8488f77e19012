"""The web app: its files, and its one page at every address that is a screen of its.

The page may run no script and apply no style but the app's own files. The component library writes style elements as it
goes; they carry a word that is new at each delivery of the page, which is why the page is never kept (decision 30).
"""

from __future__ import annotations

import gzip
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

import wayline
from wayline.api.endpoint import Resource

PACKAGE = Path(wayline.__file__).parent
PLACES = (PACKAGE / "web_app", PACKAGE.parents[1] / "web" / "dist")
"""In the package when it was installed, beside the sources in a checkout."""
PAGE = "index.html"
NONCE = "%NONCE%"
HASHED = "assets/"
"""Under it a file's name changes with its content."""
A_YEAR = "public, max-age=31536000, immutable"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
WORTH_COMPRESSING_BYTES = 1024


class File:
    """One file of the app, as it was when the process began: a build under way changes nothing of what is served."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.content = content
        self.media_type = MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream")
        self.etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'

    @cached_property
    def compressed(self) -> bytes | None:
        """The content in gzip; None where that saves nothing."""
        if len(self.content) < WORTH_COMPRESSING_BYTES or self.name.endswith(".woff2"):
            return None
        return gzip.compress(self.content, mtime=0)

    def answer(self, headers: Mapping[str, str]) -> Response:
        """The file, compressed for who takes it so, or word that who asks has it already."""
        kept = {"ETag": self.etag, "Cache-Control": A_YEAR if self.name.startswith(HASHED) else "no-cache"}
        if self.etag in headers.get("if-none-match", ""):
            return Response(status_code=304, headers=kept)
        content = self.content
        if self.compressed is not None:
            kept["Vary"] = "Accept-Encoding"
            if "gzip" in headers.get("accept-encoding", ""):
                content = self.compressed
                kept["Content-Encoding"] = "gzip"
        return Response(content, headers=kept, media_type=self.media_type)


@lru_cache(maxsize=8)
def files_in(directory: Path) -> Mapping[str, File]:
    """The app's files by their path in it; none when it has not been built."""
    found = (path for path in directory.rglob("*") if path.is_file()) if directory.is_dir() else ()
    names = {path.relative_to(directory).as_posix(): path for path in found}
    return {name: File(name, path.read_bytes()) for name, path in names.items()}


class WebApp:
    """What is at the addresses that are none of the API's."""

    def __init__(self, resources: Iterable[Resource], places: Iterable[Path] = PLACES) -> None:
        built = (files_in(place) for place in places)
        self._files: Mapping[str, File] = next((files for files in built if PAGE in files), {})
        paths = [path for resource in resources for _, path, _ in resource.handlers]
        self._not_screens = {path.split("/")[1] for path in paths} | {HASHED.rstrip("/")}

    def find(self, request: Request) -> Response | None:
        """The answer to a request that the API has none for: a file, the page, or None.

        Only a browser that opens an address gets the page: to programs what does not exist is not found.
        """
        if request.method not in ("GET", "HEAD"):
            return None
        name = request.url.path.removeprefix("/")
        if name == "":
            return self._page() if self._files else RedirectResponse("/docs")
        file = self._files.get(name)
        if file is not None and name != PAGE:
            return file.answer(request.headers)
        is_screen = name.partition("/")[0] not in self._not_screens
        opened = is_screen and "text/html" in request.headers.get("accept", "")
        return self._page() if opened and self._files else None

    def _page(self) -> Response:
        nonce = secrets.token_urlsafe(16)
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": _policy(nonce)}
        text = self._files[PAGE].content.decode().replace(NONCE, nonce)
        return Response(text, headers=headers, media_type=MEDIA_TYPES[".html"])


def _policy(nonce: str) -> str:
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
