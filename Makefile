# Everything sets itself up: `make run` serves, `make test` passes the tests, on a fresh Debian 12 with
# the Swift toolchain.

# Exclusivity is checked in debug builds, tests and sanitizer runs; the checks cost a fifth of all
# instructions in release (docs/decisions/exclusivity-checks.md).
# With the standard library inside, the program needs no Swift where it runs: only libcurl and hiredis.
RELEASE = -c release -Xswiftc -enforce-exclusivity=unchecked -Xswiftc -cross-module-optimization \
    --static-swift-stdlib
SOURCES = Sources Tests Package.swift

# Where `make install` puts things; DESTDIR goes in front of all of them.
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc

.PHONY: run build install test test-swift test-black-box check-docs check-budget bench format lint fuzz sanitize clean

run: build
	.build/release/sluice demo

build:
	scripts/install build
	swift build $(RELEASE) --product sluice

# What is built is installed: `make build && sudo make install`. Nothing in $(SYSCONFDIR) is overwritten.
# SLUICE names another program.
SLUICE ?= .build/release/sluice
DATA = $(DESTDIR)$(PREFIX)/share/sluice
CONFIGURATION = $(DESTDIR)$(SYSCONFDIR)/sluice
UNITS = $(DESTDIR)$(PREFIX)/lib/systemd/system
install:
	install -d -m 700 $(CONFIGURATION)/secrets
	install -D -s -m 755 $(SLUICE) $(DESTDIR)$(PREFIX)/bin/sluice
	install -D -m 644 -t $(DATA) prices.json
	sed 's|"activity.jsonl"|"/var/log/sluice/activity.jsonl"|' plugins.json >$(DATA)/plugins.json
	for unit in sluice.service sluice@.service; do \
	    sed 's|/usr/local|$(PREFIX)|; s|/etc/sluice|$(SYSCONFDIR)/sluice|' packaging/sluice.service \
	        | install -D -m 644 /dev/stdin $(UNITS)/$$unit || exit 1; done
	for file in plugins.json prices.json; do \
	    test -e $(CONFIGURATION)/$$file || install -m 644 $(DATA)/$$file $(CONFIGURATION)/$$file || exit 1; done
	install -d $(DESTDIR)$(PREFIX)/share/doc/sluice
	cp -R README.md CHANGELOG.md docs $(DESTDIR)$(PREFIX)/share/doc/sluice/

test: lint test-swift test-black-box check-docs check-budget

test-swift:
	scripts/install build test
	swift test

test-black-box: build
	scripts/install test
	Tests/BlackBox/run

# The tables of the reference are what the program says of itself.
check-docs: build
	scripts/generate-docs --check

# Fails when a small request takes more instructions than bench/budget.json says.
check-budget: build
	scripts/install budget
	bench/instructions

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
