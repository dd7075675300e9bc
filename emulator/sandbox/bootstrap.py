"""Runs inside an environment, as /var/runtime/bootstrap.py: starts AWS's runtime interface client.

The search path is that of AWS's Python runtimes: the task root, the layers, the runtime's own packages, the standard library.
https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
"""

import os
import sys


def main() -> None:
    """Set the search path and hand over."""
    task, layers, runtime = os.environ["LAMBDA_TASK_ROOT"], sys.argv[1], os.environ["LAMBDA_RUNTIME_DIR"]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    front = [task, f"{layers}/python/lib/{version}/site-packages", f"{layers}/python"]
    rest = [path for path in sys.path[1:] if path not in (task, runtime)]
    own = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path in rest]
    sys.path[:] = [*front, *own, runtime, *[path for path in rest if path not in own]]

    from awslambdaric.__main__ import main as run  # type: ignore[import-untyped]

    run(["bootstrap", os.environ["_HANDLER"]])


if __name__ == "__main__":
    main()
