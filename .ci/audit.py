"""Is a secret in the repository, and is a known vulnerability among the locked packages? Part of `make check`.

The scan for secrets (detect-secrets) works offline over the files git knows; a false positive gets an inline `pragma: allowlist secret`.
The audit of packages (pip-audit) asks the OSV database; where that cannot be reached, or does not answer in time, it is skipped with the
reason, never silently. Prints one line each; exits 1 on a finding.
"""

import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
GENERATED = (".lock", ".png")  # hashes and pictures are all entropy
ANSWER_SECONDS, LONGEST_SECONDS = 5, 150


def secrets() -> bool:
    """Whether no file holds a secret."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        print("secrets: skipped, this is no git work tree")
        return True
    names = [name for name in listed.stdout.split("\0") if name and not name.endswith(GENERATED) and (REPOSITORY / name).is_file()]
    done = subprocess.run([BIN / "detect-secrets-hook", "--no-verify", *names], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        print(f"secrets: none in {len(names)} files")
        return True
    print(done.stdout + done.stderr)
    return False


def advisories() -> bool:
    """Whether no locked package has a known vulnerability, as far as anybody could be asked."""
    asked = ["--requirement", "requirements.lock", "--require-hashes", "--disable-pip", "--vulnerability-service", "osv"]
    said = ["--format", "json", "--progress-spinner", "off", "--timeout", str(ANSWER_SECONDS)]
    try:
        done = subprocess.run(
            [BIN / "pip-audit", *asked, *said], cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS
        )
    except subprocess.TimeoutExpired:
        print(f"advisories: skipped, the advisory database did not answer within {LONGEST_SECONDS} s")
        return True
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        if "Error" in done.stderr and ("Connection" in done.stderr or "Timeout" in done.stderr or "connect" in done.stderr):
            print("advisories: skipped, no advisory database reachable")
            return True
        print(f"advisories: pip-audit failed\n{done.stderr[-2000:]}")
        return False
    audited = [package for package in packages if "skip_reason" not in package]
    if not audited:
        print("advisories: skipped, the advisory database knows none of the packages")
        return True
    found = [(package["name"], package["version"], flaw) for package in audited for flaw in package["vulns"]]
    for name, version, flaw in found:
        print(f"advisories: {name} {version}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no version yet'}")
    print(f"advisories: {len(found)} for {len(audited)} of {len(packages)} locked packages")
    return not found


if __name__ == "__main__":
    results = [secrets(), advisories()]
    sys.exit(0 if all(results) else 1)
