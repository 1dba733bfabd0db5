// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// volumeRetry is how soon volumes are tried again that cannot be made.
const volumeRetry = 2 * time.Second

func (p *pod) volumeDir(name string) string { return filepath.Join(p.dir, "volumes", name) }

// mountVolumes makes all volumes, when all that they are made of is there. It
// returns false if the context ends before.
func (p *pod) mountVolumes(ctx context.Context) bool {
	for {
		changed := p.changed.next()

		err := p.writeVolumes(ctx)
		if err == nil {
			return true
		}

		if ctx.Err() != nil {
			return false
		}

		p.kubelet.events.Event(p.spec(), corev1.EventTypeWarning, "FailedMount", err.Error())

		if !sleep(ctx, p.kubelet.options.Backoff, changed) {
			return false
		}
	}
}

// refreshVolumes when something has changed or a token is old, until the context
// ends.
func (p *pod) refreshVolumes(ctx context.Context) {
	for {
		changed := p.changed.next()

		// The old files stay until all new ones are there.
		err := p.writeVolumes(ctx)
		pause := p.tokens.refresh(time.Now())

		if err != nil && ctx.Err() == nil {
			p.kubelet.log.Warn("cannot update volumes", "namespace", p.namespace(), "pod", p.name(), "error", err)

			pause = volumeRetry
		}

		if !sleep(ctx, pause, changed) {
			return
		}
	}
}

func (p *pod) writeVolumes(ctx context.Context) error {
	o := p.withAddress()
	from := projector{pod: o, reader: p.kubelet.objects, node: p.kubelet.capacity, token: func(s *corev1.ServiceAccountTokenProjection) (string, error) {
		return p.tokens.get(ctx, p.kubelet.client, o, s)
	}}

	var group *int64
	if s := o.Spec.SecurityContext; s != nil {
		group = s.FSGroup
	}

	var errs []error

	for _, v := range o.Spec.Volumes {
		files, ok, err := from.project(v)

		switch {
		case err != nil:
			errs = append(errs, err)
		case ok:
			errs = append(errs, p.writeVolume(v.Name, files, group))
		default:
			errs = append(errs, makeEmptyDir(p.volumeDir(v.Name), group))
		}
	}

	return errors.Join(errs...)
}

func (p *pod) writeVolume(name string, files map[string]file, group *int64) error {
	p.mu.Lock()
	same := p.volumes[name] != nil && reflect.DeepEqual(p.volumes[name], files)
	p.mu.Unlock()

	if same {
		return nil
	}

	if err := writeFiles(p.volumeDir(name), files, group); err != nil {
		return fmt.Errorf("cannot write volume %q: %w", name, err)
	}

	p.mu.Lock()
	p.volumes[name] = files
	p.mu.Unlock()

	return nil
}

func makeEmptyDir(dir string, group *int64) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}

	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // Opened further below.
		return fmt.Errorf("cannot create empty directory: %w", err)
	}

	if group != nil && os.Geteuid() == 0 {
		if err := os.Chown(dir, 0, int(*group)); err != nil {
			return fmt.Errorf("cannot give empty directory to its group: %w", err)
		}
	}

	// Any user of the pod may write to it.
	if err := os.Chmod(dir, 0o777|os.ModeSetgid); err != nil {
		return fmt.Errorf("cannot open empty directory to writers: %w", err)
	}

	return nil
}
