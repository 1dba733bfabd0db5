// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package pictures

import (
	"fmt"
	"strings"
)

// A Question of a decision tree. After a no, the next one is asked.
type Question struct {
	Text    string
	Answers []Answer
}

// An Answer to a yes has the color of Argo CD's health in that case, if there is one.
type Answer struct {
	Health, Lead, Text string
}

const (
	questionWidth = 270
	answerLeft    = 350
	answerWidth   = 590
)

// drawDecisions draws the questions to ask one after the other.
func drawDecisions(title string, questions []Question) *canvas {
	c := &canvas{width: 960, title: title}

	var said []string

	y := 20

	for i, q := range questions {
		top := y
		ask := bold(13, "text")

		end := c.answers(q.Answers, y)

		height := 18 + len(ask.wrap(q.Text, questionWidth-24))*(ask.size+5)
		c.rect(20, top, questionWidth, height, "panel", "line")
		c.paragraph(ask, 32, top+3, questionWidth-24, q.Text)

		c.arrow(20+questionWidth, top+20, answerLeft, top+20)
		c.text(plain(11, "muted"), 20+questionWidth+14, top+15, "yes")

		y = max(end, top+height) + 18

		if i+1 < len(questions) {
			c.path("line", pathf("M%d %dV%dm-4 -6l4 6l4 -6", 20+questionWidth/2, top+height, y), "")
			c.text(plain(11, "muted"), 28+questionWidth/2, y-4, "no")
		}

		said = append(said, q.Text)

		for _, a := range q.Answers {
			said = append(said, strings.TrimSpace(fmt.Sprintf("%s. %s", a.Lead, a.Text)))
		}
	}

	c.desc = strings.Join(said, " ")

	return c
}

// answers draws the answers to one question, from y on, and returns where they end.
func (c *canvas) answers(answers []Answer, y int) int {
	const indent = 26

	top, lead, text := y, bold(12, "text"), plain(12, "text")

	for _, a := range answers {
		color := a.Health
		if color == "" {
			color = "muted"
		}

		c.dot(color, answerLeft+14, y+17, 5)

		if a.Lead != "" {
			lead.color = color
			y = c.paragraph(lead, answerLeft+indent, y+4, answerWidth-indent-10, a.Lead) - 4
		}

		if a.Text != "" {
			y = c.paragraph(text, answerLeft+indent, y+4, answerWidth-indent-10, a.Text) - 4
		}

		y += 9
	}

	c.rect(answerLeft, top, answerWidth, y-top+4, "", "line")

	return y + 4
}
