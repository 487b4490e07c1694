package app

import (
	"context"
	"fmt"
	"io"

	"sigpost"
	"sigpost/config"
	"sigpost/ingest"
)

// Login asks a person for leave to read an account that logs in with OAuth, and
// keeps what it is given in the account's token file. words tells the person
// what to do. An empty name means the only account. It needs no archive.
func Login(ctx context.Context, cfg *config.Config, name string, words io.Writer) error {
	account, err := cfg.Account(name)
	if err != nil {
		return sigpost.Usage(err)
	}
	if ingest.AuthMethod(account.Auth) != ingest.AuthOAuth {
		return sigpost.Usage(fmt.Errorf("the account %s logs in with auth = %q, which needs no leave; \"sigpost doctor\" tries it", account.Name, account.Auth))
	}
	return oauth(cfg, account).Login(ctx, words)
}
