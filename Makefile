# SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
# SPDX-License-Identifier: Apache-2.0

# Commands for contributors. `make` lists them. Tools come from PATH or are built once into the user's cache (package/tools).

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# All programs are compiled with the same flags, so that packages are compiled only once. The race detector needs cgo.
export CGO_ENABLED ?= $(if $(RACE),1,0)
export GOFLAGS ?= -trimpath

# Prints the path of a pinned tool.
tool := go run ./package/tools/cmd/tools

##@ Everyday

.PHONY: help
help: ## List all targets
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {printf "  %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: generate
generate: ## Regenerate from the Go types: deepcopy code, CRDs, XRDs, API reference, schemas for kustomize and Helm
	@controller_gen=$$($(tool) controller-gen); \
	angryjet=$$($(tool) angryjet); \
	kustomize=$$($(tool) kustomize); \
	CONTROLLER_GEN=$$controller_gen ANGRYJET=$$angryjet KUSTOMIZE=$$kustomize go run ./cmd/generate

.PHONY: render
render: ## Print the resources composed for an example: EXAMPLE=web-application [STAGE=3] [VARIANT=claim] [CROSSPLANE=1.20]
	@go run ./cmd/render render \
		--example "$(EXAMPLE)" --stage "$(STAGE)" --variant "$(or $(VARIANT),modern)" $(if $(CROSSPLANE),--crossplane "$(CROSSPLANE)")

.PHONY: build
build: ## Compile everything; function, provider and the program for platform teams are in _output/
	@go build ./...
	@go build -o _output/function-platform-application ./fn
	@go build -o _output/provider-keyvault-secretsync ./provider
	@go build -ldflags "-X main.version=$$(git describe --tags --always --dirty 2>/dev/null || echo development)" \
		-o _output/platform-application ./cmd/platform-application

.PHONY: demo
demo: ## Show the life of an application on a local control plane: [ONCE=1] [VARIANT=claim]
	@mkdir -p _output
	@echo "Compiling the demo. The first time this takes some minutes."
	@go build -o _output/plane ./test/plane/cmd/plane
	@exec _output/plane demo $(if $(ONCE),--once) --variant "$(or $(VARIANT),modern)"

.PHONY: demo-down
demo-down: ## Stop the demo and remove its files
	@go run ./test/plane/cmd/plane down

.PHONY: clean
clean: demo-down ## Remove _output/
	@rm -rf _output

##@ Packages

# The shell expands the variables, not make: a tag or a registry cannot become a part of a script.

.PHONY: packages
packages: ## Build all packages, images and charts into _output/packages, for amd64 and arm64: [VERSION=v0.1.0] [ARCH=amd64]
	@go run ./cmd/packages $${VERSION:+--version "$$VERSION"} $${ARCH:+--arch "$$ARCH"}

.PHONY: push
push: ## Build all packages, images and charts, push them, and write their digests to _output/packages/digests: REGISTRY=ghcr.io [VERSION=v0.1.0]
	@go run ./cmd/packages $${VERSION:+--version "$$VERSION"} --push "$${REGISTRY:?set the registry: make push REGISTRY=ghcr.io}"

##@ Release

# Commands of the release workflow. They read VERSION, REGISTRY and, for your own registry, KEY from the environment.
release := go run ./cmd/release

.PHONY: release-check
release-check: ## Check that a tag can be released: VERSION=v0.1.0
	@$(release) check

.PHONY: release
release: ## Build all artifacts into _output/release, push, sign, attest and verify them: VERSION=v0.1.0 REGISTRY=ghcr.io [KEY=cosign.key PUBLIC_KEY=cosign.pub]
	@rm -rf _output/release
	@$(release) publish
	@$(release) verify

.PHONY: release-verify
release-verify: ## Verify the files of a release in _output/release and its artifacts in the registry: VERSION=v0.1.0 REGISTRY=ghcr.io [PUBLIC_KEY=cosign.pub]
	@$(release) verify

# A draft is not public: it becomes the release when all files are uploaded. An existing draft is completed, and a release is not
# changed.
.PHONY: release-announce
release-announce: ## Create the release on GitHub with notes and the files in _output/release: VERSION=v0.1.0
	@notes=$$(mktemp); trap 'rm "$$notes"' EXIT; \
	$(release) notes >"$$notes"; \
	draft=$$(gh release view "$$VERSION" --json isDraft --jq .isDraft 2>/dev/null) || \
		gh release create "$$VERSION" --verify-tag --draft --title "$$VERSION" --notes-file "$$notes"; \
	if [[ $$draft == false ]]; then echo "cannot announce $$VERSION: it is public already, and its files never change" >&2; exit 1; fi; \
	gh release upload "$$VERSION" --clobber "$${OUT:-_output/release}"/*; \
	gh release edit "$$VERSION" --draft=false --prerelease="$$([[ $$VERSION == *-* ]] && echo true || echo false)" --notes-file "$$notes"

##@ Checks

# Without Go's test cache, which does not notice changes of the programs that a test runs.
.PHONY: test
test: ## Run all tests, golden renderings included: [RACE=1] [UPDATE=1] [PKG=./fn/...]
ifdef UPDATE
	@$(MAKE) test-golden-update
endif
	@$(tool) argocd cosign crossplane crossplane-1.20 crossplane-2.0 crossplane-core etcd helm jq kube-apiserver kustomize promtool >/dev/null
	@gotestsum=$$($(tool) gotestsum); \
	"$$gotestsum" --format pkgname-and-test-fails --format-hide-empty-pkg -- \
		-count=1 -shuffle=on -timeout=20m $(if $(RACE),-race) $(or $(PKG),./...)

.PHONY: e2e
e2e: ## Run the end-to-end tests on local control planes: [RUN=TestUpgrade] [APPLICATIONS=200] [IDLE=1h]
	@$(tool) argocd crossplane crossplane-core etcd helm kube-apiserver kube-controller-manager kustomize redis >/dev/null
	@gotestsum=$$($(tool) gotestsum); \
	"$$gotestsum" --format standard-verbose -- \
		-tags e2e -count=1 -timeout=$(if $(IDLE),5h,60m) $(if $(RUN),-run "$(RUN)") ./test/e2e/... \
		$(if $(APPLICATIONS)$(IDLE),-args $(if $(APPLICATIONS),-applications=$(APPLICATIONS)) $(if $(IDLE),-idle=$(IDLE)))

.PHONY: test-golden-update
test-golden-update: ## Update the golden renderings and the pictures of the documentation; review the difference
	@$(tool) argocd crossplane crossplane-core helm kustomize >/dev/null
	@go test ./test/render ./test/delivery -count=1 -run '^TestGolden' -update
	@go test ./test/docs/pictures -count=1 -run '^TestGolden' -update

.PHONY: lint
lint: ## Run all linters: [FIX=1]
	@linter=$$($(tool) golangci-lint); \
	"$$linter" run $(if $(FIX),--fix) ./...
	@$$($(tool) actionlint) -shellcheck= -pyflakes=

# Tests are included, because they run on the machines of contributors.
.PHONY: vulnerabilities
vulnerabilities: ## Check called code for known vulnerabilities: [PKG=./provider/...] [DATABASE=file:///path]
	@$$($(tool) govulncheck) $${DATABASE:+-db "$$DATABASE"} -test $${PKG:-./...}

.PHONY: validate
validate: ## Validate manifests and their composed resources against all schemas: [EXAMPLE=web-application]
	@go run ./cmd/render validate --example "$(EXAMPLE)"

.PHONY: diff
diff: ## Show what an upgrade changes in the composed resources of examples: FROM=v0.1.0 [EXAMPLE=web-application]
	@go run ./cmd/render diff --from "$(FROM)" --example "$(EXAMPLE)"

.PHONY: bench
bench: ## Run all benchmarks
	@go test -run '^$$' -bench . -benchmem ./...

# The limit is a number of inputs, because Go's fuzzer can report a false failure at a time limit on a slow machine.
FUZZ_INPUTS ?= 500

.PHONY: fuzz
fuzz: ## Run each fuzz target with a number of inputs: [FUZZ_INPUTS=500]
	@mapfile -t targets < <(grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | \
		sed -E 's,^(.*)/[^/]*:[0-9]+:func (.*),\1 \2,' | sort); \
	(( $${#targets[@]} )) || { echo "there are no fuzz targets"; exit 1; }; \
	for target in "$${targets[@]}"; do \
		read -r package name <<<"$$target"; \
		output=$$(go test -run '^$$' -fuzz "^$$name\$$" -fuzztime "$(FUZZ_INPUTS)x" -fuzzminimizetime 50x "$$package") || \
			{ echo "$$package $$name"; echo "$$output"; exit 1; }; \
		echo "$$package $$name: $$(sed -nE 's/.*execs: ([0-9]+).*/\1/p' <<<"$$output" | tail -1) inputs"; \
	done

.PHONY: labels
labels: ## Create and update the labels of the repository on GitHub from .github/labels.yaml
	@jq=$$($(tool) jq); \
	"$$jq" --yaml-input --raw-output '.[] | [.name, .color, .description] | @tsv' .github/labels.yaml | \
		while IFS=$$'\t' read -r name color description; do \
			gh label create "$$name" --color "$$color" --description "$$description" --force </dev/null; \
		done

.PHONY: ci
ci: ## Run all checks of the CI workflow
	@.ci/run
