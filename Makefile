# The commands of trueup; `make` lists them. .ci/run runs the checks among them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# Settings of `make run` and `make demo`, from the command line or the environment.
PORT ?= 8080
S3_PORT ?= 9000
DYNAMODB_PORT ?= 0
DATA ?= .local
DEMO_DATA ?= .local-demo
VLSC ?= statements
VLSC_PORT ?= 9002
REFRESH_AT ?= 04:15
EXECUTIONS ?= 10

# Options of `make import`, as in POST /imports.
FILE ?=
GROUP ?=
PROGRAM ?=
ON_ERROR ?=
DRY_RUN ?=

# The function that `make invoke` calls, and the file with the event.
FUNCTION ?= import
EVENT ?= events/schedule.json

# Time for each fuzz target, flags of internal/testkit/bench, and extra arguments of
# go test and cdk deploy.
FUZZTIME ?= 30s
HISTORIES ?= 500
BENCHFLAGS ?= -table internal/docs/performance.md
TESTFLAGS ?=
DEPLOY_ARGS ?=

GOFUMPT_VERSION := v0.12.0
GOLANGCI_LINT_VERSION := v2.15.0
# All clones share this cache: each tool is built once per version of the tool and of Go.
TOOLS_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/trueup-tools

FUNCTIONS := $(sort $(notdir $(patsubst %/main.go,%,$(wildcard functions/*/main.go))))
# Generated templates are as the generator writes them.
GO_SOURCES = $$(find . \( -name node_modules -o -name dist -o -name cdk.out -o -path ./infra/tools/clients/api -o -name '.?*' \) -prune -o -name '*.go' ! -name '*_templ.go' -print)
# Without inlining in the AWS SDK a zip is 0.17 MB smaller, without inlining in net/http and the other
# packages of net 0.05 MB, in TLS, certificates, XML and what they use 0.06 MB, and in huma, the HTTP API,
# what reads and writes the table, and what refreshes and the licences of users and devices do 0.08 to 0.19 MB, and in the console and its libraries 0.14 MB.
# In system calls, where the call itself takes longer, and in messages it is 0.01 MB.
# The time of their calls is spent elsewhere. Ciphers and curves, and what reads and counts rows, keep theirs.
BUILD_FLAGS := -trimpath -buildvcs=false -tags lambda.norpc -gcflags=github.com/aws/...=-l
ZIP_FLAGS := $(BUILD_FLAGS) $(foreach package,net/... crypto/tls crypto/x509/... encoding/asn1 encoding/xml fmt mime/... log/... vendor/... \
  math/big context io/fs internal/poll internal/syscall/... syscall golang.org/x/sync/... os/... path/... github.com/danielgtaylor/huma/... github.com/a-h/templ/... github.com/coreos/go-oidc/v3/... github.com/go-jose/go-jose/v4/... golang.org/x/oauth2/... golang.org/x/text/language golang.org/x/text/internal/... encoding/json $(addprefix trueup/internal/,access agreement/... audit group httpapi/... aws/... \
  app/... config console/... cursor day delivery device directories directory entitlement/... errs i18n id importer intake/... inventories jobs journal lease licensing manifest misfiled notice notifier objects once refresher reminder retention retry snapshot statements subscription view vlsc),-gcflags=$(package)=-l)
MAX_ZIP_BYTES := 5000000

# The local stack and the tests have their own AWS settings. A profile or certificate
# bundle for the real AWS would break them or slow them down.
LOCAL_ENV := env -u AWS_PROFILE -u AWS_CA_BUNDLE

ENGINE := infra/local/node_modules/.package-lock.json
DUCKDB := internal/testkit/bench/duckdb/node_modules/.package-lock.json
LIGHTHOUSE := internal/testkit/bench/lighthouse/node_modules/.package-lock.json
TOOLS := infra/tools/node_modules/.package-lock.json
GOFUMPT := dist/tools/gofumpt-$(GOFUMPT_VERSION)/gofumpt
GOLANGCI_LINT := dist/tools/golangci-lint-$(GOLANGCI_LINT_VERSION)/golangci-lint
CDK := infra/tools/node_modules/.bin/cdk

# Passed in the environment, because values can contain spaces and quotes.
export FILE GROUP PROGRAM ON_ERROR DRY_RUN FUNCTION EVENT
import invoke: export API := http://127.0.0.1:$(PORT)

.PHONY: browser help run demo import invoke test axe picture race histories bench lighthouse fuzz lint fmt golden build size clients synth diff deploy ci clean local need-go need-npm need-java

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: need-java local ## Start the whole stack on this machine (PORT, S3_PORT, DYNAMODB_PORT, DATA, VLSC, EXECUTIONS)
	@exec $(LOCAL_ENV) dist/local/bin/local -port $(PORT) -s3-port $(S3_PORT) -dynamodb-port $(DYNAMODB_PORT) -data "$(DATA)" \
	  -vlsc "$(VLSC)" -vlsc-port $(VLSC_PORT) -refresh-at "$(REFRESH_AT)" -executions "$(EXECUTIONS)"

demo: need-java local ## Load an organisation of 2,000 PCs, show its report and check it (PORT, S3_PORT)
	@exec $(LOCAL_ENV) dist/local/bin/demo -api http://127.0.0.1:$(PORT) -s3 http://127.0.0.1:$(S3_PORT) \
	  -port $(PORT) -s3-port $(S3_PORT) -data "$(DEMO_DATA)"

import: ## Import FILE into the running stack (GROUP, PROGRAM, ON_ERROR, DRY_RUN)
	@bash infra/local/import.sh "$$API" "$$FILE" "$$GROUP" "$$PROGRAM" "$$ON_ERROR" "$$DRY_RUN"

invoke: ## Call FUNCTION of the running stack with the event in the file EVENT
	@lambda=$$(curl -fsS "$$API/dev/lambda") || { echo "the local stack does not respond at $$API: start it with make run, and give the same PORT" >&2; exit 1; }; \
	  curl -sS --fail-with-body --data-binary "@$$EVENT" "$$lambda/2015-03-31/functions/$$FUNCTION/invocations"; echo

# Tests of programs wait for leases and retries, so that one package more than there are processors keeps
# these busy.
AT_ONCE = $$(($$(getconf _NPROCESSORS_ONLN) + 1))

test: need-java local $(DUCKDB) $(TOOLS) ## Run all tests, including end-to-end and infrastructure tests (TESTFLAGS)
	$(LOCAL_ENV) TRUEUP_REQUIRE_DYNAMODB=1 TRUEUP_REQUIRE_DUCKDB=1 go test -shuffle=on -timeout 20m -p $(AT_ONCE) $(TESTFLAGS) ./...
	$(LOCAL_ENV) JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20 go test -shuffle=on -timeout 20m $(TESTFLAGS) -tags cdk ./infra
	@[ "$${TRUEUP_REQUIRE_BROWSER:-}" = 1 ] || echo "the tests in a browser were left out: run make browser"

browser: need-java local $(TOOLS) ## Test the console in Chromium, each job in four ways, which takes minutes (TESTFLAGS)
	$(LOCAL_ENV) TRUEUP_REQUIRE_DYNAMODB=1 TRUEUP_REQUIRE_BROWSER=1 go test -count=1 -timeout 60m $(TESTFLAGS) -run TestBrowser ./infra/local/e2e

axe: need-java local $(TOOLS) ## Check every page and state of the console with axe, in all widths and themes
	$(LOCAL_ENV) TRUEUP_REQUIRE_DYNAMODB=1 TRUEUP_REQUIRE_BROWSER=1 TRUEUP_BROWSER_MATRIX=full go test -count=1 -timeout 60m -v -run 'TestBrowser/(pages|states|first)' ./infra/local/e2e

picture: need-java local $(TOOLS) ## Make the pictures of the README from the console with the demo
	$(LOCAL_ENV) TRUEUP_REQUIRE_DYNAMODB=1 TRUEUP_REQUIRE_BROWSER=1 go test -count=1 -run TestPictures ./infra/local/e2e -pictures

# The packages with the most concurrency.
CONCURRENT := ./internal/importer ./internal/aws/dynamo ./internal/httpapi ./internal/journal ./internal/register ./internal/catalog ./internal/vlsc ./internal/refresher ./internal/snapshot \
  ./infra/local/aws/lambda ./infra/local/aws/s3 ./infra/local/vlsc

race: need-java local ## Test the concurrent packages under the race detector (TESTFLAGS)
	$(LOCAL_ENV) TRUEUP_REQUIRE_DYNAMODB=1 CGO_ENABLED=1 go test -race -shuffle=on -timeout 20m $(TESTFLAGS) $(CONCURRENT)

histories: need-java local ## Check HISTORIES random histories of agreements and of licences for linearizability
	$(LOCAL_ENV) TRUEUP_REQUIRE_DYNAMODB=1 TRUEUP_HISTORIES=$(HISTORIES) go test -v -timeout 6h -run 'Linearizable$$' ./internal/aws/dynamo

bench: need-java local build $(DUCKDB) $(TOOLS) $(if $(findstring -quick,$(BENCHFLAGS)),,$(LIGHTHOUSE)) ## Measure speed and size, and write internal/docs/performance.md (BENCHFLAGS)
	@CGO_ENABLED=0 go build $(BUILD_FLAGS) -o dist/local/bin/ ./internal/testkit/bench/bare
	$(LOCAL_ENV) go run ./internal/testkit/bench $(BENCHFLAGS)

lighthouse: BENCHFLAGS := -only lighthouse -strict
lighthouse: bench ## Measure pages of the console with Lighthouse, and fail below its bounds

fuzz: need-go ## Fuzz every fuzz target for FUZZTIME each
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' functions infra internal | sed 's/func //' | \
	while IFS=: read -r file target; do \
	  echo "$${file%/*} $$target"; \
	  go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "./$${file%/*}" </dev/null; \
	done

lint: need-go $(GOFUMPT) $(GOLANGCI_LINT) $(TOOLS) ## Check formatting, run golangci-lint (with go vet and staticcheck), lint the OpenAPI documents
	@unformatted=$$($(GOFUMPT) -l $(GO_SOURCES)); \
	  [ -z "$$unformatted" ] || { printf 'not formatted (run make fmt):\n%s\n' "$$unformatted" >&2; exit 1; }
	$(GOLANGCI_LINT) run --allow-parallel-runners
	$(GOLANGCI_LINT) run --allow-parallel-runners --build-tags cdk ./infra
	@REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
	  infra/tools/node_modules/.bin/redocly lint --config infra/tools/redocly.yaml internal/docs/openapi.json internal/docs/vlsc.json

clients: need-go $(TOOLS) ## Generate a Go and a TypeScript client from the OpenAPI document, and compile them
	@mkdir -p infra/tools/clients/api
	cd infra/tools/clients && go tool oapi-codegen -generate types,client -package api -o api/api.go ../../../internal/docs/openapi.json && go vet .
	cd infra/tools/clients && ../node_modules/.bin/openapi-typescript ../../../internal/docs/openapi.json -o api.d.ts && ../node_modules/.bin/tsc -p .

fmt: need-go $(GOFUMPT) ## Format the Go code
	@$(GOFUMPT) -w $(GO_SOURCES)

golden: local ## Rewrite the generated files and golden files
	go generate ./internal/console ./internal/i18n ./internal/product
	@for package in $$(grep -rl --include='*_test.go' 'golden.Equal(' functions infra internal | grep -v internal/testkit/golden/ | xargs -n1 dirname | sort -u); do \
	  $(LOCAL_ENV) go test -tags cdk "./$$package" -update; done
	@$(LOCAL_ENV) go test $$(grep -rlE --include='*_test.go' 'golden\.(Shape|Versions)\(' functions internal | \
	  grep -v internal/testkit/golden/ | xargs -n1 dirname | sort -u | sed 's|^|./|') -run TestR16_6_Stored -update

build: need-go ## Build the functions for Lambda: dist/<function>/bootstrap
	@mkdir -p dist/bin
	@CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build $(ZIP_FLAGS) -ldflags '-s -w -buildid=' -o dist/bin/ $(FUNCTIONS:%=./functions/%)
	@for f in $(FUNCTIONS); do mkdir -p dist/$$f; ln -f dist/bin/$$f dist/$$f/bootstrap; done

size: build ## Check that each function's zip stays under 5 MB
	@for f in $(FUNCTIONS); do \
	  bytes=$$(gzip -9c dist/$$f/bootstrap | wc -c); \
	  printf '%-12s %4d kB zipped\n' $$f $$((bytes / 1000)); \
	  [ $$bytes -le $(MAX_ZIP_BYTES) ] || { echo "functions/$$f: over $(MAX_ZIP_BYTES) bytes" >&2; exit 1; }; \
	done

synth: build $(TOOLS) ## Write the CloudFormation template to cdk.out, offline
	@$(CDK_ENV) $(CDK) synth --quiet

diff: build $(TOOLS) ## Show what make deploy would change in your AWS account
	@$(CDK_ENV) bash infra/deploy.sh diff $(CDK) $(DEPLOY_ARGS)

deploy: build $(TOOLS) ## Deploy to your AWS account: internal/docs/deploying.md (DEPLOY_ARGS)
	@$(CDK_ENV) bash infra/deploy.sh deploy $(CDK) $(DEPLOY_ARGS)

ci: ## Run all checks of CI
	@bash .ci/run

clean: ## Remove built files; tools and local data stay
	@find dist -mindepth 1 -maxdepth 1 ! -name tools -exec rm -r {} + 2>/dev/null || true
	@rm -rf cdk.out

CDK_ENV := CDK_DISABLE_CLI_TELEMETRY=true JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20

# One go build for all functions and the local programs is quick when nothing has
# changed. Each function's binary gets the name bootstrap, which Lambda requires.
local: need-go $(ENGINE)
	@[ -e dist/local/bin/local ] || echo "building the functions and the local stack, which takes a minute or two the first time"
	@mkdir -p dist/local/bin
	@CGO_ENABLED=0 go build $(BUILD_FLAGS) -o dist/local/bin/ ./infra/local ./infra/local/demo $(FUNCTIONS:%=./functions/%)
	@for f in $(FUNCTIONS); do mkdir -p dist/local/$$f; ln -f dist/local/bin/$$f dist/local/$$f/bootstrap; done

$(ENGINE): infra/local/package-lock.json | need-npm
	@echo "installing DynamoDB Local with npm"
	@cd infra/local && npm ci --no-audit --no-fund --loglevel=error

# Not npm ci: a lock file made on one platform lacks the engines of other platforms.
$(DUCKDB): internal/testkit/bench/duckdb/package-lock.json | need-npm
	@cd internal/testkit/bench/duckdb && npm install --no-save --no-audit --no-fund --loglevel=error

$(LIGHTHOUSE): internal/testkit/bench/lighthouse/package-lock.json | need-npm
	@cd internal/testkit/bench/lighthouse && npm ci --no-audit --no-fund --loglevel=error

$(TOOLS): infra/tools/package-lock.json | need-npm
	@cd infra/tools && npm ci --no-audit --no-fund --loglevel=error

$(GOFUMPT): module := mvdan.cc/gofumpt@$(GOFUMPT_VERSION)
$(GOLANGCI_LINT): module := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

$(GOFUMPT) $(GOLANGCI_LINT): | need-go
	@cached="$(TOOLS_CACHE)/$(notdir $(@D))-$$(go env GOVERSION)"; \
	  [ -x "$$cached/$(@F)" ] || { echo "building $(module)"; GOBIN="$$cached" go install $(module); }; \
	  mkdir -p $(@D); ln -f "$$cached/$(@F)" $@ 2>/dev/null || cp "$$cached/$(@F)" $@

need-go:
	@command -v go >/dev/null || { echo "Go is missing: install Go 1.26 or newer (go.dev/dl)" >&2; exit 1; }

need-npm:
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer (nodejs.org)" >&2; exit 1; }

need-java:
	@java -version >/dev/null 2>&1 || { echo "Java is missing: DynamoDB Local needs a Java runtime, 17 or newer (Debian: apt-get install default-jre-headless)" >&2; exit 1; }
