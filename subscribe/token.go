package subscribe

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"sigpost"
	"sigpost/internal/mac"
)

// ErrToken is a token that proves nothing: not one of ours, changed, or cut
// off. What wraps it is for the person who opened the link.
var ErrToken = errors.New("the link is not valid")

// ErrExpired is a token that is one of ours and proves nothing any more: its time
// is over, or another one has taken its place.
var ErrExpired = errors.New("the link is too old, or was used already")

const (
	// minSecret is the shortest secret that is used, in bytes.
	minSecret = 16
	// tokenVersion opens every token. Another format gets another one, so that
	// links in old letters can be told from new ones.
	tokenVersion = 1
	// macSize is how much of the HMAC a token holds: 144 bits, far beyond
	// guessing, and the token comes out as whole base64 groups.
	macSize   = 18
	tokenSize = 1 + 8 + macSize // version, number, HMAC
	// timedSize is the size of a token that expires: number, serial and the last
	// day on which it is valid come before the HMAC.
	timedSize = 1 + 8 + 4 + 2 + macSize
	// Lengths in characters.
	unsubscribeLength = tokenSize / 3 * 4
	timedLength       = timedSize / 3 * 4
)

var tokenEncoding = base64.RawURLEncoding.Strict()

// keys are those of one secret, one for each purpose: a token for one thing is
// worth nothing for another.
type keys struct {
	unsubscribe, bounce, preferences, confirm, suppression, limits *mac.Key
	name                                                           []byte
}

func newKeys(secret []byte) keys {
	k := mac.New(secret)
	of := func(purpose string) *mac.Key { return mac.New(k.Sum([]byte(purpose))) }
	return keys{
		unsubscribe: of("sigpost token: unsubscribe"),
		bounce:      of("sigpost token: bounce"),
		preferences: of("sigpost token: preferences"),
		confirm:     of("sigpost token: confirm"),
		suppression: of("sigpost hash: suppression"),
		limits:      of("sigpost hash: limits"),
		name:        k.Sum([]byte("sigpost name of the secret")),
	}
}

// Tokens makes and checks the tokens in links, and the hashes that stand for
// addresses. It makes them with one secret, and knows those that were made with
// older ones.
type Tokens struct {
	all []keys // the newest first; empty where the secret is too short to sign with
}

// NewTokens derives the keys from secret. It should be random and has to have
// 16 bytes; with a shorter one no token is ever valid. What was made with one of
// the old secrets stays valid.
func NewTokens(secret []byte, old ...[]byte) Tokens {
	if len(secret) < minSecret {
		return Tokens{}
	}
	t := Tokens{all: []keys{newKeys(secret)}}
	for _, o := range old {
		if len(o) >= minSecret {
			t.all = append(t.all, newKeys(o))
		}
	}
	return t
}

// noKeys are those where there is no secret: what they make is never valid.
var noKeys = func() keys {
	none := mac.New(nil)
	return keys{none, none, none, none, none, none, nil}
}()

// newest are the keys that tokens are made with.
func (t Tokens) newest() keys {
	if len(t.all) == 0 {
		return noKeys
	}
	return t.all[0]
}

// Unsubscribe makes the token that ends a subscription: 36 characters that can
// stand in a URL as they are. It is the same every time and does not expire,
// for people read old letters.
func (t Tokens) Unsubscribe(subscriptionID int64) string {
	token := binary.BigEndian.AppendUint64(append(make([]byte, 0, tokenSize), tokenVersion), uint64(subscriptionID))
	return encodeSigned(t.newest().unsubscribe, token)
}

// ParseUnsubscribe gives the subscription that a token is for, or an ErrToken.
func (t Tokens) ParseUnsubscribe(token string) (int64, error) {
	raw, err := t.check(token, tokenSize, func(k keys) *mac.Key { return k.unsubscribe })
	if err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(raw[1:])), nil
}

// Preferences makes the token that shows and changes a subscription: 44
// characters that can stand in a URL as they are. It is valid while the
// subscription has that serial, and to the end of the day in UTC on which it
// expires.
func (t Tokens) Preferences(subscriptionID, serial int64, expires time.Time) string {
	return timed(t.newest().preferences, subscriptionID, serial, expires)
}

// ParsePreferences gives the subscription and the serial that a token is for, or
// an ErrToken; with an ErrExpired it gives them too, so that a new link can be
// sent to whom they belong.
func (t Tokens) ParsePreferences(token string, now time.Time) (subscriptionID, serial int64, err error) {
	return t.parseTimed(token, now, func(k keys) *mac.Key { return k.preferences })
}

// Confirm makes the token that confirms a request: 44 characters as those of
// Preferences.
func (t Tokens) Confirm(requestID int64, expires time.Time) string {
	return timed(t.newest().confirm, requestID, 0, expires)
}

// ParseConfirm gives the request that a token is for. Errors are as for
// ParsePreferences.
func (t Tokens) ParseConfirm(token string, now time.Time) (requestID int64, err error) {
	requestID, _, err = t.parseTimed(token, now, func(k keys) *mac.Key { return k.confirm })
	return requestID, err
}

// day counts days since 1970; two bytes last until 2149.
func day(t time.Time) uint16 { return uint16(t.Unix() / (24 * 60 * 60)) }

func timed(key *mac.Key, number, serial int64, expires time.Time) string {
	token := binary.BigEndian.AppendUint64(append(make([]byte, 0, timedSize), tokenVersion), uint64(number))
	token = binary.BigEndian.AppendUint32(token, uint32(serial))
	return encodeSigned(key, binary.BigEndian.AppendUint16(token, day(expires)))
}

func (t Tokens) parseTimed(token string, now time.Time, key func(keys) *mac.Key) (number, serial int64, err error) {
	raw, err := t.check(token, timedSize, key)
	if err != nil {
		return 0, 0, err
	}
	number, serial = int64(binary.BigEndian.Uint64(raw[1:])), int64(binary.BigEndian.Uint32(raw[9:]))
	if day(now) > binary.BigEndian.Uint16(raw[13:]) {
		return number, serial, ErrExpired
	}
	return number, serial, nil
}

// check gives the bytes of a token whose HMAC is right.
func (t Tokens) check(token string, size int, key func(keys) *mac.Key) ([]byte, error) {
	if len(t.all) == 0 {
		return nil, fmt.Errorf("%w: this server has no secret to check it with; tell whoever runs it", ErrToken)
	}
	raw, err := tokenEncoding.DecodeString(token)
	if err != nil || len(raw) != size || len(token) != tokenEncoding.EncodedLen(size) {
		return nil, fmt.Errorf("%w: it is not whole; copy all of it from the letter", ErrToken)
	}
	if raw[0] != tokenVersion {
		return nil, fmt.Errorf("%w: it is of a kind that is not used here; take the one in your newest letter", ErrToken)
	}
	signed, mac := raw[:size-macSize], raw[size-macSize:]
	for _, k := range t.all {
		if hmac.Equal(mac, key(k).Sum(signed)[:macSize]) { // takes the same time for every guess
			return raw, nil
		}
	}
	return nil, fmt.Errorf("%w: it was changed on its way, or is not from here; take the one in your newest letter", ErrToken)
}

// encodeSigned puts the HMAC behind what it signs.
func encodeSigned(key *mac.Key, token []byte) string {
	return tokenEncoding.EncodeToString(append(token, key.Sum(token)[:macSize]...))
}

// SuppressionHash is what stands for an address on the suppression list, and the
// name of the secret that it was made with.
func (t Tokens) SuppressionHash(addr string) (hash, secret string) {
	return hashOf(t.newest().suppression, addr), t.newest().title()
}

// SuppressionHashes are those that any of the secrets makes of an address.
func (t Tokens) SuppressionHashes(addr string) []string {
	all := make([]string, len(t.all))
	for i, k := range t.all {
		all[i] = hashOf(k.suppression, addr)
	}
	return all
}

// Secrets are the names of the secrets.
func (t Tokens) Secrets() []string {
	names := make([]string, len(t.all))
	for i, k := range t.all {
		names[i] = k.title()
	}
	return names
}

// Bucket is what counts together whatever belongs to a word, without the word.
func (t Tokens) Bucket(kind, word string) string {
	return kind + ":" + hashOf(t.newest().limits, word)
}

// AnswerLimit is how many answers an address gets in a day.
func (t Tokens) AnswerLimit(addr string, n int) sigpost.Limit {
	return sigpost.Limit{Bucket: t.Bucket("answer", addr), N: n, Per: 24 * time.Hour}
}

// title names a secret without giving it away.
func (k keys) title() string { return hex.EncodeToString(k.name[:min(4, len(k.name))]) }

func hashOf(key *mac.Key, addr string) string {
	return hex.EncodeToString(key.Sum([]byte(Key(addr))))
}
