"""How a section of `shop.toml` is read: every value is checked, every unknown word is refused.

Decides nothing about shops; it turns one section into values of the wanted type, or raises a `ShopError` of one sentence that
names the file, the word, what is wrong with it and how to mend it. A *section* is one `[name]` block of the file.
"""

import math
from datetime import date
from pathlib import Path
from typing import Any

REQUIRED: Any = object()
EARLIEST_DAY, LATEST_DAY = date(1900, 1, 1), date(2099, 12, 31)
LARGEST = 1e15  # money and volumes beyond it are typing errors, and programs lose their precision
SHOWN = 80


class ShopError(ValueError):
    """A shop folder that cannot be used as it is; the message is one sentence naming the file and the mend."""


class Section:
    """One section of a shop.toml; each call takes one word out of it, and `done` refuses the words left over."""

    def __init__(self, file: Path, name: str, values: Any) -> None:
        if not isinstance(values, dict):
            raise ShopError(f"{file}: [{name}] is not a section; write a line `[{name}]` and its settings below it.")
        self.file, self.name = file, name
        self._values = dict(values)

    def text(self, word: str, default: Any = REQUIRED) -> Any:
        value = self._take(word, default)
        if value is default:
            return value
        if not isinstance(value, str) or (default is REQUIRED and not value.strip()):
            raise self.fault(word, value, "give a text in quotes")
        return value.strip() if default is REQUIRED else value

    def number(self, word: str, default: Any = REQUIRED, *, minimum: float = 0.0, maximum: float = math.inf) -> Any:
        value = self._take(word, default)
        if value is default:
            return value
        return self.checked_number(word, value, minimum, maximum)

    def checked_number(self, word: str, value: Any, minimum: float = 0.0, maximum: float = math.inf) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not minimum <= value <= min(maximum, LARGEST):  # false for NaN
            too_large = is_number and value > LARGEST
            bounds = (
                f"of {minimum:g} or more" if maximum == math.inf and not too_large else f"from {minimum:g} to {min(maximum, LARGEST):g}"
            )
            raise self.fault(word, value, f"give a number {bounds}")
        return float(value)

    def whole(self, word: str, default: Any, *, minimum: int = 0, maximum: int = 3650) -> int:
        value = self._take(word, default)
        if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= maximum:
            raise self.fault(word, value, f"give a whole number from {minimum} to {maximum}")
        return value

    def day(self, word: str, default: Any = REQUIRED) -> Any:
        value = self._take(word, default)
        if value is default:
            return value
        if type(value) is not date:  # a datetime is a date too, and not what is meant
            raise self.fault(word, value, "write a day without quotes, such as 2024-01-31")
        if not EARLIEST_DAY <= value <= LATEST_DAY:
            raise self.fault(word, value.isoformat(), f"give a day from {EARLIEST_DAY} to {LATEST_DAY}")
        return value

    def flag(self, word: str, default: Any = REQUIRED) -> Any:
        value = self._take(word, default)
        if not isinstance(value, bool):
            raise self.fault(word, value, "write true or false, without quotes")
        return value

    def table(self, word: str) -> dict[str, Any]:
        value = self._take(word, {})
        if not isinstance(value, dict):
            raise self.fault(word, value, f"write it as a section of its own, `[{self.name}.{word}]`")
        return value

    def listed(self, word: str) -> list[Any]:
        value = self._take(word, [])
        if not isinstance(value, list):
            raise self.fault(word, value, "give a list in square brackets")
        return value

    def done(self) -> None:
        if self._values:
            words = ", ".join(sorted(self._values))
            raise ShopError(f"{self.file}: [{self.name}] has settings nobody knows ({words}); correct their spelling or take them out.")

    def fault(self, word: str, value: Any, mend: str) -> ShopError:
        shown = repr(value)
        return ShopError(f"{self.file}: [{self.name}] {word} is {shown if len(shown) <= SHOWN else shown[:SHOWN] + '…'}; {mend}.")

    def _take(self, word: str, default: Any) -> Any:
        if word in self._values:
            return self._values.pop(word)
        if default is REQUIRED:
            raise ShopError(f"{self.file}: [{self.name}] has no {word}; add a line `{word} = ...`.")
        return default
