# make check is what CI runs, apart from installing things. See CONTRIBUTING.md.

GO ?= go

.PHONY: check test lint race cross bench fuzz reference release clean

check: test lint race cross

# The very command of the README.
test:
	$(GO) test ./...

lint:
	@out=$$($(GO) tool gofumpt -l .); test -z "$$out" || { echo "not formatted with gofumpt:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags dtbench_clock ./scenarios/probes/...
	$(GO) tool staticcheck ./...
	$(GO) mod tidy -diff

# -short leaves out what is long and not concurrent.
race:
	CGO_ENABLED=1 $(GO) test -race -short ./...

# Every command but run --platform local works on these; run says why not.
cross:
	GOOS=darwin GOARCH=arm64 $(GO) vet ./cmd/... ./core/... ./report/... ./results/... ./runner/... ./platforms/...
	GOOS=windows GOARCH=amd64 $(GO) vet ./cmd/... ./core/... ./report/... ./results/... ./runner/... ./platforms/...

# Ratios and bounds, each pair measured in one run; wants a quiet machine.
bench:
	$(GO) test -run '^$$' -bench . -benchtime 1x -v ./runner
	$(GO) test -run '^$$' -bench . ./core/... ./report/... ./scenarios/objectstore ./scenarios/internal/...

# Longer fuzzing than the committed seeds, which every test run tries.
FUZZTIME ?= 20s
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep ^Fuzz || true); do \
			echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; done

# Every stored measurement and every figure in the documents. Commit first: the
# result carries the commit that it was measured at.
reference:
	$(GO) run ./cmd/dtbench run --platform local --out results/reference/local.json --force
	$(GO) run ./cmd/dtbench run --platform local --runtime python --out results/reference/python.json --force
	rm -f results/reference/*.log results/reference/*.svg
	$(GO) run ./runner/profile/measure
	$(GO) test -count=1 ./results/profiles -update
	$(GO) test -run TestReference -count=1 ./runner/microcosts -update
	$(GO) run ./cmd/dtbench attack --format json --out results/reference/attacks.json
	$(GO) test -run TestDocuments -count=1 . -update

# What was measured when the reference was made: a change to it makes the
# reference stale.
MEASURED = core scenarios platforms runner go.mod go.sum ':!*_test.go' ':!*.md'

release:
	@for file in results/reference/local.json results/reference/python.json results/profiles/samples/paper-python.json results/reference/microcosts.json results/reference/attacks.json; do \
		commit=$$(sed -n 's/^ *"commit": "\([0-9a-f]*\)".*/\1/p' $$file); \
		git diff --quiet $$commit HEAD -- $(MEASURED) || { echo "$$file was measured at $$commit and what it measures has changed since: make reference"; exit 1; }; \
	done
	$(GO) run ./scenarios/build/release -out dist

clean:
	rm -rf dist
