"""tag_peer.py SCRIPT FOLDER IN OUT: tag JSON Lines with a peer of the comparison that was trained into FOLDER."""

import json
import sys
from importlib import import_module
from pathlib import Path

from peer_io import Job, read_rows

script, folder, source, target = sys.argv[1:]
task = json.loads((Path(folder) / "job.json").read_text(encoding="utf-8"))
ask = import_module(script).load(Job(Path(task["data"]), task["labels"], task["settings"], Path(folder) / "model"))
rows = read_rows(Path(source))
with Path(target).open("w", encoding="utf-8") as file:
    for id, labels in zip(rows.ids, ask(rows.texts), strict=True):
        file.write(json.dumps({"id": id, "labels": labels}) + "\n")
