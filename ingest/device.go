package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"golang.org/x/oauth2"
)

// Login asks a person for leave to read their mail, by the device
// authorization grant (RFC 8628): words tells them what to open in a browser,
// on whatever machine, and Login waits until they have done so. The tokens go
// into the token file. Errors wrap ErrToken, or ErrUnreachable.
func (o *OAuth) Login(ctx context.Context, words io.Writer) error {
	if o.DeviceURL == "" {
		return fmt.Errorf("%w of account %s: there is no device_url to ask at: set it, or write {\"refresh_token\": \"…\"} into %s yourself",
			ErrToken, o.Account, o.TokenFile)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	file, err := o.create() // fails before the person has done anything
	if err != nil {
		return err
	}
	defer file.abandon()
	config, inTime, cancel, err := o.client(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	device, err := config.DeviceAuth(inTime)
	if err != nil {
		return o.explain(ctx, err)
	}
	if err := tellDevice(words, o.Account, device); err != nil {
		return err
	}
	got, err := config.DeviceAccessToken(inTime, device)
	if err != nil {
		return o.explainDevice(ctx, err)
	}
	if got.RefreshToken == "" {
		return fmt.Errorf("%w of account %s: the server gave leave for this hour only, without a refresh token: add what it wants for more to scopes (\"offline_access\" at many)", ErrToken, o.Account)
	}
	if err := file.commit(tokensOf(got, "")); err != nil {
		return err
	}
	_, err = fmt.Fprintf(words, "Done: sigpost can log in as often as it has to. The token is in %s.\n", o.TokenFile)
	return err
}

// tellDevice says what to do (RFC 8628, section 3.3).
func tellDevice(words io.Writer, account string, device *oauth2.DeviceAuthResponse) error {
	if u, err := url.Parse(device.VerificationURI); err != nil || u.Scheme != "https" && u.Scheme != "http" || device.UserCode == "" {
		return fmt.Errorf("%w of account %s: its server did not say where to give leave: check device_url", ErrToken, account)
	}
	_, err := fmt.Fprintf(words, "To let sigpost read the mail of the account %s:\n  1. open %s in a browser, on any machine\n  2. enter the code %s\n",
		account, printable(device.VerificationURI), printable(device.UserCode))
	if err == nil && !device.Expiry.IsZero() {
		_, err = fmt.Fprintf(words, "Waiting for that until %s.\n", device.Expiry.Local().Format("15:04"))
	}
	return err
}

func (o *OAuth) explainDevice(ctx context.Context, err error) error {
	var refusal *oauth2.RetrieveError
	late := ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded)
	if errors.As(err, &refusal) {
		switch refusal.ErrorCode {
		case "access_denied":
			return fmt.Errorf("%w of account %s: leave was refused in the browser", ErrToken, o.Account)
		case "expired_token":
			late = true
		}
	}
	if late {
		return fmt.Errorf("%w of account %s: nobody entered the code in time: try again", ErrToken, o.Account)
	}
	return o.explain(ctx, err)
}
