package thread

import (
	"testing"

	"pgregory.net/rapid"
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
		s := rapid.StringMatching(`((Re|fwd|AW|x)?(\[[a-z]?\])?:? ?){0,5}[a-z:\[\] ()]{0,12}`).Draw(t, "subject")
		once := BaseSubject(s)
		if twice := BaseSubject(once); twice != once {
			t.Fatalf("%q → %q → %q", s, once, twice)
		}
	})
}
