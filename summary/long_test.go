package summary

import (
	"fmt"
	"strings"
	"testing"

	"sigpost"
)

// longThread has messages of which each quotes all before it.
func longThread(t testing.TB, n int) []*sigpost.Message {
	var all []*sigpost.Message
	var quoted strings.Builder
	for i := range n {
		said := fmt.Sprintf("We run release %d on all of the nodes of cluster %d. Does anybody see the same there? I think that we should wait for %d.\n", i, i%7, i%11)
		all = append(all, mail(t, i+1, fmt.Sprint("Author ", i%9), "Re: Nodes", strings.Repeat(said, 1+i%5)+"\n"+quoted.String()))
		if quoted.Len() < 64<<10 {
			quoted.WriteString("> " + said)
		}
	}
	return all
}

func TestLongThread(t *testing.T) {
	thread := longThread(t, 500)
	got := Of(thread, Options{})
	if len(got) != 5 {
		t.Fatalf("%d sentences", len(got))
	}
	for _, s := range got {
		if s.Message >= maxMessages/2 && s.Message < len(thread)-maxMessages/2 {
			t.Errorf("message %d is of the middle that is not looked at", s.Message)
		}
	}
	if got[0].Message != 0 {
		t.Errorf("the first sentence is of message %d", got[0].Message)
	}
}

func BenchmarkOf(b *testing.B) {
	for _, n := range []int{5, 50, 900} {
		b.Run(fmt.Sprint(n, " messages"), func(b *testing.B) {
			thread := longThread(b, n)
			for b.Loop() {
				Of(thread, Options{})
			}
		})
	}
}
