# syntax=docker/dockerfile:1

# The runtime image of the function:
#
#   docker build -t function-runtime .
#
# `crossplane xpkg build --embed-runtime-image=…` puts it into a package. Nothing in this repository's own tests needs
# Docker.

FROM --platform=${BUILDPLATFORM} golang:1.26 AS build
ARG TARGETOS TARGETARCH
WORKDIR /src

# Dependencies change less often than our code: a layer of their own.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download

COPY apis apis
COPY fn fn
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -ldflags="-s -w" -o /out/function ./fn

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/function /function

# Where the function answers Crossplane, and where it serves metrics.
EXPOSE 9443 8080
USER 65532:65532
ENTRYPOINT ["/function"]
