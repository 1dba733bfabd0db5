// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package docs finds the commands in the documentation, so that tests can run them.
//
// Every block of commands is run, unless a comment on the line before it gives the reason:
//
//	<!-- azure -->            needs an account in Azure
//	<!-- cluster -->          needs a cluster: test/e2e runs it on one
//	<!-- cluster: words -->   the same, and each of its commands must fail with these words
//	<!-- terminal: words -->  runs in a separate terminal until it is interrupted, and is ready when
//	                          it has printed these words: test/e2e runs the whole page
//	<!-- gate: demo, test --> takes long: these steps of .ci/run run it
//	<!-- elsewhere: why -->   is not run, for this reason
//
// Two more comments set up a run. Before commands:
//
//	<!-- in: dir -->          they are run in this directory, not in the root
//
// Before a block of any other language:
//
//	<!-- file: path -->       the reader writes the block to this file
//
// A block without a language, or of JSON, that directly follows commands is their expected output:
// the output must contain each of its lines. See lacks for parts that may differ between runs.
package docs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Marks of blocks.
const (
	Azure     = "azure"
	Cluster   = "cluster"
	Terminal  = "terminal"
	Gate      = "gate"
	Elsewhere = "elsewhere"
	In        = "in"
	File      = "file"
)

// A Block of code on a page.
type Block struct {
	// Line of the page that it begins in, counted from 1.
	Line int

	// Language of the block, such as sh.
	Language string

	// Mark is the mark in the comment before the block, and Detail the text after its colon.
	Mark, Detail string

	// Text of the block, without the indentation that it has in a list.
	Text string

	// Output that the page shows right after commands.
	Output string
}

// Commands reports whether the block has commands.
func (b Block) Commands() bool { return b.Language == "sh" }

// Runs reports whether the block can be run with only the repository.
func (b Block) Runs() bool { return b.Commands() && (b.Mark == "" || b.Mark == In) }

// RunsOnCluster reports whether the block can be run with a cluster, or has programs that replace
// one.
func (b Block) RunsOnCluster() bool {
	return b.Commands() && (b.Mark == Cluster || b.Mark == Terminal)
}

// Steps returns the steps of .ci/run that run a block with the mark Gate.
func (b Block) Steps() []string {
	steps := strings.Split(b.Detail, ",")
	for i := range steps {
		steps[i] = strings.TrimSpace(steps[i])
	}

	return steps
}

var (
	fence   = regexp.MustCompile("^( *)```([a-z]*)$")
	comment = regexp.MustCompile(`^ *<!-- ([a-z]+)(?:: (.*[^ ]))? -->$`)
)

// Parse returns the blocks of a page, or an error with the invalid line.
func Parse(page string) ([]Block, error) {
	var (
		blocks []Block
		open   *Block
		indent string
		before string
		shown  bool // Output of the last block follows, unless there is text in between.
	)

	for i, line := range strings.Split(page, "\n") {
		found := fence.FindStringSubmatch(line)

		switch {
		case found != nil && open == nil:
			b := Block{Line: i + 1, Language: found[2]}
			if c := comment.FindStringSubmatch(before); c != nil {
				b.Mark, b.Detail = c[1], c[2]
			}

			if err := validate(b); err != nil {
				return nil, fmt.Errorf("line %d: %w", b.Line, err)
			}

			open, indent = &b, found[1]
		case found != nil:
			if shown && open.Mark == "" && (open.Language == "" || open.Language == "json") {
				blocks[len(blocks)-1].Output = open.Text
			}

			blocks, shown, open = append(blocks, *open), open.Commands(), nil
		case open != nil:
			open.Text += strings.TrimPrefix(line, indent) + "\n"
		case line != "":
			shown = false
		}

		before = line
	}

	if open != nil {
		return nil, fmt.Errorf("line %d: the block does not end", open.Line)
	}

	return blocks, nil
}

// validate checks that a block of its language can have its mark.
func validate(b Block) error {
	if slices.Contains([]string{"bash", "shell", "console", "zsh"}, b.Language) {
		return fmt.Errorf("cannot run a block of %s: commands are in blocks of sh", b.Language)
	}

	plain := []string{"", Azure}
	detailed := []string{Gate, Elsewhere, In, Terminal}

	if !b.Commands() {
		plain, detailed = []string{""}, []string{File}
	}

	switch {
	case b.Commands() && b.Mark == Cluster:
	case slices.Contains(plain, b.Mark):
		if b.Detail != "" {
			return fmt.Errorf("mark %s cannot have a detail", b.Mark)
		}
	case !slices.Contains(detailed, b.Mark):
		return fmt.Errorf("unknown mark %q for a block of %q", b.Mark, b.Language)
	case b.Detail == "":
		return fmt.Errorf("mark %s needs a detail after a colon", b.Mark)
	}

	return nil
}

// each returns the commands of the block, with continuation lines joined.
func (b Block) each() []string {
	var commands []string

	for line := range strings.SplitSeq(strings.ReplaceAll(b.Text, "\\\n", ""), "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			commands = append(commands, line)
		}
	}

	return commands
}
