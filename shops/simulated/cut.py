"""Cut a simulated shop back to what its systems held on the evening of an earlier day: the same shop, not yet grown that far."""

import re
import shutil
from datetime import date, datetime, time, timedelta
from pathlib import Path

import polars as pl

LAST_DAY_LINE = re.compile(r"^last_day = .*\n", re.MULTILINE)


def cut_shop(folder: Path, target: Path, day: date) -> None:
    """Write into `target` (emptied first) the shop in `folder` with nothing recorded after `day`; shop.toml then names no last day.

    A shop cut on two days in a row differs by exactly the records of the later day. Lines of the CSV file whose `recorded_at` cannot be
    read are kept, as they were there all along.
    """
    known_before = datetime.combine(day + timedelta(days=1), time())
    shutil.rmtree(target, ignore_errors=True)
    for source in sorted(folder.rglob("*")):
        goal = target / source.relative_to(folder)
        goal.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".parquet":
            frame = pl.read_parquet(source).filter(pl.col("recorded_at") < known_before)
            frame.write_parquet(goal, compression="zstd")
        elif source.suffix == ".csv":
            lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
            goal.write_text("".join(line for line in lines if _is_known(line, known_before)), encoding="utf-8")
        elif source.name == "shop.toml":
            goal.write_text(LAST_DAY_LINE.sub("", source.read_text(encoding="utf-8")), encoding="utf-8")


def _is_known(line: str, known_before: datetime) -> bool:
    """Whether the line's last cell, its `recorded_at`, lies before that moment or is no moment at all."""
    try:
        return datetime.fromisoformat(line.rstrip("\n").rsplit(",", 1)[-1]) < known_before
    except ValueError:
        return True
