// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package pictures

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Dashboard has the drawn fields of a Grafana dashboard.
type Dashboard struct {
	Title  string  `json:"title"`
	Panels []Panel `json:"panels"`
}

// A Panel of a dashboard.
type Panel struct {
	Title   string                                `json:"title"`
	Type    string                                `json:"type"`
	GridPos struct{ X, Y, W, H int }              `json:"gridPos"`
	Targets []struct{ Expr, LegendFormat string } `json:"targets"`
	Config  struct{ Defaults Defaults }           `json:"fieldConfig"`
	Columns []struct {
		Options struct{ IndexByName, RenameByName map[string]any }
	} `json:"transformations"`
}

// Defaults are defaults of the fields of a panel.
type Defaults struct {
	Unit       string `json:"unit"`
	Thresholds struct {
		Steps []struct {
			Color string   `json:"color"`
			Value *float64 `json:"value"`
		} `json:"steps"`
	} `json:"thresholds"`
	Custom struct {
		Stacking struct {
			Mode string `json:"mode"`
		} `json:"stacking"`
	} `json:"custom"`
}

// SampleFile is the file of the recorded sample, relative to this directory.
const SampleFile = "testdata/dashboard.json"

// A Sample has Prometheus's answers to the queries of a dashboard.
type Sample struct {
	// Seconds is the interval between the values of a series.
	Step int `json:"step"`
	// Results are by query, as the dashboard has it.
	Results map[string][]Series `json:"results"`
}

// A Series has one set of labels. A missing value is null.
type Series struct {
	Labels map[string]string `json:"labels"`
	Values []*float64        `json:"values"`
}

// The grid of Grafana has 24 columns.
const (
	unitWidth  = 39
	unitHeight = 24
	panelGap   = 6

	mebibyte = 1 << 20
)

// drawBoard draws a dashboard with a sample.
func drawBoard(d Dashboard, s Sample) *canvas {
	c := &canvas{width: 24*unitWidth + 24, title: "Grafana dashboard: " + d.Title}

	c.text(bold(16, "text"), 16, 30, d.Title)

	var titles []string

	for _, p := range d.Panels {
		x, y := 12+p.GridPos.X*unitWidth, 42+p.GridPos.Y*unitHeight
		w, h := p.GridPos.W*unitWidth-panelGap, p.GridPos.H*unitHeight-panelGap

		if p.Type == "row" {
			c.text(bold(13, "text"), x+4, y+16, p.Title)
			continue
		}

		c.rect(x, y, w, h, "panel", "line")
		title := plain(12, "text")
		c.text(title, x+10, y+18, title.cut(p.Title, w-16))

		switch p.Type {
		case "stat":
			said := c.stat(p, s, x, y, h)
			titles = append(titles, p.Title+" "+said)
		case "table":
			c.table(p, s, x, y, w, h)
			titles = append(titles, p.Title)
		case "timeseries":
			c.chart(p, s, x, y, w, h)
			titles = append(titles, p.Title)
		}
	}

	c.desc = "The panels, with values of a run of some minutes: " + strings.Join(titles, ", ") + "."

	return c
}

// stat draws one number.
func (c *canvas) stat(p Panel, s Sample, x, y, h int) string {
	text, color := "No data", "muted"

	if result := s.Results[p.Targets[0].Expr]; len(result) > 0 {
		value := last(result[0])
		text, color = human(value, p.Config.Defaults.Unit), "text"

		for _, step := range p.Config.Defaults.Thresholds.Steps {
			if step.Value == nil || value >= *step.Value {
				color = map[string]string{"green": "Healthy", "orange": "orange", "red": "Degraded"}[step.Color]
			}
		}
	}

	c.text(bold(26, color), x+12, y+h-20, text)

	return text
}

// table draws labels and values in columns.
func (c *canvas) table(p Panel, s Sample, x, y, w, h int) {
	options := p.Columns[0].Options
	columns := slices.SortedFunc(maps.Keys(options.IndexByName), func(a, b string) int {
		return int(options.IndexByName[a].(float64) - options.IndexByName[b].(float64)) //nolint:forcetypeassert // Numbers of JSON.
	})
	width := (w - 20) / len(columns)
	cell := plain(12, "text")

	for i, name := range columns {
		if other, ok := options.RenameByName[name].(string); ok {
			name = other
		}

		c.text(bold(11, "muted"), x+10+i*width, y+40, name)
	}

	for n, series := range atEnd(s.Results[p.Targets[0].Expr], strings.HasPrefix(p.Targets[0].Expr, "sort(")) {
		row := y + 60 + n*20
		if row > y+h-8 {
			break
		}

		for i, name := range columns {
			text := series.Labels[name]
			if name == "Value" {
				text = human(last(series), p.Config.Defaults.Unit)
			}

			c.text(cell, x+10+i*width, row, cell.cut(text, width-8))
		}
	}
}

// atEnd returns the series that still exist, optionally sorted by value: Prometheus sorts only instant queries.
func atEnd(all []Series, sorted bool) []Series {
	all = slices.DeleteFunc(slices.Clone(all), func(s Series) bool { return len(s.Values) == 0 || s.Values[len(s.Values)-1] == nil })

	if sorted {
		slices.SortStableFunc(all, func(a, b Series) int { return cmp.Compare(last(a), last(b)) })
	}

	return all
}

// A line of a chart.
type line struct {
	legend string
	values []*float64
}

var placeholder = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// lines returns the lines of a panel, sorted by name.
func (p Panel) lines(s Sample) []line {
	var lines []line

	for _, t := range p.Targets {
		for _, series := range s.Results[t.Expr] {
			legend := placeholder.ReplaceAllStringFunc(t.LegendFormat, func(m string) string {
				return series.Labels[placeholder.FindStringSubmatch(m)[1]]
			})
			lines = append(lines, line{legend, series.Values})
		}
	}

	return lines
}

// chart draws lines over time.
func (c *canvas) chart(p Panel, s Sample, x, y, w, h int) {
	const left, top = 62, 32

	lines := p.lines(s)
	stacked := p.Config.Defaults.Custom.Stacking.Mode == "normal"

	if stacked {
		lines = stack(lines)
	}

	most, steps := 0.0, 1

	for _, l := range lines {
		steps = max(steps, len(l.values)-1)

		for _, v := range l.values {
			if v != nil {
				most = max(most, *v)
			}
		}
	}

	axis := plain(11, "muted")
	legend := legendOf(axis, lines, w-20)
	bottom := 30 + 16*(1+legend[len(legend)-1].y)

	if most = nice(most); p.Config.Defaults.Unit == "bytes" {
		most = nice(most/mebibyte) * mebibyte
	}

	px := func(i int) float64 { return float64(x+left) + float64(i)*float64(w-left-14)/float64(steps) }
	py := func(v float64) float64 { return float64(y+h-bottom) - v/most*float64(h-top-bottom) }

	for _, part := range []float64{0, 0.5, 1} {
		at := int(py(part * most))
		c.path("line", pathf("M%d %dH%d", x+left, at, x+w-14), ` stroke-opacity="0.35"`)
		c.right(axis, x+left-6, at+4, human(part*most, p.Config.Defaults.Unit))
	}

	c.text(axis, x+left, y+h-bottom+15, "0 s")
	c.right(axis, x+w-14, y+h-bottom+15, human(float64(steps*s.Step), "s"))

	if len(lines) > len(series()) {
		c.more = append(c.more, p.Title+": two lines have the same color")
	}

	drawn := map[string]int{}

	for i, l := range slices.Backward(lines) {
		color, drawing := series()[i%len(series())], polyline(l.values, px, py)

		if stacked {
			c.area(color, drawing+below(lines, i, px, py)+"Z")
		}

		// The dashes keep a line below another one visible.
		attributes := ` stroke-width="1.5"`
		if n := drawn[drawing]; n > 0 {
			attributes += pathf(` stroke-dasharray="6 %d"`, 6*n)
		}

		drawn[drawing]++

		c.path(color, drawing, attributes)
	}

	for i, at := range legend[:len(lines)] {
		base := y + h - bottom + 34 + 16*at.y

		c.dot(series()[i%len(series())], x+14+at.x, base-4, 4)
		c.text(axis, x+22+at.x, base, axis.cut(lines[i].legend, w-30))
	}
}

// legendOf lays out the names of lines: the x from the left and the y in rows. One extra entry has the position of the next
// name.
func legendOf(s style, lines []line, width int) []struct{ x, y int } {
	at := make([]struct{ x, y int }, len(lines)+1)

	for i, l := range lines {
		needed := 24 + int(s.width(s.cut(l.legend, width-24)))
		if at[i].x > 0 && at[i].x+needed > width {
			at[i].x, at[i].y = 0, at[i].y+1
		}

		at[i+1].x, at[i+1].y = at[i].x+needed, at[i].y
	}

	return at
}

// stack adds the values of the lines below.
func stack(lines []line) []line {
	out := make([]line, len(lines))
	sums := map[int]float64{}

	for n, l := range lines {
		out[n] = line{l.legend, make([]*float64, len(l.values))}

		for i, v := range l.values {
			if v != nil {
				sums[i] += *v
			}

			sum := sums[i]
			out[n].values[i] = &sum
		}
	}

	return out
}

// polyline returns a line through all existing values.
func polyline(values []*float64, px func(int) float64, py func(float64) float64) string {
	var out strings.Builder

	command := "M"

	for i, v := range values {
		if v == nil {
			command = "M"
			continue
		}

		fmt.Fprintf(&out, "%s%.1f %.1f", command, px(i), py(*v))

		command = "L"
	}

	return out.String()
}

// below returns the lower edge of a stacked area, from right to left: the line below, or the axis.
func below(lines []line, i int, px func(int) float64, py func(float64) float64) string {
	var out strings.Builder

	for at := range slices.Backward(lines[i].values) {
		v := 0.0
		if i > 0 {
			v = *lines[i-1].values[at]
		}

		fmt.Fprintf(&out, "L%.1f %.1f", px(at), py(v))
	}

	return out.String()
}

// nice returns a round upper end of an axis.
func nice(most float64) float64 {
	if most <= 0 {
		return 1
	}

	power := math.Pow(10, math.Floor(math.Log10(most)))
	for _, factor := range []float64{1, 2, 4, 5, 10} {
		if factor*power >= most {
			return factor * power
		}
	}

	return most
}

func last(s Series) float64 {
	for _, v := range slices.Backward(s.Values) {
		if v != nil {
			return *v
		}
	}

	return math.NaN()
}

// human writes a value with its unit.
func human(v float64, unit string) string {
	switch unit {
	case "s":
		return duration(v)
	case "bytes":
		return number(v/mebibyte) + " MiB"
	case "reqps":
		return number(v) + "/s"
	default:
		return number(v)
	}
}

func duration(seconds float64) string {
	day := (24 * time.Hour).Seconds()

	switch {
	case seconds == 0:
		return "0 s"
	case seconds < 1:
		return number(seconds*1000) + " ms"
	case seconds <= 240:
		return number(seconds) + " s"
	case seconds < 2*time.Hour.Seconds():
		return number(seconds/60) + " min"
	case seconds < 2*day:
		return number(seconds/3600) + " h"
	default:
		return number(seconds/day) + " days"
	}
}

// number formats a number with three significant digits.
func number(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}

	return strconv.FormatFloat(v, 'g', 3, 64)
}
