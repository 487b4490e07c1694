package subscribe

import (
	"crypto/hmac"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"sigpost/internal/mac"
)

// bounceMAC is how much of the HMAC a bounce token holds, in bytes: 40 bits. It
// has to fit into the local part of an address, and each guess costs a mail.
const bounceMAC = 5

// Bounce makes the token of a letter's envelope sender, by which what comes back
// tells which letter it is (VERP): "b", the number of the delivery in base 36, "-"
// and ten hex digits. All of it survives servers that change the case.
func (t Tokens) Bounce(deliveryID int64) string {
	return bounceToken(t.newest().bounce, deliveryID)
}

func bounceToken(key *mac.Key, deliveryID int64) string {
	body := "b" + strconv.FormatInt(deliveryID, 36)
	return body + "-" + hex.EncodeToString(key.Sum([]byte(body))[:bounceMAC])
}

// ParseBounce gives the delivery that a bounce token is for, or an ErrToken.
func (t Tokens) ParseBounce(token string) (int64, error) {
	token = strings.ToLower(token)
	body, _, _ := strings.Cut(token, "-")
	number, ok := strings.CutPrefix(body, "b")
	id, err := strconv.ParseInt(number, 36, 64)
	for _, k := range t.all {
		if ok && err == nil && id > 0 && hmac.Equal([]byte(token), []byte(bounceToken(k.bounce, id))) {
			return id, nil
		}
	}
	return 0, fmt.Errorf("%w: %q is no bounce token of ours", ErrToken, token)
}

// BounceAddress puts a bounce token into an address: ada@example.org becomes
// ada+TOKEN@example.org.
func BounceAddress(address, token string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	return address[:at] + "+" + token + address[at:]
}

// BounceToken takes the token out of an address again; "" where there is none.
func BounceToken(address string) string {
	local := address[:max(strings.LastIndexByte(address, '@'), 0)]
	_, token, ok := cutLast(local, "+")
	if !ok {
		return ""
	}
	return token
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
