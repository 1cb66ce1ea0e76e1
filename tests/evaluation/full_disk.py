"""`unshare -m python full_disk.py FOLDER FILLED COPY`: a run on a small disk that fills up.

The disk is mounted where only this process and its children see it, and goes with them. Prints what
each of three commands did as JSON: with so many bytes taken, again, and with room.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

N = 600
POLICY = "evaluation_toys:make_adder"
EVALUATE = [
    sys.executable, "-m", "assay.cli.main", "evaluate", POLICY,
    "--import", "evaluation_toys", "--envs", "toy/Sum-v0", "-n", str(N), "--out",
]  # fmt: skip


def evaluate(out: Path) -> dict:
    ran = subprocess.run([*EVALUATE, str(out)], capture_output=True, text=True, timeout=120)
    return {"code": ran.returncode, "out": ran.stdout, "err": ran.stderr}


if __name__ == "__main__":
    folder, filled, copy = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "none", folder], check=True)
    filler, out = folder / "filler", folder / "run.db"
    filler.write_bytes(b"x" * filled)
    ran = [evaluate(out), evaluate(out)]
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=20m", folder], check=True)
    ran.append(evaluate(out))
    shutil.copy(out, copy)
    print(json.dumps({"ran": ran, "left": sorted(path.name for path in folder.iterdir())}))
