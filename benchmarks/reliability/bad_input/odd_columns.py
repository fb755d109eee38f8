"""Columns of Parquet that no contract asks for: nothing, bytes, lists, far days, wide decimals, text that is none."""

import random
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from benchmarks.reliability.bad_input.nasty import NASTY
from benchmarks.reliability.bad_input.sound_shop import ROWS


@cache
def odd_columns() -> dict[str, Callable[[random.Random], Any]]:
    """Columns no contract asks for, by name."""
    import pyarrow as pa

    def repeated(values: list[Any], kind: Any = None) -> Callable[[random.Random], Any]:
        return lambda rng: pa.array([rng.choice(values) for _ in range(ROWS)], kind)

    def numbers(kind: Any, *values: int) -> Callable[[random.Random], Any]:
        return lambda rng: pa.array([rng.choice(values) for _ in range(ROWS)], pa.int64()).view(kind)

    far = (2**63 - 1, -(2**63), 0, 2**62, -(2**62), 1_709_290_800_000_000, 253_402_300_800_000_000, 10**18)
    return {
        "nothing": repeated([None], pa.null()),
        "truth values": repeated([True, False, None]),
        "bytes": repeated([b"abc", b"\xff\xfe", b"", b"\0", None], pa.binary()),
        "fixed bytes": repeated([b"abcd", b"\xf0\x28\x8c\x28"], pa.binary(4)),
        "text that is none": lambda rng: pa.array([rng.choice([b"\xf0", b"ok", b"\xed\xa0\x80", b"\xc3"]) for _ in range(ROWS)]).view(
            pa.string()
        ),
        "large text that is none": lambda rng: pa.array(
            [rng.choice([b"\xf4\x90\x80\x80" * 5, b"a long enough text", b"\x80" * 20]) for _ in range(ROWS)], pa.large_binary()
        ).view(pa.large_string()),
        "categories of text": lambda rng: pa.array([rng.choice(NASTY) for _ in range(ROWS)]).dictionary_encode(),
        "lists": repeated([[1, 2], [], None, [None]]),
        "lists of days": repeated([[date(2024, 3, 1)], [date(1, 1, 1)], None]),
        "structures": repeated([{"a": 1, "b": "x"}, {"a": None, "b": ""}, None]),
        "maps": repeated([[("a", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "decimals": repeated([Decimal("1.5"), Decimal("-99999.99"), None], pa.decimal128(20, 4)),
        "wide decimals": repeated([Decimal("1.5"), Decimal(10) ** 60, None], pa.decimal256(70, 4)),
        "unsigned integers": repeated([0, 1, 2**64 - 1, 2**53 + 1], pa.uint64()),
        "small integers": repeated([0, 1, -128, 127], pa.int8()),
        "half floats": repeated([0.5, None], pa.float16()),
        "floats": repeated([float("nan"), float("inf"), -0.0, 5e-324, 1.7e308, 17850.0, 1e19, None]),
        "float32": repeated([1.1, float("nan"), 3.4e38], pa.float32()),
        "days": repeated([date(1, 1, 1), date(9999, 12, 31), date(1970, 1, 1), date(2024, 3, 2), None]),
        "days of no calendar": lambda rng: pa.array([rng.choice([2**31 - 1, -(2**31), 0, 19_800]) for _ in range(ROWS)], pa.int32()).view(
            pa.date32()
        ),
        "days in milliseconds": numbers(pa.date64(), *(int(each / 86_400_000) * 86_400_000 for each in far[2:])),
        "seconds": numbers(pa.timestamp("s"), *far),
        "milliseconds in UTC": numbers(pa.timestamp("ms", "UTC"), *far),
        "microseconds": numbers(pa.timestamp("us"), *far),
        "nanoseconds in New York": numbers(pa.timestamp("ns", "America/New_York"), *far),
        "times of a zone nobody knows": numbers(pa.timestamp("us", "Mars/Olympus"), 1_709_290_800_000_000),
        "times of an offset": numbers(pa.timestamp("us", "+05:30"), 1_709_290_800_000_000, 0),
        "hours": repeated([time(0), time(23, 59, 59), None]),
        "durations": repeated([timedelta(days=1), timedelta(0), None]),
        "long durations": numbers(pa.duration("s"), *far),
        "nasty text": lambda rng: pa.array([rng.choice(NASTY) for _ in range(ROWS)]),
        "text views": lambda rng: pa.array([rng.choice(NASTY) for _ in range(ROWS)], pa.string_view()),
    }
