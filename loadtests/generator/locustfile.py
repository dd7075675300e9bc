"""The load generator, for Locust: each worker has one user, which is a dispatcher of its part of the schedule.

Locust's own pacing cannot run ahead of its users and so is no open model (https://docs.locust.io/en/stable/increase-performance.html);
here Locust brings the HTTP client, the distribution and the command line, and the schedule decides.

Run as `locust -f locustfile.py --headless` alone, with `--processes N`, or as `--master` and `--worker`; never imported.

| variable | for |
|---|---|
| `WINDTUNNEL_LOAD_FOLDER` | the run's folder, where plan and logs are: alone and on the master |
| `WINDTUNNEL_LOAD_URL`, `WINDTUNNEL_LOAD_API_KEY` | where messages go, and the key: alone and on workers |
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
from locust import FastHttpUser, events, task
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from loadtests.generator.crew import Crew
from loadtests.generator.dispatcher import Dispatcher
from loadtests.generator.link import FolderLink, Link
from loadtests.generator.no_delay import assert_no_delay, new_pool
from loadtests.generator.promptness import ask_for_promptness
from loadtests.generator.worker_link import WorkerLink
from loadtests.run_folder import RunFolder


def _folder() -> RunFolder:
    return RunFolder(Path(os.environ["WINDTUNNEL_LOAD_FOLDER"]))


@events.init.add_listener  # type: ignore[untyped-decorator]
def _prepare(environment: Any, **_: Any) -> None:
    """Give each process its role before any user exists."""
    if isinstance(environment.runner, MasterRunner):
        environment.windtunnel_crew = Crew(environment, _folder(), environment.parsed_options.expect_workers)
    elif isinstance(environment.runner, WorkerRunner):
        environment.windtunnel_link = WorkerLink(environment, ask_for_promptness())
    else:
        environment.windtunnel_link = FolderLink(_folder(), ask_for_promptness())


class OpenModelUser(FastHttpUser):
    """Runs the schedule once, then waits to be ended."""

    def __init__(self, environment: Any) -> None:
        self._link: Link = environment.windtunnel_link
        self._url = os.environ["WINDTUNNEL_LOAD_URL"]
        parts = urlsplit(self._url)
        self.host = f"{parts.scheme}://{parts.netloc}"
        self._pool = self.client_pool = new_pool(self._link.plan.request_timeout_seconds)
        super().__init__(environment)

    @task
    def run_schedule(self) -> None:
        """Run this worker's part of the schedule, wait for the last answer, then end the process or leave that to the master."""
        try:
            assert_no_delay(self._pool, self._url)
            Dispatcher(self._link, self.client, self._url, os.environ["WINDTUNNEL_LOAD_API_KEY"]).run()
        except Exception as error:
            # Locust would log it and run the task again.
            self._link.fail(f"{socket.gethostname()}: {error!r}")
        if isinstance(self.environment.runner, WorkerRunner):
            # A user that stops would be replaced.
            while True:
                gevent.sleep(60)
        self.environment.runner.quit()
        raise StopUser
