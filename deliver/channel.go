package deliver

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// The steps at which a note to a channel can fail, beside those of mail.
const (
	StepConnect Step = "connect"
	StepJoin    Step = "JOIN"    // of IRC (RFC 2812, section 3.2.1)
	StepPrivmsg Step = "PRIVMSG" // section 3.3.1
	StepPost    Step = "POST"    // of HTTP
)

// Channels is a Courier that hands each note to the courier of its channel,
// which is the recipient's name.
type Channels map[string]Courier

// Send hands a note to its channel.
func (c Channels) Send(ctx context.Context, from, to string, data []byte) (string, error) {
	courier := c[to]
	if courier == nil {
		return "", &SendError{Kind: Permanent, Step: StepConnect, Err: fmt.Errorf("the configuration has no [[announce]] named %q any more", to)}
	}
	return courier.Send(ctx, from, to, data)
}

// Close closes all of them.
func (c Channels) Close() error {
	var failures []error
	for _, courier := range c {
		failures = append(failures, courier.Close())
	}
	return errors.Join(failures...)
}

// printable is a line without what would end it or command the terminal that
// shows it.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(line, "\uFFFD"))
}
