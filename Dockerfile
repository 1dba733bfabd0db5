# syntax=docker/dockerfile:1

# SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
# SPDX-License-Identifier: Apache-2.0

# The runtime images of the function, which is the default, and of the provider, and the image of the tool for platform teams:
#
#   docker build -t function-runtime .
#   docker build -t provider-runtime --target provider --build-arg VERSION=v0.1.0 .
#   docker build -t platform-application --target platform-application --build-arg VERSION=v0.1.0 .
#
# `crossplane xpkg build --embed-runtime-image=…` puts one into a package. `make packages` builds the same images without
# Docker, and nothing in this repository's own tests needs it.

FROM --platform=${BUILDPLATFORM} golang:1.26 AS source
WORKDIR /src

# Dependencies have a layer of their own, because they change less often than the code.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download

COPY apis apis

FROM source AS build-provider
ARG TARGETOS TARGETARCH VERSION=development
COPY provider provider
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false -ldflags="-s -w -X main.version=${VERSION}" -o /out/provider ./provider

FROM source AS build-function
ARG TARGETOS TARGETARCH VERSION=development
COPY fn fn
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false -ldflags="-s -w -X main.version=${VERSION}" -o /out/function ./fn

FROM source AS build-platform-application
ARG TARGETOS TARGETARCH VERSION=development
COPY cmd cmd
COPY fn fn
COPY provider provider
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false -ldflags="-s -w -X main.version=${VERSION}" -o /out/platform-application ./cmd/platform-application

FROM scratch AS platform-application
COPY --from=source /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build-platform-application /out/platform-application /platform-application

USER 65532:65532
WORKDIR /
ENTRYPOINT ["/platform-application"]

FROM scratch AS provider
COPY --from=source /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build-provider /out/provider /provider

# Metrics, and health probes.
EXPOSE 8080 8081
USER 65532:65532
WORKDIR /
ENTRYPOINT ["/provider"]

FROM scratch AS function
COPY --from=source /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build-function /out/function /function

# Metrics, and calls from Crossplane.
EXPOSE 8080 9443
USER 65532:65532
WORKDIR /
ENTRYPOINT ["/function"]
