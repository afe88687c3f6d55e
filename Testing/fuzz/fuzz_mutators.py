"""Seeded mutations of bytes and of header lines: what disks, networks, editors and other programs do to files."""

from __future__ import annotations

import random
import struct

_NUMBERS = (0, 1, -1, 2, 7, 127, 128, 255, 256, 32767, -32768, 65535, 2**31 - 1, -(2**31), 2**32 - 1)
_FLOATS = (0.0, -1.0, 1e-30, 1e30, float("nan"), float("inf"), float("-inf"), 1e6, 0.001, 348.0, 352.5)
_WORDS = (
    "0", "-1", "1", "2", "3", "100", "1e9", "nan", "inf", "-inf", "99999999999999999999", "1.5", "", "abc", "(1,0,0)",
    "none", "raw", "gzip", "text", "hex", "bzip2", "float", "double", "short", "uchar", "MET_FLOAT", "MET_UCHAR",
    "MET_SHORT", "MET_DOUBLE", "True", "False", "LOCAL", "other.raw", "big", "little", "domain", "list", "\x00", "é",
)  # fmt: skip


def mutated_bytes(content: bytes, chance: random.Random, header: int) -> bytes:
    """One to three changes of bytes; half of them within the first ``header`` bytes."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if not changed:
            break
        end = min(header, len(changed)) if chance.random() < 0.5 else len(changed)
        at = chance.randrange(end)
        length = min(chance.choice((1, 2, 4, 16, 200, 5000)), len(changed) - at)
        kind = chance.randrange(9)
        if kind == 0:
            changed[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            changed[at] = chance.randrange(256)
        elif kind == 2:
            del changed[at : at + length]
        elif kind == 3:
            changed[at:at] = chance.randbytes(length)
        elif kind == 4:
            changed[at:at] = changed[at : at + length]
        elif kind == 5:
            del changed[at:]
        elif kind == 6:
            changed += chance.choice((b"\0", b"\n", b"\0" * 16, chance.randbytes(length), bytes(changed[:length])))
        elif kind == 7:
            changed[at : at + length] = bytes(length)
        else:
            code = chance.choice("bhiqfd")
            number = (
                chance.choice(_FLOATS) if code in "fd" else _wrapped(chance.choice(_NUMBERS), struct.calcsize(code))
            )
            packed = struct.pack(chance.choice("<>") + code, number)
            changed[at : at + len(packed)] = packed
    return bytes(changed)


def _wrapped(number: int, size: int) -> int:
    bits = 8 * size
    return (number + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def mutated_lines(lines: list[str], chance: random.Random) -> list[str]:
    """One or two changes of a text header: lines that are lost, repeated or moved, values that are others."""
    changed = list(lines)
    for _ in range(chance.choice((1, 1, 2))):
        if not changed:
            break
        at = chance.randrange(len(changed))
        kind = chance.randrange(6)
        if kind == 0:
            del changed[at]
        elif kind == 1:
            changed.insert(chance.randrange(len(changed) + 1), changed[at])
        elif kind == 2:
            changed.insert(chance.randrange(len(changed) + 1), changed.pop(at))
        elif kind == 3:
            changed[at] = _other_word(changed[at], chance)
        elif kind == 4:
            changed.insert(at, _other_word(changed[at], chance))
        else:
            changed[at] = changed[at].swapcase()
    return changed


def _other_word(line: str, chance: random.Random) -> str:
    words = line.split(" ")
    at = chance.randrange(len(words))
    number = words[at].strip("()")
    if number.lstrip("-").isdecimal() and chance.random() < 0.5:
        words[at] = str(int(number) + chance.choice((-1, 1, 10)))
    else:
        words[at] = chance.choice(_WORDS)
    return " ".join(words)
