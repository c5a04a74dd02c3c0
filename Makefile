# Everything sets itself up: `make run` serves, `make test` passes the tests, on a fresh Debian 12 with
# the Swift toolchain.

# Exclusivity is checked in debug builds, tests and sanitizer runs; the checks cost a fifth of all
# instructions in release (docs/decisions/exclusivity-checks.md).
RELEASE = -c release -Xswiftc -enforce-exclusivity=unchecked -Xswiftc -cross-module-optimization
SOURCES = Sources Tests Package.swift


.PHONY: run build test test-swift test-black-box check-docs bench format lint fuzz sanitize clean

run: build
	.build/release/sluice demo

build:
	scripts/install build
	swift build $(RELEASE) --product sluice

test: lint test-swift test-black-box check-docs

test-swift:
	scripts/install build test
	swift test

test-black-box: build
	scripts/install test
	Tests/BlackBox/run

# The tables of the reference are what the program says of itself.
check-docs: build
	scripts/generate-docs --check

bench: build
	scripts/install bench
	bench/run

format:
	swift format -i -r $(SOURCES)

lint:
	swift format lint -s -r $(SOURCES)
	scripts/check-tree

# Each target for FUZZ_SECONDS; `make fuzz FUZZ_SECONDS=600` for longer.
FUZZ_SECONDS ?= 30
fuzz:
	scripts/install build
	Tests/Fuzz/run $(FUZZ_SECONDS)

sanitize:
	scripts/install build test
	scripts/sanitize

clean:
	rm -rf .build .venv
