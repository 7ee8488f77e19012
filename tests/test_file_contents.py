"""Contents of files: kept under their hash, once, wherever they are kept."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from object_storage import ObjectStorage, running_object_storage
from wayline.settings import SettingsInvalid, read_settings
from wayline.store.file_contents import CHUNK_BYTES, Content, DirectoryContents, FileContents
from wayline.store.s3_contents import S3Address, S3Contents, s3_address, signed

LONG = bytes(range(256)) * (CHUNK_BYTES // 100)
NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def storage() -> Iterator[ObjectStorage]:
    with running_object_storage() as running:
        yield running


@pytest.fixture(params=["directory", "s3"])
def contents(request: pytest.FixtureRequest, tmp_path: Path) -> FileContents:
    """An empty place, once of each kind. What holds for one must hold for the other."""
    if request.param == "directory":
        return DirectoryContents(tmp_path / "files")
    return S3Contents(s3_address(request.getfixturevalue("storage").url), lambda: NOW)


@pytest.mark.parametrize("content", [b"", b"smoke", LONG])
def test_what_is_kept_comes_back(contents: FileContents, content: bytes) -> None:
    kept = contents.keep(io.BytesIO(content))
    assert kept == Content(sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
    assert contents.keep(io.BytesIO(content)) == kept
    with contents.open(kept.sha256) as opened:
        assert opened.read() == content


def test_what_is_left_to_read_is_kept(contents: FileContents) -> None:
    source = io.BytesIO(b"head and tail")
    source.seek(9)
    assert contents.open(contents.keep(source).sha256).read() == b"tail"


def test_what_was_never_kept_is_not_found(contents: FileContents) -> None:
    with pytest.raises(FileNotFoundError):
        contents.open("0" * 64)


class Broken(io.BytesIO):
    """A source that ends in an error."""

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        if not chunk:
            raise ConnectionError
        return chunk


def test_half_a_content_is_never_kept(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError):
        DirectoryContents(tmp_path).keep(Broken(LONG))
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_the_same_content_travels_once(storage: ObjectStorage) -> None:
    contents = S3Contents(s3_address(storage.url), lambda: NOW)
    for _ in range(3):
        kept = contents.keep(io.BytesIO(b"smoke"))
    path = f"/desk%20files/{kept.sha256[:2]}/{kept.sha256[2:4]}/{kept.sha256}"
    assert storage.objects == {path: b"smoke"}
    assert [method for method, _ in storage.requests] == ["HEAD", "PUT", "HEAD", "HEAD"]


def test_a_content_that_was_changed_in_the_storage_is_not_given_away(storage: ObjectStorage) -> None:
    contents = S3Contents(s3_address(storage.url), lambda: NOW)
    kept = contents.keep(io.BytesIO(b"smoke"))
    storage.objects = dict.fromkeys(storage.objects, b"smirk")
    with pytest.raises(OSError, match="not what was kept"):
        contents.open(kept.sha256)


def test_a_storage_that_refuses_us_is_an_error(storage: ObjectStorage) -> None:
    contents = S3Contents(s3_address(storage.url.replace("A%20KEY", "stranger")), lambda: NOW)
    with pytest.raises(httpx.HTTPStatusError):
        contents.keep(io.BytesIO(b"smoke"))


def test_signatures_are_those_of_amazons_own_example() -> None:
    """ "Examples: Signature Calculations", Amazon S3 API Reference, GET Object."""
    address = S3Address(
        origin="https://examplebucket.s3.amazonaws.com",
        prefix="",
        region="us-east-1",
        access_key="AKIAIOSFODNN7EXAMPLE",
        secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    )
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
    }
    at = datetime(2013, 5, 24, tzinfo=UTC)
    given = signed(address, method="GET", path="/test.txt", headers=headers, at=at)["authorization"]
    assert given == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


@pytest.mark.parametrize("url", ["s3://bucket", "https://host/bucket", "https://k:s@host", "https://k@host/bucket"])
def test_a_bad_address_is_named_at_the_start(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="WAYLINE_S3_URL: write https://KEY:SECRET@"):
        read_settings({"WAYLINE_S3_URL": url})
