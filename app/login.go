package app

import (
	"context"
	"fmt"
	"io"

	"sigpost"
	"sigpost/ingest"
)

// Login asks a person for leave to read an account that logs in with OAuth, and
// keeps what it is given in the account's token file. words tells the person
// what to do. An empty name means the only account.
func (a *App) Login(ctx context.Context, name string, words io.Writer) error {
	account, err := a.Config.Account(name)
	if err != nil {
		return sigpost.Usage(err)
	}
	if ingest.AuthMethod(account.Auth) != ingest.AuthOAuth {
		return sigpost.Usage(fmt.Errorf("the account %s logs in with auth = %q, which needs no leave; \"sigpost check\" tries it", account.Name, account.Auth))
	}
	return a.oauth(account).Login(ctx, words)
}
