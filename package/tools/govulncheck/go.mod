module github.com/p6m-dev/platform-application/package/tools/govulncheck

go 1.26.0

require golang.org/x/vuln v1.1.4 // indirect

require (
	golang.org/x/mod v0.38.0 // indirect
	golang.org/x/sync v0.22.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
	golang.org/x/telemetry v0.0.0-20260708182218-49f421fb7959 // indirect
	golang.org/x/tools v0.48.0 // indirect
	golang.org/x/tools/go/packages/packagestest v0.1.1-deprecated // indirect
)

tool golang.org/x/vuln/cmd/govulncheck
