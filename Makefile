# make test    vet and all tests, with the real servers that are installed and,
#              where there is a C compiler to link it, the race detector
# make golden  write the golden files anew; look at the difference before you commit
# make bench   measure
# make build   the program, static

.PHONY: test golden bench build

# Of SQLite, which is C made Go, the detector sees nothing: there it would find
# no race of ours, and make the whole five times slower.
RACE := $(if $(shell command -v $$(go env CC)),-race -gcflags=modernc.org/...=-race=false)

# In these packages no goroutine is started, by code or tests: the detector could
# find nothing there, and makes their tests five to fifteen times slower.
# internal/archtest holds them to it. Who uses them from many goroutines (app, web)
# is tested with it.
ALONE := . ./bench ./bench/ingest ./bounce ./calendar ./digest ./internal/inline ./internal/osa ./internal/prose ./internal/tomlfile ./message ./summary ./templates ./thread

# A year of a list, and what bench measures: the program as another process, built as
# it is for people. Nothing that the detector does not see elsewhere, and five times as
# long with it.
SOAK := ./soak
BENCH := ./bench/deliver ./bench/web

# Commands that end, and pages in a browser, which are tried from outside: a process of the
# detector for each of some hundreds takes more time than all else, and browsers ask for pages
# that other tests ask for with it. What goes on (serve, work) has tests of its own with it.
OUTSIDE := ^Test(Scripts|EditingInABrowser|EditingByKeys|TheWayInABrowser|ReviewingInABrowser|ReviewPagesInABrowser)$$

# What needs many processes, many cases and minutes is scripts/proofs, which CI runs too.
# Much of the time tests wait, for servers and browsers: more packages than there
# are cores are tested at once (-p).
# A program with the detector waits a second before it ends, in case something
# races even then, and the tests start hundreds; this is in milliseconds.
test: export GORACE ?= atexit_sleep_ms=50
test:
	@scripts/peers
	@$(if $(RACE),,echo "peers: the race detector is LEFT OUT (it needs a C compiler)"; [ "$$PEERS" != required ])
	go vet $(RACE) ./...
	go test $(RACE) -p 6 -parallel 4 -timeout 25m -vet=off -skip "$$(scripts/proofs names)|$(OUTSIDE)" $$(go list ./... | grep -vxF "$$(go list $(ALONE) $(BENCH) $(SOAK))")
	go test -vet=off -run '$(OUTSIDE)' ./cmd/sigpost ./app
	go test -vet=off -skip "$$(scripts/proofs names)" $(ALONE) $(BENCH)
	go test -vet=off -short $(SOAK)

golden:
	go test ./digest ./message ./deliver ./classify -update

bench:
	go test -run '^$$' -bench . -benchmem ./...

build:
	CGO_ENABLED=0 go build -trimpath -o sigpost ./cmd/sigpost
