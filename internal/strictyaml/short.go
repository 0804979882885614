// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Texts returns the lines of text below a key: one, or a list of them. nil if
// the key is not there. A text that is twice in the list is an error.
func (m *Mapping) Texts(key string) []string {
	node := m.values[key]
	switch {
	case node == nil || m.doc.err != nil:
		return nil
	case node.Kind == yaml.ScalarNode:
		return []string{m.Text(key)}
	case node.Kind != yaml.SequenceNode:
		m.Fail(key, "must be one value, or a list such as [a, b]")
		return nil
	}
	var all []string
	for _, element := range node.Content {
		switch {
		case element.Kind != yaml.ScalarNode || element.Anchor != "":
			m.doc.fail(element.Line, "%s: an element must be one value, without an anchor or an alias", key)
		case isEmpty(element):
			m.doc.fail(element.Line, "%s: an element is empty: write a value, or remove it", key)
		case strings.ContainsAny(element.Value, "\n\x00"):
			m.doc.fail(element.Line, "%s: an element must be one line", key)
		case slices.Contains(all, element.Value):
			m.doc.fail(element.Line, "%s: %s is there twice: remove one of them", key, element.Value)
		}
		all = append(all, element.Value)
	}
	if m.doc.err != nil {
		return nil
	}
	return all
}

// MappingOr is Mapping for a key whose value may also be one line of text. That
// is short for a mapping in which the key short has that text.
func (m *Mapping) MappingOr(short, key string, known ...string) *Mapping {
	node := m.values[key]
	if node == nil || m.doc.err != nil || node.Kind != yaml.ScalarNode {
		return m.Mapping(key, known...)
	}
	return m.doc.short(node, short)
}

// ListOr is List for a list whose elements may also be one line of text each,
// short as for MappingOr.
func (m *Mapping) ListOr(short, key string, known ...string) []*Mapping {
	node := m.values[key]
	if node == nil || m.doc.err != nil || node.Kind != yaml.SequenceNode {
		return m.List(key, known...)
	}
	var all []*Mapping
	for _, element := range node.Content {
		switch {
		case element.Kind == yaml.AliasNode || element.Anchor != "":
			m.doc.fail(element.Line, "%s: anchors and aliases are not supported: write the value itself", key)
			return nil
		case element.Kind != yaml.ScalarNode:
			all = append(all, m.doc.mapping(element, "an element of "+key, known))
		case isEmpty(element):
			m.doc.fail(element.Line, "%s: an element is empty: write a value, or remove it", key)
			return nil
		default:
			all = append(all, m.doc.short(element, short))
		}
	}
	return all
}

// short returns the mapping for which a text is short.
func (d *Document) short(node *yaml.Node, key string) *Mapping {
	m := d.none(node.Line)
	m.keys, m.values = map[string]*yaml.Node{key: node}, map[string]*yaml.Node{key: node}
	return m
}
