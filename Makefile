# make run           builds luamilter and runs it with SCRIPT
# make test          installs what the tests need (Debian) and runs them
# make lint          gofmt, vet, staticcheck, luacheck
# make fuzz          each fuzz target for FUZZTIME
# make bench         the micro-benchmarks, ready for benchstat, and the tables of docs/performance.md on one CPU
# make profile       what the compiler optimises luamilter for (cmd/luamilter/default.pgo), measured anew
# make deb           the Debian package for ARCH, in out
# make release       archives with static programs for amd64 and arm64, in out
# make reproducible  builds package and archive twice, each from nothing, and compares them
# make deb-test      installs the package in a new Debian root and filters mail there (root and network)

SCRIPT   ?= scripts/hello.lua
FUZZTIME ?= 30s
COUNT    ?= 6
CPU      ?= 0

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# What the tests talk to: a real MTA, a milter client that nobody here wrote, and the reference Lua; a second reader of
# mail; a C compiler is for the race detector, and with libmilter for the filters that benchmarks compare with; shells that
# complete, a reader of manual pages, and a terminal to look at.
TEST_PACKAGES := postfix miltertest lua5.1 gcc libc6-dev libmilter-dev python3 lua-check zsh fish mandoc tmux
TEST_COMMANDS := postconf miltertest lua5.1 gcc python3 luacheck zsh fish mandoc tmux
TEST_FILES    := /usr/include/libmilter/mfapi.h
LINT_PACKAGES := lua-check
LINT_COMMANDS := luacheck
DEB_PACKAGES  := debootstrap systemd-container
DEB_COMMANDS  := debootstrap systemd-nspawn

.PHONY: run build test test-packages lint lint-packages fuzz profile bench deb release reproducible deb-test clean

run: build
	./luamilter --script $(SCRIPT)

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o luamilter ./cmd/luamilter

test: test-packages
	GOFLAGS="$$GOFLAGS -pgo=off" $(GO) test -race -timeout 20m ./...

# Packages are installed only where a command is missing, so that a second run needs no network and no root.
# $(call install,commands,packages,files)
define install
	@missing=; PATH=$$PATH:/usr/sbin:/sbin; for c in $(1); do command -v $$c >/dev/null || missing=1; done; \
	for f in $(3); do [ -e $$f ] || missing=1; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi; \
	  echo "installing $(2)"; \
	  $$as_root apt-get update -q && \
	  $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $(2); \
	fi
endef

test-packages:
	$(call install,$(TEST_COMMANDS),$(TEST_PACKAGES),$(TEST_FILES))

lint-packages:
	$(call install,$(LINT_COMMANDS),$(LINT_PACKAGES))

lint: lint-packages
	@unformatted=$$(gofmt -l cmd docs engine luabind protocol scripts); if [ -n "$$unformatted" ]; then echo "gofmt: $$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	luacheck --quiet --no-color --config scripts/.luacheckrc scripts

fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; \
	done

# The compiler inlines what the profile shows to be called often. Stale, it costs a little speed and nothing else.
profile:
	$(GO) test -run '^$$' -bench '^BenchmarkMessage$$' -benchtime 4s -cpuprofile $(CURDIR)/cmd/luamilter/default.pgo -o /dev/null ./engine
	$(GO) run ./cmd/milterbench strip cmd/luamilter/default.pgo

bench: test-packages
	$(GO) test -run '^$$' -bench . -benchmem -count $(COUNT) ./...
	@set -e; for table in table latency scaling idle; do $(GO) run ./cmd/milterbench $$table --cpu $(CPU) --format markdown; done

deb:
	dist/deb.sh $(ARCH)

release:
	dist/release.sh

reproducible:
	dist/reproducible.sh amd64 fresh

deb-test:
	$(call install,$(DEB_COMMANDS),$(DEB_PACKAGES))
	dist/deb-test.sh

clean:
	rm -rf luamilter out
