// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package pictures draws the pictures of the documentation as SVG from the data of its callers. It does no I/O and has no clock, so
// equal data gives equal pictures.
package pictures

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

// A color has a meaning, in light and in dark mode.
type color struct{ name, light, dark string }

// The colors are those of GitHub's pages, so that a picture fits in. The background is drawn as well, so that a picture is readable
// on a dark page of a light system, or the reverse.
func colors() []color {
	return []color{
		{"back", "#ffffff", "#0d1117"},
		{"panel", "#f6f8fa", "#151b23"},
		{"line", "#8c959f", "#6e7681"},
		{"text", "#1f2328", "#f0f6fc"},
		{"muted", "#59636e", "#9198a1"},
		{"Healthy", "#1a7f37", "#3fb950"},
		{"Progressing", "#0969da", "#4493f8"},
		{"Suspended", "#8250df", "#ab7df8"},
		{"Degraded", "#d1242f", "#f85149"},
		{"orange", "#bc4c00", "#db6d28"},
		{"teal", "#1b7c83", "#39c5cf"},
		{"pink", "#bf3989", "#f778ba"},
		{"gold", "#9a6700", "#e3b341"},
		{"brown", "#7a4b2b", "#c69c7e"},
		{"lime", "#5c8a00", "#a3c42f"},
	}
}

// series are the colors of lines in a chart, without a meaning.
func series() []string {
	return []string{"Progressing", "Degraded", "Healthy", "Suspended", "orange", "teal", "pink", "gold", "text", "brown", "lime", "muted"}
}

// A style of text.
type style struct {
	size  int
	color string
	bold  bool
}

func plain(size int, color string) style { return style{size: size, color: color} }
func bold(size int, color string) style  { return style{size: size, color: color, bold: true} }

// A box surrounds a text.
type box struct {
	x, y, w, h float64
	text       string
}

// A canvas collects drawing commands.
type canvas struct {
	width  int
	title  string
	desc   string
	body   strings.Builder
	height int
	texts  []box
	more   []string // These are other faults.
}

// rect draws a box with round corners in these colors, or unfilled.
func (c *canvas) rect(x, y, w, h int, fill, stroke string) {
	class, attributes := "s-"+stroke, ` fill="none"`
	if fill != "" {
		class, attributes = "f-"+fill+" "+class, ""
	}

	fmt.Fprintf(&c.body, `<rect x="%d" y="%d" width="%d" height="%d" rx="6" class="%s"%s/>`+"\n", x, y, w, h, class, attributes)
	c.reach(y + h)
}

// path draws a line.
func (c *canvas) path(stroke, d string, attributes string) {
	fmt.Fprintf(&c.body, `<path d="%s" class="s-%s" fill="none"%s/>`+"\n", d, stroke, attributes)
}

// arrow draws a line with a head from left to right, with a corner half way if the ends differ in height.
func (c *canvas) arrow(x1, y1, x2, y2 int) {
	c.path("line", fmt.Sprintf("M%d %dH%dV%dH%d", x1, y1, (x1+x2)/2, y2, x2), "")
	c.path("line", fmt.Sprintf("M%d %dl6 4l-6 4", x2-6, y2-4), "")
}

// area fills a polygon.
func (c *canvas) area(fill, d string) {
	fmt.Fprintf(&c.body, `<path d="%s" class="f-%s" stroke="none" fill-opacity="0.25"/>`+"\n", d, fill)
}

// dot draws a disc.
func (c *canvas) dot(fill string, x, y, r int) {
	fmt.Fprintf(&c.body, `<circle cx="%d" cy="%d" r="%d" class="f-%s"/>`+"\n", x, y, r, fill)
}

// text writes a line with its baseline at y.
func (c *canvas) text(s style, x, y int, text string) {
	class := fmt.Sprintf("f-%s t%d", s.color, s.size)
	if s.bold {
		class += " b"
	}

	fmt.Fprintf(&c.body, `<text x="%d" y="%d" class="%s">%s</text>`+"\n", x, y, class, escape(text))

	size := float64(s.size)
	c.texts = append(c.texts, box{float64(x), float64(y) - 0.8*size, s.width(text), size, text})
	c.reach(y + s.size/2)
}

// right writes a line that ends at x.
func (c *canvas) right(s style, x, y int, text string) { c.text(s, x-int(s.width(text)), y, text) }

// paragraph writes lines of at most that width below y, and returns where the next one goes.
func (c *canvas) paragraph(s style, x, y, width int, text string) int {
	for _, line := range s.wrap(text, width) {
		y += s.size + 5
		c.text(s, x, y, line)
	}

	return y
}

// lines returns the lines of a paragraph.
func (s style) wrap(text string, width int) []string {
	var lines []string

	for word := range strings.FieldsSeq(text) {
		last := len(lines) - 1
		if last >= 0 && s.width(lines[last]+" "+word) <= float64(width) {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}

	return lines
}

// cut shortens text that is too wide.
func (s style) cut(text string, width int) string {
	if s.width(text) <= float64(width) {
		return text
	}

	runes := []rune(text)
	for len(runes) > 0 && s.width(string(runes)+"…") > float64(width) {
		runes = runes[:len(runes)-1]
	}

	return string(runes) + "…"
}

// width returns the width of a text in DejaVu Sans, which is wider than other sans-serif fonts.
func (s style) width(text string) float64 {
	sum := 0.0

	for _, r := range text {
		switch {
		case strings.ContainsRune("ijlI.,:;'|! ", r):
			sum += 0.32
		case strings.ContainsRune("frt()[]-/", r):
			sum += 0.39
		case strings.ContainsRune("mMwW@%…", r):
			sum += 0.95
		case r >= 'A' && r <= 'Z':
			sum += 0.69
		default:
			sum += 0.62
		}
	}

	if s.bold {
		sum *= 1.12
	}

	return sum * float64(s.size)
}

func (c *canvas) reach(y int) { c.height = max(c.height, y) }

// svg returns the picture.
func (c *canvas) svg() []byte {
	height := c.height + 16

	var out strings.Builder

	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title desc">`+"\n",
		c.width, height, c.width, height)
	out.WriteString("<!-- Made by 'make test-golden-update'. DO NOT EDIT. -->\n")
	fmt.Fprintf(&out, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n<style>\n", escape(c.title), escape(c.desc))
	out.WriteString("text{font-family:-apple-system,'Segoe UI','Noto Sans',Helvetica,Arial,sans-serif}.b{font-weight:600}\n")

	for _, size := range []int{11, 12, 13, 16, 26} {
		fmt.Fprintf(&out, ".t%d{font-size:%dpx}", size, size)
	}

	out.WriteString("\n")

	for _, dark := range []bool{false, true} {
		if dark {
			out.WriteString("@media (prefers-color-scheme:dark){")
		}

		for _, color := range colors() {
			value := color.light
			if dark {
				value = color.dark
			}

			fmt.Fprintf(&out, ".f-%s{fill:%s}.s-%s{stroke:%s}", color.name, value, color.name, value)
		}

		if dark {
			out.WriteString("}")
		}

		out.WriteString("\n")
	}

	fmt.Fprintf(&out, `</style>`+"\n"+`<rect x="0.5" y="0.5" width="%d" height="%d" rx="6" class="f-back s-line"/>`+"\n", c.width-1, height-1)
	out.WriteString(c.body.String())
	out.WriteString("</svg>\n")

	return []byte(out.String())
}

// Faults returns texts that overlap, or end outside.
func (c *canvas) faults() []string {
	faults := slices.Clone(c.more)

	for i, a := range c.texts {
		if a.x < 0 || a.x+a.w > float64(c.width) {
			faults = append(faults, fmt.Sprintf("%q ends outside", a.text))
		}

		for _, b := range c.texts[i+1:] {
			if a.x < b.x+b.w && b.x < a.x+a.w && a.y < b.y+b.h && b.y < a.y+a.h {
				faults = append(faults, fmt.Sprintf("%q overlaps %q", a.text, b.text))
			}
		}
	}

	return faults
}

func pathf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

func escape(s string) string {
	var out strings.Builder

	_ = xml.EscapeText(&out, []byte(s)) // A Builder never fails.

	return out.String()
}
