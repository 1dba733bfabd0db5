// Command azure stands in for Entra ID, Azure Key Vault and the Resource Manager on this machine, and talks to one that runs.
//
//	go run ./test/azure/cmd/azure --state state.yaml
//	go run ./test/azure/cmd/azure secret set kv-app postgres-credentials '{"POSTGRES_USER":"app"}'
//	go run ./test/azure/cmd/azure fault add --vault kv-app --effect status --status 429 --retry-after 5s --count 3
//	go run ./test/azure/cmd/azure delays --role 1m --credential 30s
//	go run ./test/azure/cmd/azure resources
//	go run ./test/azure/cmd/azure counts
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// The ports are fixed so that the commands find the server, and whoever has others says so.
const (
	defaultProxy = "127.0.0.1:4480"
	defaultAdmin = "127.0.0.1:4481"
)

// commands of the program.
type commands struct {
	Serve serveCommand `cmd:"" default:"withargs" help:"Run the stand-in until it is interrupted. The default."`

	Env          envCommand          `cmd:"" help:"Print what to export so that programs speak to the stand-in."`
	Apply        applyCommand        `cmd:"" help:"Register what a file has: tenants, identities, issuers, subscriptions, vaults, secrets and faults."`
	Secret       secretCommand       `cmd:"" help:"Set, show, list and delete secrets."`
	Certificate  certificateCommand  `cmd:"" help:"Put certificates into vaults."`
	Vault        vaultCommand        `cmd:"" help:"Create, list and delete vaults."`
	Role         roleCommand         `cmd:"" help:"Assign roles on vaults."`
	Subscription subscriptionCommand `cmd:"" help:"Create and list subscriptions and resource groups."`
	Delays       delaysCommand       `cmd:"" help:"Set how long it takes until what is made through the resource manager has its effect. Those that are left out are none."`
	Resources    resourcesCommand    `cmd:"" help:"Show what was made, changed and deleted through the resource manager."`
	Fault        faultCommand        `cmd:"" help:"Make requests fail."`
	Latency      latencyCommand      `cmd:"" help:"Make every answer later."`
	Counts       countsCommand       `cmd:"" help:"Show what was asked for and how it was answered."`
	Writes       writesCommand       `cmd:"" help:"Show who changed the secrets of a vault."`
}

// errUsage is an error of whoever called, that has been explained.
var errUsage = errors.New("see --help")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)

	stop()

	if err != nil {
		fmt.Fprintln(os.Stderr, "azure:", err)

		os.Exit(1)
	}
}

// streams are where commands read and write.
type streams struct {
	stdin  io.Reader
	stdout io.Writer
}

// exited is what kong's exit becomes, so that run returns.
type exited int

func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) (err error) {
	defer func() {
		switch code := recover().(type) {
		case nil:
		case exited:
			if code != 0 {
				err = errUsage
			}
		default:
			panic(code)
		}
	}()

	parser, err := kong.New(&commands{},
		kong.Name("azure"),
		kong.Description("Stands in for Entra ID, the secrets of Azure Key Vault and the Resource Manager on this machine."),
		kong.UsageOnError(),
		kong.Writers(stdout, os.Stderr),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.Vars{"proxy": defaultProxy, "admin": defaultAdmin},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(streams{stdin: stdin, stdout: stdout}),
	)
	if err != nil {
		return fmt.Errorf("cannot set up commands: %w", err)
	}

	command, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("cannot read arguments: %w", err)
	}

	return command.Run(verb(command.Selected().Name)) //nolint:wrapcheck // The commands are our own.
}
