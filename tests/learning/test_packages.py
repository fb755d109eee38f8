"""Every package can be imported first, in a process of its own: none leans on another having been imported before."""

import subprocess
import sys
from pathlib import Path

import pytest

import learning
import optimization

PACKAGES = sorted(
    f"{root.__name__}.{folder.name}"
    for root in (learning, optimization)
    for folder in Path(root.__path__[0]).iterdir()
    if (folder / "__init__.py").exists()
)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_can_be_imported_first(package: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"import {package}"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
