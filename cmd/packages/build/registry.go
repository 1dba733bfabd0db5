// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// reference returns the tag of a version in a repository of a registry.
func reference(registry, repository, version string) (name.Tag, error) {
	// Without strict validation, an invalid host would become a path at Docker Hub.
	ref, err := name.NewTag(registry+"/"+repository+":"+version, name.StrictValidation)
	if err == nil && strings.Contains(registry, "://") {
		err = errors.New("it is a URL")
	}

	if err != nil {
		return name.Tag{}, fmt.Errorf("cannot use registry %q, give a host without a scheme, such as ghcr.io: %w", registry, err)
	}

	return ref, nil
}

// checkPush returns an error with a solution unless the current credentials allow a push to
// the repository. It pushes nothing.
func checkPush(registry, repository string) error {
	ref, err := reference(registry, repository, "latest")
	if err != nil {
		return err
	}

	if err := remote.CheckPushPermission(ref, authn.DefaultKeychain, http.DefaultTransport); err != nil {
		return pushError(ref, err)
	}

	return nil
}

// pushError adds the solution to an error of a registry.
func pushError(ref name.Tag, err error) error {
	registry, repository := ref.RegistryStr(), ref.Context().Name()

	refused := &transport.Error{}
	if !errors.As(err, &refused) {
		return fmt.Errorf("cannot reach registry %s, check its name and the network: %w", registry, err)
	}

	if refused.StatusCode == http.StatusUnauthorized || refused.StatusCode == http.StatusForbidden {
		return fmt.Errorf("cannot push to %s, log in with an account that has the permission, "+
			"with helm registry login %s --registry-config ~/.docker/config.json: %w", repository, registry, err)
	}

	return fmt.Errorf("cannot push to %s, check that the registry accepts images and that the repository exists: %w", repository, err)
}
