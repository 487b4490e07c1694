package main

import (
	"io"

	"github.com/schollz/progressbar/v3"

	"sigpost/app"
)

// bar is the progress bar on a terminal, one stage at a time.
type bar struct {
	w     io.Writer
	stage string
	shown *progressbar.ProgressBar
}

func newBar(w io.Writer) *bar { return &bar{w: w} }

// barWidth leaves room for the words on a terminal of 80 columns.
const barWidth = 12

// show draws how far a stage is; total is 0 where it is not known.
func (b *bar) show(stage string, unit app.Unit, done, total int) {
	if b.shown == nil || b.stage != stage {
		b.finish()
		b.stage = stage
		b.shown = progressbar.NewOptions(spinIfZero(total),
			progressbar.OptionSetWriter(b.w),
			progressbar.OptionSetDescription(shortened(printable(stage), 28)),
			progressbar.OptionSetWidth(barWidth),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionSetItsString(string(unit)),
			progressbar.OptionSetPredictTime(true),
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

// shortened keeps the end of a text, which tells files apart.
func shortened(text string, limit int) string {
	if r := []rune(text); len(r) > limit {
		return "…" + string(r[len(r)-limit+1:])
	}
	return text
}

func spinIfZero(total int) int {
	if total == 0 {
		return -1
	}
	return total
}

// finish takes the bar off the terminal.
func (b *bar) finish() {
	if b.shown != nil {
		_ = b.shown.Clear()
		b.shown = nil
	}
}
