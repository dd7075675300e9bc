"""Locust patches the standard library when it is imported, so nothing but its own processes may import it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_only_the_generator_names_locust() -> None:
    found = {
        path.relative_to(ROOT).parts[1]
        for path in (ROOT / "loadtests").rglob("*.py")
        if "tests" not in path.parts
        for line in path.read_text().splitlines()
        if line.strip().startswith(("import locust", "from locust", "import gevent", "from gevent", "from geventhttp"))
    }
    assert found == {"generator"}


def test_commands_and_scenarios_import_without_locust() -> None:
    code = "import sys, loadtests.cli, loadtests.cluster.entry\n"
    code += "sys.exit(any(name in sys.modules for name in ('locust', 'gevent', 'geventhttpclient')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
