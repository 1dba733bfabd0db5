// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command plane runs the local control plane, and shows an application team what it gets:
//
//	go run ./test/plane/cmd/plane demo
//	go run ./test/plane/cmd/plane down
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/p6m-dev/platform-application/test/plane/sandbox"
)

// commands of the program.
type commands struct {
	Dir string `default:"_output/demo" help:"Where kubeconfig, logs and files of processes are."`

	Demo demoCommand `cmd:"" help:"Start a control plane, and show on it what an application team gets."`
	Down downCommand `cmd:"" help:"End the demo that runs, and remove its directory."`
}

func main() {
	// This program runs itself to start Pods.
	sandbox.Main()

	// The demo prints the essentials; the node has a separate log.
	log.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())

	c := &commands{}
	k := kong.Parse(c, kong.Name("plane"), kong.Description("A control plane on this machine, with everything real but Azure and the node."))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	k.BindTo(ctx, (*context.Context)(nil))
	k.FatalIfErrorf(k.Run(c))
}
