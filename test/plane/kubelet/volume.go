// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
)

// A file of a volume.
type file struct {
	Data []byte
	Mode int32
	// UID is the owner, if not root.
	UID int64
}

const (
	defaultFileMode = 0o644
	ownedFileMode   = 0o600
)

// A projector makes the files of a pod's volumes.
type projector struct {
	pod    *corev1.Pod
	reader reader
	node   corev1.ResourceList
	token  func(*corev1.ServiceAccountTokenProjection) (string, error)
}

// project returns the files of a volume, by path. ok is false for a volume that
// has no files of its own.
func (p projector) project(v corev1.Volume) (files map[string]file, ok bool, err error) {
	files = map[string]file{}

	switch {
	case v.Secret != nil:
		err = p.secret(files, v.Secret.SecretName, v.Secret.Items, v.Secret.Optional, mode(v.Secret.DefaultMode))
	case v.ConfigMap != nil:
		err = p.configMap(files, v.ConfigMap.Name, v.ConfigMap.Items, v.ConfigMap.Optional, mode(v.ConfigMap.DefaultMode))
	case v.DownwardAPI != nil:
		err = p.downward(files, v.DownwardAPI.Items, mode(v.DownwardAPI.DefaultMode))
	case v.Projected != nil:
		for _, s := range v.Projected.Sources {
			if err = p.source(files, s, mode(v.Projected.DefaultMode)); err != nil {
				break
			}
		}
	default:
		return nil, false, nil
	}

	if err != nil {
		return nil, true, fmt.Errorf("MountVolume.SetUp failed for volume %q : %w", v.Name, err)
	}

	return files, true, nil
}

func (p projector) source(files map[string]file, s corev1.VolumeProjection, mode int32) error {
	switch {
	case s.Secret != nil:
		return p.secret(files, s.Secret.Name, s.Secret.Items, s.Secret.Optional, mode)
	case s.ConfigMap != nil:
		return p.configMap(files, s.ConfigMap.Name, s.ConfigMap.Items, s.ConfigMap.Optional, mode)
	case s.DownwardAPI != nil:
		return p.downward(files, s.DownwardAPI.Items, mode)
	case s.ServiceAccountToken != nil:
		token, err := p.token(s.ServiceAccountToken)
		if err != nil {
			return err
		}

		f := file{Data: []byte(token), Mode: mode}
		// One user for all containers is the only one who has to read it.
		if uid, ok := onlyUser(p.pod); ok {
			f.Mode, f.UID = ownedFileMode, uid
		}

		files[s.ServiceAccountToken.Path] = f

		return nil
	}

	return errors.New("a source of the volume is not supported")
}

func (p projector) secret(files map[string]file, name string, items []corev1.KeyToPath, optional *bool, mode int32) error {
	s, err := p.reader.Secret(p.pod.Namespace, name)
	if err != nil {
		return unlessOptional(err, optional)
	}

	return pick(files, s.Data, items, isTrue(optional), mode)
}

func (p projector) configMap(files map[string]file, name string, items []corev1.KeyToPath, optional *bool, mode int32) error {
	cm, err := p.reader.ConfigMap(p.pod.Namespace, name)
	if err != nil {
		return unlessOptional(err, optional)
	}

	data := map[string][]byte{}
	for k, v := range cm.Data {
		data[k] = []byte(v)
	}

	maps.Copy(data, cm.BinaryData)

	return pick(files, data, items, isTrue(optional), mode)
}

// pick the items, or all if there are none.
func pick(files map[string]file, data map[string][]byte, items []corev1.KeyToPath, optional bool, mode int32) error {
	if len(items) == 0 {
		for k, v := range data {
			files[k] = file{Data: v, Mode: mode}
		}
	}

	for _, i := range items {
		v, ok := data[i.Key]
		if !ok && !optional {
			return fmt.Errorf("references non-existent secret key: %s", i.Key)
		}

		if !ok {
			continue
		}

		f := file{Data: v, Mode: mode}
		if i.Mode != nil {
			f.Mode = *i.Mode
		}

		files[i.Path] = f
	}

	return nil
}

func (p projector) downward(files map[string]file, items []corev1.DownwardAPIVolumeFile, mode int32) error {
	for _, i := range items {
		var (
			value string
			err   error
		)

		switch {
		case i.FieldRef != nil:
			value, err = fieldValue(p.pod, i.FieldRef.FieldPath)
		case i.ResourceFieldRef != nil:
			value, err = resourceValue(p.pod, "", i.ResourceFieldRef, p.node)
		}

		if err != nil {
			return err
		}

		f := file{Data: []byte(value), Mode: mode}
		if i.Mode != nil {
			f.Mode = *i.Mode
		}

		files[i.Path] = f
	}

	return nil
}

func mode(m *int32) int32 {
	if m == nil {
		return defaultFileMode
	}

	return *m
}

// onlyUser that all containers of a pod run as, if it is said and the same.
func onlyUser(pod *corev1.Pod) (int64, bool) {
	users := map[int64]bool{}

	for _, cs := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range cs {
			user := securityOf(pod, &cs[i]).user
			if user == nil {
				return 0, false
			}

			users[*user] = true
		}
	}

	for u := range users {
		return u, len(users) == 1
	}

	return 0, false
}
