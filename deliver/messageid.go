package deliver

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"sigpost"
	"sigpost/internal/mac"
)

// MessageIDs gives the Message-IDs of an issue's letters, such as
// "weekly.20160424.9c04e1b02f1f0c5a...@example.org": the digest's name, the day on
// which the window ends (UTC), the subscription under a mask, and an HMAC of all
// that is given, so that nobody without the secret can tell or forge one. The same
// arguments give the same id for ever: a letter that comes twice can be recognised.
type MessageIDs struct {
	before, after string
	mask          uint64
	key           *mac.Key // of this issue
}

// maskedBits are those of a subscription's number that stand in an id. The mask is
// the same for all of an issue, so that an index takes neighbours side by side.
const maskedBits = 40

// NewMessageIDs makes those of an issue.
func NewMessageIDs(secret []byte, digest string, windowTo time.Time, number int, domain string) *MessageIDs {
	said := make([]byte, 0, 128)
	for _, part := range []string{"sigpost message-id 2", digest, domain} {
		said = append(binary.BigEndian.AppendUint64(said, uint64(len(part))), part...)
	}
	for _, n := range []int64{windowTo.UnixMicro(), int64(number)} {
		said = binary.BigEndian.AppendUint64(said, uint64(n))
	}
	ids := &MessageIDs{before: slug(digest) + "." + windowTo.UTC().Format("20060102") + ".", after: "@" + domain}
	key := mac.New(secret)
	ids.key = mac.New(key.Sum(said))
	ids.mask = binary.BigEndian.Uint64(key.Sum(append(said, "mask"...)))
	return ids
}

// For is that of the letter to one subscription.
func (m *MessageIDs) For(subscriptionID int64) sigpost.MessageID {
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], uint64(subscriptionID))
	sum := m.key.Sum(id[:])
	binary.BigEndian.PutUint64(id[:], uint64(subscriptionID)^m.mask)
	b := append(make([]byte, 0, 96), m.before...)
	b = hex.AppendEncode(b, id[8-maskedBits/8:])
	b = hex.AppendEncode(b, sum[:8])
	return sigpost.MessageID(append(b, m.after...))
}

// slug keeps the letters, digits and dashes of a digest's name, at most 24, so
// that the id stays on one line.
func slug(s string) string {
	kept := strings.Map(func(r rune) rune {
		if r < 0x80 && r != '.' && isDotAtom(string(r)) {
			return r
		}
		return '-'
	}, s)
	if kept == "" {
		return "digest"
	}
	return kept[:min(len(kept), 24)]
}
