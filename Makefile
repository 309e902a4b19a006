# Each target is one script; the scripts say what they do and why.
.DEFAULT_GOAL := help
.PHONY: help run dev build test test-local-advisor test-engines test-ui-all test-package bench fmt package package-slim clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-20s %s\n", $$1, $$2 }' Makefile

run:  ## set up, build, fetch the models, then open the app (or tune headless without a display)
	@scripts/run

dev:  ## the app with hot reload of the interface
	@scripts/setup build && scripts/install-ui && ui/node_modules/.bin/tauri dev

build:  ## the release binaries, and nothing else
	@scripts/setup build && scripts/build

test:  ## everything from formatting to the real window
	@scripts/test

test-local-advisor:  ## the tests that need the 1.1 GB advisor model
	@scripts/test-local-advisor

test-engines:  ## real engines, fetched or built for it: ENGINES="diffusers stable-diffusion vllm transformers"
	@scripts/test-engines $(ENGINES)

test-ui-all:  ## every screen of the interface in every size and theme (slow)
	@scripts/test-ui-all

test-package:  ## install the .deb in a clean Debian and run it there (slow, needs root)
	@scripts/test-package

bench:  ## the crates' benchmarks
	cargo bench --workspace --exclude wattsmith --bench '*'

fmt:  ## format Rust and the interface
	cargo fmt --all
	npm --prefix ui run format --if-present

package:  ## a .deb with the engine and the small model
	@scripts/package full

package-slim:  ## a .deb with the engine, without the model
	@scripts/package slim

clean:  ## remove build results; downloaded models stay
	cargo clean
	rm -rf ui/dist ui/node_modules gen
