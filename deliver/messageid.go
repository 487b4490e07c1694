package deliver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"sigpost"
)

// MessageIDFor derives the Message-ID of an issue's letter to one subscription,
// such as "openstack-weekly.20160424.1f0c...@example.org": the digest's name, the
// day on which the window ends (UTC), and an HMAC of all that is given, so that
// nobody without the secret can tell or forge one. The same arguments give the
// same id for ever: a letter that comes twice can be recognised.
func MessageIDFor(secret []byte, digest string, windowTo time.Time, number int, subscriptionID int64, domain string) sigpost.MessageID {
	mac := hmac.New(sha256.New, secret)
	for _, part := range []string{"sigpost message-id 1", digest, domain} {
		binary.Write(mac, binary.BigEndian, int64(len(part))) // a hash takes every write
		mac.Write([]byte(part))
	}
	binary.Write(mac, binary.BigEndian, []int64{windowTo.UnixMicro(), int64(number), subscriptionID})
	sum := mac.Sum(nil)
	return sigpost.MessageID(fmt.Sprintf("%s.%s.%s@%s",
		slug(digest), windowTo.UTC().Format("20060102"), hex.EncodeToString(sum[:10]), domain))
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
