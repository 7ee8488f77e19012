"""What a step of an inbox run has set going outside: scripts and chat messages.

People do not wait for them, and a failing one undoes nothing: it is tried again, then shown on the run. The run does
not end while one is under way.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from wayline.core.commands import ReportAction
from wayline.core.effects import FreeJob, HoldJob, RunJob
from wayline.core.inbox.state import Outside
from wayline.core.retry import Retry, delay_before
from wayline.core.run import Activation, Run

if TYPE_CHECKING:
    from wayline.core.decision import Deciding

RETRY = Retry()
TIMEOUT_S = 30.0
CALLED = {"script": "Script", "chat": "Chat message"}


def run_outside(deciding: Deciding, visit: Activation, queue: str, action: dict[str, Any]) -> None:
    """Hand an action to the workers of a queue; its outcome comes back to the run."""
    inbox = deciding.run.inbox
    assert inbox is not None
    job = RunJob(id=deciding.effect_id(), queue=queue, action=action, due_at=deciding.at, timeout_s=TIMEOUT_S)
    deciding.effects.append(job)
    inbox.jobs[job.id] = Outside(queue=queue, action=action, step_id=visit.step_id)
    deciding.note("action_started", f"{CALLED[queue]} under way", activation=visit, data={"job_id": job.id})


def takes_report(deciding: Deciding, report: ReportAction) -> bool:
    """Whether the report is of such a job; if so it has been dealt with."""
    inbox = deciding.run.inbox
    if inbox is None or report.job_id not in inbox.jobs:
        return False
    job = inbox.jobs[report.job_id]
    if report.error is None:
        del inbox.jobs[report.job_id]
        data = {"job_id": report.job_id, "output": report.output}
        deciding.note("action_succeeded", f"{CALLED[job.queue]} done", step_id=job.step_id, data=data)
    elif report.permanent or job.attempt >= RETRY.max_attempts:
        _give_up(deciding, report, job)
    else:
        _try_again(deciding, report, job)
    return True


def _give_up(deciding: Deciding, report: ReportAction, job: Outside) -> None:
    assert deciding.run.inbox is not None
    del deciding.run.inbox.jobs[report.job_id]
    said = f"{CALLED[job.queue]} of “{job.step_id}” failed: {report.error}"
    data = {"job_id": report.job_id, "error": report.error, "attempt": job.attempt}
    deciding.note("action_failed", said, step_id=job.step_id, data=data)
    deciding.incident_at(job.step_id, f"{job.queue}_failed", said)


def _try_again(deciding: Deciding, report: ReportAction, job: Outside) -> None:
    assert deciding.run.inbox is not None
    delay_s = delay_before(RETRY, job.attempt, report.job_id, report.retry_after_s)
    again = msgspec.structs.replace(job, attempt=job.attempt + 1)
    deciding.run.inbox.jobs[report.job_id] = again
    deciding.effects.append(
        RunJob(
            id=report.job_id,
            queue=job.queue,
            action=job.action,
            due_at=deciding.at + timedelta(seconds=delay_s),
            attempt=again.attempt,
            timeout_s=TIMEOUT_S,
        )
    )
    said = f"{CALLED[job.queue]} failed: {report.error}; attempt {again.attempt} in {delay_s:.0f} s"
    data = {"attempt": again.attempt, "delay_s": round(delay_s, 3)}
    deciding.note("action_retried", said, step_id=job.step_id, data=data)


def hold_jobs(deciding: Deciding) -> None:
    """Let nobody take what has not been taken: the run is paused."""
    deciding.effects += [HoldJob(job_id) for job_id in _jobs_of(deciding.run)]


def free_jobs(deciding: Deciding, reported: set[str]) -> None:
    """Let held jobs be taken again, but for those whose outcome has come meanwhile."""
    wanted = [job_id for job_id in _jobs_of(deciding.run) if job_id not in reported]
    deciding.effects += [FreeJob(job_id, deciding.at) for job_id in wanted]


def _jobs_of(run: Run) -> list[str]:
    return list(run.inbox.jobs) if run.inbox is not None else []
