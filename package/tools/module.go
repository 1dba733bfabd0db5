// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// A Module is the source of a tool.
type Module struct {
	// Version is the pinned version, such as v2.4.0.
	Version string `json:"Version"`

	// Dir is the directory of its files, which include CRDs and charts.
	Dir string `json:"Dir"`
}

// Source returns the module of the named tool. It downloads the module if necessary.
func Source(ctx context.Context, name string) (Module, error) {
	tool, err := find(name)
	if err != nil {
		return Module{}, err
	}

	root, err := Root()
	if err != nil {
		return Module{}, err
	}

	dir := filepath.Join(root, "package", "tools", tool.Name)

	pin, err := readPin(dir, tool)
	if err != nil {
		return Module{}, fmt.Errorf("cannot determine the pinned version of %s: %w", tool.Name, err)
	}

	var out, said bytes.Buffer

	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", tool.Module+"@"+pin.version)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.Stdout, cmd.Stderr = &out, &said

	if err := cmd.Run(); err != nil {
		return Module{}, fmt.Errorf("cannot download source of %s %s: %w\n%s%s", tool.Name, pin.version, err, out.Bytes(), said.Bytes())
	}

	m := Module{}
	if err := json.Unmarshal(out.Bytes(), &m); err != nil {
		return Module{}, fmt.Errorf("cannot find source of %s: %w", tool.Name, err)
	}

	return m, nil
}
