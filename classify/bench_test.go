package classify

import (
	"fmt"
	"strings"
	"testing"
)

// manyTags is a taxonomy of n tags with an alias each, beside the built-in one.
func manyTags(n int) *Taxonomy {
	t := *OpenStack()
	t.Tags = append([]TagSpec(nil), t.Tags...)
	for i := range n {
		name := fmt.Sprintf("invented%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26)
		t.Tags = append(t.Tags, TagSpec{Kind: "project", Name: name, Title: name, Aliases: []string{name + " thing"}})
	}
	return &t
}

// BenchmarkAliases shows that the time does not grow with the number of
// aliases.
func BenchmarkAliases(b *testing.B) {
	for _, n := range []int{50, 500, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := New(manyTags(n), OpenStackWeights())
			docs := benchDocuments()
			b.SetBytes(int64(len(docs[0].Text)))
			for i := 0; b.Loop(); i++ {
				c.Classify(docs[i%len(docs) : i%len(docs)+1])
			}
		})
	}
}

// TestMatchAllocatesNothing: the way over the words of a text, which is nearly
// all of the time, asks for no memory once it has been gone.
func TestMatchAllocatesNothing(t *testing.T) {
	c := New(OpenStack(), OpenStackWeights())
	docs := benchDocuments()[:1]
	s := c.take()
	s.match(c, docs)
	if n := testing.AllocsPerRun(20, func() { s.match(c, docs) }); n > 0 {
		t.Errorf("matching a text allocates %v times", n)
	}
}

// benchDocuments are messages of about 5 KB, each one a thread.
func benchDocuments() []Document {
	var docs []Document
	for i := range 50 {
		var text strings.Builder
		for n := 0; text.Len() < 5000; n++ {
			fmt.Fprintf(&text, benchSentences[(i+n)%len(benchSentences)], i*31+n)
		}
		docs = append(docs, Document{Subject: "[kuryr] Ports stay behind", Text: text.String(), Opener: true})
	}
	return docs
}
