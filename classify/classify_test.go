package classify

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost"
)

var update = flag.Bool("update", false, "write the golden files")

// classifyOne tags a thread of one message and gives its tags by state, such as
// "heat" for an accepted project and "heat?" for a proposed one. Scenarios are
// left out.
func classifyOne(c *Classifier, d Document) []string {
	d.Opener = true
	return projects(c.Classify([]Document{d}))
}

func projects(tags []sigpost.Tagging) []string {
	names := []string{}
	for _, g := range tags {
		switch {
		case g.Tag.Kind != sigpost.KindProject:
		case g.State == sigpost.TagProposed:
			names = append(names, g.Tag.Name+"?")
		default:
			names = append(names, g.Tag.Name)
		}
	}
	return names
}

func TestProjects(t *testing.T) {
	c := New(OpenStack(), nil)
	for _, tt := range []struct {
		name, subject, text string
		want                []string
	}{
		// Where a name stands.
		{"bracket", "[kuryr] port quota", "It fills up.", []string{"kuryr"}},
		{"two brackets", "Re: [magnum][kuryr] which networks?", "", []string{"kuryr", "magnum"}},
		{"list in a bracket", "[kolla, heat] gate is red", "", []string{"heat", "kolla"}},
		{"bracket with more in it", "[the heat] is on", "", nil},
		{"bracket of a common word", "[horizon] no login", "", []string{"horizon"}},
		{"prefix", "kuryr: ports stay behind", "", []string{"kuryr"}},
		{"prefix of a common word", "swift: container sync", "", []string{"swift?"}},
		{"prefix of a common word among its kind", "swift: container sync", "This is OpenStack Mitaka.", []string{"swift"}},
		{"subject", "Murano packages do not upload", "", []string{"murano"}},
		{"text", "", "We have used barbican for the certificates.", []string{"barbican"}},
		{"deep in the text", "", strings.Repeat("Nothing to see on this line.\n", 60) + "But barbican.", []string{"barbican?"}},
		{"path", "", "The fix is in openstack/kuryr-kubernetes now.", []string{"kuryr"}},
		{"repository URL", "", "https://github.com/openstack/magnum.git", []string{"magnum"}},
		{"review URL", "", "See https://review.opendev.org/c/openstack/octavia/+/71234.", []string{"octavia"}},
		{"manual", "", "<https://docs.openstack.org/magnum/latest/user/>", []string{"magnum"}},
		{"older manual", "", "http://docs.openstack.org/developer/heat/glossary.html", []string{"heat"}},
		{"pattern of repositories", "", "opendev.org/openstack/charm-nova-compute", []string{"openstack-charms"}},
		{"name in another URL", "", "https://example.org/murano/kuryr.html", nil},
		{"name in an address", "", "Ask barbican@example.org or bob@murano.example.org.", nil},
		{"channel", "", "We meet in #openstack-containers on Tuesday.", []string{"magnum?"}},
		{"client", "", "With novaclient 3.1 it works.", []string{"nova"}},
		{"bare repository", "", "Is kuryr-tempest-plugin run there?", []string{"kuryr"}},

		// Which name it is.
		{"longest name", "", "We run kolla-kubernetes at home.", []string{"kolla-kubernetes", "kolla?"}},
		{"dash or space", "", "The cloud provider openstack lost my node.", []string{"cloud-provider-openstack"}},
		{"possessive", "", "Octavia's amphora image is old.", []string{"octavia"}},
		{"acronym", "", "How do I use CAPO with OpenStack Yoga?", []string{"cluster-api-provider-openstack?"}},
		{"acronym in lower case", "", "Il capo of OpenStack.", nil},
		{"acronym elsewhere", "", "Our CPO has left.", nil},
		{"phrase", "OpenStack Key Manager service", "", []string{"barbican"}},
		{"phrase elsewhere", "The compute service of our cluster", "", nil},
		{"former name", "", "OpenStack Quantum agents were started.", []string{"neutron?"}},
		{"former name elsewhere", "", "A quantum of agents.", nil},

		// Ordinary words.
		{"heat is on", "The heat is on", "The heat is on in the whole office.", nil},
		{"heat templates", "Heat templates fail to update", "Since Monday.", []string{"heat"}},
		{"ironic that", "", "It is ironic that OpenStack people meet where the network is down.", nil},
		{"ironic nodes", "", "Some Ironic nodes never become available.", []string{"ironic"}},
		{"at a glance", "", "At a glance, OpenStack looks fine.", nil},
		{"capital in the field", "", "On OpenStack we would like to try Magnum some day.", []string{"magnum"}},
		{"capital outside of it", "", "On holiday we would like to try Magnum some day.", nil},
		{"shouting", "", "We love OpenStack, and NOVA, too.", nil},
		{"beside a service word", "", "The OpenStack installer starts the trove service last.", []string{"trove"}},
		{"beside a service word elsewhere", "", "Call the swift service.", nil},
		{"near another project", "", "Neutron is up, and Glance as well.", []string{"neutron", "glance"}},
		{"in file names", "", "OpenStack reads /etc/heat/heat.conf first.", []string{"heat"}},
		{"congress", "", "Congress passed a bill on swift action, to everybody's horizon.", nil},

		// Teams that are nobody's topic in plain text.
		{"requirements", "", "The requirements of our OpenStack release management are security and documentation.", nil},
		{"requirements in a bracket", "[requirements] freeze", "OpenStack Newton", []string{"requirements"}},
		{"security in a bracket elsewhere", "[SECURITY] new ssh packages", "", nil},

		// Misspellings.
		{"doubled", "kurryr pods", "", []string{"kuryr"}},
		{"swapped", "kurry and its ports", "", []string{"kuryr"}},
		{"left out", "kuyr and its ports", "", []string{"kuryr"}},
		{"wrong letter", "murani packages", "", []string{"murano"}},
		{"once in the text", "", "We tried murnao in March.", []string{"murano?"}},
		{"again and again", "", "The molla said molla is molla, molla.", nil},
		{"in a bracket", "[magnun] bays", "", []string{"magnum"}},
		{"of a common word in the field", "", "OpenStack hoirzon is slow.", []string{"horizon?"}},
		{"of a common word elsewhere", "", "The hoirzon is far.", nil},
		{"too short a name", "", "OpenStack nvoa and zum.", nil},
		{"ordinary word", "", "Cider and glances, irony and swiftly moving horizons over OpenStack.", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == nil {
				tt.want = []string{}
			}
			if got := classifyOne(c, Document{Subject: tt.subject, Text: tt.text}); !slices.Equal(got, tt.want) {
				t.Errorf("%q, %q:\n got %q\nwant %q", tt.subject, tt.text, got, tt.want)
			}
		})
	}
}

func TestScenarios(t *testing.T) {
	c := New(OpenStack(), nil)
	for _, tt := range []struct {
		name, subject, text, want string
	}{
		{"phrase", "", "We run Kubernetes on top of OpenStack in two regions.", "kubernetes-on-openstack"},
		{"synonym", "", "Does anybody run k8s on top of OpenStack?", "kubernetes-on-openstack"},
		{"provider", "cloud-provider-openstack loses nodes", "", "kubernetes-on-openstack"},
		{"words together", "Pods wait for volumes", "The kubelet asks Cinder for each, and Kubernetes then waits for Neutron.", "kubernetes-on-openstack"},
		{"the other way round", "", "We run OpenStack on top of Kubernetes in two regions.", "openstack-on-kubernetes"},
		{"helm", "openstack-helm: mariadb does not come up", "", "openstack-on-kubernetes"},
		{"kolla", "", "kolla-kubernetes puts the OpenStack services into pods that Kubernetes runs.", "openstack-on-kubernetes"},
		{"neither", "Kubernetes 1.3 is out", "Release notes are on the site.", ""},
		{"both words, no relation", "", "OpenStack is one thing.\n\nKubernetes is another.", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, g := range c.Classify([]Document{{Subject: tt.subject, Text: tt.text}}) {
				if g.Tag.Kind == sigpost.KindScenario && g.State == sigpost.TagAccepted {
					got += g.Tag.Name
				}
			}
			if got != tt.want {
				t.Errorf("%q, %q: got %q, want %q", tt.subject, tt.text, got, tt.want)
			}
		})
	}
}

// TestThread pins what counts how much in a thread of several messages.
func TestThread(t *testing.T) {
	c := New(OpenStack(), nil)
	score := func(docs ...Document) float64 {
		for _, g := range c.Classify(docs) {
			if g.Tag.Name == "kuryr" {
				return g.Score
			}
		}
		return 0
	}
	plain := Document{Subject: "Ports", Text: "Some ports stay behind."}
	named := Document{Subject: "Re: Ports", Text: "That is kuryr, I think."}
	quoting := Document{Subject: "Re: Ports", Text: "Thanks!", Quoted: "That is kuryr, I think."}

	if s := score(plain, named); s <= 0 || s >= score(named, plain) {
		t.Errorf("the opener counts more than a reply: %.2f, %.2f", s, score(named, plain))
	}
	if s := score(plain, quoting, quoting, quoting, quoting); s != 0 {
		t.Errorf("quoted text alone gives a tag: %.2f", s)
	}
	if once, twice := score(named), score(named, named); twice <= once || twice > 1 {
		t.Errorf("a second mention adds: %.2f, then %.2f", once, twice)
	}
	bracket := Document{Subject: "[kuryr] ports"}
	if one, many := score(bracket), score(bracket, Document{Subject: "Re: [kuryr] ports"}, Document{Subject: "RE: Fwd: [kuryr] ports"}); one != many {
		t.Errorf("a subject that replies keep counts once: %.2f, then %.2f", one, many)
	}
	opener := Document{Subject: "Ports", Text: "kuryr", Opener: true}
	if a, b := score(opener, plain), score(plain, opener); a != b {
		t.Errorf("the opener may stand anywhere: %.2f, %.2f", a, b)
	}
	if got := c.Classify(nil); got != nil {
		t.Errorf("no document: %v", got)
	}
}

// TestEvidence shows whole taggings as a golden file.
func TestEvidence(t *testing.T) {
	docs := []Document{
		{
			MessageID: "1@example.org", Opener: true, Subject: "[kuryr] Ports stay behind when pods are deleted",
			Text: "Hi,\n\nwe run Kubernetes on top of OpenStack Mitaka. When pods are deleted, kuryr\n" +
				"leaves their ports in Neutron until the quota is used up.\n\n" +
				"https://review.openstack.org/#/q/project:openstack/kuryr may be about it.\n",
		},
		{
			MessageID: "2@example.org", Subject: "Re: [kuryr] Ports stay behind when pods are deleted",
			Text:   "I have seen that with kuyr as well. Our Heat templates clean them up.\n",
			Quoted: "> leaves their ports in Neutron until the quota is used up.\n",
		},
	}
	got, err := json.MarshalIndent(New(OpenStack(), nil).Classify(docs), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "evidence.json")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got)+"\n" != string(want) {
		t.Errorf("differs from %s (-update writes it):\n%s", golden, got)
	}
}

func TestConcurrent(t *testing.T) {
	c := New(OpenStack(), nil)
	docs := []Document{{Subject: "[kuryr] Heat templates and murnao", Text: "OpenStack, Magnum and octavai.", Opener: true}}
	want := New(OpenStack(), nil).Classify(docs)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got := c.Classify(docs); !reflect.DeepEqual(got, want) {
					t.Errorf("got %v", got)
				}
			}
		})
	}
	wg.Wait()
}

// TestSpellingMemory fills the memory of spellings: it stays bounded, and
// forgetting changes nothing.
func TestSpellingMemory(t *testing.T) {
	c := New(OpenStack(), nil)
	var text strings.Builder
	for i := range maxSpelt + 100 {
		text.WriteString("x")
		for n := i; n > 0; n /= 26 {
			text.WriteByte(byte('a' + n%26))
		}
		text.WriteString("qq ")
	}
	half := text.Len() / 2
	c.Classify([]Document{{Text: text.String()[:half]}, {Text: text.String()[half:] + " kuyr"}})
	if n := c.free[0].spelt.size; n > maxSpelt {
		t.Errorf("%d spellings are remembered, %d at most", n, maxSpelt)
	}
	if got := classifyOne(c, Document{Subject: "kuyr"}); !slices.Equal(got, []string{"kuryr"}) {
		t.Errorf("got %q", got)
	}
}

// TestHostile: what a stranger sends to keep the classifier busy takes time
// in proportion to its length.
func TestHostile(t *testing.T) {
	c := New(OpenStack(), nil)
	const n = 200_000
	for _, tt := range []struct{ name, text string }{
		{"one path", "openstack/" + strings.Repeat("a-", n)},
		{"paths", strings.Repeat("openstack/", n/10)},
		{"one word", strings.Repeat("kuryr", n/5)},
		{"names", strings.Repeat("kuryr ", n/6)},
		{"groups", strings.Repeat("kubernetes on openstack cinder ", n/30)},
		{"brackets", strings.Repeat("[kuryr", n/6)},
		{"addresses", strings.Repeat("a.b@", n/4)},
		{"reply marks", strings.Repeat("Re: ", n/4)},
		{"pages", strings.Repeat("docs.openstack.org/developer/", n/29)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			docs := []Document{{Subject: tt.text, Text: tt.text, Quoted: tt.text}}
			start := time.Now()
			checkTaggings(t, c, docs, c.Classify(docs))
			// Minutes, where the work grows with the square.
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it takes %v", took)
			}
		})
	}
}
