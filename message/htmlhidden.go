package message

import (
	"bytes"
	"strings"

	"golang.org/x/net/html/atom"
)

// mayHide is a first look at the source of a tag.
func mayHide(tag []byte) bool {
	return bytes.Contains(tag, []byte("hidden")) || bytes.Contains(tag, []byte("none")) || bytes.Contains(tag, []byte("NONE"))
}

// isHidden says whether an element that can hold text is not shown (HTML
// Standard, section 6.1; CSS 2.2, sections 9.2.4 and 11.2).
func isHidden(tag atom.Atom, attrs map[string]string) bool {
	switch tag {
	case atom.Div, atom.Span, atom.P, atom.Table, atom.Tr, atom.Td, atom.Font, atom.Center, atom.Section, atom.A, atom.Small:
	default:
		return false
	}
	if _, hidden := attrs["hidden"]; hidden {
		return true
	}
	for rule := range strings.SplitSeq(strings.ToLower(attrs["style"]), ";") {
		name, value, _ := strings.Cut(rule, ":")
		value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "!important"))
		switch strings.TrimSpace(name) {
		case "display":
			if value == "none" {
				return true
			}
		case "visibility":
			if value == "hidden" {
				return true
			}
		}
	}
	return false
}
