package app

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"sigpost"
	"sigpost/config"
	"sigpost/deliver"
	"sigpost/maildns"
)

// DKIMRecord is what to publish of a key that signs letters.
type DKIMRecord struct {
	Domain   string `json:"domain"`
	Selector string `json:"selector"`
	Name     string `json:"name"`  // of the TXT record
	Value    string `json:"value"` // of it, in one piece
}

// Zone is the record as a line of a zone file. A string there has at most 255
// bytes; readers put several together (RFC 6376, section 3.6.2.2).
func (r DKIMRecord) Zone() string {
	var parts []string
	for rest := r.Value; rest != ""; {
		n := min(255, len(rest))
		parts = append(parts, `"`+rest[:n]+`"`)
		rest = rest[n:]
	}
	if len(parts) > 1 {
		return r.Name + ". IN TXT (\n    " + strings.Join(parts, "\n    ") + " )"
	}
	return r.Name + ". IN TXT " + parts[0]
}

// The kinds of keys.
const (
	DKIMRSA     = "rsa" // of 2048 bits: every receiver checks it, and longer ones do not fit everywhere
	DKIMEd25519 = "ed25519"
)

// NewDKIM makes a key, as PKCS #8 in PEM form, and its record.
func NewDKIM(domain, selector, kind string) (key []byte, r DKIMRecord, err error) {
	if err := config.CheckDKIMName(domain, selector); err != nil {
		return nil, r, sigpost.Usage(err)
	}
	var private crypto.Signer
	if kind == DKIMEd25519 {
		_, private, err = ed25519.GenerateKey(rand.Reader)
	} else {
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		return nil, r, fmt.Errorf("make a DKIM key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, r, fmt.Errorf("make a DKIM key: %w", err)
	}
	r, err = dkimRecord(deliver.SigningKey{Domain: domain, Selector: selector, Key: private})
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), r, err
}

// DKIMRecords are the records of the configured keys.
func DKIMRecords(c *config.Config) ([]DKIMRecord, error) {
	records := []DKIMRecord{}
	for _, k := range c.DKIM {
		key, err := signingKey(c, k)
		if err != nil {
			return nil, err
		}
		r, err := dkimRecord(key)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

func dkimRecord(k deliver.SigningKey) (DKIMRecord, error) {
	value, err := k.Record()
	return DKIMRecord{k.Domain, k.Selector, k.Name(), value}, err
}

func signingKey(c *config.Config, k config.DKIM) (deliver.SigningKey, error) {
	key, err := c.DKIMKey(k)
	return deliver.SigningKey{Domain: k.Domain, Selector: k.Selector, Key: key}, err
}

// signer signs a digest's letters with every key whose domain is aligned with
// the author's, since others prove nothing for DMARC (RFC 7489, section 3.1.1).
// It is nil where there is none.
func (a *App) signer(d config.Digest) (*deliver.Signer, error) {
	var keys []deliver.SigningKey
	for _, k := range a.Config.DKIM {
		if !maildns.Aligned(domain(d.From), k.Domain, false) {
			continue
		}
		key, err := signingKey(a.Config, k)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return deliver.NewSigner(keys, a.now)
}

// signed is a single letter of a digest with its signatures in front, where there
// are keys for it.
func (a *App) signed(d config.Digest, data []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	signer, err := a.signer(d)
	if err != nil || signer == nil {
		return data, err
	}
	return signer.SignMessage(data)
}
