// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	ociregistry "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// headTimeout bounds requests to a registry on this machine.
const headTimeout = 10 * time.Second

// A registry of OCI images on loopback mirrors every other: an image that was pushed here replaces
// the one with the same path and tag on any host.
type registry struct {
	*httptest.Server

	address string
}

func startRegistry() *registry {
	server := httptest.NewServer(ociregistry.New(ociregistry.Logger(log.New(io.Discard, "", 0))))

	return &registry{Server: server, address: server.Listener.Addr().String()}
}

// mirror returns the address of an image in this registry, or the unchanged image if the registry
// does not have it.
func (r *registry) mirror(image string) string {
	ref, err := name.ParseReference(image)
	if err != nil {
		return image
	}

	here, err := name.ParseReference(r.address + strings.TrimPrefix(ref.Name(), ref.Context().RegistryStr()))
	if err != nil {
		return image
	}

	ctx, cancel := context.WithTimeout(context.Background(), headTimeout)
	defer cancel()

	// Any other error is left to the pull: one of our images must not be replaced by a published
	// one.
	failure := &transport.Error{}
	if _, err := remote.Head(here, remote.WithContext(ctx)); errors.As(err, &failure) && failure.StatusCode == http.StatusNotFound {
		return image
	}

	return here.String()
}

// push pushes an image, such as to p6m-dev/demo-application:v1.
func (r *registry) push(ctx context.Context, path string, image v1.Image) error {
	ref, err := name.ParseReference(r.address + "/" + path)
	if err != nil {
		return fmt.Errorf("cannot push image: %w", err)
	}

	if err := remote.Write(ref, image, remote.WithContext(ctx)); err != nil {
		return fmt.Errorf("cannot push image %s: %w", path, err)
	}

	return nil
}
