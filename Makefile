# make test    vet and all tests, with the real servers that are installed and,
#              where there is a C compiler to link it, the race detector
# make golden  write the golden files anew; look at the difference before you commit
# make bench   measure
# make build   the program, static

.PHONY: test golden bench build

# Of SQLite, which is C made Go, the detector sees nothing: there it would find
# no race of ours, and make the whole five times slower.
RACE := $(if $(shell command -v $$(go env CC)),-race -gcflags=modernc.org/...=-race=false)

test:
	@scripts/peers
	@$(if $(RACE),,echo "peers: the race detector is LEFT OUT (it needs a C compiler)"; [ "$$PEERS" != required ])
	go vet $(RACE) ./...
	go test $(RACE) -vet=off ./...

golden:
	go test ./digest ./message ./deliver ./classify -update

bench:
	go test -run '^$$' -bench . -benchmem ./...

build:
	CGO_ENABLED=0 go build -trimpath -o sigpost ./cmd/sigpost
