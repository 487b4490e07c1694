package subscribe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrToken is a token that proves nothing: not one of ours, changed, or cut
// off. What wraps it is for the person who opened the link.
var ErrToken = errors.New("the link is not valid")

const (
	// minSecret is the shortest secret that is used, in bytes.
	minSecret = 16
	// tokenVersion opens every token. Another format or key gets another one,
	// so that links in old letters can be told from new ones.
	tokenVersion = 1
	// macSize is how much of the HMAC a token holds: 144 bits, far beyond
	// guessing, and the token comes out as whole base64 groups.
	macSize   = 18
	tokenSize = 1 + 8 + macSize // version, subscription, HMAC
)

var tokenEncoding = base64.RawURLEncoding.Strict()

// Tokens makes and checks the tokens in links. Each purpose signs with a key
// of its own: a token for one thing is worth nothing for another.
type Tokens struct {
	unsubscribe []byte // key; nil where the secret is too short to sign with
	bounce      []byte
}

// NewTokens derives the keys from secret. It should be random and has to have
// 16 bytes; with a shorter one no token is ever valid.
func NewTokens(secret []byte) Tokens {
	if len(secret) < minSecret {
		return Tokens{}
	}
	return Tokens{unsubscribe: sign(secret, []byte("sigpost token: unsubscribe")), bounce: sign(secret, []byte("sigpost token: bounce"))}
}

// Unsubscribe makes the token that ends a subscription: 36 characters that can
// stand in a URL as they are. It is the same every time and does not expire,
// for people read old letters.
func (t Tokens) Unsubscribe(subscriptionID int64) string {
	token := binary.BigEndian.AppendUint64([]byte{tokenVersion}, uint64(subscriptionID))
	return tokenEncoding.EncodeToString(append(token, sign(t.unsubscribe, token)[:macSize]...))
}

// ParseUnsubscribe gives the subscription that a token is for, or an ErrToken.
func (t Tokens) ParseUnsubscribe(token string) (int64, error) {
	if t.unsubscribe == nil {
		return 0, fmt.Errorf("%w: this server has no secret to check it with; tell whoever runs it", ErrToken)
	}
	raw, err := tokenEncoding.DecodeString(token)
	if err != nil || len(raw) != tokenSize || len(token) != tokenEncoding.EncodedLen(tokenSize) {
		return 0, fmt.Errorf("%w: it is not whole; copy all of it from the letter", ErrToken)
	}
	if raw[0] != tokenVersion {
		return 0, fmt.Errorf("%w: it is of a kind that is not used here; take the one in your newest letter", ErrToken)
	}
	signed, mac := raw[:tokenSize-macSize], raw[tokenSize-macSize:]
	if !hmac.Equal(mac, sign(t.unsubscribe, signed)[:macSize]) { // takes the same time for every guess
		return 0, fmt.Errorf("%w: it was changed on its way, or is not from here; take the one in your newest letter", ErrToken)
	}
	return int64(binary.BigEndian.Uint64(signed[1:])), nil
}

// sign is HMAC-SHA256 (RFC 2104).
func sign(key, data []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(data)
	return mac.Sum(nil)
}
