// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package tools finds, or builds once, the pinned tools that generate, check and test this repository.
//
// A tool comes from PATH if the program there reports the pinned version. Otherwise it comes from the user's cache directory, into
// which it is built from its wrapper module. Nothing is installed elsewhere.
//
// The wrapper modules have tool directives, but the tools are not run with go tool. It does not accept linker flags, without which
// half of the tools report no version or, like kube-apiserver, a version that clients cannot parse. Argo CD and Kubernetes need
// replace directives, so each tool has its own module. For tools that work with go tool, such as actionlint, go tool is not faster
// to build (17 s instead of 10 s), starts in 0.4 s instead of 0.8 s, and would save a row of the table, but no code.
package tools

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/mod/modfile"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// envCache is the environment variable that overrides the cache directory.
	envCache = "PLATFORM_APPLICATION_TOOLS"

	// modulePath identifies the root of the repository.
	modulePath = "github.com/p6m-dev/platform-application"

	// cacheAdvice ends an error about the cache directory.
	cacheAdvice = "set " + envCache + " to a directory you can write to"

	lockPoll       = 200 * time.Millisecond
	versionTimeout = 10 * time.Second
)

// Path returns the executable of the named tool in its pinned version, and builds it if necessary. The working directory must be in
// the repository. If several processes call it at the same time, one builds and the others wait.
func Path(ctx context.Context, name string) (string, error) {
	tool, err := find(name)
	if err != nil {
		return "", err
	}

	root, err := Root()
	if err != nil {
		return "", err
	}

	pin, err := readPin(filepath.Join(root, "package", "tools", tool.Name), tool)
	if err != nil {
		return "", fmt.Errorf("cannot determine the pinned version of %s: %w", tool.Name, err)
	}

	if path, ok := onPath(ctx, tool, pin.version); ok {
		return path, nil
	}

	cache, err := CacheDir()
	if err != nil {
		return "", err
	}

	path := filepath.Join(cache, pin.key(tool.Name), tool.Name)
	if isExecutable(path) {
		return path, nil
	}

	if err := build(ctx, tool, pin, path, os.Stderr); err != nil {
		return "", fmt.Errorf("cannot build %s %s: %w", tool.Name, pin.version, err)
	}

	return path, nil
}

// Root returns the directory of this repository's go.mod: the working directory or one above it.
func Root() (string, error) {
	wd, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("cannot find the repository: %w", err)
	}

	for dir := wd; ; dir = filepath.Dir(dir) {
		// The path of a wrapper module has the same prefix, so the whole line must match.
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(data), "module "+modulePath+"\n") {
			return dir, nil
		}

		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("cannot find the repository: no go.mod of %s in %s or above it", modulePath, wd)
		}
	}
}

// A pin is the tool of a wrapper module.
type pin struct {
	// dir of the wrapper module.
	dir string

	// program is the import path.
	program string

	// version of the tool, such as v2.5.0.
	version string

	// sum is a short hash of all inputs of the build, so that a change makes a new executable.
	sum string
}

// key returns the name of the tool's directory in the cache.
func (p pin) key(tool string) string {
	return strings.Join([]string{tool, p.version, p.sum, runtime.GOOS, runtime.GOARCH}, "-")
}

func readPin(dir string, tool Tool) (pin, error) {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return pin{}, fmt.Errorf("cannot read wrapper module: %w", err)
	}

	sum, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if err != nil {
		return pin{}, fmt.Errorf("cannot read checksums of wrapper module: %w", err)
	}

	program, version, err := parseModule(mod, tool.Module)
	if err != nil {
		return pin{}, fmt.Errorf("cannot read %s: %w", filepath.Join(dir, "go.mod"), err)
	}

	code, err := ownCode(dir)
	if err != nil {
		return pin{}, fmt.Errorf("cannot read wrapper module: %w", err)
	}

	hash := sha256.Sum256(slices.Concat(mod, sum, []byte(linkerFlags(tool, version)), code))

	return pin{dir: dir, program: program, version: version, sum: hex.EncodeToString(hash[:4])}, nil
}

// ownCode returns the Go code in the directories below a wrapper module. Most have none, because the tool is in another module.
func ownCode(dir string) ([]byte, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.go"))
	if err != nil {
		return nil, fmt.Errorf("cannot list files: %w", err)
	}

	var code []byte

	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("cannot read code: %w", err)
		}

		code = append(code, data...)
	}

	return code, nil
}

// parseModule returns the program of a tool in a go.mod, and the version of its module.
func parseModule(gomod []byte, module string) (program, version string, err error) {
	file, err := modfile.Parse("go.mod", gomod, nil)
	if err != nil {
		return "", "", fmt.Errorf("cannot parse it: %w", err)
	}

	if len(file.Tool) != 1 {
		return "", "", fmt.Errorf("want one tool in it, got %d", len(file.Tool))
	}

	for _, r := range file.Require {
		if r.Mod.Path == module {
			return file.Tool[0].Path, r.Mod.Version, nil
		}
	}

	return "", "", fmt.Errorf("it does not require %s", module)
}

// onPath returns the tool on PATH if it reports the pinned version.
func onPath(ctx context.Context, tool Tool, version string) (string, bool) {
	if len(tool.VersionArgs) == 0 {
		return "", false
	}

	path, err := exec.LookPath(tool.Name)
	if err != nil {
		return "", false
	}

	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()

	out, err := exec.CommandContext(ctx, path, tool.VersionArgs...).Output()
	if err != nil || !hasVersion(out, version) {
		return "", false
	}

	// A PATH may hold relative directories, and the caller may run the tool in another one.
	path, err = filepath.Abs(path)

	return path, err == nil
}

// hasVersion reports whether the output of a tool contains a version, with or without the leading v, and not as part of another
// version.
func hasVersion(output []byte, version string) bool {
	number := regexp.QuoteMeta(strings.TrimPrefix(version, "v"))

	return regexp.MustCompile(`(^|[^0-9A-Za-z.-])v?` + number + `($|[^0-9A-Za-z.+-])`).Match(output)
}

// CacheDir returns the directory of built programs.
func CacheDir() (string, error) {
	if dir := os.Getenv(envCache); dir != "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return "", fmt.Errorf("cannot use %s=%q: %w", envCache, dir, err)
		}

		return abs, nil
	}

	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cannot find a cache directory for tools, set %s: %w", envCache, err)
	}

	return filepath.Join(dir, "platform-application", "tools"), nil
}

// build builds the tool at a path, unless another process has built it before build gets the lock.
func build(ctx context.Context, tool Tool, p pin, path string, progress io.Writer) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("cannot create cache directory: %w; %s", err, cacheAdvice)
	}

	// The first build can take minutes.
	waiting := func() { fmt.Fprintf(progress, "waiting for another build of %s\n", tool.Name) }

	unlock, err := lock(ctx, filepath.Join(dir, "lock"), waiting)
	if err != nil {
		return err
	}
	defer unlock()

	if isExecutable(path) {
		return nil
	}

	start := time.Now()

	fmt.Fprintf(progress, "building %s %s (about %s the first time)\n", tool.Name, p.version, tool.ColdBuild)

	// The complete executable is renamed, so that an interrupted build leaves none.
	temp := path + ".building"

	var output bytes.Buffer

	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-mod=readonly",
		"-ldflags", linkerFlags(tool, p.version), "-o", temp, p.program)
	cmd.Dir = p.dir

	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = &output, &output

	if err := cmd.Run(); err != nil {
		return errors.Join(fmt.Errorf("go build in %s: %w\n%s", p.dir, err, bytes.TrimSpace(output.Bytes())), ctx.Err())
	}

	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("cannot put executable in place: %w", err)
	}

	fmt.Fprintf(progress, "built %s %s in %.0f s\n", tool.Name, p.version, time.Since(start).Seconds())

	return nil
}

// linkerFlags returns the flags that omit debug information, which is up to half of a tool's size, and set the version.
func linkerFlags(tool Tool, version string) string {
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	values := map[string]string{"version": version, "major": major, "minor": minor}

	flags := []string{"-s", "-w"}
	for _, v := range tool.Variables {
		flags = append(flags, "-X", os.Expand(v, func(name string) string { return values[name] }))
	}

	return strings.Join(flags, " ")
}

// lock takes an exclusive lock on a file, and calls waiting once if another process holds it. The kernel releases the lock when the
// process ends.
func lock(ctx context.Context, path string, waiting func()) (func(), error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open lock: %w; %s", err, cacheAdvice)
	}

	waiting = sync.OnceFunc(waiting)

	err = wait.PollUntilContextCancel(ctx, lockPoll, true, func(context.Context) (bool, error) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			waiting()

			return false, nil
		}

		return err == nil, err //nolint:wrapcheck // It is wrapped below.
	})
	if err != nil {
		_ = f.Close()

		return nil, fmt.Errorf("cannot lock %s against other builds: %w", path, err)
	}

	return func() { _ = f.Close() }, nil
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)

	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
