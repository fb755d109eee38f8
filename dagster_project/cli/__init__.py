"""The command line `countinghouse`: the same things as the Makefile and the UI, for a merchant's engineer."""

from dagster_project.cli.main import main

__all__ = ["main"]
