"""Opens the load generator's connections to a URL, in a process that may import gevent, and prints what came of it.

`python -m loadtests.tests.connection_check URL [plain]`: `plain` uses the library's own pool, as Locust would.
"""

import json
import sys

import gevent.ssl
from geventhttpclient.client import HTTPClientPool

from loadtests.generator.no_delay import assert_no_delay, new_pool


def main() -> None:
    url, plain = sys.argv[1], sys.argv[2:] == ["plain"]
    pool = HTTPClientPool(ssl_context_factory=gevent.ssl.create_default_context) if plain else new_pool(10.0)
    try:
        assert_no_delay(pool, url)
        answer = pool.get_client(url).request("POST", "/", body=b"x" * 300_000)
        print(json.dumps({"status": answer.status_code, "error": None}))
    except Exception as error:
        print(json.dumps({"status": None, "error": repr(error)}))


if __name__ == "__main__":
    main()
