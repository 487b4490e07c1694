package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"sigpost"
)

// Password reads the server's password. It is read when it is needed, so that
// a rotated one is seen.
func (c *Config) Password(s Server) (string, error) {
	if s.Username == "" {
		return "", nil
	}
	return c.secret("the password of "+s.Username+" at "+s.Host, s.PasswordFile, "password_file", s.PasswordEnv, "password_env")
}

// PasswordPlace says where the server's password stands, for who has to put it right.
func (c *Config) PasswordPlace(s Server) string {
	if s.PasswordEnv != "" {
		return "the environment variable " + s.PasswordEnv + " (password_env)"
	}
	return c.Path(s.PasswordFile) + " (password_file)"
}

// ClientSecret reads the secret that an account's OAuth client has, "" if it
// has none.
func (c *Config) ClientSecret(a Account) (string, error) {
	if count(a.ClientSecretFile, a.ClientSecretEnv) == 0 {
		return "", nil
	}
	return c.secret("the client secret of the account "+a.Name, a.ClientSecretFile, "client_secret_file", a.ClientSecretEnv, "client_secret_env")
}

// DSN says where the archive's database is.
func (c *Config) DSN() (string, error) {
	a := c.Archive
	dsn := a.Database
	if dsn == "" {
		var err error
		if dsn, err = c.secret("the database's URL", a.DatabaseFile, "database_file", a.DatabaseEnv, "database_env"); err != nil {
			return "", err
		}
	}
	if err := checkDatabase(dsn); err != nil {
		return "", sigpost.Usage(err)
	}
	if strings.Contains(dsn, "://") {
		return dsn, nil
	}
	return c.Path(dsn), nil
}

// scheme is what a URL begins with.
var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// checkDatabase keeps the URL of another engine from becoming the name of a file. It
// repeats the scheme alone: there may be a password behind it.
func checkDatabase(dsn string) error {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return nil
	}
	if s := scheme.FindString(dsn); s != "" {
		return fmt.Errorf("the database is a file, named by its path alone, such as \"/var/lib/sigpost/sigpost.db\", or PostgreSQL's, by a URL that begins with postgres:// or postgresql://; this begins with %q", s)
	}
	return nil
}

// GenerationFile is where it is noted how many issues were begun to be sent: by
// default beside the database, or beside the configuration where a server has the
// database.
func (c *Config) GenerationFile() string {
	if c.Archive.GenerationFile != "" {
		return c.Path(c.Archive.GenerationFile)
	}
	if dsn, err := c.DSN(); err == nil && !strings.Contains(dsn, "://") {
		return dsn + ".generation"
	}
	return c.Path("sigpost.generation")
}

// minSecret is the fewest bytes of a secret: 256 bits, if they are random.
const minSecret = 32

// Secret reads the key that signs links.
func (c *Config) Secret() ([]byte, error) {
	a := c.Archive
	secret, err := c.secret("the archive's secret", a.SecretFile, "secret_file", a.SecretEnv, "secret_env")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, sigpost.Usage(fmt.Errorf("%w; where letters went out already, put the old one back from the backup: with another, links in them are dead, and who left may be imported again. For a new archive \"sigpost init\" makes one beside the configuration", err))
	}
	if err != nil {
		return nil, err
	}
	if len(secret) < minSecret {
		return nil, sigpost.Usage(fmt.Errorf("the archive's secret has %d characters; it needs %d or more, such as what \"head -c 32 /dev/urandom | base64\" prints", len(secret), minSecret))
	}
	return []byte(secret), nil
}

// OldSecrets reads the keys that signed links before.
func (c *Config) OldSecrets() ([][]byte, error) {
	var all [][]byte
	for _, file := range c.Archive.OldSecretFiles {
		secret, err := c.secret("an old secret of the archive", file, "old_secret_files", "", "")
		if err != nil {
			return nil, err
		}
		all = append(all, []byte(secret))
	}
	return all, nil
}

// secret reads a value from a file or an environment variable. What it holds
// is never in an error.
func (c *Config) secret(what, file, fileKey, env, envKey string) (string, error) {
	if env != "" {
		v := strings.TrimSpace(os.Getenv(env))
		if v == "" {
			return "", sigpost.Usage(fmt.Errorf("%s: the environment variable %s (%s) is empty or not set", what, env, envKey))
		}
		return v, nil
	}
	path := c.Path(file)
	data, err := os.ReadFile(path)
	if err != nil {
		return "", sigpost.Usage(fmt.Errorf("%s cannot be read (%s): %w", what, fileKey, err))
	}
	v := strings.TrimSpace(string(data))
	if v == "" {
		return "", sigpost.Usage(fmt.Errorf("%s: the file %s (%s) is empty", what, path, fileKey))
	}
	return v, nil
}

// secretURL reads a web address from a file, and checks it.
func (c *Config) secretURL(what, file, fileKey string, check func(string) error) (string, error) {
	address, err := c.secret(what, file, fileKey, "", "")
	if err == nil {
		if err = check(address); err != nil {
			return "", sigpost.Usage(fmt.Errorf("%s, in the file %s (%s): %w", what, c.Path(file), fileKey, err))
		}
	}
	return address, err
}

// RootCAs reads the authorities that a server's certificate is checked by;
// nil stands for those of the system.
func (c *Config) RootCAs(s Server) (*x509.CertPool, error) {
	if s.CAFile == "" {
		return nil, nil
	}
	path := c.Path(s.CAFile)
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, sigpost.Usage(fmt.Errorf("the certificates for %s cannot be read (ca_file): %w", s.Host, err))
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, sigpost.Usage(fmt.Errorf("the file %s (ca_file of %s) has no certificate in PEM form", path, s.Host))
	}
	return pool, nil
}
