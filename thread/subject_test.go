package thread

import (
	"testing"

	"pgregory.net/rapid"
)

func TestBaseSubject(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		reply          bool
	}{
		{"plain", "Bays or clusters?", "Bays or clusters?", false},
		{"reply", "Re: Bays or clusters?", "Bays or clusters?", true},
		{"many replies", "RE: Re: re : Fwd: Bays", "Bays", true},
		{"numbered reply", "Re[2]: Bays", "Bays", true},
		{"list tag", "[sig-openstack] Bays", "Bays", false},
		{"list tag and reply, both ways", "Re: [sig-openstack] Re: [magnum] Bays", "Bays", true},
		{"reply behind the tag", "[sig-openstack] Re: Bays", "Bays", true},
		{"only a tag", "[magnum]", "[magnum]", false},
		{"reply to only a tag", "Re: [magnum]", "[magnum]", true},
		{"forwarded behind", "Bays (fwd)", "Bays", false},
		{"forwarded around", "[Fwd: Re: Bays]", "Bays", false},
		{"white space", " Bays \t or\n clusters ", "Bays or clusters", false},
		{"German", "AW: WG: Bays", "Bays", true},
		{"a word with a colon", "nova: bays", "nova: bays", false},
		{"a word like a mark", "Rest: bays", "Rest: bays", false},
		{"empty", "", "", false},
		{"only a mark", "Re:", "", true},
		{"open bracket", "[magnum bays", "[magnum bays", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := BaseSubject(c.in); got != c.want {
				t.Errorf("BaseSubject(%q) = %q, want %q", c.in, got, c.want)
			}
			if got := IsReply(c.in); got != c.reply {
				t.Errorf("IsReply(%q) = %v", c.in, got)
			}
		})
	}
}

func TestBaseSubjectIsAFixedPoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`((Re|fwd|AW|x)?(\[[a-z]?\])?:? ?){0,5}[a-z:\[\] ()]{0,12}`).Draw(t, "subject")
		once := BaseSubject(s)
		if twice := BaseSubject(once); twice != once {
			t.Fatalf("%q → %q → %q", s, once, twice)
		}
	})
}
