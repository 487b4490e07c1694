package config

import (
	"net/url"
	"strings"
)

// checkAuth checks that an account has what its way to log in needs, and
// nothing that belongs to another one.
func checkAuth(ch *checker, at string, a Account) {
	oneOf(ch, at+"auth", a.Auth, "password", "anonymous", "oauth")
	if a.Username == "" && a.Auth != "anonymous" {
		ch.add(at+"username", "the account %q has no username", a.Name)
	}
	if a.Auth == "password" {
		checkPassword(ch, at, a.Server)
	} else if count(a.PasswordFile, a.PasswordEnv) > 0 {
		ch.add(at+"auth", "the account %q has a password, which auth = %q does not use: remove password_file and password_env, or auth", a.Name, a.Auth)
	}
	if a.Auth == "oauth" {
		checkOAuth(ch, at, a)
		return
	}
	given := map[string]string{
		"token_file": a.TokenFile, "token_url": a.TokenURL, "device_url": a.DeviceURL,
		"client_id": a.ClientID, "client_secret_file": a.ClientSecretFile, "client_secret_env": a.ClientSecretEnv,
		"scopes": strings.Join(a.Scopes, " "),
	}
	for key, v := range given {
		if v != "" {
			ch.add(at+key, "%s is for auth = \"oauth\" only", key)
		}
	}
}

func checkOAuth(ch *checker, at string, a Account) {
	for key, v := range map[string]string{"token_file": a.TokenFile, "token_url": a.TokenURL, "client_id": a.ClientID} {
		if v == "" {
			ch.add(at+"auth", "the account %q needs %s for auth = \"oauth\"", a.Name, key)
		}
	}
	if count(a.ClientSecretFile, a.ClientSecretEnv) > 1 {
		ch.add(at+"client_secret_file", "the account %q has both client_secret_file and client_secret_env: one is enough", a.Name)
	}
	for key, v := range map[string]string{"token_url": a.TokenURL, "device_url": a.DeviceURL} {
		checkURL(ch, at+key, v)
		if u, err := url.Parse(v); err == nil && u.Scheme == "http" && !Loopback(u.Host) {
			ch.add(at+key, "%s must be https, or everybody could read the token", key)
		}
	}
}
