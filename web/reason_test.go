package web

import "testing"

func TestReasonsAreInWords(t *testing.T) {
	for rule, want := range map[string]string{
		"alias kuryr": "the name kuryr", "learned save": "the learned word save", "together port + pod": "these words together: port + pod",
		"fuzzy kuryr with a capital letter":    "close to the name kuryr with a capital letter",
		"word ports, learned from 3 decisions": "the word ports, learned from 3 decisions",
		"question mark in the subject":         "question mark in the subject", "list": "list", "": "",
	} {
		if got := ruleInWords(rule); got != want {
			t.Errorf("%q is told as %q, and not as %q", rule, got, want)
		}
	}
	for field, want := range map[string]string{"subject-tag": "in a tag of the subject", "text": "in the text", "": "", "footer": "in the footer"} {
		if got := fieldInWords(field); got != want {
			t.Errorf("%q is told as %q, and not as %q", field, got, want)
		}
	}
}
