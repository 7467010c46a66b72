"""Measure a model folder and write the rates as JSON and as a Markdown table: ``make behaviour``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from aikind import Tagger
from aikind.model_folder import NETWORK

from .behaviours import behaviours
from .measure import Scorer, table


def main() -> None:
    parser = argparse.ArgumentParser(prog="behaviour", description=__doc__)
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON file; the table goes beside it as .md")
    arguments = parser.parse_args()
    tagger = Tagger(arguments.model)
    scorer = Scorer(tagger)
    results = [scorer.measure(behaviour) for behaviour in behaviours().values()]
    report = {
        "model": {"name": tagger.manifest.name, NETWORK: tagger.manifest.files[NETWORK]},
        "behaviours": [
            {"name": r.name, "type": r.type, "expected": r.what, "trials": r.trials, "rate": round(r.rate, 4), "failed": r.failed}
            for r in results
        ],
    }
    lines = "\n".join(table(results))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    arguments.output.with_suffix(".md").write_text(lines + "\n", encoding="utf-8")
    print(lines)


if __name__ == "__main__":
    main()
