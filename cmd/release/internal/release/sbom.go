// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"archive/tar"
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/p6m-dev/platform-application/cmd/packages/build"
)

// rootsModule has the certificate authorities of every image with a program.
const rootsModule = "golang.org/x/crypto/x509roots/fallback"

// A module is a Go module in an artifact.
type module struct {
	Path, Version string
}

// purl returns the package URL, by which scanners for vulnerabilities find the module.
func (m module) purl() string {
	// A plus, as in +incompatible, would mean a space.
	return "pkg:golang/" + strings.ToLower(m.Path) + "@" + strings.ReplaceAll(m.Version, "+", "%2B")
}

// modulesOf returns the sorted modules of the programs in the files of an artifact, for all architectures together. Charts and
// packages without a program have none.
func modulesOf(ctx context.Context, root string, files []build.PackageFile) ([]module, error) {
	found := map[module]bool{}

	for _, f := range files {
		program, err := programIn(f.Path)
		if err != nil {
			return nil, err
		}

		if program == nil {
			continue
		}

		info, err := buildinfo.Read(bytes.NewReader(program))
		if err != nil {
			return nil, fmt.Errorf("cannot read modules of the program in %s: %w", f.Path, err)
		}

		for _, m := range modulesIn(info) {
			found[m] = true
		}

		roots, err := certificateAuthorities(ctx, root)
		if err != nil {
			return nil, err
		}

		found[roots] = true
	}

	var out []module
	for m := range found {
		out = append(out, m)
	}

	slices.SortFunc(out, func(a, b module) int { return strings.Compare(a.purl(), b.purl()) })

	return out, nil
}

// modulesIn returns the dependencies of a program and Go's standard library.
func modulesIn(info *debug.BuildInfo) []module {
	out := []module{{Path: "stdlib", Version: strings.TrimPrefix(info.GoVersion, "go")}}

	for _, d := range info.Deps {
		// The replacement is compiled.
		if d.Replace != nil {
			d = d.Replace
		}

		out = append(out, module{Path: d.Path, Version: d.Version})
	}

	return out
}

// certificateAuthorities returns the module of the certificate authorities in images, which is a dependency of the build.
func certificateAuthorities(ctx context.Context, root string) (module, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", rootsModule)
	cmd.Dir = root

	out, err := cmd.Output()
	if err != nil {
		return module{}, fmt.Errorf("cannot determine the version of %s: %w", rootsModule, err)
	}

	return module{Path: rootsModule, Version: strings.TrimSpace(string(out))}, nil
}

// programIn returns the entry point of an image or package file, or nil for other files.
func programIn(path string) (_ []byte, err error) {
	if filepath.Ext(path) == ".tgz" {
		return nil, nil
	}

	image, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}

	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("cannot read configuration of %s: %w", path, err)
	}

	if len(config.Config.Entrypoint) == 0 {
		return nil, nil
	}

	program := strings.TrimPrefix(config.Config.Entrypoint[0], "/")

	content := mutate.Extract(image)
	defer func() { err = errors.Join(err, content.Close()) }()

	for files := tar.NewReader(content); ; {
		h, err := files.Next()
		if err != nil {
			return nil, fmt.Errorf("cannot find %s in %s: %w", program, path, err)
		}

		if h.Name != program {
			continue
		}

		data, err := io.ReadAll(files)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s in %s: %w", program, path, err)
		}

		return data, nil
	}
}

// billOfMaterials returns the SPDX document of an artifact with these modules. It is reproducible.
func billOfMaterials(artifact name.Digest, version string, created time.Time, modules []module) ([]byte, error) {
	root := &spdx.Package{
		PackageName: artifact.RepositoryStr(), PackageSPDXIdentifier: "Artifact", PackageVersion: version,
		PackageDownloadLocation:   artifact.Name(),
		IsFilesAnalyzedTagPresent: true, PackageLicenseDeclared: "Apache-2.0",
		PackageExternalReferences: purl(ociPurl(artifact)),
	}

	doc := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName:      artifact.RepositoryStr() + ":" + version,
		DocumentNamespace: "https://" + artifact.Name(),
		CreationInfo: &spdx.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Organization", Creator: "The PlatformApplication Authors"}},
			Created:  created.UTC().Format(time.RFC3339),
		},
		Packages:      []*spdx.Package{root},
		Relationships: []*spdx.Relationship{relation("DOCUMENT", common.TypeRelationshipDescribe, "Artifact")},
	}

	for i, m := range modules {
		id := common.ElementID(fmt.Sprintf("Module-%d", i))

		doc.Packages = append(doc.Packages, &spdx.Package{
			PackageName: m.Path, PackageSPDXIdentifier: id, PackageVersion: m.Version,
			PackageDownloadLocation: "NOASSERTION", PackageExternalReferences: purl(m.purl()),
		})
		doc.Relationships = append(doc.Relationships, relation("Artifact", common.TypeRelationshipDependsOn, id))
	}

	var out bytes.Buffer
	if err := spdxjson.Write(doc, &out, spdxjson.Indent("  ")); err != nil {
		return nil, fmt.Errorf("cannot encode bill of materials of %s: %w", artifact, err)
	}

	return out.Bytes(), nil
}

func relation(a common.ElementID, kind string, b common.ElementID) *spdx.Relationship {
	return &spdx.Relationship{RefA: common.DocElementID{ElementRefID: a}, Relationship: kind, RefB: common.DocElementID{ElementRefID: b}}
}

func purl(locator string) []*spdx.PackageExternalReference {
	return []*spdx.PackageExternalReference{{Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: locator}}
}

// ociPurl returns the package URL of an artifact, with its digest.
func ociPurl(artifact name.Digest) string {
	repository := artifact.Context().Name()

	return "pkg:oci/" + repository[strings.LastIndex(repository, "/")+1:] + "@" + strings.ReplaceAll(artifact.DigestStr(), ":", "%3A") + "?repository_url=" + repository
}
