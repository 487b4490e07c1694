package main

import (
	"strings"
	"testing"

	"sigpost/digest"
)

// What is wrong stands above the form, names lines of the text that is opened,
// and takes the place of what was wrong before.
func TestErrorsAboveAForm(t *testing.T) {
	text := "first\nbad\nthird\nworse\n"
	lineOf := func(text, line string) int {
		before, _, _ := strings.Cut(text, "\n"+line+"\n")
		return strings.Count(before, "\n") + 2
	}
	once := withErrors(text, digest.FormErrors{{Line: 0, What: "all --> of it"}, {Line: 2, What: "it is bad"}, {Line: 4, What: "it is worse"}})
	if lineOf(once, "bad") != 7+1 || !strings.Contains(once, "\n  line 8: it is bad\n  line 10: it is worse\n-->\nfirst\n") || !strings.Contains(once, "\n  all -- > of it\n") {
		t.Errorf("got\n%s", once)
	}
	twice := withErrors(strings.Replace(once, "bad\n", "good\n", 1), digest.FormErrors{{Line: 10, What: "it is worse"}})
	if strings.Count(twice, notTaken) != 1 || !strings.Contains(twice, "\n  line 8: it is worse\n-->\nfirst\n") || lineOf(twice, "worse") != 8 {
		t.Errorf("got\n%s", twice)
	}
}
