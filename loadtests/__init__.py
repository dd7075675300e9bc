"""Load for a pipeline: an open model of arrivals, every message followed to the end, and a verdict with its evidence.

    python -m loadtests                 about 30 seconds of mixed sizes; exit code 0 only if every message arrived whole
    python -m loadtests capacity        the highest arrival rate that keeps up
    python -m loadtests report RUN      the reports of a finished run, made again from its message log
    python -m loadtests explain MESSAGE the path of one message, and why what is missing is missing
    python -m loadtests gate            what a message costs against what was agreed; with --base REF, times against another tree

This package knows a Target (an endpoint and credentials) and nothing of what stands behind it.
"""

from loadtests.exit_codes import ExitCode
from loadtests.plan import RunPlan
from loadtests.scenario import Scenario, Sender
from loadtests.sizes import MessageSize, parse_size

__all__ = ["ExitCode", "MessageSize", "RunPlan", "Scenario", "Sender", "parse_size"]
