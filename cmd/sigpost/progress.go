package main

import (
	"io"

	"github.com/schollz/progressbar/v3"
)

// bar is the progress bar on a terminal, one stage at a time.
type bar struct {
	w     io.Writer
	stage string
	shown *progressbar.ProgressBar
}

func newBar(w io.Writer) *bar { return &bar{w: w} }

// show draws how far a stage is; total is 0 where it is not known.
func (b *bar) show(stage string, done, total int) {
	if b.shown == nil || b.stage != stage {
		b.finish()
		b.stage = stage
		b.shown = progressbar.NewOptions(spinIfZero(total),
			progressbar.OptionSetWriter(b.w),
			progressbar.OptionSetDescription(stage),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionThrottle(100_000_000), // ns
			progressbar.OptionClearOnFinish(),
		)
	}
	if total > 0 && b.shown.GetMax() != total {
		b.shown.ChangeMax(total)
	}
	// A bar that cannot be drawn is no reason to stop the work.
	_ = b.shown.Set(done)
}

func spinIfZero(total int) int {
	if total == 0 {
		return -1
	}
	return total
}

func (b *bar) finish() {
	if b.shown != nil {
		_ = b.shown.Finish()
		b.shown = nil
	}
}
