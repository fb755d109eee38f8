"""Dagster's own server and daemon for a while, spoken to as its UI does: over GraphQL."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LAUNCH = """
mutation Launch($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
    ... on PartitionSetNotFoundError { message }
  }
}
"""
PROGRESS = """
query Progress($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    __typename
    ... on PartitionBackfill { status numPartitions error { message } runs(limit: 100) { id status } }
  }
}
"""
ASSETS = "{ assetNodes { assetKey { path } isPartitioned isMaterializable } }"
PARTITIONS = """
query Partitions($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode { partitionStats { numMaterialized numFailed numPartitions numMaterializing } }
  }
}
"""


@contextmanager
def served(shop: Path, var: Path, patience_seconds: float = 300) -> Iterator["Server"]:
    """`countinghouse ui` for the shop on a free loopback port, ended with its children afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("countinghouse")), "ui", "--shop", str(shop), "--port", str(port)]
    log = (var / "server.log").open("w", encoding="utf-8")
    process = subprocess.Popen(
        command, env={**os.environ, "COUNTINGHOUSE_VAR": str(var)}, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        server = Server(port, process)
        server.wait_until_up(patience_seconds)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


class Server:
    """A running server."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.url, self.process = f"http://127.0.0.1:{port}/graphql", process

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """One GraphQL request; errors raise."""
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = json.loads(answer.read())
        if content.get("errors"):
            raise RuntimeError(content["errors"])
        return content["data"]

    def wait_until_up(self, seconds: float) -> None:
        """Until the code location is loaded."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended before it was up; see server.log")
            try:
                if self.ask(ASSETS)["assetNodes"]:
                    return
            except (OSError, RuntimeError):
                pass
            time.sleep(1)
        raise TimeoutError("the server did not come up; see server.log")

    def launch(self, days: list[str]) -> str:
        """Launch all assets for the days as the UI does; returns the backfill's id."""
        keys = [node["assetKey"]["path"] for node in self.ask(ASSETS)["assetNodes"] if node["isMaterializable"] and node["isPartitioned"]]
        params = {"assetSelection": [{"path": path} for path in keys], "partitionNames": days, "title": "benchmark"}
        answer = self.ask(LAUNCH, {"params": params})["launchPartitionBackfill"]
        if "backfillId" not in answer:
            raise RuntimeError(answer)
        return answer["backfillId"]

    def backfill(self, days: list[str], seconds: float = 3600) -> dict[str, Any]:
        """The same, waited for; returns status and runs."""
        return self.ended(self.launch(days), seconds)

    def ended(self, backfill_id: str, seconds: float = 3600) -> dict[str, Any]:
        """Status and runs of a launched backfill, once it has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.ask(PROGRESS, {"id": backfill_id})["partitionBackfillOrError"]
            if found["status"] in ("COMPLETED", "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED"):
                return found
            time.sleep(2)
        raise TimeoutError("the backfill did not end")

    def partitions(self) -> dict[str, dict[str, int]]:
        """Partition counts per asset."""
        counts = {}
        for node in self.ask(ASSETS)["assetNodes"]:
            if node["isPartitioned"] and node["isMaterializable"]:
                path = node["assetKey"]["path"]
                counts["/".join(path)] = self.ask(PARTITIONS, {"key": {"path": path}})["assetNodeOrError"]["partitionStats"]
        return counts
