"""DBOS's load process: `python -m bench.peers.dbos_load PLAN_JSON` prints a LoadReport as JSON.

The plan is `{"database_url", "arrangement", "warmup_s", "window_s", "clients"}`. Arrangement `one_process` has the
workflows beside the clients; `worker_and_client` has them in a worker process, reached through DBOSClient and a queue.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dbos import DBOS, DBOSClient

from bench.load import LoadPlan, LoadReport, Recorder, Request, run_load
from bench.peers.dbos_worker import launch
from bench.peers.dbos_workflow import DECISION_TOPIC, FORM_TOPIC, NAME, QUEUE, VERSION, laptop_request
from bench.request import APPROVAL, EXPECTED_BRANCH, FORM

CLIENT_POOL_SIZE = 32
RESULT_POLLING_S = 0.2


async def load_dbos(plan: dict[str, Any]) -> LoadReport:
    if plan["arrangement"] == "one_process":
        launch(plan["database_url"])
        request: Request = _request_inside
    else:
        client = DBOSClient(system_database_url=plan["database_url"], system_database_pool_size=CLIENT_POOL_SIZE)
        request = _request_through(client, ThreadPoolExecutor(plan["clients"]))
    load = LoadPlan(warmup_s=plan["warmup_s"], window_s=plan["window_s"], clients=plan["clients"])
    return await run_load(request, load)


async def _request_inside(_number: int, recorder: Recorder) -> None:
    begun_at = time.perf_counter()
    handle = await DBOS.start_workflow_async(laptop_request)
    begun_at = recorder.call_ended("start", begun_at)
    await DBOS.send_async(handle.workflow_id, FORM, FORM_TOPIC)
    begun_at = recorder.call_ended("complete_form", begun_at)
    await DBOS.send_async(handle.workflow_id, APPROVAL, DECISION_TOPIC)
    begun_at = recorder.call_ended("approve", begun_at)
    if await handle.get_result() != EXPECTED_BRANCH:
        raise AssertionError("a request took the wrong branch")
    recorder.call_ended("read_completed", begun_at)


def _request_through(client: DBOSClient, threads: ThreadPoolExecutor) -> Request:
    def carry_out(recorder: Recorder) -> None:
        begun_at = time.perf_counter()
        handle: Any = client.enqueue({"queue_name": QUEUE, "workflow_name": NAME, "app_version": VERSION})
        begun_at = recorder.call_ended("start", begun_at)
        client.send(handle.workflow_id, FORM, FORM_TOPIC)
        begun_at = recorder.call_ended("complete_form", begun_at)
        client.send(handle.workflow_id, APPROVAL, DECISION_TOPIC)
        begun_at = recorder.call_ended("approve", begun_at)
        if handle.get_result(polling_interval_sec=RESULT_POLLING_S) != EXPECTED_BRANCH:
            raise AssertionError("a request took the wrong branch")
        recorder.call_ended("read_completed", begun_at)

    async def request(_number: int, recorder: Recorder) -> None:
        await asyncio.get_running_loop().run_in_executor(threads, carry_out, recorder)

    return request


if __name__ == "__main__":
    print(json.dumps(asyncio.run(load_dbos(json.loads(sys.argv[1]))).as_json()), flush=True)
    os._exit(0)
