"""Wayline under load in one round: the request, then the same server's no-op with the same clients.

The no-op is an authenticated POST with a validated JSON body whose command passes through the same door and writes
nothing. What it leaves out is what deciding and storing cost; it is not the server's bare HTTP.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import uvloop

from bench.client import BadAnswer, Connection
from bench.load import LoadPlan, LoadReport, Recorder, Request, run_load
from bench.request import APPROVAL, EXPECTED_BRANCH, FORM, NOOP, NOOP_PATH
from bench.wayline_server import Desk, create_template, wayline

NOOP_SHARE_OF_WINDOW = 0.5
READS_LIMIT = 1_000
WRITES = ("start", "complete_form", "approve")


class _Variables(msgspec.Struct):
    kind: str | None = None


class _Instance(msgspec.Struct):
    id: str
    status: str
    variables: _Variables | None = None


class _Echo(msgspec.Struct):
    echo: str


class _Echoed(msgspec.Struct):
    data: _Echo


class _Shown(msgspec.Struct):
    data: _Instance


class _Meta(msgspec.Struct):
    total: int


class _Listed(msgspec.Struct):
    meta: _Meta


_shown = msgspec.json.Decoder(_Shown)
_listed = msgspec.json.Decoder(_Listed)
_echoed = msgspec.json.Decoder(_Echoed)


@dataclass(frozen=True, kw_only=True)
class WaylineReport:
    """A round of requests, a round of no-op POSTs, and how many instances were stored, and stored completed."""

    requests: LoadReport
    noop: LoadReport
    stored: int
    completed: int


def measure_wayline(place: Path, plan: LoadPlan, database_url: str) -> WaylineReport:
    """One round on the empty database at `database_url`.

    Raises ServiceFailed, BadAnswer, and BadAnswer too when an acknowledged request is not stored completed.
    """
    with wayline(place, database_url) as desk:
        return uvloop.run(_measure(desk, plan))


async def _measure(desk: Desk, plan: LoadPlan) -> WaylineReport:
    template_id = await create_template(desk)
    connections = list(await asyncio.gather(*(Connection.open(desk.port) for _ in range(plan.clients))))
    try:
        requests = await run_load(_request_through(desk, connections, template_id), plan)
        noop = await run_load(_noop_through(desk, connections), _noop_plan(plan))
        report = WaylineReport(
            requests=requests,
            noop=noop,
            stored=await _total(desk, connections[0], template_id, ""),
            completed=await _total(desk, connections[0], template_id, "&status=completed"),
        )
    finally:
        for connection in connections:
            connection.close()
    if not report.stored == report.completed == requests.acknowledged:
        raise BadAnswer(
            f"{requests.acknowledged} requests acknowledged, {report.stored} stored, {report.completed} completed"
        )
    return report


def _noop_plan(plan: LoadPlan) -> LoadPlan:
    return replace(plan, warmup_s=min(1.0, plan.warmup_s), window_s=plan.window_s * NOOP_SHARE_OF_WINDOW)


def _request_through(desk: Desk, connections: list[Connection], template_id: str) -> Request:
    ana, bo = desk.designer(), desk.approver()
    start = ana.post_json("/api/v1/workflows/instantiate", {"template_id": template_id})
    form = msgspec.json.encode({"form_data": FORM})
    approval = msgspec.json.encode({"decision": APPROVAL})

    async def request(number: int, recorder: Recorder) -> None:
        connection = connections[number]
        begun_at = time.perf_counter()
        started = (await connection.call(start)).expect(201)
        begun_at = recorder.call_ended("start", begun_at)
        address = f"/api/v1/workflows/instances/{_shown.decode(started).data.id}"
        (await connection.call(ana.post(f"{address}/steps/details/complete", form))).expect(200)
        begun_at = recorder.call_ended("complete_form", begun_at)
        (await connection.call(bo.post(f"{address}/steps/manager/complete", approval))).expect(200)
        recorder.call_ended("approve", begun_at)
        await _read_until_completed(connection, ana.get(address), recorder)

    return request


async def _read_until_completed(connection: Connection, read: bytes, recorder: Recorder) -> None:
    for _ in range(READS_LIMIT):
        begun_at = time.perf_counter()
        instance = _shown.decode((await connection.call(read)).expect(200)).data
        recorder.call_ended("read_completed", begun_at)
        if instance.status == "completed":
            if instance.variables is None or instance.variables.kind != EXPECTED_BRANCH:
                raise BadAnswer(f"instance {instance.id} took the wrong branch")
            return
        if instance.status != "running":
            raise BadAnswer(f"instance {instance.id} is {instance.status}")
    raise BadAnswer(f"not completed after {READS_LIMIT} reads")


def _noop_through(desk: Desk, connections: list[Connection]) -> Request:
    noop = desk.designer().post_json(NOOP_PATH, NOOP)

    async def request(number: int, recorder: Recorder) -> None:
        begun_at = time.perf_counter()
        echoed = (await connections[number].call(noop)).expect(200)
        recorder.call_ended("noop", begun_at)
        if _echoed.decode(echoed).data.echo != NOOP["echo"]:
            raise BadAnswer("the no-op does not send back what it was sent")

    return request


async def _total(desk: Desk, connection: Connection, template_id: str, status: str) -> int:
    path = f"/api/v1/workflows/instances?template_id={template_id}&limit=1{status}"
    return _listed.decode((await connection.call(desk.designer().get(path))).expect(200)).meta.total
