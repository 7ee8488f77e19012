"""Contents of uploaded files in S3-compatible storage: Amazon's, MinIO, Ceph, Garage …

Three plain requests are all it takes, signed with AWS Signature Version 4 ("Authenticating Requests: Using the
Authorization Header", Amazon S3 API Reference), addressed by path since every implementation takes that.
"""

from __future__ import annotations

import hashlib
import hmac
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import BinaryIO, cast
from urllib.parse import parse_qs, quote, unquote, urlsplit

import httpx
import msgspec

from wayline.store.file_contents import CHUNK_BYTES, Content

TIMEOUT_S = 60.0
KEPT_IN_MEMORY_BYTES = 1024 * 1024
DEFAULT_REGION = "us-east-1"
_NOTHING = hashlib.sha256(b"").hexdigest()


class S3Address(msgspec.Struct, frozen=True):
    """Where a bucket is and who may use it. `origin` is scheme, host and port; `prefix` the path before the hash."""

    origin: str
    prefix: str
    region: str
    access_key: str
    secret_key: str


def s3_address(url: str) -> S3Address:
    """The address in `https://KEY:SECRET@host[:port]/bucket[/folder][?region=…]`, key and secret percent-encoded.
    Raises ValueError saying how to write it."""
    parts = urlsplit(url)
    bucket = parts.path.strip("/")
    if parts.scheme not in ("http", "https") or not (parts.hostname and parts.username and parts.password and bucket):
        raise ValueError("write https://KEY:SECRET@host[:port]/bucket[?region=…], key and secret percent-encoded")
    host = parts.netloc.rpartition("@")[2]
    return S3Address(
        origin=f"{parts.scheme}://{host}",
        prefix=f"/{unquote(bucket)}",
        region=parse_qs(parts.query).get("region", [DEFAULT_REGION])[0],
        access_key=unquote(parts.username),
        secret_key=unquote(parts.password),
    )


class S3Contents:
    """Contents as objects `ab/cd/abcd…` in a bucket. `now` is the clock that requests are signed by."""

    def __init__(self, address: S3Address, now: Callable[[], datetime]) -> None:
        self._address = address
        self._now = now
        self._http = httpx.Client(base_url=address.origin, timeout=TIMEOUT_S)

    def keep(self, source: BinaryIO) -> Content:
        """See FileContents; `source` is read twice, so it must be seekable."""
        start = source.tell()
        content = _measured(source)
        path = self._path_of(content.sha256)
        if not self._is_kept(path):
            source.seek(start)
            headers = {**self._signed("PUT", path, content.sha256), "Content-Length": str(content.size_bytes)}
            self._http.put(quote(path), content=_chunks(source), headers=headers).raise_for_status()
        return content

    def open(self, sha256: str) -> BinaryIO:
        """See FileContents; the content is fetched and compared with its hash before any of it is given away."""
        path = self._path_of(sha256)
        fetched = tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
        with self._http.stream("GET", quote(path), headers=self._signed("GET", path, _NOTHING)) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise FileNotFoundError(path)
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                fetched.write(chunk)
        fetched.seek(0)
        if _measured(cast(BinaryIO, fetched)).sha256 != sha256:
            raise OSError(f"{path} is not what was kept there")
        fetched.seek(0)
        return cast(BinaryIO, fetched)

    def _is_kept(self, path: str) -> bool:
        answer = self._http.head(quote(path), headers=self._signed("HEAD", path, _NOTHING))
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        answer.raise_for_status()
        return True

    def _path_of(self, sha256: str) -> str:
        return f"{self._address.prefix}/{sha256[:2]}/{sha256[2:4]}/{sha256}"

    def _signed(self, method: str, path: str, payload_sha256: str) -> dict[str, str]:
        host = urlsplit(self._address.origin).netloc
        headers = {"host": host, "x-amz-content-sha256": payload_sha256}
        return signed(self._address, method=method, path=path, headers=headers, at=self._now())


def signed(address: S3Address, *, method: str, path: str, headers: Mapping[str, str], at: datetime) -> dict[str, str]:
    """The headers (lower-case names, `host` and `x-amz-content-sha256` among them) with the date and the signature."""
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    said = {**headers, "x-amz-date": stamp}
    names = ";".join(sorted(said))
    lines = "".join(f"{name}:{said[name].strip()}\n" for name in sorted(said))
    request = "\n".join((method, quote(path), "", lines, names, said["x-amz-content-sha256"]))
    scope = f"{stamp[:8]}/{address.region}/s3/aws4_request"
    to_sign = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{address.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{address.access_key}/{scope}"
    authorization = f"AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={names},Signature={signature}"
    return {**said, "authorization": authorization}


def _measured(source: BinaryIO) -> Content:
    digest, size_bytes = hashlib.sha256(), 0
    for chunk in _chunks(source):
        digest.update(chunk)
        size_bytes += len(chunk)
    return Content(sha256=digest.hexdigest(), size_bytes=size_bytes)


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK_BYTES):
        yield chunk
