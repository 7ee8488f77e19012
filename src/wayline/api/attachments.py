"""Uploaded files: attachments of tickets, and files for forms.

Programs and web pages are refused (`refused_files.py`); everything else is kept as it is. Whatever it is, it is only
ever given back as a download.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO
from urllib.parse import quote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import Response, StreamingResponse

from wayline.api.endpoint import Call, Resource, page_of
from wayline.api.problems import Problem, data, issue, json
from wayline.api.refused_files import refused_kind
from wayline.api.ticket_access import OldestFirst, visible_ticket
from wayline.api.ticket_view import file_shown
from wayline.core import commands
from wayline.core.names import storable
from wayline.core.refusals import Refusal, not_found
from wayline.engine.answers import FileAnswer
from wayline.engine.door import Change, Transaction
from wayline.store.database import new_id
from wayline.store.file_contents import CHUNK_BYTES
from wayline.store.files import add_file, find_file, list_files

resource = Resource("Files")
MAX_NAME_CHARS = 255
MAX_FORM_OVERHEAD_BYTES = 64 * 1024
MAX_FORM_FIELDS = 10
BEGINNING_BYTES = 1024
UNKNOWN_TYPE = "application/octet-stream"
# RFC 9110, 8.3.1, without parameters.
_MEDIA_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}/[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")


class Upload(msgspec.Struct, frozen=True):
    """A file that has been sent and kept."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str

    @property
    def identity(self) -> bytes:
        """What tells a request with this file from one with another."""
        return "\n".join((self.name, self.media_type, self.sha256)).encode()


@resource.endpoint(
    "POST",
    "/tickets/{id}/attachments",
    ability="ticket:write",
    upload=True,
    status=201,
    refusals=(400, 404, 409, 413, 415),
)
async def attach_file(call: Call) -> Response:
    """Attach a file to a ticket: `multipart/form-data` with the part `file`.

    At most WAYLINE_MAX_UPLOAD_MB (413); programs and web pages are refused (415). The same content is kept once.
    """
    found = await visible_ticket(call, call.path("id"))
    upload = await _received(call)
    command = commands.AttachFile(
        tenant_id=call.caller.tenant_id,
        actor=call.caller.actor,
        ticket_id=found.ticket["id"],
        file=msgspec.structs.asdict(upload),
    )

    def shown(answer: FileAnswer) -> Response:
        return data(file_shown(answer.file, call.caller.name), 201)

    return await call.submit(command, shown, content=upload.identity)


@resource.endpoint("GET", "/tickets/{id}/attachments", ability="ticket:read", query=OldestFirst, refusals=(404,))
async def list_attachments(call: Call) -> Response:
    """A ticket's files, oldest first."""
    found = await visible_ticket(call, call.path("id"))
    query: OldestFirst = call.query
    files, total = await call.read(
        list_files,
        tenant_id=call.caller.tenant_id,
        ticket_id=found.ticket["id"],
        newest_first=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of([file_shown(file, file["uploaded_by_name"]) for file in files], total, query))


@resource.endpoint("POST", "/files", ability="task:act", upload=True, status=201, refusals=(400, 409, 413, 415))
async def upload_file(call: Call) -> Response:
    """Upload a file for a field of a form: `multipart/form-data` with the part `file`; the field takes the id."""
    upload = await _received(call)
    kept = {**msgspec.structs.asdict(upload), "ticket_id": None, "uploaded_by": call.caller.user_id}

    def write(transaction: Transaction) -> dict[str, Any]:
        row = {**kept, "created_at": transaction.at}
        add_file(transaction.connection, {**row, "tenant_id": call.caller.tenant_id})
        return row

    change = Change(tenant_id=call.caller.tenant_id, actor=call.caller.actor, write=write)
    return await call.submit(change, lambda row: data(file_shown(row, call.caller.name), 201), content=upload.identity)


@resource.endpoint("GET", "/files/{id}", ability="ticket:read", media_types=("*/*",), refusals=(404,))
async def download_file(call: Call) -> Response:
    """A file's content, as a download: for staff, who uploaded it, and who may see its ticket."""
    file = await call.read_one(find_file, tenant_id=call.caller.tenant_id, file_id=call.id("id", "File"))
    me = call.caller.user_id
    if file is None or not (call.caller.is_staff or me in (file["uploaded_by"], file["requester_id"])):
        raise not_found("File")
    content = await run_in_threadpool(call.wayline.files.open, file["sha256"])
    return StreamingResponse(
        _chunks(content),
        media_type=file["media_type"],
        headers={
            "Content-Length": str(file["size_bytes"]),
            "Content-Disposition": _as_download(file["name"]),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-cache",
        },
    )


def _chunks(content: BinaryIO) -> Iterator[bytes]:
    with content:
        while chunk := content.read(CHUNK_BYTES):
            yield chunk


def _as_download(name: str) -> str:
    """RFC 6266: a name any client reads, and the real one for those that read RFC 8187."""
    plain = re.sub(r'[^ -~]|["\\]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


# -- receiving -------------------------------------------------------------------------------------


async def _received(call: Call) -> Upload:
    """The request's file, kept; raises a refusal when there is none, or it is too large or of a refused kind."""
    limit_bytes = call.wayline.settings.max_upload_mb * 1024 * 1024
    file = await _sent_file(call, limit_bytes)
    with _closing(file):
        if (file.size or 0) > limit_bytes:
            raise _too_large(limit_bytes)
        name = _plain_name(file.filename or "")
        beginning = await file.read(BEGINNING_BYTES)
        media_type = _media_type(file.content_type)
        refused = refused_kind(name, media_type, beginning)
        if refused is not None:
            raise Problem("unsupported", f"{refused} are not taken.")
        await file.seek(0)
        content = await run_in_threadpool(call.wayline.files.keep, file.file)
    return Upload(id=new_id(), name=name, media_type=media_type, size_bytes=content.size_bytes, sha256=content.sha256)


async def _sent_file(call: Call, limit_bytes: int) -> UploadFile:
    request = call.request
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "multipart/form-data":
        raise Problem("unsupported", "Send multipart/form-data with the part file.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit_bytes + MAX_FORM_OVERHEAD_BYTES:
        raise _too_large(limit_bytes)
    parser = MultiPartParser(
        request.headers, _bounded(request.stream(), limit_bytes), max_files=1, max_fields=MAX_FORM_FIELDS
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise issue("", f"Not a form: {error.message}", "not_a_form") from error
    file = form.get("file")
    if not isinstance(file, UploadFile):
        await form.close()
        raise issue("file", "Send the part file, with a file name.", "required")
    return file


async def _bounded(stream: AsyncGenerator[bytes, None], limit_bytes: int) -> AsyncGenerator[bytes, None]:
    """The stream, as far as a file of that size can go: a sender need not have said how much it sends."""
    left = limit_bytes + MAX_FORM_OVERHEAD_BYTES
    async for chunk in stream:
        left -= len(chunk)
        if left < 0:
            raise _too_large(limit_bytes)
        yield chunk


@contextmanager
def _closing(file: UploadFile) -> Iterator[None]:
    try:
        yield
    finally:
        file.file.close()


def _too_large(limit_bytes: int) -> Refusal:
    return Refusal("too_large", f"A file has at most {limit_bytes // 1024 // 1024} MB.")


def _plain_name(sent: str) -> str:
    """The last part of the name, without what no file name has."""
    last = re.split(r"[\\/]", sent)[-1]
    name = "".join(c for c in last if c.isprintable()).strip(". ")[-MAX_NAME_CHARS:]
    return name if name and storable(name) else "file"


def _media_type(sent: str | None) -> str:
    bare = (sent or "").partition(";")[0].strip().lower()
    return bare if _MEDIA_TYPE.fullmatch(bare) else UNKNOWN_TYPE
