"""Customer numbers become keyed pseudonyms before anything is written.

Decides how: HMAC-SHA-256 over the number in one spelling (Unicode NFKC, no surrounding blanks, lower case), the first 128 bits as
32 hexadecimal digits. The same number and key give the same *pseudonym* in every table and run; without the *key*, a random
secret kept in a file that only its owner may read, a pseudonym cannot be traced back by trying out numbers.
"""

import hmac
import os
import secrets
import stat
import subprocess
import unicodedata
from pathlib import Path

import polars as pl

KEY_BYTES = 32
PSEUDONYM_DIGITS = 32


def pseudonymise(values: pl.Series, key: bytes) -> pl.Series:
    """Return the pseudonym of each value, null where it is null; each distinct value is computed once. Raises ValueError on a short key."""
    if len(key) < 16:
        raise ValueError(f"Expected a key of at least 16 bytes, got {len(key)}.")
    text = values.cast(pl.String)
    distinct = text.unique().drop_nulls()
    pseudonyms = pl.Series([_pseudonym(value, key) for value in distinct], dtype=pl.String)
    return text.replace_strict(distinct, pseudonyms, default=None, return_dtype=pl.String)


def _pseudonym(value: str, key: bytes) -> str:
    spelling = unicodedata.normalize("NFKC", value).strip().lower()
    return hmac.digest(key, spelling.encode(), "sha256").hex()[:PSEUDONYM_DIGITS]


def load_or_create_key(path: Path) -> bytes:
    """Read the key in `path`; where there is none, write a random one that only the owner may read. Raises ValueError on a damaged key."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # fails where another process was first: its key counts
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} is no key of {2 * KEY_BYTES} hex digits; restore it from a backup, a new key would make new customers.")
    return key


def key_file_warnings(path: Path) -> list[str]:
    """What is wrong with where the key lies: others may read it, or git would take it along. Nothing where there is no key yet."""
    if not path.exists():
        return []
    told = []
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        told.append(f"{path} can be read by others (mode {mode:04o}). Close it: chmod 600 {path}")
    if any((folder / ".git").exists() for folder in path.resolve().parents) and not _is_ignored_by_git(path):
        told.append(
            f"{path} lies in a git work tree that does not ignore it; whoever gets the repository could trace customers. Move it "
            "(COUNTINGHOUSE_KEY_FILE) or add it to .gitignore."
        )
    return told


def _is_ignored_by_git(path: Path) -> bool:
    """Also true where git cannot be asked: a warning that may be wrong every day is not read on the day it is right."""
    question = ["git", "-C", str(path.resolve().parent), "check-ignore", "--quiet", str(path.resolve())]
    try:
        return subprocess.run(question, capture_output=True, timeout=5, check=False).returncode != 1
    except (OSError, subprocess.TimeoutExpired):
        return True
