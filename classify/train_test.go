package classify

import (
	"fmt"
	"testing"
	"testing/fstest"
)

func TestAuthorOf(t *testing.T) {
	known := map[string]int32{"openstack": 1}
	for _, tt := range []struct {
		name, a, b string
		same       bool
	}{
		{"another host", "ana_old ana@old.example", "ana_new ana@new.example", true},
		{"address alone", "ana.lopez@old.example", "ana_lopez@new.example", true},
		{"name and address", "Ana_Lopez", "ana_lopez_old ana.lopez@old.example", true},
		{"name of two words", "Ana Lopez", "Bea Lopez", false},
		{"others", "ana@old.example", "bea@old.example", false},
		{"word of the taxonomy", "openstack@old.example", "openstack@new.example", false},
		{"the same role", "openstack@old.example", "OpenStack@old.example", true},
		{"one with a word of the taxonomy", "openstack-ana@old.example", "openstack-bea@old.example", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if a, b := authorOf(tt.a, known), authorOf(tt.b, known); (a == b) != tt.same {
				t.Errorf("%q is %q, %q is %q", tt.a, a, tt.b, b)
			}
		})
	}
	if got := authorOf("", known); got != "" {
		t.Errorf("nobody is %q", got)
	}
}

// TestTrainLeavesOutAuthors: what one person alone writes is not learned, also where
// that person has two addresses.
func TestTrainLeavesOutAuthors(t *testing.T) {
	for _, tt := range []struct {
		name, first, second string
		learned             bool
	}{
		{"two people", "ana@old.example", "bea@old.example", true},
		{"one person", "ana@old.example", "ana@old.example", false},
		{"one person, two addresses", "ana@old.example", "ana@new.example", false},
		{"no address", "-", "-", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := fstest.MapFS{}
			table := "file\tlabel\tcycle\tkind\taddress\n"
			for i := range 40 {
				label, author, text := "rake", "cleo@old.example", "leaves in the morning"
				if i%2 == 0 {
					label, author, text = "spade", tt.first, "dig in the evening, regards, Zanahoria"
				}
				if i%4 == 0 {
					author = tt.second
				}
				name := fmt.Sprintf("a%02d__%s__x.txt", i, label)
				dir["txt/"+name] = &fstest.MapFile{Data: []byte(text)}
				table += fmt.Sprintf("%s\t%s\told\tPTL\t%s\n", name, label, author)
			}
			dir["labels.tsv"] = &fstest.MapFile{Data: []byte(table)}
			l, err := beds().ReadStatements("s", dir)
			if err != nil {
				t.Fatal(err)
			}
			w, err := Train(beds(), l.Samples)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := w.Kinds["project"]["spade"].Terms["zanahoria"]; ok != tt.learned {
				t.Errorf("learned: %v, want %v", ok, tt.learned)
			}
		})
	}
}
