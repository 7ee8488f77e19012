"""Calling other systems over HTTP, guarded: where a connection goes is judged by the address it goes to.

The check sits where the pool opens a connection: the name is resolved, its addresses are judged, and the connection is
made to one of those, so that a name which resolves differently the next moment (DNS rebinding) leads nowhere else. Host
header and TLS keep the name. Redirects are not followed. No more of an answer is read than is kept.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

import certifi
import httpcore
import httpx
import msgspec

from wayline.actions.addresses import Allowed, may_connect
from wayline.core.action import ActionFailed

MAX_ANSWER_BYTES = 64 * 1024
MAX_CONNECTIONS = 100
MAX_IDLE_CONNECTIONS = 20
IDLE_S = 30.0
CONNECT_TIMEOUT_S = 10.0
_HOST = re.compile(rb"[A-Za-z0-9._:-]+")  # as it goes into the Host header: international names are encoded by now


class Answer(msgspec.Struct, frozen=True):
    """What came back. Header names are in lower case; `truncated` when there was more than is kept."""

    status: int
    headers: dict[str, str]
    body: bytes
    truncated: bool


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections to addresses that may be called, and to no others."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failed: Exception | None = None
        for address in await self._addresses(host, port):
            try:
                return await self._network.connect_tcp(
                    address, port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        assert failed is not None
        raise failed

    async def _addresses(self, host: str, port: int) -> list[str]:
        """Addresses of the host that may be called; raises ActionFailed when it has others only."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error
        addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
        callable_ones = [a for a in addresses if may_connect(self._allowed, host, ip_address(a.partition("%")[0]))]
        if not callable_ones:
            raise ActionFailed(
                f"{host} is at {', '.join(addresses)}, an address that may not be called; "
                "an operator can allow it with WAYLINE_OUTBOUND_ALLOW",
                permanent=True,
            )
        return callable_ones

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("sockets in the file system are not called")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class Outbound:
    """A pool of connections to other systems, for one event loop."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._pool: httpcore.AsyncConnectionPool | None = None

    async def call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Answer:
        """Send one request and read the answer; raises ActionFailed when no answer comes or none may be asked for.

        An answer is an answer whatever its status. The caller limits the time.
        """
        target = _target(url)
        try:
            async with self._opened().stream(
                method,
                target,
                headers=list(headers.items()),
                content=body,
                extensions={"timeout": {"connect": CONNECT_TIMEOUT_S}},
            ) as response:
                return await _read(response, max_bytes)
        except httpcore.LocalProtocolError as error:
            raise ActionFailed(f"the request cannot be sent: {error}", permanent=True) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise ActionFailed(f"no answer: {_said(error)}") from error

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.aclose()

    def _opened(self) -> httpcore.AsyncConnectionPool:
        """The pool, made when it is first needed: reading the certificates takes time that a start has not."""
        if self._pool is None:
            trusted = ssl.create_default_context(cafile=certifi.where())
            trusted.load_default_certs()  # an organisation's own authorities, as the machine knows them
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=trusted,
                max_connections=MAX_CONNECTIONS,
                max_keepalive_connections=MAX_IDLE_CONNECTIONS,
                keepalive_expiry=IDLE_S,
                network_backend=CheckedBackend(self._allowed),
            )
        return self._pool


def _target(url: str) -> httpcore.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ActionFailed(f"not a URL: {error}", permanent=True) from error
    if parsed.scheme not in ("http", "https") or not _HOST.fullmatch(parsed.raw_host):
        raise ActionFailed(f"only http:// and https:// are called, not {url[:100]}", permanent=True)
    if parsed.userinfo:
        raise ActionFailed("send credentials in a header, not in the URL, where logs would show them", permanent=True)
    return httpcore.URL(scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path)


async def _read(response: httpcore.Response, max_bytes: int) -> Answer:
    body = bytearray()
    truncated = False
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > max_bytes:
            truncated = True
            break
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    return Answer(status=response.status, headers=headers, body=bytes(body[:max_bytes]), truncated=truncated)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
