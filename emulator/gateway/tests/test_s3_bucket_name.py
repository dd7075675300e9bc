"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""

from __future__ import annotations

import pytest

from emulator.gateway.s3_bucket_name import InvalidBucketName, check_bucket_name


@pytest.mark.parametrize("name", ["abc", "a1-b.c2", "0" * 63, "1.2.3", "my-s3alias-bucket"])
def test_a_name_by_the_rules_is_accepted(name: str) -> None:
    check_bucket_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "ab", "0" * 64, "Upper", "under_score", "-a1", "a1-", ".a1", "a..b", "192.168.5.4", "xn--abc", "abc-s3alias"],
)
def test_a_name_against_the_rules_is_refused(name: str) -> None:
    with pytest.raises(InvalidBucketName, match="The specified bucket is not valid") as refused:
        check_bucket_name(name)
    assert refused.value.fields == {"BucketName": name}
