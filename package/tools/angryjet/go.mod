module github.com/p6m-dev/platform-application/package/tools/angryjet

go 1.26.0

require github.com/crossplane/crossplane-tools v0.0.0-20251017183449-dd4517244339

require (
	github.com/alecthomas/kingpin/v2 v2.4.0 // indirect
	github.com/alecthomas/units v0.0.0-20240927000941-0f3dac36c52b // indirect
	github.com/dave/jennifer v1.7.1 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/xhit/go-str2duration/v2 v2.1.0 // indirect
	golang.org/x/mod v0.24.0 // indirect
	golang.org/x/sync v0.13.0 // indirect
	golang.org/x/tools v0.32.0 // indirect
)

tool github.com/crossplane/crossplane-tools/cmd/angryjet
