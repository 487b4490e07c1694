package digest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"sync"

	"sigpost"
)

// figures are what an issue says of its window in numbers.
type figures struct {
	Lines []string // for people
	// Picture is the Content-ID of the messages day by day, or "", and Says the
	// same in words.
	Picture, Says string
	Width, Height int
	data          []byte
}

// pictureID is what letters call the picture of the week.
const pictureID = "week@issue.sigpost"

// inNumbers sums up a whole issue, whatever the reader's topics.
func inNumbers(issue sigpost.Issue) figures {
	var w figures
	s := issue.Stats
	if s.Messages == 0 || len(issue.Course.Days) == 0 {
		return w
	}
	now, before := sum(issue.Course.Days), sum(issue.Course.Before)
	line := "People wrote " + count(now, "message", "messages")
	if issue.Course.Before != nil {
		line += ", " + change(now, before, period(issue))
	}
	w.Lines = append(w.Lines, line+".")
	if s.Robots > 0 {
		w.Lines = append(w.Lines, "Programs wrote "+digits(s.Robots)+" more, which nothing here counts.")
	}
	if days := len(issue.Course.Days); days < 2 || days > maxDays {
		return w
	}
	w.data = drawCourse(issue.Course)
	w.Picture, w.Says = pictureID, describe(issue)
	w.Width, w.Height = courseWidth(len(issue.Course.Days)), courseHeight
	return w
}

// period names the stretch that an issue covers.
func period(issue sigpost.Issue) string {
	switch n := len(issue.Course.Days); {
	case n == 7:
		return "week"
	case n >= 28 && n <= 31:
		return "month"
	case n == 1:
		return "day"
	}
	return "issue"
}

// change says how one count is to another.
func change(now, before int, what string) string {
	switch {
	case now > before:
		return digits(now-before) + " more than in the " + what + " before"
	case now < before:
		return digits(before-now) + " fewer than in the " + what + " before"
	}
	return "as many as in the " + what + " before"
}

func sum(days []int) int {
	n := 0
	for _, d := range days {
		n += d
	}
	return n
}

// describe says what the picture shows.
func describe(issue sigpost.Issue) string {
	var days []string
	at := issue.Course.From.In(location(issue.Zone, issue.Course.From.Location()))
	name := "Mon "
	if len(issue.Course.Days) > 7 {
		name = "2 Jan: "
	}
	for i, n := range issue.Course.Days {
		days = append(days, at.AddDate(0, 0, i).Format(name)+digits(n))
	}
	says := "Messages a day: " + strings.Join(days, ", ") + "."
	if issue.Course.Before != nil {
		var before []string
		for _, n := range issue.Course.Before {
			before = append(before, digits(n))
		}
		says += " The " + period(issue) + " before: " + strings.Join(before, ", ") + "."
	}
	return says
}

// The picture: a bar for each day, and beside it a paler one for the same day
// of the stretch before. Its ground is its own, so that it reads in a dark mail
// program, too. In pixels.
const (
	maxDays      = 31
	barWidth     = 10
	dayWidth     = 2*barWidth + 8
	courseHeight = 64
	courseMargin = 8
)

func courseWidth(days int) int { return days*dayWidth + 2*courseMargin }

// drawCourse draws a window's days as a PNG.
func drawCourse(c sigpost.Course) []byte {
	ground, line := color.RGBA{0xf2, 0xee, 0xe4, 0xff}, color.RGBA{0x5f, 0x5b, 0x53, 0xff}
	now, before := color.RGBA{0x0b, 0x59, 0x63, 0xff}, color.RGBA{0xb9, 0xb1, 0xa0, 0xff}
	img := image.NewPaletted(image.Rect(0, 0, courseWidth(len(c.Days)), courseHeight), color.Palette{ground, now, before, line})
	most := 1
	for _, n := range append(append([]int{}, c.Days...), c.Before...) {
		most = max(most, n)
	}
	floor := courseHeight - courseMargin
	fill := func(x, n, index int) {
		height := n * (floor - courseMargin) / most
		if n > 0 {
			height = max(height, 1)
		}
		for y := floor - height; y < floor; y++ {
			for dx := range barWidth {
				img.SetColorIndex(x+dx, y, uint8(index))
			}
		}
	}
	for i, n := range c.Days {
		x := courseMargin + i*dayWidth
		if i < len(c.Before) {
			fill(x, c.Before[i], 2)
		}
		fill(x+barWidth, n, 1)
	}
	for x := courseMargin; x < img.Bounds().Dx()-courseMargin; x++ {
		img.SetColorIndex(x, floor, 3)
	}
	var b bytes.Buffer
	_ = courseEncoder.Encode(&b, img) // into memory, of a picture that it can hold
	return b.Bytes()
}

// courseEncoder keeps its buffers: each letter has a picture, and most of what
// one costs is making them.
var courseEncoder = png.Encoder{BufferPool: new(pngBuffers)}

// pngBuffers are buffers of encoders that are not in use.
type pngBuffers struct{ pool sync.Pool }

// Get gives one, or nil where there is none.
func (p *pngBuffers) Get() *png.EncoderBuffer {
	b, _ := p.pool.Get().(*png.EncoderBuffer)
	return b
}

// Put takes one back.
func (p *pngBuffers) Put(b *png.EncoderBuffer) { p.pool.Put(b) }
