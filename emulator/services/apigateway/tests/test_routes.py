"""Which method serves a path."""

from __future__ import annotations

import pytest

from emulator.services.apigateway.routes import Routes
from emulator.services.apigateway.state import Method, Resource

PATHS = ("/", "/a", "/a/{id}", "/a/{id}/b", "/a/fixed", "/files/{proxy+}", "/{top}")
ROUTES = Routes(
    Resource(path, path, path.rpartition("/")[2], None, {"GET": Method("GET"), "ANY": Method("ANY")}) for path in PATHS
)

CASES = (
    ("/", "/", {}),
    ("/a", "/a", {}),
    ("/a/", "/a", {}),
    ("/a/1", "/a/{id}", {"id": "1"}),
    ("/a/fixed", "/a/fixed", {}),
    ("/a/fixed/b", "/a/{id}/b", {"id": "fixed"}),
    ("/files/x/y%2Fz", "/files/{proxy+}", {"proxy": "x/y%2Fz"}),
    ("/files", "/{top}", {"top": "files"}),
    ("/A", "/{top}", {"top": "A"}),
)


@pytest.mark.parametrize(("path", "resource_path", "parameters"), CASES)
def test_most_specific_resource_wins(path, resource_path, parameters):
    match = ROUTES.find("GET", path)
    assert match is not None
    assert (match.resource_path, match.path_parameters, match.method.http_method) == (resource_path, parameters, "GET")


def test_any_serves_verbs_without_a_method_of_their_own():
    match = ROUTES.find("DELETE", "/a/1")
    assert match is not None
    assert match.method.http_method == "ANY"


@pytest.mark.parametrize("path", ["/a/1/c", "/a/1/b/c", "/x/y"])
def test_unknown_path_matches_nothing(path):
    assert ROUTES.find("GET", path) is None
