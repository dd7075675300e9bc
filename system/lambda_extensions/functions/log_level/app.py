"""Returns the log level that the configuration says, and which environment and invocation this is.

An event may say how long the work takes (`work_seconds`), so that two invocations overlap.
"""

import json
import os
import time
import urllib.request
import uuid

PORT = os.environ.get("AWS_APPCONFIG_EXTENSION_HTTP_PORT", "2772")
ENVIRONMENT = uuid.uuid4().hex
invocations = 0


def handler(event, context):
    global invocations
    invocations += 1
    with urllib.request.urlopen(f"http://localhost:{PORT}{os.environ['CONFIGURATION']}", timeout=5) as answer:
        level = json.load(answer)["loglevel"]
    time.sleep((event or {}).get("work_seconds", 0))
    return {"loglevel": level, "environment": ENVIRONMENT, "invocation": invocations}
