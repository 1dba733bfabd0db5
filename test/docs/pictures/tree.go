// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package pictures

import (
	"slices"
	"strings"
)

// A Node is an object in Argo CD's tree.
type Node struct {
	Kind, Name string
	// Health is empty for kinds without a health check.
	Health, Message string
	// Hidden is true if the project of a team does not list the kind.
	Hidden bool
}

const (
	nodeHeight = 44
	nodeGap    = 12
)

// drawTree draws an Application of Argo CD, its PlatformApplication, and the composed resources.
func drawTree(root, application Node, composed []Node) *canvas {
	c := &canvas{
		width: 960, title: "An application in Argo CD while a secret awaits its value",
		desc: "The tree of Application " + root.Name + ": PlatformApplication " + application.Name + " is " + application.Health +
			", with the message: " + application.Message + " Below it is what the team sees of the application, each object with its health.",
	}

	const left, rootWidth, middle, width, right, rightWidth = 20, 190, 240, 250, 530, 410

	y := 24

	var hidden []string

	composed = slices.DeleteFunc(slices.Clone(composed), func(n Node) bool {
		if n.Hidden && !slices.Contains(hidden, n.Kind) {
			hidden = append(hidden, n.Kind)
		}

		return n.Hidden
	})

	for _, n := range composed {
		c.node(n, right, y, rightWidth)
		y += nodeHeight + nodeGap
	}

	center := 24 + nodeHeight/2
	root.Health, root.Message = application.Health, ""

	c.node(root, left, center-nodeHeight/2, rootWidth)
	c.node(application, middle, center-nodeHeight/2, width)
	c.arrow(left+rootWidth, center, middle, center)

	for i := range composed {
		c.arrow(middle+width, center, right, 24+i*(nodeHeight+nodeGap)+nodeHeight/2)
	}

	top := center + nodeHeight
	message := plain(13, "text")
	height := 34 + len(message.wrap(application.Message, middle+width-left-28))*(message.size+5)

	c.path("line", pathf("M%d %dV%d", middle+60, center+nodeHeight/2, top), ` stroke-dasharray="2 3"`)
	c.rect(left, top, middle+width-left, height, "panel", application.Health)
	c.text(bold(11, application.Health), left+14, top+18, "HEALTH DETAILS: "+application.Health)
	c.paragraph(message, left+14, top+20, middle+width-left-28, application.Message)

	c.paragraph(plain(11, "muted"), right, y-1, rightWidth, "A team does not see kinds that its project does not list: "+strings.Join(hidden, ", ")+
		". Administrators see them in a project that lists every kind.")

	return c
}

// node draws an object.
func (c *canvas) node(n Node, x, y, width int) {
	c.rect(x, y, width, nodeHeight, "panel", "line")

	name := bold(13, "text")
	c.text(name, x+12, y+18, name.cut(n.Name, width-24))
	c.text(plain(11, "muted"), x+12, y+35, n.Kind)

	if n.Health == "" {
		return
	}

	health := bold(11, n.Health)
	c.right(health, x+width-12, y+35, n.Health)
	c.dot(n.Health, x+width-22-int(health.width(n.Health)), y+31, 5)
}
