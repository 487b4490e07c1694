package thread

import (
	"testing"

	"sigpost"
)

func TestCutsOff(t *testing.T) {
	const quoting, robot, alone = 1, 2, 4
	for _, c := range []struct {
		name, subject, parent string
		how                   int
		want                  bool
	}{
		{"another subject", "Release party", "Bays or clusters?", 0, true},
		{"another subject, with a quote", "Release party", "Bays or clusters?", quoting, false},
		{"another subject, marked as an answer", "Re: Release party", "Bays or clusters?", 0, false},
		{"the same subject", "Re: Bays or clusters?", "Bays or clusters?", 0, false},
		{"the same subject behind a tag", "[sig] bays or  clusters", "Bays or clusters?", 0, false},
		{"longer by a word", "Bays or clusters? [SOLVED]", "Bays or clusters?", 0, false},
		{"cut short", "Bays or clu...", "Bays or clusters?", 0, false},
		{"corrected", "Bays or clusters in Magnum", "Bay or clustres in Mangum", 0, false},
		{"none", "", "Bays or clusters?", 0, false},
		{"of another script", "集群升级失败", "Bays or clusters?", 0, true},
		{"says was", "Release party (was: Bays or clusters?)", "Bays or clusters?", quoting, true},
		{"an answer that says was", "Re: Release party [was Re: Bays]", "Bays", quoting, true},
		{"an answer to what says was", "Re: Release party (was: Bays)", "Release party (was: Bays)", 0, false},
		{"a new version of a patch", "[PATCH v2] magnum: rename bays", "Bays are misnamed, help", 0, false},
		{"a patch without brackets", "Patch: rename bays", "Nodes are lost, help", 0, false},
		{"about a patch", "Patch of the week", "Nodes are lost, help", 0, true},
		{"a member of a series", "[v3 2/7] magnum: drop nodes", "[v3 0/7] Clean up", 0, false},
		{"a robot", "Build 7 failed", "Bays or clusters?", robot, false},
		{"parent unseen", "Release party", "", alone, false},
		{"parent unseen, says was", "Release party (was: Bays)", "", alone, true},
		{"parent unseen, an answer that says was", "Re: Release party (was: Bays)", "", alone, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &sigpost.Message{
				Subject: c.subject, References: []sigpost.MessageID{"p"}, Answering: sigpost.IsAnswer(c.subject),
				Quoting: c.how&quoting != 0, Robot: c.how&robot != 0,
			}
			parent := &sigpost.Message{MessageID: "p", Subject: c.parent}
			if c.how&alone != 0 {
				parent = nil
			}
			if got := CutsOff(m, parent); got != c.want {
				t.Errorf("%v", got)
			}
			if m.References = nil; CutsOff(m, parent) {
				t.Error("what answers nothing is cut off")
			}
		})
	}
}
