// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	// volumeRefresh is the interval at which volumes are compared with their sources.
	volumeRefresh = 5 * time.Second

	defaultFileMode = 0o644
)

// A file of a volume.
type file struct {
	Data []byte
	Mode int32
}

func (p *pod) volumeDir(name string) string { return filepath.Join(p.dir, "volumes", name) }

// mountVolumes creates all volumes as soon as their sources exist. It returns false if the context
// ends before.
func (p *pod) mountVolumes(ctx context.Context) bool {
	for {
		err := p.writeVolumes(ctx)
		if err == nil {
			return true
		}

		if ctx.Err() != nil {
			return false
		}

		p.warn("cannot mount volumes", err)

		if !sleep(ctx, p.kubelet.options.Backoff) {
			return false
		}
	}
}

// refreshVolumes refreshes volumes until the context ends. The old files stay until all new ones
// exist.
func (p *pod) refreshVolumes(ctx context.Context) {
	for sleep(ctx, volumeRefresh) {
		if err := p.writeVolumes(ctx); err != nil && ctx.Err() == nil {
			p.warn("cannot update volumes", err)
		}
	}
}

func (p *pod) writeVolumes(ctx context.Context) error {
	var errs []error

	for _, v := range p.spec().Spec.Volumes {
		if v.EmptyDir != nil {
			errs = append(errs, makeEmptyDir(p.volumeDir(v.Name)))

			continue
		}

		files, err := p.project(ctx, v)
		if err != nil {
			err = fmt.Errorf("MountVolume.SetUp failed for volume %q : %w", v.Name, err)
		} else if err = p.writeVolume(v.Name, files); err != nil {
			err = fmt.Errorf("cannot write volume %q: %w", v.Name, err)
		}

		errs = append(errs, err)
	}

	return errors.Join(errs...)
}

// project returns the files of a volume, by path.
func (p *pod) project(ctx context.Context, v corev1.Volume) (map[string]file, error) {
	var (
		sources []corev1.VolumeProjection
		mode    *int32
		files   = map[string]file{}
	)

	switch {
	case v.Secret != nil:
		mode = v.Secret.DefaultMode
		sources = []corev1.VolumeProjection{{Secret: &corev1.SecretProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: v.Secret.SecretName}, Items: v.Secret.Items, Optional: v.Secret.Optional,
		}}}
	case v.ConfigMap != nil:
		mode = v.ConfigMap.DefaultMode
		sources = []corev1.VolumeProjection{{ConfigMap: &corev1.ConfigMapProjection{
			LocalObjectReference: v.ConfigMap.LocalObjectReference, Items: v.ConfigMap.Items, Optional: v.ConfigMap.Optional,
		}}}
	case v.Projected != nil:
		mode, sources = v.Projected.DefaultMode, v.Projected.Sources
	}

	for _, s := range sources {
		found, err := p.projection(ctx, s)
		if err != nil {
			return nil, err
		}

		for name, data := range found {
			files[name] = file{data, defaultFileMode}
			if mode != nil {
				files[name] = file{data, *mode}
			}
		}
	}

	return files, nil
}

// projection returns the files of one source of a volume, by path.
func (p *pod) projection(ctx context.Context, s corev1.VolumeProjection) (map[string][]byte, error) {
	switch {
	case s.Secret != nil:
		return p.pick(ctx, source{secretKind, s.Secret.Name, s.Secret.Optional}, s.Secret.Items)
	case s.ConfigMap != nil:
		return p.pick(ctx, source{configMapKind, s.ConfigMap.Name, s.ConfigMap.Optional}, s.ConfigMap.Items)
	case s.ServiceAccountToken != nil:
		token, err := p.tokens.get(ctx, p.kubelet.client, p.spec(), s.ServiceAccountToken)

		return map[string][]byte{s.ServiceAccountToken.Path: []byte(token)}, err
	case s.DownwardAPI != nil:
		out := map[string][]byte{}

		for _, i := range s.DownwardAPI.Items {
			if i.FieldRef == nil {
				return nil, fmt.Errorf("the source of file %q is not supported", i.Path)
			}

			value, err := p.field(i.FieldRef.FieldPath)
			if err != nil {
				return nil, err
			}

			out[i.Path] = []byte(value)
		}

		return out, nil
	}

	return nil, errors.New("a source of the volume is not supported")
}

// pick returns the listed items of a source, or all if none are listed.
func (p *pod) pick(ctx context.Context, s source, items []corev1.KeyToPath) (map[string][]byte, error) {
	all, err := p.read(ctx, s)
	if err != nil || len(items) == 0 {
		return all, err
	}

	out := map[string][]byte{}

	for _, i := range items {
		v, ok := all[i.Key]
		if ok {
			out[i.Path] = v
		} else if !isTrue(s.optional) {
			return nil, fmt.Errorf("references non-existent secret key: %s", i.Key)
		}
	}

	return out, nil
}

// writeVolume atomically replaces each changed file of a volume. Only its pod writes to it.
//
//nolint:wrapcheck // The caller says what was tried.
func (p *pod) writeVolume(name string, files map[string]file) error {
	have := p.volumes[name]
	if have != nil && reflect.DeepEqual(have, files) {
		return nil
	}

	dir, next := p.volumeDir(name), filepath.Join(p.dir, "next")
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // Users of the pod look into it.
		return err
	}

	for path, f := range files {
		target := filepath.Join(dir, path)

		if err := errors.Join(
			os.MkdirAll(filepath.Dir(target), 0o755), //nolint:gosec // As above.
			os.WriteFile(next, f.Data, 0o600),
			os.Chmod(next, fs.FileMode(f.Mode)), //nolint:gosec // A mode is not negative.
			os.Rename(next, target),
		); err != nil {
			return err
		}
	}

	for path := range have {
		if _, ok := files[path]; !ok {
			if err := os.Remove(filepath.Join(dir, path)); err != nil {
				return err
			}
		}
	}

	p.volumes[name] = files

	return nil
}

func makeEmptyDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // Opened further below.
		return fmt.Errorf("cannot create empty directory: %w", err)
	}

	// Any user of the pod may write to it.
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // It is empty.
		return fmt.Errorf("cannot open empty directory to writers: %w", err)
	}

	return nil
}
