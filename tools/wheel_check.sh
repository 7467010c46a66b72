#!/usr/bin/env bash
# Build the wheel, install it into an empty environment outside the repository, and tag files with it there.
#   tools/wheel_check.sh [PYTHON]
set -euo pipefail
python=${1:-python3}
repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export PIP_DISABLE_PIP_VERSION_CHECK=1
"$python" -m venv "$work/env"
rm -rf "$repository/build/lib" # what an earlier build left there would go into the wheel
"$work/env/bin/pip" wheel --quiet --no-deps -w "$work/dist" "$repository"
"$work/env/bin/pip" install --quiet -c "$repository/constraints.txt" "$work"/dist/aikind-*.whl

cp -R "$repository/examples" "$work/articles"
cd "$work"
env/bin/aikind --version
env/bin/aikind tag articles/ --table -o tags.jsonl
env/bin/python - tags.jsonl <<'CHECK'
import json, sys, sysconfig
import aikind
assert aikind.__file__.startswith(sysconfig.get_path("purelib")), aikind.__file__
kinds = {record["id"]: record["kind"] for record in map(json.loads, open(sys.argv[1], encoding="utf-8"))}
assert kinds["articles/drafting-with-a-language-model.md"] == "generative", kinds
assert kinds["articles/red-lentil-soup.md"] == "neither", kinds
CHECK
echo "the wheel works on $("$python" --version)"
