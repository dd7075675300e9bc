from __future__ import annotations

import base64
import gc
import hashlib
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.body import Body, BodyFile

# https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4 and the catalogue's check values of `123456789`
CHECK_VALUES = {
    "CRC32": "cbf43926",
    "CRC32C": "e3069283",
    "CRC64NVME": "ae8b14860a799888",
    "SHA1": hashlib.sha1(b"123456789").hexdigest(),
    "SHA256": hashlib.sha256(b"123456789").hexdigest(),
    "MD5": hashlib.md5(b"123456789").hexdigest(),
}


@pytest.mark.parametrize("algorithm", CHECK_VALUES)
def test_checksum_of_known_bytes(algorithm: str, tmp_path: Path) -> None:
    path = tmp_path / "spool"
    path.write_bytes(b"--123456789--")
    in_file = Body.of_file(BodyFile(str(path)), 2, 9)
    in_parts = Body.joined([Body.of(b"1234"), Body.of(b""), Body.of(b"56789")])
    for body in (Body.of(b"123456789"), in_file, in_parts):
        assert body.checksum(algorithm).hex() == CHECK_VALUES[algorithm]


def test_md5_of_an_empty_body_is_that_of_no_bytes() -> None:
    assert base64.b64encode(Body.of(b"").md5) == b"1B2M2Y8AsgTpgAmY7PhCfg=="
    assert Body.joined([]).md5 == Body.of(b"").md5
    assert Body.joined([]).checksum("CRC32") == bytes(4)


def test_bytes_in_memory_are_kept_not_copied() -> None:
    data = b"x" * 100
    assert bytes(Body.of(data)) is data


def test_known_digests_are_believed() -> None:
    assert Body.of(b"abc", {"MD5": b"known"}).md5 == b"known"


def test_a_file_goes_with_the_last_body_that_refers_to_it(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    path.write_bytes(b"0123456789")
    whole = Body.of_file(BodyFile(str(path)), 0, 10)
    part = Body.joined([Body.of(b"<"), whole.slice(2, 4)])
    del whole
    gc.collect()
    assert bytes(part) == b"<23"
    del part
    gc.collect()
    assert not path.exists()


def test_a_slice_outside_the_body_is_refused() -> None:
    with pytest.raises(ValueError, match="3:9"):
        Body.of(b"12345").slice(3, 9)


@given(st.lists(st.binary(max_size=20), max_size=6), st.data())
def test_slices_of_joins_are_slices_of_the_bytes(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(parts)
    body = Body.joined([Body.joined([Body.of(part[:3]), Body.of(part[3:])]) for part in parts])
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    cut = body.slice(start, stop)
    assert (bytes(cut), len(cut)) == (whole[start:stop], stop - start)
    assert cut.checksum("CRC32") == zlib.crc32(whole[start:stop]).to_bytes(4, "big")
    assert cut.md5 == hashlib.md5(whole[start:stop]).digest()
