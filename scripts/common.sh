# Sourced by the other scripts: the repository root, plain messages, and the names they share.
# shellcheck shell=bash

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# rustup puts cargo here; a shell that was not restarted since does not have it in PATH yet.
if ! command -v cargo >/dev/null && [[ -x "$HOME/.cargo/bin/cargo" ]]; then
  PATH="$HOME/.cargo/bin:$PATH"
fi

# shellcheck disable=SC2034 # used by the scripts that source this
STAMPS=target/stamps # what was built from which sources

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
die() {
  printf '\nwattsmith: %s\n' "$*" >&2
  exit 1
}

# at_least HAVE WANT: compares version numbers.
at_least() { [[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" == "$2" ]]; }
