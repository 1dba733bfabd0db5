// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"archive/tar"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExtract(t *testing.T) {
	file := func(name string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: 4, Uid: os.Geteuid(), Gid: os.Getegid()}
	}
	link := func(name, to string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
	}

	type want struct {
		files []string
		fails bool
	}

	cases := map[string]struct {
		reason string
		layers [][]*tar.Header
		want   want
	}{
		"Files":        {reason: "Directories need not be said.", layers: [][]*tar.Header{{file("bin/a"), file("./b")}}, want: want{files: []string{"b", "bin/a"}}},
		"Replaced":     {reason: "A later layer wins.", layers: [][]*tar.Header{{file("a")}, {link("a", "b"), file("b")}}, want: want{files: []string{"a", "b"}}},
		"Whiteout":     {reason: "A later layer removes.", layers: [][]*tar.Header{{file("d/a"), file("d/b")}, {file("d/.wh.a")}}, want: want{files: []string{"d/b"}}},
		"Opaque":       {reason: "A later layer empties a directory.", layers: [][]*tar.Header{{file("d/a")}, {file("d/.wh..wh..opq"), file("d/c")}}, want: want{files: []string{"d/c"}}},
		"Parent":       {reason: "There is nothing above the root.", layers: [][]*tar.Header{{file("../../a")}}, want: want{files: []string{"a"}}},
		"Absolute":     {reason: "The root is the root.", layers: [][]*tar.Header{{file("/a")}}, want: want{files: []string{"a"}}},
		"ThroughLink":  {reason: "No link leads out.", layers: [][]*tar.Header{{link("out", "/tmp"), file("out/a")}}, want: want{files: []string{"out"}, fails: true}},
		"ThroughLink2": {reason: "Not step by step either.", layers: [][]*tar.Header{{link("out", ".."), file("out/a")}}, want: want{files: []string{"out"}, fails: true}},
		"HardLink": {
			reason: "Nothing outside gets a second name.", layers: [][]*tar.Header{{link("out", "/etc"), {Name: "a", Typeflag: tar.TypeLink, Linkname: "out/passwd"}}},
			want: want{files: []string{"out"}, fails: true},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()

			var err error

			for _, headers := range tc.layers {
				layer, makeErr := layerOf(headers...)([]byte("text"))
				must(t, makeErr)

				if err = extractLayer(dir, layer); err != nil {
					break
				}
			}

			if tc.want.fails != (err != nil) {
				t.Errorf("\n%s\nextractLayer(...): want error %t, got %v", tc.reason, tc.want.fails, err)
			}

			var files []string

			must(t, filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
				if err == nil && !e.IsDir() {
					relative, _ := filepath.Rel(dir, name) // It is below.
					files = append(files, relative)
				}

				return err
			}))

			if diff := cmp.Diff(tc.want.files, files); diff != "" {
				t.Errorf("\n%s\nfiles: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
