package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"sigpost"
	"sigpost/app"
)

type dkimCommand struct {
	New    dkimNew    `cmd:"" help:"Make a key that signs letters, and say what to publish in the DNS."`
	Record dkimPublic `cmd:"" help:"Print the DNS records of the configured keys."`
}

type dkimNew struct {
	Domain   string `required:"" placeholder:"DOMAIN" help:"Whose key it is: the domain of a digest's from address."`
	Selector string `required:"" placeholder:"NAME" help:"Which of the domain's keys it is, such as s2026."`
	Type     string `enum:"rsa,ed25519" default:"rsa" help:"rsa (2048 bits; every receiver knows it) or ed25519 (short and fast; in addition to one of rsa)."`
	Out      string `short:"o" type:"path" placeholder:"FILE" help:"Write the private key here. Default: dkim-SELECTOR.DOMAIN.pem beside the configuration."`
}

// dkimMade is what "dkim new" reports.
type dkimMade struct {
	KeyFile string         `json:"key_file"`
	Record  app.DKIMRecord `json:"record"`
}

// Run writes the private key, over nobody else's.
func (c dkimNew) Run(s *session) error {
	key, record, err := app.NewDKIM(c.Domain, c.Selector, c.Type)
	if err != nil {
		return err
	}
	made := dkimMade{KeyFile: c.Out, Record: record}
	inConfig := c.Out
	if made.KeyFile == "" {
		inConfig = "dkim-" + c.Selector + "." + c.Domain + ".pem"
		made.KeyFile = filepath.Join(filepath.Dir(s.Config), inConfig)
	}
	written, err := create(made.KeyFile, key, 0o600)
	if err != nil {
		return fmt.Errorf("the key cannot be written: %w", err)
	}
	if !written {
		return sigpost.Usage(fmt.Errorf("%s is there already and is not overwritten: letters may be signed with it; take another selector, or --out", made.KeyFile))
	}
	return s.tell(made, func(w io.Writer) {
		fmt.Fprintf(w, "Wrote %s, which only sigpost may read.\n", made.KeyFile)
		fmt.Fprintf(w, "\n1. Publish this in the DNS of %s:\n\n", c.Domain)
		tellRecord(w, record)
		fmt.Fprintf(w, "\n2. Add this to the configuration, once that is done:\n\n[[dkim]]\ndomain = %q\nselector = %q\nkey_file = %q\n", c.Domain, c.Selector, inConfig)
		fmt.Fprintf(w, "\n3. Run \"sigpost doctor --only sender,smtp,door\".\n")
	})
}

type dkimPublic struct{}

// Run prints what belongs into the DNS; no archive is opened.
func (dkimPublic) Run(s *session) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	records, err := app.DKIMRecords(c)
	if err == nil && len(records) == 0 {
		err = sigpost.Usage(errors.New("the configuration has no [[dkim]]: \"sigpost dkim new\" makes a key and says what to add"))
	}
	if err != nil {
		return err
	}
	return s.tell(records, func(w io.Writer) {
		for i, r := range records {
			if i > 0 {
				fmt.Fprintln(w)
			}
			tellRecord(w, r)
		}
	})
}

// tellRecord prints a record for a zone file, and for a form that wants its
// parts.
func tellRecord(w io.Writer, r app.DKIMRecord) {
	fmt.Fprintf(w, "%s\n\n; or, in a provider's form: type TXT, name %s, and this value, in one piece:\n; %s\n", r.Zone(), r.Name, r.Value)
}
