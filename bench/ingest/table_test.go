package ingest

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// typical gives the medians over syncs of all their steps together, each
// quantity by itself.
func typical(syncs []sync) usage {
	return medians(syncs, func(s sync) (all usage) {
		for _, u := range s {
			all = all.and(u)
		}
		return all
	})
}

// typicalStep gives the medians of one step, by its index.
func typicalStep(syncs []sync, i int) usage {
	return medians(syncs, func(s sync) usage { return s[i] })
}

func medians(syncs []sync, of func(sync) usage) usage {
	var cpu, wall []time.Duration
	var peak []int64
	for _, s := range syncs {
		u := of(s)
		cpu, wall, peak = append(cpu, u.CPU), append(wall, u.Wall), append(peak, u.Peak)
	}
	return usage{median(cpu), median(wall), median(peak)}
}

// tell prints the tables.
func (b *bench) tell(t *testing.T) {
	t.Helper()
	t.Logf("%d mails, %.1f MB (%.1f MB per 10,000); medians of %d runs\n%s\n%s\n%s",
		b.mails, float64(b.bytes)/1e6, float64(b.bytes)/1e6*1e4/float64(b.mails), *runs, b.archives(), b.steps(), b.goals())
}

// archives is a row for each contender, with ratios to sigpost, the first.
func (b *bench) archives() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "from nothing:\tCPU s\tratio\twall s\tratio\tpeak MB\tratio\tdisk MB\tof the mail\tratio\tnothing new: ms\tCPU ms\t+100: ms\tCPU ms\t")
	first := typical(b.results[0].fill)
	firstDisk := median(b.results[0].disk)
	for _, r := range b.results {
		u, disk, none, more := typical(r.fill), median(r.disk), typical(r.none), typical(r.more)
		fmt.Fprintf(w, "%s (%s)\t%.2f\t%.1f\t%.2f\t%.1f\t%d\t%.1f\t%.1f\t%.2f\t%.1f\t%d\t%d\t%d\t%d\t\n", r.name, r.version,
			u.CPU.Seconds(), ratio(u.CPU, first.CPU), u.Wall.Seconds(), ratio(u.Wall, first.Wall), u.Peak>>20, ratio(u.Peak, first.Peak),
			float64(disk)/1e6, ratio(disk, b.bytes), ratio(disk, firstDisk),
			none.Wall.Milliseconds(), none.CPU.Milliseconds(), more.Wall.Milliseconds(), more.CPU.Milliseconds())
	}
	w.Flush()
	return text.String()
}

// steps is a row for each process that a contender runs.
func (b *bench) steps() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "of which\t\tCPU s\twall s\tpeak MB\tnothing new: ms\tCPU ms\t+100: ms\tCPU ms\t")
	for _, r := range b.results {
		for i, s := range r.contender.steps {
			u, none, more := typicalStep(r.fill, i), typicalStep(r.none, i), typicalStep(r.more, i)
			fmt.Fprintf(w, "%s\t%s\t%.2f\t%.2f\t%d\t%d\t%d\t%d\t%d\t\n", r.name, s.name, u.CPU.Seconds(), u.Wall.Seconds(), u.Peak>>20,
				none.Wall.Milliseconds(), none.CPU.Milliseconds(), more.Wall.Milliseconds(), more.CPU.Milliseconds())
		}
	}
	w.Flush()
	return text.String()
}

// goals is how sigpost stands beside what it wants to reach. They are for
// mailboxes of 10,000 and of 100,000; the nearer one is taken.
func (b *bench) goals() string {
	r := b.results[0]
	whole := typical(r.fill)
	perTenThousand := 2.5
	if b.mails >= 30_000 {
		perTenThousand = 2.4
	}
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "sigpost\tgoal\thas\t\t")
	row := func(what string, goal, has float64) {
		verdict := "reached"
		if has > goal {
			verdict = "not reached"
		}
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%s\t\n", what, goal, has, verdict)
	}
	row("CPU s per 10,000 mails", perTenThousand, whole.CPU.Seconds()*1e4/float64(b.mails))
	row("peak MB", 200, float64(whole.Peak)/(1<<20))
	row("disk, of the mail's bytes", 0.5, ratio(median(r.disk), b.bytes))
	row("CPU s per 128 MB of mail", perTenThousand, whole.CPU.Seconds()*128e6/float64(b.bytes))
	row("nothing new, ms", 50, milliseconds(typical(r.none)))
	row("100 new ones, ms", 150, milliseconds(typical(r.more)))
	w.Flush()
	return text.String()
}

func milliseconds(u usage) float64 { return float64(u.Wall.Microseconds()) / 1e3 }

func ratio[T ~int64](a, b T) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
