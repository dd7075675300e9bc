"""The support page is true."""

from __future__ import annotations

from pathlib import Path

from emulator.gateway.routing import NATIVE
from emulator.gateway.s3_surface import UNMODELLED
from emulator.protocols import load_model
from emulator.service_registry import native_service_class
from emulator.support import lines

PAGE = Path(__file__).parents[2] / "docs" / "support.md"


def test_the_page_is_what_the_code_says() -> None:
    """Mend it with `python -m emulator.support > docs/support.md`."""
    assert PAGE.read_text().splitlines() == list(lines())


def test_every_operation_and_every_refused_parameter_exists_in_botocores_model() -> None:
    for name in NATIVE:
        model = load_model(name)
        for row in native_service_class(name).operations.values():
            if name == "s3" and row.name in UNMODELLED:
                continue
            assert row.name in model.operation_names, f"{name}:{row.name}"
            shape = model.operation_model(row.name).input_shape
            assert row.unsupported <= set(shape.members if shape is not None else ()), f"{name}:{row.name}"
