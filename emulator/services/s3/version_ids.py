"""Version ids: 32 characters that nobody can guess, in which S3 itself reads when the version was made.

A listing goes on behind a version that was deleted meanwhile, and an id that was never given is told from one that is gone.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
"""

from __future__ import annotations

import random
import string
import zlib

__all__ = ["made_at", "new_version_id"]

_ALPHABET = string.ascii_letters + string.digits + "._"
_PLACES = {sign: place for place, sign in enumerate(_ALPHABET)}
_STEM, _SEQUENCE, _CHECK = 22, 8, 2
_CHARACTERS = _STEM + _SEQUENCE + _CHECK
_SEQUENCES = 1 << 48


def new_version_id(source: random.Random, sequence: int) -> str:
    """The id of the version that the `sequence`th change of its bucket makes."""
    stem = "".join(source.choices(_ALPHABET, k=_STEM))
    head = stem + _written(sequence ^ _mask(stem), _SEQUENCE)
    return head + _written(zlib.crc32(head.encode()), _CHECK)


def made_at(text: str) -> int | None:
    """The change that made the version of an id; None for what was never an id."""
    if len(text) != _CHARACTERS or not _PLACES.keys() >= set(text):
        return None
    head = text[:-_CHECK]
    if text[-_CHECK:] != _written(zlib.crc32(head.encode()), _CHECK):
        return None
    number = 0
    for sign in head[_STEM:]:
        number = number * len(_ALPHABET) + _PLACES[sign]
    return number ^ _mask(head[:_STEM])


def _mask(stem: str) -> int:
    """What hides a sequence, of which the rest of the id is the key."""
    key = stem.encode()
    mask: int = ((zlib.crc32(key) << 16) | (zlib.adler32(key) & 0xFFFF)) % _SEQUENCES
    return mask


def _written(number: int, characters: int) -> str:
    signs = []
    for _ in range(characters):
        number, place = divmod(number, len(_ALPHABET))
        signs.append(_ALPHABET[place])
    return "".join(reversed(signs))
