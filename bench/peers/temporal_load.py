"""Temporal's load process: `python -m bench.peers.temporal_load PLAN_JSON` prints a LoadReport as JSON.

The plan is `{"address", "warmup_s", "window_s", "clients"}`. The worker runs beside the clients: in a process of its
own it was neither faster nor slower on two cores.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from typing import Any

import uvloop
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bench.load import LoadPlan, LoadReport, Recorder, Request, run_load
from bench.peers.temporal_workflow import TASK_QUEUE, LaptopRequest, set_field
from bench.request import APPROVAL, EXPECTED_BRANCH, FORM

CACHED_WORKFLOWS = 2_000


async def load_temporal(plan: dict[str, Any]) -> LoadReport:
    client = await Client.connect(plan["address"])
    async with _worker(client):
        load = LoadPlan(warmup_s=plan["warmup_s"], window_s=plan["window_s"], clients=plan["clients"])
        return await run_load(_request_through(client), load)


def _worker(client: Client) -> Worker:
    """A worker without the sandbox (about half as fast again) and with more cached workflows than are ever open."""
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[LaptopRequest],
        activities=[set_field],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=CACHED_WORKFLOWS,
    )


def _request_through(client: Client) -> Request:
    async def request(_number: int, recorder: Recorder) -> None:
        begun_at = time.perf_counter()
        handle = await client.start_workflow(LaptopRequest.run, id=str(uuid.uuid4()), task_queue=TASK_QUEUE)
        begun_at = recorder.call_ended("start", begun_at)
        await handle.signal(LaptopRequest.complete_form, FORM)
        begun_at = recorder.call_ended("complete_form", begun_at)
        await handle.signal(LaptopRequest.decide, APPROVAL)
        begun_at = recorder.call_ended("approve", begun_at)
        if await handle.result() != EXPECTED_BRANCH:
            raise AssertionError("a request took the wrong branch")
        recorder.call_ended("read_completed", begun_at)

    return request


if __name__ == "__main__":
    print(json.dumps(uvloop.run(load_temporal(json.loads(sys.argv[1]))).as_json()), flush=True)
    # The SDK's core may abort the interpreter while it shuts down, after the report is out.
    os._exit(0)
