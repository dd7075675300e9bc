from __future__ import annotations

import pytest

from emulator.services.s3.tests.s3_driver import S3Driver


@pytest.fixture
def s3() -> S3Driver:
    """S3 with one bucket, `bucket`."""
    driver = S3Driver()
    driver.bucket()
    return driver


@pytest.fixture
def versioned() -> S3Driver:
    """S3 with one bucket, `bucket`, that keeps versions."""
    driver = S3Driver()
    driver.bucket(versioning="Enabled")
    return driver
