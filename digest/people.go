package digest

import (
	"cmp"
	"regexp"
	"strings"

	"sigpost"
	"sigpost/internal/prose"
)

// nameLimit is the number of characters that a person's name may have.
const nameLimit = 60

// via is what list software adds to a name when it rewrites From for DMARC
// (RFC 7960, section 4.1.3.1): "'Ana Moreau' via a-list".
var via = regexp.MustCompile(`(?i)^(\S.*?)\s+via\s+\S.*$`)

// names are the labels of authors by address, so that a person is called the
// same in mails with and without a name.
type names map[string]string

// namesIn finds what the authors of an issue's threads call themselves.
func namesIn(threads []News) names {
	found := names{}
	for _, n := range threads {
		for _, m := range n.Messages {
			addr := strings.ToLower(m.Author.Addr)
			if m.Author.Name != "" && found[addr] == "" {
				found[addr] = Label(m.Author)
			}
		}
	}
	return found
}

// of is what readers see of an author; never an address.
func (n names) of(author sigpost.Address) string {
	if name := n[strings.ToLower(author.Addr)]; name != "" && author.Addr != "" {
		return name
	}
	return Label(author)
}

// Label is what issues call an author who is named nowhere else; never an address.
func Label(author sigpost.Address) string {
	name := via.ReplaceAllString(clean(cmp.Or(sigpost.Legible(author.Name), author.Label())), "$1")
	name = strings.Trim(name, `"'`)
	if prose.HasAddress(name) { // "Ana Moreau (ana@…)"
		if bare := strings.Trim(prose.CutAddresses(name), ` "'()<>[],:`); bare != "" {
			name = bare
		}
	}
	name, _, _ = strings.Cut(name, "@")
	if name = strings.TrimSpace(name); name == "" {
		return "somebody"
	}
	return shorten(name, nameLimit)
}
