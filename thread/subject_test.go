package thread

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"sigpost"
)

func TestBaseSubject(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
	}{
		{"plain", "Bays or clusters?", "Bays or clusters?"},
		{"reply", "Re: Bays or clusters?", "Bays or clusters?"},
		{"many replies", "RE: Re: re : Fwd: Bays", "Bays"},
		{"numbered reply", "Re[2]: Bays", "Bays"},
		{"list tag", "[sig-openstack] Bays", "Bays"},
		{"list tag and reply, both ways", "Re: [sig-openstack] Re: [magnum] Bays", "Bays"},
		{"reply behind the tag", "[sig-openstack] Re: Bays", "Bays"},
		{"only a tag", "[magnum]", "[magnum]"},
		{"reply to only a tag", "Re: [magnum]", "[magnum]"},
		{"forwarded behind", "Bays (fwd)", "Bays"},
		{"forwarded around", "[Fwd: Re: Bays]", "Bays"},
		{"white space", " Bays \t or\n clusters ", "Bays or clusters"},
		{"German", "AW: WG: Bays", "Bays"},
		{"a word with a colon", "nova: bays", "nova: bays"},
		{"a word like a mark", "Rest: bays", "Rest: bays"},
		{"empty", "", ""},
		{"only a mark", "Re:", ""},
		{"open bracket", "[magnum bays", "[magnum bays"},
		{"counts of three kinds", "Re[2]: Re(3): Re^4: Bays", "Bays"},
		{"Italian and Turkish", "R: YNT: Bays", "Bays"},
		{"Chinese, full width", "回复：答复: Bays", "Bays"},
		{"Russian behind a tag", "[sig] Ответ: НА: Bays", "Bays"},
		{"what it was before", "Bays (was: Clusters)", "Bays"},
		{"what it was before, in square brackets", "Re: Bays [was Re: Clusters]", "Bays"},
		{"what it was before, cut short", "Bays (was: Clus", "Bays"},
		{"what it was before, nested", "Bays (was: Clusters (was: Re: Nodes))", "Bays"},
		{"what it was before, behind a comma", "Bays, was: Clusters", "Bays"},
		{"what it was before, by its mark", "Bays was Re: Clusters", "Bays"},
		{"forwarded what it was before", "[Fwd: Bays (was: Clusters)] (fwd)", "Bays"},
		{"a sentence", "The trouble was: no bays", "The trouble was: no bays"},
		{"a remark", "Bays (was broken)", "Bays (was broken)"},
		{"only what it was before", "(was: Clusters)", "(was: Clusters)"},
		{"a part of a program", "fs: unmount twice", "fs: unmount twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := BaseSubject(c.in); got != c.want {
				t.Errorf("BaseSubject(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestBaseSubjectIsAFixedPoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`((Re|fwd|AW|R|x)?(\[[a-z]?\]|\(2\)|\^3)?:? ?){0,5}[a-z:\[\] ()]{0,12}( ?[(\[,]?was:? (Re: )?[a-z\])]{0,4}){0,2}`).Draw(t, "subject")
		once := BaseSubject(s)
		if twice := BaseSubject(once); twice != once {
			t.Fatalf("%q → %q → %q", s, once, twice)
		}
	})
}

func TestIsAnswer(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     bool
	}{
		{"opener", "Bays", false},
		{"reply", "Re: Bays", true},
		{"behind a tag", "[sig] [magnum] AW: Bays", true},
		{"before a tag", "回复：[sig] Bays", true},
		{"forwarded", "Fwd: Bays", false},
		{"forwarded reply", "Fwd: Re: Bays", false},
		{"reply to what was forwarded", "Re: Fwd: Bays", true},
		{"Finnish", "VS: Bays", true},
		{"a mark and nothing else", "[sig] Re:", true},
		{"a mark within", "On Re: and Aw:", false},
		{"empty", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sigpost.IsAnswer(c.in); got != c.want {
				t.Errorf("%q: %v", c.in, got)
			}
		})
	}
}

func TestSaysWas(t *testing.T) {
	for in, want := range map[string]bool{
		"Bays (was: Clusters)": true, "Bays (Was Re: Clusters)": true, "Bays [war: Clusters]": true,
		"Bays - was: Clusters": true, "Bays was Fwd: Clusters": true, "Bays (was: [sig] Clusters (again))": true,
		"Bays": false, "was: Bays": false, "Bays (was:)": false, "Bays (wash: Clusters)": false,
		"Bays (was: Clusters) and nodes": false, "The trouble was: no bays": false, "What was it?": false,
		"Biwas Re: Clusters": false,
	} {
		if got := SaysWas(in); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestLongSubjectsAreCutBetweenLetters(t *testing.T) {
	got := BaseSubject("xx" + strings.Repeat("€", maxSubject))
	if !utf8.ValidString(got) || len(got) > maxSubject || len(got) < maxSubject-3 {
		t.Errorf("%d bytes, valid: %v", len(got), utf8.ValidString(got))
	}
}

func FuzzBaseSubject(f *testing.F) {
	for _, seed := range []string{
		"Re: [sig] Bays (was: Clusters) (fwd)", "[Fwd: Re[2]: R: Bays]", "回复：[PATCH v2 1/3] x", "Re^2: Ответ: \xff€",
		"[[[[", "Re: Re: was Re: was Re:", "(was: (was: (was:", "[fwd: [fwd: [fwd: x]]]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, subject string) {
		base := BaseSubject(subject)
		if again := BaseSubject(base); again != base {
			t.Errorf("%q → %q → %q", subject, base, again)
		}
		if len(base) > len(subject) || strings.ContainsAny(base, "\r\n\t") {
			t.Errorf("%q → %q", subject, base)
		}
		m := &sigpost.Message{Subject: subject, References: []sigpost.MessageID{"a"}}
		if CutsOff(m, m) {
			t.Errorf("%q is cut off from itself", subject)
		}
		if key := SubjectKey(m); len(key) > maxKey || utf8.ValidString(subject) && !utf8.ValidString(key) {
			t.Errorf("%q has the key %q", subject, key)
		}
		if sigpost.IsAnswer(subject) && !sigpost.IsAnswer("[a list] "+subject) {
			t.Errorf("%q is an answer, and none behind a tag", subject)
		}
	})
}
